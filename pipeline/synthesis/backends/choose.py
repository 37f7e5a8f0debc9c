"""Which backend serves where no tool is run, and whether Vitis HLS may be on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.estimator import EstimatorBackend
from pipeline.synthesis.backends.replay import ReplayBackend
from pipeline.synthesis.flow import ESTIMATOR_SOURCE, KNOWN_FLOWS, Flow, estimator_flow, imported_flow
from pipeline.synthesis.store import ReportStore

if TYPE_CHECKING:
    from pipeline.estimator import Device

BACKENDS = ("replay", "estimator")
"""Those that need no tool."""
TOOL_COMMANDS = ("vitis_hls", "vitis-run", "v++")
"""``vitis_hls`` up to 2024.2, ``vitis-run`` from 2023.2, ``v++`` from 2023.1 (UG1702)."""
TOOL_VARIABLES = ("XILINX_HLS", "XILINX_VITIS", "XILINX_VIVADO")
"""Set by the tool's settings64.sh to the installation's folder."""


@dataclass(frozen=True)
class FoundTool:
    """A command of Vitis HLS on this machine."""

    command: str
    path: Path
    found_by: str
    """``PATH`` or the variable that led to it."""


def find_vitis(environment: Mapping[str, str] | None = None) -> FoundTool | None:
    """The first of the tool's commands on PATH, else in ``bin`` under one of its variables; None if there is none."""
    environment = os.environ if environment is None else environment
    for command in TOOL_COMMANDS:
        found = shutil.which(command, path=environment.get("PATH", ""))
        if found:
            return FoundTool(command, Path(found), "PATH")
    for variable in TOOL_VARIABLES:
        root = environment.get(variable)
        for command in TOOL_COMMANDS if root else ():
            found = shutil.which(command, path=str(Path(root or "") / "bin"))
            if found:
                return FoundTool(command, Path(found), variable)
    return None


def choose(
    backend: str,
    store: ReportStore,
    kernel: Kernel,
    *,
    source: str | None = None,
    clock: Callable[[], float] | None = None,
    device: Device | None = None,
) -> EstimatorBackend | ReplayBackend:
    """The backend of a run on one kernel that needs no tool; runs of the tool are :mod:`pipeline.synthesis.vitis`'s.

    ``source`` says whose labels are replayed; without it there must be one source only, as sources are never mixed
    unasked. ``clock`` gives seconds to a backend that measures its runs, ``device`` is what the estimator works
    with. Replay of a kernel without any report answers
    ``not_cached`` for each design.

    Raises PipelineError: an unknown backend; several sources or flows to choose from; a backend that cannot give the
    source asked for.
    """
    if backend not in BACKENDS:
        raise PipelineError(f"there is no backend {backend!r} without a tool", fix=f"use {' or '.join(BACKENDS)}")
    if backend == "estimator":
        if source not in (None, ESTIMATOR_SOURCE):
            raise PipelineError(
                f"the estimator cannot give labels of the source {source!r}",
                fix=f"leave --source away, or replay the source with --backend replay --source {source}",
            )
        return EstimatorBackend(store, clock=clock, device=device)
    address = find_address(store, kernel, source)
    return ReplayBackend(store, address or Address(kernel.name, kernel.ast_hash, _nominal_flow(source)))


def find_address(store: ReportStore, kernel: Kernel, source: str | None = None) -> Address | None:
    """Where the store holds reports of a kernel: under the hash of its syntax tree, else by its name alone.

    None where there are none. Raises PipelineError where several sources, or several flows of the source, hold
    some: their labels are not mixed unasked.
    """
    every = store.addresses(source=source)
    found = [address for address in every if address.kernel_hash == kernel.ast_hash]
    found = found or [address for address in every if not address.kernel_hash and address.kernel == kernel.name]
    sources = sorted({address.source for address in found})
    if len(sources) > 1:
        raise PipelineError(
            f"reports of kernel {kernel.name!r} are cached from several sources: {', '.join(sources)}",
            fix="name one with --source",
        )
    if len(found) > 1:
        from pipeline.estimator import VERSION

        current = [address for address in found if address.flow == estimator_flow(VERSION)]
        if len(current) == 1:
            return current[0]
        versions = ", ".join(sorted(str(address.flow.tool_version) for address in found))
        raise PipelineError(
            f"reports of kernel {kernel.name!r} are cached from several flows of {sources[0]} (versions {versions})",
            fix="import each under a source name of its own",
        )
    return found[0] if found else None


def _nominal_flow(source: str | None) -> Flow:
    """A flow for labels of which there are none, so that each design can say that it is not cached."""
    if source is None or source == ESTIMATOR_SOURCE:
        from pipeline.estimator import VERSION

        return estimator_flow(VERSION)
    return KNOWN_FLOWS.get(source) or imported_flow(source, "hls")
