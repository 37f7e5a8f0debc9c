"""Removes of a workspace what can be made again without a run of a tool."""

from __future__ import annotations

import os

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.base import AskedTask, names
from pipeline.tasks.messages import say, show
from pipeline.workspace import commands
from pipeline.workspace.clean_text import cleaning_text, size_text
from pipeline.workspace.cleaning import drop_links, items, remove


class CleanWorkspace(AskedTask):
    """Shows what of a workspace can be made again without a run of a tool, and how much it is; --yes removes it.

    Reports of a tool stay, and so do rounds, loops and validations with runs of it, imports and what others put there.
    Nothing is removed while a command runs in the workspace.
    """

    example = "--keep models,datasets"

    yes = luigi.BoolParameter(default=False, description="remove it")
    keep = luigi.Parameter(default="", description="kinds that stay, comma-separated, as models,datasets")

    def run(self) -> None:
        """Looks, shows, and removes where that is asked for. Raises PipelineError while a command runs."""
        if not self.folder.is_dir():
            show(f"{self.folder}: there is no such workspace, nothing to remove")
        elif self.yes:
            self._remove()
        else:
            show(cleaning_text(self.workspace, items(self.folder, names(self.keep))))
        self.done = True

    def _remove(self) -> None:
        # Looked at before anything is written, so that a folder that is no workspace stays as it is.
        if all(item.stays for item in items(self.folder, names(self.keep))):
            show(cleaning_text(self.workspace, items(self.folder, names(self.keep))))
            return
        try:
            begun = commands.begin(self.folder, commands.CLEANING, str(self.folder), {"process": os.getpid()})
        except OSError as error:
            raise PipelineError(f"cannot write here: {error.strerror}", file=self.workspace) from None
        code = 1
        try:
            commands.check_alone(self.folder, but=begun.file)
            found = items(self.folder, names(self.keep))
            going = [item for item in found if not item.stays]
            gone = list(self.follow(remove(going), "removed", len(going)))
            drop_links(self.folder)
            say(f"Removed {len(gone):,} folders and files, {size_text(sum(item.size for item in gone))}")
            show(cleaning_text(self.workspace, [item for item in found if item.stays], removed=True))
            code = 0
        finally:
            begun.ended(code)
