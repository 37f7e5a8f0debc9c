"""Tcl scripts of Vivado HLS and Vitis HLS: what they would make, told without making it."""

from __future__ import annotations

import copy
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pipeline.project.component import (
    SETTING_COMMANDS,
    Component,
    NamedFile,
    Unread,
    from_root,
    is_plain,
    period_ns,
    uncertainty_of,
)
from pipeline.project.directives import of_script
from pipeline.project.tcl import Evaluator, Refused, Unknown, list_of

_MATTERS = re.compile(
    r"\b(?:open_project|open_component|open_solution|add_files|set_top|set_part|create_clock|set_clock_uncertainty"
    r"|config_\w+|set_directive_\w+|source)\b(?=\s)"
)
_PASSED = frozenset(
    {"close_project", "close_solution", "close_component", "delete_project", "delete_solution", "list_part", "help",
     "list_core", "apply_ini", "write_ini", "create_ip", "set_message", "exit_vitis_hls", "version"}
)  # fmt: skip
"""Commands of the tool that say nothing about a design."""
_BASES_ABOVE = 3


def read_script(path: Path, environment: Mapping[str, str] | None = None) -> tuple[list[Component], list[Unread]]:
    """What a script makes, in the order in which it is synthesised, and what of the script is not understood.

    The script may have been written for another folder than its own: it is read from its own folder, from the current
    one and from those above its own, until one is found that its sources are in. Raises PipelineError, with file and
    line, for a script that cannot be read.
    """
    own = path.absolute().parent
    bases = dict.fromkeys([own, Path.cwd(), *list(own.parents)[:_BASES_ABOVE]])
    best: tuple[list[Component], list[Unread]] | None = None
    for base in bases:
        found = _Recorder(path, base, os.environ if environment is None else environment)
        missing = [one for component in found.components for one in component.missing]
        if best is None or (not missing and found.components):
            best = found.components, found.unread
        if not missing:
            break
    assert best is not None
    return best


