"""The archive of the store: one standard ZIP for a single entry as well as for a pack of thousands.

``pack.json`` says what is inside, ``records.jsonl`` holds a record a line, sorted by key, and ``reports/`` holds
each csynth.xml once, named by the first 16 digits of its SHA-256. Any unzip reads it. The same entries give the
same bytes (of one zlib). Nothing is ever extracted to a disk.
"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from pipeline.errors import PipelineError
from pipeline.files import write_aside
from pipeline.reports.report import MAX_BYTES as MAX_REPORT_BYTES
from pipeline.synthesis.address import Address
from pipeline.synthesis.canonical import canonical_json, read_json, sha256_hex
from pipeline.synthesis.entry import Entry, entry_from_record, made_of, read_record, record_line

FORMAT = "hls-report-pack"
VERSION = 1
MAX_HEAD_BYTES = 1024 * 1024
MAX_RECORDS_BYTES = 512 * 1024 * 1024
MAX_MEMBERS = 1_000_000

_HEAD = "pack.json"
_RECORDS = "records.jsonl"
_REPORT_NAME = re.compile(r"reports/[0-9a-f]{16}\.xml")
_HEX = re.compile(r"[0-9a-f]{64}")
_LARGEST_INFLATION = 1100
"""DEFLATE gives at most 1,032 bytes for one (RFC 1951); a member that claims more lies."""
_FIX = "fetch or make the pack again, or remove the file"


def key_hash(key: str) -> str:
    """The hash under which a design key is filed: 32 hexadecimal digits."""
    return sha256_hex(key)[:32]


def contents_hash(contents: Iterable[tuple[str, str]]) -> str:
    """Hash of a set of entries from their (key hash, version) pairs, whatever the order: 32 digits."""
    return sha256_hex("".join(f"{key} {version}\n" for key, version in sorted(contents)))[:32]


def version_of(content: str, made: int) -> str:
    """What tells entries of one key apart, from content hash and time: the part that file names carry."""
    return f"{content[:32]}-{made:016x}" if made else content[:32]


def write_pack(path: Path, address: Address, entries: Iterable[Entry], *, terms: str = "", fsync: bool = True) -> str:
    """Write a pack at ``path``, whole or not at all; returns its contents' hash. ``terms`` are those of its labels.

    A sequence may come in any order. An iterator is streamed, so that reports need not fit into memory, and must
    come sorted by key. The folder must exist. Raises PipelineError for a key that comes twice.
    """
    with write_aside(path.parent, fsync=fsync) as aside:
        contents = write_archive(aside.file, address, entries, terms)
        aside.publish(path)
    return contents


def write_archive(file: IO[bytes], address: Address, entries: Iterable[Entry], terms: str = "") -> str:
    """:func:`write_pack` into an open file."""
    ordered = sorted(entries, key=attrgetter("key")) if isinstance(entries, Sequence) else entries
    lines: list[str] = []
    contents: list[tuple[str, str]] = []
    reports: dict[str, str] = {}
    last: str | None = None
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in ordered:
            if last is not None and entry.key <= last:
                what = "comes twice" if entry.key == last else "comes out of order"
                raise PipelineError(f"design {entry.key[:200]} of {address} {what}", fix="give each design once")
            last = entry.key
            lines.append(record_line(entry))
            contents.append((key_hash(entry.key), version_of(entry.content_hash, entry.made)))
            if entry.xml is not None and entry.report_hash is not None:
                _add_report(archive, entry.report_hash, entry.xml, reports)
        records = "".join(f"{line}\n" for line in lines).encode("ascii")
        if len(records) > MAX_RECORDS_BYTES:
            raise PipelineError(f"the records of {address} exceed {MAX_RECORDS_BYTES} bytes", fix="use several packs")
        _add(archive, _RECORDS, records)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "source": address.source,
            "kernel": address.kernel,
            "kernel_hash": address.kernel_hash,
            "flow": address.flow.to_json(),
            "count": len(lines),
            "contents": contents_hash(contents),
            "records_sha256": sha256_hex(records),
            **({"terms": terms} if terms else {}),
        }
        members = ",\n".join(f" {canonical_json(name)}: {canonical_json(head[name])}" for name in sorted(head))
        _add(archive, _HEAD, f"{{\n{members}\n}}\n".encode("ascii"))
    return str(head["contents"])


def _add_report(archive: zipfile.ZipFile, full_hash: str, xml: bytes, reports: dict[str, str]) -> None:
    name = _report_name(full_hash)
    there = reports.setdefault(name, full_hash)
    if there != full_hash:
        raise PipelineError(f"two reports share the first 16 digits of their SHA-256, {full_hash[:16]}")
    if name in archive.NameToInfo:
        return
    if len(xml) > MAX_REPORT_BYTES:
        raise PipelineError(f"report {full_hash[:16]} has {len(xml)} bytes, more than the {MAX_REPORT_BYTES} allowed")
    _add(archive, name, xml)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = 3
    info.external_attr = 0o100644 << 16
    archive.writestr(info, data, compresslevel=6)


def _report_name(full_hash: str) -> str:
    return f"reports/{full_hash[:16]}.xml"


class Pack:
    """What is inside a pack, and each entry on demand.

    Making one reads and checks ``pack.json`` and all records; a report is read and checked when its entry is. The
    file is held open only between the first report asked for and :meth:`close`, after which it is opened again
    when needed. Raises PipelineError, naming the file and the place, for whatever is not a whole pack, and
    FileNotFoundError where it is gone or was replaced.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(_open(path)) as archive:
            self._identity = _identity(archive)
            self._load(archive)
        self._archive: zipfile.ZipFile | None = None

    def _load(self, archive: zipfile.ZipFile) -> None:
        head, self.address = _read_head(archive, self.path)
        self.contents: str = head["contents"]
        self.terms: str = head.get("terms", "")
        """The terms of its labels, as its maker states them."""
        records = _read(archive, self.path, _RECORDS, MAX_RECORDS_BYTES)
        if sha256_hex(records) != head["records_sha256"]:
            raise self._broken(_RECORDS, "does not match its SHA-256 in pack.json")
        lines = records.split(b"\n")
        if lines.pop() != b"" or len(lines) != head["count"]:
            raise self._broken(_RECORDS, f"does not hold the {head['count']} records that pack.json says")
        self.index: dict[str, tuple[bool, str, int, bytes]] = {}
        """Key to (verdict is ok, content hash, when it was made, record's line), sorted by key."""
        last: str | None = None
        wanted: set[str] = set()
        for number, line in enumerate(lines, 1):
            try:
                # Strictness waits for entry(): the hash of all records has been checked, and this is the fast path.
                record = json.loads(line)
                key, content = record["key"], record["content"]
                if not isinstance(key, str) or not isinstance(content, str) or not _HEX.fullmatch(content):
                    raise ValueError("key or content hash is no text")
                if last is not None and key <= last:
                    raise ValueError("keys are not sorted or repeat")
                self.index[key] = (record["status"] == "ok", content, made_of(record), line)
                if record.get("report") is not None:
                    wanted.add(_report_name(record["report"]))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise self._broken(_RECORDS, f"record is malformed: {error}", number) from None
            last = key
        self.reports = len(wanted)
        """How many reports of the tool are in it."""
        self.by_hash: dict[str, str] = {key_hash(key): key for key in self.index}
        """Key hash to key."""
        versions = ((hashed, version_of(*self.index[key][1:3])) for hashed, key in self.by_hash.items())
        if contents_hash(versions) != self.contents:
            raise self._broken(_RECORDS, "does not match the contents' hash in pack.json")
        if wanted != (there := {name for name in archive.namelist() if name.startswith("reports/")}):
            name = min(wanted ^ there)
            raise self._broken(name, "is missing" if name in wanted else "belongs to no record")

    def __len__(self) -> int:
        return len(self.index)

    def entry(self, key: str) -> Entry:
        """The entry of a key that the index holds. Raises PipelineError where it is damaged."""
        line = self.index[key][3]
        number = f"record of {key[:120]}"
        try:
            record: dict[str, Any] = read_record(line)
            named = record.get("report")
            xml = None
            if named is not None:
                if not isinstance(named, str) or not _HEX.fullmatch(named):
                    raise ValueError("the report's hash is none")
                xml = _read(self._opened(), self.path, _report_name(named), MAX_REPORT_BYTES)
            return entry_from_record(record, xml)
        except ValueError as error:
            raise self._broken(number, str(error)) from None
        except PipelineError as error:
            if error.file is not None:
                raise
            raise self._broken(number, str(error)) from None

    @property
    def is_open(self) -> bool:
        """Whether the file is held open."""
        return self._archive is not None

    def close(self) -> None:
        """Close the file, if it is open."""
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    def _opened(self) -> zipfile.ZipFile:
        if self._archive is None:
            archive = _open(self.path)
            if _identity(archive) != self._identity:
                archive.close()
                raise FileNotFoundError(f"{self.path} was replaced")
            self._archive = archive
        return self._archive

    def _broken(self, place: str, problem: str, line: int | None = None) -> PipelineError:
        return PipelineError(problem, file=f"{self.path}({place})", line=line, fix=_FIX)


