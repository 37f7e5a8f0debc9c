"""What is known before the first run: labels of other kernels and earlier ones of its own, gathered once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
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
from pipeline.loop.measured import MeasuredDesign, measured, read_measured, write_measured
from pipeline.loop.own_reports import correction
from pipeline.loop.record import read_json
from pipeline.synthesis import ReplayBackend
from pipeline.synthesis.plan import KernelPlan

if TYPE_CHECKING:
    from pipeline.estimator import Device
    from pipeline.exploration.meta_processes import MetaProcesses
    from pipeline.kernels import Kernel
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis import Address, ReportStore

INDEX = "histories.json"


def gather_histories(loop: ClosedLoop, addresses: Iterable[Address], folder: Path) -> None:
    """Writes the labels of kernels at the addresses: features and results a kernel, and ``histories.json``.

    Kernels whose C is not at hand are named there and left out. Earlier reports of a searched kernel itself are taken
    where they make its estimates better on designs left out.
    """
    found: list[dict[str, Any]] = []
    left_out = []
    corrections = []
    own = {plan.address.digest: plan for plan in loop.plans.values()}
    for address in addresses:
        searched = own.get(address.digest)
        kernel = loop.kernel_of(address.kernel) if searched is None else searched.kernel
        history = history_at(loop.store, kernel, address, loop.devices.of(address.flow))
        if history is None:
            if searched is None:
                left_out.append(f"{address.kernel} from {address.source}")
            continue
        features, rows = history
        if searched is not None:
            outcomes = [row.outcome() for row in rows]
            corrected = correction(History(address.kernel, address.source, features, outcomes, True), loop.seed)
            if corrected is None:
                continue
            corrections.append({**asdict(corrected), "used": corrected.helps})
            if not corrected.helps:
                continue
        name = f"{len(found):03d}"
        np.savez(
            folder / f"{name}.npz", values=features.values, shared=features.shared,
            effective=features.columns, groups=np.array(features.groups or (), dtype=np.int64),
        )  # fmt: skip
        write_measured(folder / f"{name}.jsonl", rows)
        found.append(
            {"file": name, "kernel": address.kernel, "source": address.source, "designs": len(rows),
             "estimated": features.estimated is not None, "own": searched is not None}
        )  # fmt: skip
    write_json(folder / INDEX, {"histories": found, "left_out": left_out, "corrections": corrections})


def corrections_of(loop: ClosedLoop) -> list[dict[str, Any]]:
    """What the kernels' own reports made of their estimates (:class:`~pipeline.loop.own_reports.Correction`).

    ``used`` says whether the search starts from them.
    """
    found: list[dict[str, Any]] = read_json(loop.histories_folder / INDEX, "histories").get("corrections", [])
    return found


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
        found.append(History(told["kernel"], told["source"], features, outcomes, told.get("own", False)))
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


def history_at(
    store: ReportStore, kernel: Kernel | None, address: Address, device: Device
) -> tuple[Features, list[MeasuredDesign]] | None:
    """Features and results of the designs of an address whose points are known; None where there are none.

    ``kernel`` is the C of it, None where that is not at hand.
    """
    if kernel is None or address.kernel_hash not in ("", kernel.ast_hash):
        return None
    backend = ReplayBackend(store, address)
    plan = KernelPlan(backend, address, kernel, None)
    outcomes = [outcome for outcome in backend.everything() if outcome.point is not None]
    if not outcomes:
        return None
    sites = {name for outcome in outcomes for name in outcome.point or {}}
    try:
        facts = kernel_features(kernel, address.flow.dialect, sites, device)
    except PipelineError:
        return None
    rows = [measured(labelled(plan, outcome, "history")) for outcome in outcomes]
    return facts.of([row.point for row in rows]), rows
