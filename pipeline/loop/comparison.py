"""Two designs side by side: sites, loops, resources, cycles and time; and what got worse by more than a share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.design_space.keys import value_words
from pipeline.errors import PipelineError, plain_number
from pipeline.files import read_own
from pipeline.reports import parse_report
from pipeline.reports.report import Range
from pipeline.terms import Resource

POINT, REPORT, SUMMARY = "point.json", "csynth.xml", "summary.json"
FIGURES = ("cycles", "ns", *Resource)
"""What a design is judged by; the least is the best of each."""


@dataclass(frozen=True)
class Compared:
    """A design as its folder tells it. ``figures`` by :data:`FIGURES`: cycles, ns, shares of the device; None unknown.

    ``loops``: trip count, II and latency in cycles as text, by the loop's name and module; empty without a report.
    ``names``: what people call sites, ``TAP.unroll``, where that is not their name.
    """

    place: str
    kernel: str
    basis: dict[str, Any]
    assumed_trips: int | None
    point: dict[str, Any]
    figures: dict[str, float | None]
    loops: dict[str, dict[str, str]]
    names: Mapping[str, str]


def read_design(folder: Path) -> Compared:
    """The design in the folder of a finished loop, in its ``best/`` or in a folder of it.

    Raises PipelineError where there is none, or more than one, or what is there is damaged.
    """
    place = next((p for p in (folder, folder / "best") if (p / POINT).is_file()), None)
    if place is None:
        several = sorted(p.parent.name for p in folder.glob(f"best/*/{POINT}"))
        if several:
            raise PipelineError(
                "holds a design a kernel", file=str(folder), fix=f"name one of them, as {folder / 'best' / several[0]}"
            )
        if (folder / SUMMARY).is_file():
            raise PipelineError(
                "no design of this loop fits, so it has none that is the best",
                file=str(folder),
                fix="name one of its runs.csv by its key, with --first-key or --second-key, or as-written",
            )
        raise PipelineError(
            "holds no design", file=str(folder), fix="name the folder of a finished loop, as workspace/loops/latest"
        )
    told = read_own(place / POINT, "kernel", "point", "source", "cycles", "clock_ns", "part", "clock_target_ns")
    cycles, clocks = told["cycles"], [c for c in (told["clock_ns"], told["clock_target_ns"]) if c is not None]
    used = {str(name): told.get(f"util_{name}") for name in Resource}
    return Compared(
        place=str(folder),
        kernel=told["kernel"],
        basis={"source": told["source"], "part": told["part"], "clock": told["clock_target_ns"]},
        assumed_trips=told.get("assumed_trips"),
        point=told["point"],
        figures={"cycles": cycles, "ns": cycles * max(clocks) if cycles is not None and clocks else None, **used},
        loops=report_loops((place / REPORT).read_bytes()) if (place / REPORT).is_file() else {},
        names=told.get("names") or {},
    )


def report_loops(report: bytes) -> dict[str, dict[str, str]]:
    """The loops of a csynth.xml as :class:`Compared` has them."""
    return loops_text(
        (
            f"{loop.module}/{loop.name}",
            {"trips": loop.trip_count, "II": loop.initiation_interval, "latency": loop.latency},
        )
        for loop in parse_report(report).loops
    )


def loops_text(loops: Iterable[tuple[str, Mapping[str, Range]]]) -> dict[str, dict[str, str]]:
    """Loops by name, a second one of a name with a stroke; their figures as text."""
    found: dict[str, dict[str, str]] = {}
    for name, facts in loops:
        while name in found:
            name += "'"
        found[name] = {what: _range(value) for what, value in facts.items()}
    return found


def _range(value: Range) -> str:
    if value.minimum is None and value.maximum is None:
        return "?"
    if value.minimum == value.maximum:
        return f"{value.maximum:,}"
    return " to ".join("?" if end is None else f"{end:,}" for end in (value.minimum, value.maximum))


def compare(first: Compared, second: Compared) -> dict[str, Any]:
    """The facts as JSON values. ``change`` is second / first - 1: None where unknown, "inf" where it came from nothing.

    ``obstacles`` says, one a line, why the figures are not of one kind; empty where they are. A site that people call
    otherwise has that as its ``name``.
    """
    obstacles = [
        f"{name} differs: {mine} and {second.basis[name]}"
        for name, mine in first.basis.items()
        if mine != second.basis[name]
    ]
    if first.kernel != second.kernel:
        obstacles.append(f"kernel differs: {first.kernel} and {second.kernel}")
    if first.assumed_trips != second.assumed_trips:
        obstacles.append("only one of the two has a loop without a known bound, or they assume other iterations")
    return {
        "first": first.place,
        "second": second.place,
        "kernel": first.kernel,
        **first.basis,
        "obstacles": obstacles,
        "figures": {
            name: {"first": mine, "second": other, "change": _change(mine, other)}
            for name, mine in first.figures.items()
            for other in (second.figures[name],)
        },
        "sites": _named(_differences(first.point, second.point), {**first.names, **second.names}),
        "loops": _differences(first.loops, second.loops),
    }


def _differences(first: dict[str, Any], second: dict[str, Any]) -> dict[str, dict[str, Any]]:
    named = dict.fromkeys((*first, *second))
    return {
        name: {"first": first.get(name), "second": second.get(name)}
        for name in named
        if first.get(name) != second.get(name)
    }


def _named(sites: dict[str, dict[str, Any]], names: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {site: {"name": names[site], **told} if site in names else told for site, told in sites.items()}


def _change(first: float | None, second: float | None) -> float | str | None:
    if first is None or second is None:
        return None
    if first == 0:
        return 0.0 if second == 0 else "inf"
    return round(second / first - 1, 6)


def worsened(facts: dict[str, Any], share: float, figures: Sequence[str]) -> list[str]:
    """Which of the ``figures`` of :func:`compare` grew by more than ``share`` (0.05 is 5 %).

    Raises PipelineError where that cannot be judged: figures of another kind, or known of one design alone.
    """
    if facts["obstacles"]:
        raise PipelineError(
            f"the designs cannot be judged: {'; '.join(facts['obstacles'])}",
            fix="leave --fail-above out to see them beside each other, or compare runs of one kind",
        )
    found = []
    for name in figures:
        told = facts["figures"][name]
        if (told["first"] is None) != (told["second"] is None):
            known = "first" if told["second"] is None else "second"
            raise PipelineError(f"{name} is known of the {known} design alone", fix="choose others with --figures")
        if told["change"] is not None and float(told["change"]) > share:
            found.append(name)
    return found


def comparison_text(facts: dict[str, Any]) -> str:
    """The facts as aligned lines for a terminal."""
    lines = [headline(facts), f"first:  {facts['first']}", f"second: {facts['second']}"]
    lines += [f"Note: not of one kind: {'; '.join(facts['obstacles'])}"] if facts["obstacles"] else []
    lines.append(f"{'':10} {'first':>14} {'second':>14} {'change':>9}")
    for name, told in facts["figures"].items():
        values = [figure_text(name, told[which]) for which in ("first", "second")]
        lines.append(f"{name:10} {values[0]:>14} {values[1]:>14} {change_text(told['change']):>9}")
    for title in ("sites", "loops"):
        lines.append(f"{title} that differ:" if facts[title] else f"{title}: none differs")
        for name, told in facts[title].items():
            lines.append(f"  {told.get('name', name)}: {told_text(told['first'])} -> {told_text(told['second'])}")
    return "\n".join(lines)


def headline(facts: Mapping[str, Any]) -> str:
    """The answer in a sentence: cycles, then what the second takes more or less of the device."""
    cycles = facts["figures"]["cycles"]
    change = cycles["change"]
    span = f"{figure_text('cycles', cycles['first'])} to {figure_text('cycles', cycles['second'])}"
    if change is None or change == "inf":
        answer = "The cycles of the two cannot be compared"
    elif change == 0:
        answer = f"Both take {figure_text('cycles', cycles['first'])} cycles"
    elif -1 < change <= -0.5:
        answer = f"The second is {plain_number(1 / (1 + change), 3)} times as fast ({span} cycles)"
    elif change >= 1:
        answer = f"The second takes {plain_number(1 + change, 3)} times the cycles ({span})"
    else:
        answer = f"The second takes {abs(change):.1%} {'more' if change > 0 else 'fewer'} cycles ({span})"
    others = {name: told["change"] for name, told in facts["figures"].items() if name not in ("cycles", "ns")}
    moved = [f"{name} {change_text(by)}" for name, by in others.items() if by not in (None, 0)]
    return f"{answer}; {', '.join(moved) if moved else 'no resource is known to differ'}."


def told_text(value: Any) -> str:
    """A site's value or a loop's figures."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, text in value.items())
    return "none" if value is None else value_words(value)


def figure_text(name: str, value: float | None) -> str:
    """A figure in its unit: cycles, ns, or a share of the device."""
    if value is None:
        return "not known"
    return f"{value:,.0f}" if name in ("cycles", "ns") else f"{value:.2%}"


def change_text(change: float | str | None) -> str:
    """A change in percent, or as a factor where that would be a thousand or more."""
    if change is None:
        return "-"
    share = float(change)
    return "from none" if math.isinf(share) else f"x{1 + share:,.1f}" if share >= 10 else f"{share:+.1%}"
