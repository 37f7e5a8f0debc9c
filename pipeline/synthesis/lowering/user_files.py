"""The user's files as they are: names below one folder, the bytes behind the texts."""

from __future__ import annotations

import codecs
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.kernels.model import Kernel
from pipeline.kernels.source_places import source_files
from pipeline.project import Flags
from pipeline.project.source_text import MAX_SOURCE_BYTES


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The files that a kernel was read from.

    ``names`` gives each its path below ``folder``, the deepest folder that holds them all; ``texts`` are as read,
    ``encodings`` names the encoding of those that are not plain UTF-8.
    """

    folder: Path
    names: Mapping[str, str]
    texts: Mapping[str, str]
    encodings: Mapping[str, str]

    def encoded(self, file: str, text: str) -> bytes:
        """The bytes of a text of that file."""
        return text.encode(self.encodings.get(file, "utf-8"))

    def flags(self, flags: Flags) -> Flags:
        """The compiler's flags where the files lie under their names: folders inside as they are from there."""
        if not flags:
            return flags
        return Flags(tuple((name, self._below(name, value)) for name, value in flags.absolute().options))

    def _below(self, name: str, value: str) -> str:
        path = Path(value)
        inside = value.startswith("/") and path.is_relative_to(self.folder)
        return str(path.relative_to(self.folder)) if inside and name not in ("-D", "-U") else value


def user_files(kernel: Kernel) -> UserFiles:
    """The files of a kernel; texts that lie nowhere (a kernel made from text) are taken as UTF-8."""
    texts = source_files(kernel)
    places = {file: Path(os.path.normpath(Path(file).absolute())) for file in texts}
    folder = Path(os.path.commonpath([str(place.parent) for place in places.values()]))
    names = {file: place.relative_to(folder).as_posix() for file, place in places.items()}
    return UserFiles(
        folder, names, texts, {file: code for file, place in places.items() if (code := _encoding(place, texts[file]))}
    )


def _encoding(place: Path, text: str) -> str | None:
    """The encoding that gives the file's bytes back, None for plain UTF-8."""
    try:
        if place.stat().st_size > MAX_SOURCE_BYTES or not place.is_file():
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
