"""The report store: what every design's run gave, filed by address and design key.

Every file is written aside and renamed, never changed, and named by what it holds. So writers on several machines
need no locks, readers see whole files only, and a listing tells what is there.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.files import remove_old_asides, write_aside, write_whole
from pipeline.synthesis.address import Address
from pipeline.synthesis.canonical import canonical_json, read_json
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.flow import SOURCE_NAME
from pipeline.synthesis.layout import (
    BATCH,
    COMPACT,
    PACK_NAME,
    Candidate,
    address_folder,
    is_address_folder,
    list_packs,
    list_shard,
    list_singles,
    names,
    pack_name,
    pack_parts,
    shard_folder,
    single_name,
)
from pipeline.synthesis.opened import OpenedPacks, Problem
from pipeline.synthesis.pack import Pack, contents_hash, key_hash, write_archive

_T = TypeVar("_T")

_RETRIES = 20
"""How often a reader starts again when a file that it listed has been folded into a pack meanwhile."""


@dataclass(frozen=True)
class SourceCounts:
    """What the store holds of one source."""

    kernels: int
    entries: int
    ok: int
    """Entries with a measurement; the others are failures."""


class ReportStore:
    """Entries by address and key, in a folder of the store's own over read-only ``layers``.

    A layer is a folder of packs, ``SOURCE/ANY.zip``, such as the one shipped with the package; one that does not
    exist is empty. Entries of different addresses never mix: the source is part of the address.

    A damaged file never raises. It is named in the log once, listed in :attr:`problems`, and what cannot be read
    of it counts as missing. An object may be used by several threads and survives fork and pickling.

    Args:
        root: the store's folder, made when something is first put.
        layers: folders of packs to read from as well.
        fsync: make each write last through a power cut before it is acknowledged; kill -9 needs none.
    """

    def __init__(self, root: Path, layers: Sequence[Path] = (), *, fsync: bool = True) -> None:
        self.root = Path(root)
        self.layers = tuple(Path(layer) for layer in layers)
        self.fsync = fsync
        self._opened = OpenedPacks()
        self._cleaned: set[Path] = set()

    def __reduce__(self) -> tuple[Callable[..., ReportStore], tuple[object, ...]]:
        return partial(ReportStore, fsync=self.fsync), (self.root.absolute(), self.layers)

    # Writing

    def put(self, address: Address, entry: Entry) -> None:
        """Store one entry. When this returns it is there, whole.

        Of several entries for one key a success wins over a failure, then the newer, then the content hash decides,
        whoever wrote first. Raises PipelineError where the folder cannot be written.
        """
        hashed = key_hash(entry.key)
        folder = shard_folder(self._prepared(address), hashed)
        with _writing(folder):
            self._write(folder, address, [entry], lambda _: single_name(entry))
            for _, other in list_shard(folder, hashed):
                # The same result of an earlier time, as another run gave it.
                if other.content == entry.content_hash[:32] and -other.before < entry.made:
                    other.path.unlink(missing_ok=True)

    def discard(self, address: Address, entry: Entry) -> None:
        """Forget a single entry, such as a failure at a limit that has been raised; packs are left as they are."""
        folder = shard_folder(address_folder(self.root, address), key_hash(entry.key))
        with _writing(folder):
            (folder / single_name(entry)).unlink(missing_ok=True)

    def put_batch(self, address: Address, entries: Sequence[Entry]) -> None:
        """Store some hundreds of entries as one file, beside all that is there. All appear, or none."""
        if entries:
            folder = self._prepared(address)
            with _writing(folder):
                self._write(folder, address, entries, partial(pack_name, BATCH))

    def put_all(self, address: Address, entries: Iterable[Entry], *, name: str = "import") -> None:
        """Store an import as one pack, which replaces the earlier packs of that name at this address.

        What another writer stores under the name meanwhile stays.
        An iterator is streamed and must come sorted by key; a sequence may come in any order. Raises
        PipelineError for a key that comes twice and for a name of other than a-z, 0-9 and '_'.
        """
        if not PACK_NAME.fullmatch(name) or name in (BATCH, COMPACT):
            raise PipelineError(f"{name!r} is no name for an import", fix="use 1 to 40 of a-z, 0-9 and '_'")
        folder = self._prepared(address)
        earlier = [path for path in list_packs(folder) if _kind(path) == name]
        with _writing(folder):
            new = self._write(folder, address, entries, partial(pack_name, name))
            for path in earlier:
                if path != new:
                    path.unlink(missing_ok=True)

    def imported(self, address: Address, name: str) -> Iterator[Entry]:
        """The entries of the packs of that name at this address, sorted by key, of several the one that wins."""
        held: dict[str, list[Candidate]] = {}
        for path in list_packs(address_folder(self.root, address)):
            if _kind(path) == name:
                # One that is gone has been replaced by a writer who has its entries.
                with contextlib.suppress(FileNotFoundError):
                    if (pack := self._opened.pack(path)) is not None:
                        for key in pack.index:
                            held.setdefault(key, []).append(_candidate(pack, path, key))
        for key in sorted(held):
            for candidate in sorted(held[key]):
                with contextlib.suppress(FileNotFoundError):
                    if (entry := self._opened.packed(candidate.path, key)) is not None:
                        yield entry
                        break

    def compact(self, address: Address) -> int:
        """Fold single entries and batches into one pack; returns by how many files there are fewer.

        Safe beside readers and writers: the pack is there and checked before what it holds is removed, and a
        file's name says its content, so nothing goes that the pack does not hold. Damaged files and imports stay.
        """
        return self._retried(self._compact, address)

    def _compact(self, address: Address) -> int:
        folder = address_folder(self.root, address)
        held: dict[str, list[Candidate]] = {}
        sources: set[Path] = set()
        small: dict[Path, Entry] = {}
        for _, candidate in list_singles(folder):
            entry = self._opened.single(candidate.path, address)
            if entry is not None:
                sources.add(candidate.path)
                held.setdefault(entry.key, []).append(candidate)
                if entry.xml is None:
                    small[candidate.path] = entry
        for path in list_packs(folder):
            pack = self._opened.pack(path) if _kind(path) in (BATCH, COMPACT) else None
            if pack is not None:
                sources.add(path)
                for key in pack.index:
                    held.setdefault(key, []).append(_candidate(pack, path, key))
        if len(sources) < 2:
            return 0
        damaged: set[Path] = set()

        def winners() -> Iterator[Entry]:
            for key in sorted(held):
                for candidate in sorted(held[key]):
                    try:
                        entry = small.get(candidate.path) or self._load(address, key, candidate)
                    except FileNotFoundError:
                        raise _Moved from None
                    if entry is not None:
                        yield entry
                        break
                    damaged.add(candidate.path)

        with _writing(folder):
            target = self._write(folder, address, winners(), partial(pack_name, COMPACT))
        _check(target)
        gone = sources - damaged - {target}
        with _writing(folder):
            for path in sorted(gone):
                path.unlink(missing_ok=True)
        return len(gone) - (target not in sources)

    def _prepared(self, address: Address) -> Path:
        folder = address_folder(self.root, address)
        label = folder / "address.json"
        with _writing(folder):
            if not label.exists():
                folder.mkdir(parents=True, exist_ok=True)
                write_whole(label, canonical_json(address.to_json()).encode("ascii") + b"\n", fsync=self.fsync)
        return folder

    def _write(self, folder: Path, address: Address, entries: Iterable[Entry], name: Callable[[str], str]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        with write_aside(folder, fsync=self.fsync) as aside:
            contents = write_archive(aside.file, address, entries)
            path = folder / name(contents)
            aside.publish(path)
        self._opened.forget(path)
        if folder not in self._cleaned:
            self._cleaned.add(folder)
            remove_old_asides(folder, path)
        return path

    # Reading

    def get(self, address: Address, key: str) -> Entry | None:
        """The entry of a key, or None."""
        return self._retried(self._get, address, key)

    def get_many(self, address: Address, keys: Iterable[str]) -> Iterator[tuple[str, Entry | None]]:
        """Each key with its entry or None, in the keys' order, on one listing of what is there."""
        there = self._retried(self._winners, address)
        for key in keys:
            candidate = there.get(key_hash(key))
            yield key, None if candidate is None else self._load_or_get(address, key, candidate)

    def stored(self, address: Address, keys: Iterable[str]) -> set[str]:
        """Those of the keys that have an entry, told without reading entries."""
        there = self._retried(self._winners, address)
        return {key for key in keys if key_hash(key) in there}

    def keys(self, address: Address) -> list[str]:
        """The keys with an entry, sorted. Reads single entries, as a file's name holds the hash of its key only."""
        return [key for key, _ in self._ordered(address)]

    def designs(self, address: Address) -> Iterator[tuple[str, Point | None]]:
        """Key and point of all entries, sorted by key; of packs no more is read than that."""
        for key, candidate in self._ordered(address):
            if candidate.packed:
                yield key, self._opened.point(candidate.path, key)
            elif (entry := self._load_or_get(address, key, candidate)) is not None:
                yield key, entry.point

    def entries(self, address: Address) -> Iterator[Entry]:
        """All entries of an address, sorted by key, each read as it is asked for."""
        for key, candidate in self._ordered(address):
            entry = self._load_or_get(address, key, candidate)
            if entry is not None:
                yield entry

    def addresses(self, source: str | None = None, kernel: str | None = None) -> list[Address]:
        """The addresses with entries, of one source or kernel name where given, sorted by both."""
        found: dict[str, Address] = {}
        for address in self._addresses(source):
            if kernel is None or address.kernel == kernel:
                found.setdefault(address.digest, address)
        return sorted(found.values(), key=lambda a: (a.source, a.kernel, a.digest))

    def sources(self) -> dict[str, SourceCounts]:
        """What is held, by source, sorted by name."""
        kernels: dict[str, set[str]] = {}
        entries: dict[str, list[Candidate]] = {}
        for address in self.addresses():
            kernels.setdefault(address.source, set()).add(address.kernel)
            entries.setdefault(address.source, []).extend(self._retried(self._winners, address).values())
        return {
            source: SourceCounts(len(kernels[source]), len(held), sum(not candidate.failed for candidate in held))
            for source, held in sorted(entries.items())
        }

    def count(self, address: Address) -> int:
        """How many keys have an entry, told without reading entries."""
        return len(self._retried(self._winners, address))

    def batches(self, address: Address) -> int:
        """How many packs :meth:`compact` would fold, single entries aside."""
        return sum(_kind(path) in (BATCH, COMPACT) for path in list_packs(address_folder(self.root, address)))

    def snapshot(self, addresses: Iterable[Address] | None = None) -> str:
        """A hash of what is there at the addresses (all, where none are given): 64 hexadecimal digits.

        It depends on the entries' content alone: not on how they are filed, on the order or time of writing, on
        the machine, nor on ``seconds`` and ``started``. Entries are not read: single ones are known by their
        files' names, those of packs by their records.
        """
        chosen = self.addresses() if addresses is None else addresses
        digest = hashlib.sha256()
        for address in sorted(set(chosen), key=lambda a: a.digest):
            winners = self._retried(self._winners, address)
            if winners:
                held = contents_hash((hashed, candidate.content) for hashed, candidate in winners.items())
                digest.update(f"{address.digest} {held}\n".encode("ascii"))
        return digest.hexdigest()

    # Damage

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The damaged files met so far, by name."""
        return self._opened.problems()

    def doctor(self) -> tuple[Problem, ...]:
        """Read and check everything there is, anew; all damaged files by name."""
        self._opened = OpenedPacks()
        for address in self._addresses(None):
            self._retried(self._read_all, address)
        return self.problems

    def _read_all(self, address: Address) -> None:
        for _, candidate in list_singles(address_folder(self.root, address)):
            self._opened.single(candidate.path, address)
        for path in self._packs(address):
            pack = self._opened.pack(path)
            for key in () if pack is None else pack.index:
                self._opened.packed(path, key)

    # What is there

    def _packs(self, address: Address) -> Iterator[Path]:
        yield from list_packs(address_folder(self.root, address))
        for path, there in self._layered(address.source):
            if there == address:
                yield path

    def _layered(self, source: str | None) -> Iterator[tuple[Path, Address]]:
        """The layers' packs and their addresses."""
        for layer in self.layers:
            for folder in [source] if source is not None else names(layer):
                for name in names(layer / folder) if SOURCE_NAME.fullmatch(folder) else ():
                    path = layer / folder / name
                    if not name.endswith(".zip") or name.startswith("."):
                        continue
                    address = self._opened.address(path)
                    if address is not None and address.source != folder:
                        wrong = f"holds reports of the source {address.source}, not of {folder}"
                        error = PipelineError(wrong, file=str(path), fix="move it to the folder of its source")
                        self._opened.report(path, error)
                    elif address is not None:
                        yield path, address

    def _addresses(self, source: str | None) -> Iterator[Address]:
        for name in [source] if source is not None else names(self.root):
            if not SOURCE_NAME.fullmatch(name):
                continue
            for digest in names(self.root / name):
                address = self._retried(self._address_of, self.root / name / digest)
                if address is not None:
                    yield address
        for _, address in self._layered(source):
            yield address

    def _address_of(self, folder: Path) -> Address | None:
        """The address of a folder that holds entries: from ``address.json``, else from one of its files."""
        if not is_address_folder(folder.name):
            return None
        packs = list_packs(folder)
        if not packs and next(list_singles(folder), None) is None:
            return None
        label = folder / "address.json"
        try:
            address = Address.from_json(read_json(label.read_bytes()))
            if folder != address_folder(self.root, address):
                raise ValueError("it belongs to another folder")
            return address
        except FileNotFoundError:
            pass
        except (OSError, ValueError, PipelineError) as error:
            self._opened.report(label, PipelineError(f"is damaged: {error}", file=str(label), fix="remove the file"))
        for path in [*packs, *(candidate.path for _, candidate in list_singles(folder))]:
            found = self._opened.address(path)
            if found is not None and folder == address_folder(self.root, found):
                return found
        return None

    def _winners(self, address: Address) -> dict[str, Candidate]:
        """The winning candidate by key hash."""
        winners: dict[str, Candidate] = {}
        # Single entries before packs: what is folded between the listings is seen twice rather than never.
        for hashed, candidate in list_singles(address_folder(self.root, address)):
            if hashed not in winners or candidate < winners[hashed]:
                if self._opened.known_damaged(candidate.path):
                    continue
                winners[hashed] = candidate
        for path in self._packs(address):
            pack = self._opened.pack(path)
            if pack is None:
                continue
            for hashed, key in pack.by_hash.items():
                candidate = _candidate(pack, path, key)
                if hashed not in winners or candidate < winners[hashed]:
                    if self._opened.known_damaged(path, key):
                        continue
                    winners[hashed] = candidate
        return winners

    def _ordered(self, address: Address) -> list[tuple[str, Candidate]]:
        """Key and winning candidate, sorted by key."""
        return self._retried(self._ordered_once, address)

    def _ordered_once(self, address: Address) -> list[tuple[str, Candidate]]:
        ordered: list[tuple[str, Candidate]] = []
        while True:
            damaged = False
            for hashed, candidate in self._winners(address).items():
                key = self._key_of(address, hashed, candidate)
                if key is None:
                    damaged = True
                else:
                    ordered.append((key, candidate))
            if not damaged:
                return sorted(ordered)
            # Now the damaged files are known, and another file may hold the key.
            ordered.clear()

    def _key_of(self, address: Address, hashed: str, candidate: Candidate) -> str | None:
        if candidate.packed:
            pack = self._opened.pack(candidate.path)
            return None if pack is None else pack.by_hash[hashed]
        entry = self._opened.single(candidate.path, address)
        return None if entry is None else entry.key

    def _get(self, address: Address, key: str) -> Entry | None:
        hashed = key_hash(key)
        folder = shard_folder(address_folder(self.root, address), hashed)
        found = [candidate for _, candidate in list_shard(folder, hashed)]
        for path in self._packs(address):
            pack = self._opened.pack(path)
            if pack is not None and key in pack.index:
                found.append(_candidate(pack, path, key))
        loaded = (self._load(address, key, candidate) for candidate in sorted(found))
        return next((entry for entry in loaded if entry is not None), None)

    def _load_or_get(self, address: Address, key: str, candidate: Candidate) -> Entry | None:
        with contextlib.suppress(FileNotFoundError):
            entry = self._load(address, key, candidate)
            if entry is not None:
                return entry
        # Folded into a pack meanwhile, or damaged: another file may hold the key.
        return self.get(address, key)

    def _load(self, address: Address, key: str, candidate: Candidate) -> Entry | None:
        if candidate.packed:
            return self._opened.packed(candidate.path, key)
        return self._opened.single(candidate.path, address)

    def _retried(self, read: Callable[..., _T], *arguments: object) -> _T:
        """What ``read`` gives on a listing that stays true while it reads."""
        for _ in range(_RETRIES):
            try:
                return read(*arguments)
            except (FileNotFoundError, _Moved):
                continue
        problem, fix = "files keep vanishing while they are read", "stop what removes them, then run again"
        raise PipelineError(problem, file=str(self.root), fix=fix)


class _Moved(Exception):
    """A file that was to be folded is gone: another compaction was first."""


def _candidate(pack: Pack, path: Path, key: str) -> Candidate:
    ok, content, made, _ = pack.index[key]
    return Candidate(not ok, -made, content[:32], path, True)


def _kind(path: Path) -> str | None:
    parts = pack_parts(path)
    return None if parts is None else parts[0]


def _check(path: Path) -> None:
    """Read a pack whole; PipelineError where it is not what was to be written."""
    with contextlib.closing(Pack(path)) as pack:
        for key, (_, _, _, line) in pack.index.items():
            # Opening has checked all records against their hash; what is left are the reports.
            if b'"report":' in line:
                pack.entry(key)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PipelineError(
            f"cannot write to the report store: {error}",
            file=str(folder),
            fix="make room or set the folder's permissions, then run again; what was stored stays",
        ) from error
