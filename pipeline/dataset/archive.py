"""Files of a folder, a tar or a zip as bytes in memory. Nothing is ever extracted to disk."""

from __future__ import annotations

import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from pipeline.errors import PipelineError
from pipeline.files import LEADS_OUT, leads_out, open_plain

MAX_FILE_BYTES = 128 << 20
"""Largest single file that is read, 128 MiB; the largest published one has 4 MB."""
MAX_TOTAL_BYTES = 8 << 30
"""Most bytes in one archive or folder, read or passed over, 8 GiB."""
MAX_MEMBERS = 1_000_000
MAX_INFLATION, FREE_BYTES = 200, 64 << 20
"""An archive holds at most so many times its own size, beyond the first 64 MiB. Published label sets inflate 19 to 43
times; DEFLATE can 1,032 times (RFC 1951)."""

_MAX_HEADER_BYTES = 1 << 20
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,  # zipfile: an encrypted member, an unknown way of compression
    ValueError,  # tarfile and zipfile: nonsense numbers in headers
)


class Member(NamedTuple):
    """One file of an archive or folder."""

    parts: tuple[str, ...]
    """The components of its path inside."""
    content: bytes | PipelineError
    made: int
    """When it was last written, in nanoseconds since 1970; 0 where that is not known."""


def read_files(
    path: Path,
    wanted: Callable[[tuple[str, ...]], bool],
    *,
    max_file_bytes: int = MAX_FILE_BYTES,
    max_total_bytes: int = MAX_TOTAL_BYTES,
) -> Iterator[Member]:
    """Yield each regular file for which ``wanted(parts)`` holds.

    A folder's files come sorted, an archive's in its order. Links and devices in an archive, hidden files and names
    with ``..`` are left out. What a folder has and cannot be read, or is a link that leads out of it, has an error for
    its content.
    Raises :class:`PipelineError` where the path is neither folder, tar nor zip, is damaged or exceeds a limit.
    """
    reader = _reader_of(path)
    budget = _Budget(path, max_file_bytes, max_total_bytes)
    try:
        yield from reader(path, wanted, budget)
    except PipelineError:
        raise
    except _BROKEN as error:
        raise PipelineError(
            f"cannot be read to its end ({type(error).__name__}: {error})",
            file=str(path),
            fix="it may be truncated or damaged: fetch it again and compare its sha256",
        ) from error


def check_readable(path: Path) -> None:
    """Raises :class:`PipelineError`, as :func:`read_files`, for what is neither folder, tar, zip nor a JSON file."""
    _reader_of(path)


class _Budget:
    """Counts what has been read and refuses more than allowed."""

    def __init__(self, path: Path, max_file_bytes: int, max_total_bytes: int) -> None:
        self._path, self._file, self._left, self._members = path, max_file_bytes, max_total_bytes, MAX_MEMBERS
        packed = path.stat().st_size if path.is_file() else None
        self._stated = max_total_bytes if packed is None else min(max_total_bytes, FREE_BYTES + MAX_INFLATION * packed)

    def seen(self, size: int = 0) -> None:
        """Counts a member of so many bytes, which are inflated even where nobody wants them."""
        self._members -= 1
        self._stated -= size
        if self._members < 0:
            raise PipelineError(f"holds more than {MAX_MEMBERS:,} members", file=str(self._path), fix="split it")
        if self._stated < 0:
            raise PipelineError(
                "inflates to far more than its size, as no label set does", file=str(self._path), fix="check the file"
            )

    def read(self, stream: IO[bytes], name: str) -> bytes:
        limit = min(self._file, self._left)
        content = stream.read(limit + 1)
        if len(content) > limit:
            raise PipelineError(
                f"{name} makes it larger than the limit of {limit:,} bytes",
                file=str(self._path),
                fix="split it into smaller files",
            )
        self._left -= len(content)
        return content


_Wanted = Callable[[tuple[str, ...]], bool]
_Reader = Callable[[Path, _Wanted, _Budget], Iterator[Member]]


