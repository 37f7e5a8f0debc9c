"""Which backends there are: those of this package, and those that other packages bring as entry points.

A backend is one file (or folder) that ends in a :class:`BackendKind`. Another package names it in its own metadata:

```
[project.entry-points."hls_moe_pipeline.backends"]
acme = "acme_hls.backend:KIND"
```

It is then a value of ``--backend`` like any other, and its settings stand in the section ``[acme]`` of luigi.cfg.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, nearest
from pipeline.kernels.model import Kernel
from pipeline.synthesis.backends.base import Backend
from pipeline.synthesis.devices import Devices
from pipeline.synthesis.target import Target

if TYPE_CHECKING:
    from pipeline.synthesis.store import ReportStore

GROUP = "hls_moe_pipeline.backends"
"""The group of entry points; the name of an entry is that of the backend."""
_BUILT_IN = {
    "replay": "pipeline.synthesis.backends.replay",
    "estimator": "pipeline.synthesis.backends.estimator",
}
"""Backends of this package, with the module whose ``KIND`` they are."""


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
    """

    store: ReportStore
    kernel: Kernel
    source: str = ""
    target: Target = field(default_factory=Target)
    devices: Devices = field(default_factory=Devices)
    settings: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[], float] | None = None


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


_registered: dict[str, BackendKind] = {}


def register(kind: BackendKind) -> None:
    """Adds a backend for this process; a package of its own uses an entry point."""
    _registered[kind.name] = kind


def backend_names() -> tuple[str, ...]:
    """The names of all backends: those registered, those of this package, those of entry points."""
    return tuple(dict.fromkeys((*_registered, *_BUILT_IN, *sorted(_entries()))))


def backend_kind(name: str) -> BackendKind:
    """The backend of that name. Raises PipelineError for a name that nothing has, or that its package cannot give."""
    if name in _registered:
        return _registered[name]
    if name in _BUILT_IN:
        kind: BackendKind = importlib.import_module(_BUILT_IN[name]).KIND
        return kind
    entry = _entries().get(name)
    if entry is None:
        names = backend_names()
        meant = nearest(name, names)
        raise PipelineError(
            f"there is no backend {name[:40]!r}",
            fix=(f"did you mean {meant}? " if meant else "") + f"use one of {', '.join(names)}",
        )
    return _loaded(entry)


def make_backend(name: str, request: BackendRequest) -> Backend:
    """The backend of that name for a request; PipelineError as :func:`backend_kind`, and where it cannot serve it."""
    return backend_kind(name).make(request)


@cache
def _entries() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _loaded(entry: EntryPoint) -> BackendKind:
    package = entry.dist.name if entry.dist is not None else entry.value
    try:
        kind = entry.load()
    except Exception as error:  # whatever a package of others raises when it is imported
        raise PipelineError(
            f"the backend {entry.name} of {package} cannot be loaded: {type(error).__name__}: {error}",
            fix=f"mend or remove that package: python -m pip show {package}",
        ) from error
    if not isinstance(kind, BackendKind) or kind.name != entry.name:
        raise PipelineError(
            f"the entry point {entry.name} of {package} is no BackendKind of that name",
            fix=f"let {entry.value} be BackendKind({entry.name!r}, ...)",
        )
    return kind
