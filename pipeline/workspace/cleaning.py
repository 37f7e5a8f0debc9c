"""What of a workspace can be made again without a run of a tool, and its removal.

What a tool was paid for stays: its reports, rounds, loops and validations with runs of it, and the sampled lists that
say which designs these were. So does whatever is not known to be free: what cannot be read, what others put there, and
links, which are not followed. A folder is renamed before it is removed, so that a killed removal leaves nothing that
looks whole; the next one finishes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError, nearest
from pipeline.files import read_own, read_text
from pipeline.synthesis.flow import ESTIMATOR_TOOL
from pipeline.workspace import commands

GONE = ".removed-"
"""Begins the name of what is being removed."""
FREE_ORIGINS = frozenset({"replayed", "estimated"})
"""How results come about that cost no run of a tool."""
_FREE_STRATEGIES = ("cached-", "all-")
"""Begin the folders of lists that come out the same whatever has been run since."""
_FOREIGN = "not known to be what a command of this program made, or changed since"
_MADE = re.compile(r"(?:.*-)?[0-9a-f]{12}(?:\.\w+)?|[0-9a-f]{64}\.irz|(?:kernel|design)-.+\.json")
"""Names that commands give to what they make: they end in a fingerprint, or say what is described."""
_LAST = ("summary.json", "card.json", "provenance.json", "report.html", "validation.csv", "validated.jsonl")
"""Files that a command writes; what is younger than all of them was put beside them later."""
_LATER = 2.0
"""Seconds by which files of one command may differ."""
_PAID = "with runs of a tool, or not known to be without"


@dataclass(frozen=True)
class Item:
    """A folder or file of the workspace: its kind, its bytes, and why it stays; empty where it can go."""

    kind: str
    path: Path
    size: int
    stays: str = ""


def items(workspace: Path, keep: Sequence[str] = ()) -> list[Item]:
    """What stands in a workspace, with what can go and what stays. ``keep`` names kinds that stay.

    Raises PipelineError for a kind that there is not, and where the workspace holds the current folder or the program.
    """
    for kind in keep:
        if kind not in KINDS:
            meant = nearest(kind, list(KINDS))
            raise PipelineError(
                f"--keep {kind[:40]!r}",
                fix=(f"did you mean {meant}? " if meant else "") + f"it is of {', '.join(KINDS)}",
            )
    place = workspace.resolve()
    for inside, what in ((Path.cwd(), "the current folder"), (Path(__file__).resolve(), "this program")):
        if inside.is_relative_to(place):
            raise PipelineError(f"holds {what}", file=str(workspace), fix="name the workspace with --workspace")
    return list(_items(workspace, keep))


def remove(found: Sequence[Item]) -> Iterator[Item]:
    """Removes what can go, one after the other, and gives each once it is gone. Raises PipelineError."""
    for item in found:
        if not item.stays:
            try:
                _remove(item.path)
            except OSError as error:
                raise PipelineError(
                    f"cannot be removed: {error.strerror}", file=str(item.path), fix="check the permissions"
                ) from None
            yield item


def drop_links(workspace: Path) -> None:
    """Removes links such as ``latest`` that lead to what has gone."""
    for kind in KINDS:
        if (workspace / kind).is_symlink():
            continue
        for link in _inside(workspace / kind):
            if link.is_symlink() and link.name == "latest" and not link.exists():
                link.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    gone = path if path.name.startswith(GONE) else path.with_name(f"{GONE}{secrets.token_hex(6)}")
    with contextlib.suppress(FileNotFoundError):
        if gone != path:
            path.rename(gone)
        if gone.is_dir() and not gone.is_symlink():
            shutil.rmtree(gone)
        else:
            gone.unlink()


def _items(workspace: Path, keep: Sequence[str]) -> Iterator[Item]:
    for place in _inside(workspace):
        law = KINDS.get(place.name)
        if place.name in (commands.FOLDER, "licences") or place.name.startswith(GONE):
            continue
        if law is None or not place.is_dir():
            yield _item(place.name, place, "nothing that a command of this program makes")
        elif place.is_symlink():
            yield _item(place.name, place, "a link")
        elif place.name in keep:
            yield _item(place.name, place, "named with --keep")
        else:
            yield from law(place)
    yield from (_item("left of a clean-up", path) for path in _inside(workspace) if path.name.startswith(GONE))


def _item(kind: str, path: Path, stays: str = "") -> Item:
    return Item(kind, path, _size(path), stays)


def _size(path: Path) -> int:
    """Bytes of files in a folder, or of a file; links count as nothing."""
    total = 0
    with contextlib.suppress(OSError):
        if path.is_symlink():
            return 0
        if not path.is_dir():
            return path.stat().st_size
        for where, _, files in os.walk(path):
            for name in files:
                with contextlib.suppress(OSError):
                    total += os.lstat(Path(where) / name).st_size
    return total


def _inside(place: Path) -> list[Path]:
    try:
        return sorted(Path(item.path) for item in os.scandir(place))
    except OSError:
        return []


def _each(place: Path, stays: Callable[[Path], str], kind: str = "") -> Iterator[Item]:
    for path in _inside(place):
        if path.name.startswith(GONE):
            yield _item("left of a clean-up", path)
        elif path.is_symlink():
            if path.name != "latest":
                yield _item(kind or place.name, path, "a link")
        elif not path.name.startswith("."):
            yield _item(kind or place.name, path, stays(path))


def _free(place: Path) -> Iterator[Item]:
    return _each(place, lambda path: "" if _own(path) else _FOREIGN)


def _of_kernels(place: Path) -> Iterator[Item]:
    """Folders of kernels, each with what commands made of it."""
    return _each(place, lambda path: "" if _inside(path) and all(_own(one) for one in _inside(path)) else _FOREIGN)


def _own(path: Path) -> bool:
    """Whether a command of this program made a file or folder, by its name, and nothing was put there since."""
    if path.name.startswith(GONE):
        return True
    if path.is_symlink() or not _MADE.fullmatch(path.name):
        return False
    files = [one for one in path.rglob("*") if one.is_symlink() or not one.is_dir()] if path.is_dir() else []
    ages = [(one.name in _LAST, one.lstat().st_mtime) for one in files]
    last = max((age for known, age in ages if known), default=None)
    return last is None or all(age <= last + _LATER for _, age in ages)


def _kept(why: str) -> Callable[[Path], Iterator[Item]]:
    return lambda place: iter([_item(place.name, place, why)])


def _lists(place: Path) -> Iterator[Item]:
    for kernel in _inside(place):
        if kernel.is_dir() and not kernel.is_symlink():
            yield from _each(
                kernel, lambda path: "" if path.name.startswith(_FREE_STRATEGIES) else "says which designs were run",
                place.name,
            )  # fmt: skip


def _loops(place: Path) -> Iterator[Item]:
    def stays(folder: Path) -> str:
        try:
            told = read_own(folder / "summary.json", "origins", "validation")
            origins = {*told["origins"], *(told["validation"] or {"origins": []})["origins"]}
        except (PipelineError, TypeError, KeyError):
            return _PAID
        return _PAID if not origins <= FREE_ORIGINS else "" if _own(folder) else _FOREIGN

    return _each(place, stays)


def _rounds(place: Path) -> Iterator[Item]:
    def stays(folder: Path) -> str:
        files = list(folder.glob("round-*/runs-*/runs.jsonl"))
        return "" if files and _MADE.fullmatch(folder.name) and _all_free(files) else _PAID

    return _each(place, stays)


def _validations(place: Path) -> Iterator[Item]:
    for item in _each(place, lambda folder: "" if _all_free([folder / "validated.jsonl"]) else _PAID):
        if item.path.name != "stores":
            yield item
    for store in _inside(place / "stores"):
        yield from _store(store)


def _all_free(files: Iterator[Path] | Sequence[Path]) -> bool:
    try:
        return all(
            json.loads(line)["origin"] in FREE_ORIGINS for file in files for line in read_text(file).splitlines()
        )
    except (PipelineError, ValueError, RecursionError, KeyError, TypeError):
        return False


def _store(place: Path) -> Iterator[Item]:
    def stays(folder: Path) -> str:
        try:
            told = read_own(folder / "address.json", "flow")
            estimates = told["flow"]["tool"] == ESTIMATOR_TOOL
        except (PipelineError, TypeError, KeyError):
            estimates = False
        return "" if estimates else "reports that a tool was run for, or that were imported"

    for source in _inside(place):
        if source.is_symlink() or not source.is_dir():
            yield _item("store", source, "nothing that is known to be free")
        else:
            yield from _each(source, stays, "store")


KINDS: dict[str, Callable[[Path], Iterator[Item]]] = {
    **dict.fromkeys(("datasets", "ir", "models", "studies", "descriptions"), _free),
    **dict.fromkeys(("shards", "graphs", "exports"), _of_kernels),
    "downloads": _kept("cannot be told from what others put there"),
    "designs": _lists,
    "loops": _loops,
    "rounds": _rounds,
    "validations": _validations,
    "store": _store,
    "imports": _kept("says what the store has imported"),
    "estimator": _kept("constants that luigi.cfg may name"),
    "knowledge": _kept("knowledge that loops may start from"),
}
"""By folder of the workspace: what in it can go."""
