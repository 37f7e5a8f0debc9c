"""What parts hold: capacities by die, which packages and grades share."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.reports.counts import Resources
from pipeline.terms import Resource

_PACKAGE = re.compile(r"(?:[il]?(?:_[a-z0-9]+)?(?:-?[a-z]{2,4}\d{2,4}[a-z]?)?(?:-(?P<grade>\d)[a-z]{0,2}(?:-.*)?)?)?")
"""What may follow a die: ``-clg400-1``, ``clg484-1q``, ``i-clg400-1l``, ``_civ-ffvb2104-3-e``, ``-2-e``, or nothing."""
_VERSAL = re.compile(r"x[acq]v[cehmp]\d")
_SPELLED_TOGETHER = re.compile(r"[a-z]{2,4}\d{2,4}[a-z]?(?:-.*)?")
SLOWEST_GRADE = "1"
OWN_PARTS = "parts.toml"
"""Of the current folder: dies that the table does not hold, as the user states them, one a line:
``xczu28dr = {family = "zynquplus", bram_18k = ..., dsp = ..., ff = ..., lut = ..., uram = ...}``."""
_SHOWN = 3
_LIKE = 0.82


@dataclass(frozen=True, slots=True)
class Part:
    """A part of which the capacities are known. ``name`` is in lower case, with a hyphen before the package."""

    name: str
    die: str
    family: str
    """As the tool writes it in its reports."""
    grade: str
    """Speed grade ``1`` to ``3``; the slowest where the name has none."""
    available: Resources
    own: bool = False
    """Its capacities are stated in :data:`OWN_PARTS`."""


def find_part(name: str) -> Part:
    """The part of that name: its die, and with it capacities and family, as well as its speed grade.

    Tools before 2019.1 write no hyphen before the package: both spellings are the same part. Raises PipelineError with
    the nearest known names for a part whose die is not known, or of which no package can be read.
    """
    text = name.strip().lower()
    known, own = _dies(), _own_dies()
    for die, row in {**known, **own}.items():
        rest = _rest(text, die)
        found = None if rest is None else _PACKAGE.fullmatch(rest)
        if rest is None or found is None:
            continue
        grade = found["grade"] or SLOWEST_GRADE
        joint = "-" if _SPELLED_TOGETHER.fullmatch(rest) else ""
        written = text[: len(text) - len(rest)] + joint + rest
        if grade not in ("1", "2", "3"):
            break
        return Part(written, die, str(row["family"]), grade, _capacities(row), die in own)
    if _VERSAL.match(text):
        raise PipelineError(
            f"the estimator does not know the part {name[:60]!r}",
            fix="it models no Versal device: name another part for an estimate, such as xcu200-fsgd2104-2-e; "
            "Vitis HLS itself runs for it (--backend vitis)",
        )
    near = nearest_parts(text)
    bare = re.split(r"[-_]", text)[0]
    columns = ", ".join(f"{name} = ..." for name in Resource)
    raise PipelineError(
        f"the estimator does not know the part {name[:60]!r}",
        fix=(f"did you mean {' or '.join(near)}? " if near else "")
        + f"It knows {len(known)} dies, such as xc7z020, xczu7ev, xcvu9p, xcu200; of another, state what it holds in a "
        f'line of {OWN_PARTS} in this folder: {bare[:20]} = {{family = "{_family_like(bare)}", {columns}}}',
    )


def is_known(name: str) -> bool:
    """Whether :func:`find_part` knows the part."""
    try:
        find_part(name)
    except PipelineError:
        return False
    return True


def nearest_parts(name: str) -> list[str]:
    """Up to three known names that somebody who wrote ``name`` may have meant, the likeliest first."""
    text = name.strip().lower()
    bare = re.split(r"[-_]", text)[0]
    dies = difflib.get_close_matches(bare, list(_dies()), n=_SHOWN, cutoff=_LIKE)
    full = difflib.get_close_matches(text, _names(), n=_SHOWN, cutoff=_LIKE)
    likely = dies if bare == text else full + [die for die in dies if not any(one.startswith(die) for one in full)]
    return likely[:_SHOWN]


def _rest(text: str, die: str) -> str | None:
    """What stands behind the die in a part's name; None for a part of another die.

    Commercial (``xc``), automotive (``xa``) and defence (``xq``) grades share their dies (DS180, DS890).
    """
    if text[:2] in ("xa", "xq"):
        text = f"xc{text[2:]}"
    return text[len(die) :] if text.startswith(die) else None


def _capacities(row: Mapping[str, Any]) -> Resources:
    return Resources(*(row[name] for name in Resource))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data", "parts.toml").read_text(encoding="utf-8"))


def _names() -> list[str]:
    return list(_table()["names"])


def _family_like(die: str) -> str:
    """The family of the known die that shares most of the beginning of its name."""
    shared = {known: sum(die.startswith(known[:length]) for length in range(len(known))) for known in _dies()}
    return str(_dies()[max(shared, key=shared.__getitem__)]["family"])


def _own_dies() -> Mapping[str, Mapping[str, Any]]:
    """The rows of the user's own file, none without one; PipelineError where one cannot be read."""
    if not Path(OWN_PARTS).is_file():
        return {}
    try:
        rows = tomllib.loads(read_text(Path(OWN_PARTS)))
    except tomllib.TOMLDecodeError as error:
        raise PipelineError(f"is not TOML: {error}", file=OWN_PARTS, fix="give each die a line") from None
    families = sorted({str(row["family"]) for row in _dies().values()})
    wanted = ", ".join(Resource)
    for die, row in rows.items():
        if die in _dies():
            raise PipelineError(f"the die {die} is known", file=OWN_PARTS, fix="take its line out")
        if not isinstance(row, dict) or row.get("family") not in families:
            raise PipelineError(
                f"{die[:40]} has no known family", file=OWN_PARTS, fix=f"name one of {', '.join(families)}"
            )
        if not all(type(row.get(name)) is int and row[name] >= 0 for name in Resource):
            raise PipelineError(
                f"{die[:40]} lacks a capacity", file=OWN_PARTS, fix=f"give it whole numbers of {wanted}"
            )
    return rows


@cache
def _dies() -> dict[str, Mapping[str, Any]]:
    """The rows by die, longer names first, as ``xcu250`` is not ``xcu25``."""
    table = _table()
    rows = {**table["reports"]}
    for sheet in table["data_sheet"].values():
        rows |= sheet
    return dict(sorted(rows.items(), key=lambda item: (-len(item[0]), item[0])))
