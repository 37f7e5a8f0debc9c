"""The user's files as they are: names below one folder, the bytes behind the texts, and what lies beside them."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.kernels.model import Kernel
from pipeline.kernels.source_places import source_files
from pipeline.project import Flags
from pipeline.project.bench_data import opened_data
from pipeline.project.source_text import MAX_SOURCE_BYTES

MAX_BESIDE_FILES = 1000
MAX_BESIDE_BYTES = 64 * 2**20
"""What of a test bench's files and data is taken along."""

_MARK = "\ufeff"
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"\n]{1,200})"', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The files that a kernel was read from.

    ``names`` gives each its path below ``folder``, the deepest folder that holds them all and what lies ``beside``;
    ``texts`` are as read, ``encodings`` names the encoding of those that are not plain UTF-8. ``beside`` are the test
    bench, its headers and data, and the script or configuration file: files by their path below ``folder``.
    """

    folder: Path
    names: Mapping[str, str]
    texts: Mapping[str, str]
    encodings: Mapping[str, str]
    beside: Mapping[str, Path] = field(default_factory=dict)

    def whole(self, file: str, text: str) -> str:
        """A text of that file with the mark at its beginning that reading takes away."""
        return f"{_MARK}{text}" if self.encodings.get(file) == "utf-8-sig" else text

    def encoded(self, file: str, text: str) -> bytes:
        """The bytes of such a whole text, or of lines of it."""
        return text.encode("latin-1" if self.encodings.get(file) == "latin-1" else "utf-8")

    def flags(self, flags: Flags) -> Flags:
        """The compiler's flags where the files lie under their names: folders inside as they are from there."""
        return Flags(tuple((name, self._below(name, value)) for name, value in flags.absolute().options))

    def _below(self, name: str, value: str) -> str:
        path = Path(os.path.normpath(value))
        inside = name not in ("-D", "-U") and value.startswith("/") and path.is_relative_to(self.folder)
        return str(path.relative_to(self.folder)) if inside else value


def user_files(kernel: Kernel) -> UserFiles:
    """The files of a kernel; texts that lie nowhere (a kernel made from text) are taken as UTF-8."""
    texts = source_files(kernel)
    places = {file: _place(file) for file in texts}
    beside = sorted(set(_beside(kernel)) - set(places.values()))
    folder = Path(os.path.commonpath([str(place.parent) for place in (*places.values(), *beside)]))
    return UserFiles(
        folder,
        {file: place.relative_to(folder).as_posix() for file, place in places.items()},
        texts,
        {file: code for file, place in places.items() if (code := _encoding(place, texts[file]))},
        {place.relative_to(folder).as_posix(): place for place in beside},
    )


def _place(file: str | Path) -> Path:
    return Path(os.path.normpath(Path(file).absolute()))


def _beside(kernel: Kernel) -> Iterator[Path]:
    """The test bench with its headers and data, and the script."""
    project = kernel.project
    if project is None:
        return
    scripts = [project.script, *(one.file for one in project.directives)] if project.script is not None else []
    for script in dict.fromkeys(scripts):
        if script is not None and Path(script).is_file():
            yield _place(script)
    waiting = [*map(_place, project.testbench.files), *opened_data(project)]
    seen: set[Path] = set()
    size = 0
    while waiting and len(seen) < MAX_BESIDE_FILES:
        place = waiting.pop(0)
        if place in seen or place.is_symlink():
            continue
        seen.add(place)
        if place.is_dir():
            waiting += sorted(place.iterdir())[:MAX_BESIDE_FILES]
        elif place.is_file():
            size += place.stat().st_size
            if size > MAX_BESIDE_BYTES:
                return
            yield place
            if place.stat().st_size <= MAX_SOURCE_BYTES and place.suffix.lower().startswith((".c", ".h")):
                waiting += [
                    _place(place.parent / name.decode("utf-8", "replace"))
                    for name in _INCLUDE.findall(place.read_bytes())
                ]


def _encoding(place: Path, text: str) -> str | None:
    """The encoding that gives the file's bytes back, None for plain UTF-8."""
    try:
        if not place.is_file() or place.stat().st_size > MAX_SOURCE_BYTES:
            return None
        data = place.read_bytes()
    except OSError:
        return None
    for code in ("utf-8", "utf-8-sig", "latin-1"):
        if code == "utf-8-sig" and not data.startswith(codecs.BOM_UTF8):
            continue
        try:
            if text.encode(code) == data:
                return None if code == "utf-8" else code
        except UnicodeEncodeError:
            continue
    return None
