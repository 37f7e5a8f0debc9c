"""One run of the loop as it stands in a round's files: what was run, what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.dataset.labelled import usable_for_regression, validity_target
from pipeline.exploration import SearchOutcome
from pipeline.files import damaged
from pipeline.reports.assumed import ASSUMED_TRIPS, assumed_cycles_of
from pipeline.reports.labels import DesignStatus
from pipeline.terms import LEARNED, Resource

if TYPE_CHECKING:
    from pipeline.dataset import LabelledDesign
    from pipeline.design_space import Point
    from pipeline.reports.report import LoopReport


@dataclass(frozen=True, slots=True)
class MeasuredDesign:
    """A design with its result.

    ``usable`` is True where there is a latency to learn from, False where the design failed, None where the run says
    nothing about the design. ``utilisation`` has a fraction or None per resource: the published one where the source
    has its own, else used / available. ``clock_ns`` is the estimated clock period, else the target, None unknown.
    ``assumed_trips`` says that the report bounds not all loops: ``cycles`` are those of so many iterations of each such
    loop, which compare the designs of a kernel. None: ``cycles`` are the label's. ``available`` has the size of the
    device by resource, as the report states it.
    """

    kernel: str
    key: str
    point: Point
    source: str
    origin: str
    status: str
    reason: str | None
    usable: bool | None
    cycles: int | None
    clock_ns: float | None
    utilisation: Mapping[str, float | None]
    assumed_trips: int | None = None
    available: Mapping[str, int | None] = field(default_factory=dict)

    def outcome(self) -> SearchOutcome:
        """As search takes it."""
        used = tuple(self.utilisation[name] for name in LEARNED)
        cycles = None if self.cycles is None else float(self.cycles)
        return SearchOutcome(self.key, self.status, self.usable, cycles, used, self.clock_ns)


def measured(row: LabelledDesign, loops: Sequence[LoopReport] = ()) -> MeasuredDesign:
    """What the loop keeps of a labelled design whose point is known; ``loops`` are those of its report where the row
    does not have it.
    """
    label = row.label
    used = label.fractions
    usable = True if usable_for_regression(row) else False if validity_target(row) is False else None
    assert row.point is not None
    cycles, assumed = (label.cycles if label.status is DesignStatus.OK else None), None
    if label.status is DesignStatus.OK and cycles is None:
        cycles = assumed_cycles_of(row.report.loops if row.report is not None else loops)
        usable, assumed = (usable, None) if cycles is None else (True, ASSUMED_TRIPS)
    # What only wires together ends in the cycle it begins in: nothing to learn from, and a design like any other.
    usable = True if cycles == 0 and usable is None else usable
    return MeasuredDesign(
        kernel=row.kernel,
        key=row.key,
        point=dict(row.point),
        source=row.source,
        origin=row.origin,
        status=str(label.status),
        reason=label.reason,
        usable=usable,
        cycles=cycles,
        clock_ns=label.clock_ns,
        utilisation={name: getattr(used, name) for name in Resource},
        assumed_trips=assumed,
        available={name: getattr(label.available, name) for name in Resource},
    )


def write_measured(file: Path, rows: Iterable[MeasuredDesign]) -> None:
    """A JSON object a line, in the rows' order."""
    file.write_text("".join(json.dumps(asdict(row), sort_keys=True) + "\n" for row in rows), encoding="utf-8")


def read_measured(file: Path) -> list[MeasuredDesign]:
    """The rows of :func:`write_measured`."""
    try:
        return [MeasuredDesign(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError, RecursionError):
        raise damaged(file, "a line is no run", remove=file.parent) from None
