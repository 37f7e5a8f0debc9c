"""Pragma sites for a kernel whose source has no placeholder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pipeline.kernels.model import Kernel, Loop, Site, SiteKind
from pipeline.kernels.source_places import loop_places

_PREFIX = {SiteKind.PIPELINE: "__PIPE__L", SiteKind.PARALLEL: "__PARA__L", SiteKind.TILE: "__TILE__L"}


def propose_sites(kernel: Kernel) -> Kernel:
    """The kernel with sites derived from its loops; unchanged where the source has placeholders of its own.

    Sites are proposed on ``for`` loops of functions that the top function reaches, following Merlin's and AutoDSE's
    practice (HLSyn's kernels): PIPELINE and TILE on loops that contain loops (the tool pipelines innermost loops by
    itself), PARALLEL on every loop. PARALLEL and TILE need a trip count that is known or bounded and may exceed 1.
    A kind that the source fixes on a loop with a literal pragma is not proposed there. Names are ``__PIPE__L<k>``,
    ``__PARA__L<k>`` and ``__TILE__L<k>`` with k the loop's position among the file's ``for`` loops.
    Loops made by a macro get none: no pragma line can be put before them.
    """
    if kernel.sites or kernel.options:
        return kernel
    places = loop_places(kernel)
    reached = set(reachable(kernel))
    sites = [
        Site(
            name=f"{_PREFIX[kind]}{loop.file_index}",
            kind=kind,
            loop=loop.id,
            reduction=None,
            line=loop.line,
            dialect="merlin",
            proposed=True,
            file=loop.file,
        )
        for loop in kernel.loops
        if loop.keyword == "for" and loop.function in reached and places[loop.id].offset is not None
        for kind in _kinds(loop)
        if kind not in places[loop.id].fixed
    ]
    return replace(kernel, sites=tuple(sorted(sites, key=lambda site: site.name)))


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


def _kinds(loop: Loop) -> Iterator[SiteKind]:
    countable = loop.trip_max is not None and loop.trip_max > 1
    if not loop.innermost and (loop.trip_max is None or loop.trip_max > 1):
        yield SiteKind.PIPELINE
    if countable:
        yield SiteKind.PARALLEL
        if not loop.innermost:
            yield SiteKind.TILE
