"""The boundary to luigi's command line and configuration: what is mistyped gives one line that names it.

luigi answers a value that it cannot parse with a traceback, an option that it does not know with a page of usage, and
a setting that nobody reads with nothing. The functions here stand in for a handful of its own: those that build the
argument parser, parse the values of the task and read a value of a configuration file. They are put in place by
:func:`install`, in commands alone.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

import luigi
import luigi.configuration
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import ParameterException
from luigi.task_register import Register

from pipeline.errors import PipelineError, nearest
from pipeline.last_words import show, write_error
from pipeline.tasks.parameters import taken
from pipeline.tasks.sections import CFLAGS

_FLAG = re.compile(r"-(?:[DIU]\S+|std=\S+|O[0-3s]$|W\S+|f[a-z]\S+)")
_NO_TASK = "no task is named"
USAGE_EXIT = 2
"""Exit code of a command line that cannot be understood, as argparse has it."""


ASKED_HELP: list[Callable[[type[luigi.Task] | None, bool], str]] = []
"""Gives the help of a task, or of all; filled with the tasks, which this module is below of."""


def joined(words: list[str]) -> list[str]:
    """A command line with the value of ``--cflags`` joined to it: argparse takes ``-DN=4`` for an option of its own."""
    found: list[str] = []
    following = iter(words)
    for word in following:
        if word == CFLAGS or (word.startswith("--") and word.endswith("-cflags") and word[2:3].isupper()):
            value = next(following, None)
            found.append(word if value is None else f"{word}={value}")
        else:
            found.append(word)
    return found


def install() -> None:
    """Puts our functions in the place of luigi's; once a process."""
    if CmdlineParser._get_task_kwargs is _task_kwargs:
        return
    parser, parameter = cast(Any, CmdlineParser), cast(Any, luigi.Parameter)
    parser._build_parser = staticmethod(_with_one_line_errors(CmdlineParser._build_parser))
    parser._get_task_kwargs = _task_kwargs
    parser._possibly_exit_with_help = staticmethod(_help)
    parameter._get_value_from_config = _from_configuration(luigi.Parameter._get_value_from_config)
    parameter._get_value = _from_anywhere(luigi.Parameter._get_value)


@contextlib.contextmanager
def _one_formatter() -> Iterator[None]:
    """Within the block argparse checks options with one formatter, not with one an option, each of which asks for the
    size of the terminal: a fifth of the time in which luigi's parser is made."""
    made = argparse.HelpFormatter("luigi")
    theirs = argparse.ArgumentParser._get_formatter
    argparse.ArgumentParser._get_formatter = lambda self: made  # type: ignore[method-assign]
    try:
        yield
    finally:
        argparse.ArgumentParser._get_formatter = theirs  # type: ignore[method-assign]


def _with_one_line_errors(build: Callable[..., argparse.ArgumentParser]) -> Callable[..., argparse.ArgumentParser]:
    @functools.cache
    def once(tasks: int, *args: Any, **kwargs: Any) -> argparse.ArgumentParser:
        # luigi builds the same parser eight times for a command, with every parameter of every task in it.
        with _one_formatter():
            parser = build(*args, **kwargs)

        def error(message: str) -> NoReturn:
            write_error(f"ERROR: {PipelineError(message, fix=_advice(message, parser))}\n")
            sys.exit(USAGE_EXIT)

        parse = parser.parse_known_args  # which parse_args calls too

        def parsed(args: Sequence[str] | None = None, *rest: Any, **more: Any) -> Any:
            found = parse(None if args is None else joined(list(args)), *rest, **more)
            if not found[0].root_task and not (found[0].core_help or found[0].core_help_all):
                error(_NO_TASK)
            return found

        parser.error = error  # type: ignore[method-assign]
        parser.parse_known_args = parsed  # type: ignore[method-assign, assignment]
        return parser

    @functools.wraps(build)
    def built(*args: Any, **kwargs: Any) -> argparse.ArgumentParser:
        return once(len(Register._reg), *args, **kwargs)

    return built


