"""A script's commands, one after another, within bounds."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.project.tcl import text_commands
from pipeline.project.tcl.expression import Expression, Value, truth, written
from pipeline.project.tcl.files import Budget, file_command, glob_command
from pipeline.project.tcl.lists import list_of, text_of
from pipeline.project.tcl.syntax import Part, Reader, Script, TclCommand, TclVariable, Word, commands, parts_of
from pipeline.project.tcl.text_commands import dictionary, with_key
from pipeline.project.tcl.unknown import Raised, Refused, Unknown, first_unknown

STEPS = 30_000
LETTERS = 16 * 2**20
MOST_NESTED = 40
SCRIPT_BYTES = 2**20
"""Limits: commands of a script, letters that its values may have over the whole run, depth, size of a file."""
_ON_A_DICTIONARY = frozenset({"set", "append", "lappend", "incr", "for"})
"""What ``dict`` does to a variable or with a body, beside what it does with values."""
_QUIET = frozenset({"puts", "package", "flush", "close", "fconfigure", "chan", "parray"})


class _Leave(Exception):
    """break, continue, return or exit on its way up."""

    def __init__(self, kind: str, value: str = "") -> None:
        self.kind, self.value = kind, value
        super().__init__(kind)


Handler = Callable[[str, list[str], int], str | None]


class Evaluator:
    """Evaluates scripts.

    ``handler`` is asked for every command that is none of Tcl's own: it gets the name, the words and the line, and
    answers with the command's value, or None for a command that it does not know. ``folder`` is where relative paths
    begin, ``environment`` what ``$env(..)`` sees, ``arguments`` the number of the script's arguments, ``matters``
    matches the text of a script that does more than set variables: where a condition is unknown such a script is
    refused, any other passed over. ``unread`` lists what was passed over and may have mattered, as (file, line, what).
    """

    def __init__(
        self, handler: Handler, *, folder: Path, environment: Mapping[str, str], matters: re.Pattern[str],
        arguments: int = 0,
    ) -> None:  # fmt: skip
        self.handler, self.folder, self.matters = handler, folder, matters
        self.unread: list[tuple[str, int, str]] = []
        self.file = ""
        self._environment = environment
        self._globals: dict[str, str] = {
            "argv": Unknown("the script's arguments are not given here"), "argc": str(arguments), "tcl_version": "8.6",
            "tcl_platform(platform)": "unix", "tcl_platform(os)": "Linux",
        }  # fmt: skip
        self._frames: list[dict[str, str]] = [self._globals]
        self._links: list[dict[str, tuple[dict[str, str], str]]] = [{}]
        self._spaces = [""]  # the namespace of each frame, as cfg::
        self._procedures: dict[str, tuple[list[str], str, int, str]] = {}
        self._steps, self._letters, self._depth = 0, 0, 0
        self._budget = Budget()
        self._line = 1

    def run(self, path: Path) -> None:
        """Evaluates a script file to its end. Raises PipelineError, with file and line, for what cannot be read."""
        try:
            self._source(path)
        except _Leave:
            pass
        except Raised as error:
            raise self.refused(f"the script ends here: {error}", self._line) from None
        except Refused as error:
            raise PipelineError(
                error.problem, file=error.file or self.file, line=error.line or self._line, fix=_BY_HAND
            ) from None
        except RecursionError:
            raise self.refused("the script is nested too deeply", self._line) from None

    def refused(self, problem: str, line: int) -> PipelineError:
        """An error at a line of the present file."""
        return PipelineError(problem, file=self.file, line=line, fix=_BY_HAND)

    def passed_over(self, what: str, line: int) -> None:
        """Notes something that was not understood."""
        if len(self.unread) < 100 and (self.file, line, what) not in self.unread:
            self.unread.append((self.file, line, what))

    # Evaluation

    def _source(self, path: Path) -> str:
        before = self.file
        text = read_text(path, most=SCRIPT_BYTES, fix="check the path in the script")
        self.file = str(path)
        try:
            value = self.script(text.replace("\r\n", "\n"), 1)
        except (Refused, Raised) as error:
            if isinstance(error, Refused) and error.file is None:
                error.file, error.line = self.file, error.line or self._line
            if isinstance(error, Refused) or before:
                raise
            raise Refused(f"the script ends here: {error}", self._line, self.file) from None
        except _Leave as leave:
            if leave.kind != "return":
                raise
            value = leave.value
        self.file = before or self.file
        return value

    def script(self, text: str, line: int) -> str:
        """The value of a script's last command."""
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise Refused("the script is nested too deeply", line)
        value = ""
        try:
            for command in commands(text, line):
                value = self._command(command)
        finally:
            self._depth -= 1
        return value

    def _command(self, command: TclCommand) -> str:
        self._steps += 1
        if self._steps > STEPS:
            raise Refused(f"the script takes more than {STEPS:,} steps", command.line)
        words: list[str] = []
        for word in command.words:
            value = self._word(word, command.line)
            if word.expand and not isinstance(value, Unknown):
                words += list_of(value)
            else:
                words.append(value)
        if not words:
            return ""
        self._line = command.line
        return self._call(words[0], words[1:], command.line)

    def _call(self, name: str, words: list[str], line: int) -> str:
        if isinstance(name, Unknown):
            self.passed_over(f"a command whose name is not known ({name.why})", line)
            return Unknown(name.why)
        name = name.removeprefix("::")
        name = self._inside(name, self._procedures)
        if name in self._procedures:
            return self._counted(self._procedure(name, words, line))
        if name == "dict" and words and words[0] in _ON_A_DICTIONARY:
            name, words = f"dict_{words[0]}", words[1:]
        special = getattr(self, f"_do_{name}", None) if name.isidentifier() else None
        if special is not None:
            try:
                return self._counted(special(words, line))
            except (IndexError, ValueError):
                raise Refused(f"{name} with words that do not fit", line) from None
        if name in text_commands.COMMANDS:
            unknown = first_unknown(words)
            if unknown is not None:
                return unknown
            try:
                return self._counted(text_commands.COMMANDS[name](words))
            except (IndexError, ValueError, TypeError):
                raise Raised(f"{name} with words that do not fit") from None
        answer = self.handler(name, words, line)
        if answer is not None:
            return answer
        if name not in _QUIET:
            self.passed_over(f"{name} is not done", line)
        return Unknown(f"{name[:40]} is not done")

    def _counted(self, value: str) -> str:
        self._letters += len(value)
        if self._letters > LETTERS:
            raise Refused("the script makes too much text", self._line)
        return value

    def _word(self, word: Word, line: int) -> str:
        if word.braced:
            return str(word.parts[0]) if word.parts else ""
        return self._together(word.parts, line)

    def _together(self, parts: Sequence[Part], line: int) -> str:
        values = [self._part(part, line) for part in parts]
        unknown = first_unknown(values)
        if unknown is not None:
            return unknown
        return values[0] if len(values) == 1 else self._counted("".join(values))

    def _part(self, part: Part, line: int) -> str:
        if isinstance(part, str):
            return part
        if isinstance(part, Script):
            return self.script(part.text, part.line)
        return self.value_of(part, line)

    def substituted(self, text: str, line: int) -> str:
        """A text with its variables and brackets replaced."""
        return self._together(parts_of(text, line), line)

    def _expression(self, text: str, line: int) -> Value:
        if isinstance(text, Unknown):
            return text

        def substitute(whole: str, at: int) -> tuple[str, int]:
            reader = Reader(whole, line)
            reader.at = at
            if whole[at] == '"':
                return self._word(reader.word(), line), reader.at
            if whole[at] == "[":
                return self._part(reader.script(), line), reader.at
            part = reader.variable()
            if part is None:
                raise Raised("a lone $ in an expression")
            return self._part(part, line), reader.at

        return Expression(text, substitute).value()

    # Variables

    def _place(self, name: str, level: int = -1) -> tuple[dict[str, str], str]:
        """The frame that holds the variable of a level, and its name there."""
        if name.startswith("::"):
            return self._globals, name[2:]
        head, bracket, rest = name.partition("(")
        link = self._links[level].get(head)
        if link is not None:
            return link[0], link[1] + bracket + rest
        frame = self._frames[level]
        if "::" not in head and frame is not self._globals:
            return frame, name
        space = self._spaces[level]
        own = space + name if space + name in self._globals else name
        return self._globals, own if own != name or name in self._globals or "::" in head else space + name

    def _inside(self, name: str, known: Collection[str]) -> str:
        """The name in the present namespace where that is known, the name itself where it is not."""
        own = self._spaces[-1] + name
        return own if own in known else name

    def value_of(self, variable: TclVariable, line: int) -> str:
        """The value of a variable; unknown where nothing has set it."""
        name = variable.name
        if variable.index is not None:
            index = self._together(variable.index, line)
            if isinstance(index, Unknown):
                return index
            if name.removeprefix("::") == "env":
                value = self._environment.get(index)
                return Unknown(f"the environment has no {index[:60]}") if value is None else self._counted(value)
            name = f"{name}({index})"
        frame, inner = self._place(name)
        if inner not in frame:
            return Unknown(f"nothing sets the variable {inner[:60]}")
        return frame[inner]

    def _assign(self, name: str, value: str) -> str:
        frame, inner = self._place(name)
        frame[inner] = value
        return value

    def _do_set(self, words: list[str], line: int) -> str:
        if isinstance(words[0], Unknown):
            return words[0]
        if len(words) == 1:
            array = re.fullmatch(r"(.*)\((.*)\)", words[0], re.DOTALL)
            return self.value_of(TclVariable(array[1], (array[2],)) if array else TclVariable(words[0], None), line)
        return self._assign(words[0], words[1])

    def _do_unset(self, words: list[str], line: int) -> str:
        for name in words:
            frame, inner = self._place(name)
            frame.pop(inner, None)
        return ""

    def _do_append(self, words: list[str], line: int) -> str:
        frame, inner = self._place(words[0])
        unknown = first_unknown([frame.get(inner, ""), *words])
        return self._assign(words[0], unknown if unknown is not None else frame.get(inner, "") + "".join(words[1:]))

    def _do_lappend(self, words: list[str], line: int) -> str:
        frame, inner = self._place(words[0])
        unknown = first_unknown([frame.get(inner, ""), *words])
        if unknown is not None:
            return self._assign(words[0], unknown)
        return self._assign(words[0], " ".join(filter(None, (frame.get(inner, ""), text_of(words[1:])))))

    def _do_dict_set(self, words: list[str], line: int) -> str:
        return self._with_key(words[0], words[1:-1], lambda _: words[-1], words)

    def _do_dict_append(self, words: list[str], line: int) -> str:
        return self._with_key(words[0], words[1:2], lambda held: "".join([held, *words[2:]]), words)

    def _do_dict_lappend(self, words: list[str], line: int) -> str:
        return self._with_key(words[0], words[1:2], lambda held: text_of([*list_of(held), *words[2:]]), words)

    def _do_dict_incr(self, words: list[str], line: int) -> str:
        by = words[2] if len(words) > 2 else "1"
        return self._with_key(words[0], words[1:2], lambda held: str(int(held or "0") + int(by)), words)

    def _do_dict_for(self, words: list[str], line: int) -> str:
        names, held, body = words
        if not isinstance(held, Unknown):
            held = text_of(one for pair in dictionary(held).items() for one in pair)
        return self._do_foreach([names, held, body], line)

    def _with_key(self, name: str, keys: list[str], value: Callable[[str], str], words: list[str]) -> str:
        """Gives a key of the dictionary in a variable the value that comes of the one that it has."""
        frame, inner = self._place(name)
        held = frame.get(inner, "")
        unknown = first_unknown([held, *words])
        if len(keys) > MOST_NESTED:
            raise Refused(f"a dictionary {len(keys)} deep")
        return self._assign(name, unknown if unknown is not None else with_key(held, keys, value))

    def _do_incr(self, words: list[str], line: int) -> str:
        frame, inner = self._place(words[0])
        held = frame.get(inner, "0")
        unknown = first_unknown([held, *words])
        if unknown is not None:
            return self._assign(words[0], unknown)
        return self._assign(words[0], str(int(held) + (int(words[1]) if len(words) > 1 else 1)))

    def _do_lassign(self, words: list[str], line: int) -> str:
        if isinstance(words[0], Unknown):
            for name in words[1:]:
                self._assign(name, words[0])
            return words[0]
        elements = list_of(words[0])
        for place, name in enumerate(words[1:]):
            self._assign(name, elements[place] if place < len(elements) else "")
        return text_of(elements[len(words) - 1 :])

    def _do_global(self, words: list[str], line: int) -> str:
        if len(self._frames) > 1:
            self._links[-1] |= {name.rpartition("::")[2]: (self._globals, name.removeprefix("::")) for name in words}
        return ""

    def _do_upvar(self, words: list[str], line: int) -> str:
        level = self._level(words.pop(0) if len(words) % 2 else "1")
        for other, own in zip(words[::2], words[1::2], strict=True):
            if (unknown := first_unknown([other, own])) is not None:
                raise Refused(f"the variable that upvar names is not known: {unknown.why}", line)
            self._links[-1][own] = self._place(other, level)
        return ""

    def _level(self, text: str) -> int:
        """The number of a level, counted from that of the script, as ``uplevel`` and ``upvar`` have it."""
        found = int(text[1:]) if text.startswith("#") else len(self._frames) - 1 - int(text)
        if not 0 <= found < len(self._frames):
            raise Raised(f"bad level {text[:40]!r}")
        return found

    def _do_variable(self, words: list[str], line: int) -> str:
        for name in words[::2]:
            whole = name if name.startswith("::") else f"::{self._spaces[-1]}{name}"
            self._do_global([whole], line)
        for name, value in zip(words[::2], words[1::2], strict=False):
            self._assign(name, value)
        return ""

    def _do_array(self, words: list[str], line: int) -> str:
        frame, inner = self._place(words[1])
        held = {key[len(inner) + 1 : -1]: value for key, value in frame.items() if key.startswith(f"{inner}(")}
        if inner == "env":
            return Unknown("the environment is not listed")
        if words[0] == "set":
            if isinstance(words[2], Unknown):
                return words[2]
            pairs = list_of(words[2])
            frame |= {f"{inner}({key})": value for key, value in zip(pairs[::2], pairs[1::2], strict=False)}
            return ""
        if words[0] == "unset":
            for key in held:
                del frame[f"{inner}({key})"]
            return ""
        if unknown := first_unknown(list(held.values())):
            return unknown
        answers: dict[str, Callable[[], str]] = {
            "get": lambda: text_of(part for pair in held.items() for part in pair),
            "names": lambda: text_of(held), "size": lambda: str(len(held)), "exists": lambda: str(int(bool(held))),
        }  # fmt: skip
        return answers[words[0]]() if words[0] in answers else Unknown(f"array {words[0][:20]} is not done")

    # Ways through a script

    def _do_expr(self, words: list[str], line: int) -> str:
        unknown = first_unknown(words)
        return unknown if unknown is not None else written(self._expression(" ".join(words), line))

    def _do_if(self, words: list[str], line: int) -> str:
        place = 0
        while place < len(words):
            test = self._expression(words[place], line)
            place += 1
            place += words[place] == "then"
            if isinstance(test, Unknown):
                return self._undecided(words[place:], test, line)
            if truth(test):
                return self.script(words[place], line)
            place += 1
            if place >= len(words):
                return ""
            if words[place] != "elseif":
                return self.script(words[place + (words[place] == "else")], line)
            place += 1
        return ""

    def _undecided(self, words: Sequence[str], test: Unknown, line: int) -> str:
        """Passes over scripts of which it is not known whether they are run."""
        for text in words:
            found = self.matters.search(text)
            if found is not None:
                raise Refused(f"whether {found[0]} is reached is not known: {test.why}", line)
            for name in re.findall(r"(?:^|[\s;{\[])(?:set|append|lappend|incr)\s+([\w:]+)", text):
                self._assign(name, Unknown(test.why))
        return Unknown(test.why)

    def _do_switch(self, words: list[str], line: int) -> str:
        mode = "-exact"
        while words and words[0].startswith("-") and not isinstance(words[0], Unknown):
            option = words.pop(0)
            if option == "--":
                break
            mode = option
        value, cases = words[0], words[1:] if len(words) > 2 else list_of(words[1])
        if isinstance(value, Unknown):
            return self._undecided(cases[1::2], value, line)
        if mode == "-regexp":
            return self._undecided(cases[1::2], Unknown("switch -regexp is not done"), line)
        taken = False
        for pattern, body in zip(cases[::2], cases[1::2], strict=True):
            taken = taken or (pattern == "default" and pattern == cases[-2]) or (
                text_commands.matches(pattern, value) if mode == "-glob" else pattern == value
            )  # fmt: skip
            if taken and body != "-":
                return self.script(body, line)
        return ""

    def _body(self, text: str, line: int) -> bool:
        """Runs a loop's body once; False to leave the loop."""
        self._steps += 1
        if self._steps > STEPS:
            raise Refused(f"the script takes more than {STEPS:,} steps", line)
        try:
            self.script(text, line)
        except _Leave as leave:
            if leave.kind not in ("break", "continue"):
                raise
            return leave.kind == "continue"
        return True

    def _do_foreach(self, words: list[str], line: int) -> str:
        *heads, body = words
        unknown = first_unknown(heads)
        if unknown is not None:
            return self._undecided([body], unknown, line)
        lists = [(list_of(heads[place]), list_of(heads[place + 1])) for place in range(0, len(heads), 2)]
        turns = max(-(-len(elements) // len(variables)) for variables, elements in lists)
        for turn in range(turns):
            for variables, elements in lists:
                for offset, name in enumerate(variables):
                    place = turn * len(variables) + offset
                    self._assign(name, elements[place] if place < len(elements) else "")
            if not self._body(body, line):
                break
        return ""

    def _do_while(self, words: list[str], line: int) -> str:
        while True:
            test = self._expression(words[0], line)
            if isinstance(test, Unknown):
                return self._undecided(words[1:], test, line)
            if not truth(test) or not self._body(words[1], line):
                return ""

    def _do_for(self, words: list[str], line: int) -> str:
        start, test, step, body = words
        self.script(start, line)
        while True:
            going = self._expression(test, line)
            if isinstance(going, Unknown):
                return self._undecided([body], going, line)
            if not truth(going) or not self._body(body, line):
                return ""
            self.script(step, line)

    def _do_break(self, words: list[str], line: int) -> str:
        raise _Leave("break")

    def _do_continue(self, words: list[str], line: int) -> str:
        raise _Leave("continue")

    def _do_exit(self, words: list[str], line: int) -> str:
        raise _Leave("exit")

    _do_quit = _do_exit

    def _do_return(self, words: list[str], line: int) -> str:
        raise _Leave("return", words[-1] if words and not words[0].startswith("-") else "")

    def _do_error(self, words: list[str], line: int) -> str:
        raise Raised(" ".join(words[0].split())[:200] if words else "error")

    def _do_catch(self, words: list[str], line: int) -> str:
        if isinstance(words[0], Unknown):
            return words[0]
        value, code = "", 0
        try:
            value = self.script(words[0], line)
        except Raised as error:
            value, code = str(error), 1
        except _Leave as leave:
            if leave.kind == "exit":
                raise
            value, code = leave.value, {"return": 2, "break": 3, "continue": 4}[leave.kind]
        if len(words) > 1:
            self._assign(words[1], value)
        return Unknown(value.why) if isinstance(value, Unknown) else str(code)

    def _do_eval(self, words: list[str], line: int) -> str:
        unknown = first_unknown(words)
        return unknown if unknown is not None else self.script(" ".join(words), line)

    def _do_uplevel(self, words: list[str], line: int) -> str:
        level = self._level(words.pop(0) if len(words) > 1 and re.fullmatch(r"#?\d+", words[0]) else "1")
        inner = self._frames, self._links, self._spaces
        self._frames, self._links, self._spaces = (held[: level + 1] for held in inner)  # type: ignore[assignment]
        try:
            return self._do_eval(words, line)
        finally:
            self._frames, self._links, self._spaces = inner

    def _do_subst(self, words: list[str], line: int) -> str:
        return self.substituted(words[-1], line)

    def _do_namespace(self, words: list[str], line: int) -> str:
        if words[0] == "current":
            return f"::{self._spaces[-1].removesuffix('::')}"
        if words[0] != "eval" or len(words) < 3:
            return ""
        unknown = first_unknown(words)
        if unknown is not None:
            self.passed_over(f"a namespace that is not known ({unknown.why})", line)
            return unknown
        space = words[1].removesuffix("::")
        space = space[2:] if space.startswith("::") else self._spaces[-1] + space
        with self._framed(self._globals, f"{space}::" if space else ""):
            return self.script(" ".join(words[2:]), line)

    @contextmanager
    def _framed(self, frame: dict[str, str], space: str) -> Iterator[None]:
        """With a frame of variables in a namespace."""
        self._frames.append(frame)
        self._links.append({})
        self._spaces.append(space)
        try:
            yield
        finally:
            for held in (self._frames, self._links, self._spaces):
                held.pop()

    def _do_proc(self, words: list[str], line: int) -> str:
        name = words[0][2:] if words[0].startswith("::") else self._spaces[-1] + words[0]
        self._procedures[name] = (list_of(words[1]), words[2], line, self.file)
        return ""

    def _procedure(self, name: str, words: list[str], line: int) -> str:
        parameters, body, first, file = self._procedures[name]
        frame: dict[str, str] = {}
        for place, parameter in enumerate(parameters):
            spelled = list_of(parameter)
            if spelled[0] == "args" and place == len(parameters) - 1:
                rest = words[place:]
                unknown = first_unknown(rest)
                frame["args"] = unknown if unknown is not None else text_of(rest)
            elif place < len(words):
                frame[spelled[0]] = words[place]
            elif len(spelled) > 1:
                frame[spelled[0]] = spelled[1]
            else:
                raise Raised(f"{name} needs a word for {spelled[0]}")
        before, self.file = self.file, file
        space, separator, _ = name.rpartition("::")
        try:
            with self._framed(frame, space + separator):
                return self.script(body, first)
        except _Leave as leave:
            if leave.kind != "return":
                raise
            return leave.value
        finally:
            self.file = before

    # What a script may know of the files

    def path(self, text: str) -> Path:
        """The path that a script names, from the folder that it is in."""
        return self.folder / posixpath.expanduser(text)

    def _do_source(self, words: list[str], line: int) -> str:
        name = words[-1]
        if isinstance(name, Unknown):
            self.passed_over(f"source of a file that is not known ({name.why})", line)
            return name
        places = (self.path(name), Path(self.file).parent / name)
        found = next((place for place in places if place.is_file()), None)
        if found is None:
            self.passed_over(f"source {name[:80]}: there is no such file", line)
            return Unknown(f"there is no {name[:80]}")
        self._depth += 1
        told, here = len(self.unread), self.file
        try:
            return self._source(found)
        except Refused:
            if found.suffix.lower() in _SCRIPTS:
                raise
            raise Refused(f"source {name[:80]}: that file is no script that can be read", line, here) from None
        finally:
            self._depth -= 1
            self.file = here
            if found.suffix.lower() not in _SCRIPTS and len(self.unread) > told:
                # No message shows what stands in a file that may be no script at all.
                del self.unread[told:]
                self.passed_over(f"source {name[:80]}: not all of that file is commands of a script", line)

    def _do_cd(self, words: list[str], line: int) -> str:
        if words and isinstance(words[0], Unknown):
            self.passed_over(f"cd to a folder that is not known ({words[0].why})", line)
            return words[0]
        self.folder = Path(posixpath.normpath(self.path(words[0]))) if words else self.folder
        return ""

    def _do_pwd(self, words: list[str], line: int) -> str:
        return str(self.folder.absolute())

    def _do_file(self, words: list[str], line: int) -> str:
        unknown = first_unknown(words)
        return unknown if unknown is not None else file_command(words, self.folder)

    def _do_glob(self, words: list[str], line: int) -> str:
        unknown = first_unknown(words)
        return unknown if unknown is not None else text_of(glob_command(words, self.folder, self._budget))

    def _do_info(self, words: list[str], line: int) -> str:
        if words[0] == "script":
            return self.file
        if words[0] == "exists" and not isinstance(words[1], Unknown):
            name = words[1]
            inside = re.fullmatch(r"(?:::)?env\((.*)\)", name, re.DOTALL)
            if inside:
                return str(int(inside[1] in self._environment))
            frame, inner = self._place(name)
            return str(int(inner in frame or any(key.startswith(f"{inner}(") for key in frame)))
        if words[0] == "nameofexecutable":
            return "vitis_hls"
        if words[0] in ("procs", "commands"):
            return words[1] if len(words) > 1 and words[1] in self._procedures else ""
        return Unknown(f"info {words[0][:40]} is not done")


_SCRIPTS = (".tcl", ".tm")
_BY_HAND = "give the sources themselves as --kernel and --files, with --top, --cflags and --testbench"
