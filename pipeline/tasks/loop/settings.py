"""The options of a loop's tasks, and the loop that they decide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError, plain_number
from pipeline.synthesis.backends.registry import BACKENDS
from pipeline.tasks.base import names
from pipeline.tasks.estimator_device import devices
from pipeline.tasks.kernel_options import Reading, single
from pipeline.tasks.sections import pairs
from pipeline.tasks.target_options import one_target, target_of
from pipeline.terms import OwnBackend

if TYPE_CHECKING:
    from pipeline.exploration import Objective
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.synthesis.plan import KernelPlan

DEFAULT_KERNEL = "gemm-ncubed"
"""Has a shipped pack, so that the command goes through on a fresh clone."""


@dataclass(frozen=True)
class LoopOptions:
    """The options that all tasks of a loop share."""

    workspace: str
    seed: int
    kernel: str
    reading: Reading
    part: str
    clock: float | None
    space: str
    only: str
    keep: str
    source: str
    backend: str
    batch: int
    objective: str
    limit: str
    utilisation_limit: float
    target: str
    target_cycles: float
    weights: str
    hours: float
    acquisition: str
    surrogate: str
    model: str
    warm_start: str
    knowledge: str
    warm_source: str
    baseline: str

    def loop(self) -> ClosedLoop:
        """The loop; raises PipelineError for options that cannot be meant."""
        if self.warm_source and self.warm_start not in ("auto", "reports"):
            raise PipelineError(
                f"--warm-source has no effect under --warm-start {self.warm_start}",
                fix="leave it out, or give --warm-start reports",
            )
        goal = self.goal()
        target = self.good_enough(goal)
        plans = self.plans()

        from pipeline.loop.closed_loop import ClosedLoop
        from pipeline.tasks.plan import kernel_or_none, open_store

        workspace = Path(self.workspace)
        return ClosedLoop(
            plans=plans,
            store=open_store(self.workspace),
            rounds=workspace / "rounds",
            goal=goal,
            batch=self.batch,
            target=target,
            hours=None if math.isinf(self.hours) else self.hours,
            surrogate=self.surrogate,
            acquisition=self.acquisition,
            model=self.model,
            warm_start=self.warm_start,
            knowledge=self.knowledge,
            warm_sources=names(self.warm_source),
            baselines=names(self.baseline),
            seed=self.seed,
            devices=devices(),
            ir_cache=workspace / "ir",
            kernel_of=kernel_or_none,
        )

    def plans(self) -> dict[str, KernelPlan]:
        """What to do, by kernel name in the order given."""
        from pipeline.tasks.plan import default_source, make_plan, resolve_backend

        named = names(self.kernel)
        single(max(len(named), 1), "--kernel", space=self.space, only=self.only, keep=self.keep, **self.reading.narrow)
        narrowing = names(self.only), names(self.keep)
        backend = resolve_backend(self.backend)
        if BACKENDS[backend].runs_tool and not named:
            # Runs of minutes to hours are not started unasked.
            if self.backend == backend:
                raise PipelineError("no kernel to run is named", fix="name one with --kernel")
            backend = OwnBackend.REPLAY.value
        source = self.source or default_source(self.workspace, backend)
        asked = target_of(self.part, self.clock)
        found: dict[str, KernelPlan] = {}
        for kernel in named or (DEFAULT_KERNEL,):
            plan = make_plan(self.workspace, kernel, self.reading, self.space, source, backend, asked, narrowing)
            if found.setdefault(plan.name, plan) is not plan:
                raise PipelineError(f"two kernels are called {plan.name}", fix="rename one of the files")
        one_target({name: plan.address.flow for name, plan in found.items()})
        return found

    def goal(self) -> Objective:
        """What is searched for."""
        from pipeline.exploration.asked import objective_of

        weights = {}
        for name, value in pairs(self.weights, "weights").items():
            try:
                weights[name.upper()] = float(value)
            except ValueError:
                raise PipelineError(f"--weights: {value!r} is no number", fix="write them as LUT=1;DSP=2") from None
        return objective_of(self.objective, self.limit, utilisation_limit=self.utilisation_limit, weights=weights)

    def good_enough(self, goal: Objective) -> float | None:
        """The target in the objective's unit; None where there is none."""
        from pipeline.exploration.asked import target_of

        if math.isinf(self.target_cycles):
            return target_of(self.target, goal)
        if self.target:
            raise PipelineError("--target and --target-cycles are both given", fix="leave --target-cycles out")
        if goal.unit != "cycles":
            raise PipelineError(
                f"--target-cycles {plain_number(self.target_cycles, 6)} is not in the unit of --objective {goal.text}",
                fix=f"give --target NUMBER, which is {goal.unit}"
                if goal.unit.startswith("(")
                else f"give --target in {goal.unit}",
            )
        return float(self.target_cycles)


@lru_cache(maxsize=8)
def loop_of(options: tuple[tuple[str, Any], ...]) -> ClosedLoop:
    """The loop of these options, made once a process: hundreds of tasks share it, and one view of the store."""
    return LoopOptions(**dict(options)).loop()
