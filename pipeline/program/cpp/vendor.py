"""What the vendor's types do, in C: numbers of any width, streams, vectors.

An operation on integers of any width is written on operands as wide as its result, so that nothing is lost, as UG1399
says ("Arbitrary Precision Data Types Library"); one on fixed-point numbers is written as it is, with the type of its
result. A stream is a struct that is only touched by calls named ``hls::stream<T>::read`` and so on. What else the
library's types do is a call named like the method.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from pipeline.program.cpp.index import Node
from pipeline.program.cpp.library_members import extent_of_pixels, is_pixels, is_stream, is_vector, members_of_tuple
from pipeline.program.cpp.nodes import address, bare, followed, inner, listed_values, lvalue, member, simple
from pipeline.program.cpp.types import CppType, is_fixed, is_integer, is_signed, typename, width

if TYPE_CHECKING:
    from pipeline.program.cpp.expressions import Expressions

_WIDENED = ("+", "-", "*", "/", "%", "&", "|", "^")
_MOST_PIXELS = 256
"""A window of more pixels is moved by a call."""
_COMPARED = ("<", "<=", ">", ">=", "==", "!=")
_TASKS = ("hls::task", "hls::tasks<")
_REFUSED = ("std::vector", "std::map", "std::list", "std::deque", "std::set", "std::unordered_map", "std::queue")
_CONVERSIONS = {
    "to_int": "int", "to_uint": "unsigned int", "to_long": "long", "to_ulong": "unsigned long", "to_int64": "long long",
    "to_uint64": "unsigned long long", "to_float": "float", "to_double": "double", "to_bool": "_Bool",
    "to_char": "char",
    "to_uchar": "unsigned char", "to_short": "short", "to_ushort": "unsigned short", "to_half": "_Float16",
}  # fmt: skip


def operator(scope: Expressions, node: Node, op: str, given: list[Node], kinds: list[CppType]) -> c_ast.Node:
    """An operator of the library's types."""
    coord = scope.at(node)
    first = kinds[0]
    if any(kind.kind == "number" for kind in kinds) and all(kind.scalar for kind in kinds):
        return _number_operator(scope, node, op, given, kinds)
    if op == "=" and len(given) == 2:
        if first.kind == "record" and first.name.startswith("hls::axis<") and kinds[1].name == first.name:
            return c_ast.Assignment("=", scope.lower(given[0]), scope.lower(given[1]), coord)
        if kinds[1].name == first.name:
            return c_ast.Assignment("=", scope.lower(given[0]), scope.lower(given[1]), coord)
    if is_stream(first):
        if op == ">>":
            return scope.assign(node, given[1], _stream_call(scope, first, "read", given[0], False, [], coord))
        if op == "<<":
            return _stream_call(scope, first, "write", given[0], False, [scope.lower(given[1])], coord)
    if op == "()" and first.name.startswith(_TASKS) and len(given) > 1:
        return _task(scope, node, given[1:])
    if op == "[]" and first.kind == "record":
        base = scope.lower(given[0])
        if is_vector(first):
            return c_ast.ArrayRef(member(base, "data", coord), scope.lower(given[1]), coord)
    if op == "()" and is_pixels(first) and len(given) == 3:
        row, column = scope.many(given[1:])
        return _pixel(member(scope.lower(given[0]), "val", coord), row, column, coord)
    values = [
        address(value)
        if kind.kind == "record"
        and lvalue(value)
        and position == 0
        and (op in ("++", "--") or (op.endswith("=") and op not in ("==", "!=", "<=", ">=")))
        else value
        for position, (value, kind) in enumerate(zip(scope.many(given), kinds, strict=True))
    ]
    called = scope.unit.known(
        f"{first.name if first.kind == 'record' else 'std'}::operator{op}", coord, scope.type(node)
    )
    return c_ast.FuncCall(called, c_ast.ExprList(values, coord), coord)


