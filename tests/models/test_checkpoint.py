from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipeline.errors import PipelineError
from pipeline.models import DesignBatch, DesignModel, ModelConfig, collate, load_model, save_model
from pipeline.models.config import SCHEMA
from tests.models.graphs import random_designs, random_kernel
from tests.tasks.commands import python

CONFIG = ModelConfig.published("hmoe-1", 9, 21, hidden=16, layers=2)


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, DesignModel]:
    torch.manual_seed(0)
    model = DesignModel(CONFIG).eval()
    path = tmp_path / "made" / "model.safetensors"
    save_model(path, model, vocabulary="1", about={"seed": "0"})
    return path, model


def test_a_model_read_back_would_predict_something_else(saved: tuple[Path, DesignModel]) -> None:
    path, model = saved
    state = torch.get_rng_state()
    again, about = load_model(path, vocabulary="1", config=CONFIG)
    assert torch.equal(state, torch.get_rng_state())
    assert about == {"seed": "0"}
    assert not again.training
    graph = random_kernel(1)
    designs = DesignBatch(torch.zeros(4, dtype=torch.int64), random_designs(graph, 4, 0))
    assert torch.equal(again(collate([graph]), designs).joint, model(collate([graph]), designs).joint)
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


def test_equal_models_would_be_unequal_files(saved: tuple[Path, DesignModel], tmp_path: Path) -> None:
    path, model = saved
    for again in ("a", "b", "c"):
        save_model(tmp_path / again, model, vocabulary="1", about={"seed": "0"})
        assert (tmp_path / again).read_bytes() == path.read_bytes(), "what is named by its bytes has two names"


def test_every_encoder_and_type_of_number_would_not_survive_the_disk(tmp_path: Path) -> None:
    config = replace(CONFIG, encoder="PNAConv", degree_histogram=(1, 2, 3))
    save_model(tmp_path / "m", DesignModel(config).double(), vocabulary="1")
    again, _ = load_model(tmp_path / "m")
    assert again.config == config
    assert {p.dtype for p in again.parameters()} == {torch.float64}


HEADER = {"format": "hls design model", "schema": str(SCHEMA), "vocabulary": "1", "about": "{}"}


def _header(path: Path, **changes: str) -> None:
    header = {
        "format": "hls design model",
        "schema": str(SCHEMA),
        "config": CONFIG.to_json(),
        "vocabulary": "1",
        "about": "{}",
    }
    save_file(load_file(path), path, metadata={**header, **changes})


def _tensors(path: Path, drop: str | None, reshape: str | None) -> None:
    tensors = load_file(path)
    if drop:
        del tensors[drop]
    if reshape:
        tensors[reshape] = tensors[reshape].flatten()
    header = {
        "format": "hls design model",
        "schema": str(SCHEMA),
        "config": CONFIG.to_json(),
        "vocabulary": "1",
        "about": "{}",
    }
    save_file(tensors, path, metadata=header)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda p: p.unlink(), "no such file"),
        (lambda p: p.write_bytes(p.read_bytes()[:5000]), "not a readable safetensors file"),
        (lambda p: p.write_bytes(pickle.dumps({"weights": 1})), "not a readable safetensors file"),
        (lambda p: p.write_bytes(b""), "not a readable safetensors file"),
        (lambda p: save_file(load_file(p), p), "not a model of this pipeline"),
        (lambda p: _header(p, schema="99"), "schema '99'"),
        (lambda p: _header(p, config="[1]"), "not a JSON object"),
        (lambda p: _header(p, config='{"hidden": 16}'), "missing fields"),
        (lambda p: _header(p, config=json.dumps({**json.loads(CONFIG.to_json()), "hidden": 0})), "option hidden"),
        (lambda p: _header(p, config=replace(CONFIG, experts=3).to_json()), "tensors are not those"),
        (lambda p: _tensors(p, "networks.0.gate.linear.bias", None), "networks.0.gate.linear.bias"),
        (lambda p: _tensors(p, None, "networks.0.gate.linear.weight"), "networks.0.gate.linear.weight"),
    ],
)
def test_a_model_that_does_not_fit_would_be_used_or_end_in_a_traceback(
    saved: tuple[Path, DesignModel], spoil: Callable[[Path], object], text: str
) -> None:
    path, _ = saved
    spoil(path)
    with pytest.raises(PipelineError) as caught:
        load_model(path)
    assert text in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_of_other_features_or_options_would_be_used(saved: tuple[Path, DesignModel]) -> None:
    path, _ = saved
    with pytest.raises(PipelineError, match="vocabulary '1', the graphs have '2'"):
        load_model(path, vocabulary="2")
    with pytest.raises(PipelineError, match="experts 4 instead of 3"):
        load_model(path, config=replace(CONFIG, experts=3))


def test_a_killed_run_would_leave_half_a_model(
    saved: tuple[Path, DesignModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = saved
    before = path.read_bytes()

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.models.checkpoint.save_file", killed)
    with pytest.raises(KeyboardInterrupt):
        save_model(path, model, vocabulary="1")
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("place", [0.02, 0.3, 0.6, 0.999])
def test_a_flipped_bit_anywhere_is_found_before_the_model_is_used(
    saved: tuple[Path, DesignModel], place: float
) -> None:
    path, _ = saved
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] ^= 0x04
    path.write_bytes(data)
    with pytest.raises(PipelineError, match=r"model\.safetensors") as caught:
        load_model(path)
    assert "\n" not in str(caught.value)


def test_a_header_that_asks_for_huge_layers_is_refused_before_they_are_made(saved: tuple[Path, DesignModel]) -> None:
    path, _ = saved
    huge = replace(CONFIG, hidden=1 << 14, layers=64, experts=64)
    save_file(load_file(path), path, metadata={**HEADER, "config": huge.to_json()})
    program = f"from pathlib import Path; from pipeline.models import load_model; load_model(Path({str(path)!r}))"
    done = python(program, memory=8 << 30)
    assert done.returncode == 1 and "tensors are not those of its configuration" in done.stderr, done.stderr
