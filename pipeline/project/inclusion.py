"""What a source includes, as its text says it: without the compiler, so that it is known before that runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import PipelineError
from pipeline.project.source_text import MAX_SOURCE_BYTES, plain_lines

_INCLUDE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*include(?:_next)?[ \t]*([<\"])([^>\"\n]+)[>\"]", re.MULTILINE)


class Inclusion(NamedTuple):
    """One line that includes a header: ``own`` is the user's file, with its ``text``; None for what is none of his."""

    quoted: bool
    name: str
    own: Path | None = None
    text: str = ""


def inclusions(
    text: str, file: str, folder: Path, folders: Sequence[Path], among_ours: Callable[[str], bool] = lambda name: False
) -> Iterator[Inclusion]:
    """The lines that include a header in a text and in the user's headers that it includes, each header's once.

    Headers in quotes are looked for beside what includes them (``folder``), all in ``folders``; one in angle brackets
    that is ``among_ours`` is not the user's. Raises PipelineError, with the place, where a header is no plain file: a
    pipe never ends.
    """
    seen: set[Path] = set()
    todo: list[tuple[str, str, Path]] = [(plain_lines(text), file, folder)]
    while todo:
        rows, within, here = todo.pop(0)
        for found in _INCLUDE.finditer(rows):
            quoted, name = found[1] == '"', found[2]
            if not quoted and among_ours(name):
                yield Inclusion(quoted, name)
                continue
            places = [place / name for place in ([here] if quoted else []) + [*folders]]
            own = next((place for place in places if place.exists() and not place.is_dir()), None)
            if own is None:
                yield Inclusion(quoted, name)
                continue
            if not own.is_file():
                line = rows.count("\n", 0, found.start()) + 1
                raise PipelineError(
                    f"header {name} is no plain file but a pipe or a device",
                    file=within,
                    line=line,
                    fix="include a file of text",
                )
            resolved, said = own.resolve(), ""
            if resolved not in seen and own.stat().st_size <= MAX_SOURCE_BYTES:
                seen.add(resolved)
                said = own.read_text(encoding="utf-8", errors="surrogateescape")
                todo.append((plain_lines(said), str(own), own.parent))
            yield Inclusion(quoted, name, own, said)
