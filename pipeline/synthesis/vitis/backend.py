"""The tool as a backend: designs are lowered, run, judged, and every lasting result goes into the store at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.reports.further import label_from_cosim, label_from_exported
from pipeline.reports.labels import Label, Status
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import Outcome
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis.job import Further
from pipeline.synthesis.vitis.process import Limits
from pipeline.synthesis.vitis.retry import Retries, run_with_retries
from pipeline.synthesis.vitis.run import TRANSIENT, Keep, StepResult, ToolResult, run_tool
from pipeline.synthesis.vitis.scratch import check_scratch
from pipeline.synthesis.vitis.sources import Sources
from pipeline.synthesis.vitis.templates import render
from pipeline.synthesis.vitis.tools import STAND_IN, Tool, ToolKind

Lowering = Callable[[Kernel, Point], Sources]
"""Turns a design point into sources; raises PipelineError where the point cannot be expressed."""

MAX_NOTES = 50
"""Most warnings of a log that are stored with a result; a last note counts the rest."""

_WALL = re.compile(r"wall-clock limit of ([0-9.e+]+) s")
_MEMORY = re.compile(r"memory limit of ([0-9.e+]+) GiB")


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

    What the store holds is served from there, but for failures that may pass (licence, disk, killed by others) and
    for a limit that has been raised since. A transient failure is tried again some times; if it stays, it is told
    and not stored, so that a later run tries again. Everything else, failures too, is stored before it is handed on.

    Args:
        store: where results go.
        address: the kernel, and the flow under which it runs.
        tool: what runs it. A stand-in is accepted under the source ``stand-in`` only.
        lowering: from a point to sources.
        scratch: folder for runs, outside any git work tree.
        limits: for each start of the tool.
        retries: for transient failures.
        keep: whether the folders of runs stay.
        further: steps beyond C synthesis. Each has labels of its own, stored under the source ``SOURCE-STEP``.
        on_stage: told (design key, stage) while the tool runs.
        on_result: told (design key, result) after each run, before it is stored.
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
        keep: Keep = "never",
        further: Collection[Further] = (),
        on_stage: Callable[[str, str], None] | None = None,
        on_result: Callable[[str, ToolResult], None] | None = None,
        now: Callable[[], str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
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
        self.keep: Keep = keep
        self.further = tuple(further)
        self.on_stage = on_stage
        self.on_result = on_result
        self.now = now
        self.sleep = sleep

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
                done[key] = self.run_one(kernel, point)
            yield replace(done[key], point=point)

    def stored(self, points: Sequence[Point]) -> dict[str, Outcome]:
        """The outcomes, by design key, of those points whose stored results still answer.

        A design that synthesised counts only with the labels of all further steps that are asked for.
        """
        by_key = {design_key(point): point for point in points}
        stepped = [self.store.stored(self.step_address(step), by_key) for step in self.further]
        found = {}
        for key, entry in self.store.get_many(self.address, by_key):
            if entry is not None and self._stands(entry):
                label, report = entry.read()
                if label.status is Status.OK and not all(key in keys for keys in stepped):
                    continue
                found[key] = Outcome(
                    key, by_key[key], label, report, entry.report_hash, "synthesised", entry.seconds, entry.started
                )
        return found

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
        tell = self.on_stage

        def run() -> ToolResult:
            return run_tool(
                self.tool,
                job,
                scratch=self.scratch,
                limits=self.limits,
                keep=self.keep,
                on_stage=None if tell is None else lambda stage: tell(key, stage),
            )

        result, tries = run_with_retries(run, self.retries, sleep=self.sleep)
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
                if step.status not in TRANSIENT:
                    labelled = Entry(
                        key, point, step_label(name, step), seconds=step.seconds, started=started,
                        tool_version=self.tool.version,
                    )  # fmt: skip
                    self.store.put(self.step_address(name), labelled)
            self.store.put(self.address, entry)
            if label.status is Status.REPORT_UNPARSABLE:
                # In the words in which the store will tell it.
                label = entry.label
        elif tries > 1:
            label = replace(label, reason=f"{label.reason} (tried {tries} times)")
        return Outcome(key, point, label, result.report, report_hash, "synthesised", result.seconds, started)

    def step_address(self, step: str) -> Address:
        """Where the labels of a further step are stored: the same flow under the source ``SOURCE-STEP``."""
        flow = replace(self.flow, source=f"{self.flow.source}-{step}")
        return Address(self.address.kernel, self.address.kernel_hash, flow)

    def _stands(self, entry: Entry) -> bool:
        """Whether a stored result still answers."""
        reason = "" if entry.from_report else entry.label.reason or ""
        if entry.status is Status.TIMEOUT:
            limit = _WALL.search(reason)
            return limit is None or (self.limits.wall_s is not None and self.limits.wall_s <= float(limit[1]))
        if entry.status is Status.KILLED and (limit := _MEMORY.search(reason)):
            most = self.limits.memory_bytes
            # The reason states three digits of the limit.
            return most is not None and most <= float(limit[1]) * 2**30 * 1.006
        return entry.status not in TRANSIENT


def step_label(name: str, step: StepResult) -> Label:
    """What a further step measured; where its report says nothing, its status and why."""
    if step.status is not Status.OK:
        return Label(step.status, step.reason)
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
