"""The user's own ``#pragma HLS`` and ``set_directive_*`` as typed values.

A pragma stands for the innermost loop whose body it is in, else for its function (UG1399, "HLS Pragmas"); a directive
names its place. What is read is what the tool acts on: names in any case, macros and constants in numbers evaluated,
defaults filled in. Nothing is dropped: what is not understood is a :class:`NotRead` with the reason. What the tool
stops at (:mod:`pipeline.kernels.pragma_checks`) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pycparser import c_ast, c_parser

from pipeline.errors import PipelineError, nearest
from pipeline.kernels.expressions import constant_of
from pipeline.kernels.function_names import plain_name
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.pragma_checks import VARIABLES, names_in, refusal
from pipeline.kernels.pragma_options import unknown_directive, unknown_option
from pipeline.kernels.pragma_places import in_code
from pipeline.kernels.pragmas import MASK, PLACEHOLDER, normal_text, pragma_text
from pipeline.kernels.resolve import Program
from pipeline.kernels.symbols import Symbol
from pipeline.project.directives import NO_VALUE, Directive


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``pipeline``: ``ii`` is the target interval (None: the least), ``style`` is ``stp``, ``flp`` or ``frp``."""

    ii: int | None = None
    off: bool = False
    rewind: bool = False
    style: str | None = None


@dataclass(frozen=True, slots=True)
class Unroll:
    """``unroll``: ``factor`` None is the whole loop."""

    factor: int | None = None
    off: bool = False
    skip_exit_check: bool = False


@dataclass(frozen=True, slots=True)
class ArraySplit:
    """``array_partition``, or ``array_reshape`` where ``reshape``: ``kind`` is ``complete``, ``cyclic`` or ``block``.

    ``factor`` is None for ``complete``; ``dim`` counts from 1, 0 is all dimensions.
    """

    variable: str
    kind: str = "complete"
    factor: int | None = None
    dim: int = 1
    reshape: bool = False
    off: bool = False


@dataclass(frozen=True, slots=True)
class Inline:
    """``inline``."""

    off: bool = False
    recursive: bool = False


@dataclass(frozen=True, slots=True)
class LoopFlatten:
    """``loop_flatten``."""

    off: bool = False


@dataclass(frozen=True, slots=True)
class LoopTripcount:
    """``loop_tripcount``: iterations, for reports alone; None is what is not said."""

    least: int | None = None
    most: int | None = None
    average: int | None = None


@dataclass(frozen=True, slots=True)
class DependencePragma:
    """``dependence``: ``kind`` is ``inter`` or ``intra``, ``distance`` in iterations.

    ``variable`` is None where ``pointers_or_arrays`` (``array``, ``pointer``) says it of all; ``direction`` is ``RAW``,
    ``WAR``, ``WAW`` or None for all. ``dependent`` False: there is none.
    """

    variable: str | None = None
    pointers_or_arrays: str | None = None
    kind: str = "inter"
    direction: str | None = None
    distance: int | None = None
    dependent: bool = True


@dataclass(frozen=True, slots=True)
class Dataflow:
    """``dataflow``."""

    off: bool = False


@dataclass(frozen=True, slots=True)
class Interface:
    """``interface``: ``mode`` such as ``m_axi``, ``axis``, ``ap_fifo``; ``port`` an argument or ``return``."""

    mode: str
    port: str | None
    bundle: str | None = None
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """``stream``: ``kind`` is ``fifo``, ``pipo``, ``shared`` or ``unsync``; ``depth`` in elements."""

    variable: str
    depth: int | None = None
    kind: str = "fifo"
    off: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    """``bind_op`` or ``bind_storage`` (``resource`` of older tools): ``what`` is the operation or kind of memory."""

    variable: str
    storage: bool
    what: str | None = None
    impl: str | None = None
    latency: int | None = None


@dataclass(frozen=True, slots=True)
class LatencyPragma:
    """``latency`` in cycles."""

    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class FunctionInstantiate:
    """``function_instantiate``: a copy of the function per value of the argument."""

    variable: str


@dataclass(frozen=True, slots=True)
class OtherPragma:
    """A directive of the tool that has no effect on loops and arrays of its own here: ``allocation``, ``top``, ..."""


