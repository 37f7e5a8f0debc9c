"""Random programs of loops, conditions and array elements: as C text, and executed in Python access by access."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from hypothesis import strategies as st

ARRAYS = {"a": 2, "b": 1, "c": 1}
"""Arrays with their numbers of dimensions."""
SIZE = 64
OFFSET = 20
"""Added to every subscript, so that it stays inside the array."""


@dataclass(frozen=True)
class Sum:
    """``constant + sum(factor * variable)``."""

    constant: int
    terms: tuple[tuple[str, int], ...] = ()

    def text(self) -> str:
        parts = [name if by == 1 else f"{by} * {name}" for name, by in self.terms]
        return " + ".join([*parts, str(self.constant)]).replace("+ -", "- ")

    def value(self, at: dict[str, int]) -> int:
        return self.constant + sum(by * at[name] for name, by in self.terms)


@dataclass
class Touch:
    """One access: array (or scalar) and subscripts."""

    name: str
    index: tuple[Sum, ...]
    write: bool
    number: int = -1

    def text(self) -> str:
        return self.name + "".join(f"[{item.text()}]" for item in self.index)


@dataclass
class Assign:
    """``target = reads + ...``, or ``target += ...``."""

    reads: list[Touch]
    target: Touch
    again: Touch | None


@dataclass
class If:
    """``if (left OP right)``, with an alternative perhaps."""

    left: Sum
    operator: str
    right: Sum
    yes: Body
    no: Body


@dataclass
class Loop:
    """``for (v = first; v OP bound; v += step)``."""

    name: str
    first: Sum
    operator: str
    bound: Sum
    step: int
    body: Body


Body: TypeAlias = "list[Assign | If | Loop]"


@dataclass(frozen=True)
class Event:
    """One access while the program runs."""

    touch: Touch
    counters: tuple[tuple[str, int], ...]
    """Iteration of each loop around it, outermost first."""
    element: tuple[int, ...]


@dataclass
class Program:
    """A program; its accesses are numbered in the order of the text."""

    body: Body
    touches: list[Touch] = field(default_factory=list)

    def __post_init__(self) -> None:
        for touch in _touches(self.body):
            touch.number = len(self.touches)
            self.touches.append(touch)

    def text(self) -> str:
        arguments = ", ".join(f"int {name}{f'[{SIZE}]' * dims}" for name, dims in ARRAYS.items())
        variables = sorted({loop.name for loop in _loops(self.body)})
        head = f"void f({arguments}) {{\n  int s = 0;\n" + "".join(f"  int {name};\n" for name in variables)
        return head + _text(self.body, "  ") + "}\n"

    def run(self) -> list[Event]:
        events: list[Event] = []
        _run(self.body, {}, (), events)
        return events


def _loops(body: Body) -> Iterator[Loop]:
    for item in body:
        if isinstance(item, Loop):
            yield item
            yield from _loops(item.body)
        elif isinstance(item, If):
            yield from _loops(item.yes)
            yield from _loops(item.no)


def _touches(body: Body) -> Iterator[Touch]:
    for item in body:
        if isinstance(item, Assign):
            yield from item.reads
            if item.again is not None:
                yield item.again
            yield item.target
        elif isinstance(item, If):
            yield from _touches(item.yes)
            yield from _touches(item.no)
        else:
            yield from _touches(item.body)


def _text(body: Body, indent: str) -> str:
    lines: list[str] = []
    for item in body:
        if isinstance(item, Assign):
            value = " + ".join([touch.text() for touch in item.reads] or ["1"])
            lines.append(f"{indent}{item.target.text()} {'+=' if item.again else '='} {value};\n")
        elif isinstance(item, If):
            lines.append(f"{indent}if ({item.left.text()} {item.operator} {item.right.text()}) {{\n")
            lines.append(_text(item.yes, indent + "  "))
            lines.append(
                f"{indent}}} else {{\n{_text(item.no, indent + '  ')}{indent}}}\n" if item.no else f"{indent}}}\n"
            )
        else:
            test = f"{item.name} {item.operator} {item.bound.text()}"
            lines.append(f"{indent}for ({item.name} = {item.first.text()}; {test}; {item.name} += {item.step}) {{\n")
            lines.append(_text(item.body, indent + "  ") + f"{indent}}}\n")
    return "".join(lines)


def holds(left: int, operator: str, right: int) -> bool:
    """A comparison."""
    return {
        "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right,
        "==": left == right, "!=": left != right,
    }[operator]  # fmt: skip


def _run(body: Body, at: dict[str, int], counters: tuple[tuple[str, int], ...], events: list[Event]) -> None:
    for item in body:
        if isinstance(item, Assign):
            for touch in [*item.reads, *([item.again] if item.again else []), item.target]:
                events.append(Event(touch, counters, tuple(index.value(at) for index in touch.index)))
        elif isinstance(item, If):
            _run(item.yes if holds(item.left.value(at), item.operator, item.right.value(at)) else item.no,
                 at, counters, events)  # fmt: skip
        else:
            at[item.name], count, bound = item.first.value(at), 0, item.bound.value(at)
            while holds(at[item.name], item.operator, bound):
                _run(item.body, at, (*counters, (item.name, count)), events)
                at[item.name] += item.step
                count += 1


@st.composite
def programs(draw: st.DrawFn, *, conditional: bool = True) -> Program:
    """Up to three nested loops, rectangular or triangular, any step, several statements, conditions on loop variables.

    Subscripts are sums of loop variables, flattened ones (``4 * i + j``) among them. Without ``conditional`` there are
    no conditions.
    """
    serial = iter(range(100))

    def form(outer: list[str], spread: int) -> Sum:
        names = draw(st.lists(st.sampled_from(outer), max_size=2, unique=True)) if outer else []
        terms = tuple((name, draw(st.sampled_from([1, 1, 1, -1, 2, 4]))) for name in names)
        return Sum(draw(st.integers(-spread, spread)), terms)

    def touch(outer: list[str], write: bool) -> Touch:
        name = draw(st.sampled_from(["a", "a", "b", "b", "c", "s"]))
        index = tuple(form(outer, 3) for _ in range(ARRAYS.get(name, 0)))
        return Touch(name, tuple(Sum(item.constant + OFFSET, item.terms) for item in index), write)

    def assign(outer: list[str]) -> Assign:
        target = touch(outer, True)
        again = Touch(target.name, target.index, False) if draw(st.booleans()) else None
        return Assign([touch(outer, False) for _ in range(draw(st.integers(0, 2)))], target, again)

    def loop(outer: list[str], depth: int) -> Loop:
        name, step = f"v{next(serial)}", draw(st.sampled_from([1, 1, 1, 2, 3, -1, -2]))
        related = draw(st.sampled_from([None, None, *outer]))
        low = Sum(draw(st.integers(-1, 2)), ((related, 1),) if related else ())
        related = draw(st.sampled_from([None, None, *outer]))
        high = Sum(draw(st.integers(1, 5)), ((related, 1),) if related else ())
        operator = draw(st.sampled_from(["<", "<="])) if step > 0 else draw(st.sampled_from([">", ">="]))
        first, bound = (low, high) if step > 0 else (high, low)
        return Loop(name, first, operator, bound, step, block([*outer, name], depth + 1))

    def block(outer: list[str], depth: int) -> Body:
        body: Body = []
        for _ in range(draw(st.integers(1, 2))):
            kinds = ["assign", "assign"] + ["loop"] * (2 if depth < 3 else 0) + ["if"] * (conditional and bool(outer))
            kind = draw(st.sampled_from(kinds))
            if kind == "loop":
                body.append(loop(outer, depth))
            elif kind == "if":
                operator = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
                no: Body = [assign(outer)] if draw(st.booleans()) else []
                body.append(If(form(outer, 3), operator, form(outer, 3), [assign(outer)], no))
            else:
                body.append(assign(outer))
        return body

    body: Body = [assign([])] if draw(st.booleans()) else []
    return Program([*body, *(loop([], 0) for _ in range(draw(st.integers(1, 2))))])
