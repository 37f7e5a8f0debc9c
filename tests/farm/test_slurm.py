"""Runs on a real Slurm. ``make test-farm`` runs this; ``make test`` skips it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis.executors import LicencePool, make_executor, run_all
from tests.farm.slurm import NoSlurm, Slurm, running_slurm
from tests.synthesis.executors.counting import (
    counted_jobs,
    most_at_once,
    new_folder,
    processes_with,
    run_counted,
    runs_of,
    wait_until,
)

if not os.environ.get("TEST_FARM"):
    pytest.skip("needs a Slurm of its own: make test-farm", allow_module_level=True)
pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed: pip install 'hls-moe-pipeline[farm]'")


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    before = dict(os.environ)
    try:
        with running_slurm(tmp_path_factory.mktemp("farm") / "slurm") as running:
            os.environ.update(running.environment)
            yield running
    except NoSlurm as reason:
        pytest.skip(f"no Slurm here: {reason}")
    finally:
        os.environ.clear()
        os.environ.update(before)


def options(slurm: Slurm, threads: int) -> dict[str, str]:
    return {
        "threads": str(threads),
        "cpus": "2",
        "memory": "1GB",
        "walltime": "00:10:00",
        "queue": "tests",
        "host": "127.0.0.1",
        "scratch": str(slurm.folder / "scratch"),
        "log_folder": str(slurm.folder / "logs"),
        "start_timeout_s": "60",
    }


def test_500_runs_as_slurm_jobs_survive_jobs_that_slurm_kills(slurm: Slurm, tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    # Long enough that the killed job is caught within a run, and not between two.
    jobs = counted_jobs(folder, 500, 0.15)
    pool = LicencePool(folder / "licences", 6)
    outcomes = []
    killed: list[str] = []
    with make_executor("slurm", workers=8, options=options(slurm, 4)) as executor:
        wait_until(lambda: len(slurm.jobs()) == 2, "two jobs in Slurm")
        for done in run_all(executor, run_counted, jobs, licences=pool):
            outcomes.append(done)
            if len(outcomes) == 100:
                killed = slurm.jobs()[:1]
                slurm.command("scancel", "--signal=KILL", "--full", *killed)
    assert killed and killed[0] not in slurm.jobs()
    assert sorted(done.unwrap() for done in outcomes) == sorted(jobs)
    assert 1 <= sum(done.runs - 1 for done in outcomes) <= 4
    assert set(runs_of(folder, "finished")) == set(jobs)
    assert 2 <= most_at_once(folder) <= 6
    wait_until(lambda: not slurm.jobs("pending,running,completing"), "the end of the jobs")
    assert not processes_with(str(folder))


def test_a_job_that_slurm_ended_is_submitted_again_without_anybody_awake(slurm: Slurm, tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    with make_executor("slurm", workers=1, options=options(slurm, 1)) as executor:
        outcomes = []
        first: list[str] = []
        for done in run_all(executor, run_counted, counted_jobs(folder, 3, 0.02)):
            outcomes.append(done)
            if not first:
                # The only worker there is: nothing can go on until another job is in.
                first = slurm.jobs()
                slurm.command("scancel", *first)
        assert [done.error for done in outcomes] == [None] * 3
        assert slurm.jobs() != first
    wait_until(lambda: not slurm.jobs("pending,running,completing"), "the end of the jobs")


def test_what_sbatch_objects_to_is_told_at_once_and_not_after_an_hour_of_waiting(slurm: Slurm) -> None:
    wrong = options(slurm, 1) | {"queue": "nosuch"}
    with pytest.raises(PipelineError) as caught, make_executor("slurm", workers=1, options=wrong):
        pass
    assert re.match("sbatch refused the job: .*partition", str(caught.value)), "it must be one line"
    assert not slurm.jobs("pending,running")
