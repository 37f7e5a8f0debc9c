"""Kernels of the form that published label sets have."""

from __future__ import annotations

from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel


def published_kernel(text: str) -> Kernel:
    """A kernel ``k`` whose sites are in Merlin's terms, whatever the flow of its labels: arguments are copied."""
    return propose_sites(read_kernel(text, file="k.c", top="k"), "merlin")
