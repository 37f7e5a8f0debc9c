"""What :func:`run_all` asks of an executor beyond :class:`concurrent.futures.Executor`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from typing import Any


class WorkerLost(Exception):
    """A run came to no end because its worker, the scheduler or the network was lost. It may be run again."""


class RunExecutor(Executor):
    """An executor for runs of a tool.

    A future's exception is a :class:`WorkerLost` where the job has no outcome, whatever the cause.
    """

    capacity: int
    """How many jobs can run at once."""
    remote: bool = False
    """Whether jobs, results and errors travel between processes."""

    @abstractmethod
    def cancel(self, futures: Iterable[Future[Any]]) -> None:
        """Ends these jobs, and returns when those that run in this process have ended."""

    def recover(self) -> None:
        """Called after a loss. Raises PipelineError where no job can be run any more."""

    def tend(self) -> None:
        """Called every few seconds while nothing finishes."""
