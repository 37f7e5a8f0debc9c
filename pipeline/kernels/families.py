"""Kernels that compute much the same, and folds that keep them together.

``families.json`` lists them, to be read and reviewed. Kernels are of one family where their names agree up to the first
dash (sizes and variants of one computation), or where :func:`pipeline.kernels.likeness.likeness` is at least
:data:`LEAST_ALIKE`, directly or by way of others. A study that leaves a kernel out leaves its family out: near-twins
under other names (correlation and covariance, 2mm and 3mm, syrk and syr2k) would teach nearly the kernel itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

LEAST_ALIKE = 0.75
"""Likeness from which kernels are of one family. No pair of the suite's kernels lies between 0.71 and 0.95: those of
one sort share nearly all of their innermost statements, the next ones half of them."""

_FILE = Path(__file__).with_name("families.json")


def family(kernel: str) -> str:
    """The name of a kernel's family: that of its first kernel in the listing.

    A kernel that is not listed belongs to the listed ones whose names agree with its own up to the first dash; where
    there are none, that part of the name is the family.
    """
    listed = _listed()
    return listed.get(kernel) or listed.get(f"{_stem(kernel)}-") or _stem(kernel)


def relatives(kernels: Iterable[str]) -> list[str]:
    """These kernels and all listed ones of their families, sorted."""
    names = set(kernels)
    families = {family(kernel) for kernel in names}
    return sorted(names | {kernel for kernel, of in _listed().items() if of in families and not kernel.endswith("-")})


def folds(kernels: Iterable[str], count: int) -> dict[str, int]:
    """A fold from 0 to ``count`` - 1 per kernel, whole families together; by the hash of the family's name."""
    names = sorted(set(kernels))
    ordered = sorted({family(name) for name in names}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    place = {name: number % count for number, name in enumerate(ordered)}
    return {name: place[family(name)] for name in names}


def families_text(alike: Mapping[tuple[str, str], float], kernels: Iterable[str]) -> str:
    """The content of ``families.json`` for these kernels with the likeness of each pair (names in order)."""
    names = sorted(kernels)
    group = {name: name for name in names}
    for (one, other), value in sorted(alike.items()):
        if value >= LEAST_ALIKE or _stem(one) == _stem(other):
            first, second = sorted((group[one], group[other]))
            group = {name: first if of == second else of for name, of in group.items()}
    rows = []
    for first in sorted(set(group.values())):
        members = [name for name in names if group[name] == first]
        outside = [(value, *pair) for pair, value in alike.items() if (pair[0] in members) != (pair[1] in members)]
        nearest = max(outside, default=None)
        row: dict[str, Any] = {"family": first, "kernels": members}
        if nearest is not None and nearest[0] > 0:
            row["nearest"] = [nearest[1], nearest[2], round(nearest[0], 2)]
        rows.append(f"  {json.dumps(row)}")
    said = "cosine of the terms of statements (likeness.py); nearest: the most alike pair across the family's border"
    head = f'{{"measure": {json.dumps(said)}, "least": {LEAST_ALIKE}, "families": [\n'
    return head + ",\n".join(rows) + "\n]}\n"


@lru_cache(maxsize=1)
def _listed() -> Mapping[str, str]:
    """The family of each listed kernel, and of each stem followed by a dash."""
    found: dict[str, str] = {}
    for row in json.loads(_FILE.read_text(encoding="utf-8"))["families"]:
        for kernel in row["kernels"]:
            found[kernel] = found[f"{_stem(kernel)}-"] = row["family"]
    return found


def _stem(kernel: str) -> str:
    return kernel.split("-", 1)[0]
