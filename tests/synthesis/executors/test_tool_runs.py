"""Supervised runs of the stand-in tool under a licence limit, with workers killed on the way.

200 of them; 500 under ``make test-farm``.
"""

from __future__ import annotations

import os
import random
import signal
from dataclasses import dataclass
from pathlib import Path

from pipeline.synthesis.executors import LicencePool, make_executor, run_all
from pipeline.synthesis.vitis import Job, Tool, run_tool
from tests.synthesis.executors.counting import wait_until
from tests.synthesis.executors.test_dask import spawned_workers
from tests.synthesis.vitis.support import alive, job_of, noted, stand_in

RUNS = 500 if os.environ.get("TEST_FARM") else 200
LICENCES = 6
STATUS = {"success": "ok", "daemon": "ok", "compile_error": "compile_error", "half_xml": "report_unparsable"}


@dataclass(frozen=True)
class Design:
    """A run of the tool, as a job."""

    tool: Tool
    job: Job
    scratch: Path


def status_of(design: Design) -> str:
    """What a worker does for a design."""
    return run_tool(design.tool, design.job, scratch=design.scratch).status.value


def test_runs_lose_nothing_double_nothing_leave_nothing_and_keep_to_the_licences(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    tool = stand_in(tmp_path / "tool", pids=pids, licences=LICENCES)
    draw = random.Random(11)
    scenarios = {f"{n:03d}": draw.choice(list(STATUS)) for n in range(RUNS)}
    by_scenario = {scenario: job_of(tool, scenario) for scenario in STATUS}
    jobs = {name: Design(tool, by_scenario[scenario], tmp_path / "scratch") for name, scenario in scenarios.items()}
    options = {"threads": "4", "scratch": str(tmp_path)}
    outcomes = []
    with make_executor("dask", workers=12, options=options) as executor:
        for done in run_all(executor, status_of, jobs, licences=LicencePool(tmp_path / "licences", LICENCES), reruns=5):
            outcomes.append(done)
            if len(outcomes) % 50 == 0 and (workers := spawned_workers()):
                os.kill(draw.choice(workers), signal.SIGKILL)
    assert len(outcomes) == RUNS
    assert {done.job_id: done.unwrap() for done in outcomes} == {name: STATUS[one] for name, one in scenarios.items()}
    assert sum(done.runs - 1 for done in outcomes) > 0
    assert not list((tmp_path / "tool" / "state").glob("over-use*")), "the tool counted more runs than licences"
    wait_until(lambda: not any(alive(pid) for pid in noted(pids)), "the end of what the tool had started")
