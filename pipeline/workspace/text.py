"""The facts on a workspace as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.errors import clock_text, counted, plain_number

_MOST_CHANGED = 6
"""Sites that a line names."""


def status_text(facts: Mapping[str, Any]) -> str:
    """Loops first, then what else runs or ended early, datasets, models, studies, and what is not as it should be."""
    lines = [f"{facts['workspace']}: {summary(facts)}"]
    for title, told in (("Loops", _loops(facts)), ("Commands", _commands(facts)), ("Datasets", _datasets(facts)),
                        ("Models", _models(facts)), ("Studies", _studies(facts))):  # fmt: skip
        found = list(told)
        lines += [title, *found] if found else []
    lines += [f"Note: {note}" for note in facts["notes"]]
    lines += [f"Damaged: {line}" for line in facts["damaged"]]
    return "\n".join(lines)


def summary(facts: Mapping[str, Any]) -> str:
    """How much there is, in one sentence."""
    states: dict[str, int] = {}
    for found in (*facts["loops"], *facts["commands"]):
        states[found["state"]] = states.get(found["state"], 0) + 1
    counts = [f"{count} {state}" for state, count in states.items()]
    for one, many in (("dataset", "datasets"), ("model", "models"), ("study", "studies")):
        if count := len(facts[many]):
            counts.append(f"{count} {one if count == 1 else many}")
    return ", ".join(counts) or "nothing yet"


def state_text(one: Mapping[str, Any]) -> str:
    """How a loop or a command stands."""
    code = one.get("exit_code")
    return f"{one['state']} (exit code {code})" if code is not None else str(one["state"])


def used_text(one: Mapping[str, Any]) -> str:
    """How much of a loop's budget is used."""
    budget = f" of {one['budget']:,}" if one["budget"] else ""
    return f"{one['runs']:,}{budget} runs"


def basis_text(one: Mapping[str, Any]) -> str:
    """What the figures of a loop hold for: part, clock, source, and what is minimised where that is not cycles."""
    part = one["part"] or "part not recorded"
    clock = f" at {clock_text(one['clock_ns'])}" if one["clock_ns"] else ""
    aim = f", minimises {one['objective']}" if one["objective"] not in (None, "cycles") else ""
    asked = [f"at most {limit.replace('=', ' ')}" for limit in one["limits"]]
    if one["utilisation_limit"] is not None:
        asked.append(f"every utilisation below {one['utilisation_limit']:.0%}")
    if one["target"] is not None:
        asked.append(f"{plain_number(one['target'])} {one['unit']} are enough")
    return f"{part}{clock}, {one['source'] or 'source not recorded'}{aim}" + "".join(f"; {text}" for text in asked)


def best_text(one: Mapping[str, Any], kernel: str) -> str:
    """The best design of a loop's kernel so far: cycles and how full the device is; where none fits, the nearest."""
    design, nearest = one["best"].get(kernel), one["nearest"].get(kernel)
    if design is None and nearest is not None:
        return f"none fits; the nearest, run {nearest['run']}, has {', '.join(nearest['misses'])}"
    if design is None and not one["runs"]:
        return "no run yet"
    if design is None:
        return "none fits" if one["state"] == "finished" else "none fits yet"
    used = ", ".join(f"{name} {share:.0%}" for name, share in design["utilisation"].items() if share)
    return f"{design['cycles']:,} cycles" + (f" ({used})" if used else "")


def _changed(clauses: Sequence[str]) -> str:
    """What a design changes, the first of many."""
    more = f" and {len(clauses) - _MOST_CHANGED} more" if clauses[_MOST_CHANGED:] else ""
    return ", ".join(clauses[:_MOST_CHANGED]) + more


def _loops(facts: Mapping[str, Any]) -> Iterator[str]:
    for one in facts["loops"]:
        yield f"  {state_text(one):12} {one['name']}: {used_text(one)}; {basis_text(one)}"
        for kernel in one["kernels"]:
            design = one["best"].get(kernel)
            so_far = best_text(one, kernel)
            if design:
                # Until a loop is done only the key tells which design it is.
                so_far = f"best so far {so_far}: {_changed(one['changed'].get(kernel, ())) or design['key']}"
            yield f"{'':15}{kernel}: {so_far}"
            if kernel in one["compared"]:
                yield f"{'':15}{one['compared'][kernel]}"
        yield from _further(one)


def _commands(facts: Mapping[str, Any]) -> Iterator[str]:
    for one in facts["commands"]:
        yield f"  {state_text(one):12} {one['task']}" + (f": {one['subject']}" if one["subject"] else "")
        yield from _further(one)


def _further(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("started") and one["state"] == "running":
        yield f"{'':15}since {one['started']}"
    if one["next"]:
        place = f" (in {one['folder']})" if one["folder"] else ""
        yield f"{'':15}go on with{place}: {one['next']}"
    if one.get("page"):
        yield f"{'':15}page: {one['page']}"


def _datasets(facts: Mapping[str, Any]) -> Iterator[str]:
    for one in facts["datasets"]:
        missing = f", {one['missing']:,} missing" if one["missing"] else ""
        held = f"{counted(one['designs'], 'design')} ({one['ok']:,} ok{missing})"
        of = counted(len(one["kernels"]), "kernel")
        yield f"  {one['name']}: {held} of {of} from {', '.join(one['sources'])}"


def _models(facts: Mapping[str, Any]) -> Iterator[str]:
    for one in facts["models"]:
        sources = ", ".join(one["sources"]) or "sources that are not told"
        yield f"  {one['name']}: {one['title'] or 'no title'}; labels from {sources}"


def _studies(facts: Mapping[str, Any]) -> Iterator[str]:
    for one in facts["studies"]:
        made = f"; made by: {one['command']}" if one["command"] else ""
        yield f"  {one['name']}: {counted(one['rows'], 'row')}{made}"
