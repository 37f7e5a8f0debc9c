"""Values per site as published plain Vitis HLS sets give them: JSON of a list a site, and no rules.

    {"__PIPE__L0": ["NA", "   "], "__PARA__L0": ["1", "2", "4"]}

Numbers may be text; ``NA`` and the empty text are no directive at all, blanks the bare ``pipeline``. The first value is
the default.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pipeline.design_space.space import DesignSpace, SiteSpace
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind

_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,15}")
_KINDS = {"__PIPE__": SiteKind.PIPELINE, "__PARA__": SiteKind.PARALLEL, "__TILE__": SiteKind.TILE}


def is_value_lists(text: str) -> bool:
    """Whether a JSON text is an object of lists, which AutoDSE's configuration is not."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(data, dict) and bool(data) and all(isinstance(values, list) for values in data.values())


def read_value_lists(text: str, *, file: str | None = None, kinds: Mapping[str, SiteKind] | None = None) -> DesignSpace:
    """The design space of such a text; ``kinds`` says what sites decide whose names do not.

    Raises PipelineError for values that are neither words nor numbers, and as :class:`DesignSpace`.
    """
    sites = []
    for name, values in json.loads(text).items():
        kind = (kinds or {}).get(name) or _KINDS.get(name[:8], SiteKind.OPTION)
        read = tuple(dict.fromkeys(_value(name, value, file) for value in values))
        if not read:
            raise PipelineError(f"site {name} has no value", file=file, fix="give at least one")
        sites.append(SiteSpace(name, kind, read, read[0]))
    try:
        return DesignSpace(sites)
    except PipelineError as error:
        raise PipelineError(error.problem, file=file, fix=error.fix) from None


def _value(name: str, value: Any, file: str | None) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise PipelineError(
            f"site {name}: {value!r} is neither a whole number nor text", file=file, fix="mend the list"
        )
    if isinstance(value, str):
        if value == "NA":
            return ""
        return int(value) if _NUMBER.fullmatch(value) else value
    return value
