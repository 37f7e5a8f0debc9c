"""What lowering gives: the files, and what became of each loop and site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.synthesis.vitis.sources import Sources


class Done(StrEnum):
    """What became of a site's value."""

    APPLIED = "applied"
    """As asked, or the value asks for nothing."""
    NO_EFFECT = "no effect"
    """Merlin leaves it out as well: a tile as long as the loop, a factor under a flattened loop."""
    APPROXIMATED = "approximated"
    """Plain Vitis HLS cannot do it; what was done instead is said."""


@dataclass(frozen=True, slots=True)
class SiteOutcome:
    """One site, its value, and what was made of it."""

    site: str
    """The placeholder's name, or the text of a fixed pragma."""
    loop: str
    """The loop's id; empty for a site on no loop."""
    value: str
    done: Done
    how: str
    """A sentence; empty where the directive says it all."""


@dataclass(frozen=True)
class LoweredSources(Sources):
    """Sources of one design point.

    ``labels`` gives each loop's label by loop id; ``locations`` maps every ``FUNCTION/LABEL`` of the file, also of
    loops that lowering added (tiles, copies), to the id of the loop it stems from, so that rows of a report find back.
    ``reassociated`` names the loops whose floating-point sums were put in another order.
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, str] = field(default_factory=dict)
    sites: tuple[SiteOutcome, ...] = ()
    reassociated: tuple[str, ...] = ()
