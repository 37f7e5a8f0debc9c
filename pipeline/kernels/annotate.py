"""A design shown as C: the kernel's source with a design point's values in its pragmas."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel, Option, Site
from pipeline.kernels.pragmas import PLACEHOLDER
from pipeline.kernels.source_places import loop_places, source_files
from pipeline.terms import SiteKind

_ORDER = {SiteKind.PIPELINE: 0, SiteKind.TILE: 1, SiteKind.PARALLEL: 2}
_VALUE = re.compile(r"[A-Za-z0-9_]*")


def annotate(kernel: Kernel, point: Mapping[str, int | str]) -> str:
    """The kernel's own file as :func:`annotated_files` gives it.

    Raises PipelineError as that, and where a site stands in another file.
    """
    for site in kernel.sites:
        if site.file is not None:
            raise PipelineError(
                f"site {site.name} does not stand in {kernel.file}",
                file=site.file,
                line=site.line,
                fix="write every file of the kernel",
            )
    return annotated_files(kernel, point)[kernel.file]


def annotated_files(kernel: Kernel, point: Mapping[str, int | str]) -> dict[str, str]:
    """The files that hold sites, by name, the kernel's own first, with every placeholder ``auto{NAME}`` replaced by the
    point's value for that site, as AutoDSE does.

    For proposed sites, which have no placeholder, pragma lines are inserted before the loop (and its label).
    ``point`` maps every site's name to its value. Raises PipelineError where a site has no value, a name is no site,
    a value is no word or number, or a site does not stand in a file's own text.
    """
    sites: dict[str, Site | Option] = {site.name: site for site in kernel.sites}
    sites |= {option.name: option for option in kernel.options}
    _check(kernel, sites, point)
    texts = source_files(kernel)
    given = {name: site for name, site in sites.items() if isinstance(site, Option) or not site.proposed}
    found: dict[str, str] = {}
    if given:
        found = _replaced(kernel, texts, given, point)
    proposed = [site for site in kernel.sites if site.proposed]
    if proposed:
        found |= _inserted(kernel, texts | found, proposed, point)
    return {kernel.file: found.get(kernel.file, kernel.source)} | found


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


def _replaced(
    kernel: Kernel, texts: Mapping[str, str], sites: Mapping[str, Site | Option], point: Mapping[str, int | str]
) -> dict[str, str]:
    met: set[str] = set()

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        met.add(name)
        return str(point[name]) if name in sites else match.group()

    found = {}
    for file, text in texts.items():
        changed = PLACEHOLDER.sub(value, text)
        if changed != text or file == kernel.file:
            found[file] = changed
    for name, site in sites.items():
        if name not in met:
            raise PipelineError(
                f"placeholder {name} does not stand in a file itself",
                file=kernel.file,
                line=site.line,
                fix="move the pragma from the macro to the loop",
            )
    return found


def _inserted(
    kernel: Kernel, texts: Mapping[str, str], proposed: list[Site], point: Mapping[str, int | str]
) -> dict[str, str]:
    places = loop_places(kernel)
    by_loop: dict[str, list[Site]] = {}
    for site in proposed:
        by_loop.setdefault(site.loop, []).append(site)
    insertions: list[tuple[str, int, list[str]]] = []
    for loop, sites in by_loop.items():
        place = places[loop]
        if place.offset is None:
            raise PipelineError(
                "a pragma cannot be put before this loop: it comes from a macro",
                file=place.file,
                line=kernel.loop(loop).line,
                fix="write the loop out",
            )
        ordered = sorted(sites, key=lambda site: _ORDER[site.kind])
        insertions.append((place.file, place.offset, [_pragma(site, str(point[site.name])) for site in ordered]))
    found = {file: texts[file] for file, _, _ in insertions}
    for file, offset, lines in sorted(insertions, reverse=True):
        source = found[file]
        line_start = source.rfind("\n", 0, offset) + 1
        before = source[line_start:offset]
        if before.strip():
            found[file] = source[:offset].rstrip(" \t") + "\n" + "\n".join(lines) + "\n" + source[offset:]
        else:
            indented = "".join(f"{before}{line}\n" for line in lines)
            found[file] = source[:line_start] + indented + source[line_start:]
    return found


def _pragma(site: Site, value: str) -> str:
    if site.kind is SiteKind.PIPELINE:
        return f"#pragma ACCEL PIPELINE {value}".rstrip()
    clause = "" if site.reduction is None else f" reduction={site.reduction}" if site.reduction else " reduction"
    return f"#pragma ACCEL {site.kind}{clause} FACTOR={value}"
