"""Where the weights of a trained model stand."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import PipelineError

MODEL = "model.safetensors"


def readable_model(text: str) -> Path:
    """The same, once its header has been read, before anything is learned for it; PipelineError for another file."""
    from pipeline.models import read_header  # Loads PyTorch, which a search without a model does without.

    file = model_file(text)
    read_header(file)
    return file


def model_file(text: str) -> Path:
    """The weights that ``text`` names: the file itself, or that of a model's folder. PipelineError without one."""
    path = Path(text)
    file = path / MODEL if path.is_dir() else path
    if not file.is_file():
        raise PipelineError("there is no such model", file=str(path), fix=f"name a folder with {MODEL}, or that file")
    return file
