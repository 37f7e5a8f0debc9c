"""Which kernels the estimator is made on, and which it is only judged by."""

from __future__ import annotations

import hashlib


def family(name: str) -> str:
    """The family of a kernel: variants (``gemm-p``, ``gemm-p-large``) agree up to the first hyphen."""
    return name.split("-", 1)[0]


def held_back(name: str) -> bool:
    """Whether a kernel is of the families that the estimator is only judged by.

    Laws and shipped constants come from looking at labels of the other families: one half is told from the other by
    the hash of the family's name, so that nobody has chosen.
    """
    return bool(hashlib.sha256(family(name).encode()).digest()[0] & 1)
