"""A budget in time: what runs took, what others are expected to take, and which are worth it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import plain_number
from pipeline.exploration import Round
from pipeline.loop.record import PROPOSALS, TIMES, RoundsRecord, read_json

if TYPE_CHECKING:
    from pipeline.exploration import Candidates

WIDER = 2
"""Proposals that are weighed for each that is run."""

_LEAST_TIMED = 8
"""Runs of a kernel from which times are forecast by design; with fewer they are all expected to take as long."""


def seconds_taken(record: RoundsRecord) -> dict[str, dict[str, float]]:
    """Seconds of each run whose time is known, by kernel and design key."""
    found: dict[str, dict[str, float]] = {kernel: {} for kernel in record.loop.plans}
    for number, take in enumerate(record.takes, 1):
        for kernel in record.loop.plans:
            told = read_json(record.loop.runs_folder(number, kernel, take) / TIMES)
            found[kernel] |= {key: one["seconds"] for key, one in told.items() if one["seconds"] is not None}
    return found


def seconds_left(record: RoundsRecord) -> float | None:
    """Seconds of the loop's hours that no run has taken; None where there is no limit."""
    hours = record.loop.hours
    if hours is None:
        return None
    return 3600.0 * hours - sum(sum(taken.values()) for taken in seconds_taken(record).values())


def expected_seconds(
    taken: Mapping[str, float], candidates: Candidates, keys: Sequence[str]
) -> NDArray[np.float64] | None:  # fmt: skip
    """[n] how long runs of designs are expected to take, learned from those that were timed; None before any was."""
    if not taken:
        return None
    known = np.array(list(taken.values()), dtype=np.float64)
    if len(known) < _LEAST_TIMED or not len(keys):
        return np.full(len(keys), known.mean())
    from sklearn.ensemble import RandomForestRegressor

    columns = np.asarray(candidates.features([*taken, *keys]).columns, dtype=np.float64)
    forest = RandomForestRegressor(50, min_samples_leaf=2, random_state=0)
    forest.fit(columns[: len(known)], np.log(np.maximum(known, 1e-3)))
    return np.asarray(np.exp(forest.predict(columns[len(known) :])))


def weighed(answer: Round, seconds: NDArray[np.float64] | None) -> Round:
    """The proposals with each one's rank weighed by how long its run is expected to take.

    So one of three times the usual length comes after three that are worth as much each.
    """
    if seconds is None or not len(seconds):
        return answer
    places = np.arange(1, len(seconds) + 1) * seconds
    proposals = [
        replace(one, why=f"{one.why}; a run of about {time_of(float(length))}")
        for one, length in zip(answer.proposals, seconds, strict=True)
    ]
    return replace(answer, proposals=tuple(proposals[place] for place in np.argsort(places, kind="stable")))


def why_out_of_time(record: RoundsRecord) -> str | None:
    """Why the hours end a search after these rounds, as a sentence; None where they do not."""
    left = seconds_left(record)
    if left is None or not record.takes:
        return None
    hours, taken = record.loop.hours, [s for one in seconds_taken(record).values() for s in one.values()]
    told = f"{len(taken)} runs took {time_of(sum(taken))}"
    if left <= 0:
        return f"the {plain_number(hours or 0)} hours are used up: {told}"
    last = read_json(record.loop.proposals_folder(len(record.takes)) / PROPOSALS, "order")
    if last.get("cut"):
        unused = f"of the {plain_number(hours or 0)} hours {time_of(left)} are left"
        return f"{unused}, in which no run is expected to end: {told}"
    return None


def untimed(record: RoundsRecord) -> list[str]:
    """That a limit in hours limits nothing, where no run says how long it took; a sentence or none."""
    if record.loop.hours is None or any(seconds_taken(record).values()):
        return []
    return ["no run says how long it took: --hours limits nothing here"]


def within(
    order: Sequence[tuple[str, int]], seconds: Mapping[str, NDArray[np.float64] | None], left: float | None
) -> list[tuple[str, int]]:
    """The (kernel, place) whose runs are expected to end, one after the other, within the seconds left."""
    taken, spent = [], 0.0
    for kernel, place in order:
        known = seconds.get(kernel)
        length = 0.0 if known is None else float(known[place])
        if left is None or spent + length <= left:
            taken.append((kernel, place))
            spent += length
    return taken


def time_of(seconds: float) -> str:
    """A time for people."""
    if seconds < 120:
        return f"{plain_number(seconds, 3)} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
