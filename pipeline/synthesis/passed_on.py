"""Packs that go to other people: what is in one, and labels alone, which whoever has the same sources can use."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.address import Address
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.pack import Pack

_DIGITS = 12
LEFT_OUT = "the words of the tool are left out of labels alone"
"""The reason of a failure in a pack without reports."""


@dataclass(frozen=True)
class PackFacts:
    """What a pack holds."""

    path: Path
    address: Address
    contents: str
    """The hash of its entries."""
    designs: int
    labelled: int
    """Designs whose status is ``ok``."""
    reports: int
    """csynth.xml files in it: they name functions, files, loops and variables of the source."""
    terms: str
    """The terms that its maker states for the labels; empty where none are."""

    @property
    def alone(self) -> bool:
        """Whether its kernel is known by its hash alone and no report of the tool is in it."""
        return self.address.kernel == hashed_name(self.address.kernel_hash) and not self.reports


def hashed_name(kernel_hash: str) -> str:
    """What a kernel is called in a pack that does not name it."""
    return f"kernel-{kernel_hash[:_DIGITS]}"


def pack_facts(path: Path) -> PackFacts:
    """What a pack holds. Raises PipelineError where it is none, or damaged."""
    try:
        with closing(Pack(path)) as pack:
            lines = pack.index.values()
            return PackFacts(
                path,
                pack.address,
                pack.contents,
                len(lines),
                sum(ok for ok, _, _, _ in lines),
                pack.reports,
                pack.terms,
            )
    except FileNotFoundError:
        raise PipelineError("there is no such pack", file=str(path), fix="check the path") from None


def find_packs(path: Path) -> list[PackFacts]:
    """The packs at a path: one file, or all ``*.zip`` below a folder, sorted by path.

    Raises PipelineError where there is none, or one cannot be read.
    """
    if not path.is_dir():
        return [pack_facts(path)]
    found = sorted(one for one in path.rglob("*.zip") if one.is_file())
    if not found:
        raise PipelineError(
            "there is no pack in this folder", file=str(path), fix="give a pack, or a folder that holds KERNEL.zip"
        )
    return [pack_facts(one) for one in found]


def alone(address: Address, entries: Iterable[Entry]) -> tuple[Address, Iterable[Entry]]:
    """Address and entries with labels alone: hash of the kernel, points, figures and statuses.

    Neither the kernel's name nor any text of the source or of the tool's logs and reports goes with them; sites keep
    their names, and the flow its settings. Raises PipelineError for a kernel whose hash is not known.
    """
    if not address.kernel_hash:
        raise PipelineError(
            f"the labels of {address} are known by the kernel's name alone, and nobody could match them",
            fix="leave --hashes-only out, or import them again with the kernel's source",
        )
    return Address(hashed_name(address.kernel_hash), address.kernel_hash, address.flow), map(_alone, entries)


def _alone(entry: Entry) -> Entry:
    label = entry.label
    reason = None if label.status is DesignStatus.OK else LEFT_OUT
    return Entry(
        entry.key,
        entry.point,
        replace(label, reason=reason),
        seconds=entry.seconds,
        tool_version=entry.tool_version,
        made=entry.made,
    )
