"""What a workspace holds, what runs in it, and how to go on."""

from __future__ import annotations

import json
from pathlib import Path

import luigi

from pipeline import __version__
from pipeline.tasks.base import AskedTask
from pipeline.tasks.messages import show
from pipeline.tasks.outputs import write_page
from pipeline.workspace.facts import workspace_facts
from pipeline.workspace.text import status_text


class Status(AskedTask):
    """Tells of a workspace: loops with budget and best design so far, datasets, models, studies, and how to go on.

    Writes nothing but the page that --page-file names, and works while a loop runs.
    """

    example = "--workspace workspace"
    only_looks = True

    json = luigi.BoolParameter(default=False, description="JSON instead of text")
    page_file = luigi.Parameter(default="", description="writes the overview as a page into this HTML file")

    @property
    def page(self) -> Path | None:
        """The overview, where one was asked for."""
        return Path(self.page_file) if self.page_file else None

    def run(self) -> None:
        """Reads and prints. Raises PipelineError where there is no such workspace."""
        facts = workspace_facts(self.folder, __version__)
        show(json.dumps(facts, indent=2, ensure_ascii=False) if self.json else status_text(facts))
        if self.page is not None:
            from pipeline.workspace.page import overview_page

            write_page(self.page, overview_page(facts, self.page.parent))
        self.done = True
