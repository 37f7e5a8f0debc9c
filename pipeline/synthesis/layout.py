"""How the store names its files, so that a listing alone tells what is there.

::

    SOURCE/DIGEST/address.json                                  kernel and flow
    SOURCE/DIGEST/entries/HH/KEYHASH-VERDICT-CONTENT-MADE.zip   single entries, spread over 256 folders
    SOURCE/DIGEST/pack-NAME-CONTENTS.zip                        many entries at once

``-MADE`` is the time of the result in nanoseconds since 1970, 16 hexadecimal digits; absent where it is not known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.address import Address
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.pack import key_hash, version_of

BATCH = "batch"
COMPACT = "compact"
PACK_NAME = re.compile(r"[a-z0-9_]{1,40}")

_LOOSE = re.compile(r"([0-9a-f]{32})-(ok|no)-([0-9a-f]{32})(?:-([0-7][0-9a-f]{15}))?\.zip")
_PACK = re.compile(r"pack-([a-z0-9_]{1,40})-([0-9a-f]{32})\.zip")
_SHARD = re.compile(r"[0-9a-f]{2}")
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, order=True, slots=True)
class Candidate:
    """One stored entry of a key. The smallest wins: a success before a failure, then the newer, then by content.

    So writers need not agree on anything, and what wins depends on what is stored and not on the order of writing.
    """

    failed: bool
    before: int
    """Minus the time at which it was made, in nanoseconds since 1970; 0 where that is not known."""
    content: str
    """The first 32 digits of the content hash."""
    path: Path
    packed: bool
    """False for a file that holds this entry alone."""


def names(folder: Path) -> list[str]:
    """The names in a folder, sorted; none where there is no such folder."""
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208, a Path a name costs four times as much
    except (FileNotFoundError, NotADirectoryError):
        return []


def address_folder(root: Path, address: Address) -> Path:
    """Where an address lives."""
    return root / address.source / address.digest[:32]


def is_address_folder(name: str) -> bool:
    """True for a folder name that :func:`address_folder` could give."""
    return _DIGEST.fullmatch(name) is not None


def shard_folder(folder: Path, hashed: str) -> Path:
    """The folder of single entries whose key has that hash."""
    return folder / "entries" / hashed[:2]


def single_name(entry: Entry) -> str:
    """The file name of a single entry."""
    verdict = "ok" if entry.status is DesignStatus.OK else "no"
    return f"{key_hash(entry.key)}-{verdict}-{version_of(entry.content_hash, entry.made)}.zip"


def pack_name(name: str, contents: str) -> str:
    """The file name of a pack."""
    return f"pack-{name}-{contents}.zip"


def pack_parts(path: Path) -> tuple[str, str] | None:
    """Name and contents' hash of a pack from its file name; None for another file (a layer's pack, say)."""
    match = _PACK.fullmatch(path.name)
    return (match[1], match[2]) if match else None


def list_packs(folder: Path) -> list[Path]:
    """The packs in an address folder, sorted."""
    # A large listing comes in parts, and between two of them packs may be folded: neither the old ones nor the new
    # one would be seen. Twice the same listing had no such gap.
    listed = names(folder)
    while (again := names(folder)) != listed:
        listed = again
    return [folder / name for name in listed if _PACK.fullmatch(name)]


def list_shard(folder: Path, hashed: str = "") -> Iterator[tuple[str, Candidate]]:
    """Key hash and candidate of each single entry in one of the 256 folders, of one key hash where given."""
    for name in names(folder):
        if name.startswith(hashed) and (match := _LOOSE.fullmatch(name)):
            made = int(match[4], 16) if match[4] else 0
            yield match[1], Candidate(match[2] == "no", -made, match[3], folder / name, False)


def list_singles(folder: Path) -> Iterator[tuple[str, Candidate]]:
    """Key hash and candidate of each single entry in an address folder."""
    for shard in names(folder / "entries"):
        if _SHARD.fullmatch(shard):
            yield from list_shard(folder / "entries" / shard)
