from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.address import Address
from pipeline.synthesis.executors.context import RunCancelled, cancelled_by
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.lowering import lower
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis import Limits, Retries, Sources, Tool, ToolResult, VitisBackend, run_tool
from pipeline.synthesis.vitis.retry import run_with_retries
from pipeline.terms import SiteKind
from tests.synthesis.vitis.support import flow_of, job_of, kernel_of, stand_in

QUICK = Retries(attempts=4, first_s=0.0, longest_s=0.0)


def lowering(kernel: Kernel, point: Point) -> Sources:
    """The kernel's scenario is a value of the point."""
    scenario = str(point.get("__WHAT__L0", "success"))
    if scenario == "cannot":
        raise PipelineError("this point has no plain form")
    text = f"/* stand-in: {scenario} {point} */\nvoid k(int a[4]) {{}}\n"
    return Sources({"k.c": text}, kernel.top, notes=("coarse pipeline approximated",) if scenario == "warnings" else ())


def backend_of(folder: Path, tool: Tool, **values: object) -> VitisBackend:
    kernel = kernel_of()
    address = Address(kernel.name, kernel.ast_hash, flow_of(tool))
    values.setdefault("retries", QUICK)
    store = ReportStore(folder / "store", fsync=False)
    return VitisBackend(store, address, tool, lowering, scratch=folder / "scratch", **values)  # type: ignore[arg-type]


def points(*scenarios: str) -> list[Point]:
    return [{"__WHAT__L0": scenario, "__N__L0": number} for number, scenario in enumerate(scenarios)]


def test_a_result_is_lost_or_run_twice(tmp_path: Path) -> None:
    runs: list[str] = []
    backend = backend_of(tmp_path, stand_in(tmp_path), on_result=lambda key, result: runs.append(key))
    chosen = points("success", "too_large", "half_xml", "success", "cannot")
    chosen.append(dict(chosen[0]))
    first = list(backend.synthesize(kernel_of(), chosen))
    assert [one.label.status for one in first] == [
        DesignStatus.OK,
        DesignStatus.DESIGN_TOO_LARGE,
        DesignStatus.REPORT_UNPARSABLE,
        DesignStatus.OK,
        DesignStatus.NO_VERDICT,
        DesignStatus.OK,
    ]
    assert [one.point for one in first] == chosen
    assert {one.origin for one in first} == {"synthesised"} and len(runs) == 4
    again = list(
        backend_of(tmp_path, backend.tool, on_result=lambda *_: runs.append("again")).synthesize(kernel_of(), chosen)
    )
    assert [one.label for one in again] == [one.label for one in first]
    assert [one.report_hash for one in again] == [one.report_hash for one in first]
    assert [one.origin for one in again if one.label.status is not DesignStatus.NO_VERDICT] == [
        "synthesised"
    ] * 5 and len(runs) == 4


def test_a_licence_that_comes_back_is_not_waited_for(tmp_path: Path) -> None:
    tool = stand_in(tmp_path, heals=2)
    results: list[ToolResult] = []
    backend = backend_of(tmp_path, tool, on_result=lambda key, result: results.append(result))
    (outcome,) = backend.synthesize(kernel_of(), points("licence_heals"))
    assert outcome.label.status is DesignStatus.OK and len(results) == 1
    assert len(list((tmp_path / "state").iterdir())) == 3


def test_a_failure_that_may_pass_is_remembered_for_ever(tmp_path: Path) -> None:
    tool = stand_in(tmp_path, heals=4)
    backend = backend_of(tmp_path, tool)
    (outcome,) = backend.synthesize(kernel_of(), points("licence_heals"))
    assert outcome.label.status is DesignStatus.LICENCE
    assert outcome.label.reason and outcome.label.reason.endswith("(tried 4 times)")
    assert backend.store.count(backend.address) == 0
    (outcome,) = backend.synthesize(kernel_of(), points("licence_heals"))
    assert outcome.label.status is DesignStatus.OK and backend.store.count(backend.address) == 1


def test_a_job_that_is_no_longer_wanted_waits_for_its_next_try(tmp_path: Path) -> None:
    backend = backend_of(tmp_path, stand_in(tmp_path))
    refused = run_tool(backend.tool, job_of(backend.tool, "licence"), scratch=backend.scratch)
    long = Retries(first_s=3600.0, longest_s=3600.0)
    with cancelled_by(lambda: True), pytest.raises(RunCancelled):
        run_with_retries(lambda: refused, long, sleep=backend.sleep)


def test_a_higher_limit_does_not_run_a_design_again(tmp_path: Path) -> None:
    tool = stand_in(tmp_path, seconds=3)
    chosen = points("slow")
    results: list[DesignStatus] = []
    for wall_s in (0.5, 0.5, 0.3, 60.0):
        tell = lambda key, result: results.append(result.status)  # noqa: E731
        backend = backend_of(tmp_path, tool, limits=Limits(wall_s=wall_s, grace_s=0.1), on_result=tell)
        (outcome,) = backend.synthesize(kernel_of(), chosen)
    assert results == [DesignStatus.TIMEOUT, DesignStatus.OK] and outcome.label.status is DesignStatus.OK


def test_warnings_that_change_a_label_are_not_stored_with_it(tmp_path: Path) -> None:
    backend = backend_of(tmp_path, stand_in(tmp_path))
    (outcome,) = backend.synthesize(kernel_of(), points("warnings"))
    entry = backend.store.get(backend.address, outcome.key)
    assert entry is not None and entry.tool_version == "2023.2-stand-in"
    assert [note.split(":")[0] for note in entry.notes] == [
        "coarse pipeline approximated", "ii_violation", "unroll_not_applied", "pragma_ignored", "timing",
        "constraint_not_met"]  # fmt: skip


def test_the_stand_in_serves_as_a_source_of_labels(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    assert flow_of(tool).source == "stand-in"
    kernel = kernel_of()
    store = ReportStore(tmp_path / "store")
    real = replace(flow_of(tool), source="vitis-2023.2")
    with pytest.raises(PipelineError, match="stand-in"):
        VitisBackend(store, Address("k", kernel.ast_hash, real), tool, lowering, scratch=tmp_path / "scratch")
    vitis = replace(tool, version="2023.2")
    with pytest.raises(PipelineError, match="stand-in"):
        VitisBackend(store, Address("k", kernel.ast_hash, flow_of(tool)), vitis, lowering, scratch=tmp_path / "scratch")
    older: Flow = replace(real, tool_version="2022.2")
    with pytest.raises(PipelineError, match=r"version 2022\.2"):
        VitisBackend(store, Address("k", kernel.ast_hash, older), vitis, lowering, scratch=tmp_path / "scratch")


@pytest.mark.parametrize("kind", ["vitis_hls", "v++"])
def test_a_kernel_of_the_suite_cannot_be_lowered_and_run(tmp_path: Path, kind: str) -> None:
    tool = stand_in(tmp_path, "2023.2", kind)
    kernel = find_kernel("gemm-ncubed")
    point: Point = {site.name: "flatten" if site.kind is SiteKind.PIPELINE else 1 for site in kernel.sites}
    address = Address(kernel.name, kernel.ast_hash, flow_of(tool))
    store = ReportStore(tmp_path / "store", fsync=False)
    backend = VitisBackend(store, address, tool, partial(lower, placement="directives"), scratch=tmp_path / "scratch")
    (outcome,) = backend.synthesize(kernel, [point])
    assert outcome.label.status is DesignStatus.OK, outcome.label.reason
    assert outcome.report is not None and outcome.report.top == kernel.top
