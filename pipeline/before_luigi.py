"""What a command does before luigi is loaded: the command line as luigi is to read it, how it ends, a quick start.

``packaging/luigi_default_module.pth`` calls :func:`prepare` in every ``luigi`` of this environment;
``pipeline/__main__.py`` does the like. Nothing here may import luigi.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import warnings
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Any, NoReturn

_WHEN_USED = ("jsonschema", "requests")
"""What luigi imports for parameters with a schema and for a distant luigid: half of its own start."""


class Deferred(ModuleType):
    """Stands for a module until one of its names is asked for, which loads it.

    importlib's own LazyLoader loads a module with the next ``import`` of it up to Python 3.11.
    """

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


class QuickStart:
    """A finder of modules that finds none: when luigi is looked for, it defers what luigi seldom needs.

    By then every folder of packages is known, which none is while Python reads its ``.pth`` files.
    """

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        """Says of every module to ask elsewhere."""
        if name != "luigi":
            return
        sys.meta_path.remove(self)
        for deferred in _WHEN_USED:
            spec = find_spec(deferred) if deferred not in sys.modules else None
            if spec is not None:
                sys.modules[deferred] = module = Deferred(deferred)
                module.__spec__ = spec
        if "tornado" not in sys.modules:
            # tenacity loads tornado and asyncio where they are found, to retry coroutines, of which luigi has none.
            sys.modules["tornado"] = None  # type: ignore[assignment]
            try:
                importlib.import_module("tenacity")
            finally:
                del sys.modules["tornado"]


def bear_warnings() -> None:
    """Has warnings that are errors (``PYTHONWARNINGS=error``) treated as Python does unasked.

    They are of libraries, luigi's first, and say nothing of what was asked for. Each is one line.
    """
    warnings.formatwarning = _in_one_line
    if any(action == "error" for action, *_ in warnings.filters):
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)


def _in_one_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """Without the line of code that it came from, and what acts on a terminal."""
    words = " ".join(str(message).split())
    return f"Warning: {''.join(letter for letter in words if letter.isprintable())}\n"


def start_quickly() -> None:
    """To be called before luigi is imported."""
    bear_warnings()
    sys.meta_path.insert(0, QuickStart())


def complete_what_is_clear() -> None:
    """Has argparse take a word for the start of an option only where it is that of one alone, which is none of luigi's.

    luigi looks at a command line before it knows the task's own options, and would end there with a page on
    ``--batch``, which several of its ``--batch-email-...`` start with.
    """
    theirs = argparse.ArgumentParser._get_option_tuples
    if theirs.__module__ == __name__:
        return

    def clear(self: argparse.ArgumentParser, text: str) -> list[Any]:
        # luigi files its own options, such as --workers, under another name, and those of tasks under the task's.
        found = [one for one in theirs(self, text) if one[1] == f"--{one[0].dest.replace('_', '-')}".lower()]
        return found if len(found) == 1 else []

    argparse.ArgumentParser._get_option_tuples = clear  # type: ignore[method-assign, assignment]


def prepare() -> None:
    """For a program named ``luigi``: its command line with our module and options, one line for an error, signals."""
    given = sys.argv[1:]
    if not any(word.split("=")[0] == "--module" for word in given):
        given = ["--module", "pipeline", *given]
    sys.argv[1:] = given
    if any(word.startswith(("pipel", "--module=pipel")) for word in given):
        sys.excepthook = _told
        complete_what_is_clear()
        start_quickly()
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupted)
    # luigi imports the package by its name, and it has its tasks from then on.
    sys.modules.pop("pipeline", None)


def _told(*error: Any) -> None:
    # What luigi loaded half would be asked for, and fail again.
    sys.modules.pop("luigi", None)
    importlib.import_module("pipeline.last_words").hook(*error)


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt(number)