def _number_operator(scope: Expressions, node: Node, op: str, given: list[Node], kinds: list[CppType]) -> c_ast.Node:
    coord = scope.at(node)
    result = scope.value_type(node)
    if op in ("()", "[]"):
        return _bits(scope, node, given[0], False, given[1:])
    if op == "=":
        return scope.assign(node, given[0], scope.lower(given[1]))
    if op in ("++", "--"):
        return c_ast.UnaryOp(op if len(given) == 1 else f"p{op}", scope.lower(given[0]), coord)
    if op.endswith("=") and op[:-1] and op not in _COMPARED:
        if _bits_named(scope, given[0]) is not None:
            return scope.assign(node, given[0], c_ast.BinaryOp(op[:-1], *map(scope.lower, given), coord))
        return c_ast.Assignment(op, scope.lower(given[0]), scope.lower(given[1]), coord)
    if len(given) == 1:
        value = scope.lower(given[0])
        if op in ("-", "~") and result.kind == "number" and is_integer(result) and op == "-":
            value = widened(value, kinds[0], result)
        return c_ast.UnaryOp(op, value, coord)
    left, right = scope.lower(given[0]), scope.lower(given[1])
    if op == ",":
        low = width(kinds[1]) or 1
        high = c_ast.Cast(typename(_unsigned(width(result) or 1), coord), _raw(left, kinds[0], coord), coord)
        moved = c_ast.BinaryOp("<<", high, c_ast.Constant("int", str(low), coord), coord)
        return c_ast.BinaryOp("|", moved, _raw(right, kinds[1], coord), coord)
    if op in _WIDENED and result.kind == "number":
        if is_fixed(result):
            return c_ast.Cast(typename(result, coord), c_ast.BinaryOp(op, left, right, coord), coord)
        return c_ast.BinaryOp(op, widened(left, kinds[0], result), widened(right, kinds[1], result), coord)
    if op in ("<<", ">>") and result.kind == "number":
        return c_ast.BinaryOp(op, widened(left, kinds[0], result), right, coord)
    if op in _COMPARED and all(is_integer(kind) for kind in kinds) and is_signed(kinds[0]) != is_signed(kinds[1]):
        bits = max((width(kind) or 32) + (not is_signed(kind)) for kind in kinds)
        common = CppType("number", f"ap_int<{bits}>", arguments=(str(bits),))
        left, right = widened(left, kinds[0], common), widened(right, kinds[1], common)
    return c_ast.BinaryOp(op, left, right, coord)


def widened(value: c_ast.Node, kind: CppType, to: CppType) -> c_ast.Node:
    """A value in the type of a result."""
    if isinstance(value, c_ast.Constant) or kind.name == to.name:
        return value
    plain = CppType("number", to.name, arguments=to.arguments)
    return c_ast.Cast(typename(plain, value.coord), value, value.coord)


def _unsigned(bits: int) -> CppType:
    return CppType("number", f"ap_uint<{bits}>", arguments=(str(bits),))


def _raw(value: c_ast.Node, kind: CppType, coord: Any) -> c_ast.Node:
    """The bits of a number, without a sign."""
    if not is_integer(kind) or not is_signed(kind):
        return value
    return c_ast.Cast(typename(_unsigned(width(kind) or 32), coord), value, coord)


def _bits(scope: Expressions, node: Node, base: Node, arrow: bool, given: list[Node]) -> c_ast.Node:
    """Bits of a number, read: ``x[i]`` or ``x(high, low)``."""
    coord = scope.at(node)
    kind = scope.value_type(base)
    kind = kind.to if kind.kind == "pointer" and kind.to is not None else kind
    value = scope.lower(base)
    value = followed(value) if arrow else value
    bits = width(kind) or 1
    whole = c_ast.Cast(typename(_unsigned(bits), coord), value, coord) if is_signed(kind) or is_fixed(kind) else value
    if not given:
        return whole
    if len(given) == 1:
        moved = c_ast.BinaryOp(">>", whole, scope.lower(given[0]), coord)
        return c_ast.Cast(typename(_unsigned(1), coord), moved, coord)
    high, low = scope.many(given)
    moved = whole if _number(low) == 0 else c_ast.BinaryOp(">>", whole, low, coord)
    top, bottom = _number(high), _number(low)
    if top is not None and bottom is not None:
        return c_ast.Cast(typename(_unsigned(max(top - bottom + 1, 1)), coord), moved, coord)
    return c_ast.BinaryOp("&", moved, _mask(high, low, bits, coord), coord)


