"""The real label sets, read once for all tests, and small made-up ones."""

from __future__ import annotations

import io
import json
import tarfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.published import KernelLabels, read_label_set
from tests.shared_data import shared

RESOURCES = ("BRAM", "DSP", "FF", "LUT", "URAM")


@lru_cache(maxsize=1)
def _hlsyn(path: Path) -> tuple[KernelLabels, ...]:
    return tuple(read_label_set(path))


@lru_cache(maxsize=1)
def _plain(path: Path) -> tuple[KernelLabels, ...]:
    return tuple(read_label_set(path, source="vitis-plain"))


def hlsyn() -> tuple[KernelLabels, ...]:
    """The HLSyn designs; skips where they are absent."""
    return _hlsyn(shared("hlsyn", "HLSyn_designs.tar.gz"))


def plain() -> tuple[KernelLabels, ...]:
    """The plain Vitis designs; skips where they are absent."""
    return _plain(shared("vitis_plain", "designs.tar.gz"))


@lru_cache(maxsize=2)
def raw(path: Path) -> dict[str, dict[str, Any]]:
    """Member name to the JSON as it stands, by the standard library alone."""
    found = {}
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            if stream is not None:
                found[member.name] = json.load(stream)
    return found


def labelled(sets: tuple[KernelLabels, ...]) -> list[LabelledDesign]:
    """The sets as what :func:`pipeline.dataset.build.build_tables` takes."""
    return [
        LabelledDesign(
            labels.source,
            labels.dialect,
            labels.kernel,
            None,
            design.key,
            design.point,
            design.label,
            None,
            None,
            "published",
        )
        for labels in sets
        for design in labels.designs
    ]


def entry(perf: object, totals: tuple[float, ...] = (), *, valid: object = True, **point: object) -> dict[str, Any]:
    """One published record; ``totals`` in the order BRAM, DSP, FF, LUT with HLSyn's utilisations."""
    capacity = (4320, 6840, 2_364_480, 1_182_240)
    utilisation = {}
    for name, limit, total in zip(RESOURCES, capacity, totals, strict=False):
        utilisation[f"total-{name}"] = total
        utilisation[f"util-{name}"] = int(100 * total // limit) / 100
    return {"point": point or {"__PARA__L0": 1}, "perf": perf, "res_util": utilisation, "valid": valid}


def write_tar(path: Path, files: dict[str, object]) -> Path:
    """A tar.gz of JSON documents (or bytes as they are)."""
    with tarfile.open(path, "w:gz") as archive:
        for name, document in files.items():
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path