class _Recorder:
    """Takes down what the commands of a script say."""

    def __init__(self, path: Path, base: Path, environment: Mapping[str, str]) -> None:
        self._path, self._base = path, base
        self._projects: dict[str, Component] = {}
        self._solutions: dict[tuple[str, str], Component] = {}
        self._made: dict[tuple[str, str, str | None], Component] = {}
        self._now = self._begun()
        # The tool is started as `vitis_hls -f SCRIPT`: a script that looks for more than these two finds none.
        self._evaluator = Evaluator(self._command, folder=base, environment=environment, matters=_MATTERS, arguments=2)
        self._evaluator.run(path)
        for key, solution in self._solutions.items():
            if not any(made[:2] == key for made in self._made):
                self._keep(solution)

    @property
    def components(self) -> list[Component]:
        """What is made, each once."""
        return list(self._made.values())

    @property
    def unread(self) -> list[Unread]:
        """What was not understood."""
        return [Unread(*one) for one in self._evaluator.unread]

    def _begun(self, project: str = "", solution: str = "") -> Component:
        return Component(str(self._path), self._base, project, solution)

    def _command(self, name: str, words: list[str], line: int) -> str | None:
        handler = getattr(self, f"_do_{name}", None)
        if handler is not None:
            try:
                handler(words, line)
            except (ValueError, IndexError) as error:
                said = str(error) if isinstance(error, ValueError) and str(error) else "words that do not fit"
                raise Refused(f"{name}: {said}", line) from None
        elif name.startswith("set_directive_"):
            self._directive(name.removeprefix("set_directive_"), words, line)
        elif name.startswith("config_"):
            self._setting(name, words, line)
        elif name.startswith("get_") or name in _PASSED:
            return Unknown(f"{name[:40]} is not done") if name.startswith("get_") else ""
        else:
            return None
        return ""

    # Projects and solutions

    def _do_open_project(self, words: list[str], line: int) -> None:
        given = _options(words)
        name = self._text(given.words[0], "project", line)
        if name not in self._projects or "reset" in given.options:
            self._projects[name] = self._begun(name)
            self._solutions = {key: one for key, one in self._solutions.items() if key[0] != name}
        self._now = self._projects[name]
        self._open("")

    def _do_open_component(self, words: list[str], line: int) -> None:
        given = _options(words, "flow_target")
        self._do_open_project(["-reset", given.words[0]], line)
        self._flow(given.options.get("flow_target"), line)

    def _do_open_solution(self, words: list[str], line: int) -> None:
        given = _options(words, "flow_target")
        name = self._text(given.words[0], "solution", line)
        if "reset" in given.options:
            self._solutions.pop((self._now.project, name), None)
        self._open(name)
        self._flow(given.options.get("flow_target"), line)

    def _open(self, solution: str) -> None:
        """Goes on in a solution: files and top are the project's, so that they are taken from it."""
        project = self._projects.setdefault(self._now.project, self._now)
        key = (project.project, solution)
        if key not in self._solutions:
            self._solutions[key] = copy.deepcopy(self._now if not self._now.solution else project)
            self._solutions[key].solution = solution
            if solution:
                self._solutions.pop((project.project, ""), None)
        self._now = self._solutions[key]

    def _of_project(self) -> Iterator[Component]:
        """The project and all of its solutions: what is said of files and top goes for all."""
        project = self._projects.setdefault(self._now.project, self._now)
        seen = {id(project): project, id(self._now): self._now}
        seen |= {id(one): one for key, one in self._solutions.items() if key[0] == project.project}
        yield from seen.values()

    def _flow(self, flow: str | None, line: int) -> None:
        if isinstance(flow, Unknown):
            self._evaluator.passed_over(f"the flow target is not known: {flow.why}", line)
        elif flow is not None:
            self._now.flow = flow

    def _do_set_top(self, words: list[str], line: int) -> None:
        for component in self._of_project():
            if isinstance(words[0], Unknown):
                component.unknown["top"], component.top = (line, words[0].why), None
            else:
                component.top = _plain_word(words[0])
                component.unknown.pop("top", None)

    def _do_add_files(self, words: list[str], line: int) -> None:
        given = _options(words, "cflags", "csimflags", "blackbox")
        bench = "tb" in given.options or "tbonly" in given.options
        flags = given.options.get("cflags", "")
        if isinstance(flags, Unknown):
            for component in self._of_project():
                component.unknown["bench flags" if bench else "flags"] = (line, flags.why)
            flags = ""
        for word in given.words:
            if isinstance(word, Unknown):
                for component in self._of_project():
                    component.unknown["bench" if bench else "files"] = (line, word.why)
                continue
            for path in self._paths(word):
                for component in self._of_project():
                    held = component.bench if bench else component.sources
                    if all(one.path != path for one in held):
                        held.append(NamedFile(path, flags, line))

    _do_add_file = _do_add_files  # as Tcl takes the beginning of a name that is clear

    def _paths(self, word: str) -> Iterator[str]:
        whole_word = " " in word and self._evaluator.path(from_root(word)).is_file()
        for name in [word] if whole_word else list_of(word):
            whole = self._evaluator.path(from_root(name))
            if re.search(r"[*?]", name) and not whole.exists():
                yield from map(str, sorted(whole.parent.glob(whole.name)))
            else:
                yield str(whole)

    # What it is made for

    def _do_set_part(self, words: list[str], line: int) -> None:
        given = _options(words, "tool", "board")
        part = given.words[0] if given.words else Unknown("a board names no part")
        if isinstance(part, Unknown):
            self._now.unknown["part"] = (line, part.why)
        else:
            self._again("part", self._now.part, _plain_word(part), line)
            self._now.part = _plain_word(part)
            self._now.unknown.pop("part", None)

    def _do_create_clock(self, words: list[str], line: int) -> None:
        period = _options(words, "period", "name", "waveform").options.get("period", "10")
        if isinstance(period, Unknown):
            self._now.unknown["clock"] = (line, period.why)
            return
        before, self._now.clock_ns = self._now.clock_ns, period_ns(_plain_word(period))
        if self._now.clock_ns is None:
            raise ValueError(f"{period[:40]!r} is no clock period")
        self._again("clock", before, self._now.clock_ns, line)
        self._now.unknown.pop("clock", None)

    def _again(self, what: str, before: object, now: object, line: int) -> None:
        """Names a value that takes the place of an earlier one of the same solution."""
        if before not in (None, now):
            self._evaluator.passed_over(f"the {what} was {before} before; the last one counts, {now}", line)

    def _do_set_clock_uncertainty(self, words: list[str], line: int) -> None:
        if isinstance(words[0], Unknown):
            self._now.unknown["uncertainty"] = (line, words[0].why)
            return
        self._now.uncertainty = uncertainty_of(_plain_word(words[0]))
        if self._now.uncertainty is None:
            raise ValueError(f"{words[0][:40]!r} is no clock uncertainty")

    def _setting(self, command: str, words: list[str], line: int) -> None:
        held = self._now.settings if command in SETTING_COMMANDS else self._now.further
        prefix, place = command, 0
        while place < len(words):
            word = words[place]
            place += 1
            if not word.startswith("-") or isinstance(word, Unknown):
                if isinstance(word, Unknown) or not is_plain(word):
                    self._evaluator.passed_over(f"{command}: what follows is not handed on", line)
                    return
                prefix = f"{command}.{word}"
                continue
            name, equals, value = word[1:].partition("=")
            if not equals:
                value = "true"
                if place < len(words) and not re.match(r"-[A-Za-z]", words[place]):
                    value = words[place]
                    place += 1
            if isinstance(value, Unknown) or not is_plain(value) or not re.fullmatch(r"\w{1,60}", name):
                why = f": {value.why}" if isinstance(value, Unknown) else ""
                self._evaluator.passed_over(f"{command} -{name[:40]} is not handed on{why}", line)
            else:
                held[f"{prefix}.{name}"] = value

    def _directive(self, name: str, words: list[str], line: int) -> None:
        unknown = next((word for word in words if isinstance(word, Unknown)), None)
        if unknown is not None:
            self._evaluator.passed_over(f"a directive {name[:40]} that is not known: {unknown.why}", line)
            return
        try:
            self._now.directives.append(of_script(name, words, self._evaluator.file, line))
        except ValueError as error:
            self._evaluator.passed_over(f"the directive {name[:40]} {error}", line)

    # Steps

    def _simulated(self, words: list[str], line: int) -> None:
        given = _options(words, "argv", "ldflags", "mflags", "O", "compiler", "tool", "rtl", "trace_level", "setup")
        for option, of in (("argv", "arguments"), ("ldflags", "link")):
            text = given.options.get(option)
            if text is not None and not isinstance(text, Unknown):
                try:
                    setattr(self._now, of, tuple(shlex.split(text)))
                except ValueError:
                    self._evaluator.passed_over(f"-{option} with a quote that is not closed", line)
        for made in self._made.values():
            if made.title == self._now.title:
                made.arguments, made.link = self._now.arguments or made.arguments, self._now.link or made.link

    _do_csim_design = _simulated
    _do_cosim_design = _simulated

    def _do_csynth_design(self, words: list[str], line: int) -> None:
        self._keep(self._now)

    def _do_export_design(self, words: list[str], line: int) -> None:
        self._keep(self._now)

    def _keep(self, component: Component) -> None:
        if component.sources or component.unknown.get("files"):
            kept = copy.deepcopy(component)
            self._made[component.project, component.solution, component.top] = kept

    def _text(self, word: str, what: str, line: int) -> str:
        if isinstance(word, Unknown):
            self._evaluator.passed_over(f"the name of a {what} is not known: {word.why}", line)
            return what
        return _plain_word(word)


class _Given:
    """A command's words: ``-name value`` and ``-name`` apart from the rest."""

    def __init__(self, words: list[str], options: dict[str, str]) -> None:
        self.words, self.options = words, options


def _options(words: Iterable[str], *valued: str) -> _Given:
    """The words, with those of ``valued`` taking the next one."""
    rest: list[str] = []
    options: dict[str, str] = {}
    following = iter(words)
    for word in following:
        if isinstance(word, Unknown) or not re.match(r"-[A-Za-z]", word):
            rest.append(word)
            continue
        name, equals, value = word[1:].partition("=")
        if name in valued and not equals:
            value = next(following, "")
        options[name] = value
    return _Given(rest, options)


def _plain_word(word: str) -> str:
    """A word without the braces and blanks that people put around names."""
    return " ".join(word.strip(" {}\t\n").split())