def _mask(high: c_ast.Node, low: c_ast.Node, bits: int, coord: Any) -> c_ast.Node:
    """Ones in as many bits as there are from ``low`` to ``high``."""
    top, bottom = _number(high), _number(low)
    one = c_ast.Cast(typename(_unsigned(bits + 1), coord), c_ast.Constant("int", "1", coord), coord)
    if top is not None and bottom is not None:
        count: c_ast.Node = c_ast.Constant("int", str(top - bottom + 1), coord)
    else:
        apart = c_ast.BinaryOp("-", copy.deepcopy(high), copy.deepcopy(low), coord)
        count = c_ast.BinaryOp("+", apart, c_ast.Constant("int", "1", coord), coord)
    return c_ast.BinaryOp("-", c_ast.BinaryOp("<<", one, count, coord), c_ast.Constant("int", "1", coord), coord)


def _bits_named(scope: Expressions, target: Node) -> tuple[Node, list[Node], bool] | None:
    """Of ``x[i]``, ``x(high, low)`` and the like: the number, what is given, whether by a pointer; None of another."""
    node = bare(target)
    parts = inner(node)
    if node.get("kind") == "CXXOperatorCallExpr":
        name = bare(parts[0]).get("referencedDecl", {}).get("name")
        if name not in ("operator[]", "operator()") or scope.value_type(parts[1]).kind != "number":
            return None
        return parts[1], parts[2:], False
    method = bare(parts[0]) if node.get("kind") == "CXXMemberCallExpr" else {}
    if method.get("name") not in ("range", "bit", "slice", "at") or not inner(method):
        return None
    base, arrow = inner(method)[0], bool(method.get("isArrow"))
    kind = scope.value_type(base)
    number = kind.to if arrow and kind.to is not None else kind
    return (base, parts[1:], arrow) if number.kind == "number" else None


def bits_assigned(scope: Expressions, target: Node, value: c_ast.Node, coord: Any) -> c_ast.Node | None:
    """``x[i] = v`` and ``x(high, low) = v``; None where the target is another."""
    node = bare(target)
    if node.get("kind") == "CXXOperatorCallExpr":
        name = bare(inner(node)[0]).get("referencedDecl", {}).get("name")
        if name == "operator," and scope.value_type(node).kind == "number":
            return _parts_assigned(scope, node, value, coord)
    named = _bits_named(scope, target)
    if named is None:
        return None
    base, given, arrow = named
    kind = scope.value_type(base)
    kind = kind.to if kind.kind == "pointer" and kind.to is not None else kind
    place = scope.lower(base)
    place = followed(place) if arrow else place
    if not given:
        return c_ast.Assignment("=", place, value, coord)
    bounds = scope.many(given)
    if not simple(place) or not all(simple(bound) for bound in bounds):
        raise scope.refuse(target, "bits of what is computed with a side effect")
    high, low = (bounds[0], bounds[-1])
    bits = width(kind) or 1
    unsigned = typename(_unsigned(bits), coord)
    mask = _mask(high, low, bits, coord)
    old = (
        c_ast.Cast(unsigned, copy.deepcopy(place), coord) if is_signed(kind) or is_fixed(kind) else copy.deepcopy(place)
    )
    holes = c_ast.UnaryOp(
        "~", c_ast.Cast(unsigned, c_ast.BinaryOp("<<", mask, copy.deepcopy(low), coord), coord), coord
    )
    kept = c_ast.BinaryOp("&", old, holes, coord)
    put = c_ast.BinaryOp("&", c_ast.Cast(unsigned, value, coord), copy.deepcopy(mask), coord)
    moved = c_ast.BinaryOp("<<", c_ast.Cast(unsigned, put, coord), copy.deepcopy(low), coord)
    return c_ast.Assignment("=", place, c_ast.BinaryOp("|", kept, moved, coord), coord)


