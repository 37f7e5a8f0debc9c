"""What is known before the first run: labels of other kernels, gathered once, and what they teach."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import PipelineError
from pipeline.exploration import Features
from pipeline.exploration.features import LOG2_CYCLES
from pipeline.exploration.prior import History
from pipeline.files import write_json
from pipeline.loop.featurise import estimator_columns, kernel_features
from pipeline.loop.labelled import labelled
from pipeline.loop.measured import measured, read_measured, write_measured
from pipeline.loop.record import read_json
from pipeline.synthesis import ReplayBackend
from pipeline.synthesis.plan import KernelPlan

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis import Address

INDEX = "histories.json"


def gather_histories(loop: ClosedLoop, addresses: Iterable[Address], folder: Path) -> None:
    """Writes the labels of other kernels at the addresses: features and results a kernel, and ``histories.json``.

    Kernels whose C is not at hand are named there and left out.
    """
    found: list[dict[str, Any]] = []
    left_out = []
    for address in addresses:
        history = _history(loop, address)
        if history is None:
            left_out.append(f"{address.kernel} from {address.source}")
            continue
        features, rows = history
        name = f"{len(found):03d}"
        np.savez(
            folder / f"{name}.npz", values=features.values, shared=features.shared,
            effective=features.columns, groups=np.array(features.groups or (), dtype=np.int64),
        )  # fmt: skip
        write_measured(folder / f"{name}.jsonl", rows)
        found.append(
            {"file": name, "kernel": address.kernel, "source": address.source, "designs": len(rows),
             "estimated": features.estimated is not None}
        )  # fmt: skip
    write_json(folder / INDEX, {"histories": found, "left_out": left_out})


def histories_of(loop: ClosedLoop) -> list[History]:
    """What :func:`gather_histories` wrote."""
    folder = loop.histories_folder
    found = []
    for told in read_json(folder / INDEX, "histories")["histories"]:
        with np.load(folder / f"{told['file']}.npz", allow_pickle=False) as arrays:
            values, shared, effective = arrays["values"], arrays["shared"], arrays["effective"]
            groups = tuple(int(group) for group in arrays["groups"]) or None
        estimated = None
        if told["estimated"]:
            estimated = shared[:, estimator_columns(shared.shape[1])][:, LOG2_CYCLES]
        outcomes = [row.outcome() for row in read_measured(folder / f"{told['file']}.jsonl")]
        features = Features(values, shared, estimated, effective, groups)
        found.append(History(told["kernel"], told["source"], features, outcomes))
    return found


def learn_from(loop: ClosedLoop, histories: list[History], folder: Path, advance: Callable[..., None] | None) -> None:
    """Writes what histories teach of how designs resemble each other; ``advance`` is told of each step."""
    from pipeline.exploration.meta_processes import learn_processes
    from pipeline.exploration.sources import belief

    trust = belief(loop.source_name, histories, seed=loop.seed).trust
    learn_processes(histories, seed=loop.seed, trust=trust, advance=advance).save(folder)


def processes_of(loop: ClosedLoop) -> MetaProcesses | None:
    """What :func:`learn_from` wrote; None where there was too little to learn from."""
    folder = loop.processes_folder
    if not any(folder.glob("*.safetensors")):
        return None
    from pipeline.exploration.meta_processes import MetaProcesses

    return MetaProcesses.load(folder)


def _history(loop: ClosedLoop, address: Address) -> tuple[Any, list[Any]] | None:
    """Features and results of the designs of an address whose points are known; None where there are none."""
    kernel = loop.kernel_of(address.kernel)
    if kernel is None or address.kernel_hash not in ("", kernel.ast_hash):
        return None
    backend = ReplayBackend(loop.store, address)
    plan = KernelPlan(backend, address, kernel, None)
    outcomes = [outcome for outcome in backend.everything() if outcome.point is not None]
    if not outcomes:
        return None
    sites = {name for outcome in outcomes for name in outcome.point or {}}
    try:
        facts = kernel_features(kernel, address.flow.dialect, sites, loop.devices.of(address.flow))
    except PipelineError:
        return None
    rows = [measured(labelled(plan, outcome, "history")) for outcome in outcomes]
    return facts.of([row.point for row in rows]), rows
