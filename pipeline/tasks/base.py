"""What all tasks share: the workspace, the seed, and what an output says of its making."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Sized
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import luigi
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import ParameterVisibility

from pipeline import __version__
from pipeline.last_words import end, exit_code, told
from pipeline.tasks import defaults, ending
from pipeline.tasks.messages import Advance, bar, counted, say
from pipeline.tasks.older import other_versions
from pipeline.tasks.outputs import FolderTarget, fingerprint
from pipeline.tasks.parameters import Folder, WholeNumber
from pipeline.tasks.parameters import names as names
from pipeline.tasks.sections import farm, reading, section, vitis
from pipeline.tasks.target_options import check_task
from pipeline.workspace.commands import check_not_cleaned

_T = TypeVar("_T")
_TELL_EVERY_S = 0.5
"""luigi's scheduler is told no more often than this."""


class PipelineTask(luigi.Task):
    """A task with a workspace and a seed."""

    example: ClassVar[str] = ""
    """Options of a first command, for the help."""
    only_looks: ClassVar[bool] = False
    """Whether the task may run beside a clean-up of the workspace, as it writes nothing into it."""

    workspace = Folder(default="workspace", description="folder for everything that is written")
    seed = WholeNumber(default=0, description="seed of everything that is drawn at random")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_root:
            ending.set_root(self)
            self._check_settings()
            check_task(self)
            defaults.check_core()
            if not self.only_looks:
                check_not_cleaned(self.folder)
            if note := other_versions(self.folder, __version__):
                say(note)

    @staticmethod
    def _check_settings() -> None:
        """Refuses settings that cannot be meant before anything runs, also where this command does not need them."""
        for settings in (vitis, farm, reading):
            section(settings)

    @property
    def page(self) -> Path | None:
        """The page to look at, for a task that writes one; the command's last line links it where it is there."""
        return None

    @property
    def subject(self) -> str:
        """What the command works on, as its record names it: commands that go on from one another have one subject."""
        output = self.output()
        return output.path.name if isinstance(output, FolderTarget) else type(self).__name__

    def recorded(self) -> dict[str, Any]:
        """What the record of the running command tells beside the command: JSON values."""
        return {}

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

    def report_page(self) -> None:
        """Links :attr:`page` from luigid's list of tasks; to be called in ``run`` once the page is there."""
        if self.set_tracking_url is not None and self.page is not None:
            self.set_tracking_url(self.page.resolve().as_uri())

    def _get_param_visibilities(self) -> dict[str, int]:
        """Which parameters luigid's page shows: those that are not at the default, of thirty that some tasks have."""
        found: dict[str, int] = super()._get_param_visibilities()
        for name, parameter in self.get_params():
            if name in found and getattr(self, name) == parameter._default:
                found[name] = ParameterVisibility.HIDDEN.serialize()
        return found

    @contextlib.contextmanager
    def following(self, total: int | None, text: str) -> Iterator[Advance]:
        """A bar on the terminal and the same on luigi's page; the block calls ``advance(steps, note)``.

        ``total`` is the number of steps, None where it is not known.
        """
        done, told = 0, -_TELL_EVERY_S
        with bar(total, text) as shown:

            def advance(steps: int = 1, note: str = "") -> None:
                nonlocal done, told
                done += steps
                shown(steps, note)
                if (now := time.monotonic()) - told >= _TELL_EVERY_S or done == total:
                    told = now
                    self.report_progress(100.0 * done / total if total else None, counted(text, done, total, note))

            yield advance

    def follow(self, items: Iterable[_T], text: str, total: int | None = None) -> Iterator[_T]:
        """The items in turn, counted by :meth:`following`; their number is ``total`` or ``len(items)``."""
        known = len(items) if total is None and isinstance(items, Sized) else total
        with self.following(known, text) as advance:
            for item in items:
                yield item
                advance()

    @cached_property
    def identity(self) -> dict[str, Any]:
        """JSON values that decide the output; subclasses extend it."""
        return {"task": type(self).__name__, "version": __version__, "seed": self.seed}

    @cached_property
    def digest(self) -> str:
        """The fingerprint of :attr:`identity`, part of the output's path."""
        return fingerprint(**self.identity)


class AskedTask(PipelineTask):
    """A task that is done anew each time it is asked for, whatever stands in the workspace; ``run`` sets ``done``."""

    done = False

    def complete(self) -> bool:
        """Whether this very task has run."""
        return self.done


@luigi.Task.event_handler(luigi.Event.DEPENDENCY_PRESENT)
def _already_there(task: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root and _summarise(task):
        say("Nothing to do: this was complete.")


@luigi.Task.event_handler(luigi.Event.SUCCESS)
def _done(task: luigi.Task) -> None:
    if isinstance(task, PipelineTask) and task.is_root:
        _summarise(task)


def _summarise(task: PipelineTask) -> bool:
    """Says what there is, and whether that went well: luigi takes a command whose summary fails for one that did."""
    from luigi.retcodes import retcode

    try:
        task.summarise()
        return True
    except KeyboardInterrupt as error:
        with contextlib.suppress(SystemExit):
            end(error, told(error) or "")
        ending.fail(exit_code(error))
    except Exception:
        logging.getLogger("luigi-interface").exception("%s", task)
        ending.fail(retcode().task_failed)
    return False
