"""Tasks that answer a question: text on standard output, the same as JSON in the workspace, anew each time."""

from __future__ import annotations

import json
from abc import abstractmethod
from pathlib import Path
from typing import Any

from pipeline.files import write_whole
from pipeline.tasks.base import AskedTask
from pipeline.tasks.messages import say, show
from pipeline.tasks.outputs import writable_folder


class InformationTask(AskedTask):
    """A question: subclasses gather the facts, name the file (``stem``) and turn facts into text."""

    @property
    def file(self) -> Path:
        """Where the JSON goes, below ``descriptions/`` of the workspace."""
        return self.folder / "descriptions" / f"{self.stem}.json"

    @property
    def stem(self) -> str:
        """The file's name without its ending."""
        return type(self).__name__

    @abstractmethod
    def facts(self) -> dict[str, Any]:
        """What there is to say, as JSON values."""

    @abstractmethod
    def text(self, facts: dict[str, Any]) -> str:
        """The facts for a person."""

    def write_page(self, facts: dict[str, Any]) -> None:
        """Writes :attr:`page`, for a task that has one, into the folder of the JSON."""

    def run(self) -> None:
        """Gathers, prints and writes."""
        facts = self.facts()
        show(self.text(facts))
        writable_folder(self.file.parent)
        content = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
        write_whole(self.file, content.encode(), fsync=False)
        self.write_page(facts)
        say(f"As JSON: {self.file}")
        self.done = True
