"""Declared splits of the labels, reproducible from rows and seed alone.

Every split covers every row, also those that cannot be used for regression (validity needs them). Designs of one
kernel with identical labels (same cycles and resource totals) form a group, in whatever source they occur; groups
are never divided, since about 56 % of HLSyn's usable designs have such a twin and a random split would leak. Designs
without any measurement have no label to share: each key is a group of its own.

- ``random``: 80 % train, 10 % validation, 10 % test, within each kernel and separately for rows with and without a
  measurement. Shares are of rows, met as closely as whole groups allow; a kernel's only group trains.
- ``by-kernel-I``: fold I of k: the kernels of fold I are test, those of the next fold validation, all others train.
  Families (:mod:`pipeline.kernels.families`) are never divided. Absent with fewer than two of them; without a
  validation side where there are just two folds.
- ``paper``: the protocol of arXiv 2410.19225 (AAAI 2025): the source kernels as in ``random``, the target kernels on
  the side ``target``, kernels of neither list on ``unused``.

Order is by SHA-256 of the seed and the group's or kernel's name, so it depends on no row order and no library.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from pipeline.dataset.schemas import TABLES, checked, make_table
from pipeline.errors import PipelineError
from pipeline.kernels.families import family
from pipeline.terms import Resource

# fmt: off
PAPER_SOURCE_KERNELS = frozenset((
    "aes", "gemm-blocked", "gemm-ncubed", "md", "nw", "spmv-crs", "spmv-ellpack", "stencil", "stencil-3d",  # MachSuite
    "2mm", "3mm", "adi", "atax", "atax-medium", "bicg", "bicg-large", "bicg-medium", "correlation", "covariance",
    "doitgen", "doitgen-red", "fdtd-2d", "gemm-p-large", "gemver", "gesummv", "gesummv-medium", "heat-3d", "jacobi-1d",
    "mvt", "mvt-medium", "seidel-2d", "symm", "symm-opt", "symm-opt-medium", "syrk", "trmm",
))
# fmt: on
PAPER_TARGET_KERNELS = frozenset(("fdtd-2d-large", "gemver-medium", "syr2k", "gemm-p", "jacobi-2d", "trmm-opt"))

_NEEDED = ("source", "kernel", "key", "cycles", *Resource)


FOLDS = 5
"""Folds by kernel of a dataset that has families of kernels enough."""


def split_names() -> list[str]:
    """The splits that a dataset of many kernels has, sorted; one of few families has fewer folds."""
    return sorted(("random", "paper", *(f"by-kernel-{fold}" for fold in range(FOLDS))))


def split_table(
    labels: pa.Table,
    *,
    seed: int = 0,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    folds: int = FOLDS,
) -> pa.Table:
    """The ``splits`` table of a ``labels`` table.

    ``fractions`` are the shares of train, validation and test and sum to 1; ``folds`` is the number of by-kernel
    folds (fewer where there are fewer kernels). Raises :class:`PipelineError` for unusable fractions or folds.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise PipelineError(f"split fractions {fractions} are not shares that sum to 1")
    if folds < 2:
        raise PipelineError(f"{folds} folds do not hold anything out", fix="use at least 2")
    rows = labels.num_rows
    columns = {name: labels.column(name).to_pylist() for name in _NEEDED}
    measurements = list(zip(*(columns[name] for name in ("cycles", *Resource)), strict=True))
    groups, measured = _groups(columns["kernel"], columns["key"], measurements)
    random = _random_sides(columns["kernel"], groups, measured, fractions, seed)
    splits = {"random": random, "paper": _paper_sides(columns["kernel"], random)}
    for fold, sides in enumerate(_fold_sides(columns["kernel"], folds, seed)):
        splits[f"by-kernel-{fold}"] = sides
    identity = {name: labels.column(name).combine_chunks() for name in ("source", "kernel", "key")}
    group = pa.array(groups, pa.string())
    parts = [
        pa.Table.from_arrays(
            [pa.repeat(pa.scalar(name), rows), *identity.values(), pa.array(sides, pa.string()), group],
            schema=TABLES["splits"].schema,
        )
        for name, sides in sorted(splits.items())
    ]
    return checked("splits", pa.concat_tables(parts)) if rows else make_table("splits", _empty())


def _empty() -> dict[str, list[str]]:
    return {name: [] for name in TABLES["splits"].schema.names}


def label_groups(labels: pa.Table) -> list[str]:
    """The group of each row of a ``labels`` table, in its order; see the module's text."""
    measurements = list(zip(*(labels.column(name).to_pylist() for name in ("cycles", *Resource)), strict=True))
    return _groups(labels.column("kernel").to_pylist(), labels.column("key").to_pylist(), measurements)[0]


def _groups(
    kernels: Sequence[str], keys: Sequence[str], measurements: Sequence[tuple[int | None, ...]]
) -> tuple[list[str], list[bool]]:
    """A name per row and whether it stands for a measurement."""
    names: dict[tuple[object, ...], str] = {}
    groups, measured = [], []
    for kernel, key, measurement in zip(kernels, keys, measurements, strict=True):
        real = any(number is not None for number in measurement)
        identity: tuple[object, ...] = (kernel, measurement) if real else (kernel, key)
        name = names.get(identity)
        if name is None:
            name = names[identity] = _hash("label" if real else "key", kernel, str(measurement) if real else key)[:16]
        groups.append(name)
        measured.append(real)
    return groups, measured


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _random_sides(
    kernels: Sequence[str],
    groups: Sequence[str],
    measured: Sequence[bool],
    fractions: tuple[float, float, float],
    seed: int,
) -> list[str]:
    """Sides by walking the groups of a stratum in hashed order and cutting at the fractions of its rows."""
    strata: dict[tuple[str, bool], dict[str, int]] = defaultdict(dict)
    for kernel, group, real in zip(kernels, groups, measured, strict=True):
        sizes = strata[kernel, real]
        sizes[group] = sizes.get(group, 0) + 1
    train, validation = fractions[0], fractions[0] + fractions[1]
    side_of: dict[str, str] = {}
    for (kernel, real), sizes in strata.items():
        total, before = sum(sizes.values()), 0
        for group in sorted(sizes, key=lambda name: _hash(str(seed), "random", kernel, str(real), name)):
            # A group goes where its middle row falls: no side is favoured by large groups.
            middle = (before + sizes[group] / 2) / total
            side_of[group] = "train" if middle <= train else "validation" if middle <= validation else "test"
            before += sizes[group]
    return [side_of[group] for group in groups]


def _paper_sides(kernels: Iterable[str], random: Iterable[str]) -> list[str]:
    return [
        side if kernel in PAPER_SOURCE_KERNELS else "target" if kernel in PAPER_TARGET_KERNELS else "unused"
        for kernel, side in zip(kernels, random, strict=True)
    ]


def _fold_sides(kernels: Sequence[str], folds: int, seed: int) -> list[list[str]]:
    names = sorted({family(name) for name in kernels}, key=lambda name: _hash(str(seed), "by-kernel", name))
    count = min(folds, len(names))
    if count < 2:
        return []
    fold_of: Mapping[str, int] = {name: index % count for index, name in enumerate(names)}
    rows = np.array([fold_of[family(name)] for name in kernels])
    result = []
    for fold in range(count):
        sides = np.full(len(rows), "train", dtype=object)
        if count > 2:
            sides[rows == (fold + 1) % count] = "validation"
        sides[rows == fold] = "test"
        result.append(sides.tolist())
    return result
