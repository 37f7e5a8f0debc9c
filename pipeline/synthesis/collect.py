"""A folder of a user's past runs as entries for the store."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.files import open_plain
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.reports.parse import parse_report
from pipeline.reports.report import MAX_BYTES
from pipeline.synthesis.canonical import sha256_hex
from pipeline.synthesis.design_names import TABLE, Named, from_name, from_names, from_sidecar, read_table
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.find_reports import Found, find_reports
from pipeline.synthesis.walk import Walked, walk

Tell = Callable[[str], None]
"""Takes one line on what is not taken and why."""


@dataclass(frozen=True)
class Collected:
    """One report found, or one that cannot be read; its bytes stay on the disk until they are asked for."""

    folder: Path
    path: str
    """Relative to the folder, parts joined by ``/``; of a design that has no report, where it should be."""
    key: str
    """The design key, or ``report-HASH`` where no design is named."""
    point: Point | None
    label: Label
    """What the report says, or ``report_unparsable`` (``report_missing``) with the reason."""
    sha256: str | None
    """Of the file's bytes; None where they could not be read or are not kept."""
    top: str | None = None
    part: str | None = None
    tool_version: str | None = None
    made: int = 0
    """When the file was last written, in nanoseconds since 1970; 0 where there is none. No report states a time."""
    notes: tuple[str, ...] = ()

    @property
    def xml(self) -> bytes | None:
        """The file's bytes, None where :attr:`sha256` is. Raises PipelineError where the file has changed since."""
        if self.sha256 is None:
            return None
        file = self.folder / self.path
        try:
            data = _read(file)[0]
        except PipelineError:
            data = b""
        if sha256_hex(data) != self.sha256:
            raise PipelineError("changed while it was imported", file=str(file), fix="run the import again")
        return data

    def entry(self) -> Entry:
        """The entry for the store. Raises as :attr:`xml`."""
        return Entry(
            self.key,
            self.point,
            self.label,
            self.xml,
            tool_version=self.tool_version,
            notes=self.notes,
            made=self.made,
        )


def collect_reports(
    folder: Path, *, top: str | None = None, tell: Tell | None = None, known: Mapping[str, Named] = MappingProxyType({})
) -> list[Collected]:
    """The reports of designs under a folder, one a key, sorted by key.

    Which files count is told in :func:`~pipeline.synthesis.find_reports.find_reports`; ``top`` decides between
    reports of several modules. The design is the one that ``designs.csv`` in the folder gives for the report's
    path, or a sidecar beside the report or in a folder above it (``design.json`` or ``point.json`` with site names
    and values, ``key.txt``; it counts for the one report below it), or a file's or folder's name that is a key;
    else the one that ``known`` has for the path; else the design is unknown and the key is
    ``report-`` and 16 digits of the file's SHA-256.

    A report that is none is returned as a failure with its reason, and so, once, is a design that has none. Of several
    reports of one design the newest counts, one that can be read before one that cannot; of two that differ and are
    equally old neither does, and both are returned as designs unknown, with a note. ``tell`` is told of each report
    that does not count, and of what is not read: a link that leads out of the folder, a pipe, a folder or file that
    cannot be opened.

    Raises PipelineError where the folder cannot be listed or ``designs.csv`` cannot be used.
    """
    folder = Path(folder)
    tell = tell or (lambda line: None)
    if not folder.is_dir():
        raise PipelineError("there is no such folder", file=str(folder), fix="give the folder of your past runs")
    try:
        walked = walk(folder)
    except OSError as error:
        raise PipelineError(f"cannot be listed: {error}", file=str(folder), fix="check its permissions") from None
    for path, why in walked.passed_over.items():
        tell(f"{path} {why}")
    table = read_table(folder)
    read = []
    for found in find_reports(folder, walked, top):
        try:
            read.append(_read_one(folder, found))
        except PipelineError as error:
            walked.passed_over[PurePosixPath(found.path)] = error.problem
            tell(f"{found.path} {error.problem}")
    named, unused = _named_by_table(read, table) if table is not None else ({}, {})
    named = {**_named_by_sidecars(folder, read), **named}
    by_key: dict[str, list[Collected]] = {}
    for item in read:
        design, note = named.get(item.path, (None, None))
        design = design or from_names(PurePosixPath(item.path)) or known.get(item.path)
        item = replace(item, notes=(*item.notes, note)) if note else item
        if design is not None:
            item = replace(item, key=design.key, point=design.point)
        by_key.setdefault(item.key, []).append(item)
    kept: dict[str, Collected] = {}
    for items in by_key.values():
        for item in _that_count(items, tell):
            kept.setdefault(item.key, item)
    missing = {PurePosixPath(path): design for path, design in unused.items()}
    for place in _without_report(walked, read):
        if (design := from_sidecar(folder, place)[0] or from_name(place.name)) is not None:
            missing.setdefault(place, design)
    for place, design in missing.items():
        if design.key not in by_key:
            where = f"{TABLE} names {place}, where there is" if str(place) in unused else f"{place} holds"
            label = Label(DesignStatus.REPORT_MISSING, f"{where} no report")
            kept.setdefault(design.key, Collected(folder, str(place), design.key, design.point, label, None))
    return [kept[key] for key in sorted(kept)]


