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
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.design_space.rules import TRUE, Const, Name, Rule, all_of, any_of, compare
from pipeline.design_space.space import DesignSpace, SiteSpace
from pipeline.kernels.as_written import (
    NOTHING,
    OFF,
    ON,
    interval,
    interval_of,
    is_pipelined,
    written_loops,
    written_value,
)
from pipeline.kernels.model import Kernel, Loop, Site, SiteKind
from pipeline.kernels.propose import instances

FACTOR_LIMIT = 32
"""The largest factor short of the whole loop."""
WHOLE_LIMIT = 128
"""The longest loop that is offered to be unrolled whole."""
COPIES_LIMIT = 1024
"""The most iterations of inner loops that a pipeline around them is offered to unroll."""


def tool_space(kernel: Kernel) -> DesignSpace:
    """The design space of a kernel whose sites are in the tool's own terms."""
    written = written_loops(kernel)
    defaults = {site.name: written_value(kernel, site, written) for site in kernel.sites}
    candidates = {
        site.name: _candidates(kernel, kernel.loop(site.loop), site, defaults[site.name]) for site in kernel.sites
    }
    return DesignSpace(
        (
            SiteSpace(
                site.name,
                site.kind,
                candidates[site.name],
                defaults[site.name],
                _rule(kernel, site, defaults[site.name], candidates),
            )
            for site in kernel.sites
        ),
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
