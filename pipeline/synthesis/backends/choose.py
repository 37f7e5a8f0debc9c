"""Which backend a run uses, and whether Vitis HLS is on this machine."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.estimator import VERSION
from pipeline.kernels.model import Kernel
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.base import Backend
from pipeline.synthesis.backends.estimator import EstimatorBackend
from pipeline.synthesis.backends.replay import ReplayBackend
from pipeline.synthesis.flow import ESTIMATOR_SOURCE, KNOWN_FLOWS, Flow, estimator_flow, imported_flow
from pipeline.synthesis.store import ReportStore

_log = logging.getLogger(__name__)

BACKENDS = ("auto", "vitis", "replay", "estimator")
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
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], float] | None = None,
) -> Backend:
    """The backend of a run on one kernel.

    ``auto`` is Vitis where it is found and this version can run it, else replay. ``source`` says whose labels are
    replayed; without it there must be one source only, as sources are never mixed unasked. ``clock`` gives
    seconds to a backend that measures its runs.

    Raises PipelineError: an unknown backend; Vitis asked for and not there; ``auto`` for a kernel without any
    cached report; several sources or flows to choose from; a backend that cannot give the source asked for.
    """
    if backend not in BACKENDS:
        raise PipelineError(f"there is no backend {backend!r}", fix=f"use --backend {', '.join(BACKENDS)}")
    if backend == "vitis":
        raise _no_vitis(find_vitis(environment))
    if backend == "estimator":
        if source not in (None, ESTIMATOR_SOURCE):
            raise PipelineError(
                f"the estimator cannot give labels of the source {source!r}",
                fix=f"leave --source away, or replay the source with --backend replay --source {source}",
            )
        return EstimatorBackend(store, clock=clock)
    if backend == "auto" and (tool := find_vitis(environment)) is not None:
        _log.warning("%s is there (%s), but this version cannot run it: cached reports are replayed", *_named(tool))
    address = find_address(store, kernel, source)
    if address is not None:
        return ReplayBackend(store, address)
    if backend == "auto":
        raise PipelineError(
            f"no report of kernel {kernel.name!r}{f' from {source}' if source else ''} is cached",
            fix="estimate its designs with --backend estimator, or import reports",
        )
    return ReplayBackend(store, Address(kernel.name, kernel.ast_hash, _nominal_flow(source)))


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
        current = [address for address in found if address.flow == estimator_flow(VERSION)]
        if len(current) == 1:
            return current[0]
        versions = ", ".join(sorted(str(address.flow.tool_version) for address in found))
        raise PipelineError(
            f"reports of kernel {kernel.name!r} are cached from several flows of {sources[0]} (versions {versions})",
            fix="import each under a source name of its own",
        )
    return found[0] if found else None


def _no_vitis(tool: FoundTool | None) -> PipelineError:
    if tool is None:
        return PipelineError(
            f"Vitis HLS is not found: none of {', '.join(TOOL_COMMANDS)} on PATH or under {', '.join(TOOL_VARIABLES)}",
            fix="source its settings64.sh, or use --backend replay or --backend estimator",
        )
    command, by = _named(tool)
    return PipelineError(
        f"{command} is there ({by}), but this version cannot run it", fix="use --backend replay or --backend estimator"
    )


def _named(tool: FoundTool) -> tuple[str, str]:
    return tool.command, f"{tool.path}, by {tool.found_by}"


def _nominal_flow(source: str | None) -> Flow:
    """A flow for labels of which there are none, so that each design can say that it is not cached."""
    if source is None or source == ESTIMATOR_SOURCE:
        return estimator_flow(VERSION)
    return KNOWN_FLOWS.get(source) or imported_flow(source, "hls")
