"""Where runs of a tool happen: one after the other, on this machine, on Dask workers, on a cluster's queue.

:func:`make_executor` gives the executor that the settings name; :func:`run_all` runs many jobs on it, bounded by a
:class:`LicencePool`, and runs again what was lost. A job asks :func:`check_cancelled` while it waits for its tool, and
hands :func:`held_descriptors` on to it.
"""

from pipeline.synthesis.executors.context import HeldElsewhere, RunCancelled, check_cancelled, held_descriptors, pause
from pipeline.synthesis.executors.executor import RunExecutor, WorkerLost
from pipeline.synthesis.executors.licences import LicencePool
from pipeline.synthesis.executors.make import make_executor
from pipeline.synthesis.executors.options import KINDS, FarmOptions
from pipeline.synthesis.executors.run_all import FinishedJob, RunLost, run_all

__all__ = [
    "KINDS",
    "FarmOptions",
    "FinishedJob",
    "HeldElsewhere",
    "LicencePool",
    "RunCancelled",
    "RunExecutor",
    "RunLost",
    "WorkerLost",
    "check_cancelled",
    "held_descriptors",
    "make_executor",
    "pause",
    "run_all",
]
