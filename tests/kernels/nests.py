"""Random loop nests: as C text, and counted by stepping through them in Python with C's rules."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st

from pipeline.kernels import trip_counts

OPERATORS = ("<", "<=", ">", ">=", "!=")
CAP = 300
"""Iterations after which a loop counts as endless."""


@dataclass
class Nest:
    """``for (v = first; v OP bound; v += step) { children }``; first and bound may add an outer variable."""

    name: str
    first: int
    first_of: str | None
    operator: str
    bound: int
    bound_of: str | None
    step: int
    form: int
    braces: bool
    flipped: bool
    children: list[Nest] = field(default_factory=list)

    def text(self, indent: str = "  ") -> str:
        name = self.name
        first = f"{self.first_of} + {self.first}" if self.first_of else str(self.first)
        bound = f"{self.bound_of} + {self.bound}" if self.bound_of else str(self.bound)
        test = f"{name} {self.operator} {bound}"
        if self.flipped:
            mirror = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "!=": "!="}
            test = f"{bound} {mirror[self.operator]} {name}"
        steps = [f"{name} += {self.step}", f"{name} = {name} + {self.step}", f"{name} -= {-self.step}"]
        if self.step == 1:
            steps += [f"{name}++", f"++{name}"]
        if self.step == -1:
            steps += [f"{name}--", f"--{name}"]
        head = f"{indent}for ({name} = {first}; {test}; {steps[self.form % len(steps)]})"
        body = "".join(child.text(indent + "  ") for child in self.children) or f"{indent}  a[0] += 1;\n"
        if self.braces or len(self.children) > 1:
            return f"{head} {{\n{body}{indent}}}\n"
        return f"{head}\n{body}"

    def walk(self) -> list[Nest]:
        return [self, *(inner for child in self.children for inner in child.walk())]

    def run(self, variables: dict[str, int], counts: dict[str, list[int]]) -> bool:
        """Executes the nest; False where a loop does not end within ``CAP`` iterations."""
        value = self.first + (variables[self.first_of] if self.first_of else 0)
        bound = self.bound + (variables[self.bound_of] if self.bound_of else 0)
        trips = 0
        while {
            "<": value < bound,
            "<=": value <= bound,
            ">": value > bound,
            ">=": value >= bound,
            "!=": value != bound,
        }[self.operator]:
            trips += 1
            if trips > CAP:
                return False
            variables[self.name] = value
            for child in self.children:
                if not child.run(variables, counts):
                    return False
            value += self.step
        counts.setdefault(self.name, []).append(trips)
        return True


@st.composite
def nests(draw: st.DrawFn, depth: int = 3) -> Nest:
    """A nest of up to ``depth`` levels with at most two loops side by side."""
    serial = iter(range(100))

    def make(level: int, outer: list[str]) -> Nest:
        name = f"v{next(serial)}"
        related = st.sampled_from([None, None, *outer])
        nest = Nest(
            name,
            draw(st.integers(-6, 12)),
            draw(related),
            draw(st.sampled_from(OPERATORS)),
            draw(st.integers(-6, 14)),
            draw(related),
            draw(st.sampled_from([1, 1, 1, -1, -1, 2, 3, 4, -2, -5])),
            draw(st.integers(0, 5)),
            draw(st.booleans()),
            draw(st.booleans()),
        )
        if level < depth:
            nest.children = [make(level + 1, [*outer, name]) for _ in range(draw(st.integers(0, 2)))]
        return nest

    return make(1, [])


@contextlib.contextmanager
def executed_at_most(iterations: int) -> Iterator[None]:
    """Within the block the reader gives a loop that it executes up after so many: endless ones take most of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trip_counts, "_MAX_SIMULATED", iterations)
        yield
