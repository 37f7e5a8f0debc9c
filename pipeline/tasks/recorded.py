"""Says in the workspace which command writes into it: from when its first task is planned until the process ends."""

from __future__ import annotations

import atexit
import contextlib
import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

import luigi

from pipeline import __version__
from pipeline.tasks import ending
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.loop.commands import command_of
from pipeline.tasks.outputs import FolderTarget
from pipeline.workspace.commands import Begun, begin, wait_for_cleaning


class _Record:
    """The file of this command, once it has one; forked workers see that there is one and leave it alone."""

    def __init__(self) -> None:
        self.begun: Begun | None = None
        self.process = 0

    def begin(self, task: PipelineTask) -> None:
        output = task.output()
        if self.begun is not None or not isinstance(output, FolderTarget):
            return
        facts = {
            "command": command_with_workspace(task),
            "started": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "process": os.getpid(),
            "folder": str(Path.cwd()),
            **task.recorded(),
        }
        # Who cannot write here is told so by what the command writes first.
        with contextlib.suppress(OSError):
            self.begun = begin(task.folder, type(task).__name__, task.subject, facts)
            self.process = os.getpid()
            atexit.register(self._leave)
            wait_for_cleaning(task.folder)

    def end(self, code: int) -> None:
        if self.begun is not None and self.process == os.getpid():
            self.begun.ended(code)
            self.begun = None

    def _leave(self) -> None:
        code = ending.code()
        self.end(1 if code is None else code)


_record = _Record()


def command_with_workspace(task: PipelineTask) -> str:
    """The line to type for this very task in this very workspace."""
    command = command_of(task)
    parameter = dict(task.get_params())["workspace"]
    return command if task.workspace == parameter._default else f"{command} --workspace {shlex.quote(task.workspace)}"


@luigi.Task.event_handler(luigi.Event.DEPENDENCY_DISCOVERED)
def _planned(task: luigi.Task, _: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root:
        _record.begin(task)


@luigi.Task.event_handler(luigi.Event.START)
def _started(task: luigi.Task) -> None:
    # A task without requirements; it may run in a forked worker, whose process then holds the lock.
    if isinstance(task, PipelineTask) and task.is_root:
        _record.begin(task)


@luigi.Task.event_handler(luigi.Event.SUCCESS)
def _succeeded(task: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root and os.getpid() != ending.process():
        _record.end(0)


@luigi.Task.event_handler(luigi.Event.FAILURE)
def _failed(task: luigi.Task, _: BaseException) -> None:
    if isinstance(task, PipelineTask) and task.is_root and os.getpid() != ending.process():
        _record.end(1)
