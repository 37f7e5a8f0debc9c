"""Many jobs on this machine: bounded, streamed, each once, nothing left behind."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis.executors import HeldElsewhere, LicencePool, RunLost, WorkerLost, make_executor, run_all
from pipeline.synthesis.executors.local import LocalExecutor
from pipeline.synthesis.executors.run_all import _Held
from tests.synthesis.executors.commands import start_command
from tests.synthesis.executors.counting import (
    counted_jobs,
    most_at_once,
    new_folder,
    processes_with,
    run_counted,
    runs_of,
    wait_until,
)


def squared(number: int) -> int:
    if number == 7:
        raise ValueError("seven")
    return number * number


@pytest.mark.parametrize("kind", ["serial", "local"])
def test_a_job_that_fails_is_an_outcome_and_stops_no_other(kind: str) -> None:
    with make_executor(kind, workers=4) as executor:
        outcomes = list(run_all(executor, squared, {str(n): n for n in range(50)}))
    assert sorted(done.job for done in outcomes) == list(range(50))
    assert all(done.result == done.job**2 and done.runs == 1 for done in outcomes if done.job != 7)
    [failed] = [done for done in outcomes if done.error]
    assert failed.job_id == "7" and isinstance(failed.error, ValueError)
    with pytest.raises(ValueError, match="seven"):
        failed.unwrap()


def test_results_would_come_only_at_the_end_of_the_night_if_they_did_not_stream() -> None:
    release = threading.Event()

    def wait_for_release(number: int) -> int:
        assert number != 0 or release.wait(60)
        return number

    with make_executor("local", workers=2) as executor:
        outcomes = run_all(executor, wait_for_release, {str(n): n for n in range(20)})
        early = [next(outcomes).job for _ in range(19)]
        release.set()
        assert 0 not in early and [done.job for done in outcomes] == [0]


def test_two_commands_side_by_side_with_500_runs_stay_within_8_licences(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    other = start_command("local", folder, count=150, seconds=0.02, licences=8, prefix="other")
    jobs = counted_jobs(folder, 350, 0.02)
    with make_executor("local", workers=16) as executor:
        outcomes = list(run_all(executor, run_counted, jobs, licences=LicencePool(folder / "licences", 8)))
    out, err = other.communicate(timeout=90)
    assert other.returncode == 0, err
    assert sorted(done.unwrap() for done in outcomes) == sorted(jobs)
    assert len(out.splitlines()) == 150
    expected = [*jobs, *counted_jobs(folder, 150, 0, "other")]
    assert runs_of(folder, "started") == runs_of(folder, "finished") == dict.fromkeys(expected, 1)
    assert 2 <= most_at_once(folder) <= 8
    assert not processes_with(str(folder))


def test_a_number_of_licences_bounds_a_call_without_any_folder(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    with make_executor("local", workers=8) as executor:
        outcomes = list(run_all(executor, run_counted, counted_jobs(folder, 40, 0.02), licences=2))
    assert len(outcomes) == 40 and most_at_once(folder) <= 2


@pytest.mark.parametrize("kind", ["serial", "local"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_killed_or_interrupted_command_leaves_no_tool_and_no_licence_taken(
    tmp_path: Path, kind: str, number: signal.Signals
) -> None:
    folder = new_folder(tmp_path / "farm")
    at_once = 1 if kind == "serial" else 3
    command = start_command(kind, folder, count=20, seconds=500.125, licences=3)
    wait_until(lambda: len(runs_of(folder, "started")) == at_once, "the first runs")
    command.send_signal(number)
    command.communicate(timeout=30)
    assert command.returncode != 0
    wait_until(lambda: not processes_with(str(folder)) and not processes_with("500.125"), "the end of the tools")
    assert not runs_of(folder, "finished") and len(runs_of(folder, "started")) == at_once


def test_an_iterator_closed_early_would_leave_runs_behind(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "farm")
    jobs = counted_jobs(folder, 1, 0.01) | counted_jobs(folder, 20, 500.25, "long")
    with make_executor("local", workers=3) as executor:
        outcomes = run_all(executor, run_counted, jobs)
        assert next(outcomes).job_id == "job-000"
        assert isinstance(outcomes, Iterator)
        outcomes.close()  # type: ignore[attr-defined]
        assert not processes_with(str(folder) + "\0long")
    assert len(runs_of(folder, "started")) <= 1 + 3


@dataclass
class Turns:
    """Claims and results that two calls share, and what was run, in order."""

    taken: set[int] = field(default_factory=set)
    results: dict[int, int] = field(default_factory=dict)
    ran: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def claim(self, job: int) -> Iterator[int | None]:
        with self.lock:
            if job in self.taken:
                raise HeldElsewhere
            self.taken.add(job)
        try:
            yield self.results.get(job)
        finally:
            with self.lock:
                self.taken.discard(job)

    def run(self, job: int) -> int:
        with self.lock:
            self.ran.append(job)
        self.results[job] = job * job
        return job * job


@pytest.mark.parametrize("kind", ["serial", "local"])
def test_a_job_in_flight_elsewhere_comes_last_holds_no_licence_and_gives_its_owners_result(
    kind: str, tmp_path: Path
) -> None:
    turns, pool = Turns(), LicencePool(tmp_path, 1)
    owner = contextlib.ExitStack()
    owner.enter_context(turns.claim(0))
    told: list[int] = []

    def finish(count: int) -> None:
        told.append(count)
        with pool.slot():
            turns.results[0] = 100
        owner.close()

    jobs = {str(n): n for n in range(5)}
    with make_executor(kind, workers=3) as executor:
        outcomes = list(run_all(executor, turns.run, jobs, licences=pool, claim=turns.claim, waiting=finish))
    assert told == [1] and sorted(turns.ran) == [1, 2, 3, 4]
    assert {done.job: done.unwrap() for done in outcomes} == {0: 100, 1: 1, 2: 4, 3: 9, 4: 16}
    assert outcomes[-1].job == 0 and all(done.runs == 1 for done in outcomes)


def test_a_client_with_all_its_workers_busy_looks_for_what_others_hold_all_the_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns, never = Turns(taken={0}), threading.Event()
    looks: list[None] = []
    due_in = _Held.due_in

    def counted(held: _Held) -> float:
        looks.append(None)
        return due_in(held)

    def run(job: int) -> int:
        # Many times as long as the first pause between two looks.
        never.wait(0.5)
        turns.taken.discard(0)
        return job

    monkeypatch.setattr(_Held, "due_in", counted)
    with make_executor("local", workers=2) as executor:
        outcomes = list(run_all(executor, run, {str(n): n for n in range(3)}, claim=turns.claim))
    assert sorted(done.unwrap() for done in outcomes) == [0, 1, 2]
    assert len(looks) < 100


def test_two_calls_with_the_same_jobs_in_opposite_order_run_each_once_and_wait_for_no_licence_in_a_ring(
    tmp_path: Path,
) -> None:
    turns, pool = Turns(), LicencePool(tmp_path, 2)
    outcomes: dict[bool, list[int]] = {}

    def call(backwards: bool) -> None:
        jobs = {str(n): n for n in sorted(range(60), reverse=backwards)}
        with make_executor("local", workers=3) as executor:
            done = run_all(executor, turns.run, jobs, licences=pool, claim=turns.claim)
            outcomes[backwards] = sorted(one.unwrap() for one in done)

    threads = [threading.Thread(target=call, args=(backwards,), daemon=True) for backwards in (False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert outcomes == {backwards: [n * n for n in range(60)] for backwards in (False, True)}
    assert sorted(turns.ran) == list(range(60))


class Flaky(LocalExecutor):
    """Loses what it is told to lose, after the job was run."""

    def __init__(self, lost: list[int]) -> None:
        super().__init__(4)
        self.lost, self.started, self.recovered = lost, 0, 0

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.started += 1
        future = super().submit(fn, *args, **kwargs)
        if self.started not in self.lost:
            return future
        failed: Future[Any] = Future()
        failed.set_exception(WorkerLost("a worker died"))
        return failed

    def recover(self) -> None:
        self.recovered += 1


def test_a_lost_run_is_run_once_more_and_then_reported_never_dropped_or_doubled() -> None:
    with Flaky([3, 5]) as executor:
        outcomes = list(run_all(executor, squared, {str(n): n for n in range(10, 20)}))
        assert sorted(done.unwrap() for done in outcomes) == [n * n for n in range(10, 20)]
        assert sum(done.runs for done in outcomes) == 12 and executor.recovered == 2
    with Flaky([1, 2]) as executor:
        [done] = run_all(executor, squared, {"only": 1})
        assert isinstance(done.error, RunLost) and done.runs == 2
        assert str(done.error).startswith("the run of only was lost 2 times: a worker died; ")


@pytest.mark.parametrize(
    ("kind", "workers", "options", "told"),
    [
        ("cloud", 1, {}, "there is no executor 'cloud'; choose one of serial, local, dask, slurm, lsf, sge, pbs"),
        ("local", 0, {}, "0 workers run nothing"),
        ("local", 1, {"queue": "x"}, "the executor local has no option 'queue'; its options are: none"),
        ("slurm", 1, {"queue": "x\n#SBATCH --uid=0"}, "the option queue has a line break"),
        ("slurm", 1, {"threads": "many"}, "the option threads is 'many'; give a whole number"),
        ("sge", 1, {"memory": "lots"}, "the option memory is 'lots'"),
        ("dask", 1, {"address": "tcp://h:1", "scheduler_file": "f"}, "both address and scheduler_file"),
        ("dask", 1, {"tls_ca": "ca.pem"}, "TLS needs tls_ca, tls_cert and tls_key"),
    ],
)
def test_settings_that_cannot_be_used_are_told_in_one_line(
    kind: str, workers: int, options: dict[str, str], told: str
) -> None:
    with pytest.raises(PipelineError) as caught, make_executor(kind, workers=workers, options=options):
        pass
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = r"needs the package distributed; pip install 'hls-moe-pipeline\[farm\]'"
    with pytest.raises(PipelineError, match=told), make_executor("dask", workers=1):
        pass