def _parts_assigned(scope: Expressions, node: Node, value: c_ast.Node, coord: Any) -> c_ast.Node:
    """``(high, low) = v``: each part takes its bits, the last one the lowest (UG1399, "Bit Concatenation")."""
    whole = _unsigned(width(scope.value_type(node)) or 1)
    kept = scope.temporary(c_ast.Cast(typename(whole, coord), value, coord), whole, node)
    made: list[c_ast.Node] = []
    low = 0
    for part in _concatenated(node):
        bits = width(scope.value_type(part)) or 1
        moved = c_ast.BinaryOp(">>", copy.deepcopy(kept), c_ast.Constant("int", str(low), coord), coord)
        taken = c_ast.Cast(typename(_unsigned(bits), coord), moved if low else copy.deepcopy(kept), coord)
        made.append(scope.assign(part, part, taken))
        low += bits
    return c_ast.ExprList(made, coord)


def _concatenated(node: Node) -> list[Node]:
    """The parts of a concatenation, the lowest first."""
    node = bare(node)
    parts = inner(node)
    if node.get("kind") == "CXXOperatorCallExpr" and (
        bare(parts[0]).get("referencedDecl", {}).get("name") == "operator,"
    ):
        return [*_concatenated(parts[2]), *_concatenated(parts[1])]
    return [node]


def _number(node: c_ast.Node) -> int | None:
    if isinstance(node, c_ast.Constant) and node.value.rstrip("uUlL").isdigit():
        return int(node.value.rstrip("uUlL"))
    if isinstance(node, c_ast.BinaryOp) and node.op in ("+", "-", "*"):
        left, right = _number(node.left), _number(node.right)
        if left is not None and right is not None:
            return {"+": left + right, "-": left - right, "*": left * right}[node.op]
    return None


def said_of_number(kind: CppType, name: str) -> int | None:
    """What a constant of a number's class says: ``width``, ``iwidth``, ``fwidth``, ``sign_flag``; None of another."""
    bits = width(kind) or 0
    before = int(kind.arguments[1]) if is_fixed(kind) and kind.arguments[1:] and kind.arguments[1].isdigit() else bits
    said = {"width": bits, "iwidth": before, "fwidth": bits - before, "sign_flag": int(is_signed(kind))}
    return said.get(name) if bits else None


def _pixel(val: c_ast.Node, row: c_ast.Node, column: c_ast.Node, coord: Any) -> c_ast.Node:
    return c_ast.ArrayRef(c_ast.ArrayRef(val, row, coord), column, coord)


