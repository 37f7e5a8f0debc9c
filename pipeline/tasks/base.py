"""What all tasks share: the workspace, the seed, and what an output says of its making."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import luigi
from luigi.cmdline_parser import CmdlineParser

from pipeline.errors import PipelineError
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import fingerprint


class PipelineTask(luigi.Task):
    """A task with a workspace and a seed."""

    workspace = luigi.Parameter(default="workspace", description="folder for everything that is written")
    seed = luigi.IntParameter(default=0, description="seed of everything that is drawn at random")

    def summarise(self) -> None:
        """Says what the finished task has left, for the user who asked for it; nothing unless a task says more."""

    @property
    def is_root(self) -> bool:
        """Whether this is the task that the command line names."""
        parser = CmdlineParser.get_instance()
        return parser is not None and parser.known_args.root_task == type(self).__name__

    @property
    def folder(self) -> Path:
        """The workspace."""
        return Path(self.workspace)

    def report_progress(self, percentage: float | None, message: str) -> None:
        """Tells luigi's scheduler, so that luigid's page says the same as the terminal; nothing outside a worker."""
        if self.set_progress_percentage is not None and self.set_status_message is not None:
            if percentage is not None:
                self.set_progress_percentage(percentage)
            self.set_status_message(message)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """JSON values that decide the output; subclasses extend it."""
        from pipeline import __version__

        return {"task": type(self).__name__, "version": __version__, "seed": self.seed}

    @cached_property
    def digest(self) -> str:
        """The fingerprint of :attr:`identity`, part of the output's path."""
        return fingerprint(**self.identity)


def names(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list, in order, without blanks and repeats."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if found != ("",) and "" in found:
        raise PipelineError(f"an empty name in the list {text!r}", fix="separate names by single commas")
    return () if found == ("",) else found


@luigi.Task.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def _already_there(task: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root:
        say("Nothing to do: this is complete.")
        task.summarise()


@luigi.Task.event_handler(luigi.Event.SUCCESS)
def _done(task: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root:
        task.summarise()
