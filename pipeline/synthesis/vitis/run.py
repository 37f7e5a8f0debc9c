"""One design through the tool, from its files to a result that says what became of it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pipeline.errors import PipelineError
from pipeline.files import LEADS_OUT, leads_out, open_plain
from pipeline.reports.labels import DesignStatus, Label, label_from_report
from pipeline.reports.parse import parse_report
from pipeline.reports.report import MAX_BYTES, Report
from pipeline.reports.surroundings import EVERYWHERE, SURROUNDINGS, exhausted, memory_sentence, wall_sentence
from pipeline.synthesis.executors.context import check_cancelled, held_descriptors
from pipeline.synthesis.vitis.job import Command, Job
from pipeline.synthesis.vitis.logs import Verdict, stage, verdict
from pipeline.synthesis.vitis.process import Ended, Limits, run_supervised
from pipeline.synthesis.vitis.scratch import check_scratch, remove_folder, run_folder
from pipeline.synthesis.vitis.tools import Tool

Keep = Literal["never", "failed", "always"]
"""Whether a run's folder stays: ``failed`` keeps the folder of every run that is not ``ok``."""

MAX_RESULT_BYTES = 4 * 1024 * 1024
_TAIL = 4000


@dataclass(frozen=True)
class StepResult:
    """A step beyond C synthesis: what became of it, and the texts that it left behind by relative name."""

    status: DesignStatus
    reason: str | None
    seconds: float
    files: Mapping[str, bytes] = field(repr=False, default_factory=dict)

    @property
    def transient(self) -> bool:
        """Whether the step's end belongs to the surroundings and says nothing of the design."""
        return _is_transient(self.status, self.reason)


@dataclass(frozen=True)
class ToolResult:
    """What became of one design.

    ``label`` has status and reason; with ``ok`` the figures of the report too. ``verdict`` is what the log of C
    synthesis says, its warnings included. ``steps`` holds what further steps gave: their failure leaves the label as
    it is.
    """

    label: Label
    verdict: Verdict
    seconds: float
    exit_code: int | None
    peak_memory_bytes: int
    xml: bytes | None = field(repr=False, default=None)
    report: Report | None = field(repr=False, default=None)
    steps: Mapping[str, StepResult] = field(default_factory=dict)
    log_tail: str = field(repr=False, default="")
    folder: Path | None = None
    """The run's folder where it was kept."""

    @property
    def status(self) -> DesignStatus:
        """Of the label."""
        return self.label.status

    @property
    def reason(self) -> str | None:
        """Of the label."""
        return self.label.reason

    @property
    def transient(self) -> bool:
        """Whether the end of C synthesis belongs to the surroundings: it is no result, and may end differently."""
        return _is_transient(self.status, self.reason)

    @property
    def everywhere(self) -> bool:
        """Whether any other design would end like this: a fault of the machine, or of the flow's own settings."""
        of_the_flow = (
            self.status is DesignStatus.NO_VERDICT and bool(self.verdict.errors) and self.verdict.step == "setup"
        )
        return self.status in EVERYWHERE or of_the_flow


def run_tool(
    tool: Tool,
    job: Job,
    *,
    scratch: Path,
    limits: Limits = Limits(),  # noqa: B008
    keep: Keep = "never",
    on_stage: Callable[[str], None] | None = None,
) -> ToolResult:
    """Run a job in a fresh folder and judge it.

    It is ``ok`` only where the tool ended with exit status 0, its log holds no error, and there is a csynth.xml,
    which is fresh as the folder is, for the right top function and part. Limits hold for each command of the job.
    ``on_stage`` is told what the tool is at whenever that changes, in this thread.

    Raises PipelineError where the scratch folder cannot be used or supervision fails: those are no results.
    """
    checked = check_scratch(scratch)
    try:
        folder = run_folder(checked, stays=keep != "never")
    except OSError as error:
        return _no_room(error)
    kept = False
    try:
        result = _run(tool, job, folder, limits, None if keep == "always" else folder, on_stage)
        kept = keep == "always" or (keep == "failed" and result.status is not DesignStatus.OK)
        return replace(result, folder=folder) if kept else result
    except BaseException:
        kept = keep == "always"
        raise
    finally:
        if not kept:
            remove_folder(folder)