def _help(parser: argparse.ArgumentParser, known: argparse.Namespace) -> None:
    """Ends the command with the help that was asked for."""
    if not (known.core_help or known.core_help_all):
        return
    task = Register.get_task_cls(known.root_task) if known.root_task else None
    text = ASKED_HELP[-1](task, known.core_help_all)
    if known.core_help_all:
        for action in parser._actions:
            if action.help:  # A description is text (`lut%`), to argparse a format.
                action.help = action.help.replace("%", "%%")
        text += f"\n\nluigi's own options, and those of every task:\n\n{parser.format_help()}"
    show(text)
    sys.exit()


def _advice(message: str, parser: argparse.ArgumentParser) -> str:
    """What to do about a message of argparse: the nearest options, where options are not known."""
    general = "--help after the task's name lists its parameters"
    if message == _NO_TASK:
        return "`python -m pipeline` lists the tasks"
    if value := re.fullmatch(r"argument (--\S+): expected one argument", message):
        following = next((two for one, two in itertools.pairwise(sys.argv) if one == value[1]), "--")
        if not following.startswith("--"):
            return f"a value that begins with - is joined to its option: {value[1]}={following}"
    if not message.startswith("unrecognized arguments:"):
        return general
    # luigi also takes options of every task by its name, and of the tasks that others build on: nobody means these.
    options = [text for text in parser._option_string_actions if re.match("--[a-z]", text) and text[:6] != "--help"]
    words = message.partition(":")[2].split()
    stray = words[0] if words else ""
    unknown = [word.split("=")[0] for word in words if word.startswith("-")]
    if "--cflags" in options and words and all(_FLAG.match(word) for word in words):
        given = next((two for one, two in itertools.pairwise(sys.argv) if one == "--cflags"), "")
        return f"flags of the compiler are one word: --cflags '{' '.join(filter(None, [given, *words]))}'; {general}"
    if not unknown:
        before = next((one for one, two in itertools.pairwise(sys.argv) if two == stray), "")
        if not before.startswith("--"):
            if "--first" in options:
                return f"two are given as --first {stray} --second {words[1] if words[1:] else 'OTHER'}; {general}"
            if "--path" in options and Path(stray).exists():
                return f"a path is given as --path {stray}; {general}"
            if kernels := next((option for option in ("--kernel", "--kernels") if option in options), ""):
                return f"a kernel is given as {kernels} {stray}; {general}"
        return f"{before} takes no such value; {general}" if before.startswith("--") else general
    # luigi takes the options of every other task as --TASK-OPTION: only who writes the task's name means one.
    others = tuple(f"--{task.get_task_family()}-".lower() for task in Register._reg)
    meant = []
    for word in unknown:
        if one_or_many := [text for text in options if text.rstrip("s") == word.rstrip("s")]:
            return f"did you mean {one_or_many[0]}? {general}"
        if having := _tasks_with(word):
            return f"{word} is an option of {', '.join(having[:3])}{' and more' if having[3:] else ''}; {general}"
        near = [text for text in options if not text.lower().startswith(others) or word.lower().startswith(others)]
        started = [text for text in near if text.startswith(word) and _tasks_with(text)]
        if found := " or ".join(started[:4]) or nearest(word, near):
            meant.append((word, found))
    return "; ".join([f"did you mean {found}?" for _, found in meant] + [general])


def _tasks_with(option: str) -> list[str]:
    """The tasks for users, which have an example, with an option of this name."""
    name = option.removeprefix("--").replace("-", "_")
    tasks = (task for task in Register._reg if getattr(task, "example", ""))
    return sorted(task.get_task_family() for task in tasks if any(name == own for own, _ in task.get_params()))


def listed_tasks() -> list[str]:
    """The names of the tasks that the help of all lists."""
    return re.findall(r"^  (\w+)", ASKED_HELP[-1](None, False), re.MULTILINE) if ASKED_HELP else []


def _task_kwargs(self: Any) -> dict[str, Any]:
    """The task's own options, parsed; PipelineError for a value that the option does not take."""
    found = {}
    for name, parameter in self._get_task_cls().get_params():
        text = getattr(self.known_args, name)
        # An empty text is a value that was given, None an option that was not.
        if text is not None and text is not False:
            found[name] = _parsed(parameter, text, f"--{name.replace('_', '-')}")
    return found


