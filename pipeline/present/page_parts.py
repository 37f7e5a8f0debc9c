"""The parts of a page that are no charts, as HTML: what stands in them; ``assets/parts.html`` says how it looks."""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import PipelineError, counted
from pipeline.present.columns import UNKNOWN, cell_text, number_text
from pipeline.present.page_items import Answer, BestDesign, Failure, Grid, KeyFigure
from pipeline.present.templates import part

MAX_REASONS = 25
"""Different reasons listed for one kind of failure; the tables have them all."""
MAX_ROWS = 2000
"""Rows of a table shown on the page."""
_PRAGMA = re.compile(r"\s*#\s*pragma\s+(?:ACCEL|HLS)\b", re.IGNORECASE)
PHONE = 46
"""Characters that a row may have to stand as one on a phone."""
LONG = 40
"""A text of more characters than this may break into lines in its cell."""


def tiles(figures: Sequence[KeyFigure]) -> str:
    """Key figures side by side."""
    return part("tiles", figures)


def grid(shown: Grid) -> str:
    """A table with its heading and note, without the columns in which nothing stands or all rows say the same.

    Raises :class:`PipelineError` where a row is not as long as the header.
    """
    for number, row in enumerate(shown.rows):
        if len(row) != len(shown.header):
            raise PipelineError(f"row {number + 1} of a table has {len(row)} cells, its header {len(shown.header)}")
    columns = [[row[i] for row in shown.rows[:MAX_ROWS]] for i in range(len(shown.header))]
    told = [i for i, column in enumerate(columns) if not column or any(value not in (None, "") for value in column)]
    same = [i for i in told if shown.told_once and len(columns[i]) > 1 and len(set(columns[i])) == 1]
    told = [i for i in told if i not in same] or told
    once = "; ".join(f"{shown.header[i]} {cell_text(columns[i][0])}" for i in same if i not in told)
    columns = [columns[i] for i in told]
    numeric = [_is_numeric(column) for column in columns]
    texts = [
        [(one, "number" + " none" * (one == UNKNOWN)) for one in _aligned(column)]
        if right
        else [(one, "long" if len(one) > LONG else "none" * (one in ("", UNKNOWN))) for one in map(cell_text, column)]
        for column, right in zip(columns, numeric, strict=True)
    ]
    header = [(name, "number" * right) for name, right in zip((shown.header[i] for i in told), numeric, strict=True)]
    hidden = len(shown.rows) - MAX_ROWS
    more = f"{hidden:,} more rows are in the files." if hidden > 0 else ""
    cells = list(zip(*texts, strict=True))
    widths = [
        max(len(one) for one in (*name.split(), *(text for text, _ in column))) + 2
        for (name, _), column in zip(header, texts, strict=True)
    ]
    # There headers break at their blanks, and the first column anywhere.
    kind = "plain" if sum(widths[1:]) + min(sum(widths[:1]), 14) <= PHONE else "stack"
    found = {"header": header, "cells": cells, "more": more, "kind": kind, "once": f"In each row: {once}." * bool(once)}
    return part("grid", shown, found)


def answer(found: Answer) -> str:
    """One kernel as written against its best design: figures, why, what changed, how sure."""
    return part("answer", found, [(_diff_class(line), line) for line in found.diff.expandtabs(4).splitlines()])


def _diff_class(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return "added" if line.startswith("+") else "removed" if line.startswith("-") else ""


def best_design(best: BestDesign, name: str) -> str:
    """The best design: its figures, its loops and, beside them, its source; ``name`` makes its ids unique."""
    code = best.code.expandtabs(4).splitlines()
    return part("best_design", best, name, [("pragma" * bool(_PRAGMA.match(line)), line) for line in code])


def failures(found: Sequence[Failure]) -> str:
    """Failures by kind, most frequent first; under each the log lines with how often and where they occurred."""
    kinds: dict[str, list[Failure]] = defaultdict(list)
    for failure in found:
        kinds[failure.status].append(failure)
    ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    return part("failures", [
        {"status": status, "count": len(members), "share": len(members) / len(found),
         "designs": counted(len(members), "design"),
         "width": 100 * len(members) / len(ordered[0][1]), **_reasons(members)}
        for status, members in ordered
    ])  # fmt: skip


def _reasons(members: Sequence[Failure]) -> dict[str, Any]:
    reasons = Counter(member.reason for member in members)
    first: dict[str, Failure] = {}
    for member in members:
        first.setdefault(member.reason, member)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = [
        {"text": reason, "designs": counted(count, "design"), "first": first[reason]}
        for reason, count in ordered[:MAX_REASONS]
    ]
    return {"reasons": shown, "hidden": len(ordered) - MAX_REASONS}


def provenance(values: Mapping[str, Any]) -> str:
    """Scalars as a table, what is nested folded below it."""
    flat = {name: value for name, value in values.items() if not isinstance(value, dict | list | tuple) and value != ""}
    nested = {
        name: json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str)
        for name, value in values.items()
        if isinstance(value, dict | list | tuple) and value
    }
    return part("provenance", sorted(flat.items()), sorted(nested.items()))


def commands(lines: Sequence[str]) -> str:
    """Commands to copy."""
    return part("commands", lines)


def files(names: Mapping[str, str]) -> str:
    """Links to what lies beside the page. Raises :class:`PipelineError` for a name that leads elsewhere."""
    for name in names:
        if ":" in name or name.startswith(("/", "\\")) or ".." in name.split("/"):
            raise PipelineError(f"{name!r} is not the name of a file beside the page")
    return part("files", names)


def _is_numeric(column: Sequence[Any]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _aligned(column: Sequence[Any]) -> list[str]:
    """Numbers of one column with as many decimals each, unless no more than one digit would be left of a value."""
    sizes = [abs(value) for value in column if value is not None and math.isfinite(value)]
    if all(float(size).is_integer() for size in sizes):
        return [cell_text(value) for value in column]
    largest = max(sizes)
    decimals = 4 if largest < 10 else 2 if largest < 1000 else 0
    decimals = min(decimals, max(len(f"{size:.4f}".rstrip("0").partition(".")[2]) for size in sizes))
    return [
        f"{value:,.{decimals}f}"
        if value is not None and math.isfinite(value) and (value == 0 or abs(value) >= 10.0 ** (1 - decimals))
        else number_text(value)
        for value in column
    ]
