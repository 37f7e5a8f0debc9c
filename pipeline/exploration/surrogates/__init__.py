"""Surrogates by name, a file each: from outcomes on a kernel to forecasts of its other designs.

A new one is a new file with a ``KIND``; of another package it is an entry point of the group
``hls_moe_pipeline.surrogates`` (:mod:`pipeline.registry`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.exploration.types import ForecastBeforehand, Surrogate
from pipeline.registry import Registry, modules_of

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses


@dataclass(frozen=True)
class SurrogateRequest:
    """What a surrogate is made of.

    ``seed``       of what it draws
    ``prior``      what other kernels teach of this one's designs, where its kind needs that
    ``processes``  what other kernels teach of how designs resemble each other, where its kind needs that
    """

    seed: int = 0
    prior: ForecastBeforehand | None = None
    processes: MetaProcesses | None = None


@dataclass(frozen=True)
class SurrogateKind:
    """A surrogate by name. ``make`` gives a fresh one; what it needs is there."""

    name: str
    make: Callable[[SurrogateRequest], Surrogate]
    needs_prior: bool = False
    needs_processes: bool = False


SURROGATES = Registry("surrogate", SurrogateKind, lambda: modules_of(__name__))
