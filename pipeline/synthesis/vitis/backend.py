"""The tool as a backend: designs are lowered, run, judged, and every lasting result goes into the store at once."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.further import label_from_cosim, label_from_exported
from pipeline.reports.labels import DesignStatus, Label
from pipeline.reports.surroundings import DEFAULT_ENDS, EVERYWHERE, Bounds
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import SYNTHESIS, Fault, Outcome
from pipeline.synthesis.backends.tool import ToolBackend
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.executors.context import pause
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis.job import Further
from pipeline.synthesis.vitis.process import Limits
from pipeline.synthesis.vitis.retry import Retries, run_with_retries
from pipeline.synthesis.vitis.run import Keep, StepResult, ToolResult, run_tool
from pipeline.synthesis.vitis.scratch import check_scratch
from pipeline.synthesis.vitis.sources import Sources
from pipeline.synthesis.vitis.templates import LOWERING, render
from pipeline.synthesis.vitis.tools import STAND_IN, Tool, ToolKind
from pipeline.synthesis.vitis.versions import TOP_PERFORMANCE_FROM, release_of
from pipeline.terms import OwnBackend

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


class VitisBackend(ToolBackend):
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
        with_bench: gives sources with their test bench, for fresh runs that simulate; without it ``lowering`` does.
        further: steps beyond C synthesis. Each has labels of its own, stored under the source ``SOURCE-STEP``.
        on_stage: told (design key, stage) while the tool runs.
        on_result: told (design key, result) after each run, before it is stored.
        on_wait: told (design key, result, tries so far, seconds) before each wait for another try.
        now: the time as ISO 8601 text, for the record of when a run began; not recorded without it.
        sleep: waits between tries.

    Raises:
        PipelineError: the scratch folder cannot be used, or the flow and the tool do not belong together.
    """

    name = OwnBackend.VITIS.value
    knowledge = "vitis"
    steps = tuple(Further)
    further: tuple[Further, ...]

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
        with_bench: Lowering | None = None,
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
        super().__init__(store, address)
        self.tool = tool
        self.lowering = lowering
        self.scratch = check_scratch(scratch)
        self.limits = limits
        self.retries = retries
        self.ends = ends
        self.keep: Keep = keep
        self.further = tuple(further)
        self.with_bench = with_bench
        self.on_stage = on_stage
        self.on_result = on_result
        self.on_wait = on_wait
        self.now = now
        self.sleep = sleep

    @property
    def bounds(self) -> Bounds:
        """What a design may use up before its end is its own failure."""
        memory = self.limits.memory_bytes
        return Bounds(self.limits.wall_s, None if memory is None else memory / 2**30, self.ends)

    @property
    def tool_version(self) -> str:
        """The version of what runs."""
        return self.tool.version

    def sources(self, kernel: Kernel, point: Point) -> Sources:
        """The lowered design."""
        return self.lowering(kernel, point)

    def afresh(self, store: ReportStore, *steps: str) -> Self:
        """This backend filing into another store; its runs take ``steps`` too."""
        if any(step not in list(Further) for step in steps):
            return super().afresh(store, *steps)
        other = copy.copy(self)
        other.store = store
        other.further = tuple(step for step in Further if step in other.further or step in steps)
        if self.with_bench is not None and {Further.CSIM, Further.COSIM} & set(steps):
            other.lowering = self.with_bench
        return other

    def tool_alone(self, written: Point, target: int) -> Self:
        """This backend running ``written`` under ``set_directive_performance`` of the top function.

        Its reports stand under the source ``SOURCE-performance``. Raises PipelineError for a version without it.
        """
        release = release_of(self.tool.version)
        if release is None or release < TOP_PERFORMANCE_FROM:
            raise PipelineError(
                f"--baseline performance needs Vitis HLS {TOP_PERFORMANCE_FROM} or newer; {self.tool.executable} is "
                f"{self.tool.version or 'of an unknown version'}",
                fix="leave it out, or use the settings64.sh of such a version",
            )
        other = copy.copy(self)
        flow = self.flow
        asked = (*flow.settings, (f"{LOWERING}performance", str(target)))
        other.address = replace(
            self.address, flow=replace(flow, source=f"{flow.source}-performance", settings=asked)
        )  # fmt: skip
        other.lowering = _ToolAlone(self.lowering, written, target)
        return other

    def run_one(self, kernel: Kernel, point: Point) -> Outcome:
        """Run one design, whatever the store holds, and store what lasts."""
        key = design_key(point)
        try:
            sources = self.lowering(kernel, point)
            job = render(self.tool, self.flow, sources, further=self.further)
        except PipelineError as error:
            label = Label(DesignStatus.NO_VERDICT, f"the design cannot be handed to the tool: {error}")
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
                    self.file(self.step_address(name), labelled)
            self.file(self.address, entry)
            if label.status is DesignStatus.REPORT_UNPARSABLE:
                # In the words in which the store will tell it.
                label = entry.label
        elif tries > 1:
            label = replace(label, reason=f"{label.reason} (tried {tries} times)")
        return Outcome(
            key, point, label, result.report, report_hash, "synthesised", result.seconds, started, _faults(result)
        )


