"""Random small design spaces with random rules, and their valid points by brute force."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from pipeline.design_space import DesignSpace, Point, SiteSpace
from pipeline.design_space.rules import TRUE, And, Arithmetic, Comparisons, Const, Minus, Name, Not, Options, Or, Rule
from pipeline.terms import SiteKind

_NUMBERS = ("A1", "A10", "A2", "C")
_TEXTS = ("B0", "D")
VALUES: dict[str, tuple[int | str, ...]] = {
    "A1": (1, 2, 4),
    "A10": (0, 3, -2),
    "A2": (1, 5),
    "C": (2, "off", 1),
    "B0": ("off", "", "flatten"),
    "D": ("flatten", "NAN"),
}


def _numbers(names: list[str]) -> st.SearchStrategy[Rule]:
    leaves: list[st.SearchStrategy[Rule]] = [st.integers(-3, 6).map(Const), st.sampled_from([0.5, 2.0]).map(Const)]
    if names:
        leaves.append(st.sampled_from(names).map(Name))
    return st.recursive(
        st.one_of(leaves),
        lambda inner: st.one_of(
            st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner, inner),
            inner.filter(lambda rule: not isinstance(rule, Const)).map(Minus),
        ),
        max_leaves=4,
    )


def rules(names: list[str]) -> st.SearchStrategy[Rule]:
    """Rules over the named sites of :data:`VALUES`."""
    numbers = _numbers([name for name in names if name in _NUMBERS])
    order = st.builds(
        lambda first, pairs: Comparisons(first, tuple(op for op, _ in pairs), tuple(rule for _, rule in pairs)),
        numbers,
        st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), numbers), min_size=1, max_size=2),
    )
    anything = st.one_of(numbers, st.sampled_from(["off", "", "flatten", "other"]).map(Const))
    if names:
        anything = st.one_of(anything, st.sampled_from(names).map(Name))
    same = st.builds(lambda a, op, b: Comparisons(a, (op,), (b,)), anything, st.sampled_from(["==", "!="]), anything)
    member = st.builds(
        lambda a, op, items: Comparisons(a, (op,), (Options(tuple(items)),)),
        anything,
        st.sampled_from(["in", "not in"]),
        st.lists(anything, max_size=3),
    )
    return st.recursive(
        st.one_of(order, same, member),
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(_flat_and),
            st.lists(inner, min_size=2, max_size=3).map(_flat_or),
        ),
        max_leaves=5,
    )


def _flat_and(items: list[Rule]) -> Rule:
    return And(tuple(part for item in items for part in (item.items if isinstance(item, And) else (item,))))


def _flat_or(items: list[Rule]) -> Rule:
    return Or(tuple(part for item in items for part in (item.items if isinstance(item, Or) else (item,))))


@st.composite
def spaces(draw: st.DrawFn) -> DesignSpace:
    """Spaces of up to six sites, each with or without a rule."""
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), unique=True, max_size=6))
    sites = []
    for name in names:
        kind = SiteKind.PIPELINE if name in _TEXTS else SiteKind.PARALLEL
        rule = draw(st.one_of(st.just(TRUE), rules(names)))
        sites.append(SiteSpace(name, kind, VALUES[name], VALUES[name][0], rule))
    return DesignSpace(sites)


def brute_force(space: DesignSpace) -> list[Point]:
    """All valid points in order, each combination checked on its own by the rules' evaluation on one point."""
    found = []
    for combination in itertools.product(*(site.values for site in space.sites)):
        point = dict(zip(space.names, combination, strict=True))
        if all(site.rule.holds(point) for site in space.sites):
            found.append(point)
    return found
