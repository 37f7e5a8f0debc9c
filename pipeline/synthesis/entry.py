"""What the store keeps of one design: the csynth.xml where there is one, and a small record beside it."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from types import UnionType
from typing import Any, get_args, get_type_hints

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.reports.report import Report
from pipeline.synthesis.canonical import canonical_json, read_json, sha256_hex

MAX_KEY_LENGTH = 1_000_000
LATEST = 2**63 - 1
"""The latest time that an entry can have been made at, in nanoseconds since 1970."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_VOLATILE = ("seconds", "started", "made")
_DECIDED_BY_REPORT = (DesignStatus.OK, DesignStatus.REPORT_UNPARSABLE)


class Entry:
    """One design's result from one source.

    Where there is an XML that decides (verdict ``ok``, or ``report_unparsable``, which a better parser may lift),
    :attr:`label` is what the XML gives, read on first use; the record holds no copy that could contradict it. Any
    other failure, and a published label without an XML, stands in the record itself.

    Args:
        key: the design key.
        point: a value per site, or None where it is not known.
        label: the label; may be left out where an XML is given. Where the XML decides, only its status is kept.
        xml: the bytes of the csynth.xml.
        report_hash: SHA-256 of ``xml``; computed, and checked where given.
        seconds: how long the run took; volatile, outside the content hash.
        started: ISO 8601 time of its start; volatile, outside the content hash.
        made: when the result was made, in nanoseconds since 1970 (UTC), 0 where that is not known; the end of the run
            where it is left out and ``started`` says when that began. Volatile, outside the content hash: it decides
            between results of one design, the newer of which counts.
        tool_version: the tool's version as it states it.
        notes: further sentences worth keeping.

    Raises:
        PipelineError: a value cannot be stored, with the key.
    """

    def __init__(
        self,
        key: str,
        point: Point | None,
        label: Label | None = None,
        xml: bytes | None = None,
        report_hash: str | None = None,
        seconds: float | None = None,
        started: str | None = None,
        tool_version: str | None = None,
        notes: tuple[str, ...] = (),
        made: int | None = None,
    ) -> None:
        self.key = _checked_key(key)
        self.point: dict[str, int | str] | None = None if point is None else _checked_point(key, point)
        if label is None and xml is None:
            raise PipelineError(f"the entry of design {_short(key)} has neither a label nor a report")
        if label is not None and label.status is DesignStatus.NOT_CACHED:
            raise PipelineError(f"design {_short(key)} is not cached: that is no result to store")
        self.xml = xml
        computed = None if xml is None else sha256_hex(xml)
        if report_hash is not None and report_hash != computed:
            raise PipelineError(f"the report of design {_short(key)} has another SHA-256 than its record says")
        self.report_hash = computed
        self.status: DesignStatus = DesignStatus.OK if label is None else label.status
        """The verdict in the record. With an XML that cannot be read, ``label.status`` says so instead."""
        self._given = label
        if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
            raise PipelineError(f"design {_short(key)} cannot have taken {seconds} seconds")
        self.seconds = None if seconds is None else float(seconds)
        self.started = started
        self.made = _ended(started, seconds) if made is None else min(max(made, 0), LATEST)
        self.tool_version = tool_version
        self.notes = tuple(notes)

    @property
    def from_report(self) -> bool:
        """True where the label is what the XML gives."""
        return self.xml is not None and self.status in _DECIDED_BY_REPORT

    @cached_property
    def label(self) -> Label:
        """The label: read from the XML where that decides, else as recorded. Never raises."""
        if not self.from_report:
            assert self._given is not None
            return self._given
        return self.read()[0]

    def read(self) -> tuple[Label, Report | None]:
        """The label and the parsed report (None where there is no XML, or none that can be read).

        An XML that cannot be read gives the status ``report_unparsable`` with the reason.
        """
        report = None
        if self.xml is not None:
            from pipeline.reports.parse import parse_report

            try:
                report = parse_report(self.xml, file=f"report of {_short(self.key)}")
                if self.from_report:
                    return label_from_report(report), report
            except PipelineError as error:
                if self.from_report:
                    return Label(DesignStatus.REPORT_UNPARSABLE, str(error)), None
        assert self._given is not None
        return self._given, report

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over everything but what changes from run to run (``seconds``, ``started``)."""
        return record_hash(self._content())

    def to_record(self) -> dict[str, Any]:
        """The record: JSON values, members that are unknown left out, with its content hash."""
        record = self._content()
        record["content"] = self.content_hash
        if self.seconds is not None:
            record["seconds"] = self.seconds
        if self.started is not None:
            record["started"] = self.started
        if self.made:
            record["made"] = self.made
        return record

    def _content(self) -> dict[str, Any]:
        record: dict[str, Any] = {"key": self.key, "status": str(self.status)}
        optional: dict[str, Any] = {
            "point": self.point,
            "report": self.report_hash,
            "tool_version": self.tool_version,
            "notes": list(self.notes) or None,
        }
        if not self.from_report:
            assert self._given is not None
            optional["reason"] = self._given.reason
            optional["label"] = _plain(self._given, leave_out=("status", "reason")) or None
        record.update((name, value) for name, value in optional.items() if value is not None)
        return record

    def _values(self) -> tuple[object, ...]:
        return self.content_hash, self.seconds, self.started, self.made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Entry) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        report = f", report {self.report_hash[:16]}" if self.report_hash else ""
        return f"Entry({self.key!r}, {self.status}{report})"


def record_hash(record: Mapping[str, Any]) -> str:
    """The content hash of a record: SHA-256 of its canonical JSON without the volatile members and the hash."""
    return sha256_hex(canonical_json({k: v for k, v in record.items() if k != "content" and k not in _VOLATILE}))


def record_line(entry: Entry) -> str:
    """The entry's record as one line of JSON, without a line end.

    Raises PipelineError where a value is not one that JSON has (an infinity, say).
    """
    try:
        return canonical_json(entry.to_record())
    except ValueError as error:
        raise PipelineError(f"the entry of design {_short(entry.key)} cannot be written: {error}") from None


def read_record(line: str | bytes) -> dict[str, Any]:
    """One record as JSON values, not yet checked against its hash. Raises ValueError with what is wrong."""
    record = read_json(line)
    if not isinstance(record, dict):
        raise ValueError("a record is not an object")
    if not isinstance(record.get("key"), str) or not isinstance(record.get("status"), str):
        raise ValueError("a record lacks key or status")
    return record


def entry_from_record(record: Mapping[str, Any], xml: bytes | None) -> Entry:
    """The entry of a record and its report.

    Raises ValueError or PipelineError where a member is unknown, missing or of the wrong type, or where the
    report is not the one that the record names.
    """
    if record_hash(record) != record.get("content"):
        raise ValueError("a record does not match its content hash")
    known = {"key", "point", "status", "reason", "label", "report", "seconds", "started", "made"}
    known |= {"tool_version", "notes", "content"}
    if unknown := sorted(set(record) - known):
        raise ValueError(f"a record has the unknown member {unknown[0]!r}")
    for name in ("key", "status", "reason", "report", "started", "tool_version"):
        if name in record and not isinstance(record[name], str):
            raise ValueError(f"{name} of a record is not text")
    seconds = record.get("seconds")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        raise ValueError("seconds of a record is not a number")
    made = made_of(record)
    notes = record.get("notes", [])
    if not isinstance(notes, list) or not all(isinstance(note, str) for note in notes):
        raise ValueError("notes of a record are not texts")
    if record.get("report") != (None if xml is None else sha256_hex(xml)):
        raise ValueError("the report is not the one that the record names")
    point = record.get("point")
    if point is not None and not isinstance(point, dict):
        raise ValueError("point of a record is not an object")
    try:
        status = DesignStatus(record["status"])
    except ValueError:
        raise ValueError(f"unknown status {record['status']!r}") from None
    if xml is None or status not in _DECIDED_BY_REPORT:
        members = record.get("label", {})
        if not isinstance(members, dict) or "status" in members or "reason" in members:
            raise ValueError("label of a record is not an object of measurements")
        label = _typed(Label, {**members, "status": record["status"], "reason": record.get("reason")})
    elif "label" in record or "reason" in record:
        raise ValueError("a record repeats what its report says")
    else:
        label = Label(status)
    return Entry(
        record["key"],
        point,
        label,
        xml,
        seconds=seconds,
        started=record.get("started"),
        tool_version=record.get("tool_version"),
        notes=tuple(notes),
        made=made,
    )


def made_of(record: Mapping[str, Any]) -> int:
    """When the result of a record was made, 0 where it does not say. Raises ValueError for what is no time."""
    made = record.get("made", 0)
    if type(made) is not int or not 0 <= made <= LATEST:
        raise ValueError("made of a record is not a time in nanoseconds")
    return made


def _ended(started: str | None, seconds: float | None) -> int:
    """The end of a run in nanoseconds since 1970; 0 where it is not known when it began."""
    try:
        begun = datetime.fromisoformat(started or "")
        begun = begun if begun.tzinfo else begun.replace(tzinfo=UTC)
        return min(max(int((begun.timestamp() + (seconds or 0.0)) * 1e6) * 1000, 0), LATEST)
    except (ValueError, OverflowError):
        return 0


def _checked_key(key: str) -> str:
    if len(key) > MAX_KEY_LENGTH or _UNFIT.search(key):
        raise PipelineError(
            f"{_short(key)!r} is no design key",
            fix=f"a key is text of at most {MAX_KEY_LENGTH} characters without control characters",
        )
    return key


def _checked_point(key: str, point: Point) -> dict[str, int | str]:
    for name, value in point.items():
        if not isinstance(name, str) or isinstance(value, bool) or not isinstance(value, int | str):
            raise PipelineError(f"site {name!r} of design {_short(key)} has the value {value!r}, no integer or text")
    return dict(sorted(point.items()))


def _short(key: str) -> str:
    return key if len(key) <= 120 else f"{key[:100]}... ({len(key)} characters)"


def _plain(value: Any, leave_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """A dataclass of scalars and such dataclasses as JSON values; None is left out."""
    result: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        member = getattr(value, field.name)
        if member is None or field.name in leave_out:
            continue
        if dataclasses.is_dataclass(member):
            inner = _plain(member)
            # An object that is there but empty differs from none only where none is the default.
            if inner or field.default is None:
                result[field.name] = inner
        else:
            result[field.name] = _scalar(member, _hints(type(value))[field.name])
    return result


def _scalar(member: Any, allowed: tuple[type, ...]) -> Any:
    if isinstance(member, StrEnum):
        return str(member)
    # 4 and 4.0 are one period; they must have one spelling and one hash.
    return float(member) if float in allowed and type(member) is int else member


def _hints(kind: type[Any]) -> dict[str, tuple[type, ...]]:
    """Per field the types that its values may have."""
    if kind not in _known_hints:
        hints = get_type_hints(kind)
        _known_hints[kind] = {n: get_args(h) if isinstance(h, UnionType) else (h,) for n, h in hints.items()}
    return _known_hints[kind]


_known_hints: dict[type[Any], dict[str, tuple[type, ...]]] = {}


def _typed(kind: type[Any], members: Mapping[str, Any]) -> Any:
    """The dataclass ``kind`` from JSON values; ValueError for one that does not fit its declared type."""
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for name, value in members.items():
        if name not in hints:
            raise ValueError(f"{kind.__name__} has no {name!r}; was it written by a newer version?")
        values[name] = _fit(kind, name, hints[name], value)
    return kind(**values)


def _fit(kind: type[Any], name: str, allowed: tuple[type, ...], value: Any) -> Any:
    if value is None and type(None) in allowed:
        return None
    for option in allowed:
        if dataclasses.is_dataclass(option) and isinstance(value, dict):
            return _typed(option, value)
        if isinstance(option, type) and issubclass(option, StrEnum) and isinstance(value, str):
            return option(value)
        if option is float and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if type(value) is option:
            return value
    raise ValueError(f"{name} of {kind.__name__} cannot be {str(value)[:60]!r}")