@dataclass(frozen=True, slots=True)
class NotRead:
    """What is not understood, and why."""

    why: str


Value = (
    Pipeline
    | Unroll
    | ArraySplit
    | Inline
    | LoopFlatten
    | LoopTripcount
    | DependencePragma
    | Dataflow
    | Interface
    | Stream
    | Bind
    | LatencyPragma
    | FunctionInstantiate
    | OtherPragma
    | NotRead
)


@dataclass(frozen=True, slots=True)
class OwnPragma:
    """One own pragma or directive."""

    directive: str
    """Its name in lower case, such as ``array_partition``."""
    value: Value
    function: str | None
    """None outside functions."""
    loop: str | None
    """The id of the loop that it stands for; None where it stands for the function."""
    text: str
    """As written, blanks apart, without ``#pragma``."""
    options: tuple[tuple[str, str | None], ...]
    """Every word after the name, in order: names in lower case, None for a word alone; macros filled in."""
    file: str
    line: int
    column: int
    beside: bool = False
    """A directive of a script or configuration file, not a pragma of the source."""

    @property
    def variable(self) -> str | None:
        """The array, port or operation that it names."""
        found: str | None = getattr(self.value, "variable", None) or getattr(self.value, "port", None)
        return found


Expand = Callable[[Sequence[str], str], Sequence[str]]
"""Texts with the macros of a file filled in, by that file's name."""

Meanings = Mapping[str, Mapping[str, str]]
"""What names of a C++ text stand for, by function, under "" for all."""


@dataclass(frozen=True, slots=True)
class PragmaQuestion:
    """An expression of a pragma in C++ of which the tree does not tell; ``number`` where its value is wanted and not
    only whether there is what it names."""

    pragma: OwnPragma
    text: str
    number: bool


