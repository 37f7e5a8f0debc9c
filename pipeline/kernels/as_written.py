"""The design as written: what the user's own pragmas say of each loop, as values of sites in the tool's own terms."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.kernels.function_names import plain_name
from pipeline.kernels.model import Kernel, Option, Site
from pipeline.kernels.own_pragmas import ArraySplit, Inline, OwnPragma, Pipeline, Unroll, in_force
from pipeline.terms import SiteKind

NOTHING = ""
"""No directive: the tool decides."""
OFF = "off"
ON = "   "
"""``HLS pipeline`` without an interval, as the published plain sets spell it."""
COMPLETE = "complete"
"""An array_partition into single elements."""
_II = re.compile(r"II=([1-9][0-9]{0,5})")
_SPLIT = re.compile(r"(cyclic|block)=([1-9][0-9]{0,5})")


def interval(ii: int) -> str:
    """The value of a pipeline with a target interval."""
    return f"II={ii}"


def interval_of(value: int | str) -> int | None:
    """The target interval that a value asks for, None where it is none of these."""
    match = _II.fullmatch(str(value))
    return int(match[1]) if match else None


def is_pipelined(value: int | str) -> bool:
    """Whether a value of PIPELINE asks for a pipeline."""
    text = str(value)
    return (bool(text) and not text.strip()) or interval_of(text) is not None


@dataclass(frozen=True, slots=True)
class WrittenLoop:
    """The own pragmas of one loop that the tool follows."""

    pipeline: OwnPragma | None = None
    unroll: OwnPragma | None = None

    @property
    def pipelining(self) -> str:
        """The value of PIPELINE."""
        value = self.pipeline.value if self.pipeline is not None else None
        if not isinstance(value, Pipeline):
            return NOTHING
        if value.off:
            return OFF
        return ON if value.ii is None else interval(value.ii)

    def factor(self, trip_count: int | None) -> int:
        """The value of PARALLEL: 1 where nothing is unrolled, the trip count where all is."""
        value = self.unroll.value if self.unroll is not None else None
        if not isinstance(value, Unroll) or value.off:
            return 1
        return value.factor if value.factor is not None else (trip_count or 1)


def written_loops(kernel: Kernel) -> dict[str, WrittenLoop]:
    """What is written of each loop that has a pipeline or unroll of its own, by loop id."""
    found: dict[str, dict[str, OwnPragma]] = {}
    for pragma in in_force(kernel.pragmas):
        if pragma.loop is not None and isinstance(pragma.value, Pipeline | Unroll):
            found.setdefault(pragma.loop, {})[pragma.directive] = pragma
    return {loop: WrittenLoop(mine.get("pipeline"), mine.get("unroll")) for loop, mine in found.items()}


def written_value(kernel: Kernel, site: Site, written: dict[str, WrittenLoop]) -> int | str:
    """The value as written of a site in the tool's own terms."""
    mine = written.get(site.loop, WrittenLoop())
    if site.kind is SiteKind.PIPELINE:
        return mine.pipelining
    return mine.factor(kernel.loop(site.loop).trip_count)


def split_text(kind: str, factor: int | None) -> str:
    """The value of an array_partition: ``complete``, ``cyclic=F`` or ``block=F``."""
    return kind if factor is None else f"{kind}={factor}"


def split_of(option: Option, value: int | str) -> ArraySplit | None:
    """What a value asks for of an array's dimension; None for no directive. Raises ValueError for any other text."""
    assert option.variable is not None
    if value == NOTHING:
        return None
    if value == COMPLETE:
        return ArraySplit(option.variable, dim=option.dim)
    match = _SPLIT.fullmatch(str(value))
    if match is None:
        raise ValueError("complete, cyclic=FACTOR, block=FACTOR or ''")
    return ArraySplit(option.variable, match[1], int(match[2]), option.dim)


def written_of(kernel: Kernel, option: Option) -> tuple[OwnPragma, ...]:
    """The own pragmas that say what a proposed option decides, the one in force last."""
    found = []
    for pragma in in_force(kernel.pragmas):
        if pragma.directive != option.directive or plain_name(pragma.function) != plain_name(option.function):
            continue
        value = pragma.value
        if isinstance(value, Inline) or (
            isinstance(value, ArraySplit) and value.variable == option.variable and value.dim == option.dim
        ):
            found.append(pragma)
    return tuple(found)


def written_option(kernel: Kernel, option: Option) -> str:
    """The value as written of a proposed option."""
    found = written_of(kernel, option)
    value = found[-1].value if found else None
    if isinstance(value, ArraySplit):
        return split_text(value.kind, value.factor)
    if isinstance(value, Inline):
        return OFF if value.off else ON
    return NOTHING
