"""A design space for sites in the tool's own terms: ``pipeline`` and ``unroll`` of Vitis HLS.

The value as written is the default. Beside it:

- PIPELINE: no directive; ``off`` on innermost loops, which the tool pipelines by itself; ``pipeline`` on loops around
  others that the tool can unroll: all of a fixed trip count, 1,024 iterations together at most. A written II has the
  candidates II, 2 II and none (the least).
  A placeholder has none and ``pipeline``, as in the published plain sets.
- PARALLEL (``unroll factor``): divisors of the trip count up to 32, and the trip count itself up to 128, as other
  factors cost an exit check in every iteration (UG1399); powers of two up to 32 where a trip count has fewer than three
  such, or varies below a known bound.
- The tool unrolls every loop inside a pipelined one whole (UG1399, "Pipelining Loops"), so there sites keep what is
  written; so does the pipeline of a loop that is unrolled whole.

Explored where it is asked for:

- array_partition, a dimension each: no directive (the tool partitions by itself, following the unrolling);
  ``cyclic=F`` with the factors of the loops that move over it element by element, F up to 32; ``block`` with the blocks
  of loops that move further apart; ``complete`` up to 128 elements; no more than 1,024 parts an array (UG1399). A value
  other than as written needs as many elements met at once, by unrolling or pipelining around, or as neighbours.
- inline: no directive, ``inline`` (three blanks) and ``off``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from pipeline.design_space.rules import TRUE, Const, Name, Rule, all_of, any_of, compare
from pipeline.design_space.space import DesignSpace, SiteSpace
from pipeline.kernels.array_moves import DimensionUse, array_uses
from pipeline.kernels.as_written import (
    COMPLETE,
    NOTHING,
    OFF,
    ON,
    interval,
    interval_of,
    is_pipelined,
    split_of,
    split_text,
    written_loops,
    written_option,
    written_value,
)
from pipeline.kernels.function_names import plain_name
from pipeline.kernels.further_sites import COMPLETE_LIMIT
from pipeline.kernels.model import Kernel, Loop, Option, Site
from pipeline.kernels.propose import instances
from pipeline.terms import SiteKind

FACTOR_LIMIT = 32
"""The largest factor short of the whole loop."""
WHOLE_LIMIT = 128
"""The longest loop that is offered to be unrolled whole."""
COPIES_LIMIT = 1024
"""The most iterations of inner loops that a pipeline around them is offered to unroll."""
PARTS_LIMIT = 1024
"""The most parts of an array (UG1399, array_partition)."""


def tool_space(kernel: Kernel) -> DesignSpace:
    """The design space of a kernel whose sites are in the tool's own terms."""
    written = written_loops(kernel)
    defaults = {site.name: written_value(kernel, site, written) for site in kernel.sites}
    candidates = {
        site.name: _candidates(kernel, kernel.loop(site.loop), site, defaults[site.name]) for site in kernel.sites
    }
    loops = [
        SiteSpace(
            site.name,
            site.kind,
            candidates[site.name],
            defaults[site.name],
            _rule(kernel, site, defaults[site.name], candidates),
        )
        for site in kernel.sites
    ]
    return DesignSpace(
        (*loops, *_options(kernel, candidates)),
        kernel=kernel.name,
        source="the tool's own pragmas, from the loops of the kernel",
    )


def unroll_candidates(trip_count: int | None, trip_max: int | None) -> tuple[int, ...]:
    """Factors of ``unroll``, ascending; 1 is none."""
    if trip_count is None:
        bound = FACTOR_LIMIT if trip_max is None else min(trip_max, FACTOR_LIMIT)
        return tuple(1 << power for power in range(6) if 1 << power <= max(1, bound))
    last = max(1, trip_count)
    found = {factor for factor in range(1, min(last, FACTOR_LIMIT) + 1) if last % factor == 0}
    if last <= WHOLE_LIMIT:
        found.add(last)
    if len(found) < 3:
        found |= {1 << power for power in range(6) if 1 << power < last}
    return tuple(sorted(found))