Ask = Callable[[Sequence[PragmaQuestion]], "Sequence[tuple[int | None, str | None]]"]
"""What the compiler makes of them: a number, and else a name that nothing declares; None for both where it is not
known."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_QUALIFIED = re.compile(r"[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*")
_JOINED = re.compile(r"\s*([=,])\s*")
_OPERATOR = re.compile(r"\s*([-+*/%?:|&^]|<<|>>)\s*")
_NUMBERS = {
    "ii", "factor", "dim", "min", "max", "avg", "distance", "depth", "latency", "num", "limit", "number", "offset",
    "cycle", "max_widen_bitwidth", "num_read_outstanding", "num_write_outstanding", "max_read_burst_length",
    "max_write_burst_length", "cycles", "target_ti", "target_tl",
}  # fmt: skip
_COUNTED = _NUMBERS - {"offset", "target_ti", "target_tl"}
"""Those that take nothing but a whole number."""
_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)
_WITHOUT = (
    c_ast.Assignment, c_ast.BinaryOp, c_ast.UnaryOp, c_ast.TernaryOp, c_ast.FuncCall, c_ast.ArrayRef, c_ast.StructRef,
    c_ast.ID, c_ast.Constant, c_ast.Cast, c_ast.ExprList, c_ast.InitList, c_ast.Return,
)  # fmt: skip
"""Nodes that hold no pragma."""
_KINDS = ("complete", "cyclic", "block")
_DIRECTIONS = ("raw", "war", "waw")
_POSITIONAL: dict[str, dict[str, tuple[str, ...]]] = {
    "array_partition": {"type": _KINDS},
    "array_reshape": {"type": _KINDS},
    "dependence": {"type": ("inter", "intra"), "direction": _DIRECTIONS, "dependent": ("true", "false"),
                   "class": ("array", "pointer")},
    "stream": {"type": ("fifo", "pipo", "shared", "unsync")},
}  # fmt: skip
"""Options whose value may stand without their name, as in ``cyclic factor=4``."""
_INTERFACES = {
    "ap_none", "ap_vld", "ap_ovld", "ap_ack", "ap_hs", "ap_memory", "bram", "ap_fifo", "ap_bus", "axis", "m_axi",
    "s_axilite", "ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain", "ap_stable", "hls_stream",
}  # fmt: skip
_ALIASES = {"bind_storage": "bind_storage", "resource": "bind_storage", "bind_op": "bind_op"}
_FURTHER = {
    "aggregate", "alias", "allocation", "array_map", "array_stencil", "cache", "clock", "data_pack", "disaggregate",
    "expression_balance", "loop_merge", "occurrence", "performance", "protocol", "reset", "shared", "stable", "top",
    "task", "split", "sub_domain", "unsafe", "preserve",
}  # fmt: skip
_NOWHERE = "it stands outside of functions; put it into the body of the one that it is about"
_VITIS_LOOP = re.compile(r"VITIS_LOOP_(\d+)_\d+")


def own_pragmas(
    program: Program,
    ast: c_ast.FileAST,
    records: Mapping[str, Sequence[LoopRecord]],
    file: str,
    expand: Expand,
    *,
    ask: Ask | None = None,
    names: Mapping[str, Collection[str]] = MappingProxyType({}),
    meanings: Meanings = MappingProxyType({}),
    text_of: Callable[[str], str | None] = lambda file: None,
) -> tuple[OwnPragma, ...]:
    """All ``#pragma HLS`` without placeholders in the order of the text.

    ``expand`` is asked once a file, and only where a value holds a name that may be a macro. ``ask`` is for C++, whose
    names need not be those of the program: ``names`` are those that functions declare, ``meanings`` says what stands
    for some, and what neither tells is asked; ``text_of`` gives the text of a file, where bodies of templates that
    nothing uses stand. PipelineError, with the place, for what the tool stops at.
    """
    found: list[OwnPragma] = []
    for node, function, record in placed_pragmas(ast, {id(one.node): one for each in records.values() for one in each}):
        text = pragma_text(node)
        if text.split()[:1] == [] or text.split()[0].lower() != "hls" or PLACEHOLDER.search(text) or MASK in text:
            continue
        directive, options = _options(text)
        coord = node.coord
        found.append(
            OwnPragma(
                directive,
                OtherPragma(),
                function,
                _loop_id(record),
                normal_text(text),
                options,
                coord.file if coord and coord.file else file,
                coord.line if coord else 1,
                (coord.column or 1) if coord else 1,
            )
        )
    for place, pragma in enumerate(found):
        if pragma.function is not None:
            continue
        whole = text_of(pragma.file) if ask is not None else ""
        if whole is not None and not in_code(whole, pragma.line):
            found[place] = replace(pragma, value=NotRead(_NOWHERE))
    done = _valued(found, program, expand, meanings)
    undeclared: dict[int, tuple[str, str]] = {}
    if ask is not None:
        done = _answered(done, program, names, ask, undeclared)
    for place, pragma in enumerate(done):
        declared = _declared(program, pragma.function)
        known = None if ask is not None else declared
        constants = {name for name, one in declared.items() if one.role == "constant" or one.ctype.const}
        problem = undeclared.get(place) or refusal(pragma.options, _COUNTED, known, constants)
        if problem is not None:
            raise PipelineError(
                f"#pragma {pragma.text}: Vitis HLS refuses it: {problem[0]}",
                file=pragma.file,
                line=pragma.line,
                column=pragma.column,
                fix=problem[1],
            )
    return tuple(done)


def directive_pragmas(
    directives: Iterable[Directive],
    program: Program,
    records: Mapping[str, Sequence[LoopRecord]],
    file: str,
    expand: Expand,
    meanings: Meanings = MappingProxyType({}),
) -> tuple[OwnPragma, ...]:
    """Directives of a project as the same values, in their order; of a template's function once for each instance.

    A loop is named by its label, or by the tool's ``VITIS_LOOP_LINE_N``; a place that is not in the program is a
    :class:`NotRead`.
    """
    found: list[OwnPragma] = []
    for item in directives:
        named = [name for name in records if item.function in (name, plain_name(name))]
        for function in named or [item.function]:
            found.append(_directive_pragma(item, function, records, file))
    return tuple(_about_something(pragma, program) for pragma in _valued(found, program, expand, meanings))


def _about_something(pragma: OwnPragma, program: Program) -> OwnPragma:
    """A directive as it is, or why what it names is no array or variable of its function."""
    if not isinstance(pragma.value, ArraySplit | Stream | Bind | DependencePragma) or pragma.function is None:
        return pragma
    name, declared = pragma.variable, _declared(program, pragma.function)
    if name is not None and re.fullmatch(r"\w+(?:\.\w+)+", name) and name.partition(".")[0] in declared:
        whole, member = name.split(".")[:2]
        known = list(program.members(declared[whole].ctype.base))
        if member in known or not known:
            return pragma
        return replace(pragma, value=NotRead(f"{whole} has no member {member}{meant(member, known)}"))
    if name is None or re.search(r"[^\w.]", name) or name in declared:
        return pragma
    return replace(pragma, value=NotRead(f"{pragma.function} has no variable {name}{meant(name, list(declared))}"))


def _directive_pragma(
    item: Directive, function: str, records: Mapping[str, Sequence[LoopRecord]], file: str
) -> OwnPragma:
    """A directive as it holds for one function."""
    label, here = item.label, records.get(function, ())
    loop = next((one for one in here if label is not None and one.label == label), None)
    line = _VITIS_LOOP.fullmatch(label or "")
    if loop is None and line is not None:
        loop = next((one for one in here if one.node.coord.line == int(line[1])), None)
    options = tuple((name.lower(), value) for name, value in item.options)
    if item.variable is not None and "variable" not in dict(options):
        options = (("port" if item.name == "interface" else "variable", item.variable), *options)
    value: Value = OtherPragma()
    if function not in records:
        value = NotRead(f"there is no function {function}{meant(function, [plain_name(name) for name in records])}")
    elif label is not None and loop is None:
        labels = [one.label for one in here if one.label is not None]
        value = NotRead(f"{function} has no loop with the label {label}{meant(label, labels)}")
    text = " ".join([f"set_directive_{item.name}", *(f"-{n}" + (f" {v}" if v else "") for n, v in item.options)])
    place = (item.file or file, item.line or 1, 1)
    return OwnPragma(
        item.name,
        value,
        function,
        _loop_id(loop),
        f"{text} {' '.join(item.operands)}",
        options,
        *place,
        beside=True,
    )


def in_force(pragmas: Iterable[OwnPragma]) -> Iterator[OwnPragma]:
    """Those that the tool follows: of several of one kind on one place the last, directives over pragmas."""
    last: dict[tuple[object, ...], OwnPragma] = {}
    for pragma in sorted(pragmas, key=lambda one: one.beside):
        dim = getattr(pragma.value, "dim", None)
        key: tuple[object, ...] = (pragma.directive, pragma.function, pragma.loop, pragma.variable, dim)
        if pragma.function is None:  # of a template that nothing instantiates, say: each stands alone
            key = (*key, pragma.file, pragma.line, pragma.column)
        last[key if not isinstance(pragma.value, DependencePragma | OtherPragma | NotRead) else (*key, pragma.text)] = (
            pragma
        )
    yield from last.values()


def not_in_the_tree(pragmas: Iterable[OwnPragma]) -> list[str]:
    """What decides a design and shows in no node of its tree: directives, and the numbers that macros give."""
    return [
        pragma.text if pragma.beside else f"{pragma.text}: {pragma.options}"
        for pragma in pragmas
        if pragma.beside or _options(pragma.text)[1] != pragma.options
    ]


def meant(word: str, known: Sequence[str]) -> str:
    """The nearest word, as a question in brackets; nothing where none is near."""
    near = nearest(word, known)
    return f" (did you mean {near}?)" if near else ""


def _loop_id(record: LoopRecord | None) -> str | None:
    return f"{record.function}/loop_{record.index}" if record is not None else None


def placed_pragmas(
    ast: c_ast.FileAST, by_node: Mapping[int, LoopRecord] = MappingProxyType({})
) -> Iterator[tuple[c_ast.Pragma, str | None, LoopRecord | None]]:
    """Pragmas in the order of the text, each with the function and the innermost loop that it stands in."""
    stack: list[tuple[Any, str | None, LoopRecord | None]] = [(ast, None, None)]
    while stack:
        node, function, loop = stack.pop()
        if isinstance(node, c_ast.Pragma):
            yield node, function, loop
            continue
        if isinstance(node, c_ast.FuncDef):
            function = node.decl.name
        if isinstance(node, _WITHOUT):
            continue
        body = getattr(node, "stmt", None) if isinstance(node, _LOOPS) else None
        inside = by_node.get(id(node), loop)
        stack += [(child, function, inside if child is body else loop) for child in reversed(list(node))]


def _options(text: str) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """A pragma's directive and its words."""
    text = _OPERATOR.sub(r"\1", _JOINED.sub(r"\1", text.strip()))
    words: list[str] = []
    depth, word = 0, ""
    for letter in f"{text} ":
        depth += (letter in "({[") - (letter in ")}]")
        if letter.isspace() and depth <= 0:
            if word:
                words.append(word)
            word = ""
        else:
            word += letter
    if word:
        words.append(word)
    found: list[tuple[str, str | None]] = []
    for item in words[2:]:
        name, equals, value = item.partition("=")
        found.append((name.lower(), value) if equals else (item, None))
    return (words[1].lower() if len(words) > 1 else ""), tuple(found)


