"""A design space for a kernel without given rules, from its pragma sites and loops.

Candidates and nesting rules follow what the spaces published with HLSyn (NeurIPS 2023) have in common; they were made
by AutoDSE's generator (ACM TODAES 27, 2022). Per loop of trip count N:

- PARALLEL: the divisors of N and the powers of two, both up to 32, and N itself. Where N varies with a
  known maximum M: the powers of two up to 32 and up to M. Where nothing is known: 1, 2, 4, 8.
- TILE: 1, 2, 4, 8 where below N, and N unless it is a power of two; where N is not known 1, 2, 4, 8.
- PIPELINE: ``off``, ``''`` (pipelined, inner loops kept) and ``flatten`` (pipelined, inner loops unrolled), whatever
  the pragma's dialect; no ``flatten`` where neither inner loop nor called function could be unrolled.
- PARALLEL times TILE of one loop is at most N. Under a loop that is flattened PARALLEL and TILE are 1 and PIPELINE is
  ``off``. Of the loops around each other at most one has a TILE above 1.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.design_space.rules import TRUE, Arithmetic, Const, Name, Rule, all_of, any_of, compare
from pipeline.design_space.space import DesignSpace, SiteSpace
from pipeline.design_space.tool_terms import tool_space
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel, Loop, Site
from pipeline.terms import Dialect, SiteKind

FACTOR_LIMIT = 32
"""The largest divisor or power of two among PARALLEL candidates, as in the published spaces."""
_SMALL = (1, 2, 4, 8)


def derive_space(kernel: Kernel) -> DesignSpace:
    """The design space of a kernel's sites by the rules of this module; in the tool's own terms by
    :mod:`pipeline.design_space.tool_terms`.

    Raises :class:`PipelineError` where a site names a loop that the kernel lacks.
    """
    placed = [option for option in kernel.options if not option.proposed]
    if placed:
        option = placed[0]
        raise PipelineError(
            f"the values of {option.name} ({option.directive}) cannot be derived from loops",
            file=kernel.file,
            line=option.line,
            fix='put a space.toml beside the file that gives its values, with kind = "OPTION"',
        )
    if kernel.dialect == Dialect.VITIS_PLAIN:
        return tool_space(kernel)
    return DesignSpace(
        (_site_space(kernel, site) for site in kernel.sites),
        kernel=kernel.name,
        source="derived from the loops of the kernel",
    )


def parallel_candidates(trip_count: int | None, trip_max: int | None) -> tuple[int, ...]:
    """PARALLEL factors of a loop, ascending; ``trip_count`` is None where it varies, ``trip_max`` where unknown too."""
    powers = {1 << exponent for exponent in range(FACTOR_LIMIT.bit_length())}
    if trip_count is None:
        if trip_max is None:
            return _SMALL
        return tuple(sorted(power for power in powers if power <= max(1, trip_max)))
    last = max(1, trip_count)
    divisors = {factor for factor in range(1, FACTOR_LIMIT + 1) if last % factor == 0}
    return tuple(sorted({factor for factor in powers | divisors if factor <= last} | {last}))


def tile_candidates(trip_count: int | None, trip_max: int | None) -> tuple[int, ...]:
    """TILE factors of a loop, ascending."""
    bound = trip_count if trip_count is not None else trip_max
    if bound is None:
        return _SMALL
    last = max(1, bound)
    factors = {factor for factor in _SMALL if factor <= last}
    if trip_count is not None and last & (last - 1):
        factors.add(last)
    return tuple(sorted(factors))


def _site_space(kernel: Kernel, site: Site) -> SiteSpace:
    try:
        loop = kernel.loop(site.loop)
    except KeyError:
        raise PipelineError(
            f"site {site.name} of {kernel.name} is on loop {site.loop}, which the kernel lacks", file=kernel.file
        ) from None
    outer = _enclosing(kernel, loop)
    shadows = [
        compare(Name(other.name), "!=", Const("flatten"))
        for around in outer
        for other in kernel.sites_of(around.id)
        if other.kind is SiteKind.PIPELINE
    ]
    own = Name(site.name)
    if site.kind is SiteKind.PIPELINE:
        can_flatten = not loop.innermost or _calls_loops(kernel, loop)
        pipelining: tuple[int | str, ...] = ("off", "", "flatten") if can_flatten else ("off", "")
        return SiteSpace(site.name, site.kind, pipelining, "off", _only_if(own, "off", shadows))
    if site.kind is SiteKind.TILE:
        tiles = [
            compare(Name(other.name), "==", Const(1))
            for around in outer
            for other in kernel.sites_of(around.id)
            if other.kind is SiteKind.TILE
        ]
        values = tile_candidates(loop.trip_count, loop.trip_max)
        return SiteSpace(site.name, site.kind, values, 1, _only_if(own, 1, [*tiles, *shadows]))
    bound = loop.trip_count if loop.trip_count is not None else loop.trip_max
    products: list[Rule] = []
    if bound is not None:
        products = [
            compare(Arithmetic("*", own, Name(other.name)), "<=", Const(max(1, bound)))
            for other in kernel.sites_of(loop.id)
            if other.kind is SiteKind.TILE
        ]
    values = parallel_candidates(loop.trip_count, loop.trip_max)
    return SiteSpace(site.name, site.kind, values, 1, all_of(*products, _only_if(own, 1, shadows)))


def _only_if(own: Name, neutral: int | str, conditions: Sequence[Rule]) -> Rule:
    """``own == neutral or (all conditions)``."""
    return any_of(compare(own, "==", Const(neutral)), all_of(*conditions)) if conditions else TRUE


def _enclosing(kernel: Kernel, loop: Loop) -> list[Loop]:
    """The loops around a loop, innermost first."""
    found: list[Loop] = []
    parent = loop.parent
    while parent is not None and len(found) <= len(kernel.loops):
        around = kernel.loop(parent)
        found.append(around)
        parent = around.parent
    return found


def _calls_loops(kernel: Kernel, loop: Loop) -> bool:
    """Whether the loop's function calls a function of the file that has loops, directly or not."""
    functions = {function.name: function for function in kernel.functions}
    looping = {other.function for other in kernel.loops}
    waiting = list(functions[loop.function].calls) if loop.function in functions else []
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in functions:
            continue
        seen.add(name)
        if name in looping:
            return True
        waiting += functions[name].calls
    return False
