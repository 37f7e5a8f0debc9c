"""One job after the other in the calling thread: a debugger and a traceback see all of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from pipeline.synthesis.executors.executor import RunExecutor


class SerialExecutor(RunExecutor):
    """Runs a job when it is submitted."""

    capacity = 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of a job that has already ended. An interrupt goes straight to the caller."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Nothing is ever left to end."""