def _valued(found: list[OwnPragma], program: Program, expand: Expand, meanings: Meanings) -> list[OwnPragma]:
    """The pragmas with numbers evaluated and values read."""
    waiting: dict[str, dict[str, str]] = {}
    for pragma in found:
        for name, text in pragma.options:
            if text is not None and (
                (name in _NUMBERS and _constant(text, program, pragma.function, meanings) is None)
                or (name in VARIABLES and not all(one in _declared(program, pragma.function) for one in names_in(text)))
            ):
                waiting.setdefault("" if pragma.beside else pragma.file, {})[text] = text
    for file, texts in waiting.items():
        if any(_NAME.search(text) for text in texts):
            waiting[file] = dict(zip(texts, expand(list(texts), file), strict=True))
    done: list[OwnPragma] = []
    for pragma in found:
        texts = waiting.get("" if pragma.beside else pragma.file, {})

        def plain(name: str, text: str | None, at: OwnPragma = pragma, filled: Mapping[str, str] = texts) -> str | None:
            if text is not None and name in VARIABLES:
                return filled.get(text, text)
            if name not in _NUMBERS or text is None:
                return text
            number = _constant(filled.get(text, text), program, at.function, meanings)
            return filled.get(text, text) if number is None else str(number)

        options = tuple((name, plain(name, text)) for name, text in pragma.options)
        value = pragma.value if isinstance(pragma.value, NotRead) else _value(pragma.directive, options)
        value = _within(value, _declared(program, pragma.function))
        done.append(replace(pragma, options=options, value=value))
    return done


