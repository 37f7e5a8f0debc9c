"""The library's headers that a C++ source includes, compiled ahead of it and kept for the next commands.

They take about as long as the source itself. They lie in the user's cache folder (``$XDG_CACHE_HOME/hls-pipeline``,
else ``~/.cache/hls-pipeline``), or where that cannot be written only as long as the process. The compiler refuses what
no longer fits the headers that it was made of; it is then made anew.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pipeline.project.compiler import library_folders, run, zig

_MOST_KEPT = 12
"""Sets of headers that are kept, those used last; one is 5 to 30 MB."""


@lru_cache(maxsize=64)
def compiled_ahead(headers: tuple[str, ...], command: tuple[str, ...], vendor: Path, file: str) -> Path | None:
    """The headers compiled by ``command``, which ends with ``-x c++`` and options; None where they cannot be.

    ``vendor`` is the folder of our own headers, ``file`` what messages name.
    """
    if not headers:
        return None
    text = "".join(f"#include <{name}>\n" for name in headers)
    digest = hashlib.sha256("\0".join((*command, text, _state(vendor))).encode()).hexdigest()[:24]
    made = _shelf() / f"{digest}.pch"
    try:
        if made.exists() and made.with_suffix(".sum").exists():
            if made.with_suffix(".sum").read_text(encoding="ascii") == _sum(made):
                os.utime(made)
                return made
            forget(made)
        with tempfile.TemporaryDirectory(prefix="making-", dir=_shelf()) as scratch:
            fresh, place = Path(scratch) / "headers.h", made.with_suffix(".h")
            fresh.write_text(text, encoding="utf-8")
            if not place.exists():
                # One name and one time for all that compile these headers at once: the result remembers both.
                with suppress(FileExistsError):
                    os.link(fresh, place)
            done = run(
                [*command, str(place), "-o", str(Path(scratch) / "headers.pch")], scratch=Path(scratch), file=file
            )
            if done.code != 0:
                return None
            told = Path(scratch) / "headers.sum"
            told.write_text(_sum(Path(scratch) / "headers.pch"), encoding="ascii")
            told.replace(made.with_suffix(".sum"))
            (Path(scratch) / "headers.pch").replace(made)
        _forget_old()
    except OSError:
        return None
    return made


def forget(made: Path) -> None:
    """Removes what the compiler no longer takes."""
    compiled_ahead.cache_clear()
    for suffix in (".pch", ".sum", ".h"):
        made.with_suffix(suffix).unlink(missing_ok=True)


def _sum(path: Path) -> str:
    # A damaged one may bring the compiler down.
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _state(vendor: Path) -> str:
    """What tells other headers or another compiler under the same names."""
    files = [*sorted(vendor.rglob("*")), *(Path(place) for place in library_folders()), Path(zig())]
    return "\0".join(f"{path}:{found.st_mtime_ns}:{found.st_size}" for path in files if (found := path.stat()))


def _forget_old() -> None:
    kept = sorted(_shelf().glob("*.pch"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in kept[_MOST_KEPT:]:
        for suffix in (".pch", ".sum", ".h"):
            path.with_suffix(suffix).unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _shelf() -> Path:
    own = _own_folder()
    if own is not None:
        return own
    folder = Path(tempfile.mkdtemp(prefix="hls-pipeline-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _own_folder() -> Path | None:
    """The user's cache folder, None where it is not there, or others can write what this process would read."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        base = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
        folder = base / "hls-pipeline" / "headers"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
            return None
        with tempfile.NamedTemporaryFile(prefix="making-", dir=folder):
            return folder
    except (OSError, RuntimeError):
        return None
