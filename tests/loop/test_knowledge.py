from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.design_space import design_key
from pipeline.errors import PipelineError
from pipeline.exploration import History, Prior
from pipeline.exploration.knowledge import FOLDS, Blend, Knowledge, left_out_scores
from pipeline.loop import knowledge
from pipeline.loop.closed_loop import ClosedLoop
from pipeline.loop.knowledge import CARD, Shipped, knowledge_notice, made_with, shipped
from pipeline.models.baselines import meta_process
from pipeline.synthesis import Address, Backend, EstimatorBackend, Flow, ReplayBackend, ReportStore
from pipeline.synthesis.plan import KernelPlan
from pipeline.synthesis.vitis.backend import VitisBackend
from tests.exploration.toy import run_toy, toy_features, toy_space

KERNELS = ("atax", "gemm-p", "nw", "syrk", "md")


def _histories() -> list[History]:
    found = []
    for number, kernel in enumerate(KERNELS):
        points = toy_space().decode(toy_space().sample_rows(60, np.random.default_rng(number)))
        outcomes = tuple(run_toy(design_key(point)) for point in points)
        found.append(History(kernel, "own", toy_features(estimates=True).of(points), outcomes))
    return found


@pytest.fixture(scope="module")
def learned() -> Knowledge:
    with pytest.MonkeyPatch.context() as patched:
        # What is learned of few steps is kept and blended like any other.
        patched.setattr(meta_process, "_STEPS", 20)
        return Knowledge.learn(_histories())


@pytest.fixture(scope="module")
def folder(learned: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("models") / "toy"
    place.mkdir()
    learned.save(place)
    card = {"kernels": list(KERNELS), "sources": ["own"], "designs": 300, "made_with": made_with()}
    (place / CARD).write_text(json.dumps(card))
    return place


def test_what_is_read_back_forecasts_what_was_learned(learned: Knowledge, folder: Path) -> None:
    read = Knowledge.load(folder)
    features = _histories()[0].features
    one, other = learned.prior.predict(features), read.prior.predict(features)
    for name in ("latency", "latency_spread", "utilisation", "utilisation_spread", "valid"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-4, atol=1e-4)
    assert not list(folder.glob("*.pkl")) and {path.suffix for path in folder.iterdir()} == {".safetensors", ".json"}


def test_a_file_that_is_cut_or_leads_astray_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = (folder / "prior.safetensors").read_bytes()
    (tmp_path / "cut").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PipelineError, match="not a prior"):
        Prior.load(tmp_path / "cut")
    from safetensors.numpy import load_file, save_file

    for name, value in (("regressor.children", 10**6), ("regressor.feature", 999), ("regressor.children", 0)):
        tensors = {key: array.copy() for key, array in load_file(folder / "prior.safetensors").items()}
        tensors[name].flat[0] = value
        save_file(tensors, tmp_path / "astray")
        with pytest.raises(PipelineError, match="not a prior"):
            Prior.load(tmp_path / "astray")


