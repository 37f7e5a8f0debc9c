"""Jobs on real Dask workers that are killed at random, and schedulers and clients that are killed too."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis.executors import LicencePool, RunLost, make_executor, run_all
from pipeline.synthesis.executors.dask import PRELOAD
from tests.synthesis.executors.commands import start_command, start_python
from tests.synthesis.executors.counting import (
    Counted,
    counted_jobs,
    most_at_once,
    new_folder,
    processes_with,
    run_counted,
    runs_of,
    wait_until,
)

pytest.importorskip("distributed", reason="distributed is not installed: pip install 'hls-moe-pipeline[farm]'")

KILL_EVERY = 50
THREADS = 4


def spawned_workers() -> list[int]:
    """The worker processes below this one, by the command line that multiprocessing's spawn gives them."""
    ours = []
    for pid in processes_with("multiprocessing.spawn"):
        with contextlib.suppress(OSError, IndexError):
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            if int(stat[1]) == os.getpid() and stat[0] != "Z":
                ours.append(pid)
    return ours


def test_runs_with_workers_killed_at_random_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    # Tools of killed workers live on for a while, with their licences.
    jobs = counted_jobs(folder, 250, 0.02, linger=1.0)
    pool = LicencePool(folder / "licences", 8)
    draw = random.Random(0)
    kills = 0
    outcomes = []
    options = {"threads": str(THREADS), "scratch": str(tmp_path)}
    with make_executor("dask", workers=12, options=options) as executor:
        for done in run_all(executor, run_counted, jobs, licences=pool, reruns=5):
            outcomes.append(done)
            # Any of them may still be starting: then it has no jobs to lose, and nothing is shown.
            if len(outcomes) % KILL_EVERY == 0 and (workers := spawned_workers()):
                os.kill(draw.choice(workers), signal.SIGKILL)
                kills += 1
    assert kills >= 4
    assert sorted(done.unwrap() for done in outcomes) == sorted(jobs), "each job has one result"
    assert set(runs_of(folder, "finished")) == set(jobs)
    # In flight is what was handed out and whose result has not come back: at most 8 at the moment of a kill. A run
    # that finished just before its worker died is run again too, by Dask itself.
    assert 1 <= sum(done.runs - 1 for done in outcomes) <= kills * 8
    assert sum(runs_of(folder, "finished").values()) <= len(jobs) + kills * 8
    assert 2 <= most_at_once(folder) <= 8
    wait_until(lambda: not processes_with(str(folder)) and not spawned_workers(), "the end of tools and workers")


def kill_own_worker(job: str) -> str:
    if job == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if job == "odd":
        raise Unsendable(threading.Lock())
    return job


class Unsendable(Exception):
    """Cannot be pickled."""


def test_a_job_that_kills_its_worker_each_time_is_given_up_after_two_runs_and_others_go_on(tmp_path: Path) -> None:
    jobs = {name: name for name in ("first", "poison", "odd", "last")}
    # One at a time, so that no other job is in flight when the worker dies.
    with make_executor("dask", workers=1, options={"scratch": str(tmp_path)}) as executor:
        outcomes = {done.job_id: done for done in run_all(executor, kill_own_worker, jobs)}
    assert isinstance(outcomes["poison"].error, RunLost) and outcomes["poison"].runs == 2
    assert outcomes["first"].unwrap() == "first" and outcomes["last"].unwrap() == "last"
    assert "Unsendable" in str(outcomes["odd"].error) and outcomes["odd"].runs == 1


@dataclass
class Farm:
    """A scheduler and a worker as commands of their own."""

    port: int
    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        process = start_python("-m", f"distributed.cli.{program}", *arguments)
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        self.processes.append(process)
        return process

    def start_scheduler(self) -> subprocess.Popen[str]:
        return self.start("dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")

    def start_worker(self) -> subprocess.Popen[str]:
        settings = ("--nthreads", "4", "--no-dashboard", "--local-directory", str(self.folder), "--preload", PRELOAD)
        return self.start("dask_worker", self.address, *settings, "--memory-limit", "0", "--death-timeout", "60")

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    farm = Farm(port, tmp_path / "dask")
    try:
        yield farm
    finally:
        farm.end()
        wait_until(lambda: not processes_with(str(farm.folder)), "the end of the workers")


def test_a_lost_scheduler_costs_only_the_runs_in_flight(tmp_path: Path, farm: Farm) -> None:
    folder = new_folder(tmp_path / "farm")
    jobs = counted_jobs(folder, 60, 0.02)
    scheduler, _ = farm.start_scheduler(), farm.start_worker()
    wait_until(lambda: reachable(farm.port), "the scheduler")
    outcomes = []
    options = {"address": farm.address}
    with make_executor("dask", workers=4, options=options) as executor:
        for done in run_all(executor, run_counted, jobs, licences=LicencePool(folder / "licences", 3)):
            outcomes.append(done)
            if len(outcomes) == 20:
                scheduler.kill()
                scheduler.wait()
                farm.start_scheduler()
                farm.start_worker()
    assert sorted(done.unwrap() for done in outcomes) == sorted(jobs)
    assert sum(done.runs - 1 for done in outcomes) <= 3
    assert most_at_once(folder) <= 3


def test_tools_on_a_farm_end_with_a_killed_client_and_free_their_licences(tmp_path: Path, farm: Farm) -> None:
    folder = new_folder(tmp_path / "farm")
    farm.start_scheduler()
    farm.start_worker()
    client = start_command("dask", folder, count=20, seconds=70.125, licences=2, address=farm.address)
    wait_until(lambda: len(runs_of(folder, "started")) == 2, "the first runs")
    client.kill()
    client.communicate()
    with make_executor("dask", workers=4, options={"address": farm.address}) as executor:
        jobs = {"next": Counted(folder, "next", 0.01)}
        [done] = run_all(executor, run_counted, jobs, licences=LicencePool(folder / "licences", 2))
    assert done.unwrap() == "next" and most_at_once(folder) <= 2
    wait_until(lambda: not processes_with("70.125"), "the end of the killed client's tools")


def test_workers_of_a_queue_and_their_tools_end_with_the_command_that_was_their_scheduler(
    tmp_path: Path, farm: Farm
) -> None:
    folder = new_folder(tmp_path / "farm")
    scheduler, worker = farm.start_scheduler(), farm.start_worker()
    client = start_command("dask", folder, count=20, seconds=70.375, licences=2, address=farm.address)
    wait_until(lambda: len(runs_of(folder, "started")) == 2, "the first runs")
    scheduler.kill()
    client.kill()
    client.communicate()
    wait_until(lambda: not processes_with("70.375"), "the end of the tools")
    wait_until(lambda: worker.poll() is not None and not processes_with(str(farm.folder)), "the end of the workers")
    assert len(runs_of(folder, "started")) == 2


def test_a_scheduler_that_is_not_there_is_told_in_one_line() -> None:
    options = {"address": "tcp://127.0.0.1:9", "start_timeout_s": "1"}
    with pytest.raises(PipelineError) as caught, make_executor("dask", workers=1, options=options):
        pass
    assert str(caught.value).startswith("no Dask scheduler answers at tcp://127.0.0.1:9: ")
    assert "\n" not in str(caught.value)


def reachable(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
