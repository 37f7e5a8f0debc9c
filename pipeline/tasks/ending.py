"""The last line of a command: what it was, how long it took, its exit code, and the page to look at."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import time
from pathlib import Path
from typing import Any, NoReturn, Protocol

from pipeline.last_words import write_error
from pipeline.tasks.causes import causes

MEANINGS = {
    "already_running": "another worker runs it",
    "missing_data": "an input that no task makes is missing",
    "not_run": "a task did not get to run",
    "task_failed": "a task failed",
    "scheduling_error": "a task could not be prepared",
    "unhandled_exception": "the command could not go on",
}
"""luigi's kinds of failure; luigi.cfg gives each its exit code."""


class Root(Protocol):
    """The task that the command line names."""

    @property
    def page(self) -> Path | None:
        """The page that the task writes; None where it writes none."""


class _Ending:
    """What the last line tells; one a process."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.started = time.monotonic()
        self.root: Root | None = None
        self.code: int | None = None
        # Shared with forked workers, which tell what their task has left.
        self.instead: Any = multiprocessing.Value("i", 0)

    def write(self) -> None:
        if self.root is None or self.code is None or os.getpid() != self.process:
            return
        seconds = time.monotonic() - self.started
        write_error(f"{last_line(type(self.root).__name__, seconds, self.code, self._page(), causes.again)}\n")

    def _page(self) -> Path | None:
        page = self.root.page if self.root is not None and self.code == 0 else None
        return page if page is not None and page.exists() else None


_ending = _Ending()


def set_root(task: Root) -> None:
    """Names the task that the last line is about."""
    _ending.root = task


def root_name() -> str | None:
    """The name of the task that the command line names; None where there is no such command."""
    return None if _ending.root is None else type(_ending.root).__name__


def code() -> int | None:
    """The exit code with which this command leaves; None before it does."""
    return _ending.code


def process() -> int:
    """The number of the command's first process."""
    return _ending.process


def fail(code: int) -> None:
    """Has the command end with this code although luigi saw nothing fail."""
    _ending.instead.value = code


def install() -> None:
    """Has this process write the last line when it ends through ``sys.exit``, as luigi's commands do."""
    leave = sys.exit

    def leave_with(code: str | int | None = None, /) -> NoReturn:
        _ending.code = code if isinstance(code, int) else 0 if code is None else 1
        if _ending.code == 0 and _ending.instead.value:
            code = _ending.code = int(_ending.instead.value)
        leave(code)

    sys.exit = leave_with
    atexit.register(_ending.write)


def last_line(name: str, seconds: float, code: int, page: Path | None, again: int = 0) -> str:
    """The line, such as ``BuildGraph: done in 2.1 s, exit code 0; to look at: workspace/.../page.html``.

    ``again`` counts the tasks that failed for a cause that another one has told.
    """
    if code:
        meaning = _meaning(code) or ""
        if again:
            meaning += f"{'; ' if meaning else ''}{again} more of its tasks for a cause told above"
        return f"{name}: failed after {seconds:.1f} s, exit code {code}" + (f" ({meaning})" if meaning else "")
    return f"{name}: done in {seconds:.1f} s, exit code 0" + (f"; to look at: {page}" if page else "")


def _meaning(code: int) -> str | None:
    from luigi.retcodes import retcode

    try:
        codes = retcode()
    except Exception:
        # The configuration that gives the codes is what is wrong, and has been told of.
        return None
    return next((meaning for kind, meaning in MEANINGS.items() if getattr(codes, kind) == code), None)
