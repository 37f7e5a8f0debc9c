"""What a run is about to do: which kernel, which flow, which backend, which part of the report store.

Everything here is decided from parameters and the store before a task runs, so that it can enter output paths.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pipeline
from pipeline.design_space import DesignSpace, load_space
from pipeline.errors import PipelineError
from pipeline.kernels import Kernel, find_kernel
from pipeline.synthesis import Address, ReportStore, estimator_flow

ESTIMATOR_SOURCE = "estimator"


def packs_folder() -> Path:
    """The shipped packs: ``reports/`` in the current folder, else the one beside the package."""
    here = Path("reports")
    return here if here.is_dir() else Path(pipeline.__file__).resolve().parent.parent / "reports"


@lru_cache(maxsize=8)
def open_store(workspace: str) -> ReportStore:
    """The report store of a workspace, over the shipped packs."""
    return ReportStore(Path(workspace) / "store", layers=[packs_folder()])


@dataclass(frozen=True)
class Plan:
    """One kernel under one flow.

    ``kernel`` is None where only labels are there and no C source; ``space`` is None where the flow's dialect has
    no rules for the kernel.
    """

    backend: str
    address: Address
    kernel: Kernel | None
    space: DesignSpace | None

    @property
    def name(self) -> str:
        """The kernel's name."""
        return self.address.kernel

    @property
    def source(self) -> str:
        """Where the labels come from."""
        return self.address.flow.source


@lru_cache(maxsize=512)
def _kernel(name: str, top: str) -> Kernel:
    return find_kernel(name, top=top or None)


def default_source(workspace: str, backend: str) -> str:
    """The source that a run without ``--source`` uses; raises PipelineError where that is not clear."""
    if backend == "estimator":
        return ESTIMATOR_SOURCE
    sources = sorted(open_store(workspace).sources())
    if ESTIMATOR_SOURCE in sources:
        return ESTIMATOR_SOURCE
    if len(sources) == 1:
        return sources[0]
    if not sources:
        raise PipelineError(
            "there is no cached report to replay",
            fix="import some with ImportHLSyn or ImportReports, or compute estimates with --backend estimator",
        )
    raise PipelineError(f"there are labels of several sources: {', '.join(sources)}", fix="name one with --source")


def cached_kernels(workspace: str, source: str) -> tuple[str, ...]:
    """The kernels with cached reports of a source, sorted; raises PipelineError where there is none."""
    found = tuple(sorted({address.kernel for address in open_store(workspace).addresses(source=source)}))
    if not found:
        known = ", ".join(sorted(open_store(workspace).sources())) or "none"
        raise PipelineError(
            f"there is no cached report of source {source!r} (sources here: {known})",
            fix="import it with ImportHLSyn or ImportReports, or name another --source",
        )
    return found


def make_plan(workspace: str, kernel: str, top: str, space: str, source: str, backend: str) -> Plan:
    """What to do for one kernel; raises PipelineError for a kernel, space or source that cannot serve.

    ``backend`` is ``vitis``, ``replay`` or ``estimator``. Replay also serves kernels whose C is not at hand.
    """
    if backend == "estimator":
        if source != ESTIMATOR_SOURCE:
            raise PipelineError(
                f"--backend estimator makes labels of source {ESTIMATOR_SOURCE}, not {source}",
                fix="leave --source out, or replay that source with --backend replay",
            )
        from pipeline.estimator import VERSION

        found = _kernel(kernel, top)
        address = Address(found.name, found.ast_hash, estimator_flow(VERSION))
        return Plan(backend, address, found, _space(found, space))
    return _replay_plan(workspace, kernel, top, space, source)


def _replay_plan(workspace: str, kernel: str, top: str, space: str, source: str) -> Plan:
    store = open_store(workspace)
    found: Kernel | None
    try:
        found = _kernel(kernel, top)
    except PipelineError:
        # Labels may be there for a kernel whose C is not.
        if not store.addresses(source=source, kernel=kernel):
            raise
        found = None
    name = found.name if found else kernel
    addresses = store.addresses(source=source, kernel=name)
    wanted = found.ast_hash if found else ""
    fitting = [address for address in addresses if address.kernel_hash == wanted]
    if not fitting:
        if addresses:
            raise PipelineError(
                f"the cached reports of {name} from {source} were made from another version of its C",
                fix="import them again, or go back to that version",
            )
        raise PipelineError(
            f"there is no cached report of {name} from {source}",
            fix=f"use --backend estimator, or another of {', '.join(sorted(open_store(workspace).sources())) or 'no sources'}",
        )
    if len(fitting) > 1:
        raise PipelineError(
            f"source {source} holds reports of {name} under {len(fitting)} different flows",
            fix="import each flow under a source name of its own",
        )
    address = fitting[0]
    rules = _space(found, space) if found and address.flow.dialect != "vitis-plain" else None
    return Plan("replay", address, found, rules)


def _space(kernel: Kernel, file: str) -> DesignSpace:
    return load_space(kernel, Path(file) if file else None)