def _candidates(kernel: Kernel, loop: Loop, site: Site, default: int | str) -> tuple[int | str, ...]:
    if site.kind is not SiteKind.PIPELINE:
        # Instances of a template take one factor together.
        alike = [set(unroll_candidates(one.trip_count, one.trip_max)) for one in instances(kernel, loop)]
        return tuple(sorted({*set.intersection(*alike), int(default)}))
    found = [NOTHING]
    if not site.proposed:
        found.append(ON)
    elif loop.innermost:
        found.append(OFF)
    elif (copies := _inside(kernel, loop)) is not None and copies <= COPIES_LIMIT:
        found.append(ON)
    ii = interval_of(default)
    if ii is not None:
        found += [ON, interval(ii), interval(2 * ii)]
    return tuple(dict.fromkeys([*found, str(default)]))


def _rule(kernel: Kernel, site: Site, default: int | str, candidates: dict[str, tuple[int | str, ...]]) -> Rule:
    conditions = [
        compare(Name(other.name), "!=", Const(value))
        for around in _around(kernel, kernel.loop(site.loop))
        for other in kernel.sites_of(around.id)
        if other.kind is SiteKind.PIPELINE
        for value in candidates[other.name]
        if is_pipelined(value)
    ]
    if site.kind is SiteKind.PIPELINE:
        loop = kernel.loop(site.loop)
        conditions += [
            compare(Name(other.name), "!=", Const(loop.trip_count))
            for other in kernel.sites_of(site.loop)
            if other.kind is SiteKind.PARALLEL and loop.trip_count in candidates[other.name]
        ]
    return any_of(compare(Name(site.name), "==", Const(default)), all_of(*conditions)) if conditions else TRUE


def _inside(kernel: Kernel, loop: Loop) -> int | None:
    """Iterations of all loops inside one iteration of a loop, None where they vary."""
    total = 0
    for child in kernel.children(loop.id):
        below = _inside(kernel, child)
        if below is None or child.trip_count is None:
            return None
        total += child.trip_count * max(1, below)
    return total


def _around(kernel: Kernel, loop: Loop) -> Iterator[Loop]:
    """The loops around a loop, innermost first."""
    while loop.parent is not None:
        loop = kernel.loop(loop.parent)
        yield loop


def _options(kernel: Kernel, candidates: Mapping[str, tuple[int | str, ...]]) -> Iterator[SiteSpace]:
    """The spaces of array_partition, inline and burst copies."""
    if not kernel.options:
        return
    uses = {(plain_name(symbol.function), symbol.name): found for symbol, found in array_uses(kernel).items()}
    parts: dict[tuple[str, str | None], list[tuple[Option, list[str]]]] = {}
    for option in kernel.options:
        default = written_option(kernel, option)
        if option.directive == "burst":
            yield SiteSpace(option.name, SiteKind.OPTION, (NOTHING, ON), default)
            continue
        if option.directive == "inline":
            yield SiteSpace(option.name, SiteKind.OPTION, (NOTHING, ON, OFF), default)
            continue
        use = _use(uses, option)
        found = list(dict.fromkeys([NOTHING, *_splits(kernel, option, use), default]))
        parts.setdefault((option.function, option.variable), []).append((option, found))
    for options in parts.values():
        _bounded(kernel, options)
        for option, values in options:
            default = written_option(kernel, option)
            rules = _reached(kernel, option, values, default, _use(uses, option), candidates)
            bound = any_of(*rules.values()) if any(value not in (NOTHING, default) for value in rules) else TRUE
            yield SiteSpace(option.name, SiteKind.OPTION, tuple(rules), default, bound)


def _use(uses: Mapping[tuple[str, str], Mapping[int, DimensionUse]], option: Option) -> DimensionUse:
    """What meets the dimension of an option, or all dimensions."""
    found = (
        uses.get((plain_name(option.function), option.variable or "")) or uses.get(("", option.variable or "")) or {}
    )
    if option.dim:
        return found.get(option.dim - 1, DimensionUse())
    return DimensionUse({move for use in found.values() for move in use.moves})