def _answered(
    found: list[OwnPragma],
    program: Program,
    names: Mapping[str, Collection[str]],
    ask: Ask,
    undeclared: dict[int, tuple[str, str]],
) -> list[OwnPragma]:
    """The pragmas with what the compiler says of their expressions; ``undeclared`` gets why one is refused."""
    asked: dict[tuple[int, str, str], PragmaQuestion] = {}
    for place, pragma in enumerate(found):
        if pragma.function is None or pragma.beside:
            continue
        known = {*_declared(program, pragma.function), *names.get(pragma.function, ()), *names.get("", ())}
        for name, text in pragma.options:
            if not text or (name in _NUMBERS and not _NAME.search(text)):
                continue
            if name in _COUNTED:
                asked[place, name, text] = PragmaQuestion(pragma, text, True)
            elif name in VARIABLES:
                for one in text.split(","):
                    if names_in(one) and names_in(one)[0] not in known:
                        asked[place, name, one] = PragmaQuestion(pragma, one, False)
    if not asked:
        return found
    numbers: dict[tuple[int, str, str], int] = {}
    for (place, name, text), (number, missing) in zip(asked, ask(list(asked.values())), strict=True):
        if missing is not None:
            function = found[place].function or ""
            near = nearest(missing, [*_declared(program, function), *names.get(function, ())])
            undeclared.setdefault(place, (
                f"{name}={text[:40]} names {missing[:40]!r}, which nothing declares",
                f"did you mean {near}?" if near else "declare it, or name what is meant",
            ))  # fmt: skip
        elif number is not None:
            numbers[place, name, text] = number
    done: list[OwnPragma] = []
    for place, pragma in enumerate(found):
        if any(at == place for at, _, _ in numbers):
            options = tuple(
                (name, str(numbers[place, name, text]) if text and (place, name, text) in numbers else text)
                for name, text in pragma.options
            )
            value = _within(_value(pragma.directive, options), _declared(program, pragma.function))
            pragma = replace(pragma, options=options, value=value)
        done.append(pragma)
    return done


