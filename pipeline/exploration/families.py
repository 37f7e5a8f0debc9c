"""Kernels that are variants of one another, and folds that keep them together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def family(kernel: str) -> str:
    """The part of a kernel's name before the first dash: gemm-p-large, gemm-blocked and gemm-p are of one family.

    Sizes and variants of one computation share it, so that a study can keep all of them out of what is learned from.
    """
    return kernel.split("-", 1)[0]


def folds(kernels: Iterable[str], count: int) -> dict[str, int]:
    """A fold from 0 to ``count`` - 1 per kernel, whole families together; by the hash of the family's name."""
    names = sorted(set(kernels))
    ordered = sorted({family(name) for name in names}, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    place = {name: number % count for number, name in enumerate(ordered)}
    return {name: place[family(name)] for name in names}
