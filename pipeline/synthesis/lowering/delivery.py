"""A design delivered in the user's own files: pragma lines are changed, put in or taken out, and nothing else.

Braces are put around a body that has none. What a pragma line cannot say (a pragma that a macro makes, a body whose end
a macro hides) a directive says, by the loop's label; a loop without one gets it only then. Values as written change
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.kernels.as_written import (
    NOTHING,
    OFF,
    ON,
    WrittenLoop,
    interval_of,
    is_pipelined,
    split_of,
    written_loops,
    written_of,
    written_option,
    written_value,
)
from pipeline.kernels.bursts import BurstPlace, burst_place
from pipeline.kernels.function_names import plain_name
from pipeline.kernels.further_sites import has_memory_port
from pipeline.kernels.model import Kernel, Loop, Option, Site
from pipeline.kernels.own_pragmas import OwnPragma
from pipeline.kernels.pragmas import normal_text
from pipeline.kernels.source_places import LoopPlace, loop_places, source_files
from pipeline.project.cpp import CPP_SUFFIXES
from pipeline.project.source_text import bare_code, blanked, matching, uncut
from pipeline.synthesis.lowering.asked import check_names, factor
from pipeline.synthesis.lowering.directive import LoweredDirective, partition
from pipeline.synthesis.lowering.edits import Edit, edited
from pipeline.synthesis.lowering.result import Done, LoweredSources, SiteOutcome
from pipeline.synthesis.lowering.statement_end import statement_end
from pipeline.synthesis.lowering.user_files import UserFiles, user_files
from pipeline.terms import Dialect, SiteKind

Delivery = Literal["insert", "directives"]
DELIVERIES: tuple[Delivery, ...] = ("insert", "directives")
"""Pragmas in the user's files, or files as they are with directives beside."""

_PRAGMA = re.compile(r"([ \t]*(?:#|%:)[ \t]*pragma[ \t]+HLS\b[ \t]*)((?:[^\\\n]|\\\r?\n|\\)*)", re.IGNORECASE)
_OPERATOR = re.compile(r'(_Pragma[ \t]*\([ \t]*"[ \t]*HLS\b[ \t]*)([^"\\\n]*)"[ \t]*\)', re.IGNORECASE)
_MERLINS = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+ACCEL\b", re.MULTILINE | re.IGNORECASE)
_FOR = re.compile(r"\bfor\s*\(")
_BRACE = re.compile(r"\s*\{")
_WORDS = re.compile(r"[A-Za-z_]\w*")
_CONDITIONAL = re.compile(r"^[ \t]*#[ \t]*(?:if|el|endif)", re.MULTILINE)
_FOLLOWS = re.compile(r"\s*^[ \t]*#[ \t]*(?:if|el|endif)", re.MULTILINE)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)((?:[^\\\n]|\\\r?\n|\\)*)", re.MULTILINE)
_BEHIND = re.compile(r"[ \t\r]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t\r]*)?\Z", re.DOTALL)
_KEPT = re.compile(r"\b(?:rewind|enable_flush|style\s*=\s*\w+)\b", re.IGNORECASE)
_DECLARES_COPIES = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(?:string\.h|cstring)>", re.MULTILINE)
_EXIT_CHECK = re.compile(r"\bskip_exit_check\b", re.IGNORECASE)


def is_cpp(kernel: Kernel) -> bool:
    """Whether a kernel is C++, which is never written back from the tree."""
    return kernel.file.lower().endswith(CPP_SUFFIXES)


def delivers(kernel: Kernel, dialect: str) -> bool:
    """Whether points of a dialect are delivered in the kernel's own files; a kernel without sites is, as it is written,
    but for one that Merlin's pragmas decide."""
    if not kernel.sites and not kernel.options:
        return not any(_MERLINS.search(text) for text in source_files(kernel).values())
    return dialect == kernel.dialect and (dialect == Dialect.VITIS_PLAIN or (dialect == Dialect.HLS and is_cpp(kernel)))


def check_terms(kernel: Kernel, dialect: str) -> None:
    """Raises PipelineError where points of a dialect cannot reach Vitis HLS in what the kernel is written in."""
    if is_cpp(kernel) and not delivers(kernel, dialect):
        raise PipelineError(
            f"C++ is delivered in the tool's own terms, not as {dialect}",
            file=kernel.file,
            fix="write its sites as #pragma HLS, or leave them out and use --sites tool",
        )


