"""A backend that runs a tool: what has been run is served from the store, and a design is run by one at a time.

A subclass says how one design is run (:meth:`ToolBackend.run_one`); what the store answers, who runs a design, and
which ends count against a design are the same for every tool. A farm runs the designs of any of them.
"""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.reports.surroundings import DEFAULT_ENDS, Bounds, ends_sentence, is_result
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import SYNTHESIS, Backend, Farm, Fault, Outcome
from pipeline.synthesis.backends.handed_on import check_figures
from pipeline.synthesis.claims import Claims
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.executors.context import HeldElsewhere, pause
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.store import ReportStore


class ToolBackend(Backend):
    """Runs designs of one kernel through a tool, one after the other in the calling thread or by a farm.

    What the store holds is served from there, but for faults of the surroundings (licence, disk, killed by others) and
    for a limit that has been raised since. Every lasting result is stored before it is handed on.
    """

    runs_tool: ClassVar[bool] = True
    ends: int = DEFAULT_ENDS
    """After how many ends without a verdict a design is given up (:meth:`give_up`)."""
    on_stage: Callable[[str, str], None] | None = None
    """Told (design key, stage) while the tool runs."""
    on_wait: Callable[[str, Any, int, float], None] | None = None
    """Told (design key, result, tries so far, seconds) before each wait for another try."""

    def __init__(self, store: ReportStore, address: Address) -> None:
        self.store = store
        self.address = address

    @abstractmethod
    def run_one(self, kernel: Kernel, point: Point) -> Outcome:
        """Runs one design, whatever the store holds, and stores (:meth:`file`) what lasts."""

    @property
    def bounds(self) -> Bounds:
        """What a design may use up before its end is its own failure."""
        return Bounds(None, None, self.ends)

    @property
    def tool_version(self) -> str | None:
        """The version of what runs."""
        return self.flow.tool_version

    def address_of(self, kernel: Kernel) -> Address:
        """The address that the backend is for."""
        return self.address

    def outcomes(
        self, kernel: Kernel | None, designs: Sequence[tuple[str, Point | None]], farm: Farm | None = None
    ) -> Iterator[Outcome]:
        """The runs are the farm's, where there is one."""
        if farm is None:
            return super().outcomes(kernel, designs)
        assert kernel is not None
        return farm(self, kernel, [point for _, point in designs if point is not None])

    def step_labels(self, step: str, keys: Sequence[str]) -> dict[str, Label]:
        """The labels that the store holds of the step."""
        if step not in self.further:
            return {}
        entries = self.store.get_many(self.step_address(step), keys)
        return {key: entry.label for key, entry in entries if entry is not None}

    @property
    def flow(self) -> Flow:
        """The flow of the labels."""
        return self.address.flow

    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        """An outcome per point, in the points' order.

        A point that cannot be lowered gets the status ``no_verdict`` with the reason, and is not stored: the tool
        never saw it. Raises PipelineError for another kernel than the address is for.
        """
        if self.address.kernel_hash and kernel.ast_hash != self.address.kernel_hash:
            raise PipelineError(f"the backend is for another version of kernel {self.address.kernel!r}")
        done = self.stored(points)
        for point in points:
            key = design_key(point)
            if key not in done:
                done[key] = self._run_once(kernel, point)
            yield replace(done[key], point=point)

    def stored(self, points: Sequence[Point]) -> dict[str, Outcome]:
        """The outcomes, by design key, of those points whose stored results still answer.

        A design that synthesised counts only with the labels of all further steps that are asked for.
        """
        by_key = {design_key(point): point for point in points}
        bounds = self.bounds
        stepped = set(by_key)
        for step in self.further:
            stepped &= {
                key
                for key, entry in self.store.get_many(self.step_address(step), by_key)
                if entry is not None and is_result(entry.label, bounds)
            }
        found = {}
        for key, entry in self.store.get_many(self.address, by_key):
            outcome = self._answer(by_key[key], entry, key in stepped)
            if outcome is not None:
                found[key] = outcome
        return found

    @contextlib.contextmanager
    def claimed(self, claims: Claims, point: Point) -> Iterator[Outcome | None]:
        """Within, nobody else runs the design; gives its outcome where the store has one by now.

        Raises HeldElsewhere where another has it, and PipelineError as :meth:`Claims.claim`.
        """
        key = design_key(point)
        with claims.claim(self.address, key):
            entry = self.store.get(self.address, key)
            steps = [self.store.get(self.step_address(step), key) for step in self.further]
            yield self._answer(point, entry, all(step and is_result(step.label, self.bounds) for step in steps))

    def _run_once(self, kernel: Kernel, point: Point) -> Outcome:
        claims, wait_s = Claims(self.store.root), 0.05
        while True:
            try:
                with self.claimed(claims, point) as there:
                    return there or self.run_one(kernel, point)
            except HeldElsewhere:
                pause(wait_s)
                wait_s = min(2.0, 1.5 * wait_s)

    def _answer(self, point: Point, entry: Entry | None, stepped: bool) -> Outcome | None:
        """What a stored entry says; None where it no longer answers."""
        if entry is None:
            return None
        label, report = entry.read()
        if not is_result(label, self.bounds):
            return None
        if label.status is DesignStatus.OK and not stepped:
            return None
        hashed = entry.report_hash
        return Outcome(entry.key, point, label, report, hashed, "synthesised", entry.seconds, entry.started)

    def give_up(self, outcome: Outcome, fault: Fault, ends: int) -> Outcome:
        """Stores the fault as the design's own failure, after so many ends without a verdict; the outcome without it.

        It stays one for as long as no more ends are put up with.
        """
        label = Label(fault.status, ends_sentence(ends, fault.reason))
        own = fault.step == SYNTHESIS
        entry = Entry(
            outcome.key, outcome.point, label, seconds=outcome.seconds if own else None, started=outcome.started,
            tool_version=self.tool_version,
        )  # fmt: skip
        self.file(self.address if own else self.step_address(fault.step), entry)
        faults = tuple(other for other in outcome.faults if other is not fault)
        return replace(outcome, label=label if own else outcome.label, faults=faults)

    def file(self, address: Address, entry: Entry) -> None:
        """Stores a result in the place of one that no longer stands, such as that of a lower limit.

        Raises PipelineError where a figure of it is none that a design has.
        """
        check_figures(self.name, entry.key, entry.label, entry.seconds)
        before = self.store.get(address, entry.key)
        self.store.put(address, entry)
        if before is not None and before != entry and not is_result(before.label, self.bounds):
            self.store.discard(address, before)

    def step_address(self, step: str) -> Address:
        """Where the labels of a further step are stored: the same flow under the source ``SOURCE-STEP``."""
        flow = replace(self.flow, source=f"{self.flow.source}-{step}")
        return Address(self.address.kernel, self.address.kernel_hash, flow)