def read_pack(path: Path) -> tuple[Address, Iterator[Entry]]:
    """The address and the entries of a pack, sorted by key, each checked as it comes.

    Raises PipelineError, at once or while iterating, for what is damaged.
    """
    try:
        pack = Pack(path)
    except FileNotFoundError:
        raise PipelineError("there is no such pack", file=str(path), fix="check the path") from None

    def entries() -> Iterator[Entry]:
        with closing(pack):
            for key in pack.index:
                try:
                    entry = pack.entry(key)
                except FileNotFoundError:
                    gone = "was removed or replaced while it was read"
                    raise PipelineError(gone, file=str(path), fix="read it again") from None
                yield entry

    return pack.address, entries()


def read_head(path: Path) -> tuple[Address, int, str]:
    """Address, number of entries and contents' hash of a pack, without its records. Raises as :class:`Pack`."""
    with closing(_open(path)) as archive:
        head, address = _read_head(archive, path)
        return address, head["count"], head["contents"]


def _open(path: Path) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(path)
    except (FileNotFoundError, PipelineError):
        raise
    except OSError as error:
        raise PipelineError(f"cannot be read: {error}", file=str(path), fix="check the file's permissions") from None
    except Exception as error:
        # zipfile raises whatever its parsing runs into: BadZipFile, struct.error, ValueError, UnicodeDecodeError ...
        raise PipelineError(f"is no whole ZIP: {error}", file=str(path), fix=_FIX) from None
    try:
        names = [info.filename for info in archive.infolist()]
        if len(names) > MAX_MEMBERS:
            raise PipelineError(f"holds more than {MAX_MEMBERS} members", file=str(path), fix=_FIX)
        for name in names:
            if name not in (_HEAD, _RECORDS) and not _REPORT_NAME.fullmatch(name):
                raise PipelineError(f"holds {name[:100]!r}, which no pack has", file=str(path), fix=_FIX)
        if len(set(names)) != len(names):
            raise PipelineError("holds a member twice", file=str(path), fix=_FIX)
    except BaseException:
        archive.close()
        raise
    return archive


