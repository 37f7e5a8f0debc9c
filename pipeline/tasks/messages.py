"""What luigi says on the terminal: one line for a bad input, progress, no tracebacks for a user's mistake.

For tasks: :func:`say` writes a line, :data:`progress` counts steps over all worker processes, :func:`bar` shows a
bar for one long piece of work. Within a task, ``PipelineTask.follow`` and ``PipelineTask.following`` (base.py) show the
same bar and tell luigi's page as well.

luigi logs every failure with its traceback and lets a wrong task name end in one. A filter on its logger and an
exception hook turn what is the user's to mend into a single line; a defect of ours keeps its traceback.
"""

from __future__ import annotations

import configparser
import contextlib
import logging
import multiprocessing
import re
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import luigi
from luigi.parameter import MissingParameterException, ParameterException
from luigi.task_register import TaskClassException

from pipeline.errors import PipelineError, nearest, printable, shortened
from pipeline.last_words import catch_signals, defect, defect_of, end, settle_streams, told, write_error
from pipeline.last_words import show as show
from pipeline.tasks import command_line, ending
from pipeline.tasks.causes import causes
from pipeline.tasks.shared import briefly

_MISSING = re.compile(r"(?P<task>\w+)\[.*requires the '(?P<name>\w+)' parameter", re.DOTALL)
_PROGRAMS = {"luigi", "luigi.exe"}
_AS_MODULE = ("luigi", "__main__.py")
"""The end of the program's path under ``python -m luigi``."""


def user_message(error: BaseException | None) -> str | None:
    """The line to show for an error that a user can mend; None for any other."""
    if isinstance(error, TaskClassException):
        # luigi also proposes its own classes, and tasks that others are built of: nobody means these.
        what, _, _ = " ".join(str(error).split()).partition(" Did you mean: ")
        what = what.partition(" Candidates are: ")[0].removesuffix(".")
        meant = nearest(what.rpartition(" ")[2], command_line.listed_tasks())
        return printable(f"{what}; {f'did you mean {meant}? ' if meant else ''}`python -m pipeline` lists the tasks")
    if isinstance(error, MissingParameterException) and (found := _MISSING.match(str(error))):
        option = found["name"].replace("_", "-")
        return f"{found['task']} needs --{option}; `{found['task']} --help` tells what it takes"
    if isinstance(error, ParameterException):
        return printable(f"{' '.join(str(error).split())}; `--help` after the task's name lists its parameters")
    if isinstance(error, ValueError) and isinstance(error.__cause__, PipelineError | configparser.Error):
        # luigi wraps what is wrong with a default, such as that of luigi.cfg, into an error of its own.
        return told(error.__cause__)
    return told(error)


def task_label(task: object, line: str = "") -> str:
    """The task's name and, where it has one that ``line`` does not name, its kernel.

    A task that nobody types is called as the command that it is part of.
    """
    typed = ending.root_name() if not getattr(task, "example", "") else None
    name, kernel = typed or type(task).__name__, str(getattr(task, "kernel", None) or "")
    return f"{name} {shortened(kernel)}" if kernel and kernel not in line else name


