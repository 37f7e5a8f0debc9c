"""What luigi says on the terminal: one line for a bad input, progress, no tracebacks for a user's mistake.

For tasks: :func:`say` writes a line, :data:`progress` counts steps over all worker processes, :func:`bar` shows a
bar for one long piece of work. Within a task, ``PipelineTask.follow`` and ``PipelineTask.following`` (base.py) show the
same bar and tell luigi's page as well.

luigi logs every failure with its traceback and lets a wrong task name end in one. A filter on its logger and an
exception hook turn what is the user's to mend into a single line; a defect of ours keeps its traceback.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import shutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import luigi
from luigi.parameter import ParameterException
from luigi.task_register import TaskClassException

from pipeline.errors import PipelineError
from pipeline.tasks import ending

_PROGRAMS = {"luigi", "luigi.exe"}


def user_message(error: BaseException | None) -> str | None:
    """The line to show for an error that a user can mend; None for any other."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, TaskClassException):
        return f"{' '.join(str(error).split())}; `python -m pipeline` lists the tasks"
    if isinstance(error, ParameterException):
        return f"{' '.join(str(error).split())}; `--help` after the task's name lists its parameters"
    return None


def task_label(task: object) -> str:
    """The task's name and, where it has one, its kernel."""
    kernel = getattr(task, "kernel", None)
    return f"{type(task).__name__} {kernel}" if kernel else type(task).__name__


class OneLine(logging.Filter):
    """Replaces the traceback of a :class:`PipelineError` in luigi's log by its line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites ``record`` in place; nothing is dropped."""
        error = record.exc_info[1] if record.exc_info else None
        message = user_message(error)
        if message is not None:
            task = next((a for a in record.args if isinstance(a, luigi.Task)), None) if record.args else None
            record.msg = f"{task_label(task)}: {message}" if task else message
            record.args, record.exc_info, record.exc_text = (), None, None
        elif "\nTraceback (most recent call last)" in (text := record.getMessage()):
            # luigi formats the traceback of a failing complete() or requires() into the message itself.
            marker = f"{PipelineError.__module__}.{PipelineError.__qualname__}: "
            last = text.rstrip().splitlines()[-1]
            if last.startswith(marker):
                record.msg, record.args = last[len(marker) :], ()
                record.levelno, record.levelname = logging.ERROR, "ERROR"
        return True


def install(*, command_line: bool = False) -> None:
    """Installs the filter; on a command line also the hook for errors outside any task."""
    logger = logging.getLogger("luigi-interface")
    if not any(isinstance(known, OneLine) for known in logger.filters):
        logger.addFilter(OneLine())
    if command_line or Path(sys.argv[0] if sys.argv else "").name in _PROGRAMS:
        sys.excepthook = _hook
        ending.install()


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    message = user_message(error)
    if message is None:
        traceback.print_exception(kind, error, trace)
    else:
        print(f"ERROR: {message}", file=sys.stderr)


class Progress:
    """A counter that forked workers share, and the lines it prints.

    luigi runs each task in a forked child, whose memory the parent never sees; a shared counter made before the
    fork lets every child say how much of the whole is done.
    """

    def __init__(self) -> None:
        self._total: Any = multiprocessing.Value("i", 0)
        self._done: Any = multiprocessing.Value("i", 0)

    def expect(self, total: int) -> None:
        """Says how many steps there will be, counting from none done."""
        self._total.value, self._done.value = total, 0

    def step(self, text: str) -> None:
        """One step is done: prints ``[done/total] text`` on standard error."""
        with self._done.get_lock():
            self._done.value += 1
            done = self._done.value
        total = self._total.value
        counter = f"[{done}/{total}] " if total >= done else ""
        say(f"{counter}{text}")


progress = Progress()


class Advance(Protocol):
    """Says that so many more steps are done, with a short note such as the loss."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Counts ``steps`` more."""


@contextlib.contextmanager
def bar(total: int | None, text: str) -> Iterator[Advance]:
    """A progress bar on standard error while the block runs, shown from its third second on.

    Nothing is written where standard error is no terminal. ``total`` is None where the number of steps is not known.
    """
    from tqdm import tqdm

    # A terminal that states no size would show nothing.
    columns, rows = shutil.get_terminal_size()
    with tqdm(
        total=total, desc=text, file=sys.stderr, delay=2, disable=None, leave=False, ncols=columns, nrows=rows
    ) as shown:

        def advance(steps: int = 1, note: str = "") -> None:
            if note:
                shown.set_postfix_str(note, refresh=False)
            shown.update(steps)

        yield advance


def say(text: str) -> None:
    """A line for the user on standard error, above any bar."""
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if tqdm is not None and sys.stderr.isatty():
        tqdm.write(text, file=sys.stderr)
        return
    # One write a line: several processes share the terminal.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