def _identity(archive: zipfile.ZipFile) -> tuple[int, int, int]:
    assert archive.fp is not None
    status = os.fstat(archive.fp.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def _read(archive: zipfile.ZipFile, path: Path, name: str, limit: int) -> bytes:
    file = f"{path}({name})"
    try:
        info = archive.getinfo(name)
        if info.file_size > limit or info.file_size > _LARGEST_INFLATION * (info.compress_size + 1):
            raise PipelineError(f"claims {info.file_size} bytes, more than it can or may have", file=file, fix=_FIX)
        with archive.open(info) as member:
            data = member.read(limit + 1)
        if len(data) != info.file_size:
            raise PipelineError(f"has {len(data)} bytes, not the {info.file_size} it claims", file=file, fix=_FIX)
        return data
    except PipelineError:
        raise
    except KeyError:
        raise PipelineError("is missing", file=file, fix=_FIX) from None
    except OSError as error:
        raise PipelineError(f"cannot be read: {error}", file=file, fix="check the file system") from None
    except Exception as error:
        # As in _open: bad CRC, zlib.error, the RuntimeError of an encryption flag or an unknown way of compression ...
        raise PipelineError(f"is damaged: {error or type(error).__name__}", file=file, fix=_FIX) from None


def _read_head(archive: zipfile.ZipFile, path: Path) -> tuple[dict[str, Any], Address]:
    data = _read(archive, path, _HEAD, MAX_HEAD_BYTES)
    file = f"{path}({_HEAD})"
    try:
        head = read_json(data)
        if not isinstance(head, dict) or head.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}")
        if head.get("version") != VERSION:
            raise ValueError(f"its version is {str(head.get('version'))[:20]}, and only {VERSION} can be read")
        count = head.get("count")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ValueError("count is no number")
        if not isinstance(head.get("contents"), str) or not re.fullmatch(r"[0-9a-f]{32}", head["contents"]):
            raise ValueError("contents is no hash")
        if not isinstance(head.get("records_sha256"), str):
            raise ValueError("records_sha256 is no hash")
        if not isinstance(head.get("terms", ""), str):
            raise ValueError("terms is no text")
        address = _address(canonical_json({name: head.get(name) for name in ("kernel", "kernel_hash", "flow")}))
        if head.get("source") != address.source:
            raise ValueError("source is not the flow's")
    except PipelineError as error:
        raise PipelineError(str(error), file=file, fix=_FIX) from None
    except ValueError as error:
        raise PipelineError(f"is malformed: {error}", file=file, fix=_FIX) from None
    return head, address


@lru_cache(maxsize=1024)
def _address(text: str) -> Address:
    # Single entries repeat their address; checking and hashing it once is a third of reading one.
    return Address.from_json(read_json(text))
