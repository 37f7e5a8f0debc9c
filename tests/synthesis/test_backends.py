from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import pipeline.estimator
from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.estimator import VERSION, Device, prepare
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import load_kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.reports.parse import parse_report
from pipeline.synthesis import (
    KNOWN_FLOWS,
    Address,
    BackendRequest,
    Entry,
    EstimatorBackend,
    ReplayBackend,
    ReportStore,
    estimator_flow,
    find_vitis,
    imported_flow,
    make_backend,
)
from tests.synthesis.samples import report_xml

SOURCE = """
void scale(float x[64], float y[64]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (int i = 0; i < 64; i++)
        y[i] = 3.0f * x[i];
}
"""
POINTS: list[Point] = [
    {"__PARA__L0": factor, "__PIPE__L0": pipe} for factor in (1, 2, 4, 8) for pipe in ("off", "", "flatten")
]


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    file = tmp_path / "scale.c"
    file.write_text(SOURCE)
    return load_kernel(file)


@pytest.fixture
def store(tmp_path: Path) -> ReportStore:
    return ReportStore(tmp_path / "store", fsync=False)


def test_estimates_are_replayed_as_they_were_made(kernel: Kernel, store: ReportStore) -> None:
    backend = EstimatorBackend(store, batch=5)
    made = list(backend.synthesize(kernel, POINTS))
    assert [outcome.point for outcome in made] == POINTS
    assert {outcome.origin for outcome in made} == {"estimated"} and {o.label.status for o in made} == {DesignStatus.OK}
    replay = ReplayBackend(store, backend.address_of(kernel))
    replayed = list(replay.synthesize(kernel, POINTS))
    for one, other in zip(made, replayed, strict=True):
        assert other.origin == "replayed"
        assert (one.key, one.label, one.report, one.report_hash) == (
            (other.key, other.label, other.report, other.report_hash)
        )
    assert sorted(outcome.key for outcome in made) == [outcome.key for outcome in replay.everything()]
    assert {backend.flow, replay.flow} == {estimator_flow(VERSION)}


def test_an_estimate_cannot_pass_for_a_report_of_the_tool(kernel: Kernel, store: ReportStore) -> None:
    backend = EstimatorBackend(store)
    list(backend.synthesize(kernel, POINTS[:1]))
    (entry,) = store.entries(backend.address_of(kernel))
    assert entry.xml is not None and b"estimator" in entry.xml
    assert "estimator" in str(parse_report(entry.xml).tool_version) and "estimator" in str(entry.tool_version)


def _counting(monkeypatch: pytest.MonkeyPatch, limit: int) -> list[Point]:
    """Counts estimates, and breaks off as a kill does at the one past ``limit``."""
    seen: list[Point] = []

    class Counted:
        def __init__(self, kernel: Kernel, device: Device) -> None:
            self.prepared = prepare(kernel, device)

        def estimate(self, point: Point, dialect: str) -> object:
            if len(seen) == limit:
                raise KeyboardInterrupt
            seen.append(point)
            return self.prepared.estimate(point, dialect)

    monkeypatch.setattr(pipeline.estimator, "prepare", Counted)
    return seen


