"""Packs that have been opened: each is read and checked once, and damage is remembered."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections import OrderedDict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.synthesis.address import Address
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.layout import pack_parts, single_name
from pipeline.synthesis.pack import Pack, read_head

_log = logging.getLogger(__name__)
_KNOWN_PACKS = 1024
_OPEN_FILES = 128
_FIX = "remove the file, then import or run its designs again"

_Identity = tuple[str, int, int]


@dataclass(frozen=True)
class Problem:
    """A damaged file: what cannot be read of it counts as missing."""

    file: str
    what: str
    """One line: file, place, what is wrong, what to do."""


class OpenedPacks:
    """A cache of packs and their open files, known by path, size and time of change, and the list of damaged files.

    Every method gives None for what is damaged, having named it in the log once, and raises FileNotFoundError for
    what is gone. Safe for threads, and across a fork.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._problems: dict[str, Problem] = {}
        self._broken: set[tuple[_Identity, str | None]] = set()
        self._heads: dict[_Identity, Address] = {}
        self._start()

    def _start(self) -> None:
        self._pid = os.getpid()
        self._known: OrderedDict[_Identity, Pack] = OrderedDict()
        self._held_open: OrderedDict[_Identity, Pack] = OrderedDict()

    def pack(self, path: Path) -> Pack | None:
        """The pack."""
        identity = _identity(path)
        with self._lock:
            if self._pid != os.getpid():
                # Parent and child of a fork share the position in an open file.
                self._start()
            if identity in self._known:
                self._known.move_to_end(identity)
                return self._known[identity]
            if (identity, None) in self._broken:
                return None
            try:
                pack = Pack(path)
                _check_place(path, pack)
            except PipelineError as error:
                self._damaged(path, identity, None, error)
                return None
            self._known[identity] = pack
            while len(self._known) > _KNOWN_PACKS:
                old, _ = self._known.popitem(last=False)
                if old in self._held_open:
                    self._held_open.pop(old).close()
            return pack

    def packed(self, path: Path, key: str) -> Entry | None:
        """The entry of a key in a pack; None also where the pack has no such key."""
        with self._lock:
            pack = self.pack(path)
            if pack is None or key not in pack.index:
                return None
            identity = _identity(path)
            try:
                entry = pack.entry(key)
            except PipelineError as error:
                self._damaged(path, identity, key, error)
                return None
            if pack.is_open:
                self._held_open[identity] = pack
                self._held_open.move_to_end(identity)
                while len(self._held_open) > _OPEN_FILES:
                    self._held_open.popitem(last=False)[1].close()
            return entry

    def point(self, path: Path, key: str) -> Point | None:
        """The point of a key in a pack, without the rest of its entry; None also where none is known."""
        pack = self.pack(path)
        point = None if pack is None or key not in pack.index else json.loads(pack.index[key][3]).get("point")
        return point if isinstance(point, dict) else None

    def single(self, path: Path, address: Address) -> Entry | None:
        """The entry in a file of its own."""
        try:
            with closing(Pack(path)) as pack:
                if len(pack) != 1 or pack.address != address:
                    raise PipelineError("does not hold the one entry that its place says", file=str(path), fix=_FIX)
                entry = pack.entry(next(iter(pack.index)))
            if single_name(entry) != path.name:
                raise PipelineError("does not hold what its name says", file=str(path), fix=_FIX)
        except PipelineError as error:
            self._damaged(path, _identity(path), None, error)
            return None
        return entry

    def address(self, path: Path) -> Address | None:
        """The address of a pack or single entry, from its head alone."""
        identity = _identity(path)
        with self._lock:
            if identity in self._heads:
                return self._heads[identity]
            if (identity, None) in self._broken:
                return None
        try:
            address = read_head(path)[0]
        except PipelineError as error:
            self._damaged(path, identity, None, error)
            return None
        with self._lock:
            self._heads[identity] = address
        return address

    def known_damaged(self, path: Path, key: str | None = None) -> bool:
        """True for a file, or an entry of a pack, that was met damaged and has not been replaced since."""
        if str(path) not in self._problems:
            return False
        identity = _identity(path)
        return (identity, None) in self._broken or (identity, key) in self._broken

    def report(self, path: Path, error: PipelineError) -> None:
        """Name a damaged file in the log, once, and list it."""
        what = str(error) if error.file else f"{path}: {error}"
        with self._lock:
            if str(path) in self._problems:
                return
            self._problems[str(path)] = Problem(str(path), what)
        _log.warning("damaged, counts as missing: %s", what)

    def problems(self) -> tuple[Problem, ...]:
        """The damaged files, by name, those left out that are gone since."""
        with self._lock:
            return tuple(self._problems[file] for file in sorted(self._problems) if Path(file).exists())

    def forget(self, path: Path) -> None:
        """The file has been written anew."""
        with self._lock:
            self._problems.pop(str(path), None)

    def _damaged(self, path: Path, identity: _Identity, key: str | None, error: PipelineError) -> None:
        with self._lock:
            self._broken.add((identity, key))
        self.report(path, error)


def _check_place(path: Path, pack: Pack) -> None:
    parts = pack_parts(path)
    if parts is None:
        return
    place = (pack.address.source, pack.address.digest[:32])
    if parts[1] != pack.contents or path.parts[-3:-1] != place:
        raise PipelineError("does not hold what its name and place say", file=str(path), fix=_FIX)


def _identity(path: Path) -> _Identity:
    status = path.stat()
    return str(path), status.st_size, status.st_mtime_ns
