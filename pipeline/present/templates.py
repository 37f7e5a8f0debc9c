"""The pages' templates, in ``assets/``: what is put into them is escaped there, by jinja, and nowhere else."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.present.columns import cell_text, count_text, number_text, percent_text, resource_label


@lru_cache(maxsize=1)
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("pipeline.present", "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = {"cell": cell_text, "count": count_text, "number": number_text, "percent": percent_text}
    found.filters |= {**filters, "resource": resource_label}
    return found


def rendered(name: str, **values: Any) -> str:
    """A template of ``assets/`` with its values; one that lacks a value is a defect and raises jinja's error."""
    return _environment().get_template(name).render(values)


def part(name: str, *values: Any) -> str:
    """A macro of ``assets/parts.html`` with its values, as HTML."""
    return str(getattr(_environment().get_template("parts.html").module, name)(*values))


def asset(name: str) -> str:
    """The text of a file of ``assets/`` that is no template."""
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]
