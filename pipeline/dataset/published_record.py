"""One entry of a published label file, its types checked and nothing yet concluded from it.

The files are JSON objects ``{key: {"point", "perf", "res_util", "valid"}}`` (HLSyn, NeurIPS 2023, and sets of the
same shape). Fields may be missing, numbers may be written as text, and the bare tokens ``Infinity`` and ``NaN``
occur.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.design_space.keys import parse_key
from pipeline.errors import PipelineError
from pipeline.terms import Resource

Value = int | str

MAX_KEY = 16_384
"""Longest design key, in characters."""

_WHOLE = re.compile(r"0|[1-9][0-9]{0,299}")
_SPELLINGS = {
    **{resource.short: resource for resource in Resource},
    "BRAM18K": Resource.BRAM_18K,
    "BRAM18": Resource.BRAM_18K,
    "DSP48E": Resource.DSP,
}


@dataclass(frozen=True, slots=True)
class PublishedRecord:
    """What a label file says of one design.

    ``totals`` and ``utilisation`` hold one entry per resource, in the order of :class:`~pipeline.terms.Resource`;
    None where the file has no such number. ``perf`` keeps NaN and the infinities; None where it is absent or null.
    """

    key: str
    point: dict[str, Value] | None
    perf: float | int | None
    valid: bool | None
    totals: tuple[float | int | None, ...]
    utilisation: tuple[float | int | None, ...]


class _Refused(Exception):
    """What is wrong with one entry, without its place."""


def parse_label_file(content: bytes, file: str) -> list[PublishedRecord]:
    """All records of one label file, in its order.

    Raises :class:`PipelineError` naming ``file`` and the place: text that is no UTF-8 or no JSON, another shape,
    a key given twice, a field of another type.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PipelineError(f"is not UTF-8 at byte {error.start}", file=file, fix="export it again as JSON") from error
    try:
        document = json.loads(text, object_pairs_hook=_object_without_repeats)
    except json.JSONDecodeError as error:
        raise PipelineError(
            f"is not JSON: {error.msg}", file=file, line=error.lineno, column=error.colno, fix="export it again"
        ) from error
    except _Refused as error:
        raise PipelineError(str(error), file=file, fix="keep one of them") from error
    except (RecursionError, ValueError) as error:  # too deeply nested; an integer of thousands of digits
        raise PipelineError(
            f"is not a label file: {str(error)[:120] or 'nested too deeply'}", file=file, fix="export it again"
        ) from error
    if not isinstance(document, dict):
        raise PipelineError(
            f"holds a JSON {_kind(document)} at its top, not an object of designs",
            file=file,
            fix='expected {key: {"point", "perf", "res_util", "valid"}}',
        )
    columns: dict[str, tuple[bool, int] | None] = {}
    records = []
    for key, entry in document.items():
        try:
            records.append(_record(key, entry, columns))
        except _Refused as error:
            raise PipelineError(f"design {key[:200]!r}: {error}", file=file, fix="correct or remove it") from error
    return records


def _object_without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Refused(f"has the key {name[:200]!r} twice")
            seen.add(name)
    return result


def _record(key: str, entry: object, columns: dict[str, tuple[bool, int] | None]) -> PublishedRecord:
    if not isinstance(entry, dict):
        raise _Refused(f"is a JSON {_kind(entry)}, not an object")
    if not key:
        raise _Refused("has an empty key")
    if not key.isprintable() or len(key) > MAX_KEY:
        raise _Refused(f"has control characters in its key, or more than {MAX_KEY:,} characters")
    totals: list[float | int | None] = [None] * len(Resource)
    utilisation: list[float | int | None] = [None] * len(Resource)
    resources = entry.get("res_util")
    if resources is not None:
        if not isinstance(resources, dict):
            raise _Refused(f"res_util is a JSON {_kind(resources)}, not an object")
        for name, value in resources.items():
            if name in columns:
                column = columns[name]
            else:
                column = columns[name] = _column(name)
            if column is not None:
                (totals if column[0] else utilisation)[column[1]] = _number(value, name)
    return PublishedRecord(
        key,
        _point(entry.get("point"), key),
        _number(entry.get("perf"), "perf"),
        _truth(entry.get("valid")),
        tuple(totals),
        tuple(utilisation),
    )


def _column(name: str) -> tuple[bool, int] | None:
    """(is a total, index of the resource) of a ``res_util`` field; None for fields that are not read."""
    kind, _, resource = name.replace("_", "-").partition("-")
    known = _SPELLINGS.get(resource.replace("-", "").upper())
    if known is None or kind not in ("total", "util"):
        return None
    return kind == "total", list(Resource).index(known)


def _number(value: object, name: str) -> float | int | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and len(value) <= 64:
        try:
            return float(value)
        except ValueError:
            pass
    raise _Refused(f"{name} is {str(value)[:60]!r}, not a number")


def _truth(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    raise _Refused(f"valid is {str(value)[:60]!r}, neither true nor false")


def _point(value: object, key: str) -> dict[str, Value] | None:
    """The published point; where the entry has none, what its key says, if that is a key."""
    if value is None:
        try:
            return parse_key(key)
        except PipelineError:
            return None
    if not isinstance(value, dict):
        raise _Refused(f"point is a JSON {_kind(value)}, not an object")
    if not all(map(str.isprintable, value)):
        raise _Refused("point has a site name with control characters")
    return {site: chosen if type(chosen) is int else _chosen(site, chosen) for site, chosen in value.items()}


def _chosen(site: str, value: object) -> Value:
    if value == "NA":
        return ""  # no directive, as keys write it; some sets write it in points too
    if isinstance(value, str) and value.isprintable():
        return int(value) if _WHOLE.fullmatch(value) else value
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    raise _Refused(f"point has {str(value)[:60]!r} at {site[:100]!r}, neither a whole number nor plain text")


def _kind(value: object) -> str:
    names: Mapping[type, str] = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")