def deliver(kernel: Kernel, point: Mapping[str, int | str], how: Delivery = "insert") -> LoweredSources:
    """The sources of a design point of a kernel whose sites are in the tool's own terms.

    ``files`` are all the user's files below one folder, headers too; ``directives`` are the project's own, with those
    that this point needs. Raises PipelineError for a site without a value, a value that is none, and a place that
    neither a pragma nor a directive reaches.
    """
    check_names(kernel, point, {site.name for site in kernel.sites} | {option.name for option in kernel.options})
    work = _Work(kernel, user_files(kernel), loop_places(kernel), written_loops(kernel))
    for site in sorted(kernel.sites, key=lambda one: one.kind is not SiteKind.PIPELINE):
        work.serve(site, point[site.name], how)
    for option in sorted(kernel.options, key=lambda one: one.directive != "burst"):
        work.serve_option(option, point[option.name], how)
    return work.sources()


def deliver_placeholders(
    kernel: Kernel, point: Mapping[str, int | str], texts: Mapping[str, str | None]
) -> LoweredSources:
    """The sources of a point of a kernel with placeholders of any form, each pragma replaced where it stands.

    ``texts`` gives the words of each pragma with placeholders as it is written (without ``#pragma``, single spaces),
    None where it goes. Raises PipelineError for a pragma that stands in no file of its own.
    """
    work = _Work(kernel, user_files(kernel), loop_places(kernel), written_loops(kernel))
    met: set[str] = set()
    for file, text in work.user.texts.items():
        for match in _PRAGMA.finditer(text):
            if match.start() and text[match.start() - 1] != "\n":
                continue
            start, end = _words(match)
            words = normal_text(f"HLS {text[start:end]}")
            if words not in texts:
                continue
            met.add(words)
            new = texts[words]
            if new is None:
                work.put(file, _whole_line(match, text))
            else:
                work.put(file, Edit(start, end, new.partition(" ")[2]))
    missing = sorted(texts.keys() - met)
    if missing:
        raise PipelineError(
            f"#pragma {missing[0][:80]} does not stand in a file itself",
            file=kernel.file,
            fix="move the pragma from the macro to the loop",
        )
    work.outcomes = [SiteOutcome(name, "", str(value), Done.APPLIED, "") for name, value in sorted(point.items())]
    return work.sources()


@dataclass(frozen=True, slots=True)
class _Body:
    """The body of a loop: ``head`` is behind the loop's parentheses, ``start`` is where its first line can be put."""

    head: int
    start: int
    end: int | None
    """Of a body without braces: behind its only statement."""


