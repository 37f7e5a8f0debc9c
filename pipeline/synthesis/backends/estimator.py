"""The estimator as a backend: its estimates become csynth.xml files in the store, as a tool's reports do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.reports.write import write_report
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import Backend, Outcome
from pipeline.synthesis.backends.registry import BackendKind, BackendRequest
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.flow import DEFAULT_FLOW_TARGET, ESTIMATOR_SOURCE, Flow, estimator_flow
from pipeline.synthesis.lowering.delivered_kernel import as_estimated
from pipeline.synthesis.store import ReportStore
from pipeline.terms import Dialect, OwnBackend

if TYPE_CHECKING:
    # Loaded where a backend is made: whoever only reads the store does without the estimator.
    from pipeline.estimator import Device, WalkedKernel

GENERATOR = "hls-moe-pipeline estimator"
_MANY_BATCHES = 16


class EstimatorBackend(Backend):
    """Estimates designs, some hundreds at a time, and stores each lot before it is handed on.

    What the store already holds is not computed again, so a killed run loses the lot in flight at most.

    Args:
        store: where the estimates go.
        batch: designs per lot.
        clock: gives seconds, to measure how long an estimate takes; without it that stays unknown.
        device: what is estimated for, calibrated or not; the default device without it.
        flow_target: what was asked for; estimates are the same for all, and are filed apart.
    """

    name = OwnBackend.ESTIMATOR.value
    estimates = True
    knowledge = "estimator"

    def __init__(
        self,
        store: ReportStore,
        *,
        batch: int = 256,
        clock: Callable[[], float] | None = None,
        device: Device | None = None,
        flow_target: str = DEFAULT_FLOW_TARGET,
    ) -> None:
        from pipeline.estimator import load_device

        if batch < 1:
            raise PipelineError(f"a batch of {batch} designs is none", fix="use 1 or more")
        self.store = store
        self.batch = batch
        self.clock = clock
        self.device = device or load_device()
        self.flow_target = flow_target

    @property
    def flow(self) -> Flow:
        """Where labels live is decided by the version, which says whether it was calibrated, the part and the clock."""
        from pipeline.estimator import version

        device = self.device
        return estimator_flow(
            version(device),
            part=device.part,
            clock_ns=device.clock_ns,
            uncertainty=f"{round(100 * device.clock_uncertainty, 4):g}%",
            flow_target=self.flow_target,
        )

    def address_of(self, kernel: Kernel) -> Address:
        """Where the estimates of a kernel live."""
        flow = replace(self.flow, dialect=Dialect.VITIS_PLAIN) if kernel.dialect == Dialect.VITIS_PLAIN else self.flow
        return Address(kernel.name, kernel.ast_hash, flow)

    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        """An outcome per point, in the points' order.

        Raises PipelineError where the kernel cannot be estimated at all. A point that does not fit the kernel's
        sites gets the status ``no_verdict`` with the reason, and is not stored: it is no design of the kernel.
        """
        from pipeline.estimator import prepare

        address = self.address_of(kernel)
        prepared: WalkedKernel | None = None
        for start in range(0, len(points), self.batch):
            chosen = points[start : start + self.batch]
            keys = [design_key(point) for point in chosen]
            lot: dict[str, Outcome] = {}
            new: dict[str, Entry] = {}
            for key, entry in self.store.get_many(address, dict.fromkeys(keys)):
                if entry is not None:
                    label, report = entry.read()
                    lot[key] = Outcome(key, entry.point, label, report, entry.report_hash, "estimated", entry.seconds)
            for key, point in zip(keys, chosen, strict=True):
                if key not in lot:
                    if prepared is None:
                        prepared = prepare(kernel, self.device)
                    lot[key] = self._estimate(kernel, prepared, key, point, address.flow.dialect, new)
            self.store.put_batch(address, list(new.values()))
            for key, point in zip(keys, chosen, strict=True):
                yield replace(lot[key], point=point)
        if self.store.batches(address) >= _MANY_BATCHES:
            self.store.compact(address)

    def _estimate(
        self, kernel: Kernel, prepared: WalkedKernel, key: str, point: Point, dialect: str, new: dict[str, Entry]
    ) -> Outcome:
        from pipeline.estimator import prepare

        started = self.clock() if self.clock else None
        try:
            of, taken = as_estimated(kernel, point)
            report = (prepared if of is kernel else prepare(of, self.device)).estimate(taken, dialect)
            # write_report reads back what it wrote by the parser that a tool's reports go through, and compares.
            xml = write_report(report, generator=GENERATOR)
        except PipelineError as error:
            return Outcome(key, point, Label(DesignStatus.NO_VERDICT, str(error)), None, None, "estimated", None)
        seconds = self.clock() - started if self.clock and started is not None else None
        label = label_from_report(report)
        entry = Entry(key, point, label, xml, seconds=seconds, tool_version=report.tool_version)
        new[key] = entry
        return Outcome(key, point, label, report, entry.report_hash, "estimated", seconds)


def _made(request: BackendRequest) -> EstimatorBackend:
    """Estimates for the part and clock that were asked for. Raises PipelineError for labels of another source."""
    if request.source not in ("", ESTIMATOR_SOURCE):
        raise PipelineError(
            f"the estimator cannot give labels of the source {request.source!r}",
            fix=f"leave --source away, or replay the source with --backend replay --source {request.source}",
        )
    return EstimatorBackend(
        request.store,
        clock=request.clock,
        device=request.devices.asked(request.target),
        flow_target=request.target.flow_target or DEFAULT_FLOW_TARGET,
    )


KIND = BackendKind(OwnBackend.ESTIMATOR.value, _made, lambda store: ESTIMATOR_SOURCE)