def test_knowledge_of_another_version_is_stale_and_says_which(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    assert Shipped("toy", folder, card, "x").stale is None
    for name in made_with():
        other = {**card, "made_with": {**card["made_with"], name: "older"}}
        stale = Shipped("toy", folder, other, "x").stale
        assert stale is not None and stale.startswith(f"{name} older")


def test_a_kernel_of_a_family_that_was_learned_from_is_named(folder: Path) -> None:
    card = json.loads((folder / CARD).read_text())
    assert Shipped("toy", folder, card, "x").seen("syr2k") == ["syrk"]
    assert Shipped("toy", folder, card, "x").seen("fir") == []


@pytest.fixture
def shipping(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package ships the toy knowledge alone, for both backends that start from any."""
    monkeypatch.setattr(knowledge, "data_folder", lambda name: folder.parent)
    for backend in (VitisBackend, EstimatorBackend):
        monkeypatch.setattr(backend, "knowledge", "toy")


def loop_on(kernel: str, backend: type[Backend], store: ReportStore, **choices: Any) -> ClosedLoop:
    """A loop whose backend is asked for nothing but what its kind says."""
    plan = KernelPlan(
        backend.__new__(backend),
        Address(kernel, "0" * 64, Flow("own", "merlin", "any", None, None, 4.0, "", "vitis")),
        None,
        None,
    )
    return ClosedLoop({kernel: plan}, store, store.root / "rounds", **choices)


@pytest.mark.usefixtures("shipping")
def test_a_loop_under_the_tool_starts_from_what_ships_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReportStore(tmp_path)
    loop = loop_on("syr2k", VitisBackend, store)
    assert loop.known is not None
    notice = knowledge_notice(loop.known, loop.plans)
    assert notice == "starts from shipped knowledge of 5 kernels (own), among them of this family: syrk"
    assert loop_on("syr2k", VitisBackend, store, warm_start="none").shipped is None
    assert loop_on("syr2k", VitisBackend, store, model="model.safetensors").shipped is None
    assert loop_on("syr2k", ReplayBackend, store).shipped is None
    monkeypatch.setattr(knowledge, "GRAPH_VERSION", "another")
    assert loop.known is None and loop.shipped is not None
    assert "not used, as it is stale" in knowledge_notice(loop.shipped, loop.plans)


@pytest.mark.usefixtures("shipping")
def test_a_loop_on_estimates_starts_from_what_ships_but_not_on_a_kernel_of_a_family_that_it_was_learned_from(
    tmp_path: Path,
) -> None:
    assert loop_on("syr2k", EstimatorBackend, ReportStore(tmp_path)).shipped is None
    found = loop_on("fir", EstimatorBackend, ReportStore(tmp_path)).known
    assert found is not None and found.holds("syrk", "own")
    assert not found.holds("fir", "own") and not found.holds("syrk", "another")


@pytest.mark.parametrize("name", ["estimator", "vitis"])
def test_what_ships_is_made_with_this_version(name: str) -> None:
    found = knowledge.shipped(name)
    assert found is not None and found.stale is None


def test_knowledge_that_is_named_serves_any_backend_and_is_refused_where_it_is_stale_or_absent(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ReportStore(tmp_path)
    loop = loop_on("syr2k", ReplayBackend, store, knowledge=str(folder))
    assert loop.known is not None and loop.known.name == "toy"
    assert loop_on("syr2k", ReplayBackend, store, knowledge=str(folder), warm_start="none").known is None
    monkeypatch.setattr(knowledge, "ESTIMATOR_VERSION", "another")
    with pytest.raises(PipelineError, match="stale: made with estimator"):
        _ = loop.known
    with pytest.raises(PipelineError, match="no knowledge"):
        _ = loop_on("syr2k", ReplayBackend, store, knowledge=str(folder / "nowhere")).known


def test_a_blend_lies_between_its_parts_and_is_as_wide_as_they_disagree() -> None:
    histories = _histories()
    features = histories[0].features
    one, other = Prior.fit(histories[:2]), Prior.fit(histories[2:], seed=3)
    a, b, mixed = one.predict(features), other.predict(features), Blend([one, other], [3, 1]).predict(features)
    np.testing.assert_allclose(mixed.latency, 0.75 * a.latency + 0.25 * b.latency)
    np.testing.assert_allclose(mixed.valid, 0.75 * a.valid + 0.25 * b.valid)
    apart = np.sqrt(0.75 * 0.25) * np.abs(a.latency - b.latency)
    assert (mixed.latency_spread >= apart - 1e-9).all()


def test_scores_are_of_kernels_left_out_and_missing_where_too_few_tell() -> None:
    histories = _histories()
    few = History("few", "own", histories[0].features.take(np.arange(5)), histories[0].outcomes[:5])
    steps: list[int] = []
    rows = left_out_scores([*histories, few], advance=steps.append)
    assert 1 < sum(steps) <= FOLDS
    assert [row["kernel"] for row in rows] == sorted([*KERNELS, "few"])
    assert next(row for row in rows if row["kernel"] == "few")["tau"] is None
    assert all(row["tau"] > 0.5 for row in rows if row["kernel"] != "few")


def test_a_broken_card_is_told_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / CARD).write_text("[]")
    monkeypatch.setattr(knowledge, "data_folder", lambda name: tmp_path)
    assert shipped("other") is None
    with pytest.raises(PipelineError, match="not the card of knowledge"):
        shipped("toy")
