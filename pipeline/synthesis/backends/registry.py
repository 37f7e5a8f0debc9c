"""Which backends there are, by name (:mod:`pipeline.registry`).

A backend is one file (or folder) that ends in a :class:`BackendKind` named ``KIND``; of another package it is an entry
point of the group ``hls_moe_pipeline.backends``. It is then a value of ``--backend`` like any other, and its settings
stand in a section of luigi.cfg of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.registry import Registry
from pipeline.synthesis.backends.base import Backend
from pipeline.synthesis.devices import Devices
from pipeline.synthesis.target import Target
from pipeline.terms import OwnBackend

if TYPE_CHECKING:
    from pipeline.kernels.model import Kernel
    from pipeline.synthesis.store import ReportStore


@dataclass(frozen=True)
class BackendRequest:
    """What a backend is to be made for.

    Args:
        store: where its reports lie.
        kernel: whose designs it labels.
        source: where labels are to come from; empty where nobody asked.
        target: part and clock that were asked for.
        devices: what the estimator works with.
        settings: the backend's own, by name.
        clock: gives seconds, for a backend that measures how long it takes; without it that stays unknown.
        now: gives the time as ISO 8601 text, for a record of when a run began; not recorded without it.
    """

    store: ReportStore
    kernel: Kernel
    source: str = ""
    target: Target = field(default_factory=Target)
    devices: Devices = field(default_factory=Devices)
    settings: Mapping[str, Any] = field(default_factory=dict)
    clock: Callable[[], float] | None = None
    now: Callable[[], str] | None = None


@dataclass(frozen=True)
class BackendKind:
    """A backend by name: how it is made, and what is to be known before one is.

    ``make`` raises PipelineError where it cannot serve the request. ``default_source`` gives the source of a command
    without ``--source``, empty for the backend's own. What ``runs_tool`` is not started unasked: kernels are named.
    """

    name: str
    make: Callable[[BackendRequest], Backend]
    default_source: Callable[[ReportStore], str] = lambda store: ""
    runs_tool: bool = False


BACKENDS = Registry(
    "backend",
    BackendKind,
    lambda: {str(name): f"pipeline.synthesis.backends.{name}" for name in OwnBackend},
)


def make_backend(name: str, request: BackendRequest) -> Backend:
    """The backend of that name for a request; PipelineError for a name that none has, and where it cannot serve it."""
    return BACKENDS[name].make(request)
