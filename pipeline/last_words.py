"""What a command says of an error: one line for all that a user can mend, a file with the traceback for a defect.

Imports neither luigi nor anything heavy: luigi itself may be what fails to start, on a broken luigi.cfg for example.
"""

from __future__ import annotations

import configparser
import contextlib
import errno
import itertools
import os
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

from pipeline.errors import PipelineError, printable

GOES_ON = "what was finished is kept, and the same command goes on from there"
_ENDING = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "the terminal is gone"}
"""What each signal that ends a command in good order is called."""
SHOW_TRACEBACK = "HLS_PIPELINE_TRACEBACK"
"""Environment variable: where it is set, the traceback of a defect is printed as well."""
OF_OTHERS: dict[str, str] = {}
"""What code of other packages that has been loaded gives, ``the backend acme of acme-hls``, and where that lies."""

_FIXES = {
    errno.ENOSPC: "make room and run the command again: what was finished is kept",
    errno.EDQUOT: "make room and run the command again: what was finished is kept",
    errno.EROFS: "name a folder that can be written to, with --workspace for what the command writes",
    errno.EACCES: "check the permissions",
    errno.EPERM: "check the permissions",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path: a file stands where a folder is expected",
    errno.EISDIR: "check the path: a folder stands where a file is expected",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.EFBIG: "raise the limit of a file (ulimit -f)",
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs: the system has no more open files",
    errno.ENOMEM: "give the command more memory, or fewer workers",
    errno.EAGAIN: "the system allows no more processes (ulimit -u): close some and run the command again",
}


def told(error: BaseException | None) -> str | None:
    """The line for an error that a user can mend; None for any other, which is a defect of the pipeline."""
    if isinstance(error, PipelineError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return f"{_ENDING[_signal_of(error)]}; {GOES_ON}"
    if type(error).__name__ == "SIGTERMException":
        # Lightning's own, raised in a training that is told to end.
        return f"{_ENDING[signal.SIGTERM]}; {GOES_ON}"
    if isinstance(error, MemoryError):
        return "the memory does not suffice; give the command more, or work on fewer designs at once"
    if isinstance(error, configparser.Error):
        return _bad_configuration(error)
    if isinstance(error, UnicodeDecodeError) and "luigi.interface" not in sys.modules:
        # Nothing but luigi's configuration has been read by then.
        return "luigi.cfg: is not UTF-8 text; save it as UTF-8"
    if isinstance(error, ImportError) and "Parser not installed" in str(error):
        return str(PipelineError("LUIGI_CONFIG_PARSER=toml needs a package", fix="pip install toml, or unset it"))
    if isinstance(error, ModuleNotFoundError) and error.name and _is_the_module(error.name):
        return str(PipelineError(f"--module {error.name}: there is no such module", fix="did you mean pipeline?"))
    if isinstance(error, OSError) and "logging configuration file" in str(error):
        return str(PipelineError("[core] logging_conf_file: no such file", file="luigi.cfg", fix="check the path"))
    if isinstance(error, OSError) and error.errno is not None:
        return _of_the_system(error)
    if type(error).__name__ == "RPCError" and type(error).__module__ == "luigi.rpc":
        return "luigid cannot be reached; start it, or use --local-scheduler"
    return None


def _is_the_module(name: str) -> bool:
    """Whether the command line names the module, such as ``--module pipelin``."""
    return f"--module={name}" in sys.argv or ("--module", name) in itertools.pairwise(sys.argv)


def _bad_configuration(error: configparser.Error) -> str:
    place = getattr(error, "source", None) or "luigi.cfg"
    line = getattr(error, "lineno", None)
    if line is None and getattr(error, "errors", None):
        line = error.errors[0][0]  # type: ignore[attr-defined]
    if isinstance(error, configparser.InterpolationError):
        what = f"[{error.section}] {error.option}: a percent sign is written twice, as %%"
        return str(PipelineError(what, file="luigi.cfg", fix="mend that line"))
    if str(getattr(error, "line", "")).startswith("\ufeff"):
        return str(PipelineError("starts with a byte order mark", file=str(place), fix="save it as UTF-8 without one"))
    what = {
        configparser.MissingSectionHeaderError: "a line stands before the first [section]",
        configparser.DuplicateSectionError: "a section is there twice",
        configparser.DuplicateOptionError: "a setting is there twice",
    }.get(type(error), "cannot be read as a configuration")
    option, section = getattr(error, "option", None), getattr(error, "section", None)
    named = f" ([{section}] {option})" if option else f" ([{section}])" if section else ""
    return str(PipelineError(what + named, file=str(place), line=line, fix="mend that line"))


def _of_the_system(error: OSError) -> str:
    what = error.strerror or os.strerror(error.errno or 0)
    name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else None
    if name is None and error.errno == errno.ENOENT and not _has_current_folder():
        return "the current folder is gone; change to one that is there"
    return str(PipelineError(what[:1].lower() + what[1:], file=name, fix=_FIXES.get(error.errno or 0)))


def _has_current_folder() -> bool:
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def defect(error: BaseException) -> str:
    """The line for a defect of the pipeline, or of a package of others that it has loaded."""
    text = "".join(traceback.format_exception(error))
    if os.environ.get(SHOW_TRACEBACK):
        write_error(text)
    return defect_of(text, f"{type(error).__name__}: {error}")


def at_fault(trace: str) -> str:
    """Whose the error of a traceback is: of the package of others that it leads through.

    Where it leads through none, what has been loaded may have handed on something wrong, and is named too.
    """
    led = [what for what, place in OF_OTHERS.items() if f'File "{place}' in trace]
    return " and ".join(led or ["the pipeline", *OF_OTHERS])


def defect_of(trace: str, last: str) -> str:
    """The line for a traceback, which goes into a file that the line names; ``last`` is the error itself."""
    place = keep_traceback(trace)
    said = printable(" ".join(last.split()))[:300]
    return f"a defect of {at_fault(trace)}, please report it: {said}" + (f" (traceback: {place})" if place else "")


def keep_traceback(text: str) -> Path | None:
    """Writes a traceback to a file of its own in the folder for temporary files; None where that cannot be."""
    try:
        handle, name = tempfile.mkstemp(prefix="hls-pipeline-", suffix=".traceback")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)


