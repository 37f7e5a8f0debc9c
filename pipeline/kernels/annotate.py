"""A design shown as C: the kernel's source with a design point's values in its pragmas."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel, Option, Site, SiteKind
from pipeline.kernels.pragmas import PLACEHOLDER
from pipeline.kernels.source_places import loop_places

_ORDER = {SiteKind.PIPELINE: 0, SiteKind.TILE: 1, SiteKind.PARALLEL: 2}
_VALUE = re.compile(r"[A-Za-z0-9_]*")


def annotate(kernel: Kernel, point: Mapping[str, int | str]) -> str:
    """The source with every placeholder ``auto{NAME}`` replaced by the point's value for that site, as AutoDSE does.

    For proposed sites, which have no placeholder, pragma lines are inserted before the loop (and its label).
    ``point`` maps every site's name to its value. Raises PipelineError where a site has no value, a name is no site,
    a value is no word or number, or a site does not stand in the source's own text.
    """
    sites: dict[str, Site | Option] = {site.name: site for site in kernel.sites}
    sites |= {option.name: option for option in kernel.options}
    _check(kernel, sites, point)
    source = kernel.source
    given = {name: site for name, site in sites.items() if isinstance(site, Option) or not site.proposed}
    if given:
        source = _replaced(kernel, given, point)
    proposed = [site for site in kernel.sites if site.proposed]
    return _inserted(kernel, source, proposed, point) if proposed else source


def _check(kernel: Kernel, sites: Mapping[str, Site | Option], point: Mapping[str, int | str]) -> None:
    missing = [name for name in sites if name not in point]
    if missing:
        raise PipelineError(f"the design point has no value for {missing[0]}", file=kernel.file, fix="give every site")
    extra = [name for name in point if name not in sites]
    if extra:
        raise PipelineError(
            f"{extra[0]} is no site of {kernel.name}", file=kernel.file, fix=f"its sites are {', '.join(sites)}"
        )
    for name, value in point.items():
        if isinstance(value, bool) or not _VALUE.fullmatch(str(value)):
            raise PipelineError(
                f"{value!r} cannot be the value of {name}", file=kernel.file, fix="give a number or a word"
            )


def _replaced(kernel: Kernel, sites: Mapping[str, Site | Option], point: Mapping[str, int | str]) -> str:
    found: set[str] = set()

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        found.add(name)
        return str(point[name]) if name in sites else match.group()

    text = PLACEHOLDER.sub(value, kernel.source)
    for name, site in sites.items():
        if name not in found:
            raise PipelineError(
                f"placeholder {name} does not stand in the file itself",
                file=kernel.file,
                line=site.line,
                fix="move the pragma from the header or macro to the loop",
            )
    return text


def _inserted(kernel: Kernel, source: str, proposed: list[Site], point: Mapping[str, int | str]) -> str:
    places = loop_places(kernel)
    by_loop: dict[str, list[Site]] = {}
    for site in proposed:
        by_loop.setdefault(site.loop, []).append(site)
    insertions: list[tuple[int, list[str]]] = []
    for loop, sites in by_loop.items():
        offset = places[loop].offset
        if offset is None:
            raise PipelineError(
                "a pragma cannot be put before this loop: it comes from a macro or a header",
                file=kernel.file,
                line=kernel.loop(loop).line,
                fix="write the loop out",
            )
        ordered = sorted(sites, key=lambda site: _ORDER[site.kind])
        insertions.append((offset, [_pragma(site, str(point[site.name])) for site in ordered]))
    for offset, lines in sorted(insertions, reverse=True):
        line_start = source.rfind("\n", 0, offset) + 1
        before = source[line_start:offset]
        if before.strip():
            source = source[:offset].rstrip(" \t") + "\n" + "\n".join(lines) + "\n" + source[offset:]
        else:
            indented = "".join(f"{before}{line}\n" for line in lines)
            source = source[:line_start] + indented + source[line_start:]
    return source


def _pragma(site: Site, value: str) -> str:
    if site.kind is SiteKind.PIPELINE:
        return f"#pragma ACCEL PIPELINE {value}".rstrip()
    clause = "" if site.reduction is None else f" reduction={site.reduction}" if site.reduction else " reduction"
    return f"#pragma ACCEL {site.kind}{clause} FACTOR={value}"