@dataclass(frozen=True)
class _ToolAlone:
    """Lowers every point as ``written``, with the tool's own performance directive on the top function."""

    lowering: Lowering
    written: Point
    target: int

    def __call__(self, kernel: Kernel, point: Point) -> Sources:
        sources = self.lowering(kernel, self.written)
        line = f'set_directive_performance -target_ti {self.target} -unit cycle "{sources.top}"\n'
        before = sources.directives
        return replace(sources, directives=before + ("" if not before or before.endswith("\n") else "\n") + line)


def step_label(name: str, step: StepResult) -> Label:
    """What a further step measured; where its report says nothing, its status and why.

    A cosimulation that failed keeps what it has measured until then.
    """
    label = _step_report(name, step) if step.status is DesignStatus.OK or name == Further.COSIM else Label(step.status)
    return label if step.status is DesignStatus.OK else replace(label, status=step.status, reason=step.reason)


_SYNTHESISED = re.compile(r"export_syn\.xml$|synth[^/]*$", re.IGNORECASE)
"""What Vivado's synthesis says, before placement."""


def _step_report(name: str, step: StepResult) -> Label:
    try:
        if name in (Further.EXPORT, Further.IMPLEMENT):
            files = step.files
            if name == Further.IMPLEMENT:
                # Vivado leaves what its synthesis said too, which is no figure of the routed design.
                files = {path: text for path, text in files.items() if not _SYNTHESISED.search(path)}
            label = label_from_exported(files)
            kind = "syn" if name == Further.EXPORT else "impl"
            return label or Label(
                DesignStatus.REPORT_MISSING, f"{name} left no export_{kind}.xml and no table of utilisation"
            )
        if name == Further.COSIM:
            file = next((file for file in sorted(step.files) if file.endswith("_cosim.rpt")), None)
            if file is None:
                return Label(DesignStatus.REPORT_MISSING, f"{name} left no file that ends in _cosim.rpt")
            return label_from_cosim(step.files[file].decode("utf-8", errors="replace"), file=file)
        return Label(DesignStatus.OK)
    except PipelineError as error:
        return Label(DesignStatus.REPORT_UNPARSABLE, str(error))


def _faults(result: ToolResult) -> tuple[Fault, ...]:
    """What of a run belongs to the surroundings."""
    if result.transient:
        alike = (result.reason or "") if result.status is DesignStatus.NO_VERDICT else str(result.status)
        return (_fault(SYNTHESIS, result.status, result.reason, alike if result.everywhere else None),)
    return tuple(
        _fault(name, step.status, step.reason, f"{name} {step.status}" if step.status in EVERYWHERE else None)
        for name, step in result.steps.items()
        if step.transient
    )


def _fault(step: str, status: DesignStatus, reason: str | None, alike: str | None) -> Fault:
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