def _pixels(
    scope: Expressions, kind: CppType, name: str, value: c_ast.Node, arrow: bool, given: list[Node], coord: Any
) -> c_ast.Node | None:
    """What a window's or line buffer's method does to its pixels (UG902); None where it stays a call.

    Values are put in at the bottom, and pixels move up to make room for them.
    """
    extent = extent_of_pixels(kind)
    if extent is None or not simple(value):
        return None
    rows, columns = extent
    val = member(followed(value) if arrow else value, "val", coord)

    def at(row: c_ast.Node | int, column: c_ast.Node | int) -> c_ast.Node:
        subscripts = [
            c_ast.Constant("int", str(item), coord) if isinstance(item, int) else copy.deepcopy(item)
            for item in (row, column)
        ]
        return _pixel(copy.deepcopy(val), subscripts[0], subscripts[1], coord)

    def put(place: c_ast.Node, what: c_ast.Node) -> c_ast.Node:
        return c_ast.Assignment("=", place, what, coord)

    values = scope.many(given)
    buffer = kind.name.startswith("hls::LineBuffer<")
    if name == "getval" and len(values) == 2:
        return at(values[0], values[1])
    if name in ("insert", "insert_pixel") and len(values) == 3:
        return put(at(values[1], values[2]), values[0])
    if buffer and name in ("insert_bottom", "insert_bottom_row", "insert_top", "insert_top_row") and len(values) == 2:
        return put(at(rows - 1 if "bottom" in name else 0, values[1]), values[0])
    moved: list[c_ast.Node] = []
    if buffer and name in ("shift_pixels_up", "shift_pixels_down") and len(values) == 1 and simple(values[0]):
        for row in range(rows - 1) if name.endswith("up") else range(rows - 1, 0, -1):
            moved.append(put(at(row, values[0]), at(row + (1 if name.endswith("up") else -1), values[0])))
    elif not buffer and not values and name.startswith("shift_pixels_") and rows * columns <= _MOST_PIXELS:
        down, along = {"up": (1, 0), "down": (-1, 0), "left": (0, 1), "right": (0, -1)}[name.rpartition("_")[2]]
        for row in range(rows) if down >= 0 else reversed(range(rows)):
            for column in range(columns) if along >= 0 else reversed(range(columns)):
                if 0 <= row + down < rows and 0 <= column + along < columns:
                    moved.append(put(at(row, column), at(row + down, column + along)))
    if not moved:
        return None
    return moved[0] if len(moved) == 1 else c_ast.ExprList(moved, coord)


def method(scope: Expressions, node: Node, name: str, base: Node, arrow: bool, given: list[Node]) -> c_ast.Node:
    """A method of the library's types."""
    coord = scope.at(node)
    kind = scope.value_type(base)
    kind = kind.to if arrow and kind.kind == "pointer" and kind.to is not None else kind
    if kind.kind == "number":
        return _number_method(scope, node, name, base, arrow, given, kind)
    if is_stream(kind):
        if name == "read" and len(given) == 1:
            return scope.assign(node, given[0], _stream_call(scope, kind, "read", base, arrow, [], coord))
        if name == "read_nb" and len(given) == 1:
            return _stream_call(scope, kind, name, base, arrow, [address(scope.lower(given[0]))], coord)
        return _stream_call(scope, kind, name, base, arrow, scope.many(given), coord)
    value = scope.lower(base)
    if kind.kind == "record" and kind.name.startswith("hls::axis<") and name.startswith(("get_", "set_")):
        place = member(followed(value) if arrow else value, name[4:], coord)
        return place if name.startswith("get_") else c_ast.Assignment("=", place, scope.lower(given[0]), coord)
    if name.startswith("operator "):
        return value
    if is_pixels(kind) and (found := _pixels(scope, kind, name, value, arrow, given, coord)) is not None:
        return found
    if is_vector(kind) and (found := _elements(scope, kind, name, value, arrow, given, coord)) is not None:
        return found
    this = value if arrow else (address(value) if lvalue(value) else value)
    called = scope.unit.known(f"{kind.name}::{name}", coord, scope.type(node))
    return c_ast.FuncCall(called, c_ast.ExprList([this, *scope.many(given)], coord), coord)


def _elements(
    scope: Expressions, kind: CppType, name: str, value: c_ast.Node, arrow: bool, given: list[Node], coord: Any
) -> c_ast.Node | None:
    """What a method of an array or vector gives: an element, or a pointer to one; None for other methods."""
    length = c_ast.Constant("int", kind.arguments[1], coord)
    if name in ("size", "max_size"):
        return length
    if name == "empty":
        return c_ast.Constant("int", str(int(kind.arguments[1] == "0")), coord)
    data = member(followed(value) if arrow else value, "data", coord)
    if name in ("data", "begin", "cbegin"):
        return c_ast.BinaryOp("+", data, c_ast.Constant("int", "0", coord), coord)
    if name in ("end", "cend"):
        return c_ast.BinaryOp("+", data, length, coord)
    if name == "at":
        return c_ast.ArrayRef(data, scope.lower(given[0]), coord)
    if name in ("front", "back"):
        last = int(kind.arguments[1]) - 1 if kind.arguments[1].isdigit() else 0
        return c_ast.ArrayRef(data, c_ast.Constant("int", str(last if name == "back" else 0), coord), coord)
    return None


