"""Many jobs on an executor: bounded by licences, streamed as they finish, those lost run again."""

from __future__ import annotations

import contextlib
import copy
import math
import queue
import random
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.errors import PipelineError
from pipeline.synthesis.executors.context import HeldElsewhere, RunCancelled, check_cancelled, holding
from pipeline.synthesis.executors.executor import RunExecutor, WorkerLost
from pipeline.synthesis.executors.licences import LicencePool

J = TypeVar("J")
R = TypeVar("R")

TEND_S = 5.0
"""How long nothing may finish before the executor is asked to look after its workers."""
FIRST_LOOK_S = 0.05
LONGEST_LOOK_S = 2.0
"""After how long jobs that others hold are asked for again, at first and at most."""

Claim = Callable[[J], contextlib.AbstractContextManager[R | None]]
"""Makes a job this process's own while the block runs, and gives its result if it is there already."""


class RunLost(PipelineError):
    """A job whose run was lost each time. Nothing is known of the design: it may be run again another time."""


@dataclass(frozen=True)
class FinishedJob(Generic[J, R]):
    """What became of one job: a result or, where ``error`` is set, none."""

    job_id: str
    job: J
    result: R | None
    error: Exception | None
    """What the job raised, or RunLost."""
    runs: int
    """How often it was handed out: more than once only after a loss. Dask by itself repeats a run that had ended when
    its worker died, and whose result had not been fetched; that is not counted here."""

    def unwrap(self) -> R:
        """The result; raises the error if there is one."""
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]


@dataclass(frozen=True)
class _Outcome:
    result: Any
    error: Exception | None


