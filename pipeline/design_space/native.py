"""The readable form of a design space: TOML with a table per site.

    kernel = "2mm"
    source = "where the rules come from"

    [sites.__PARA__L2]
    kind = "PARALLEL"
    default = 1
    values = [1, 2, 4]
    when = "__PARA__L2 * __TILE__L2 <= 50 and (__PARA__L2 == 1 or __PIPE__L0 != 'flatten')"

``when`` is optional; it reads the site's own name for the value in question.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from pipeline.design_space.rules import TRUE, parse_rule
from pipeline.design_space.space import DesignSpace, SiteSpace
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind

_TOP = {"kernel", "source", "sites"}
_SITE = {"kind", "default", "values", "when"}


def read_space(text: str, *, file: str | None = None) -> DesignSpace:
    """The design space that a TOML text states; raises :class:`PipelineError` for anything else."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise PipelineError(f"not a design space in TOML: {error}", file=file, fix="correct the file") from None
    _known(data, _TOP, "the file", file)
    tables = data.get("sites", {})
    if not isinstance(tables, dict):
        raise PipelineError("'sites' is no table", file=file, fix="write a table [sites.NAME] per site")
    sites = [_read_site(name, table, file) for name, table in tables.items()]
    for key in ("kernel", "source"):
        if not isinstance(data.get(key, ""), str):
            raise PipelineError(f"'{key}' is no text", file=file)
    try:
        return DesignSpace(sites, kernel=data.get("kernel"), source=data.get("source"))
    except PipelineError as error:
        raise PipelineError(error.problem, file=file, fix=error.fix) from None


def write_space(space: DesignSpace) -> str:
    """The TOML text of a design space; ``read_space`` gives an equal one."""
    lines = []
    if space.kernel is not None:
        lines.append(f"kernel = {_toml(space.kernel)}")
    if space.source is not None:
        lines.append(f"source = {_toml(space.source)}")
    for site in space.sites:
        lines += ["", f"[sites.{site.name}]", f'kind = "{site.kind.value}"', f"default = {_toml(site.default)}"]
        lines.append("values = [" + ", ".join(_toml(value) for value in site.values) + "]")
        if site.rule != TRUE:
            lines.append(f"when = {_toml(str(site.rule))}")
    return "\n".join(lines).lstrip("\n") + "\n"


def _read_site(name: str, table: object, file: str | None) -> SiteSpace:
    if not isinstance(table, dict):
        raise PipelineError(f"site {name} is no table", file=file, fix="write a table [sites.NAME] per site")
    _known(table, _SITE, f"site {name}", file)
    for key in ("kind", "default", "values"):
        if key not in table:
            raise PipelineError(f"site {name} has no '{key}'", file=file, fix="give kind, default and values")
    try:
        kind = SiteKind(table["kind"])
    except ValueError:
        kinds = ", ".join(SiteKind)
        raise PipelineError(f"site {name}: the kind {table['kind']!r} is none of {kinds}", file=file) from None
    values = table["values"]
    if not isinstance(values, list):
        raise PipelineError(f"site {name}: 'values' is no list", file=file)
    when = table.get("when", "")
    if not isinstance(when, str):
        raise PipelineError(f"site {name}: 'when' is no text", file=file, fix="write the rule in quotes")
    rule = parse_rule(when, file=file, site=name)
    default: Any = table["default"]
    return SiteSpace(name, kind, tuple(values), default, rule)


def _known(table: dict[str, Any], keys: set[str], place: str, file: str | None) -> None:
    for key in table:
        if key not in keys:
            raise PipelineError(
                f"{place} has an unknown entry '{key}'", file=file, fix=f"use {', '.join(sorted(keys))}"
            )


def _toml(value: int | str) -> str:
    # A JSON text is a TOML basic string but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f") if isinstance(value, str) else str(value)