def _stream_call(
    scope: Expressions, kind: CppType, name: str, base: Node, arrow: bool, values: list[c_ast.Node], coord: Any
) -> c_ast.Node:
    value = scope.lower(base)
    this = value if arrow else address(value)
    plain = CppType("record", kind.name, arguments=kind.arguments)
    returns = scope.index.types.read(kind.arguments[0]) if name == "read" else None
    called = scope.unit.known(f"{plain.name}::{name}", coord, returns)
    return c_ast.FuncCall(called, c_ast.ExprList([this, *values], coord), coord)


def _number_method(
    scope: Expressions, node: Node, name: str, base: Node, arrow: bool, given: list[Node], kind: CppType
) -> c_ast.Node:
    coord = scope.at(node)

    def value() -> c_ast.Node:
        found = scope.lower(base)
        return followed(found) if arrow else found

    def place() -> c_ast.Node:
        found = value()
        if not simple(found):
            raise scope.refuse(node, "bits of what is computed with a side effect")
        return found

    if name in ("range", "bit", "slice", "at", "test", "get_bit"):
        return _bits(scope, node, base, arrow, given)
    if name in _CONVERSIONS:
        return c_ast.Cast(typename(CppType("plain", _CONVERSIONS[name]), coord), value(), coord)
    if name.startswith("operator "):
        return value()
    if name in ("length", "getWidth"):
        return c_ast.Constant("int", str(width(kind) or 0), coord)
    zero = c_ast.Constant("int", "0", coord)
    if name in ("is_zero", "iszero", "nor_reduce"):
        return c_ast.BinaryOp("==", value(), zero, coord)
    if name == "or_reduce":
        return c_ast.BinaryOp("!=", value(), zero, coord)
    if name in ("is_neg", "sign"):
        return c_ast.BinaryOp("<", value(), zero, coord)
    bits = width(kind) or 1
    unsigned = typename(_unsigned(bits), coord)
    if name in ("and_reduce", "nand_reduce"):
        op = "==" if name == "and_reduce" else "!="
        ones = c_ast.Cast(unsigned, c_ast.UnaryOp("~", c_ast.Cast(unsigned, zero, coord), coord), coord)
        return c_ast.BinaryOp(op, c_ast.Cast(unsigned, value(), coord), ones, coord)
    if name in ("set_bit", "set", "clear", "invert") and given:
        one = c_ast.BinaryOp(
            "<<", c_ast.Cast(unsigned, c_ast.Constant("int", "1", coord), coord), scope.lower(given[0]), coord
        )
        if name == "invert":
            return c_ast.Assignment("=", place(), c_ast.BinaryOp("^", place(), one, coord), coord)
        cleared = c_ast.BinaryOp("&", place(), c_ast.UnaryOp("~", one, coord), coord)
        if name == "clear":
            return c_ast.Assignment("=", place(), cleared, coord)
        if len(given) == 1:
            return c_ast.Assignment("=", place(), c_ast.BinaryOp("|", place(), one, coord), coord)
        bit = c_ast.BinaryOp("!=", scope.lower(given[1]), zero, coord)
        moved = c_ast.BinaryOp("<<", c_ast.Cast(unsigned, bit, coord), scope.lower(given[0]), coord)
        return c_ast.Assignment("=", place(), c_ast.BinaryOp("|", cleared, moved, coord), coord)
    if name in ("set", "clear"):
        filled = c_ast.UnaryOp("-", c_ast.Constant("int", "1", coord), coord) if name == "set" else zero
        return c_ast.Assignment("=", value(), filled, coord)
    if name == "concat" and len(given) == 1:
        return _number_operator(scope, node, ",", [base, given[0]], [kind, scope.value_type(given[0])])
    found = value()
    called = scope.unit.known(f"{kind.name}::{name}", coord, scope.type(node))
    this = address(found) if lvalue(found) and name in ("reverse", "lrotate", "rrotate", "b_not") else found
    return c_ast.FuncCall(called, c_ast.ExprList([this, *scope.many(given)], coord), coord)


