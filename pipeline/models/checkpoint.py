"""Models on disk: safetensors with the configuration as JSON beside the weights. Nothing is unpickled."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pipeline.errors import PipelineError
from pipeline.models.config import SCHEMA, ModelConfig
from pipeline.models.model import DesignModel

_FORMAT = "hls design model"
_AGAIN = "train the model anew, or use the version of the pipeline that wrote it"


def save_model(path: Path, model: DesignModel, *, vocabulary: str, about: Mapping[str, str] | None = None) -> None:
    """Writes weights and configuration; the file appears whole or not at all.

    ``vocabulary`` names the features that the model was trained on and is checked by :func:`load_model`; ``about`` is
    any further text (data, seeds, metrics).
    """
    header = {
        "format": _FORMAT,
        "schema": str(SCHEMA),
        "config": model.config.to_json(),
        "vocabulary": vocabulary,
        "about": json.dumps(dict(about or {}), sort_keys=True),
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        save_file(tensors, aside, metadata=header)
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
    finally:
        Path(aside).unlink(missing_ok=True)


def read_header(path: Path) -> dict[str, str]:
    """``config``, ``vocabulary`` and ``about`` of a model file. Raises PipelineError for any other file."""
    try:
        with safe_open(path, framework="pt") as file:
            header: dict[str, str] = file.metadata() or {}
    except FileNotFoundError:
        raise PipelineError("there is no such model", file=str(path), fix="train one, or check the path") from None
    except (OSError, SafetensorError) as error:
        raise PipelineError(f"not a readable safetensors file: {error}", file=str(path), fix=_AGAIN) from None
    if header.get("format") != _FORMAT or not {"schema", "config", "vocabulary", "about"} <= set(header):
        raise PipelineError("safetensors, but not a model of this pipeline", file=str(path), fix="check the path")
    if header["schema"] != str(SCHEMA):
        raise PipelineError(
            f"a model of schema {header['schema'][:40]!r}, this version reads {SCHEMA}", file=str(path), fix=_AGAIN
        )
    return header


def load_model(
    path: Path, *, vocabulary: str | None = None, config: ModelConfig | None = None, device: str = "cpu"
) -> tuple[DesignModel, dict[str, str]]:
    """A model in evaluation mode, and what was written about it.

    ``vocabulary`` and ``config``, where given, must be those of the file. Raises PipelineError where they are not, and
    for a file that is absent, broken, or of another schema or shape.
    """
    header = read_header(path)
    if vocabulary is not None and header["vocabulary"] != vocabulary:
        raise PipelineError(
            f"trained on the vocabulary {header['vocabulary'][:80]!r}, the graphs have {vocabulary[:80]!r}",
            file=str(path),
            fix="build the graphs with that vocabulary, or train anew",
        )
    found = ModelConfig.from_json(header["config"], file=str(path))
    if config is not None and found != config:
        mine, its = json.loads(config.to_json()), json.loads(header["config"])
        names = [name for name in mine if mine[name] != its.get(name)]
        differing = ", ".join(f"{name} {its.get(name)} instead of {mine[name]}" for name in names)
        raise PipelineError(f"a model with {differing[:300]}", file=str(path), fix="use its options, or train anew")
    with torch.random.fork_rng(
        devices=[]
    ):  # initial weights are overwritten; the caller's random numbers go on as before
        model = DesignModel(found)
    expected = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    tensors: dict[str, torch.Tensor] = {}
    try:
        with safe_open(path, framework="pt", device=device) as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            wrong = sorted(name for name in expected.keys() | shapes.keys() if expected.get(name) != shapes.get(name))
            if wrong:
                raise PipelineError(
                    f"{len(wrong)} tensors are not those of its configuration, the first is {wrong[0][:80]}",
                    file=str(path),
                    fix=_AGAIN,
                )
            tensors = {name: file.get_tensor(name) for name in shapes}
    except (OSError, SafetensorError) as error:
        raise PipelineError(f"not a readable safetensors file: {error}", file=str(path), fix=_AGAIN) from None
    dtype = next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)
    model = model.to(device, dtype)
    model.load_state_dict(tensors)
    return model.eval(), json.loads(header["about"])
