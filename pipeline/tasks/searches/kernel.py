"""One search method on one kernel of one source."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import luigi

from pipeline.tasks.messages import progress
from pipeline.tasks.outputs import FolderTarget, write_json
from pipeline.tasks.searches.learn import ForecastFold
from pipeline.tasks.searches.options import SearchStudyTask

RUNS = "runs.json"


class SearchKernel(SearchStudyTask):
    """Replays a method on one kernel, on all seeds; studies with other methods beside it share what it found."""

    kernel = luigi.Parameter(description="the kernel")
    from_source = luigi.Parameter(description="the source whose labels are replayed")
    method = luigi.Parameter(description="the method")
    seeds = luigi.IntParameter(description="repetitions")
    budget = luigi.IntParameter(description="runs of a search")
    batch = luigi.IntParameter(description="runs of a round")

    @cached_property
    def learned(self) -> ForecastFold:
        """What the other kernels tell."""
        return ForecastFold(fold=self.fold_of[self.kernel], seed=0, **self.shared())

    def requires(self) -> ForecastFold:
        """What the other kernels tell."""
        return self.learned

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Kernel, methods and sizes too."""
        taken = ("kernel", "from_source", "method", "seeds", "budget", "batch")
        return {**super().identity, **{name: getattr(self, name) for name in taken}}

    def output(self) -> FolderTarget:
        """``studies/parts/search-KERNEL-METHOD-HASH/`` with ``runs.json``."""
        return FolderTarget(self.parts / f"search-{self.kernel}-{self.method}-{self.digest}")

    def run(self) -> None:
        """Replays; a kernel with too few designs to tell searches apart is left out and says so."""
        from pipeline.exploration import Objective
        from pipeline.exploration.baselines import PoolView
        from pipeline.exploration.methods import searched
        from pipeline.exploration.replay import KnownForecasts, curve, tells_searches_apart
        from pipeline.tasks.searches.pools import read_pool

        objective = Objective(limit=self.limit)
        pool, sites = read_pool(self.dataset_folder, self.from_source, self.kernel)
        rows: list[dict[str, Any]] = []
        if tells_searches_apart(pool, objective):
            prior = KnownForecasts(pool.features, self.learned.forecast(self.from_source, self.kernel))
            view = PoolView(pool.features.values, pool.cycles(objective), sites)
            for seed in range(self.seed, self.seed + self.seeds):
                found = searched(
                    self.method, pool, view, prior,
                    objective=objective, budget=self.budget, batch=self.batch, seed=seed,
                )  # fmt: skip
                went = curve(pool, found.order, self.budget, objective)
                rows.append({"method": self.method, "seed": seed, **went.to_json(), **found.errors(pool, objective)})
        with self.output().write() as folder:
            write_json(folder / RUNS, {"designs": len(pool.outcomes), "searches": rows})
        told = f"{self.method} on {self.kernel} from {self.from_source}"
        progress.step(told + ("" if rows else ": too few designs, left out"))
