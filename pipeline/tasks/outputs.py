"""Where outputs stand in the workspace, and how they appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import luigi

from pipeline.errors import PipelineError
from pipeline.files import fingerprint as fingerprint
from pipeline.files import made_whole_folder, write_whole
from pipeline.files import writable_folder as writable_folder
from pipeline.files import write_json as write_json
from pipeline.tasks.messages import say

_MOST_NAMED = 6
_SPARE = ("tensorboard/",)
"""What nobody needs: no model is trained anew for it."""


FILES = ".files"
"""Within an output's folder: the paths of its files, a line each. Folders of earlier versions have none."""


def write_page(file: Path, text: str) -> None:
    """Writes a page where ``--page-file`` says. Raises PipelineError where that is no file."""
    if file.is_dir():
        raise PipelineError(f"--page-file {file} is a folder", fix=f"name a file, as {file / 'page.html'}")
    writable_folder(file.parent)
    write_whole(file, text.encode(), fsync=False)


class FolderTarget(luigi.Target):
    """A folder that exists only when all that belongs into it is there: who removes a file of it has it written again.

    What else somebody keeps in it stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def exists(self) -> bool:
        """Whether the folder is there, with all that was written into it."""
        return self.path.is_dir() and not self.lost

    @property
    def lost(self) -> list[str]:
        """The files that were written into the folder and are not there any more."""
        try:
            written = (self.path / FILES).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []
        return [name for name in written if not os.path.lexists(self.path / name)]

    @contextlib.contextmanager
    def write(self) -> Iterator[Path]:
        """A folder aside to write into; it takes its place by one rename when the block ends without an error.

        Where the folder is there and has lost files, these alone are put back, and that is said.
        """
        with made_whole_folder(self.path) as aside:
            yield aside
            names = sorted(path.relative_to(aside).as_posix() for path in aside.rglob("*") if not path.is_dir())
            names = [name for name in names if not name.startswith(_SPARE)]
            (aside / FILES).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
            if lost := self.lost:
                self._put_back(aside, lost)

    def _put_back(self, aside: Path, lost: list[str]) -> None:
        for name in lost:
            if (aside / name).exists():
                (self.path / name).parent.mkdir(parents=True, exist_ok=True)
                (aside / name).replace(self.path / name)
        # What this version writes no more must not be missed for ever.
        (aside / FILES).replace(self.path / FILES)
        tops = list(dict.fromkeys(name.split("/")[0] + "/" * ("/" in name) for name in lost))
        more = f" and {len(tops) - _MOST_NAMED} more" if len(tops) > _MOST_NAMED else ""
        say(f"{self.path}: {', '.join(tops[:_MOST_NAMED])}{more} had been removed; put back.")


def shown_files(folder: Path) -> list[str]:
    """What a user finds in an output folder, folders with a slash; not the list that it keeps for itself."""
    return sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if path.name != FILES)


def point_latest(folder: Path) -> Path:
    """Makes ``latest`` beside ``folder`` a link to it, in one step; returns the link, or ``folder`` without links."""
    link = folder.parent / "latest"
    aside = folder.parent / f".latest-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        aside.symlink_to(folder.name, target_is_directory=True)
        aside.replace(link)
    except OSError:
        aside.unlink(missing_ok=True)
        return folder
    return link