def _declared(program: Program, function: str | None) -> dict[str, Symbol]:
    """What names in the words of a pragma that stands in a function may mean."""
    seen = dict(program.globals_by_name)
    if function in program.functions:
        info = program.functions[function]
        seen |= {symbol.name: symbol for symbol in (*info.arguments, *info.locals)}
    return seen


def _within(value: Value, declared: Mapping[str, Symbol]) -> Value:
    """A value as it is, or why it is about no dimension that the array has."""
    symbol = declared.get(value.variable) if isinstance(value, ArraySplit) else None
    if symbol is None or not isinstance(value, ArraySplit):
        return value
    has = len(symbol.ctype.dims)
    if value.dim <= has or symbol.ctype.base.kind in ("struct", "unknown"):
        return value
    dimensions = f"{has} dimension{'s' if has != 1 else ''}"
    return NotRead(
        f"dim={value.dim} of {value.variable}, which has {dimensions}" if has else f"{value.variable} is no array"
    )


def _constant(text: str, program: Program, function: str | None, meanings: Meanings) -> int | None:
    """The value of a constant expression in the words of a pragma that stands in a function."""
    if text.isdigit():
        return int(text)
    if meanings:
        text = _QUALIFIED.sub(lambda name: _meant(name[0], program, function, meanings), text)
    try:
        tree = c_parser.CParser().parse(f"long long hls_value = ({text[:1000]});")
    except (c_parser.ParseError, AssertionError, AttributeError, RecursionError, ValueError):
        return None
    program.scopes.append(_declared(program, function))
    try:
        return constant_of(tree.ext[0].init, program) if len(tree.ext) == 1 else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    finally:
        program.scopes.pop()


def _meant(name: str, program: Program, function: str | None, meanings: Meanings) -> str:
    """What stands for a name of C++, with its scopes: a number, or a name of the program."""
    own, everywhere = meanings.get(function or "", {}), meanings.get("", {})
    parts = re.split(r"\s*::\s*", name)
    parts[0] = own.get(parts[0], parts[0])
    for first in range(len(parts)):
        shown = "::".join(parts[first:])
        symbol = program.globals_by_name.get(shown)
        number = program.constant_value(symbol) if symbol is not None else None
        if number is not None and number.exact is not None:
            return str(number.exact)
        if shown in everywhere:
            return everywhere[shown]
    return parts[-1]


class _Words:
    """The words of one directive, taken one by one."""

    def __init__(self, directive: str, options: Sequence[tuple[str, str | None]]) -> None:
        self.values: dict[str, str] = {}
        self.bare: list[str] = []
        known: Mapping[str, Sequence[str]] = _POSITIONAL.get(directive, {})
        for name, value in options:
            if (why := unknown_option(directive, name)) is not None:
                raise ValueError(why)
            if value is not None:
                self.values[name] = value
                continue
            if name.lower() in _NUMBERS or name.lower() in (*VARIABLES, "style"):
                raise ValueError(f"{name} stands without =VALUE")
            for option, words in known.items():
                if name.lower() in words:
                    self.values.setdefault(option, name)
                    break
            else:
                self.bare.append(name)

    def flag(self, name: str) -> bool:
        """Whether a flag is set, alone or as ``name=true``."""
        value = self.values.get(name)
        if value is not None:
            return value.lower() not in NO_VALUE
        return name in (word.lower() for word in self.bare)

    def number(self, name: str, least: int = 1) -> int | None:
        """A number; ValueError where the option is there and is none."""
        value = self.values.get(name)
        if value is None:
            return None
        if not re.fullmatch(r"[+-]?\d{1,18}", value) or int(value) < least:
            raise ValueError(f"{name}={value[:60]} is no whole number from {least}")
        return int(value)

    def word(self, name: str, known: Sequence[str] | None = None) -> str | None:
        """A word in lower case; ValueError for one that is not known."""
        value = self.values.get(name)
        if value is None:
            return None
        if known is not None and value.lower() not in known:
            raise ValueError(f"{name}={value[:60]} is none of {', '.join(known)}")
        return value.lower()

    def variable(self) -> str:
        """The variable that it is about."""
        if not (named := self.values.get("variable")):
            raise ValueError("names no variable")
        if "," in named:
            raise ValueError("names several variables, and one is read a pragma")
        return named


