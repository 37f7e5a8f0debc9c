"""Burst copies of the top function's arrays: which ports can have one, and where in the user's text it stands.

A port whose elements lie in a memory outside is copied to an array of the function at its beginning and back at its end
(``memcpy``, from which the tool makes bursts: UG1399, "AXI Burst Transfers"); the body then works on that array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.kernels.function_names import plain_name, site_word
from pipeline.kernels.integer_sets import Points, Undecided, combined, extent
from pipeline.kernels.iterations import Iterations
from pipeline.kernels.model import Kernel, Option
from pipeline.kernels.own_pragmas import Dataflow, Interface, Pipeline, Stream, in_force
from pipeline.kernels.source_places import source_files
from pipeline.kernels.symbols import Symbol
from pipeline.project.source_text import bare_code, matching, uncut

_MEMORIES = ("m_axi", "s_axilite", "ap_memory", "bram", "ap_bus", "ap_stable")
"""Modes of ports whose elements can be read at will."""
_ON_CHIP = ("ap_memory", "bram")
_QUALIFIERS = re.compile(r"\b(?:const|restrict|__restrict__|__restrict|register|static)\b")
_PARAMETER = re.compile(r"(?:[A-Za-z_][\w]*[ \t\n]+)*[A-Za-z_]\w*[ \t\n]+")
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)((?:[^\\\n]|\\\r?\n|\\)*)", re.MULTILINE)
_MOVED = re.compile(r"\s*(?:\+\+|--|[-+*/%&|^]=|<<=|>>=|=(?!=))")
_RETURN = re.compile(r"\breturn\b([^;]*);\s*\Z")
_SIZED = re.compile(r"\b(?:sizeof|decltype|alignof|_Alignof|__?typeof(?:__)?)\s*\(?\s*\Z")
_ADDRESS = re.compile(r"(?:(?<![&\w\]\s])|\breturn\s*|(?<![\w\]\s])\s+|\A)&\Z")
_COMPARED = re.compile(r"\s*(?:\?|[=!]=|&&|\|\|)")
_TRUTH = re.compile(r"(?:\b(?:if|while)\s*\(|&&|\|\||[=!]=|!)\Z")
_LOCAL_TYPE = re.compile(r"\b(?:struct|union|class)\b[^;{}()]*\{")


@dataclass(frozen=True, slots=True)
class BurstPlace:
    """The copy of one port in the text of ``file``: positions are those of characters.

    ``brace`` is behind the function's opening brace, ``end`` is where what stands last in the function begins: its only
    ``return``, or its closing brace. ``uses`` are where the body names the port, ``declaration`` declares the buffer,
    ``written`` says whether the function writes the port.
    """

    file: str
    buffer: str
    declaration: str
    brace: int
    end: int
    uses: tuple[tuple[int, int], ...]
    written: bool


def handshake_ports(kernel: Kernel) -> dict[str, str]:
    """The ports of the top function that pass elements by handshake, and their modes: reading one takes an element."""
    found: dict[str, str] = {}
    for pragma in in_force(kernel.pragmas):
        value = pragma.value
        if plain_name(pragma.function) != plain_name(kernel.top) or pragma.variable is None:
            continue
        if isinstance(value, Interface) and value.mode not in _MEMORIES:
            found[pragma.variable] = value.mode
        elif isinstance(value, Stream) and not value.off:
            found.setdefault(pragma.variable, "a stream")
    return found


def burst_sites(kernel: Kernel) -> tuple[list[Option], list[str]]:
    """The sites of the top function's ports that can have a burst copy, and why others can have none, a line each."""
    info = kernel.analysis.program.functions[kernel.top]
    sites, declined = [], []
    for symbol in info.arguments:
        if symbol.ctype.kind not in ("array", "pointer") and symbol.ctype.base.stream is None:
            continue
        place = burst_place(kernel, symbol.name)
        if isinstance(place, str):
            declined.append(f"no burst copy of {symbol.name} of {kernel.top}: {place}")
            continue
        coord = info.node.body.coord
        name = f"__BURST__{site_word(kernel.top)}_{symbol.name}"
        sites.append(Option.proposed_at(coord, kernel, name, "burst", kernel.top, variable=symbol.name))
    return sites, declined


