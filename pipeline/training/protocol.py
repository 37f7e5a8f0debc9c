"""What a study trains on and what it is tested on: source and target kernels, and the split of each kernel's designs.

``transfer``   pre-trained on source kernels, adapted to a target kernel with a few of its designs, tested on the rest
               (arXiv 2410.19225)
``zero-shot``  pre-trained on all kernels but one and its family, tested on that one without any of its designs
``grouped``    trained on designs of all kernels, tested on others of the same kernels; identical labels stay together
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.dataset.splits import PAPER_SOURCE_KERNELS, PAPER_TARGET_KERNELS
from pipeline.errors import PipelineError
from pipeline.kernels.families import family
from pipeline.training.data import KernelDesigns

LEAST_USABLE = 70
"""Usable designs that a target kernel needs, so that a test set is left beside 50 shots."""
ZERO_SHOT_KERNELS = 6
"""Kernels that the zero-shot study leaves out one by one, unless they are named."""

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Study:
    """Designs to pre-train on, designs of the kernels to test on, and what was left out and why."""

    sources: tuple[KernelDesigns, ...]
    targets: tuple[KernelDesigns, ...]
    notes: tuple[str, ...]

    def held_out(self, kernel: str) -> Study:
        """The same study with the family of ``kernel`` among the targets alone."""
        return self.without_families([kernel])

    def without_families(self, kernels: Sequence[str]) -> Study:
        """The same study without the families of these kernels among the sources.

        Raises PipelineError where no source is left.
        """
        families = {family(kernel) for kernel in kernels}
        left = tuple(one for one in self.sources if family(one.kernel) not in families)
        if not left:
            raise PipelineError(
                "no source kernel is left without the families of the target kernels",
                fix="name fewer with --target-kernels, or another source with --source",
            )
        return replace(self, sources=left)


def transfer_study(
    source: Sequence[KernelDesigns],
    target: Sequence[KernelDesigns],
    kernels: Sequence[str] = (),
    *,
    least: int = LEAST_USABLE,
) -> Study:
    """All kernels but the targets as sources, and as targets the paper's or those named.

    ``source`` are the designs of the source to pre-train on, ``target`` those of the source to be tested on (the same
    or another). Targets with fewer than ``least`` usable designs are left out, and said; they are no sources either.
    Raises PipelineError where no target or no source is left.
    """
    notes: list[str] = []
    wanted = list(dict.fromkeys(kernels)) or sorted(PAPER_TARGET_KERNELS)
    targets = _enough(target, wanted, least, notes, named=bool(kernels))
    sources = [one for one in source if one.kernel not in wanted and one.usable.any()]
    there = {one.kernel for one in sources}
    missing, further = sorted(PAPER_SOURCE_KERNELS - there - set(wanted)), sorted(there - PAPER_SOURCE_KERNELS)
    if missing:
        notes.append(f"source kernels of the paper that have no usable designs here: {', '.join(missing)}")
    if further:
        notes.append(f"source kernels beside the paper's: {', '.join(further)}")
    return _study(sources, targets, notes)


def zero_shot_study(
    source: Sequence[KernelDesigns],
    target: Sequence[KernelDesigns],
    kernels: Sequence[str] = (),
    *,
    least: int = LEAST_USABLE,
) -> Study:
    """All kernels; to be tested are those named, or the :data:`ZERO_SHOT_KERNELS` with the most usable designs.

    :meth:`Study.held_out` takes each and its family out of the sources. Raises as :func:`transfer_study` does.
    """
    notes: list[str] = []
    most = sorted(target, key=lambda one: (-int(one.usable.sum()), one.kernel))[:ZERO_SHOT_KERNELS]
    wanted = list(dict.fromkeys(kernels)) or [one.kernel for one in most]
    targets = _enough(target, wanted, least, notes, named=bool(kernels))
    return _study([one for one in source if one.usable.any()], targets, notes)


def grouped_study(
    source: Sequence[KernelDesigns],
    target: Sequence[KernelDesigns],
    kernels: Sequence[str] = (),
    *,
    least: int = LEAST_USABLE,
) -> Study:
    """All kernels, or those named, to train and to test on; the designs' sides are those of the split ``random``.

    Raises as :func:`transfer_study` does.
    """
    notes: list[str] = []
    wanted = list(dict.fromkeys(kernels)) or [one.kernel for one in target if int(one.usable.sum()) >= least]
    targets = _enough(target, wanted, least, notes, named=bool(kernels))
    return _study([one for one in source if one.usable.any()], targets, notes)


STUDIES = {"transfer": transfer_study, "zero-shot": zero_shot_study, "grouped": grouped_study}


def side(designs: KernelDesigns, *sides: str) -> KernelDesigns:
    """The designs on these sides of the dataset's split ``random``, where groups of identical labels stay together.

    Raises PipelineError where the dataset has no such split.
    """
    if "random" not in designs.sides:
        raise PipelineError(
            f"the dataset has no random split of {designs.kernel}", fix="make it again with GenerateDataset"
        )
    return designs.take(np.isin(designs.sides["random"], sides))


def rest_of(designs: KernelDesigns, shots: Ints, target: str = "regression") -> Ints:
    """The designs to be tested on: those that count for the target and are not among the shots."""
    return np.setdiff1d(np.flatnonzero(_counting(designs, target)), shots)


def grouped_rows(designs: KernelDesigns, target: str = "regression") -> tuple[Ints, Ints]:
    """Rows of the kernel's own designs to train on, and to be tested on."""
    counts = _counting(designs, target)
    return tuple(  # type: ignore[return-value]
        np.flatnonzero(counts & np.isin(designs.keys, side(designs, name).keys)) for name in ("train", "test")
    )


