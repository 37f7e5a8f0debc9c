"""Replay: outcomes from the report store, with or without a csynth.xml behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import Backend, Farm, Outcome
from pipeline.synthesis.backends.choose import find_address
from pipeline.synthesis.backends.registry import BackendKind, BackendRequest
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.flow import ESTIMATOR_SOURCE, KNOWN_FLOWS, Flow, estimator_flow, imported_flow
from pipeline.synthesis.store import ReportStore
from pipeline.terms import Dialect, OwnBackend


class ReplayBackend(Backend):
    """Serves what the store holds at one address; a design that it lacks gets the status ``not_cached``."""

    name = OwnBackend.REPLAY.value
    replays = True

    def __init__(self, store: ReportStore, address: Address) -> None:
        self.store = store
        self.address = address

    @property
    def flow(self) -> Flow:
        """The flow of the labels served."""
        return self.address.flow

    def address_of(self, kernel: Kernel) -> Address:
        """The address served, of whatever kernel."""
        return self.address

    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        """An outcome per point, in the points' order."""
        yield from self.replay([(design_key(point), point) for point in points])

    def replay(self, designs: Sequence[tuple[str, Point | None]]) -> Iterator[Outcome]:
        """An outcome per (key, point), in their order; needs no kernel and no point, as keys are kept as published."""
        keys = [key for key, _ in designs]
        for (_, point), (key, entry) in zip(designs, self.store.get_many(self.address, keys), strict=True):
            yield (
                self._missing(key, point) if entry is None else _outcome(entry, entry.point if point is None else point)
            )

    def outcomes(
        self, kernel: Kernel | None, designs: Sequence[tuple[str, Point | None]], farm: Farm | None = None
    ) -> Iterator[Outcome]:
        """As :meth:`replay`: neither kernel nor points are needed."""
        return self.replay(designs)

    def afresh(self, store: ReportStore, *steps: str) -> ReplayBackend:
        """Itself: it makes nothing."""
        return self

    def everything(self) -> Iterator[Outcome]:
        """An outcome per design that the store holds at the address, sorted by key."""
        for entry in self.store.entries(self.address):
            yield _outcome(entry, entry.point)

    def _missing(self, key: str, point: Point | None) -> Outcome:
        reason = (
            f"no report of design {key} of {self.address.kernel} from {self.flow.source} is cached; "
            "estimate it with --backend estimator"
        )
        return Outcome(key, point, Label(DesignStatus.NOT_CACHED, reason), None, None, "replayed", None)


def _outcome(entry: Entry, point: Point | None) -> Outcome:
    label, report = entry.read()
    return Outcome(entry.key, point, label, report, entry.report_hash, "replayed", entry.seconds, entry.started)


def _made(request: BackendRequest) -> ReplayBackend:
    """Replay of the labels of a source; without one there must be one only, as sources are never mixed unasked.

    A kernel without any report has ``not_cached`` for each design. Raises PipelineError for several sources or flows to
    choose from.
    """
    kernel, source, target = request.kernel, request.source or None, request.target
    address = find_address(request.store, kernel, source, target)
    nominal = Address(kernel.name, kernel.ast_hash, target.over(_nominal_flow(source)))
    return ReplayBackend(request.store, address or nominal)


def _nominal_flow(source: str | None) -> Flow:
    """A flow for labels of which there are none, so that each design can say that it is not cached."""
    if source is None or source == ESTIMATOR_SOURCE:
        from pipeline.estimator import VERSION

        return estimator_flow(VERSION)
    return KNOWN_FLOWS.get(source) or imported_flow(source, Dialect.HLS)


def _default_source(store: ReportStore) -> str:
    """The estimator's where there are some, else the only source. Raises PipelineError where it is not clear."""
    sources = sorted(store.sources())
    if ESTIMATOR_SOURCE in sources:
        return ESTIMATOR_SOURCE
    if len(sources) == 1:
        return sources[0]
    if not sources:
        raise PipelineError(
            "there is no cached report to replay",
            fix="import some with ImportHLSyn or ImportReports, or compute estimates with --backend estimator",
        )
    raise PipelineError(f"there are labels of several sources: {', '.join(sources)}", fix="name one with --source")


KIND = BackendKind(OwnBackend.REPLAY.value, _made, _default_source)
