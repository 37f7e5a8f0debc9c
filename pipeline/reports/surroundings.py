"""To whom the end of a run belongs: to the design, whose result it then is, or to the surroundings.

What belongs to the surroundings completes nothing and is tried again. Time or memory that ran out, and ends without a
verdict that came as often as is put up with, are the design's own, and only for as long as the limit is not raised: the
reason of such a label states the limit in a sentence that :func:`exhausted` reads back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.reports.labels import DesignStatus, Label

EVERYWHERE = frozenset(
    {DesignStatus.LICENCE, DesignStatus.DISK_FULL, DesignStatus.TOOL_MISSING, DesignStatus.PART_NOT_INSTALLED}
)
"""Faults of the surroundings that any other design would meet as well."""

SURROUNDINGS = EVERYWHERE | {DesignStatus.KILLED, DesignStatus.NO_VERDICT}
"""Statuses that say nothing of the design, but for a :func:`exhausted` limit."""

DEFAULT_ENDS = 3
"""So many ends without a verdict are the design's own failure."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a design may use up before its end counts as its own failure; None is no limit."""

    wall_s: float | None = None
    memory_gib: float | None = None
    ends: float | None = None


_SENTENCES = {
    "wall_s": re.compile(r"ended at the wall-clock limit of ([0-9.e+-]+) s\b"),
    "memory_gib": re.compile(r"ended at the memory limit of ([0-9.e+-]+) GiB\b"),
    "ends": re.compile(r"ended without a verdict ([0-9]+) times\b"),
}
_ROUNDED = {"memory_gib": 1.006}
"""A sentence states three digits of a limit of memory."""


def wall_sentence(seconds: float) -> str:
    """How a run ended whose time ran out."""
    return f"ended at the wall-clock limit of {seconds:.9g} s"


def memory_sentence(gib: float) -> str:
    """How a run ended whose memory ran out."""
    return f"ended at the memory limit of {gib:.3g} GiB"


def ends_sentence(ends: int, last: str | None) -> str:
    """How a design ended that was given up; ``last`` is the reason of its last end."""
    return f"ended without a verdict {ends} times" + (f"; the last: {last}" if last else "")


def exhausted(status: DesignStatus, reason: str | None) -> tuple[str, float] | None:
    """Which of the limits in :class:`Bounds` a label says was used up, and its height; None where it states none."""
    if status is DesignStatus.TIMEOUT or status in SURROUNDINGS:
        for name, sentence in _SENTENCES.items():
            if found := sentence.match(reason or ""):
                return name, float(found[1])
    return None


def is_reached(name: str, height: float, present: Bounds) -> bool:
    """Whether what ended at a limit of that height would end at the present limit too."""
    limit = getattr(present, name)
    return limit is not None and limit <= height * _ROUNDED.get(name, 1.00001)


def is_result(label: Label, present: Bounds) -> bool:
    """Whether a label is a fact of the design, and still is under the present limits."""
    limit = exhausted(label.status, label.reason)
    if limit is not None:
        return is_reached(*limit, present)
    return label.status not in SURROUNDINGS