class OneLine(logging.Filter):
    """Replaces the tracebacks in luigi's log by one line; that of a defect goes into a file that the line names."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites ``record`` in place; a task's failure is dropped where another's line tells its cause."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            message = user_message(error) or defect(error)
            if not causes.is_first(message, error):
                return False
            task = next((a for a in record.args if isinstance(a, luigi.Task)), None) if record.args else None
            record.msg = printable(f"{task_label(task, message)}: {message}" if task else message)
            record.args, record.exc_info, record.exc_text = (), None, None
        elif "\nTraceback (most recent call last)" in (text := record.getMessage()):
            # luigi formats the traceback of a failing complete() or requires() into the message itself.
            record.msg, record.args = _last_line_of(text), ()
            if not causes.is_first(record.msg):
                return False
            record.levelno, record.levelname = logging.ERROR, "ERROR"
        record.msg, record.args = printable(record.getMessage(), lines=True), ()
        return True


def _last_line_of(text: str) -> str:
    """What to say of a formatted traceback: all lines of the error that stands behind its last frame, joined."""
    frames = text.rpartition("Traceback (most recent call last)")[2].splitlines()[1:]
    last = " ".join(" ".join(dropwhile(lambda line: line.startswith(" "), frames)).split())
    marker = f"{PipelineError.__module__}.{PipelineError.__qualname__}: "
    if last.startswith(marker):
        return last[len(marker) :]
    name, _, rest = last.partition(": ")
    if name in ("OSError", "PermissionError", "FileNotFoundError", "NotADirectoryError", "IsADirectoryError"):
        return printable(rest)
    return defect_of(text, last)


def install(*, command_line_of_ours: bool = False) -> None:
    """Installs the filter; on a command line also what turns every mistake into one line."""
    logger = logging.getLogger("luigi-interface")
    if not any(isinstance(known, OneLine) for known in logger.filters):
        logger.addFilter(OneLine())
    program = Path(sys.argv[0] if sys.argv else "")
    if command_line_of_ours or program.name in _PROGRAMS or program.parts[-2:] == _AS_MODULE:
        settle_streams()
        if logging.lastResort is not None:
            # What prints where luigi.cfg says no_configure_logging.
            logging.lastResort.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        sys.excepthook = _hook
        catch_signals()
        command_line.install()
        ending.install()


def check_configuration(sections: Sequence[str]) -> None:
    """On a command line, refuses settings of luigi.cfg in these sections that nothing reads; PipelineError names them.

    A program of others that imports the tasks keeps its configuration to itself.
    """
    if sys.excepthook is _hook:
        command_line.check_sections(sections)


def _hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    end(error, user_message(error) or defect(error))


def duration(seconds: float) -> str:
    """Seconds for people: ``40 s``, ``3 min``, ``1.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Progress:
    """A counter that forked workers share, and the lines it prints, with what is left at the pace so far.

    luigi runs each task in a forked child, whose memory the parent never sees; a shared counter made before the
    fork lets every child say how much of the whole is done.
    """

    def __init__(self) -> None:
        self._total: Any = multiprocessing.RawValue("i", 0)
        self._lock = multiprocessing.Lock()
        self._done: Any = multiprocessing.RawValue("i", 0)
        self._began: Any = multiprocessing.RawValue("d", 0.0)

    def expect(self, total: int) -> None:
        """Says how many steps there will be, counting from none done."""
        self._total.value, self._done.value, self._began.value = total, 0, time.monotonic()

    def step(self, text: str) -> None:
        """One step is done: prints ``[done/total] text`` on standard error."""
        with briefly(self._lock):
            self._done.value += 1
            done = self._done.value
        total = self._total.value
        counter = f"[{done}/{total}] " if total >= done else ""
        say(f"{counter}{text}{_left(time.monotonic() - self._began.value, done, total)}")


def _left(spent: float, done: int, total: int) -> str:
    """What is left at the pace so far: steps differ, so not before the second, and never to the second."""
    left = spent / done * (total - done) if done else 0.0
    return f"; about {duration(left)} left at this pace" if 2 <= done < total and left >= _TELL_LEFT_S else ""


def _as_before(like: str, spent: float) -> str:
    """What is left of a step that goes on for ``spent`` s, where one of its kind has ended."""
    took = _took[ALIKE.index(like)] if like else 0.0
    return f"; about {duration(took - spent)} left, as the one before" if took - spent >= _TELL_LEFT_S else ""


@contextlib.contextmanager
def _timed(like: str) -> Iterator[None]:
    """Remembers how long the block took, for the next of its kind; not where it fails."""
    began = time.monotonic()
    yield
    if like:
        _took[ALIKE.index(like)] = time.monotonic() - began


