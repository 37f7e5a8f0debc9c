"""One command is one family of processes: a process that luigi forks dies with the one that forked it.

luigi runs each task in a forked child where it has several workers. Left alone, such a child outlives a killed luigi
and goes on starting runs. The kernel is asked to end it (prctl(2), PR_SET_PDEATHSIG, Linux); what the task itself
started ends with the task: tools by their supervisors, Dask workers as they are tied likewise.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.util
import os
import signal
import sys

import luigi

from pipeline.tasks.causes import causes
from pipeline.tasks.messages import say, task_label

_PR_SET_PDEATHSIG = 1


class _Family:
    """What the hook is registered for; it lives as long as this module."""


_family = _Family()


def tie_to_parent(_: object = None) -> None:
    """Has the kernel kill this forked process with its parent, and ends it where the parent is already gone.

    An interrupt or TERM ends it at once as well: an orderly end is the business of the command's first process.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)


# Children of multiprocessing only: those of a program that forks to leave its parent are none of ours.
multiprocessing.util.register_after_fork(_family, tie_to_parent)


@luigi.Task.event_handler(luigi.Event.PROCESS_FAILURE)
def _killed(task: luigi.Task, message: str) -> None:
    code = message.rpartition(" ")[2]
    how = f"was killed by signal {code[1:]}" if code.startswith("-") else f"ended with exit status {code}"
    # luigi itself tries a task again where another one is still under way after the retry delay.
    line = f"its process {how}; start again unless this command does: what is finished is kept"
    if causes.is_first(line):
        say(f"ERROR: {task_label(task)}: {line}")
