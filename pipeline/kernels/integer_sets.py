"""Sets of integer points given by linear constraints, and the questions that are asked of them.

islpy (the integer set library isl) answers; every question has a limit on its operations, and what is not decided
within it is said to be undecided, never guessed.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.errors import PipelineError

try:
    import islpy as isl
except ImportError:
    raise PipelineError(
        "the analysis of array accesses needs islpy, which is not installed (it has no wheel for Windows)",
        fix="pip install islpy, on Linux or macOS",
    ) from None

MOST_OPERATIONS = 200_000
"""Operations of isl for one question: some 20 ms."""
_KEPT_NUMBERS = 10_000

Form: TypeAlias = "tuple[int, Mapping[Hashable, int]]"
"""``constant + sum(factor * unknown)``."""


class Undecided(Exception):
    """A question that took more than :data:`MOST_OPERATIONS`."""


@dataclass(slots=True)
class Points:
    """All integer values of the unknowns for which every form of ``zero`` is 0 and of ``least`` is 0 or more."""

    zero: list[Form] = field(default_factory=list)
    least: list[Form] = field(default_factory=list)

    def unknowns(self) -> dict[Hashable, int]:
        """Each unknown with its place, in the order of appearance."""
        found: dict[Hashable, int] = {}
        for _, terms in (*self.zero, *self.least):
            for name in terms:
                found.setdefault(name, len(found))
        return found


def combined(left: Form, right: Form, factor: int = 1) -> Form:
    """``left + factor * right``."""
    terms = dict(left[1])
    for name, by in right[1].items():
        terms[name] = terms.get(name, 0) + factor * by
    return left[0] + factor * right[0], {name: by for name, by in terms.items() if by}


def scaled(form: Form, factor: int, plus: int = 0) -> Form:
    """``factor * form + plus``."""
    return form[0] * factor + plus, {name: by * factor for name, by in form[1].items()}


class Isl(threading.local):
    """This thread's context. Numbers are kept: making them takes most of the time of stating a constraint."""

    def __init__(self) -> None:
        super().__init__()
        self.context = isl.Context()
        self.context.set_max_operations(MOST_OPERATIONS)
        self.numbers: dict[int, isl.Val] = {}

    def number(self, value: int) -> isl.Val:
        """The number as isl has it."""
        found = self.numbers.get(value)
        if found is None:
            if len(self.numbers) > _KEPT_NUMBERS:
                self.numbers.clear()
            found = self.numbers[value] = isl.Val.read_from_str(self.context, str(value))
        return found


_isl = Isl()


def _basic(points: Points, places: Mapping[Hashable, int]) -> isl.BasicSet:
    space = isl.Space.set_alloc(_isl.context, 0, len(places))
    local = isl.LocalSpace.from_space(space)
    found = isl.BasicSet.universe(space)
    number, unknown = _isl.number, isl.dim_type.set
    for make, forms in ((isl.Constraint.alloc_equality, points.zero), (isl.Constraint.alloc_inequality, points.least)):
        for constant, terms in forms:
            row = make(local)
            if constant:
                row = row.set_constant_val(number(constant))
            for name, by in terms.items():
                row = row.set_coefficient_val(unknown, places[name], number(by))
            found = found.add_constraint(row)
    return found


def extent(points: Points, unknown: Hashable) -> tuple[int | None, int | None] | None:
    """The least and the greatest value of an unknown, each None where there is no bound; None for no point at all.

    Raises :class:`Undecided`.
    """
    low = _end(points, unknown, least=True)
    return None if low is None else (low[0], (_end(points, unknown, least=False) or (None,))[0])


def least(points: Points, unknown: Hashable) -> int | None:
    """The least value of an unknown that is bounded below, None where there is no point. Raises :class:`Undecided`."""
    found = _end(points, unknown, least=True)
    return None if found is None else found[0]


def empty(points: Points) -> bool:
    """Whether there is no point. Raises :class:`Undecided`."""
    if _plainly_empty(points):
        return True
    try:
        _isl.context.reset_operations()
        return bool(_basic(points, points.unknowns()).is_empty())
    except isl.Error as error:
        raise Undecided(str(error)) from None


def _end(points: Points, unknown: Hashable, *, least: bool) -> tuple[int | None] | None:
    if _plainly_empty(points):
        return None
    places = points.unknowns()
    places.setdefault(unknown, len(places))
    try:
        _isl.context.reset_operations()
        found = _basic(points, places).to_set()
        local = isl.LocalSpace.from_space(found.get_space())
        target = isl.Aff.var_on_domain(local, isl.dim_type.set, places[unknown])
        value = found.min_val(target) if least else found.max_val(target)
    except isl.Error as error:
        raise Undecided(str(error)) from None
    if value.is_nan():
        return None
    return (int(value.to_python()) if value.is_int() else None,)


def covered(whole: Points, parts: Iterable[Points], kept: Sequence[Hashable]) -> bool:
    """Whether every point of ``whole``, seen in the unknowns ``kept``, is seen in one of ``parts`` too.

    Raises :class:`Undecided`.
    """
    try:
        _isl.context.reset_operations()
        rest = _seen(whole, kept)
        if rest.is_empty():
            return True
        for part in parts:
            if _plainly_empty(part):
                continue
            rest = rest.subtract(_seen(part, kept))
            if rest.is_empty():
                return True
    except isl.Error as error:
        raise Undecided(str(error)) from None
    return False


def _seen(points: Points, kept: Sequence[Hashable]) -> isl.Set:
    places: dict[Hashable, int] = {name: place for place, name in enumerate(kept)}
    for name in points.unknowns():
        places.setdefault(name, len(places))
    found = _basic(points, places).to_set()
    return found.project_out(isl.dim_type.set, len(kept), len(places) - len(kept))


def _plainly_empty(points: Points) -> bool:
    """Whether a constraint without unknowns fails: most pairs of constant subscripts are settled so."""
    return any(constant for constant, terms in points.zero if not terms) or any(
        constant < 0 for constant, terms in points.least if not terms
    )