def _run(
    tool: Tool,
    job: Job,
    folder: Path,
    limits: Limits,
    remove: Path | None,
    on_stage: Callable[[str], None] | None,
) -> ToolResult:
    try:
        _write_files(job, folder)
    except OSError as error:
        return _no_room(error)
    if (folder / job.report).exists():
        raise PipelineError("the files of the design hold a csynth.xml where the tool's is to land", file=job.report)
    first, *others = job.commands
    ended, text = _command(tool, first, folder, limits, remove, on_stage)
    result = _judge(job, folder, limits, ended, text)
    if result.status is not DesignStatus.OK:
        return result
    steps: dict[str, StepResult] = {}
    for command in others:
        ended, text = _command(tool, command, folder, limits, remove, on_stage)
        steps[command.step] = _judge_step(command, folder, limits, ended, text, job.results.get(command.step, ()))
    return replace(result, steps=steps)


def _no_room(error: OSError) -> ToolResult:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise PipelineError(f"the files of a run cannot be written: {error.strerror}", file=error.filename) from error
    reason = f"the files of the run cannot be written: {error.strerror}"
    return _result(DesignStatus.DISK_FULL, reason, verdict("", None), None)


def _write_files(job: Job, folder: Path) -> None:
    for name, text in job.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "tmp").mkdir(exist_ok=True)


def _command(
    tool: Tool,
    command: Command,
    folder: Path,
    limits: Limits,
    remove: Path | None,
    on_stage: Callable[[str], None] | None,
) -> tuple[Ended, str]:
    log = folder / f"{command.step}.log"
    # What the tool leaves in the temporary folder goes with the run's own.
    environment = {**tool.environment, "TMPDIR": str(folder / "tmp"), "PWD": str(folder)}
    progress = None if on_stage is None else _Progress(log, on_stage)

    def tick() -> None:
        check_cancelled()
        if progress:
            progress.look()

    ended = run_supervised(
        command.argv,
        environment=environment,
        folder=folder,
        log=log,
        limits=limits,
        remove=remove,
        hold=held_descriptors(),
        tick=tick,
    )
    if progress:
        progress.look()
    try:
        text = log.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        text = ""
    return ended, text


class _Progress:
    """Follows a log that grows and tells each new stage once."""

    def __init__(self, log: Path, tell: Callable[[str], None]) -> None:
        self._log = log
        self._tell = tell
        self._position = 0
        self._told: str | None = None

    def look(self) -> None:
        try:
            with self._log.open("rb") as file:
                file.seek(self._position)
                data = file.read(1 << 20)
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._position += len(whole)
        for line in whole.decode("utf-8", errors="replace").splitlines():
            now = stage(line)
            if now is not None and now != self._told:
                self._told = now
                self._tell(now)


def _judge(job: Job, folder: Path, limits: Limits, ended: Ended, text: str) -> ToolResult:
    said = verdict(text, ended.exit_code)

    def result(status: DesignStatus, reason: str | None, *, xml: bytes | None = None) -> ToolResult:
        return _result(status, reason, said, ended, xml=xml, tail=text[-_TAIL:])

    if (stopped := _stopped(ended, limits, said)) is not None:
        return result(*stopped)
    clean = said.status is DesignStatus.OK or (said.status is DesignStatus.NO_VERDICT and not said.errors)
    if ended.exit_code != 0 or not clean:
        if said.status is DesignStatus.OK:
            return result(DesignStatus.NO_VERDICT, f"the tool ended with exit status {ended.exit_code}")
        return result(said.status, said.reason)
    try:
        xml = _left(folder, folder / job.report, MAX_BYTES)
    except FileNotFoundError:
        reason = f"the tool ended with exit status 0 and left no {job.report}"
        return result(DesignStatus.REPORT_MISSING, f"{reason}: {said.reason}" if said.reason else reason)
    except (OSError, PipelineError) as error:
        what = error.problem if isinstance(error, PipelineError) else f"cannot be read: {error.strerror}"
        reason = f"{job.report}, which the tool left, {what}"
        return result(DesignStatus.REPORT_MISSING, f"{reason}: {said.reason}" if said.reason else reason)
    try:
        report = parse_report(xml, file=job.report)
    except PipelineError as error:
        return result(DesignStatus.REPORT_UNPARSABLE, str(error), xml=xml if len(xml) <= MAX_BYTES else None)
    label = label_from_report(report, expect_top=job.top, expect_part=job.part)
    if label.status is not DesignStatus.OK:
        return result(label.status, label.reason)
    done = result(DesignStatus.OK, None, xml=xml)
    return replace(done, label=label, report=report)