def burst_place(kernel: Kernel, name: str) -> BurstPlace | str:
    """Where the copy of a port stands; why it can have none, as a clause."""
    info = kernel.analysis.program.functions[kernel.top]
    symbol = next(one for one in info.arguments if one.name == name)
    if (why := next(_obstacles(kernel, symbol), None)) is not None:
        return why
    coord = info.node.body.coord
    texts = source_files(kernel)
    file = coord.file if coord.file in texts else kernel.file
    text = texts[file]
    code = bare_code(text)
    found = list(_definitions(code, plain_name(kernel.top)))
    if len(found) != 1 or text.count("\n", 0, found[0][2]) + 1 != coord.line:
        return "where the function begins and ends is not seen in its text"
    opening, head, brace, closed = found[0]
    parameters = code[opening + 1 : head - 1]
    declaration = _declaration(parameters, name, _reach(kernel, symbol))
    if declaration is None:
        volatile = re.search(rf"\bvolatile\b[^,]*\b{name}\b", parameters)
        return "it is volatile" if volatile else "its declaration is not plain"
    end = _end(code, brace + 1, closed - 1, sum(isinstance(node, c_ast.Return) for node in _nodes(info.node.body)))
    if end is None:
        return "the function returns before its end, or what it returns is worked out there"
    if not uncut(text, brace, end):
        return "a condition of the preprocessor cuts the function"
    if _LOCAL_TYPE.search(code, brace, end):
        return "the function declares a type, whose members may have its name"
    for macro, body in (found for one in texts.values() for found in _DEFINE.findall(one)):
        if macro == name or re.search(rf"\b{name}\b", body):
            return f"the macro {macro} names it"
        if "#" in body and re.search(rf"\b{macro}\s*\([^;]*\b{name}\b", code[brace:closed]):
            return f"the macro {macro} makes words of its arguments"
    uses = [(one.start(), one.end()) for one in re.finditer(rf"\b{name}\b", code[:closed]) if one.start() > brace]
    uses = [one for one in uses if not code[: one[0]].rstrip().endswith((".", "->"))]
    if (why := _odd_use(code, uses)) is not None:
        return why
    buffer = f"{name}_buffer"
    words = {word for one in texts.values() for word in re.findall(r"[A-Za-z_]\w*", one)}
    while buffer in words:
        buffer += "_"
    way = next((one.direction for one in kernel.arrays if one.function == kernel.top and one.name == name), "inout")
    return BurstPlace(
        file, buffer, declaration.replace("\0", buffer), brace + 1, end, tuple(uses), way not in ("in", "unused")
    )


def _obstacles(kernel: Kernel, symbol: Symbol) -> Iterator[str]:
    """Why a port can have no copy, by what it is."""
    base, name = symbol.ctype.base, symbol.name
    if base.stream is not None:
        yield "it is a stream, read in order and once"
    if (mode := handshake_ports(kernel).get(name)) is not None:
        yield f"its port is {mode}, read in order and once"
    here = [one for one in in_force(kernel.pragmas) if plain_name(one.function) == plain_name(kernel.top)]
    if any(isinstance(one.value, Interface) and one.value.port == name and one.value.mode in _ON_CHIP for one in here):
        yield "its port is a memory on the chip, which has no bursts"
    if (symbol.ctype.kind != "array" or not all(symbol.ctype.dims)) and _reach(kernel, symbol) is None:
        yield "how many elements it has is not known"
    if base.kind not in ("int", "float") or not re.fullmatch(r"[\w ]+", base.name):
        yield f"its elements are {base.name}, no plain numbers"
    ways = {array.name: array.direction for array in kernel.arrays if array.function == kernel.top}
    if ways.get(name) == "unused":
        yield "nothing uses it"
    for pragma in here:
        if pragma.loop is None and isinstance(pragma.value, Dataflow | Pipeline) and not pragma.value.off:
            yield f"{pragma.file}:{pragma.line} makes the whole function a {pragma.directive}"
    words = re.compile(rf"\b{name}\b")
    for pragma in kernel.pragmas:
        about = plain_name(pragma.function) == plain_name(kernel.top)
        if about and not isinstance(pragma.value, Interface) and words.search(pragma.text):
            yield f"{pragma.file}:{pragma.line} names it"
    info = kernel.analysis.program.functions[kernel.top]
    if any(one.name == name for one in info.locals):
        yield "the function declares the name again"
    if kernel.analysis.outlives(kernel.top, symbol):
        yield "a pointer to it stays when the function has ended"
    for node in _nodes(info.node.body):
        about = isinstance(node, c_ast.UnaryOp) and node.op == "&" and isinstance(node.expr, c_ast.ID)
        if about and node.expr.name == name:
            yield "its address is used"


