"""Source files that are parts of another one: CHStone's programs are files that a main file includes."""

from __future__ import annotations

import re
from pathlib import Path

_MOST_FILES = 200
_MOST_BYTES = 1 << 20


def includer(file: Path) -> Path | None:
    """A source beside the file, or in the folder above, that includes it; None where there is none."""
    directive = re.compile(
        rb'^[ \t]*#[ \t]*include[ \t]*"(?:[^"\n]*/)?' + re.escape(file.name.encode()) + rb'"', re.MULTILINE
    )
    for folder in (file.parent, file.parent.parent):
        try:
            found = sorted(place for place in folder.glob("*.c") if place != file and place.is_file())
            for place in found[:_MOST_FILES]:
                with place.open("rb") as stream:
                    if directive.search(stream.read(_MOST_BYTES)):
                        return place
        except OSError:
            continue
    return None
