"""What a pragma says: dialect, kind, placeholder, clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.terms import Dialect, SiteKind

PLACEHOLDER = re.compile(r"auto\s*\{\s*([A-Za-z_]\w*)\s*\}", re.IGNORECASE)
MASK = "hls_site_of_"
"""Begins the word that stands in for a placeholder where a source is read as it is handed to the tool."""
_TOKENS = re.compile(r"auto\s*\{[^}]*\}|[A-Za-z_]\w*|\d[\w.]*|[^\s\w]", re.IGNORECASE)
_KINDS: dict[tuple[str, str], SiteKind] = {
    (Dialect.MERLIN, "pipeline"): SiteKind.PIPELINE,
    (Dialect.MERLIN, "parallel"): SiteKind.PARALLEL,
    (Dialect.MERLIN, "tile"): SiteKind.TILE,
    (Dialect.HLS, "pipeline"): SiteKind.PIPELINE,
    (Dialect.HLS, "unroll"): SiteKind.PARALLEL,
}


@dataclass(frozen=True, slots=True)
class Pragma:
    """One pragma of the source."""

    text: str
    """Words with single spaces between, without ``#pragma``."""
    dialect: str | None
    """``merlin`` for ``ACCEL``, ``hls`` for ``HLS``, None for any other."""
    directive: str
    """The word after the dialect, in lower case; empty where there is none."""
    kind: SiteKind | None
    placeholder: str | None
    reduction: str | None
    """None: no clause; empty: a clause without a variable; else the variable."""
    file: str
    line: int
    column: int
    options: tuple[str, ...] = ()
    """Placeholders of a ``HLS`` directive that decides nothing about a loop, in order."""


def normal_text(text: str) -> str:
    """The words of a pragma with single spaces between them."""
    return " ".join(re.sub(r"\s+", "", word) for word in _TOKENS.findall(text))


def pragma_text(node: c_ast.Pragma) -> str:
    """The text of a ``#pragma`` or ``_Pragma``."""
    string: Any = node.string
    if isinstance(string, c_ast.Node):
        quoted = str(getattr(string, "value", ""))
        return quoted[quoted.find('"') + 1 : -1].replace('\\"', '"').replace("\\\\", "\\")
    return str(string or "")


def read_pragma(node: c_ast.Pragma, file: str) -> Pragma:
    """The meaning of a pragma node; raises PipelineError where a placeholder stands in one that is not understood."""
    text = pragma_text(node)
    words = _TOKENS.findall(text)
    lowered = [word.lower() for word in words]
    names = PLACEHOLDER.findall(text)
    coord = node.coord
    line, column = (coord.line, coord.column or 1) if coord else (1, 1)
    file = coord.file if coord and coord.file else file

    def refuse(problem: str, fix: str) -> PipelineError:
        return PipelineError(f"#pragma {normal_text(text)}: {problem}", file=file, line=line, column=column, fix=fix)

    dialect = {"accel": Dialect.MERLIN, "hls": Dialect.HLS}.get(lowered[0]) if lowered else None
    directive = lowered[1] if len(lowered) > 1 and dialect else ""
    kind = _KINDS.get((dialect or "", directive))
    if "auto{" in text.lower().replace(" ", "").replace("\t", "") and not names:
        raise refuse("malformed placeholder", "write auto{NAME}, as in auto{__PARA__L0}")
    options = tuple(names) if dialect == Dialect.HLS and kind is None and directive else ()
    if options:
        names = []
    if len(names) > 1:
        raise refuse("more than one placeholder", "write one placeholder a pragma")
    if names and kind is None:
        known = "ACCEL PIPELINE, ACCEL PARALLEL, ACCEL TILE and the directives of HLS"
        raise refuse("a placeholder in a pragma that is not known", f"placeholders are read in {known}")
    reduction = None
    if "reduction" in lowered[2:]:
        at = lowered.index("reduction", 2)
        reduction = words[at + 2] if words[at + 1 : at + 2] == ["="] and len(words) > at + 2 else ""
    return Pragma(
        normal_text(text), dialect, directive, kind, names[0] if names else None, reduction, file, line, column, options
    )
