"""Models on disk: safetensors with the configuration as JSON beside the weights. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from pipeline.errors import PipelineError
from pipeline.files import made_whole, open_plain
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
    header["sha256"] = _digest(header, tensors)
    with made_whole(path) as aside:
        save_file(tensors, aside, metadata=header)
        _settle(aside)


def _settle(path: Path) -> None:
    """Puts the texts of a safetensors file in order, which its writer leaves to chance: equal models, equal bytes."""
    written = path.read_bytes()
    begin = 8 + int.from_bytes(written[:8], "little")
    told = json.loads(written[8:begin])
    told["__metadata__"] = dict(sorted(told["__metadata__"].items()))
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
    # The tensors begin at a multiple of 8, as the format wants.
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + written[begin:])


def _digest(header: Mapping[str, str], tensors: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 over all that the file says: the header less the digest, and name, type, shape and bytes of tensors."""
    digest = hashlib.sha256()
    for name in sorted(header.keys() - {"sha256"}):
        digest.update(json.dumps([name, header[name]]).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def read_header(path: Path) -> dict[str, str]:
    """``config``, ``vocabulary`` and ``about`` of a model file. Raises PipelineError for any other file."""
    open_plain(path, fix="train a model, or check the path").close()
    try:
        with safe_open(path, framework="pt") as file:
            header: dict[str, str] = file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise PipelineError(f"not a readable safetensors file: {error}", file=str(path), fix=_AGAIN) from None
    if header.get("format") != _FORMAT or not {"schema", "config", "vocabulary", "about"} <= set(header):
        raise PipelineError("safetensors, but not a model of this pipeline", file=str(path), fix="check the path")
    if header["schema"] != str(SCHEMA):
        raise PipelineError(
            f"a model of schema {header['schema'][:40]!r}, this version reads {SCHEMA}", file=str(path), fix=_AGAIN
        )
    return header


def _expected(config: ModelConfig, found: Mapping[str, tuple[int, ...]], path: Path) -> dict[str, tuple[int, ...]]:
    """The shapes of the configuration's weights, told without memory for them: a header may ask for any size."""
    with torch.random.fork_rng(devices=[]):
        try:
            with torch.device("meta"):
                model = DesignModel(config)
        except RuntimeError:
            # Some convolutions compute with numbers while they are made. Each has a square of the width at least.
            least = config.layers * config.hidden**2
            if sum(math.prod(shape) for shape in found.values()) < least:
                raise PipelineError(
                    f"its configuration asks for {least:,} weights or more, which are not there",
                    file=str(path),
                    fix=_AGAIN,
                ) from None
            model = DesignModel(config)
    return {name: tuple(value.shape) for name, value in model.state_dict().items()}


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
    tensors: dict[str, torch.Tensor] = {}
    try:
        with safe_open(path, framework="pt", device=device) as file:
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            expected = _expected(found, shapes, path)
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
    if header.get("sha256") != _digest(header, tensors):
        raise PipelineError("is damaged: its checksum is another", file=str(path), fix=_AGAIN)
    with torch.random.fork_rng(devices=[]):  # weights are overwritten; the caller's random numbers go on as before
        model = DesignModel(found)
    dtype = next((tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()), torch.float32)
    model = model.to(device, dtype)
    model.load_state_dict(tensors)
    return model.eval(), json.loads(header["about"])