def constructed(
    scope: Expressions, kind: CppType, node: Node, target: c_ast.Node
) -> tuple[c_ast.Node | None, list[c_ast.Node]]:
    """How an object of a library's class is made."""
    if kind.name.startswith(_REFUSED):
        raise scope.refuse(
            node, f"{kind.name.split('<')[0]}, which takes memory as it runs,", "use an array of fixed size"
        )
    given = inner(node)
    coord = scope.at(node)
    if kind.name.startswith(_TASKS):
        return None, [_task(scope, node, given)] if given else []
    if (
        is_stream(kind)
        or not given
        or kind.name.startswith(("hls::stream", "hls::axis<", "ap_shift_reg", "hls::split", "hls::merge"))
    ):
        return None, []
    if all(bare_kind.get("kind") == "StringLiteral" for bare_kind in map(bare, given)):
        return None, []
    listed = listed_values(given[0]) if is_vector(kind) and len(given) == 1 else None
    if listed is not None and kind.arguments[1:] == (str(len(inner(listed))),):
        data, after = scope.initial(scope.type(listed), listed, member(copy.deepcopy(target), "data", coord))
        return c_ast.InitList([data], coord), after
    names = members_of_tuple(kind)
    if names is not None and len(given) == len(names):
        return None, [
            c_ast.Assignment("=", member(copy.deepcopy(target), name, coord), scope.lower(part), coord)
            for name, part in zip(names, given, strict=True)
        ]
    if names is not None and len(given) == 1 and (made := scope.lower(given[0])) is not None:
        return made, []
    called_name = scope.unit.known(f"{kind.name}::{kind.name.split('<')[0].rpartition('::')[2]}", coord)
    values = [address(target), *scope.many([part for part in given if part.get("kind") != "CXXDefaultArgExpr"])]
    return None, [c_ast.FuncCall(called_name, c_ast.ExprList(values, coord), coord)]


def _task(scope: Expressions, node: Node, given: list[Node]) -> c_ast.Node:
    """What a task runs: the function that it is given first, with the arguments behind."""
    found = bare(given[0]).get("referencedDecl") if given else None
    if found is None:
        raise scope.refuse(node, "a task that is no plain function")
    return scope.call(found["id"], found, given[1:], node)


def from_text(scope: Expressions, node: Node, kind: CppType, given: list[Node]) -> c_ast.Node:
    """A number from its digits in a string: decimal, or as a prefix or the given radix says."""
    text = given[0]
    while text.get("kind") in ("ImplicitCastExpr", "ParenExpr"):
        text = inner(text)[-1]
    radix = 10
    if len(given) > 1:
        base = scope.lower(given[1])
        radix = int(base.value) if isinstance(base, c_ast.Constant) and base.value.isdigit() else 0
    digits = str(text.get("value", "")).strip('"').strip().replace("_", "")
    try:
        if not is_integer(kind):
            value = float(digits)
            return c_ast.Constant("double", repr(value), scope.at(node))
        prefixed = digits.lstrip("+-").lower().startswith(("0x", "0b", "0o"))
        number = int(digits, 0 if prefixed else radix)
    except ValueError:
        raise scope.refuse(node, f"{kind.name} from a string that is no number") from None
    bits = width(kind) or 1
    number &= (1 << bits) - 1
    if number >> 64:
        raise scope.refuse(node, f"{kind.name} from a string of more than 64 bits")
    words, suffix = ("int", "") if number < 1 << 31 else ("unsigned long int", "ul")
    coord = scope.at(node)
    return c_ast.Cast(typename(kind, coord), c_ast.Constant(words, f"{number}{suffix}", coord), coord)
