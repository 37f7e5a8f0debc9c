"""The tool as a backend: designs are lowered, run, judged, and every lasting result goes into the store at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.further import label_from_cosim, label_from_exported
from pipeline.reports.labels import Label, Status
from pipeline.reports.surroundings import DEFAULT_ENDS, EVERYWHERE, Bounds, ends_sentence, is_result
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import SYNTHESIS, Fault, Outcome
from pipeline.synthesis.claims import Claims
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.executors.context import HeldElsewhere, pause
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis.job import Further
from pipeline.synthesis.vitis.process import Limits
from pipeline.synthesis.vitis.retry import Retries, run_with_retries
from pipeline.synthesis.vitis.run import Keep, StepResult, ToolResult, run_tool
from pipeline.synthesis.vitis.scratch import check_scratch
from pipeline.synthesis.vitis.sources import Sources
from pipeline.synthesis.vitis.templates import render
from pipeline.synthesis.vitis.tools import STAND_IN, Tool, ToolKind

Lowering = Callable[[Kernel, Point], Sources]
"""Turns a design point into sources; raises PipelineError where the point cannot be expressed."""

MAX_NOTES = 50
"""Most warnings of a log that are stored with a result; a last note counts the rest."""


def tool_flow(
    tool: Tool,
    *,
    dialect: str,
    part: str,
    clock_ns: float,
    uncertainty: str | None = None,
    flow_target: str | None = None,
    settings: tuple[tuple[str, str], ...] = (),
    source: str | None = None,
) -> Flow:
    """The flow of runs with a tool. Its source is ``vitis-VERSION`` (``vivado-VERSION``) unless one is named.

    A stand-in's source is ``stand-in``, whatever is asked for.
    """
    family = "vivado" if tool.kind is ToolKind.VIVADO_HLS else "vitis"
    if tool.is_stand_in:
        source = STAND_IN
    return Flow(
        source or f"{family}-{tool.version.lower()}",
        dialect,
        "Vivado HLS" if family == "vivado" else "Vitis HLS",
        tool.version,
        part,
        clock_ns,
        uncertainty,
        flow_target,
        settings,
    )


class VitisBackend:
    """Runs designs through the tool, one after the other in the calling thread.

    What the store holds is served from there, but for faults of the surroundings (licence, disk, killed by others) and
    for a limit that has been raised since. Such a fault is tried again some times; if it stays, the outcome names it
    and nothing is stored, so that a later run tries again. All else, failures too, is stored before it is handed on.

    Args:
        store: where results go.
        address: the kernel, and the flow under which it runs.
        tool: what runs it. A stand-in is accepted under the source ``stand-in`` only.
        lowering: from a point to sources.
        scratch: folder for runs, outside any git work tree.
        limits: for each start of the tool.
        retries: for faults of the surroundings.
        ends: after how many ends without a verdict a design is given up (:meth:`give_up`).
        keep: whether the folders of runs stay.
        further: steps beyond C synthesis. Each has labels of its own, stored under the source ``SOURCE-STEP``.
        on_stage: told (design key, stage) while the tool runs.
        on_result: told (design key, result) after each run, before it is stored.
        on_wait: told (design key, result, tries so far, seconds) before each wait for another try.
        now: the time as ISO 8601 text, for the record of when a run began; not recorded without it.
        sleep: waits between tries.

    Raises:
        PipelineError: the scratch folder cannot be used, or the flow and the tool do not belong together.
    """

    name = "vitis"

    def __init__(
        self,
        store: ReportStore,
        address: Address,
        tool: Tool,
        lowering: Lowering,
        *,
        scratch: Path,
        limits: Limits = Limits(),  # noqa: B008
        retries: Retries = Retries(),  # noqa: B008
        ends: int = DEFAULT_ENDS,
        keep: Keep = "never",
        further: Collection[Further] = (),
        on_stage: Callable[[str, str], None] | None = None,
        on_result: Callable[[str, ToolResult], None] | None = None,
        on_wait: Callable[[str, ToolResult, int, float], None] | None = None,
        now: Callable[[], str] | None = None,
        sleep: Callable[[float], None] = pause,
    ) -> None:
        flow = address.flow
        if tool.is_stand_in != (flow.source == STAND_IN):
            raise PipelineError(
                f"results of {tool.kind} {tool.version} cannot be stored under the source {flow.source!r}",
                fix=f"the source {STAND_IN!r} is for the stand-in of the tests, and for nothing else",
            )
        if flow.tool_version is not None and flow.tool_version != tool.version:
            raise PipelineError(
                f"the flow {flow.source} is of version {flow.tool_version}, and {tool.executable} is {tool.version}",
                fix="use a flow of the version that is installed, or the settings64.sh of the other one",
            )
        self.store = store
        self.address = address
        self.tool = tool
        self.lowering = lowering
        self.scratch = check_scratch(scratch)
        self.limits = limits
        self.retries = retries
        self.ends = ends
        self.keep: Keep = keep
        self.further = tuple(further)
        self.on_stage = on_stage
        self.on_result = on_result
        self.on_wait = on_wait
        self.now = now
        self.sleep = sleep

    @property
    def flow(self) -> Flow:
        """The flow of the labels."""
        return self.address.flow

    @property
    def bounds(self) -> Bounds:
        """What a design may use up before its end is its own failure."""
        memory = self.limits.memory_bytes
        return Bounds(self.limits.wall_s, None if memory is None else memory / 2**30, self.ends)

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
        if label.status is Status.OK and not stepped:
            return None
        hashed = entry.report_hash
        return Outcome(entry.key, point, label, report, hashed, "synthesised", entry.seconds, entry.started)

    def run_one(self, kernel: Kernel, point: Point) -> Outcome:
        """Run one design, whatever the store holds, and store what lasts."""
        key = design_key(point)
        try:
            sources = self.lowering(kernel, point)
            job = render(self.tool, self.flow, sources, further=self.further)
        except PipelineError as error:
            label = Label(Status.NO_VERDICT, f"the design cannot be handed to the tool: {error}")
            return Outcome(key, point, label, None, None, "synthesised", None)
        started = self.now() if self.now else None
        tell, wait = self.on_stage, self.on_wait

        def run() -> ToolResult:
            return run_tool(
                self.tool,
                job,
                scratch=self.scratch,
                limits=self.limits,
                keep=self.keep,
                on_stage=None if tell is None else lambda stage: tell(key, stage),
            )

        result, tries = run_with_retries(
            run,
            self.retries,
            sleep=self.sleep,
            on_wait=None if wait is None else lambda result, tried, seconds: wait(key, result, tried, seconds),
        )
        if self.on_result is not None:
            self.on_result(key, result)
        label, report_hash = result.label, None
        if not result.transient:
            entry = Entry(
                key,
                point,
                result.label,
                result.xml,
                seconds=result.seconds,
                started=started,
                tool_version=self.tool.version,
                notes=_notes(sources, result),
            )
            report_hash = entry.report_hash
            # The steps first: while they are missing the design counts as not run.
            for name, step in result.steps.items():
                if not step.transient:
                    labelled = Entry(
                        key, point, step_label(name, step), seconds=step.seconds, started=started,
                        tool_version=self.tool.version,
                    )  # fmt: skip
                    self._store(self.step_address(name), labelled)
            self._store(self.address, entry)
            if label.status is Status.REPORT_UNPARSABLE:
                # In the words in which the store will tell it.
                label = entry.label
        elif tries > 1:
            label = replace(label, reason=f"{label.reason} (tried {tries} times)")
        return Outcome(
            key, point, label, result.report, report_hash, "synthesised", result.seconds, started, _faults(result)
        )

    def give_up(self, outcome: Outcome, fault: Fault, ends: int) -> Outcome:
        """Stores the fault as the design's own failure, after so many ends without a verdict; the outcome without it.

        It stays one for as long as no more ends are put up with.
        """
        label = Label(fault.status, ends_sentence(ends, fault.reason))
        own = fault.step == SYNTHESIS
        entry = Entry(
            outcome.key, outcome.point, label, seconds=outcome.seconds if own else None, started=outcome.started,
            tool_version=self.tool.version,
        )  # fmt: skip
        self._store(self.address if own else self.step_address(fault.step), entry)
        faults = tuple(other for other in outcome.faults if other is not fault)
        return replace(outcome, label=label if own else outcome.label, faults=faults)

    def _store(self, address: Address, entry: Entry) -> None:
        """Stores a result in the place of one that no longer stands, such as that of a lower limit."""
        before = self.store.get(address, entry.key)
        self.store.put(address, entry)
        if before is not None and before != entry and not is_result(before.label, self.bounds):
            self.store.discard(address, before)

    def step_address(self, step: str) -> Address:
        """Where the labels of a further step are stored: the same flow under the source ``SOURCE-STEP``."""
        flow = replace(self.flow, source=f"{self.flow.source}-{step}")
        return Address(self.address.kernel, self.address.kernel_hash, flow)


def step_label(name: str, step: StepResult) -> Label:
    """What a further step measured; where its report says nothing, its status and why.

    A cosimulation that failed keeps what it has measured until then.
    """
    label = _step_report(name, step) if step.status is Status.OK or name == Further.COSIM else Label(step.status)
    return label if step.status is Status.OK else replace(label, status=step.status, reason=step.reason)


def _step_report(name: str, step: StepResult) -> Label:
    try:
        if name == Further.EXPORT:
            label = label_from_exported(step.files)
            return label or Label(Status.REPORT_MISSING, f"{name} left no export_syn.xml and no table of utilisation")
        if name == Further.COSIM:
            file = next((file for file in sorted(step.files) if file.endswith("_cosim.rpt")), None)
            if file is None:
                return Label(Status.REPORT_MISSING, f"{name} left no file that ends in _cosim.rpt")
            return label_from_cosim(step.files[file].decode("utf-8", errors="replace"), file=file)
        return Label(Status.OK)
    except PipelineError as error:
        return Label(Status.REPORT_UNPARSABLE, str(error))


def _faults(result: ToolResult) -> tuple[Fault, ...]:
    """What of a run belongs to the surroundings."""
    if result.transient:
        alike = (result.reason or "") if result.status is Status.NO_VERDICT else str(result.status)
        return (_fault(SYNTHESIS, result.status, result.reason, alike if result.everywhere else None),)
    return tuple(
        _fault(name, step.status, step.reason, f"{name} {step.status}" if step.status in EVERYWHERE else None)
        for name, step in result.steps.items()
        if step.transient
    )


def _fault(step: str, status: Status, reason: str | None, alike: str | None) -> Fault:
    return Fault(status, reason or "", step, alike, counts=status not in EVERYWHERE)


def _notes(sources: Sources, result: ToolResult) -> tuple[str, ...]:
    """Sentences that change what the label means: of the lowering, of the log, of further steps."""
    said = result.verdict
    notes = [*sources.notes]
    shown = said.warnings[:MAX_NOTES]
    for warning in shown:
        identity = f" [{warning.id}]" if warning.id else ""
        times = f" ({warning.count} times)" if warning.count > 1 else ""
        notes.append(f"{warning.kind}:{identity} {warning.text}{times}")
    unsaid = said.warnings_seen - sum(warning.count for warning in shown)
    if unsaid > 0:
        notes.append(f"{unsaid} further warnings of these kinds")
    for name, step in result.steps.items():
        notes.append(f"{name}: {step.status}{f': {step.reason}' if step.reason else ''}")
    return tuple(notes)