def validity_shots(designs: KernelDesigns, count: int, seed: int) -> Ints:
    """(count,) rows whose outcome is known, valid or not, drawn by seed and kernel; ascending and all different.

    Raises PipelineError where there are too few.
    """
    rows = np.flatnonzero(_counting(designs, "validity"))
    if not 1 <= count <= len(rows):
        raise PipelineError(
            f"{count} shots of {designs.kernel}, which has {len(rows)} designs of known validity", fix="choose fewer"
        )
    draw = np.random.default_rng([seed, *designs.kernel.encode()])
    return np.sort(draw.choice(rows, size=count, replace=False))


def _counting(designs: KernelDesigns, target: str) -> npt.NDArray[np.bool_]:
    return designs.usable if target == "regression" else designs.valid >= 0


_LEFT_OUT = "target kernel"


def _enough(
    target: Sequence[KernelDesigns], wanted: Sequence[str], least: int, notes: list[str], *, named: bool
) -> list[KernelDesigns]:
    found = {one.kernel: one for one in target}
    kept = []
    for kernel in wanted:
        usable = int(found[kernel].usable.sum()) if kernel in found else 0
        if usable >= least:
            kept.append(found[kernel])
        elif kernel in found or named:
            notes.append(f"{_LEFT_OUT} {kernel} is left out: {usable} usable designs, {least} are needed")
        if named and kernel not in found:
            notes[-1] += f"; there are labels of {', '.join(sorted(found))}"
    return kept


def _study(sources: Sequence[KernelDesigns], targets: Sequence[KernelDesigns], notes: Sequence[str]) -> Study:
    if not targets:
        told = [note for note in notes if note.startswith(_LEFT_OUT)]
        raise PipelineError(
            "no target kernel has enough usable designs" + (f" ({'; '.join(told)})" if told else ""),
            fix="name others with --target-kernels or --target-source, or ask for less with --least-designs, --shots",
        )
    if not any(one.kernel != targets[0].kernel for one in sources):
        raise PipelineError("no source kernel has usable designs", fix="name another source with --source")
    return Study(tuple(sources), tuple(targets), tuple(notes))