def _definitions(code: str, function: str) -> Iterator[tuple[int, int, int, int]]:
    """Where a function is defined in bare code: its parentheses, from and to, its brace, and behind its end."""
    for name in re.finditer(rf"\b{re.escape(function.rpartition('::')[2])}\s*(?=\()", code):
        head = matching(code, name.end())
        brace = re.compile(r"\s*(?=\{)").match(code, head) if head is not None else None
        closed = matching(code, brace.end()) if brace is not None else None
        if head is not None and brace is not None and closed is not None:
            yield name.end(), head, brace.end(), closed


def _reach(kernel: Kernel, symbol: Symbol) -> int | None:
    """How many elements of a pointer's memory the function surely touches, from the first to the farthest; None where
    that is not known, or it touches some under a condition alone."""
    if symbol.ctype.kind != "pointer" and symbol.ctype.dims != (None,):
        return None
    most = -1
    for access in kernel.analysis.accesses[kernel.top]:
        if symbol not in access.roots:
            continue
        if access.whole or access.escape or access.guards or access.indices is None or len(access.indices) != 1:
            return None
        points = Points()
        place = Iterations(points, 0)
        for loop in access.loops:
            place.enter(loop)
        form = place.form(access.indices[0])
        if form is None or not place.exact.issuperset(access.loops):
            return None
        points.zero.append(combined(form, (0, {"index": 1}), -1))
        try:
            low, high = extent(points, "index") or (0, -1)
        except Undecided:
            return None
        if low is None or high is None or low < 0:
            return None
        most = max(most, high)
    return most + 1 or None


def _declaration(parameters: str, name: str, reach: int | None) -> str | None:
    """The declaration of an array like a parameter, NUL in the place of its name; None for what is not plain."""
    for one in re.split(r",(?![^\[(]*[\])])", parameters):
        if reach is not None:
            one = re.sub(rf"\*\s*((?:{_QUALIFIERS.pattern}\s*)*){name}\s*\Z", rf" \1 {name}[{reach}]", one)
            one = re.sub(rf"\b{name}\s*\[\s*\]", f"{name}[{reach}]", one)
        match = re.fullmatch(rf"\s*(.*?)\b{name}\s*((?:\[[^\[\]]+\]\s*)+)", one, re.DOTALL)
        if match is None:
            continue
        words = _QUALIFIERS.sub(" ", match[1])
        dims = re.sub(r"\[\s*(?:static|const|restrict)\s", "[", match[2]).strip()
        if "volatile" in words or not _PARAMETER.fullmatch(f"{words.strip()} "):
            return None
        return f"{' '.join(words.split())} \0{dims}"
    return None


def _odd_use(code: str, uses: list[tuple[int, int]]) -> str | None:
    """Why the body uses a port as more than an array."""
    for start, end in uses:
        before = code[:start].rstrip()
        element = code[end:].lstrip().startswith("[") or before.endswith("*")
        if _ADDRESS.search(before) or before.endswith(("++", "--", "::")):
            return "its address is used"
        if not element and (_COMPARED.match(code, end) or _TRUTH.search(before)):
            return "it is asked for as a pointer"
        moved = _MOVED.match(code, end)
        if moved and not (before.endswith("*") and moved[0].endswith("=")):
            return "it is moved as a pointer"
        if _SIZED.search(before):
            return "its size is asked for, which is another of an array"
    return None


def _nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in node:
        yield from _nodes(child)


def _end(code: str, start: int, closing: int, returns: int) -> int | None:
    """Where what stands last in a function begins; None where it may end before, or its value is worked out there.

    ``returns`` counts those that the function has: a macro may hide some, and a condition take one away.
    """
    body = code[start:closing]
    count = len(re.findall(r"\breturn\b", body))
    if count != returns:
        return None
    if count == 0:
        return closing
    last = _RETURN.search(body)
    if count > 1 or last is None or body.count("{", 0, last.start()) != body.count("}", 0, last.start()):
        return None
    before = body[: last.start()].rstrip()
    if (before and before[-1] not in ";}") or re.search(r"[(=]|\+\+|--", last[1]):
        return None
    return start + last.start()
