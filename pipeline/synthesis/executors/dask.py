"""Jobs on the workers of a Dask scheduler: started here, by a cluster's queue, or already running.

distributed and dask-jobqueue are optional (the extra ``farm``) and imported when needed.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import math
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from functools import partial
from typing import Any

from pipeline.errors import PipelineError
from pipeline.synthesis.executors.context import cancelled_by
from pipeline.synthesis.executors.executor import RunExecutor, WorkerLost
from pipeline.synthesis.executors.options import CLUSTERS, FarmOptions

PRELOAD = "pipeline.synthesis.executors.worker_preload"
FIRST_LOOK_S = 0.1
LONGEST_LOOK_S = 5.0
DEATH_TIMEOUT_S = 60
"""How long a worker of a queueing system looks for the scheduler."""
_TRACKER_IS_QUIET = "ignore:resource_tracker:UserWarning"
_CLUSTER_CLASSES = {"slurm": "SLURMCluster", "lsf": "LSFCluster", "sge": "SGECluster", "pbs": "PBSCluster"}


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = (error.name or name).replace("_", "-")
        raise PipelineError(
            f"this executor needs the package {missing}", fix="pip install 'hls-moe-pipeline[farm]'"
        ) from error


class DaskExecutor(RunExecutor):
    """Runs up to ``workers`` jobs at once on Dask workers.

    Args:
        kind: ``dask``, or the queueing system that starts the workers.
        workers: runs at once; their number of processes or cluster jobs is this divided by ``options.threads``.
        options: see :class:`FarmOptions`.

    Raises PipelineError where a package or the cluster's commands are missing and where no worker comes up.
    """

    remote = True

    def __init__(self, kind: str, workers: int, options: FarmOptions) -> None:
        self.capacity = workers
        self._options = options
        self._distributed = _package("distributed")
        self._processes = math.ceil(workers / options.threads)
        self._lock = threading.Lock()
        self._futures: dict[Future[Any], Any] = {}
        self._queued = kind != "dask"
        self._cut_short = False
        self._last_seen = 0.0
        self._cluster: Any = None
        self._client: Any = None
        try:
            if kind == "dask" and not (options.address or options.scheduler_file):
                self._cluster = self._local_cluster()
            elif kind != "dask":
                self._cluster = self._queued_cluster(kind)
                self._submit_workers(kind)
            self._client = self._connected(min(30.0, options.start_timeout_s))
            self._await_worker()
        except BaseException:
            self.shutdown(wait=False)
            raise

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of a job on some worker. A lost connection is a lost run."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            task = self._client.submit(_on_worker, fn, args, kwargs, pure=False, retries=0)
        except Exception as error:
            future.set_exception(WorkerLost(f"the scheduler could not be reached: {error}"))
            return future
        self._futures[future] = task
        future.add_done_callback(lambda done: self._futures.pop(done, None))
        self._client.loop.add_callback(self._follow, self._client, task, future)
        return future

    async def _follow(self, client: Any, task: Any, future: Future[Any]) -> None:
        # One coroutine a job: a result that is slow to come holds up no other.
        lost = (
            self._distributed.scheduler.KilledWorker,
            self._distributed.CancelledError,
            self._distributed.comm.CommClosedError,
            OSError,
            TimeoutError,
        )
        try:
            result = await client.gather(task, asynchronous=True)
        except lost as error:
            _settle(future, error=WorkerLost(_told(error)))
        except BaseException as error:
            _settle(future, error=error)
        else:
            _settle(future, result=result)

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Ends these jobs: those that run learn of it by ``check_cancelled`` within the worker, and nobody waits."""
        pairs = [(future, self._futures.get(future)) for future in list(futures)]
        tasks = [task for _, task in pairs if task is not None]
        if tasks:
            self._cut_short = True
            try:
                self._client.cancel(tasks)
            except Exception as error:
                # Without the scheduler, the workers end what they run.
                logging.getLogger(__name__).debug("not cancelled: %s", error)
        for future, _ in pairs:
            _settle(future, error=WorkerLost("cancelled"))

    def recover(self) -> None:
        """Waits for a lost scheduler to return, and has lost workers replaced."""
        if self._client.status != "running":
            self._reconnect()
        self.tend()

    def tend(self) -> None:
        """Has the queueing system start workers in place of those that ended.

        Raises PipelineError where there was no worker at all for ``start_timeout_s``.
        """
        if self._client.status not in ("running", "connecting"):
            self._reconnect()
        refused = ""
        if self._queued:
            try:
                self._cluster.sync(self._staff)
            except Exception as error:
                # The queue may be back in a moment; workers that run go on.
                refused = f" ({_told(error)})"
                logging.getLogger(__name__).debug("no replacement%s", refused)
        now = time.monotonic()
        if self._count_workers():
            self._last_seen = now
        elif now - self._last_seen > self._options.start_timeout_s:
            raise PipelineError(
                f"there was no worker for {self._options.start_timeout_s:g} s{refused}",
                fix="look at the farm, then start again: what is finished is kept",
            )

    async def _staff(self) -> None:
        """Submits as many cluster jobs as are missing; raises what the queue's command says against it."""
        cluster = self._cluster
        for name, job in list(cluster.workers.items()):
            # dask-jobqueue counts a job whose submission failed as one that is there.
            if job.job_id is None:
                del cluster.workers[name]
        while len(cluster.worker_spec) < self._processes:
            cluster.worker_spec.update(cluster.new_worker_spec())
        await cluster._correct_state()

    def _count_workers(self) -> int:
        try:
            return len(self._client.nthreads())
        except Exception as error:
            logging.getLogger(__name__).debug("the scheduler did not answer: %s", error)
            return 0

    def _reconnect(self) -> None:
        with self._lock:
            deadline = time.monotonic() + self._options.reconnect_s
            pause = FIRST_LOOK_S
            # The client itself tries for a while after it lost the scheduler.
            while self._client.status == "connecting" and time.monotonic() < deadline:
                time.sleep(FIRST_LOOK_S)
            if self._client.status == "running":
                return
            self._client.close(timeout=1)
            while True:
                try:
                    self._client = self._connected(min(10.0, max(1.0, deadline - time.monotonic())))
                    return
                except PipelineError:
                    if time.monotonic() + pause > deadline:
                        raise
                time.sleep(pause)
                pause = min(LONGEST_LOOK_S, 2 * pause)

    def _connected(self, timeout: float) -> Any:
        options = self._options
        where: dict[str, Any]
        if self._cluster is not None:
            where = {"address": self._cluster}
        elif options.scheduler_file:
            where = {"scheduler_file": options.scheduler_file}
        else:
            where = {"address": options.address}
        try:
            return self._distributed.Client(
                **where, timeout=timeout, set_as_default=False, security=self._security(), name="hls-runs"
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise PipelineError(
                f"no Dask scheduler answers at {options.address or options.scheduler_file}: {_told(error)}",
                fix="start one with `dask scheduler`, or correct the option address or scheduler_file",
            ) from error

    def _await_worker(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=self._options.start_timeout_s)
        except TimeoutError as error:
            raise PipelineError(
                f"no worker came up within {self._options.start_timeout_s:g} s",
                fix="look at the queue and at the jobs' output (option log_folder), or raise start_timeout_s",
            ) from error
        self._last_seen = time.monotonic()

    def _security(self) -> Any:
        options = self._options
        if not options.tls_ca:
            return None
        files = {"tls_ca_file": options.tls_ca}
        for role in ("client", "scheduler", "worker"):
            files |= {f"tls_{role}_cert": options.tls_cert or "", f"tls_{role}_key": options.tls_key or ""}
        return self._distributed.Security(require_encryption=True, **files)

    def _local_cluster(self) -> Any:
        options = self._options
        # multiprocessing's tracker of semaphores outlives a killed command and cleans up; nobody needs to be told.
        if _TRACKER_IS_QUIET not in sys.warnoptions:
            sys.warnoptions.append(_TRACKER_IS_QUIET)
        return self._distributed.LocalCluster(
            n_workers=self._processes,
            threads_per_worker=options.threads,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            # A worker is small; the tool has limits of its own.
            memory_limit=0,
            local_directory=options.scratch,
            security=self._security(),
            preload=[PRELOAD],
            # A loss is told at once, and run_all decides whether to run again.
            scheduler_kwargs={"allowed_failures": 0},
        )

    def _queued_cluster(self, kind: str) -> Any:
        jobqueue = _package("dask_jobqueue")
        if shutil.which(CLUSTERS[kind]) is None:
            raise PipelineError(
                f"there is no {CLUSTERS[kind]} on PATH", fix=f"start this on a machine that can submit {kind} jobs"
            )
        options = self._options
        settings: dict[str, Any] = {
            "cores": options.threads,
            "processes": 1,
            "memory": options.memory,
            "walltime": options.walltime,
            "queue": options.queue,
            ("account" if kind in ("slurm", "pbs") else "project"): options.account,
            "local_directory": options.scratch,
            "log_directory": options.log_folder,
            "interface": options.interface,
            "job_extra_directives": list(options.directives),
            "job_script_prologue": list(options.prologue),
            # A job that starts when this process is gone finds no scheduler, and gives up.
            "death_timeout": DEATH_TIMEOUT_S,
            "worker_extra_args": ["--no-dashboard", "--preload", PRELOAD],
            "python": options.python,
            "job_name": "hls-runs",
            "silence_logs": logging.CRITICAL,
            "security": self._security(),
            "scheduler_options": {
                "dashboard_address": None,
                "allowed_failures": 0,
                **({"host": options.host} if options.host else {}),
            },
        }
        if kind in ("sge", "pbs"):
            settings["resource_spec"] = options.resource_spec
        elif options.cpus:
            settings["job_cpu" if kind == "slurm" else "ncpus"] = options.cpus
        try:
            cluster = getattr(jobqueue, _CLUSTER_CLASSES[kind])(**settings)
        except (OSError, ValueError, RuntimeError) as error:
            raise PipelineError(f"a {kind} cluster cannot be set up: {_told(error)}", fix="see docs/farm.md") from error
        return cluster

    def _submit_workers(self, kind: str) -> None:
        try:
            # Not cluster.scale(), which only asks and tells nobody what the queue objects to.
            self._cluster.sync(self._staff)
        except Exception as error:
            raise PipelineError(
                f"{CLUSTERS[kind]} refused the job: {_told(error)}", fix="correct the options of the executor"
            ) from error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancels what is left, and ends the workers that were started here."""
        self.cancel(list(self._futures))
        ends = [partial(ended.close, timeout=10) for ended in (self._client, self._cluster) if ended is not None]
        if self._cut_short and self._cluster is not None and not self._queued:
            # Whoever interrupts does not wait for goodbyes; tools of killed workers end by their supervisors.
            ends.insert(0, partial(self._cluster.sync, self._kill_workers, callback_timeout=1))
        for end in ends:
            try:
                end()
            except Exception as error:
                # A lost scheduler cannot say goodbye; what it had started ends without it.
                logging.getLogger(__name__).debug("not closed: %s", error)

    async def _kill_workers(self) -> None:
        for nanny in list(self._cluster.workers.values()):
            nanny.close_gracefully(reason="cut short")
            with contextlib.suppress(ProcessLookupError):
                if (pid := nanny.pid) is not None:
                    os.kill(pid, signal.SIGKILL)


def _settle(future: Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    if future.done():
        return
    try:
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
    except Exception as late:
        logging.getLogger(__name__).debug("settled meanwhile: %s", late)


def _told(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text or type(error).__name__


def _on_worker(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The job in a worker's thread."""
    import distributed  # type: ignore[import-not-found,unused-ignore]

    worker = distributed.get_worker()
    key = worker.get_current_task()
    gone = (distributed.Status.closing, distributed.Status.closed, distributed.Status.failed)

    def cancelled() -> bool:
        # A cancelled task, or one whose client has left, stays with the worker in another state until it ends.
        task = worker.state.tasks.get(key)
        return worker.status in gone or task is None or task.state not in ("executing", "long-running")

    with cancelled_by(cancelled):
        return fn(*args, **kwargs)
