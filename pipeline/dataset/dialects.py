"""Dialects of published label sets: what their sites, values and zeros mean.

``merlin``: Merlin pragmas, as in HLSyn (NeurIPS 2023). ``__PIPE__`` is ``off``, ``''`` (coarse-grained) or
``flatten``; there are ``__TILE__`` sites; utilisations are cut to two decimals, and a total of 0 beside a
utilisation of 0 stands for the tool's "~0 %".

``vitis-plain``: plain Vitis HLS directives, as in HLSFactory's AutoDSE demo. ``__PIPE__`` is ``''`` (no directive at
all), ``off`` or three blanks (``HLS pipeline``); sites are numbered by ``for`` loops in source order; utilisations are
exact but cut at 1, zeros are measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.dataset.published_record import PublishedRecord
from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.terms import Dialect, Resource

DIALECTS = (Dialect.MERLIN, Dialect.VITIS_PLAIN)

HLSYN_CAPACITY = Resources(bram_18k=4320, dsp=6840, ff=2_364_480, lut=1_182_240)
"""A VU9P-class device, as HLSyn's utilisations imply."""
VITIS_PLAIN_CAPACITY = Resources(bram_18k=3240, dsp=5130, ff=1_773_360, lut=886_680, uram=720)
"""75 % of a VU9P, as the plain set's utilisations imply."""

_CAPACITY: dict[str, Resources] = {Dialect.MERLIN: HLSYN_CAPACITY, Dialect.VITIS_PLAIN: VITIS_PLAIN_CAPACITY}
_PLAUSIBLE = 1e12
"""No device has, and no design uses, more of a resource than this; also guards the arithmetic."""
_URAM = list(Resource).index(Resource.URAM)


def checked_dialect(dialect: str) -> str:
    """``dialect`` where it is one of :data:`DIALECTS`; raises :class:`PipelineError` otherwise."""
    if dialect not in DIALECTS:
        raise PipelineError(f"unknown dialect {dialect[:60]!r}", fix=f"use one of {', '.join(DIALECTS)}")
    return dialect


def detect_dialect(records: Iterable[PublishedRecord], *, file: str) -> str:
    """The dialect that a whole set of records is written in.

    Decisive signs: a ``__TILE__`` site or a ``flatten`` (only Merlin has them), a value of blanks (only the plain set
    has it). Without those: URAM counts or utilisations finer than a hundredth speak for the plain set; else Merlin,
    as nearly all published sets are. Raises :class:`PipelineError` where both decisive signs occur.
    """
    merlin = blanks = plain = False
    for record in records:
        if record.point is not None:
            values = record.point.values()
            merlin = merlin or "flatten" in values or any(site.startswith("__TILE__") for site in record.point)
            blanks = blanks or any(type(value) is str and value != "" and not value.strip() for value in values)
        if not plain:
            plain = record.totals[_URAM] is not None or record.utilisation[_URAM] is not None
            plain = plain or any(use is not None and not _hundredths(use) for use in record.utilisation)
    if merlin and blanks:
        raise PipelineError(
            "mixes Merlin values (flatten, TILE) with plain Vitis values (blanks)",
            file=file,
            fix="separate the two sets, or say which it is with --dialect",
        )
    return Dialect.MERLIN if merlin or not (blanks or plain) else Dialect.VITIS_PLAIN


def published_capacity(records: Sequence[PublishedRecord], dialect: str) -> Resources:
    """The device's capacities behind the records' utilisations, or nothing known.

    The dialect's known device is taken only where it explains every utilisation beside a positive total (Merlin:
    ``util = floor(100 * total / capacity) / 100``; plain: ``util = min(1, total / capacity)``) and there is at least
    one; another device's numbers are not guessed.
    """
    capacity = _CAPACITY[dialect]
    limits = [getattr(capacity, name) for name in Resource]
    seen = False
    for record in records:
        for limit, total, use in zip(limits, record.totals, record.utilisation, strict=True):
            if limit is None or use is None or total is None or not total > 0:
                continue
            seen = True
            if not _explains(total, use, limit, dialect):
                return Resources()
    return capacity if seen else Resources()


def _explains(total: float, use: float, capacity: int, dialect: str) -> bool:
    if not (total <= _PLAUSIBLE and 0 <= use <= _PLAUSIBLE):
        return False
    if dialect == Dialect.MERLIN:
        return _hundredths(use) and int(100 * total // capacity) == round(100 * use)
    return abs(use - min(1.0, total / capacity)) < 1e-9


def _hundredths(use: float) -> bool:
    return not 0 <= use <= _PLAUSIBLE or abs(100 * use - round(100 * use)) < 1e-6
