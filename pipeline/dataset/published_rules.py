"""From a published record to a label: what counts as measured, and what is unknown."""

from __future__ import annotations

import math

from pipeline.dataset.published_record import PublishedRecord
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.terms import Dialect

_LARGEST = 2**63 - 1


def label_of(record: PublishedRecord, dialect: str, capacity: Resources) -> Label:
    """The label of a published record.

    - ``perf`` above 0 is the number of cycles. Infinity, NaN, a negative number, a fraction or no number at all is no
      measurement: cycles are null and the reason says so.
    - Merlin: a total of 0 is no measurement (the tool printed "~0 %"; LUT and FF totals of 0 occur, which no circuit
      has), so it becomes null; the published utilisation of 0.0 stays. Plain: a total of 0 is a count.
    - A record without cycles and without any positive resource failed: everything measured is null.
    - A record with resources but ``perf`` 0 (a tool that could not bound the latency) keeps its resources.

    ``capacity`` is stated as available wherever a resource is known to have been measured.
    """
    cycles, problem = _cycles(record.perf)
    measured = any(number is not None and number > 0 for number in record.totals + record.utilisation)
    status = _status(record, cycles, measured)
    if cycles is None and not measured:
        reason = "published without a result" if problem is None or record.perf == 0 else f"published {problem}"
        return Label(status=status, reason=reason, published_valid=record.valid)
    totals, odd = [], []
    for total in record.totals:
        count = _count(total)
        if total is not None and count is None:
            odd.append(str(total))
        totals.append(None if count == 0 and dialect == Dialect.MERLIN else count)
    reasons = [] if problem is None else [f"published {problem}: no cycle count"]
    if odd:
        reasons.append(f"published totals that are no counts: {', '.join(odd)}")
    uses = [_fraction(use) for use in record.utilisation]
    return Label(
        status=status,
        reason="; ".join(reasons) or None,
        cycles=cycles,
        used=Resources(*totals),
        available=capacity,
        published_utilisation=Utilisation(*uses) if any(use is not None for use in uses) else None,
        published_valid=record.valid,
    )


def _status(record: PublishedRecord, cycles: int | None, measured: bool) -> DesignStatus:
    if cycles is not None:
        return DesignStatus.OK
    if record.perf == 0 and measured and record.valid is not False:
        return DesignStatus.OK
    if record.valid or (measured and record.valid is None):
        return DesignStatus.NO_VERDICT  # called valid, and yet without a number
    return DesignStatus.FAILED_UNSPECIFIED


def _cycles(perf: float | int | None) -> tuple[int | None, str | None]:
    if perf is None:
        return None, "without perf"
    if isinstance(perf, float) and not math.isfinite(perf):
        return None, f"with perf {'NaN' if perf != perf else 'Infinity' if perf > 0 else '-Infinity'}"
    if perf <= 0 or perf != int(perf) or perf > _LARGEST:
        return None, f"with perf {str(perf)[:30]}"
    return int(perf), None


def _count(total: float | int | None) -> int | None:
    if total is None or (isinstance(total, float) and not math.isfinite(total)):
        return None
    return int(total) if 0 <= total <= _LARGEST and total == int(total) else None


def _fraction(use: float | int | None) -> float | None:
    if use is None:
        return None
    try:
        fraction = float(use)
    except OverflowError:
        return None
    return fraction if math.isfinite(fraction) and fraction >= 0 else None
