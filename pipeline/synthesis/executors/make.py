"""The executor that the settings name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from pipeline.errors import PipelineError
from pipeline.synthesis.executors.executor import RunExecutor
from pipeline.synthesis.executors.local import LocalExecutor
from pipeline.synthesis.executors.options import KINDS, read_options
from pipeline.synthesis.executors.serial import SerialExecutor


@contextlib.contextmanager
def make_executor(kind: str, *, workers: int, options: Mapping[str, str] | None = None) -> Iterator[RunExecutor]:
    """An executor, and at the end nothing of it: jobs in flight are cancelled, processes that it started are gone.

    Tools that worker processes had in flight are then ended by their supervisors, which takes a second or two.

    Args:
        kind: ``serial`` (in the calling thread, one at a time), ``local`` (threads of this process), ``dask`` (worker
            processes on this machine, or a scheduler at the option ``address`` or ``scheduler_file``), ``slurm``,
            ``lsf``, ``sge`` or ``pbs`` (workers as jobs of that queueing system).
        workers: how many jobs run at once; ``serial`` ignores it.
        options: :class:`FarmOptions` by name, as text.

    Raises PipelineError where kind, workers or an option cannot be used, a package is missing, or no worker comes up.
    """
    if kind not in KINDS:
        raise PipelineError(f"there is no executor {kind!r}", fix=f"choose one of {', '.join(KINDS)}")
    if workers < 1:
        raise PipelineError(f"{workers} workers run nothing", fix="set 1 or more")
    read = read_options(kind, options or {})
    executor: RunExecutor
    if kind == "serial":
        executor = SerialExecutor()
    elif kind == "local":
        executor = LocalExecutor(workers)
    else:
        from pipeline.synthesis.executors.dask import DaskExecutor

        executor = DaskExecutor(kind, workers, read)
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
