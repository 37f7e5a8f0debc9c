"""Collects the commands of the documentation: the lines of shell blocks in README.md and docs/*.md."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.tasks.commands import ROOT

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_SHELL = ("sh", "bash", "shell", "")
_PROGRAMS = ("luigi", "make", "source", "pip", "git", "cd", "python", "hls-pipeline", "tensorboard", "luigid")


@dataclass(frozen=True)
class Command:
    """One command line: where it stands, its words, and whether the block has the tool set up above it."""

    document: str
    words: tuple[str, ...]
    with_tool: bool

    @property
    def task(self) -> tuple[str, ...] | None:
        """For luigi: the task and its arguments; None for any other program."""
        if self.words[0] not in ("luigi", "hls-pipeline"):
            return None
        words = list(self.words[1:])
        if words[:1] == ["--module"]:
            words = words[2:]
        return tuple(words)


def commands() -> list[Command]:
    """All commands, in the order of the documents. A block without a language counts where it starts with a program."""
    found: list[Command] = []
    for document in DOCUMENTS:
        for language, body in _BLOCK.findall(document.read_text(encoding="utf-8")):
            if language not in _SHELL:
                continue
            tool = False
            for line in body.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True) if line.strip() else []
                words = [word for word in words if not re.fullmatch(r"[A-Z_]+=\S*", word)]
                if not words or (not language and words[0] not in _PROGRAMS):
                    continue
                tool = tool or (words[0] == "source" and words[1].endswith("settings64.sh"))
                found.append(Command(str(document.relative_to(ROOT)), tuple(words), tool))
    return found


def images_and_links(document: Path) -> list[str]:
    """Targets of links and pictures to files of the repository."""
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    return [target for target in targets if "://" not in target]