def _extent(kernel: Kernel, option: Option) -> int:
    """The elements of an option's dimension, of all together for 0."""
    for array in kernel.arrays:
        owner = option.function if array.function is not None else None
        if array.name == option.variable and array.function == owner:
            sizes = [size or 1 for size in array.dims]
            return sizes[option.dim - 1] if option.dim else math.prod(sizes)
    return 1


def _splits(kernel: Kernel, option: Option, use: DimensionUse) -> Iterator[str]:
    """Values of array_partition for what meets a dimension, short ones first."""
    size = _extent(kernel, option)
    cyclic, block = {use.neighbours}, set()
    for loop_id, stride in use.moves:
        loop = kernel.loop(loop_id)
        factors = unroll_candidates(loop.trip_count, loop.trip_max)
        if stride == 1:
            cyclic |= set(factors)
        elif size % stride == 0:
            block.add(size // stride)
    yield from (split_text("cyclic", factor) for factor in sorted(cyclic) if 1 < factor <= min(FACTOR_LIMIT, size - 1))
    yield from (split_text("block", factor) for factor in sorted(block) if 1 < factor < size and factor <= FACTOR_LIMIT)
    if size <= COMPLETE_LIMIT:
        yield COMPLETE


def _parts(kernel: Kernel, option: Option, value: str) -> int:
    """The parts that a value makes of an option's dimension."""
    split = split_of(option, value)
    return 1 if split is None else split.factor or _extent(kernel, option)


def _bounded(kernel: Kernel, options: list[tuple[Option, list[str]]]) -> None:
    """Takes out values until no design splits the array into too many parts; those as written stay."""
    while True:
        most = [max((_parts(kernel, option, value), value) for value in values) for option, values in options]
        if math.prod(parts for parts, _ in most) <= PARTS_LIMIT:
            return
        open_ones = [
            (parts, number)
            for number, ((parts, value), (option, _)) in enumerate(zip(most, options, strict=True))
            if parts > 1 and value != written_option(kernel, option)
        ]
        if not open_ones:
            return
        _, number = max(open_ones)
        options[number][1].remove(most[number][1])


def _reached(
    kernel: Kernel,
    option: Option,
    values: list[str],
    default: str,
    use: DimensionUse,
    candidates: Mapping[str, tuple[int | str, ...]],
) -> dict[str, Rule]:
    """Each value with when it may be: one other than as written where as many elements are met at once as it has parts.

    One that no design may have is left out.
    """
    rules: dict[str, Rule] = {}
    for value in values:
        mine = compare(Name(option.name), "==", Const(value))
        if value in (NOTHING, default):
            rules[value] = mine
            continue
        parts = 2 if value.startswith("block") else _parts(kernel, option, value)
        need = -(-parts // use.neighbours)
        met = TRUE if need <= 1 or not use.moves else _met(kernel, use, need, candidates)
        if met is not None:
            rules[value] = all_of(mine, met)
    return rules


def _met(kernel: Kernel, use: DimensionUse, need: int, candidates: Mapping[str, tuple[int | str, ...]]) -> Rule | None:
    """That some loop over a dimension has so many copies; None where none can."""
    found: list[Rule] = []
    for loop_id, _ in sorted(use.moves):
        loop = kernel.loop(loop_id)
        mine = {one.id for one in instances(kernel, loop)}
        for site in kernel.sites:
            if site.kind is SiteKind.PARALLEL and site.loop in mine and int(max(candidates[site.name])) >= need:
                found.append(compare(Name(site.name), ">=", Const(need)))
        if not any(site.kind is SiteKind.PARALLEL and site.loop in mine for site in kernel.sites):
            return TRUE
        if (loop.trip_count or loop.trip_max or need) < need:
            continue
        around = {one.id for outer in _around(kernel, loop) for one in instances(kernel, outer)}
        found += [
            compare(Name(site.name), "==", Const(value))
            for site in kernel.sites
            if site.kind is SiteKind.PIPELINE and site.loop in around
            for value in candidates[site.name]
            if is_pipelined(value)
        ]
    return any_of(*dict.fromkeys(found)) if found else None
