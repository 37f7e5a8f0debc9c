"""What is known before the first run: labels of other kernels, gathered once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.record import read_json
from pipeline.tasks.outputs import FolderTarget, write_json

if TYPE_CHECKING:
    from pipeline.exploration.meta_processes import MetaProcesses
    from pipeline.exploration.prior import History
    from pipeline.synthesis import Address
    from pipeline.tasks.loop.settings import Loop

INDEX = "histories.json"


class GatherHistories(LoopTask):
    """Reads the labels of other kernels that the search starts from; what is there later is not looked at again."""

    def output(self) -> FolderTarget:
        """``warm-start/`` among the rounds: features and results a kernel, and ``histories.json``."""
        return FolderTarget(self.loop.rounds_folder / "warm-start")

    def run(self) -> None:
        """Reads and writes; kernels whose C is not at hand are named and left out."""
        import numpy as np

        from pipeline.tasks.loop.measured import write_measured

        found: list[dict[str, Any]] = []
        left_out = []
        with self.output().write() as folder:
            for address in self.follow(list(other_addresses(self.loop)), "labels of other kernels"):
                history = _history(self.loop, address)
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


class LearnProcesses(LoopTask):
    """Learns from the labels of other kernels how designs resemble each other, once for all rounds."""

    def requires(self) -> GatherHistories:
        """The labels."""
        before: GatherHistories = self.clone(GatherHistories)
        return before

    def output(self) -> FolderTarget:
        """``processes/`` among the rounds: the files of the processes, none where there is too little to learn from."""
        return FolderTarget(self.loop.rounds_folder / "processes")

    def run(self) -> None:
        """Learns, where the search uses it."""
        from pipeline.exploration.meta_processes import STEPS, learn_processes, tell_what_is_usual
        from pipeline.tasks.loop.search import uses_processes

        histories = histories_of(self.loop) if uses_processes(self.loop) else []
        with self.output().write() as folder:
            if tell_what_is_usual(histories):
                with self.following(STEPS, f"learning from {len(histories)} label sets of other kernels") as advance:
                    learn_processes(histories, seed=self.loop.seed, advance=advance).save(folder)


def processes_of(loop: Loop) -> MetaProcesses | None:
    """What :class:`LearnProcesses` wrote; None where there was too little to learn from."""
    from pipeline.exploration.meta_processes import MetaProcesses

    folder: Path = loop.rounds_folder / "processes"
    return MetaProcesses.load(folder) if any(folder.glob("*.safetensors")) else None


def other_addresses(loop: Loop) -> Iterator[Address]:
    """Where the labels are that the search starts from, by its option ``--warm-start``.

    Of the loop's own source: the other kernels under the same flow. Of sources that ``--warm-source`` names: all.
    """
    from pipeline.tasks.base import names
    from pipeline.tasks.plan import open_store

    if loop.warm_start not in ("auto", "reports"):
        return
    store = open_store(loop.workspace)
    own = {plan.address.flow.hash for plan in loop.plans.values()}
    searched = {plan.name for plan in loop.plans.values()} | {p.address.kernel_hash for p in loop.plans.values()}
    named = names(loop.warm_source)
    known = store.sources()
    missing = next((source for source in named if source not in known), None)
    if missing is not None:
        raise PipelineError(
            f"there are no labels of source {missing!r} (sources here: {', '.join(known) or 'none'})",
            fix="import them, or name another --warm-source",
        )
    for source in named or (loop.source_name,):
        for address in store.addresses(source=source):
            foreign = address.flow.hash not in own
            if (foreign and named) or (not foreign and not {address.kernel, address.kernel_hash} & searched):
                yield address


def histories_of(loop: Loop) -> list[History]:
    """The histories that :class:`GatherHistories` wrote."""
    import numpy as np

    from pipeline.exploration import Features
    from pipeline.exploration.features import LOG2_CYCLES
    from pipeline.exploration.prior import History
    from pipeline.tasks.loop.measured import read_measured

    folder: Path = loop.rounds_folder / "warm-start"
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


def estimator_columns(width: int) -> slice:
    """Where the estimator's figures stand among ``width`` shared columns that end in them, absolute and relative."""
    from pipeline.estimator.features import FEATURES

    return slice(width - 2 * len(FEATURES), width - len(FEATURES))


def _history(loop: Loop, address: Address) -> tuple[Any, list[Any]] | None:
    """Features and results of the designs of an address whose points are known; None where there are none."""
    from pipeline.synthesis import ReplayBackend
    from pipeline.tasks.estimator_device import device_of
    from pipeline.tasks.loop.featurise import kernel_features
    from pipeline.tasks.loop.measured import measured
    from pipeline.tasks.outcomes import labelled
    from pipeline.tasks.plan import Plan, kernel_or_none, open_store

    kernel = kernel_or_none(address.kernel)
    if kernel is None or address.kernel_hash not in ("", kernel.ast_hash):
        return None
    backend = ReplayBackend(open_store(loop.workspace), address)
    plan = Plan(backend, address, kernel, None)
    outcomes = [outcome for outcome in backend.everything() if outcome.point is not None]
    if not outcomes:
        return None
    sites = {name for outcome in outcomes for name in outcome.point or {}}
    try:
        facts = kernel_features(kernel, address.flow.dialect, sites, device=device_of(address.flow))
    except PipelineError:
        return None
    rows = [measured(labelled(plan, outcome, "history")) for outcome in outcomes]
    return facts.of([row.point for row in rows]), rows
