"""A pool of threads on this machine.

Threads suffice: a job starts a tool, waits for it and reads a report, so nearly all of its time is another process's.
They start in no time, need no pickling, and share this process's supervisor of tools, which ends every tool when this
process is killed. ``bench/bench_executors.py`` compares.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from pipeline.synthesis.executors.context import cancelled_by
from pipeline.synthesis.executors.executor import RunExecutor


class LocalExecutor(RunExecutor):
    """Runs up to ``workers`` jobs at once in threads of this process."""

    def __init__(self, workers: int) -> None:
        self.capacity = workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="run")
        self._unwanted: dict[Future[Any], threading.Event] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of a job that starts when a thread is free."""
        unwanted = threading.Event()
        future = self._pool.submit(_run, unwanted, fn, args, kwargs)
        self._unwanted[future] = unwanted
        future.add_done_callback(lambda done: self._unwanted.pop(done, None))
        if future.done():
            self._unwanted.pop(future, None)
        return future

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Ends these jobs: those that run learn of it by ``check_cancelled`` and are waited for."""
        running = []
        for future in futures:
            if not future.cancel():
                running.append(future)
                unwanted = self._unwanted.get(future)
                if unwanted is not None:
                    unwanted.set()
        wait(running)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancels what is left, and waits for it if asked."""
        left = list(self._unwanted.items())
        for future, unwanted in left:
            if not future.cancel() and cancel_futures:
                unwanted.set()
        self._pool.shutdown(wait, cancel_futures=cancel_futures)


def _run(unwanted: threading.Event, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with cancelled_by(unwanted.is_set):
        return fn(*args, **kwargs)
