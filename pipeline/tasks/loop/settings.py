"""A loop as its options decide it: plans, objective, and where its rounds stand."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.tasks.base import names
from pipeline.tasks.kernel_options import single
from pipeline.tasks.outputs import fingerprint
from pipeline.tasks.target_options import one_target, target_of
from pipeline.tasks.vitis import pairs

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.synthesis import Flow, Target
    from pipeline.tasks.plan import Plan

DEFAULT_KERNEL = "gemm-ncubed"
"""Has a shipped pack, so that the command goes through on a fresh clone."""


@dataclass(frozen=True)
class Loop:
    """The options that all tasks of a loop share, and what follows from them."""

    workspace: str
    seed: int
    kernel: str
    top: str
    cflags: str
    files: str
    part: str
    clock: float | None
    space: str
    source: str
    backend: str
    batch: int
    objective: str
    weights: str
    utilisation_limit: float
    target_cycles: float
    acquisition: str
    surrogate: str
    model: str
    warm_start: str
    warm_source: str

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """What to do, by kernel name in the order given."""
        from pipeline.tasks.plan import default_source, make_plan, resolve_backend

        named = names(self.kernel)
        single(len(named), "--kernel", top=self.top, space=self.space, files=self.files)
        backend = resolve_backend(self.backend)
        if backend == "vitis" and not named:
            # Runs of minutes to hours are not started unasked.
            if self.backend == "vitis":
                raise PipelineError("no kernel to run is named", fix="name one with --kernel")
            backend = "replay"
        source = self.source or default_source(self.workspace, backend)
        found: dict[str, Plan] = {}
        for kernel in named or (DEFAULT_KERNEL,):
            plan = make_plan(
                self.workspace,
                kernel,
                self.top,
                self.space,
                source,
                backend,
                self.cflags,
                self.files,
                self.target_asked,
            )
            if found.setdefault(plan.name, plan) is not plan:
                raise PipelineError(f"two kernels are called {plan.name}", fix="rename one of the files")
        one_target({name: plan.address.flow for name, plan in found.items()})
        return found

    @cached_property
    def target_asked(self) -> Target:
        """Part and clock that were asked for."""
        return target_of(self.part, self.clock)

    @property
    def flow(self) -> Flow:
        """Where the labels come from; the kernels of a loop have one part and clock."""
        return next(iter(self.plans.values())).address.flow

    @property
    def backend_name(self) -> str:
        """``vitis``, ``replay`` or ``estimator``."""
        return next(iter(self.plans.values())).backend.name

    @property
    def source_name(self) -> str:
        """Where the labels come from."""
        return next(iter(self.plans.values())).source

    @property
    def title(self) -> str:
        """The kernels and the source, for paths."""
        return f"{'+'.join(self.plans)[:80]}-{self.source_name}"

    @cached_property
    def goal(self) -> Objective:
        """What is searched for."""
        from pipeline.exploration import Objective

        weights = {}
        for name, value in pairs(self.weights, "weights").items():
            try:
                weights[name.upper()] = float(value)
            except ValueError:
                raise PipelineError(f"--weights: {value!r} is no number", fix="write them as LUT=1;DSP=2") from None
        return Objective(self.objective, self.utilisation_limit, weights)

    @property
    def target(self) -> float | None:
        """What is good enough, in the unit of the objective; None where nothing is named."""
        return None if math.isinf(self.target_cycles) else self.target_cycles

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What decides the rounds. The budget does not: a larger one goes on from the rounds there are."""
        from pipeline import __version__
        from pipeline.exploration import prior
        from pipeline.tasks.estimator_device import estimator_version
        from pipeline.tasks.loop.search import check_search
        from pipeline.tasks.loop.warm import other_addresses
        from pipeline.tasks.model_folder import model_file
        from pipeline.tasks.plan import open_store

        if self.batch < 1:
            raise PipelineError(f"--batch {self.batch} proposes no designs", fix="give a positive number")
        check_search(self)
        # What loops add to the store must not change their paths, so only what is replayed is hashed.
        replayed = [plan.address for plan in self.plans.values() if plan.replays]
        if replayed:
            replayed += other_addresses(self)
        return {
            "acquisition": self.acquisition,
            "backend": self.backend_name,
            "batch": self.batch,
            "estimator": estimator_version(),
            "further": sorted({step for plan in self.plans.values() for step in plan.further}),
            "kernels": [
                [name, plan.address.digest, plan.space.hash if plan.space else None]
                for name, plan in self.plans.items()
            ],
            "model": hash_of(model_file(self.model)) if self.model else None,
            "prior": prior.VERSION,
            "processes": prior.PROCESSES_VERSION,
            "objective": [self.goal.goal, self.goal.limit, sorted(self.goal.weights.items())],
            "seed": self.seed,
            "snapshot": open_store(self.workspace).snapshot(replayed) if replayed else None,
            "surrogate": self.surrogate,
            "target": self.target,
            "version": __version__,
            "warm_start": [self.warm_start, sorted(names(self.warm_source))],
        }

    @cached_property
    def rounds_folder(self) -> Path:
        """``rounds/KERNEL-SOURCE-HASH``: what the rounds leave."""
        return Path(self.workspace) / "rounds" / f"{self.title}-{fingerprint(**self.identity)}"

    def round_folder(self, number: int) -> Path:
        """The folder of a round, counted from 1."""
        return self.rounds_folder / f"round-{number:03d}"

    def runs_folder(self, number: int, kernel: str, take: int) -> Path:
        """What the first ``take`` proposals of a round gave for one kernel."""
        part = "" if take == self.batch else f"-first-{take}"
        return self.round_folder(number) / f"runs-{kernel}{part}"


@lru_cache(maxsize=8)
def loop_of(options: tuple[tuple[str, Any], ...]) -> Loop:
    """The loop of these options, made once a process: hundreds of tasks share it, and one view of the store."""
    return Loop(**dict(options))


@lru_cache(maxsize=8)
def hash_of(file: Path) -> str:
    """SHA-256 of a model file; PipelineError where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise PipelineError(
            f"the model cannot be read: {error.strerror or error}",
            file=str(file),
            fix="train one with TrainHierarchicalMoE, or check the path",
        ) from None
