"""Which design a report belongs to, from what lies beside it: a table, a sidecar file, or a name that is a key."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.design_space.keys import Point, design_key, parse_key
from pipeline.errors import PipelineError
from pipeline.files import LEADS_OUT, leads_out, read_text
from pipeline.synthesis.canonical import read_json

TABLE = "designs.csv"
SIDECARS = ("design.json", "point.json", "key.txt")
_MAX_SIDECAR_BYTES = 1_000_000
_MAX_TABLE_BYTES = 256 * 1024 * 1024
_SITE = re.compile(r"__[A-Z]+__[A-Za-z0-9_]+")
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Named:
    """A design's key and its point."""

    key: str
    point: Point


def read_table(folder: Path) -> dict[str, Named] | None:
    """Designs by path from ``designs.csv`` in the folder, or None where there is none.

    Its columns are ``path`` (of a report, or of a folder that holds one, relative to this folder) and ``key``, or
    ``path`` and a column per site. Raises PipelineError, with the line, for a table that cannot be used.
    """
    file = folder / TABLE
    if not os.path.lexists(file):
        return None
    if leads_out(folder, file):
        raise PipelineError(LEADS_OUT, file=str(file), fix="copy the table into the folder")
    text = read_text(file, most=_MAX_TABLE_BYTES, fix="give a table of designs, or remove it")
    rows = csv.reader(text.splitlines(), strict=True)
    designs: dict[str, Named] = {}
    try:
        header = [name.strip() for name in next(rows, [])]
        if "path" not in header or len(header) < 2 or len(set(header)) != len(header):
            raise PipelineError(
                f"its first line is {','.join(header)[:100]!r}",
                file=str(file),
                line=1,
                fix="name the columns path,key, or path and one column a site",
            )
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) != len(header):
                problem = f"has {len(row)} cells where the first line has {len(header)}"
                raise PipelineError(problem, file=str(file), line=rows.line_num, fix="give each column a value")
            path, named = _row(dict(zip(header, row, strict=True)), file, rows.line_num)
            if path in designs:
                raise PipelineError(
                    f"the path {path[:100]!r} comes twice", file=str(file), line=rows.line_num, fix="keep one line"
                )
            designs[path] = named
    except csv.Error as error:
        raise PipelineError(f"is no CSV: {error}", file=str(file), line=rows.line_num, fix="check the quotes") from None
    return designs


def _row(row: dict[str, str], file: Path, line: int) -> tuple[str, Named]:
    path = PurePosixPath(row.pop("path").strip().replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise PipelineError(
            f"the path {str(path)[:100]!r} leads out of the folder",
            file=str(file),
            line=line,
            fix="give a relative path",
        )
    key = row.pop("key", "")
    try:
        if key.strip():
            return str(path), _from_key(key)
        # A key's value may be blanks, so cells are not stripped.
        point: Point = {name: int(cell) if _WHOLE.fullmatch(cell) else cell for name, cell in row.items()}
        return str(path), Named(design_key(point), point)
    except PipelineError as error:
        raise PipelineError(error.problem, file=str(file), line=line, fix=error.fix) from None


def _from_key(text: str) -> Named:
    """The design of a key's text, made canonical; PipelineError where it is none."""
    point = parse_key(text)
    return Named(design_key(point), point)


def from_sidecar(folder: Path, place: PurePosixPath) -> tuple[Named | None, str | None]:
    """The design that a sidecar in one folder names, and what is wrong with a sidecar that names none."""
    for name in SIDECARS:
        path = folder / place / name
        if not os.path.lexists(path):
            continue
        try:
            if leads_out(folder, path):
                raise ValueError(LEADS_OUT)
            text = read_text(path, most=_MAX_SIDECAR_BYTES)
            if name.endswith(".txt"):
                return _from_key(text.strip("\r\n")), None
            return _from_json(read_json(text)), None
        except (ValueError, PipelineError) as error:
            problem = error.problem if isinstance(error, PipelineError) else str(error)
            return None, f"{place / name} names no design: {problem}"
    return None, None


def _from_json(value: Any) -> Named:
    if not isinstance(value, Mapping) or not all(
        isinstance(member, int | str) and not isinstance(member, bool) for member in value.values()
    ):
        raise ValueError('it is no object of site names and values such as {"__PARA__L0": 4}')
    point: Point = dict(value)
    return Named(design_key(point), point)


def from_names(path: PurePosixPath) -> Named | None:
    """The design whose key is the file's name, or that of a folder above it, nearest first.

    Only names whose sites look like placeholders (``__PARA__L0-4``) count: ``run-3`` is no key.
    """
    found = (from_name(name) for name in (path.stem, *reversed(path.parent.parts)))
    return next((named for named in found if named is not None), None)


def from_name(name: str) -> Named | None:
    """The design whose key is a name."""
    if "-" not in name or not _SITE.match(name):
        return None
    try:
        named = _from_key(name)
    except PipelineError:
        return None
    return named if named.point and all(_SITE.fullmatch(site) for site in named.point) else None