def run_all(
    executor: RunExecutor,
    function: Callable[[J], R],
    jobs: Mapping[str, J],
    *,
    licences: LicencePool | int | None = None,
    claim: Claim[J, R] | None = None,
    waiting: Callable[[int], None] | None = None,
    reruns: int = 1,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[FinishedJob[J, R]]:
    """Run ``function`` on every job; yields each job's outcome once, in the order in which they finish.

    Args:
        executor: from :func:`pipeline.synthesis.executors.make_executor`.
        function: called with a job in a thread or another process. It must bear being run twice on one job, as a run
            whose worker is lost may have got to any point. On Dask, function, jobs and results are pickled.
        jobs: by job id, such as the design key.
        licences: how many jobs may run at once. A number bounds this call alone, and only up to a run whose worker
            was lost; a pool bounds all who use it, and also what lives on of lost runs.
        claim: entered with a job where it is to run, before it waits for a licence. A job for which it raises
            HeldElsewhere is asked for again later, after others; it holds nothing meanwhile. Pickled on Dask.
        waiting: told once, when all jobs that are left are held elsewhere, how many they are.
        reruns: how often a job is started again whose run was lost with its worker, the scheduler or the network.
        goes_on: asked before each start. While it says no, none is started; with none in flight the call then ends,
            and what was not started has no outcome.

    What a job raises is its outcome and stops nobody else. Closing the iterator early or an interrupt ends the jobs
    in flight. Raises PipelineError where no more jobs can be run at all; what was yielded stands.
    """
    if isinstance(licences, int) and licences < 1:
        raise PipelineError(f"{licences} licences allow no run", fix="set 1 or more, or none for no limit")
    return _Flight(executor, function, jobs, licences, claim, waiting, reruns, goes_on).outcomes()


class _Flight(Generic[J, R]):
    def __init__(
        self,
        executor: RunExecutor,
        function: Callable[[J], R],
        jobs: Mapping[str, J],
        licences: LicencePool | int | None,
        claim: Claim[J, R] | None,
        waiting: Callable[[int], None] | None,
        reruns: int,
        goes_on: Callable[[], bool],
    ) -> None:
        self.executor = executor
        self.function = function
        self.jobs = jobs
        self.pool = licences if isinstance(licences, LicencePool) else None
        count = licences.count if isinstance(licences, LicencePool) else licences
        # Jobs beyond the licences would only keep workers waiting, and would be lost with them.
        self.limit = executor.capacity if count is None else min(executor.capacity, count)
        self.claim = claim
        self.waiting = waiting
        self.reruns = reruns
        self.goes_on = goes_on
        self.runs: dict[str, int] = {}
        self.fresh = iter(jobs)
        self.again: deque[str] = deque()
        self.held = _Held()
        self.flying: dict[Future[_Outcome], str] = {}
        self.landed: queue.SimpleQueue[Future[_Outcome]] = queue.SimpleQueue()
        self.tended = time.monotonic()

    def outcomes(self) -> Iterator[FinishedJob[J, R]]:
        with self.pool.watched() if self.pool else contextlib.nullcontext() as pool:
            try:
                while True:
                    while (may_start := self.may_start()) and (job_id := self.next_job()) is not None:
                        self.start(job_id, pool)
                    if not self.flying and not (self.held.jobs and may_start):
                        return
                    future = self.next_landed(self.held.due_in() if may_start else math.inf)
                    if future is None:
                        continue
                    job_id = self.flying.pop(future)
                    if not future.cancelled() and isinstance(future.exception(), HeldElsewhere):
                        self.runs[job_id] -= 1
                        self.held.add(job_id)
                        continue
                    done = self.judge(job_id, future)
                    if done is not None:
                        self.held.soon()
                        yield done
                    else:
                        self.executor.recover()
                        self.again.append(job_id)
            finally:
                self.executor.cancel(list(self.flying))

    def may_start(self) -> bool:
        return len(self.flying) < self.limit and self.goes_on()

    def next_job(self) -> str | None:
        """The job to start next; None where there is none, or not yet."""
        if self.held.due():
            self.again.extend(self.held.taken())
        return self.again.popleft() if self.again else next(self.fresh, None)

    def start(self, job_id: str, pool: LicencePool | None) -> None:
        self.runs[job_id] = self.runs.get(job_id, 0) + 1
        job = self.jobs[job_id]
        future = self.executor.submit(_work, self.function, job, self.claim, pool, self.executor.remote)
        self.flying[future] = job_id
        future.add_done_callback(self.landed.put)

    def next_landed(self, within: float) -> Future[_Outcome] | None:
        """The job that comes back next; None where none does within so many seconds."""
        if not self.flying and self.waiting is not None:
            self.waiting(len(self.held.jobs))
            self.waiting = None
        until = time.monotonic() + within
        while True:
            tend_at = self.tended + TEND_S
            try:
                future = self.landed.get(timeout=max(0.0, min(tend_at, until) - time.monotonic()))
            except queue.Empty:
                if time.monotonic() >= tend_at:
                    self.executor.tend()
                    self.tended = time.monotonic()
                if time.monotonic() >= until:
                    return None
                continue
            self.tended = time.monotonic()
            return future

    def judge(self, job_id: str, future: Future[_Outcome]) -> FinishedJob[J, R] | None:
        """The job's outcome; None if it has to be run again."""
        runs = self.runs[job_id]
        job = self.jobs[job_id]
        lost: BaseException | None = None
        if future.cancelled():
            lost = WorkerLost("cancelled by the scheduler")
        elif isinstance(future.exception(), (WorkerLost, RunCancelled)):
            lost = future.exception()
        if lost is None:
            outcome = future.result()
            return FinishedJob(job_id, job, outcome.result, outcome.error, runs)
        if runs <= self.reruns:
            return None
        times = "once" if runs == 1 else f"{runs} times"
        error = RunLost(f"the run of {job_id} was lost {times}: {lost}", fix="start again: it is then run once more")
        return FinishedJob(job_id, job, None, error, runs)


class _Held:
    """The jobs that others hold, and when to ask for them again."""

    def __init__(self) -> None:
        self.jobs: list[str] = []
        self._pause = FIRST_LOOK_S
        self._at = 0.0

    def add(self, job_id: str) -> None:
        if not self.jobs:
            # Random, so that those who wait for each other do not look all at once.
            self._at = time.monotonic() + self._pause * random.uniform(0.5, 1.0)
            self._pause = min(LONGEST_LOOK_S, 1.5 * self._pause)
        self.jobs.append(job_id)

    def soon(self) -> None:
        """Something was finished here: others, too, may have gone on."""
        self._pause = FIRST_LOOK_S

    def due_in(self) -> float:
        return self._at - time.monotonic() if self.jobs else math.inf

    def due(self) -> bool:
        return self.due_in() <= 0

    def taken(self) -> list[str]:
        jobs, self.jobs = self.jobs, []
        return jobs


def _work(
    function: Callable[[J], R], job: J, claim: Claim[J, R] | None, pool: LicencePool | None, remote: bool
) -> _Outcome:
    """One job, where it runs."""
    try:
        with contextlib.ExitStack() as held:
            there = None if claim is None else held.enter_context(claim(job))
            if there is not None:
                return _Outcome(there, None)
            if pool is not None:
                descriptor = held.enter_context(pool.slot(check_cancelled))
                held.enter_context(holding(descriptor))
            return _Outcome(function(job), None)
    except (HeldElsewhere, RunCancelled):
        raise
    except Exception as error:
        return _Outcome(None, _portable(error) if remote else error)


def _portable(error: Exception) -> Exception:
    """The error such that it survives being sent, with its traceback as a note unless it is told in one line.

    Sending takes an exception apart and puts it together as a deep copy does; not every exception bears that.
    """
    if not isinstance(error, PipelineError):
        error.add_note("".join(traceback.format_exception(error)))
    try:
        copy.deepcopy(error)
    except Exception:
        return PipelineError(f"{type(error).__name__}: {error}")
    return error