def _value(directive: str, options: Sequence[tuple[str, str | None]]) -> Value:
    """The typed value; :class:`NotRead` for what is not understood."""
    rule = _RULES.get(directive)
    if rule is None:
        return OtherPragma() if directive in _FURTHER else NotRead(unknown_directive(directive))
    try:
        return rule(_Words(directive, options))
    except ValueError as error:
        return NotRead(str(error))


def _pipeline(words: _Words) -> Value:
    # To the front end an interval of 0 is ``off``, and -1 none that is asked for.
    ii = 0 if words.values.get("ii") == "0" else None if words.values.get("ii") == "-1" else words.number("ii")
    off = words.flag("off") or ii == 0
    return Pipeline(ii or None, off, words.flag("rewind"), words.word("style", ("stp", "flp", "frp")))


def _unroll(words: _Words) -> Value:
    # To the front end a factor of 0 is the whole loop.
    return Unroll(words.number("factor", least=0) or None, words.flag("off"), words.flag("skip_exit_check"))


def _split(words: _Words, *, reshape: bool) -> Value:
    kind = words.word("type", _KINDS) or "complete"
    factor = words.number("factor")
    if kind != "complete" and factor is None:
        raise ValueError(f"{kind} has no factor")
    return ArraySplit(
        words.variable(), kind, None if kind == "complete" else factor, _dim(words), reshape, words.flag("off")
    )


def _dim(words: _Words) -> int:
    dim = words.number("dim", least=0)
    return 1 if dim is None else dim


def _dependence(words: _Words) -> Value:
    said = words.word("dependent", ("true", "false", "1", "0"))
    direction = words.word("direction", _DIRECTIONS)
    return DependencePragma(
        words.values.get("variable"),
        words.word("class", ("array", "pointer")),
        words.word("type", ("inter", "intra")) or "inter",
        direction.upper() if direction else None,
        words.number("distance"),
        said not in NO_VALUE,
    )


def _interface(words: _Words) -> Value:
    mode = words.word("mode") or next((word.lower() for word in words.bare if word.lower() in _INTERFACES), None)
    if mode is None:
        raise ValueError("names no mode of an interface")
    return Interface(mode, words.values.get("port"), words.values.get("bundle"), words.number("depth", least=0))


def _bind(words: _Words, *, storage: bool) -> Value:
    what = words.word("type" if storage else "op") or words.word("core")
    return Bind(words.variable(), storage, what, words.word("impl"), words.number("latency", least=-1))


def _tripcount(words: _Words) -> Value:
    return LoopTripcount(words.number("min", 0), words.number("max", 0), words.number("avg", 0))


def _stream(words: _Words) -> Value:
    return Stream(words.variable(), words.number("depth"), words.word("type") or "fifo", words.flag("off"))


_RULES: dict[str, Callable[[_Words], Value]] = {
    "pipeline": _pipeline,
    "unroll": _unroll,
    "array_partition": lambda words: _split(words, reshape=False),
    "array_reshape": lambda words: _split(words, reshape=True),
    "inline": lambda words: Inline(words.flag("off"), words.flag("recursive")),
    "loop_flatten": lambda words: LoopFlatten(words.flag("off")),
    "loop_tripcount": _tripcount,
    "dependence": _dependence,
    "dataflow": lambda words: Dataflow(words.flag("off")),
    "interface": _interface,
    "stream": _stream,
    "bind_op": lambda words: _bind(words, storage=False),
    "bind_storage": lambda words: _bind(words, storage=True),
    "resource": lambda words: _bind(words, storage=True),
    "latency": lambda words: LatencyPragma(words.number("min", 0), words.number("max", 0)),
    "function_instantiate": lambda words: FunctionInstantiate(words.variable()),
}
