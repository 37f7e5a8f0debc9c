"""Pragma sites for a kernel whose source has no placeholder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.kernels.bursts import burst_sites
from pipeline.kernels.further_sites import Explored, further_sites
from pipeline.kernels.model import Kernel, Loop, Site
from pipeline.kernels.own_pragmas import NotRead, Unroll, in_force
from pipeline.kernels.source_places import LoopPlace, loop_places
from pipeline.terms import Dialect, SiteKind

Terms = Literal["auto", "tool", "merlin"]
"""Whose pragmas sites are proposed in: the tool's own, Merlin's, or ``auto``: Merlin's where the source has any."""
TERMS: tuple[Terms, ...] = ("auto", "tool", "merlin")
MAX_SITES = 64
"""Sites in the tool's own terms of one kernel; the loops that run the most iterations have them."""

_PREFIX = {SiteKind.PIPELINE: "__PIPE__L", SiteKind.PARALLEL: "__PARA__L", SiteKind.TILE: "__TILE__L"}
_UNKNOWN_TRIPS = 64
"""Iterations that a loop without a known bound is ranked by."""


def propose_sites(kernel: Kernel, terms: Terms = "auto", explore: Sequence[Explored] = ()) -> Kernel:
    """The kernel with sites derived from its loops; unchanged where the source has placeholders of its own.

    Sites are proposed on ``for`` loops of functions that the top function reaches. Names are ``__PIPE__L<k>``,
    ``__PARA__L<k>`` and ``__TILE__L<k>`` with k the loop's position among the file's ``for`` loops. Loops made by a
    macro get none: no pragma line can be put into them.

    In the tool's own terms: PIPELINE and PARALLEL (``unroll``) on every loop that may run more than once, whatever the
    source's own pragmas say, which are the values as written; PARALLEL needs a bound. A kernel with more than
    :data:`MAX_SITES` gets them on the loops that run most.

    In Merlin's: PIPELINE and TILE on loops that contain loops (Merlin pipelines innermost loops by itself), PARALLEL on
    every loop, after AutoDSE's practice (HLSyn's kernels); PARALLEL and TILE need a bound above 1. A kind that the
    source fixes on a loop with a literal pragma is not proposed there.

    What is to be explored beside loops (:mod:`pipeline.kernels.further_sites`) goes with the tool's own terms: raises
    PipelineError for any other.
    """
    if kernel.sites or kernel.options:
        if explore:
            raise _not_explored(kernel, explore, "its sites are placeholders", "write placeholders for these too")
        return kernel
    places = loop_places(kernel)
    if terms == "auto":
        terms = (
            "merlin" if any(one.dialect == Dialect.MERLIN for at in places.values() for one in at.pragmas) else "tool"
        )
    if explore and terms != "tool":
        raise _not_explored(kernel, explore, "its sites are in Merlin's terms", "name tool in --sites")
    reached = set(reachable(kernel))
    loops = [
        loop
        for loop in kernel.loops
        if loop.keyword == "for" and loop.function in reached and places[loop.id].offset is not None
    ]
    several = _of_one_text(loops)
    loops = [loop for loop in loops if loop.id not in several]
    # Instances of a template share the sites of the loop in the text.
    instances: dict[int, list[Loop]] = {}
    for loop in loops:
        instances.setdefault(loop.file_index, []).append(loop)
    loops = [max(found, key=lambda one: one.trip_max or 0) for found in instances.values()]
    found = _tool_sites(kernel, loops) if terms == "tool" else _merlin_sites(loops, places)
    options = further_sites(kernel, explore, list(reachable(kernel))) if explore else ()
    declined = tuple(burst_sites(kernel)[1]) if "burst" in explore else ()
    return replace(kernel, sites=tuple(sorted(found, key=lambda site: site.name)), options=options, declined=declined)


def _of_one_text(loops: Sequence[Loop]) -> set[str]:
    """The loops of C whose text is that of another loop too: it stands in a file that is included more than once."""
    seen: dict[tuple[str | None, int, int], list[Loop]] = {}
    for loop in loops:
        if loop.keyword == "for":
            seen.setdefault((loop.file, loop.line, loop.column), []).append(loop)
    return {one.id for found in seen.values() if len({loop.file_index for loop in found}) > 1 for one in found}


def _not_explored(kernel: Kernel, explore: Sequence[Explored], why: str, fix: str) -> PipelineError:
    return PipelineError(f"{', '.join(explore)} of {kernel.name} cannot be explored: {why}", file=kernel.file, fix=fix)


def _site(loop: Loop, kind: SiteKind, *, tool: bool) -> Site:
    return Site(
        name=f"{_PREFIX[kind]}{loop.file_index}",
        kind=kind,
        loop=loop.id,
        reduction=None,
        line=loop.line,
        dialect=Dialect.HLS if tool else Dialect.MERLIN,
        proposed=True,
        file=loop.file,
        plain=tool,
    )