def _stopped(ended: Ended, limits: Limits, said: Verdict) -> tuple[DesignStatus, str] | None:
    """Status and reason where it was not the tool that ended the run."""
    at = f", last seen {said.stage}" if said.stage else ""
    if ended.how == "not_started":
        return DesignStatus.TOOL_MISSING, f"the tool could not be started: {ended.problem}"
    if ended.how == "wall":
        assert limits.wall_s is not None
        return DesignStatus.TIMEOUT, f"{wall_sentence(limits.wall_s)}{at}"
    if ended.how == "memory":
        assert limits.memory_bytes is not None
        peak = ended.peak_memory_bytes / 2**30
        return DesignStatus.KILLED, f"{memory_sentence(limits.memory_bytes / 2**30)} ({peak:.3g} GiB in use){at}"
    if ended.how == "lost":
        return DesignStatus.KILLED, f"{ended.problem}{at}"
    if ended.disk_full:
        return DesignStatus.DISK_FULL, "no space left for the log of the run"
    return None


def _is_transient(status: DesignStatus, reason: str | None) -> bool:
    return status in SURROUNDINGS and exhausted(status, reason) is None


def _result(
    status: DesignStatus,
    reason: str | None,
    said: Verdict,
    ended: Ended | None,
    *,
    xml: bytes | None = None,
    tail: str = "",
) -> ToolResult:
    return ToolResult(
        label=Label(status, reason),
        verdict=said,
        seconds=0.0 if ended is None else ended.seconds,
        exit_code=None if ended is None else ended.exit_code,
        peak_memory_bytes=0 if ended is None else ended.peak_memory_bytes,
        xml=xml,
        log_tail=tail,
    )


def _left(folder: Path, path: Path, most: int) -> bytes:
    """What a run left in its folder, at most one byte more than ``most``.

    Raises FileNotFoundError where it left no such file, OSError where it cannot be read, and PipelineError for what is
    no plain file or a link that leads elsewhere: the tool's word is not taken for where a result is.
    """
    if not os.path.lexists(path):
        raise FileNotFoundError(path)
    if leads_out(folder, path):
        raise PipelineError(LEADS_OUT, file=str(path))
    with open_plain(path) as file:
        return file.read(most + 1)


def _judge_step(
    command: Command, folder: Path, limits: Limits, ended: Ended, text: str, patterns: tuple[str, ...]
) -> StepResult:
    said = verdict(text, ended.exit_code)
    if (stopped := _stopped(ended, limits, said)) is not None:
        return StepResult(*stopped, ended.seconds)
    status, reason = DesignStatus.OK, None
    if ended.exit_code != 0 or said.errors:
        status = DesignStatus.NO_VERDICT if said.status is DesignStatus.OK else said.status
        reason = said.reason or f"{command.step} ended with exit status {ended.exit_code}"
    files: dict[str, bytes] = {}
    for pattern in patterns:
        for path in sorted(folder.glob(pattern)):
            with contextlib.suppress(OSError, PipelineError):
                data = _left(folder, path, MAX_RESULT_BYTES)
                if len(data) <= MAX_RESULT_BYTES:
                    files[str(path.relative_to(folder))] = data
    return StepResult(status, reason, ended.seconds, files)