def test_a_run_that_was_stopped_computes_only_what_was_in_flight_again(
    kernel: Kernel, store: ReportStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = EstimatorBackend(store, batch=4)
    with monkeypatch.context() as patch:
        _counting(patch, 10)
        with pytest.raises(KeyboardInterrupt):
            list(backend.synthesize(kernel, POINTS))
    assert store.count(backend.address_of(kernel)) == 8
    with monkeypatch.context() as patch:
        seen = _counting(patch, 100)
        assert len(list(backend.synthesize(kernel, [*POINTS, POINTS[0]]))) == len(POINTS) + 1
        assert seen == POINTS[8:]
    undisturbed = ReportStore(store.root.parent / "other", fsync=False)
    list(EstimatorBackend(undisturbed).synthesize(kernel, POINTS))
    assert undisturbed.snapshot() == store.snapshot()


def test_a_point_of_another_kernel_is_a_failure_told_and_not_stored(kernel: Kernel, store: ReportStore) -> None:
    backend = EstimatorBackend(store)
    wrong, right = backend.synthesize(kernel, [{"__PARA__L7": 2}, POINTS[0]])
    assert (
        wrong.label.status is DesignStatus.NO_VERDICT and wrong.label.reason and right.label.status is DesignStatus.OK
    )
    assert store.keys(backend.address_of(kernel)) == [right.key]


def test_replay_serves_labels_with_and_without_reports_and_says_what_it_lacks(
    kernel: Kernel, store: ReportStore
) -> None:
    address = Address(kernel.name, kernel.ast_hash, imported_flow("mine", "hls"))
    keys = [design_key(point) for point in POINTS]
    label = Label(DesignStatus.OK, cycles=70, published_valid=True)
    store.put(address, Entry(keys[0], POINTS[0], label, seconds=3.5))
    store.put(address, Entry(keys[1], POINTS[1], xml=report_xml(80, "scale")))
    store.put(address, Entry(keys[2], None, Label(DesignStatus.TIMEOUT, "after 80 minutes")))
    store.put(address, Entry(keys[3], POINTS[3], Label(DesignStatus.OK), b"<profile>"))
    one, two, three, four, five = ReplayBackend(store, address).synthesize(kernel, POINTS[:5])
    assert (one.label, one.report, one.report_hash, one.seconds) == (label, None, None, 3.5)
    assert two.label.cycles == 80 and two.report is not None and two.report.top == "scale" and two.report_hash
    assert three.label == Label(DesignStatus.TIMEOUT, "after 80 minutes") and three.point == POINTS[2]
    assert four.label.status is DesignStatus.REPORT_UNPARSABLE and four.label.reason and four.report is None
    assert five.label.status is DesignStatus.NOT_CACHED and five.label.reason is not None
    assert "--backend estimator" in five.label.reason and "\n" not in five.label.reason and keys[4] in five.label.reason


def test_replay_serves_what_there_is_and_says_what_there_is_not(kernel: Kernel, store: ReportStore) -> None:
    list(EstimatorBackend(store).synthesize(kernel, POINTS[:1]))
    chosen = make_backend("replay", BackendRequest(store, kernel))
    assert chosen.name == "replay" and chosen.flow.source == "estimator"
    (missing,) = make_backend("replay", BackendRequest(store, kernel, source="mine")).synthesize(kernel, POINTS[:1])
    assert missing.label.status is DesignStatus.NOT_CACHED


def test_sources_are_not_mixed_unless_one_is_named(kernel: Kernel, store: ReportStore) -> None:
    list(EstimatorBackend(store).synthesize(kernel, POINTS[:1]))
    by_name = Address(kernel.name, "", KNOWN_FLOWS["hlsyn-v18"])
    store.put(by_name, Entry("a-1", None, Label(DesignStatus.OK, cycles=1)))
    # Reports of an earlier text of the kernel are not its own.
    store.put(Address(kernel.name, "ee" * 32, imported_flow("old", "hls")), Entry("a-1", None, Label(DesignStatus.OK)))
    assert make_backend("replay", BackendRequest(store, kernel)).flow.source == "estimator"
    assert make_backend("replay", BackendRequest(store, kernel, source="hlsyn-v18")).flow == by_name.flow
    store.put(
        Address(kernel.name, kernel.ast_hash, imported_flow("mine", "hls")), Entry("a-1", None, Label(DesignStatus.OK))
    )
    with pytest.raises(PipelineError, match=r"several sources: estimator, mine; name one with --source"):
        make_backend("replay", BackendRequest(store, kernel))
    with pytest.raises(PipelineError, match="cannot give labels of the source 'mine'"):
        make_backend("estimator", BackendRequest(store, kernel, source="mine"))


def test_estimates_of_an_older_version_do_not_stand_in_for_the_current_ones(kernel: Kernel, store: ReportStore) -> None:
    for version in ("0.0.1", "0.0.2"):
        store.put(
            Address(kernel.name, kernel.ast_hash, estimator_flow(version)), Entry("a-1", None, Label(DesignStatus.OK))
        )
    with pytest.raises(PipelineError, match=r"0\.0\.1, 0\.0\.2"):
        make_backend("replay", BackendRequest(store, kernel))
    list(EstimatorBackend(store).synthesize(kernel, POINTS[:1]))
    assert make_backend("replay", BackendRequest(store, kernel)).flow == estimator_flow(VERSION)


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "Vitis" / "2023.2"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "vitis-run").write_text("#!/bin/sh\nexit 9\n")
    (folder / "bin" / "vitis-run").chmod(0o755)
    yield folder


def test_the_tool_is_found_on_path_or_by_its_variables(kernel: Kernel, store: ReportStore, tools: Path) -> None:
    there = tools / "bin" / "vitis-run"
    assert find_vitis({"PATH": str(tools / "bin")}) == there
    assert find_vitis({"PATH": "/nonexistent", "XILINX_VITIS": str(tools)}) == there
    assert find_vitis({"PATH": "/nonexistent", "XILINX_VITIS": "/gone"}) is None
    with pytest.raises(PipelineError, match="no backend 'vivado'"):
        make_backend("vivado", BackendRequest(store, kernel))
