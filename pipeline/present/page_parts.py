"""The parts of a page that are no charts, as HTML. Every text is escaped here and nowhere else."""

from __future__ import annotations

import html
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import PipelineError
from pipeline.present.columns import number_text, percent_text, resource_label
from pipeline.present.page_items import Answer, BestDesign, Count, Failure, Grid, KeyFigure, LoopRow

MAX_REASONS = 25
"""Different reasons listed for one kind of failure; the tables have them all."""
MAX_ROWS = 2000
"""Rows of a table shown on the page."""
_PRAGMA = re.compile(r"\s*#\s*pragma\s+(?:ACCEL|HLS)\b", re.IGNORECASE)
LONG = 40
"""A text of more characters than this may break into lines in its cell."""


def text(value: object) -> str:
    """Escaped for the inside of an element and of a quoted attribute."""
    return html.escape(str(value))


def cell_text(value: Any) -> str:
    """A value for people: numbers grouped or rounded, None a dash, truths as words; not escaped."""
    if value is None:
        return "\u2013"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return number_text(value) if isinstance(value, float) else str(value)


def tiles(figures: Sequence[KeyFigure]) -> str:
    """Key figures side by side."""
    items = "".join(
        f'<div><dt>{text(figure.label)}</dt><dd class="value">'
        f"{'unknown' if figure.value is None else text(cell_text(figure.value))}</dd>"
        + (f'<dd class="note">{text(figure.note)}</dd>' if figure.note else "")
        + "</div>"
        for figure in figures
    )
    return f'<dl class="tiles">{items}</dl>'


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table that scrolls inside its box. Raises :class:`PipelineError` where a row is not as long as the header."""
    for number, row in enumerate(rows):
        if len(row) != len(header):
            raise PipelineError(f"row {number + 1} of a table has {len(row)} cells, its header {len(header)}")
    columns = [[row[i] for row in rows[:MAX_ROWS]] for i in range(len(header))]
    numeric = [_is_numeric(column) for column in columns]
    head = "".join(
        f"<th{_class('number' * right)}>{text(name)}</th>" for name, right in zip(header, numeric, strict=True)
    )
    cells = [
        [_cell(shown, right) for shown in (_aligned(column) if right else map(cell_text, column))]
        for column, right in zip(columns, numeric, strict=True)
    ]
    body = "".join(f"<tr>{''.join(row)}</tr>\n" for row in zip(*cells, strict=True))
    more = "" if len(rows) <= MAX_ROWS else f'<p class="note">{len(rows) - MAX_ROWS:,} more rows are in the files.</p>'
    return _boxed(f"<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody>") + more


def grid(shown: Grid) -> str:
    """A table with its heading and note."""
    note = f'<p class="note">{text(shown.note)}</p>' if shown.note else ""
    rows = (stacked if shown.stacked else table)(shown.header, shown.rows)
    return f'<div class="card"><h3>{text(shown.title)}</h3>{rows}{note}</div>'


def stacked(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of which on a phone each row becomes a block whose cells say what they are."""
    head = "".join(f"<th>{text(name)}</th>" for name in header)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{text(name)}"{_class("none" * (value in (None, "")))}>{text(cell_text(value))}</td>'
            for name, value in zip(header, row, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    return f'<table class="stack"><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>'


def answer(found: Answer) -> str:
    """One kernel as written against its best design: figures, why, what changed, how sure."""

    parts = [
        f'<p class="target">{text(found.kernel)} {text(found.target)}</p>',
        f'<p class="headline">{text(found.headline)}</p>',
        stacked(("", "as written", "best", "change"), found.figures) if found.figures else "",
    ]
    if found.why or found.loops:
        said = "".join(f"<p>{text(sentence)}</p>" for sentence in found.why)
        loops = stacked(("loop", "as written", "best", "bounded by"), found.loops) if found.loops else ""
        parts.append(f"<h3>Why</h3>{said}{loops}")
    if found.diff:
        lines = "".join(
            f"<i{_class(_diff_class(line))}>{text(line) or ' '}</i>" for line in found.diff.expandtabs(4).splitlines()
        )
        parts.append(f'<h3>What changed</h3><div class="source diff" tabindex="0"><pre>{lines}</pre></div>')
    if found.sure:
        parts.append(f"<h3>How sure</h3><p>{text(' '.join(found.sure))}</p>")
    return f'<div class="card answer">{"".join(parts)}</div>'


def _diff_class(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return "added" if line.startswith("+") else "removed" if line.startswith("-") else ""


def best_design(best: BestDesign, name: str) -> str:
    """The best design: its figures, its loops and, beside them, its source; ``name`` makes its ids unique."""
    facts = [("cycles", number_text(best.cycles))]
    facts += [(resource_label(resource), percent_text(value)) for resource, value in best.utilisations.items()]
    items = "".join(f"<li>{text(label)} <b>{text(value)}</b></li>" for label, value in facts)
    notes = "".join(f'<p class="note">{text(note)}</p>' for note in best.notes)
    code = _source(best.code, name) if best.code else ""
    loops = f"<div>{_loops(best.loops, name, len(best.code.splitlines()))}</div>" if best.loops else ""
    return (
        f'<div class="card"><h3>{text(best.kernel)}: {text(best.source)} ({text(best.origin)})</h3>'
        f'<ul class="facts">{items}</ul><p class="key"><code>{text(best.key)}</code></p>{notes}'
        f'<div class="best{" both" if code and loops else ""}">{loops}{code}</div></div>'
    )


def failures(found: Sequence[Failure]) -> str:
    """Failures by kind, most frequent first; under each the log lines with how often and where they occurred."""
    kinds: dict[str, list[Failure]] = defaultdict(list)
    for failure in found:
        kinds[failure.status].append(failure)
    ordered = sorted(kinds.items(), key=lambda item: (-len(item[1]), item[0]))
    most = len(ordered[0][1])
    rows = "".join(
        f'<tr><td>{text(status)}</td><td class="number">{len(members):,}</td>'
        f'<td class="number">{percent_text(len(members) / len(found))}</td>'
        f'<td class="long"><span class="bar" style="width:{100 * len(members) / most:.1f}%"></span></td></tr>\n'
        for status, members in ordered
    )
    head = '<th>failure</th><th class="number">designs</th><th class="number">share</th><th></th>'
    overview = _boxed(f"<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody>")
    opened = " open" if len(ordered) == 1 else ""
    lists = "".join(
        f"<details{opened}><summary>{text(status)}: {_designs(len(members))}</summary>{_reasons(members)}</details>"
        for status, members in ordered
    )
    return f'<div class="card">{overview}{lists}</div>'


def provenance(values: Mapping[str, Any]) -> str:
    """Scalars as a table, what is nested folded below it."""
    flat = {name: value for name, value in values.items() if not isinstance(value, dict | list | tuple)}
    nested = {name: value for name, value in values.items() if name not in flat and value}
    # Versions, seeds and hashes are names, not quantities: no grouping of digits.
    rows = "".join(
        f"<tr><td>{text(name)}</td>"
        f'<td class="long"><code>{text("unknown" if value is None else value)}</code></td></tr>\n'
        for name, value in sorted(flat.items())
    )
    folded = "".join(
        f'<details><summary>{text(name)}</summary><div class="box"><pre>'
        f"{text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str))}</pre></div></details>"
        for name, value in sorted(nested.items())
    )
    return f'<div class="card">{_boxed(f"<tbody>{rows}</tbody>") if rows else ""}{folded}</div>'


def commands(lines: Sequence[str]) -> str:
    """Commands to copy."""
    return f'<pre class="shell">{text(chr(10).join(lines))}</pre>'


def files(names: Mapping[str, str]) -> str:
    """Links to what lies beside the page. Raises :class:`PipelineError` for a name that leads elsewhere."""
    rows = ""
    for name, meaning in names.items():
        if ":" in name or name.startswith(("/", "\\")) or ".." in name.split("/"):
            raise PipelineError(f"{name!r} is not the name of a file beside the page")
        link = f'<a href="./{text(name)}">{text(name)}</a>'
        rows += f'<tr><td>{link}</td><td class="long">{text(meaning)}</td></tr>\n'
    return f'<div class="card">{_boxed(f"<tbody>{rows}</tbody>")}</div>'


def _designs(count: int) -> str:
    return f"{count:,} design{'' if count == 1 else 's'}"


def _boxed(content: str) -> str:
    # A box that scrolls must be reachable by the keyboard.
    return f'<div class="box" tabindex="0"><table>{content}</table></div>'


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _is_numeric(column: Sequence[Any]) -> bool:
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in known)


def _aligned(column: Sequence[Any]) -> list[str]:
    """Numbers of one column with as many decimals each, unless a value would vanish."""
    sizes = [abs(value) for value in column if value is not None and math.isfinite(value)]
    if all(float(size).is_integer() for size in sizes):
        return [cell_text(value) for value in column]
    largest = max(sizes)
    decimals = 4 if largest < 10 else 2 if largest < 1000 else 0
    return [
        f"{value:,.{decimals}f}"
        if value is not None and math.isfinite(value) and (value == 0 or abs(value) >= 10.0**-decimals)
        else number_text(value)
        for value in column
    ]


def _cell(shown: str, right: bool) -> str:
    return f"<td{_class('number' if right else 'long' if len(shown) > LONG else '')}>{text(shown)}</td>"


def _source(code: str, name: str) -> str:
    lines = "".join(
        f'<i id="{name}-{number}" data-n="{number}"{_class("pragma" * bool(_PRAGMA.match(line)))}>'
        f"{text(line) or ' '}</i>"
        for number, line in enumerate(code.expandtabs(4).splitlines(), 1)
    )
    return f'<div><div class="source" tabindex="0" aria-label="annotated source"><pre>{lines}</pre></div></div>'


def _loops(loops: Sequence[LoopRow], name: str, lines: int) -> str:
    header = ("loop", "trip count", "II", "iteration latency", "latency", "pipelined")
    head = "".join(f"<th{_class('number' * (1 <= i <= 4))}>{title}</th>" for i, title in enumerate(header))
    body = ""
    for loop in loops:
        label = text(loop.name)
        if loop.line is not None and 1 <= loop.line <= lines:
            label = f'<a href="#{name}-{loop.line}">{label}</a>'
        counts = (loop.trip_count, loop.initiation_interval, loop.iteration_latency, loop.latency)
        body += (
            f'<tr><td style="padding-left:{14 * max(loop.depth, 0)}px">{label}</td>'
            + "".join(f'<td class="number">{text(_count(count))}</td>' for count in counts)
            + f"<td>{text(cell_text(loop.pipelined))}</td></tr>\n"
        )
    return _boxed(f"<thead><tr>{head}</tr></thead><tbody>\n{body}</tbody>") + (
        '<p class="note">Latencies in cycles. II: initiation interval, cycles between the starts of two iterations.</p>'
    )


def _count(count: Count) -> str:
    if not isinstance(count, tuple):
        return cell_text(count)
    least, most = count
    return cell_text(least) if least == most else f"{cell_text(least)} to {cell_text(most)}"


def _reasons(members: Sequence[Failure]) -> str:
    counted = Counter(member.reason for member in members)
    first: dict[str, Failure] = {}
    for member in members:
        first.setdefault(member.reason, member)
    ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    items = "".join(
        f"<li><code>{text(reason or 'no line of the log says why')}</code>"
        f'<p class="note">{_designs(count)}, such as {text(first[reason].kernel)} '
        f"({text(first[reason].source)}): <code>{text(first[reason].key)}</code></p></li>"
        for reason, count in ordered[:MAX_REASONS]
    )
    hidden = len(ordered) - MAX_REASONS
    more = f'<li class="note">{hidden:,} more reasons are in the tables.</li>' if hidden > 0 else ""
    return f'<ul class="log">{items}{more}</ul>'
