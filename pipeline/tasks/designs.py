"""Which designs: the list that a backend will label."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.design_space import design_key, parse_key
from pipeline.errors import PipelineError
from pipeline.synthesis import made_for
from pipeline.synthesis.backends.registry import BACKENDS
from pipeline.tasks.base import PipelineTask, names
from pipeline.tasks.kernel_options import KERNEL, KernelOptions
from pipeline.tasks.messages import say
from pipeline.tasks.narrowing import SpaceOptions
from pipeline.tasks.outputs import FolderTarget, write_json
from pipeline.tasks.parameters import OptionalWholeNumber
from pipeline.tasks.target_options import TargetOptions

if TYPE_CHECKING:
    from pipeline.synthesis.plan import KernelPlan


def check_around(around: str, strategy: str) -> None:
    """Raises PipelineError for centres that the strategy, as it was resolved, has no use for."""
    if around and strategy != "neighbourhood":
        raise PipelineError(
            f"--around is for --strategy neighbourhood, and --strategy here is {strategy}",
            fix="give --strategy neighbourhood, or leave --around out",
        )


BACKEND_CHOICES = ("auto", *BACKENDS)
STRATEGIES = ("auto", "cached", "uniform", "space-filling", "neighbourhood", "one-factor", "all")
DEFAULT_COUNT = 100


class KernelTask(TargetOptions, KernelOptions, SpaceOptions, PipelineTask):
    """A task on one kernel, one source and one backend."""

    kernel = luigi.Parameter(description=KERNEL)
    space = luigi.Parameter(default="", description="design space file (TOML or AutoDSE JSON); else found or derived")
    source = luigi.Parameter(default="", description="where labels come from, such as hlsyn-v20")
    backend = luigi.ChoiceParameter(default="auto", choices=BACKEND_CHOICES, description="what labels the designs")
    strategy = luigi.ChoiceParameter(default="auto", choices=STRATEGIES, description="how designs are chosen")
    count = OptionalWholeNumber(
        least=1, default=None, description=f"designs; default: all that are cached under replay, else {DEFAULT_COUNT}"
    )
    around = luigi.Parameter(
        default="", description="design keys, comma-separated: centres of --strategy neighbourhood"
    )

    @cached_property
    def plan(self) -> KernelPlan:
        """Kernel, space and flow; decided once, before the task runs."""
        from pipeline.tasks.plan import default_source, make_plan, resolve_backend

        backend = resolve_backend(self.backend)
        source = self.source or default_source(self.workspace, backend)
        return make_plan(
            self.workspace, self.kernel, self.reading, self.space, source, backend, self.asked_target, self.narrowing
        )

    @cached_property
    def chosen_strategy(self) -> str:
        """The strategy with ``auto`` resolved."""
        found = str(self.strategy)
        if found == "auto":
            found = "cached" if self.plan.replays else "uniform"
        check_around(self.around, found)
        if found == "all" and self.count is not None:
            raise PipelineError(
                f"--count {self.count} has no effect: --strategy all takes every design",
                fix="leave --count out, or give another --strategy",
            )
        return found

    @cached_property
    def snapshot(self) -> str | None:
        """The state of the part of the store that is replayed; None where nothing is."""
        from pipeline.tasks.plan import open_store

        return open_store(self.workspace).snapshot([self.plan.address]) if self.plan.replays else None

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Kernel, space, flow and how designs are chosen; for replays also the state of the store."""
        plan = self.plan
        return {
            **super().identity,
            "address": plan.address.digest,
            "around": sorted(names(self.around)),
            "backend": plan.backend.name,
            "count": self.count,
            "snapshot": self.snapshot,
            "space": plan.space.hash if plan.space else None,
            "strategy": self.chosen_strategy,
        }


class SampleConfigurations(KernelTask):
    """Chooses design points of a kernel and writes them as the table designs."""

    example = "--kernel mine.c --strategy space-filling --count 200"

    def output(self) -> FolderTarget:
        """``designs/KERNEL/STRATEGY-HASH/`` with ``designs.parquet`` and ``provenance.json``."""
        return FolderTarget(self.folder / "designs" / self.plan.name / f"{self.chosen_strategy}-{self.digest}")

    def run(self) -> None:
        """Samples and writes."""
        import json

        from pipeline.dataset.build import points_allowed
        from pipeline.dataset.schemas import make_table, write_table

        chosen = self._cached() if self.chosen_strategy == "cached" else self._sampled()
        plan = self.plan
        in_space: list[bool | None] = [None] * len(chosen)
        if plan.space is not None:
            known = [i for i, (_, point) in enumerate(chosen) if point is not None]
            for i, allowed in zip(known, points_allowed(plan.space, [chosen[i][1] or {} for i in known]), strict=True):
                in_space[i] = allowed
        table = make_table(
            "designs",
            {
                "kernel": [plan.name] * len(chosen),
                "dialect": [plan.address.flow.dialect] * len(chosen),
                "key": [key for key, _ in chosen],
                "point": [None if point is None else json.dumps(point, sort_keys=True) for _, point in chosen],
                "sampled_by": [self.chosen_strategy] * len(chosen),
                "in_space": in_space,
            },
        )
        with self.output().write() as folder:
            write_table(folder / "designs.parquet", "designs", table)
            write_json(folder / "provenance.json", {**self.identity, "kernel": plan.name, "source": plan.source})

    def summarise(self) -> None:
        """Says how many designs there are and where."""
        from pipeline.dataset.schemas import read_table

        file = self.output().path / "designs.parquet"
        size = f" of {self.plan.space.size():,}" if self.plan.space and self.plan.space.countable else ""
        count = read_table(file, "designs").num_rows
        say(f"{count:,}{size} designs of {self.plan.name}, for {made_for(self.plan.address.flow)}, in {file}")

    def _cached(self) -> list[tuple[str, dict[str, int | str] | None]]:
        import numpy as np

        from pipeline.tasks.plan import open_store

        store = open_store(self.workspace)
        cached = [(key, point) for key, point in store.designs(self.plan.address) if self.plan.admits(point)]
        if not cached:
            raise PipelineError(
                f"none of the cached reports of {self.plan.name} has what is written at {self.plan.kept[0]}",
                fix="keep fewer sites, or use --backend estimator",
            )
        if self.count is None or self.count >= len(cached):
            return cached
        picked = np.random.default_rng(self.seed).choice(len(cached), size=int(self.count), replace=False)
        return [cached[i] for i in sorted(picked)]

    def _sampled(self) -> list[tuple[str, dict[str, int | str] | None]]:
        from pipeline.design_space.sampling import sample
        from pipeline.tasks.plan import open_store

        plan = self.plan
        if plan.space is None:
            raise PipelineError(
                f"there are no rules for {plan.name} under {plan.source} to sample from", fix="use --strategy cached"
            )
        # A labelled point is never drawn again, unless all of the space is asked for or only labelled points can serve.
        avoid: set[str] = set()
        if not plan.replays and self.chosen_strategy != "all":
            avoid = set(open_store(self.workspace).keys(plan.address))
        points = sample(
            plan.space,
            self.chosen_strategy,
            DEFAULT_COUNT if self.count is None else self.count,
            self.seed,
            around=[parse_key(key) for key in names(self.around)],
            exclude=avoid,
        )
        if not points:
            if not avoid:
                raise PipelineError(
                    f"the rules of the design space of {plan.name} leave no point",
                    file=plan.space.source,
                    fix="loosen a rule",
                )
            raise PipelineError(
                f"every point of the space of {plan.name} is labelled already", fix="use --strategy cached or all"
            )
        return [(design_key(point), point) for point in points]