@dataclass(slots=True)
class _Work:
    """One delivery while it is made."""

    kernel: Kernel
    user: UserFiles
    places: dict[str, LoopPlace]
    written: dict[str, WrittenLoop]
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)
    """Pragmas to be put into each loop."""
    blocks: dict[tuple[str, int], list[str]] = field(default_factory=dict)
    """Pragmas to be put behind a position of a file: a function's opening brace, or a declaration."""
    directives: list[tuple[str, LoweredDirective]] = field(default_factory=list)
    """With the loop or function that each is about."""
    labels: dict[tuple[str, str, int | None], str] = field(default_factory=dict)
    """Labels put in, by place: function without template arguments, file and position. All instances of a template
    share a text, and number the loops in it each for itself."""
    replaced: set[tuple[str, str, int]] = field(default_factory=set)
    """The project's own directives that no longer hold."""
    outcomes: list[SiteOutcome] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bare: dict[str, str] = field(default_factory=dict)
    statement_macros: set[str] | None = None
    buffers: dict[str, str] = field(default_factory=dict)
    """What the body works on in place of a port of the top function, by port."""

    def serve(self, site: Site, value: int | str, how: Delivery) -> None:
        """Puts one site's value in place."""
        loop = self.kernel.loop(site.loop)
        wanted = _checked(self.kernel, site, value)
        own = self._own(site)
        text = ""
        if not site.proposed:
            text = self._placeholder(site, wanted)
        elif wanted != written_value(self.kernel, site, self.written):
            text = self._changed(site, loop, wanted, own, how)
        self.outcomes.append(SiteOutcome(site.name, site.loop, str(value), Done.APPLIED, text))

    def serve_option(self, option: Option, value: int | str, how: Delivery) -> None:
        """Puts the value of a proposed array_partition or inline in place."""
        if option.directive == "burst":
            self._burst(option, value)
            return
        line = _option_pragma(self.kernel, option, value)
        if line is not None and option.function == self.kernel.top and not option.declared:
            line = replace(line, variable=self.buffers.get(line.variable or "", line.variable))
        text = ""
        if value != written_option(self.kernel, option):
            text = self._option_changed(option, line, how)
        self.outcomes.append(SiteOutcome(option.name, option.function, str(value), Done.APPLIED, text))

    def _burst(self, option: Option, value: int | str) -> None:
        """A copy of a port at the function's beginning and end, on which the body works: no directive says one."""
        if value not in (NOTHING, ON):
            raise PipelineError(
                f"{value!r} cannot be the value of {option.name}", file=self.kernel.file, fix="use '' or three blanks"
            )
        self.outcomes.append(SiteOutcome(option.name, option.function, str(value), Done.APPLIED, ""))
        place = burst_place(self.kernel, option.variable or "") if value == ON else None
        if place is None:
            return
        if isinstance(place, str):
            raise PipelineError(
                f"no burst copy of {option.variable}: {place}", file=self.kernel.file, fix="leave burst out of --sites"
            )
        name = self.buffers[option.variable or ""] = place.buffer
        text = self.user.texts[place.file]
        newline = "\r\n" if "\r\n" in text else "\n"
        copied = f"memcpy({name}, {option.variable}, sizeof({name}));"
        self.blocks.setdefault((place.file, place.brace), []).extend([f"{place.declaration};", copied])
        for start, end in place.uses:
            self.put(place.file, Edit(start, end, name))
        include = Edit(0, 0, f"#include <string.h>{newline}")
        if not _declares_copies(text) and include not in self.edits.get(place.file, ()):
            self.put(place.file, include)
        if place.written:
            start = text.rfind("\n", 0, place.end) + 1
            indent = text[start : place.end]
            back = f"memcpy({option.variable}, {name}, sizeof({name}));"
            if indent.strip():
                self.put(place.file, Edit(place.end, place.end, f"{newline}{_inside(text, place)}{back}{newline}"))
            else:
                self.put(place.file, Edit(start, start, f"{_inside(text, place)}{back}{newline}"))

    def _option_changed(self, option: Option, line: LoweredDirective | None, how: Delivery) -> str:
        own = written_of(self.kernel, option)
        self.replaced |= {_stands(one) for one in own if one.beside}
        inside = [one for one in own if not one.beside]
        places = [self._line(one) for one in inside]
        at = self._behind(option) if how == "insert" else None
        if how == "directives" or None in places or (at is None and not places):
            return self._option_directive(option, line, stands=bool(inside))
        words = line.pragma().partition(" HLS ")[2] if line is not None else None
        found = [match for match in places if match is not None]
        for match, pragma in zip(found[:-1], inside, strict=False):
            self.put(pragma.file, _whole_line(match, self.user.texts[pragma.file]))
        if found:
            file = inside[-1].file
            edit = _whole_line(found[-1], self.user.texts[file]) if words is None else Edit(*_words(found[-1]), words)
            self.put(file, edit)
        elif words is not None and at is not None:
            self.blocks.setdefault((option.file or self.kernel.file, at), []).append(f"#pragma HLS {words}")
        if line is not None and self._is_open_port(option):
            self.notes.append(
                f"{option.variable} is an argument: the tool splits it where it is a memory (flow target vivado, or an "
                "interface pragma with ap_memory)"
            )
        return ""

    def _is_open_port(self, option: Option) -> bool:
        named = any(argument.name == option.variable for argument in self.kernel.functions[0].arguments)
        about = option.variable is not None and option.function == self.kernel.top and not option.declared
        return about and named and has_memory_port(self.kernel, option.variable or "") is None

    def _option_directive(self, option: Option, line: LoweredDirective | None, *, stands: bool) -> str:
        if line is None and stands:
            # array_partition -off takes no dimension (UG1399), and inline -off is another design.
            raise PipelineError(
                f"the {option.directive} of {option.variable or option.function} cannot be taken out by a directive",
                file=option.file or self.kernel.file,
                line=option.line,
                fix="deliver by insertion (--vitis-delivery insert), with the pragma on a line of its own",
            )
        if line is None:
            return ""
        self.directives.append((plain_name(option.function), line))
        return "as a directive"

    def _behind(self, option: Option) -> int | None:
        """Where an option's pragma can stand: behind its function's brace or its array's declaration; None where the
        text does not show it."""
        file = option.file or self.kernel.file
        text = self.user.texts.get(file)
        if text is None:
            return None
        start = _line_start(text, option.line)
        if start is None:
            return None
        start += option.column - 1
        code = self._bare(file)
        if not option.declared:
            return start + 1 if code.startswith("{", start) else None
        name = option.variable or ""
        if not re.match(rf"{re.escape(name)}\b", code[start : start + len(name) + 1]):
            return None
        end = statement_end(code, start)
        macros = self._statement_macros() & set(_WORDS.findall(code, start, end)) if end is not None else {""}
        return end if not macros else None

    def _own(self, site: Site) -> list[OwnPragma]:
        directive = "pipeline" if site.kind is SiteKind.PIPELINE else "unroll"
        return [one for one in self.kernel.pragmas if one.loop == site.loop and one.directive == directive]

    def _changed(self, site: Site, loop: Loop, value: int | str, own: list[OwnPragma], how: Delivery) -> str:
        beside = [one for one in own if one.beside]
        self.replaced |= {_stands(one) for one in beside}
        inside = [one for one in own if not one.beside]
        places = [self._line(one) for one in inside]
        at = self.places[loop.id]
        body = self._body(at) if how == "insert" else None
        if how == "directives" or None in places or (body is None and not places):
            return self._directive(site, loop, value, stands=bool(inside))
        line = _pragma(site, value, inside[-1] if inside else None, loop)
        found = [match for match in places if match is not None]
        for match in found[:-1]:
            self.put(inside[0].file, _whole_line(match, self.user.texts[inside[0].file]))
        if found and line is not None:
            start, end = _words(found[-1])
            self.put(inside[-1].file, Edit(start, end, line))
        elif found:
            self.put(inside[-1].file, _whole_line(found[-1], self.user.texts[inside[-1].file]))
        elif line is not None:
            self.lines.setdefault(loop.id, []).append(f"#pragma HLS {line}")
        return ""

    def _placeholder(self, site: Site, value: int | str) -> str:
        """The value in place of ``auto{NAME}``."""
        file = site.file or self.kernel.file
        match = _at_line(self.user.texts[file], site.line)
        if match is None or site.name not in match[2]:
            raise PipelineError(
                f"placeholder {site.name} does not stand in a file itself",
                file=file,
                line=site.line,
                fix="move the pragma from the macro to the loop",
            )
        line = _pragma(site, value, None, None)
        if line is None:
            self.put(file, _whole_line(match, self.user.texts[file]))
        else:
            self.put(file, Edit(*_words(match), line))
        return ""

    def _directive(self, site: Site, loop: Loop, value: int | str, *, stands: bool) -> str:
        """The value as a directive beside the files."""
        if site.kind is SiteKind.PIPELINE:
            options: tuple[tuple[str, str | None], ...] = ()
            ii = interval_of(value)
            if value in (NOTHING, OFF):
                options = (("off", None),)
            elif ii is not None:
                options = (("II", str(ii)),)
            found = LoweredDirective("pipeline", options)
        else:
            found = LoweredDirective("unroll", (("off", None),) if value == 1 else (("factor", str(value)),))
        if value in (NOTHING, 1) and not stands:
            return ""  # what stood beside is left out
        self.directives.append((loop.id, found))
        self._label(loop)
        return "as a directive"

    def _label(self, loop: Loop) -> None:
        if self._label_of(loop) is not None:
            return
        place = self.places[loop.id]
        if place.offset is None:
            raise PipelineError(
                "neither a pragma nor a label can be put at this loop: it comes from a macro",
                file=place.file,
                line=loop.line,
                fix="write the loop out, or give it a label",
            )
        function = plain_name(loop.function)
        used = set(re.findall(r"[A-Za-z_]\w*", "\n".join(self.user.texts.values())))
        used |= {label for (other, *_), label in self.labels.items() if other == function}
        label = f"loop_{loop.index}"
        while label in used:
            label += "_"
        self.labels[function, place.file, place.offset] = label
        self.put(place.file, Edit(place.offset, place.offset, f"{label}: "))
        self.notes.append(f"{place.file}:{loop.line}: the loop has the label {label}, which its directive needs")

    def _label_of(self, loop: Loop) -> str | None:
        place = self.places[loop.id]
        return loop.label or self.labels.get((plain_name(loop.function), place.file, place.offset))

    def put(self, file: str, edit: Edit) -> None:
        """One change of a file."""
        self.edits.setdefault(file, []).append(edit)

    def _bare(self, file: str) -> str:
        if file not in self.bare:
            self.bare[file] = bare_code(self.user.texts[file])
        return self.bare[file]

    def _line(self, pragma: OwnPragma) -> re.Match[str] | None:
        """Where a pragma stands in its file; None where no line of the file holds it."""
        text = self.user.texts.get(pragma.file)
        start = _line_start(text, pragma.line) if text is not None else None
        if text is None or start is None:
            return None
        end, code = text.find("\n", start), self._bare(pragma.file)
        operators = _OPERATOR.finditer(text, start, end if end >= 0 else len(text))
        found = [
            one
            for one in operators
            if code.startswith("_Pragma", one.start()) and normal_text(f"HLS {one[2]}") == normal_text(pragma.text)
        ]
        return found[0] if len(found) == 1 else _PRAGMA.match(text, start)

    def _body(self, place: LoopPlace) -> _Body | None:
        """A loop's body in its file; None where neither braces nor the end of its only statement are to be seen."""
        if place.offset is None:
            return None
        code = self._bare(place.file)
        start = _FOR.search(code, place.offset)
        head = matching(code, start.end() - 1) if start is not None else None
        if head is None:
            return None
        text = self.user.texts[place.file]
        brace = _BRACE.match(code, head)
        if brace is not None:
            # A condition of the preprocessor around half of a header has no one place for what comes after it.
            return None if _CONDITIONAL.search(text, place.offset, brace.end()) else _Body(head, brace.end(), None)
        end = statement_end(code, head)
        # A macro may be a whole statement, or half of one; what follows a condition may belong to the statement.
        if end is None or self._statement_macros() & set(_WORDS.findall(code, head, end)):
            return None
        if _CONDITIONAL.search(text, place.offset, end) or _FOLLOWS.match(code, end):
            return None
        return _Body(head, head, end)

    def _statement_macros(self) -> set[str]:
        """Macros of the user's that hold statements."""
        if self.statement_macros is None:
            self.statement_macros = {
                name
                for text in self.user.texts.values()
                for name, body in _DEFINE.findall(text)
                if re.search(r"[;{}]|\b(?:for|while|do|if|else|switch|return|case|goto)\b", body)
            }
        return self.statement_macros

    def _insertions(self) -> None:
        """Puts new pragma lines first into the bodies of their loops, with braces where there are none."""
        closing: list[tuple[str, Edit]] = []
        for loop_id in sorted(self.lines, key=lambda one: -self.kernel.loop(one).depth):
            place = self.places[loop_id]
            body = self._body(place)
            assert body is not None and place.offset is not None
            text, code = self.user.texts[place.file], self._bare(place.file)
            end = code.find("\n", body.start)
            rest = code[body.start : end if end >= 0 else len(code)]
            newline = "\r\n" if "\r\n" in text else "\n"
            # A label may stand in a line of its own, at another column than its loop.
            head = _FOR.search(code, place.offset, body.start)
            outer, inner = _indents(text, head.start() if head is not None else place.offset, end)
            block = "".join(f"{inner}{row}{newline}" for row in self.lines[loop_id])
            opening = " {" if body.end is not None else ""
            if end >= 0 and not rest.strip():
                if opening:
                    self.put(place.file, Edit(body.start, body.start, opening))
                self.put(place.file, Edit(end + 1, end + 1, block))
            else:
                behind = Edit(body.start, _past_blanks(text, body.start), opening + newline + block + inner)
                self.put(place.file, behind)
            if body.end is not None:
                closing.append((place.file, _closed(code, body.end, newline, outer)))
        for file, edit in closing:
            self.put(file, edit)
        for (file, at), rows in self.blocks.items():
            self.put(file, _block(self.user.texts[file], self._bare(file), at, rows))

    def sources(self) -> LoweredSources:
        """All files with the changes, and what stands beside them."""
        self._insertions()
        kernel, project = self.kernel, self.kernel.project
        files = {
            self.user.names[file]: edited(text, self.edits.get(file, ())) for file, text in self.user.texts.items()
        }
        kept = {_stands(one): one.text for one in kernel.pragmas if one.beside and _stands(one) not in self.replaced}
        commands = [item.tcl(self._location(loop)) for loop, item in self.directives]
        flags = self.user.flags(project.flags).text if project is not None else ""
        labels, locations = self._labels(files)
        return LoweredSources(
            files=files,
            top=kernel.top,
            directives="".join(f"{line}\n" for line in (*kept.values(), *commands)),
            notes=tuple(dict.fromkeys(self.notes)),
            cflags=flags,
            testbench_cflags=flags,
            labels=labels,
            locations=locations,
            sites=tuple(self.outcomes),
        )

    def _location(self, place: str) -> str:
        if "/" not in place:
            return place
        loop = self.kernel.loop(place)
        # Directives are for all instances of a template.
        return f"{plain_name(loop.function)}/{self._label_of(loop)}"

    def _labels(self, files: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """What reports call each loop: its label, or the tool's ``VITIS_LOOP_LINE_N``, N counting in a function."""
        counts: dict[str, int] = {}
        labels: dict[str, str] = {}
        for loop in self.kernel.loops:
            label = self._label_of(loop)
            if label is None:
                counts[loop.function] = counts.get(loop.function, 0) + 1
                label = f"VITIS_LOOP_{self._line_after(loop)}_{counts[loop.function]}"
            labels[loop.id] = f"{loop.function}/{label}"
        return labels, {label: loop for loop, label in labels.items()}

    def _line_after(self, loop: Loop) -> int:
        """The line of a loop once the changes are made."""
        place = self.places[loop.id]
        text, line = self.user.texts.get(place.file), loop.line
        if text is None or place.offset is None:
            return line
        for edit in self.edits.get(place.file, ()):
            if edit.end <= place.offset:
                line += edit.text.count("\n") - text.count("\n", edit.start, edit.end)
        return line


def _checked(kernel: Kernel, site: Site, value: int | str) -> int | str:
    """The value as it is compared; PipelineError for one that the site does not have."""
    if site.kind is not SiteKind.PIPELINE:
        return factor(kernel, site.name, value)
    if value in (NOTHING, OFF, "NA") or is_pipelined(value):
        return NOTHING if value == "NA" else value
    raise PipelineError(
        f"{value!r} cannot be the value of {site.name}", file=kernel.file, fix="use off, '', three blanks or II=N"
    )


def _pragma(site: Site, value: int | str, own: OwnPragma | None, loop: Loop | None) -> str | None:
    """The words after ``#pragma HLS``; None for no pragma."""
    if site.kind is SiteKind.PIPELINE:
        if value == NOTHING:
            return None
        if value == OFF:
            return "pipeline off"
        ii = interval_of(value)
        words = ["pipeline", *([f"II={ii}"] if ii is not None else [])]
        if own is not None:
            words += ["".join(word.split()) for word in _KEPT.findall(own.text)]
        return " ".join(words)
    if value == 1 and site.proposed:
        return None
    words = ["unroll", f"factor={value}"]
    trips = loop.trip_count if loop is not None else None
    if own is not None and _EXIT_CHECK.search(own.text) and trips and trips % int(value) == 0:
        words.append("skip_exit_check")
    return " ".join(words)


def _option_pragma(kernel: Kernel, option: Option, value: int | str) -> LoweredDirective | None:
    """What a value of array_partition or inline asks for; None for no directive. PipelineError for any other value."""
    try:
        if option.directive == "array_partition":
            split = split_of(option, value)
            return None if split is None else partition(split.variable, split.kind, split.factor, split.dim)
        if value not in (NOTHING, ON, OFF):
            raise ValueError("off, '' or three blanks")
    except ValueError as error:
        raise PipelineError(
            f"{value!r} cannot be the value of {option.name}", file=kernel.file, fix=f"use {error}"
        ) from None
    return None if value == NOTHING else LoweredDirective("inline", (("off", None),) if value == OFF else ())


def _stands(pragma: OwnPragma) -> tuple[str, str, int]:
    """Which directive of the project a pragma is: one of a template's function holds for all instances."""
    return pragma.text, pragma.file, pragma.line


def _line_start(text: str, line: int) -> int | None:
    """Where a line (from 1) of a text begins."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
        if not start:
            return None
    return start


def _block(text: str, code: str, at: int, rows: list[str]) -> Edit:
    """Pragma lines behind a position: on the next line, or with what stands behind it on that line moved below."""
    end = code.find("\n", at)
    newline = "\r\n" if "\r\n" in text else "\n"
    start = text.rfind("\n", 0, at) + 1
    own = re.match(r"[ \t]*", text[start:])
    outer, inner = _indents(text, start + len(own[0] if own else ""), end)
    indent = inner if code[at - 1] == "{" else outer
    block = "".join(f"{indent}{row}{newline}" for row in rows)
    rest = code[at : end if end >= 0 else len(code)]
    if end >= 0 and not rest.strip():
        return Edit(end + 1, end + 1, block)
    return Edit(at, _past_blanks(text, at), newline + block + indent)


def _declares_copies(text: str) -> bool:
    """Whether a text includes what declares ``memcpy``, under no condition and in no comment."""
    return any(uncut(text, 0, one.start()) for one in _DECLARES_COPIES.finditer(blanked(text)))


def _inside(text: str, place: BurstPlace) -> str:
    """The indentation of the statements of a function."""
    start = text.rfind("\n", 0, place.brace) + 1
    own = re.match(r"[ \t]*", text[start:])
    return _indents(text, start + len(own[0] if own else ""), text.find("\n", place.brace))[1]


def _past_blanks(text: str, at: int) -> int:
    """Where the blanks behind a position end; a comment is none of them."""
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at


def _at_line(text: str, line: int) -> re.Match[str] | None:
    """The ``#pragma HLS`` that begins on a line (from 1) of a text."""
    start = _line_start(text, line)
    return None if start is None else _PRAGMA.match(text, start)


def _words(match: re.Match[str]) -> tuple[int, int]:
    """From where to where a pragma's words stand, without blanks or a comment behind them."""
    behind = _BEHIND.search(match[2])
    return match.start(2), match.start(2) + (behind.start() if behind else len(match[2]))


def _whole_line(match: re.Match[str], text: str) -> Edit:
    """The line taken out; of ``_Pragma`` the operator alone."""
    end = match.end() + (match[1][0] != "_" and text[match.end() : match.end() + 1] == "\n")
    return Edit(match.start(), end, "")


def _indents(text: str, offset: int, end: int) -> tuple[str, str]:
    """The indentation of a loop, and of its body: that of the first line where that is deeper than the loop."""
    start = text.rfind("\n", 0, offset) + 1
    own = re.match(r"[ \t]*", text[start:])
    outer = own[0] if own else ""
    for row in text[end + 1 :].split("\n") if end >= 0 else ():
        if row.strip() and not row.lstrip().startswith("#"):
            inner = row[: len(row) - len(row.lstrip())]
            if len(inner) > len(outer) and inner.startswith(outer):
                return outer, inner
            break
    return outer, outer + ("\t" if "\t" in outer else "    ")


def _closed(code: str, end: int, newline: str, outer: str) -> Edit:
    """The brace that closes a body whose only statement ends at a position."""
    last = code.find("\n", end)
    rest = code[end : last if last >= 0 else len(code)]
    if rest.strip():
        return Edit(end, end, " }")
    at = last if last >= 0 else len(code)
    at -= code[:at].endswith("\r")
    return Edit(at, at, f"{newline}{outer}}}")