def _parsed(parameter: luigi.Parameter[Any], text: Any, name: str, file: str | None = None) -> Any:
    try:
        return parameter.parse(text)
    except (ValueError, TypeError, ParameterException, SyntaxError, RecursionError) as error:
        shown = str(text)[:60]
        choices = getattr(parameter, "_choices", None)
        if choices is not None:
            known = sorted(map(str, choices))
            meant = nearest(str(text), known)
            fix = f"did you mean {meant}? " if meant else ""
            raise PipelineError(
                f"{name} {shown!r}", file=file, fix=f"{fix}it is one of {', '.join(filter(None, known))}"
            ) from None
        wanted = taken(parameter)[1]
        cause = "" if wanted else f": {error}"
        raise PipelineError(
            f"{name} {shown!r}{cause}", file=file, fix=f"give {wanted}" if wanted else "--help tells what it takes"
        ) from None


def _from_configuration(read: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(read)
    def value(self: luigi.Parameter[Any], section: str, name: str) -> Any:
        try:
            return read(self, section, name)
        except PipelineError as error:
            raise PipelineError(f"[{section}] {error.problem}", file="luigi.cfg", fix=error.fix) from None
        except (ValueError, TypeError, ParameterException):
            text = luigi.configuration.get_config().get(section, name)
            return _parsed(self, text, f"[{section}] {name} =", "luigi.cfg")

    return value


def _from_anywhere(read: Callable[..., Any]) -> Callable[..., Any]:
    """For options of other tasks and of sections, such as ``--farm-executor``."""

    @functools.wraps(read)
    def value(self: luigi.Parameter[Any], task: str, name: str) -> Any:
        parser = CmdlineParser.get_instance()
        given = getattr(parser.known_args, f"{task}_{name}", None) if parser else None
        if given == "":
            # luigi takes an empty text for an option that was not given.
            return _parsed(self, given, _option_of(task, name))
        try:
            return read(self, task, name)
        except (ValueError, TypeError, ParameterException):
            return _parsed(self, given, _option_of(task, name))

    return value


def _option_of(section: str, name: str) -> str:
    """The option as a command line has it: luigi's own, of the section ``core``, stand without its name."""
    prefix = f"{section}-" if Register.get_task_cls(section).use_cmdline_section else ""
    return f"--{prefix}{name.replace('_', '-')}"


def check_sections(ours: Iterable[str]) -> None:
    """Refuses settings of luigi.cfg that nobody reads, in our sections or in one that is nearly called as ours.

    PipelineError names the nearest one. A section of others keeps its name, as long as nothing in it is a setting of
    the section that it resembles.
    """
    config = luigi.configuration.get_config()
    defaults = set(getattr(config, "defaults", dict)())
    known = {name: {parameter for parameter, _ in Register.get_task_cls(name).get_params()} for name in ours}
    for section in config.sections():
        if section in known:
            for name in dict(config.items(section) if not hasattr(config, "_sections") else config._sections[section]):
                plain = name.replace("-", "_")
                if plain in known[section] or name in defaults or name == "__name__":
                    continue
                meant = nearest(plain, known[section])
                raise PipelineError(
                    f"[{section}] {name} is no setting",
                    file="luigi.cfg",
                    fix=f"did you mean {meant}?" if meant else f"it takes {', '.join(sorted(known[section]))}",
                )
        elif section.lower() in (lower := {name.lower(): name for name in known}):
            raise PipelineError(f"[{section}] is no section", file="luigi.cfg", fix=f"write [{lower[section.lower()]}]")
        elif section not in Register.task_names() and (meant := nearest(section, known)):
            said = dict(config.items(section) if not hasattr(config, "_sections") else config._sections[section])
            if any(name.replace("-", "_") in known[meant] for name in said.keys() - defaults):
                raise PipelineError(f"[{section}] is no section", file="luigi.cfg", fix=f"did you mean [{meant}]?")