def _read(file: Path) -> tuple[bytes, int]:
    """The file's bytes, one more than a report may have at most, and its time. Raises PipelineError."""
    with open_plain(file) as stream:
        try:
            return stream.read(MAX_BYTES + 1), max(os.fstat(stream.fileno()).st_mtime_ns, 0)
        except OSError as error:
            raise PipelineError(f"cannot be read: {error.strerror or error}", file=str(file)) from None


def _read_one(folder: Path, found: Found) -> Collected:
    """A report by itself, not yet named. Raises PipelineError where the file cannot be read."""
    by_path = f"report-{sha256_hex(found.path.encode('utf-8', 'surrogateescape'))[:16]}"
    if found.missing is not None:
        label = Label(DesignStatus.REPORT_MISSING, f"{found.path} is not there: {found.missing}")
        return Collected(folder, found.path, by_path, None, label, None)
    data, made = _read(folder / found.path)
    if len(data) > MAX_BYTES:
        label = _failed(f"{found.path}: the file has more than the {MAX_BYTES} bytes that a report may have")
        return Collected(folder, found.path, by_path, None, label, None, made=made)
    digest = sha256_hex(data)
    key = f"report-{digest[:16]}"
    try:
        report = parse_report(data, file=found.path)
    except PipelineError as error:
        return Collected(folder, found.path, key, None, _failed(str(error)), digest, made=made)
    label, version = label_from_report(report), report.tool_version
    return Collected(folder, found.path, key, None, label, digest, report.top, report.part, version, made)


def _failed(reason: str) -> Label:
    return Label(DesignStatus.REPORT_UNPARSABLE, reason)


_Names = dict[str, tuple[Named | None, str | None]]
"""By report's path: the design, or a note on why a sidecar gives none."""


def _named_by_table(read: Iterable[Collected], table: dict[str, Named]) -> tuple[_Names, dict[str, Named]]:
    """The designs that the table gives, and its lines that lead to no report."""
    named: _Names = {}
    unused = dict(table)
    for item in read:
        path = PurePosixPath(item.path)
        for place in (path, *path.parents):
            if str(place) in table:
                named[item.path] = (table[str(place)], None)
                unused.pop(str(place), None)
                break
    return named, unused


def _named_by_sidecars(folder: Path, read: Iterable[Collected]) -> _Names:
    below: dict[PurePosixPath, list[Collected]] = {}
    for item in read:
        for place in PurePosixPath(item.path).parents:
            below.setdefault(place, []).append(item)
    named: _Names = {}
    # Nearest first: the deepest folder's sidecar counts.
    for place in sorted(below, key=lambda place: (-len(place.parts), place)):
        open_items = [item for item in below[place] if item.path not in named]
        if not open_items:
            continue
        design, problem = from_sidecar(folder, place)
        if design is None and problem is None:
            continue
        if design is not None and len({item.sha256 for item in open_items}) > 1:
            design, problem = None, f"the sidecar in {place} is above {len(open_items)} reports and names none of them"
        named.update((item.path, (design, problem)) for item in open_items)
    return named


def _without_report(walked: Walked, read: Iterable[Collected]) -> list[PurePosixPath]:
    """Folders of designs in which there is neither a report nor anything that could not be read, outermost first."""
    seen = {parent for item in read for parent in PurePosixPath(item.path).parents}
    seen |= {place for path in walked.passed_over for place in (path, *path.parents)}
    return [place for place in walked.designs if place not in seen]


def _that_count(items: list[Collected], tell: Tell) -> list[Collected]:
    """Of the reports of one design the newest; of several that could be it each, as a design unknown."""
    best = min((item.label.status is not DesignStatus.OK, -item.made) for item in items)
    first: dict[str | None, Collected] = {}
    for item in items:
        if (item.label.status is not DesignStatus.OK, -item.made) == best:
            first.setdefault(item.sha256, item)
    newest = list(first.values())
    if len(newest) == 1:
        for item in items:
            if item.sha256 != newest[0].sha256:
                why = "which is newer" if item.label.status is newest[0].label.status else "which can be read"
                tell(f"{item.path} ({_time(item.made)}) gives way to {newest[0].path} ({_time(best[1])}), {why}")
        return newest
    if newest[0].label.status is not DesignStatus.OK:
        # A design without a readable report has failed once, however many files say so.
        return newest[:1]
    paths = ", ".join(item.path for item in newest[:3])
    note = f"{len(newest)} reports of {items[0].key[:200]} differ and are equally old: {paths}"
    tell(f"{note}; none of them counts: keep one, or name their designs in {TABLE}")
    return [
        replace(item, key=f"report-{(item.sha256 or '')[:16]}", point=None, notes=(*item.notes, note))
        for item in newest
    ]


def _time(made: int) -> str:
    """A time in nanoseconds, or minus one, for people."""
    return f"{datetime.fromtimestamp(abs(made) // 10**9, UTC):%Y-%m-%d %H:%M:%S}"