def _reader_of(path: Path) -> _Reader:
    if path.is_dir():
        return _folder
    if not path.exists():
        raise PipelineError("no such file or folder", file=str(path), fix="check the path")
    open_plain(path).close()
    try:
        if tarfile.is_tarfile(path):
            return _tar
        if zipfile.is_zipfile(path):
            return _zip
    except _BROKEN as error:
        raise PipelineError(f"cannot be opened ({error})", file=str(path), fix="check the file") from error
    if path.suffix.lower() == ".json":
        return _single
    raise PipelineError(
        "is neither a folder nor a tar, tar.gz or zip archive",
        file=str(path),
        fix="give the published archive or an unpacked folder",
    )


def _safe_parts(name: str) -> tuple[str, ...] | None:
    """The components of a member's name; None for hidden files and for names that lead upwards."""
    parts = tuple(part for part in PurePosixPath(name.replace("\\", "/")).parts if part != "/")
    if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return None
    return parts


def _folder(path: Path, wanted: _Wanted, budget: _Budget) -> Iterator[Member]:
    unlisted: list[OSError] = []
    for folder, subfolders, files in os.walk(path, onerror=unlisted.append):
        subfolders.sort()
        for file in sorted(files):
            budget.seen()
            full = Path(folder) / file
            parts = _safe_parts(full.relative_to(path).as_posix())
            if parts and wanted(parts):
                try:
                    if leads_out(path, full):
                        raise PipelineError(LEADS_OUT, file=str(full), fix="copy the file into it")
                    with open_plain(full) as stream:
                        content, made = budget.read(stream, "/".join(parts)), os.fstat(stream.fileno()).st_mtime_ns
                except PipelineError as error:
                    yield Member(parts, error, 0)
                except OSError as error:
                    yield Member(parts, _unreadable(full, error), 0)
                else:
                    yield Member(parts, content, made)
    for missed in unlisted:
        place = Path(missed.filename)
        if place == path:
            raise _unreadable(place, missed)
        yield Member(place.relative_to(path).parts, _unreadable(place, missed), 0)


def _unreadable(path: Path, error: OSError) -> PipelineError:
    return PipelineError(f"cannot be read: {error.strerror or error}", file=str(path), fix="check its permissions")


def _single(path: Path, wanted: _Wanted, budget: _Budget) -> Iterator[Member]:
    if wanted((path.name,)):
        with open_plain(path) as stream:
            yield Member((path.name,), budget.read(stream, path.name), os.fstat(stream.fileno()).st_mtime_ns)


class _Member(tarfile.TarInfo):
    """A member whose long names and further headers, which are read into memory, are of bounded size."""

    def _proc_member(self, tarfile_: tarfile.TarFile) -> tarfile.TarInfo:
        if self.type not in tarfile.REGULAR_TYPES and self.size > _MAX_HEADER_BYTES:
            raise tarfile.ReadError("a header of a member is too large")
        found: tarfile.TarInfo = super()._proc_member(tarfile_)  # type: ignore[misc]
        return found


def _tar(path: Path, wanted: _Wanted, budget: _Budget) -> Iterator[Member]:
    with tarfile.open(path, "r:*", tarinfo=_Member) as archive:
        for member in archive:
            budget.seen(member.size)
            parts = _safe_parts(member.name) if member.isreg() else None
            if parts and wanted(parts):
                stream = archive.extractfile(member)
                if stream is not None:
                    yield Member(parts, budget.read(stream, member.name), int(member.mtime) * 10**9)


def _zip(path: Path, wanted: _Wanted, budget: _Budget) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            budget.seen(info.file_size)
            linked = stat.S_ISLNK(info.external_attr >> 16)
            parts = None if info.filename.endswith("/") or linked else _safe_parts(info.filename)
            if parts and wanted(parts):
                with archive.open(info) as stream:
                    yield Member(parts, budget.read(stream, info.filename), _time_in_zip(info))


def _time_in_zip(info: zipfile.ZipInfo) -> int:
    """A ZIP states no time zone, so UTC is taken; a time that is none is not known."""
    try:
        return int(datetime(*info.date_time, tzinfo=UTC).timestamp()) * 10**9
    except (ValueError, OverflowError):
        return 0