def _merlin_sites(loops: list[Loop], places: dict[str, LoopPlace]) -> list[Site]:
    return [
        _site(loop, kind, tool=False) for loop in loops for kind in _kinds(loop) if kind not in places[loop.id].fixed
    ]


def _kinds(loop: Loop) -> Iterator[SiteKind]:
    countable = loop.trip_max is not None and loop.trip_max > 1
    if not loop.innermost and (loop.trip_max is None or loop.trip_max > 1):
        yield SiteKind.PIPELINE
    if countable:
        yield SiteKind.PARALLEL
        if not loop.innermost:
            yield SiteKind.TILE


def _tool_sites(kernel: Kernel, loops: list[Loop]) -> list[Site]:
    fixed = {
        (pragma.loop, pragma.directive)
        for pragma in in_force(kernel.pragmas)
        if isinstance(pragma.value, NotRead)
        or (isinstance(pragma.value, Unroll) and _open(kernel, pragma.loop, pragma.value))
    }
    work: dict[str, int] = {}
    for loop in kernel.loops:
        trips = loop.trip_count if loop.trip_count is not None else loop.trip_max
        around = work[loop.parent] if loop.parent is not None else 1
        work[loop.id] = around * max(1, _UNKNOWN_TRIPS if trips is None else trips)
    found: list[Site] = []
    # What a loop inside decides counts before what the loop around it does.
    for loop in sorted(loops, key=lambda one: (-work[one.id], -one.depth, one.file_index)):
        kinds = []
        if (loop.trip_max is None or loop.trip_max > 1) and (loop.id, "pipeline") not in fixed:
            kinds.append(SiteKind.PIPELINE)
        if loop.trip_max is not None and loop.trip_max > 1 and (loop.id, "unroll") not in fixed:
            kinds.append(SiteKind.PARALLEL)
        if len(found) + len(kinds) > MAX_SITES:
            break
        found += [_site(loop, kind, tool=True) for kind in kinds]
    return found


def _open(kernel: Kernel, loop_id: str | None, value: Unroll) -> bool:
    """Whether a loop is unrolled as a whole and no factor says the same: how often it runs is not known, or varies."""
    if loop_id is None or value.off or value.factor is not None:
        return False
    return len(trips := {one.trip_count for one in instances(kernel, kernel.loop(loop_id))}) > 1 or None in trips


def instances(kernel: Kernel, loop: Loop) -> list[Loop]:
    """The loops that one loop of the text is: instances of a template, else itself alone."""
    return [one for one in kernel.loops if one is loop or (loop.keyword == "for" and one.file_index == loop.file_index)]


def loops_without_sites(kernel: Kernel) -> tuple[Loop, ...]:
    """The loops that the top function reaches and that have no site, in the order of the text."""
    reached = set(reachable(kernel))
    having = {one.id for site in kernel.sites for one in instances(kernel, kernel.loop(site.loop))}
    return tuple(loop for loop in kernel.loops if loop.function in reached and loop.id not in having)


def site_notices(kernel: Kernel) -> tuple[str, ...]:
    """Why loops of a kernel whose sites are proposed have none: a line for each reason, with the places."""
    if not all([*(one.proposed for one in kernel.options), *(one.proposed for one in kernel.sites)]):
        return ()
    places = loop_places(kernel)
    reached = set(reachable(kernel))
    loops = [loop for loop in kernel.loops if loop.function in reached]
    several = _of_one_text(loops)
    told = (
        ([loop for loop in loops if places[loop.id].offset is None],
         "a macro or the library makes it: no pragma can stand in it"),
        ([loop for loop in loops if loop.id in several],
         "a file that is included more than once makes several loops of it, which would need different pragmas"),
        ([loop for loop in loops if loop.keyword != "for" and places[loop.id].offset is not None],
         "it is a while or do loop; written as a for loop it would have some"),
    )  # fmt: skip
    without = tuple(
        f"no sites on the loop{'s' if len(found) > 1 else ''} of "
        f"{', '.join(dict.fromkeys(f'{loop.file or kernel.file}:{loop.line}' for loop in found[:5]))}"
        f"{f' and {len(found) - 5} more' if len(found) > 5 else ''}: {why}"
        for found, why in told
        if found
    )
    return (*without, *kernel.declined)


def reachable(kernel: Kernel) -> Iterator[str]:
    """The top function and every function of the file that it calls, directly or not."""
    calls = {function.name: function.calls for function in kernel.functions}
    todo, seen = [kernel.top], {kernel.top}
    while todo:
        name = todo.pop()
        yield name
        for callee in calls[name]:
            if callee in calls and callee not in seen:
                seen.add(callee)
                todo.append(callee)