def show(text: str) -> None:
    """The answer to a question, on standard output.

    A reader that has seen enough and gone (``| head -1``) is no error. Raises PipelineError where it cannot be written.
    """
    try:
        sys.stdout.write(printable(text, lines=True) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer goes nowhere, and Python does not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise PipelineError(f"cannot be written: {error.strerror}", file="standard output") from None


def write_error(text: str) -> None:
    """Writes text on standard error; nowhere where that is closed, full or gone."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(printable(text, lines=True))
            sys.stderr.flush()


def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For ``sys.excepthook``: one line instead of a traceback."""
    end(error, told(error) or defect(error))


def end(error: BaseException, line: str) -> None:
    """Writes the line of an error that ends the command. One that a signal ended exits with 128 and its number."""
    if isinstance(error, KeyboardInterrupt):
        # What is told is told: another one ends what is left at once.
        for number in _ENDING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, signal.SIG_DFL)
    write_error(f"ERROR: {line}\n")
    if isinstance(error, KeyboardInterrupt):
        raise SystemExit(exit_code(error))


def exit_code(error: KeyboardInterrupt) -> int:
    """What a shell says of a command that the signal ended: 130 for an interrupt, 143 for TERM."""
    return 128 + _signal_of(error)


def _signal_of(error: KeyboardInterrupt) -> signal.Signals:
    """The signal that :func:`interrupted` was called for; Python's own handler names none, which is SIGINT."""
    number = error.args[0] if error.args else signal.SIGINT
    return signal.Signals(number) if number in _ENDING else signal.SIGINT


def interrupted(number: int, frame: FrameType | None) -> NoReturn:
    """For ``signal.signal``: unwinds what is under way, once; the second signal ends the process at once."""
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt(number)


def catch_signals() -> None:
    """Has a terminated command, or one whose terminal is gone, end as an interrupted one; ignored signals stay so."""
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            # None is a handler that is not Python's.
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                signal.signal(number, interrupted)


def settle_streams() -> None:
    """Makes standard streams that are closed lead nowhere, and text that a terminal cannot show no error.

    Otherwise the next file that is opened takes a closed stream's number, and what is meant for the terminal goes
    into that file.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken, which is this one.
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