ALIKE = (
    "learning for a round",
    "estimates for a round",
    "forecasts of a fold",
    "processes of a fold",
    "tables of other kernels",
)
"""Kinds of steps without parts that come again within a command and take about as long each time."""
_took: Any = multiprocessing.RawArray("d", len(ALIKE))
"""How long the last step of each kind took, in s; 0 where none has ended. Shared with forked workers."""
_TELL_LEFT_S = 2.0
"""Less is not worth a word."""
_FIRST_LINE_S, _LINE_EVERY_S = 5.0, 60.0
"""In a file the first line of progress stands after so many seconds, the next ones at most so many apart."""

_SILENT_S = 2.0
"""A step without parts is silent for no longer."""

progress = Progress()


def counted(text: str, done: int, total: int | None, note: str) -> str:
    """How far something is: ``training: 3 of 10 (loss 0.25)``."""
    return f"{text}: {done}" + (f" of {total}" if total else "") + (f" ({note})" if note else "")


class Advance(Protocol):
    """Says that so many more steps are done, with a short note such as the loss."""

    def __call__(self, steps: int = 1, note: str = "") -> None:
        """Counts ``steps`` more."""


class Growing(Protocol):
    """The same, where the number of steps shows while they are done."""

    def __call__(self, steps: int = 1, note: str = "", *, more: int = 0) -> None:
        """Counts ``steps`` more; ``more`` are to come beside those that were expected so far."""


@contextlib.contextmanager
def bar(total: int | None, text: str, like: str = "") -> Iterator[Growing]:
    """A progress bar on standard error while the block runs, shown from its third second on.

    Where standard error is no terminal, lines instead, each half as much later again as the one before. ``total`` is
    None where the number of steps is not known beforehand; until it is told, what is left is as of the last piece of
    work of the kind ``like``.
    """
    from tqdm import tqdm

    # A terminal that states no size would show nothing.
    columns, rows = shutil.get_terminal_size()
    with (
        _timed(like),
        tqdm(
            total=total, desc=text, file=sys.stderr, delay=2, disable=None, leave=False, ncols=columns, nrows=rows
        ) as shown,
    ):
        began, done, due = time.monotonic(), 0, _FIRST_LINE_S

        def advance(steps: int = 1, note: str = "", *, more: int = 0) -> None:
            nonlocal began, done, due, total
            if more:
                if total is None:
                    # What went before is no measure of how fast these will be.
                    began = time.monotonic()
                total = shown.total = (total or 0) + more
            if note:
                shown.set_postfix_str(note, refresh=False)
            shown.update(steps)
            done += steps
            if shown.disable and (spent := time.monotonic() - began) >= due and done != total:
                due = spent + min(max(spent / 2, _FIRST_LINE_S), _LINE_EVERY_S)
                say(
                    counted(text, done, total, note) + (_left(spent, done, total) if total else _as_before(like, spent))
                )

        yield advance


@contextlib.contextmanager
def working(text: str, like: str = "") -> Iterator[None]:
    """Says that a step without parts goes on, and for how long, from its third second on, then ever more seldom.

    What is left of such a step is known only from the last one of the kind ``like``, one of :data:`ALIKE`; else
    nothing is said of it. The lines come from a thread.
    """
    over, began = threading.Event(), time.monotonic()

    def tell() -> None:
        due = _SILENT_S
        while not over.wait(max(began + due - time.monotonic(), 0.0)):
            spent = time.monotonic() - began
            say(f"{text}: {duration(spent)} so far{_as_before(like, spent)}")
            due = spent + min(max(spent / 2, _FIRST_LINE_S), _LINE_EVERY_S)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        with _timed(like):
            yield
    finally:
        over.set()
        teller.join()


def say(text: str) -> None:
    """A line for the user on standard error, above any bar; a terminal that is gone stops no work."""
    text = printable(text, lines=True)
    tqdm = getattr(sys.modules.get("tqdm"), "tqdm", None)
    if tqdm is not None and sys.stderr is not None and sys.stderr.isatty():
        with contextlib.suppress(OSError):
            tqdm.write(text, file=sys.stderr)
        return
    # One write a line: several processes share the terminal.
    write_error(f"{text}\n")
