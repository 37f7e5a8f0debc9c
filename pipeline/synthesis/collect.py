"""A folder of a user's past runs as entries for the store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.reports.labels import Label, Status, label_from_report
from pipeline.reports.parse import MAX_BYTES, parse_report
from pipeline.synthesis.canonical import sha256_hex
from pipeline.synthesis.design_names import TABLE, Named, from_names, from_sidecar, read_table
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.find_reports import Found, find_reports

_TOO_LARGE = f"the file has more than the {MAX_BYTES} bytes that a report may have"


@dataclass(frozen=True)
class Collected:
    """One report found, or one that cannot be read; its bytes stay on the disk until they are asked for."""

    folder: Path
    path: str
    """Relative to the folder, parts joined by ``/``; of a design that has no report, what ``designs.csv`` says."""
    key: str
    """The design key, or ``report-HASH`` where no design is named."""
    point: Point | None
    label: Label
    """What the report says, or ``report_unparsable`` (``report_missing``) with the reason."""
    sha256: str | None
    """Of the file's bytes; None where they could not be read or are not kept."""
    top: str | None
    tool_version: str | None
    notes: tuple[str, ...] = ()

    @property
    def xml(self) -> bytes | None:
        """The file's bytes, None where :attr:`sha256` is. Raises PipelineError where the file has changed since."""
        if self.sha256 is None:
            return None
        file = self.folder / self.path
        data = _read(file)
        if not isinstance(data, bytes) or sha256_hex(data) != self.sha256:
            raise PipelineError("changed while it was imported", file=str(file), fix="run the import again")
        return data

    def entry(self) -> Entry:
        """The entry for the store. Raises as :attr:`xml`."""
        return Entry(self.key, self.point, self.label, self.xml, tool_version=self.tool_version, notes=self.notes)


def collect_reports(folder: Path, *, top: str | None = None) -> list[Collected]:
    """The reports of designs under a folder, one a key, sorted by key.

    Which files count is told in :func:`~pipeline.synthesis.find_reports.find_reports`; ``top`` decides between
    reports of several modules. The design is the one that ``designs.csv`` in the folder gives for the report's
    path, or a sidecar beside the report or in a folder above it (``design.json`` or ``point.json`` with site names
    and values, ``key.txt``; it counts for the one report below it), or a file's or folder's name that is a key;
    else the design is unknown and the key is ``report-`` and 16 digits of the file's SHA-256.

    A report that cannot be read is returned as a failure with its reason, as is a design that ``designs.csv``
    names without a report. Of several files for one design the first by path keeps the key; another of the same
    bytes is left out, one that differs is returned as a design unknown, with a note.

    Raises PipelineError where the folder cannot be listed or ``designs.csv`` cannot be used.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PipelineError("there is no such folder", file=str(folder), fix="give the folder of your past runs")
    try:
        found = find_reports(folder, top)
    except OSError as error:
        raise PipelineError(f"cannot be listed: {error}", file=str(folder), fix="check its permissions") from None
    table = read_table(folder)
    read = [_read_one(folder, item) for item in found]
    named, unused = _named_by_table(read, table) if table is not None else ({}, {})
    named = {**_named_by_sidecars(folder, read), **named}
    kept: dict[str, Collected] = {}
    for item in read:
        design, note = named.get(item.path, (None, None))
        design = design or from_names(PurePosixPath(item.path))
        item = replace(item, notes=(*item.notes, note)) if note else item
        if design is not None:
            item = replace(item, key=design.key, point=design.point)
        _keep(kept, item)
    for path, design in unused.items():
        reason = f"{TABLE} names {path}, where there is no report"
        label = Label(Status.REPORT_MISSING, reason)
        if design.key not in kept:
            kept[design.key] = Collected(folder, path, design.key, design.point, label, None, None, None)
    return [kept[key] for key in sorted(kept)]


def _read(file: Path) -> bytes | str:
    """The file's bytes, or why they are not to be had."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return f"the file cannot be read: {error.strerror or error}"
    return data if len(data) <= MAX_BYTES else _TOO_LARGE


def _read_one(folder: Path, found: Found) -> Collected:
    """A report by itself, not yet named."""
    data = _read(folder / found.path)
    if isinstance(data, str):
        key = f"report-{sha256_hex(found.path.encode('utf-8', 'surrogateescape'))[:16]}"
        return Collected(folder, found.path, key, None, _failed(f"{found.path}: {data}"), None, None, None)
    digest = sha256_hex(data)
    bare = Collected(folder, found.path, f"report-{digest[:16]}", None, _failed(None), digest, None, None)
    if found.problem is not None:
        # No report of a design: its bytes would give a label that is not the design's.
        return replace(bare, label=_failed(f"{found.path} {found.problem}"), sha256=None)
    try:
        report = parse_report(data, file=found.path)
    except PipelineError as error:
        return replace(bare, label=_failed(str(error)))
    return replace(bare, label=label_from_report(report), top=report.top, tool_version=report.tool_version)


def _failed(reason: str | None) -> Label:
    return Label(Status.REPORT_UNPARSABLE, reason)


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


def _keep(kept: dict[str, Collected], item: Collected) -> None:
    first = kept.get(item.key)
    if first is None:
        kept[item.key] = item
    elif first.sha256 is None or first.sha256 != item.sha256:
        digest = item.sha256 or sha256_hex(item.path)
        note = f"{item.path} is named {item.key[:200]}, as {first.path} is, which differs"
        spare = f"report-{digest[:16]}"
        if spare not in kept:
            kept[spare] = replace(item, key=spare, point=None, notes=(*item.notes, note))
