"""All searches on one kernel of one source."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import luigi

from pipeline.tasks.base import names
from pipeline.tasks.messages import progress
from pipeline.tasks.outputs import FolderTarget, fingerprint, write_json
from pipeline.tasks.parameters import WholeNumber
from pipeline.tasks.searches.learn import FoldTask, ForecastFold, ProcessFold
from pipeline.tasks.searches.options import SearchStudyTask
from pipeline.tasks.searches.pools import read_pool

RUNS = "runs.json"


class SearchKernel(SearchStudyTask):
    """Replays methods on one kernel, on all seeds.

    What each method found with each seed is kept apart, so that a study with one more of either runs only that.
    """

    kernel = luigi.Parameter(description="the kernel")
    from_source = luigi.Parameter(description="the source whose labels are replayed")
    methods = luigi.Parameter(description="methods, comma-separated")
    seeds = WholeNumber(least=1, description="repetitions")
    budget = WholeNumber(least=1, description="runs of a search")
    batch = WholeNumber(least=1, description="runs of a round")

    @property
    def repetitions(self) -> range:
        """The seeds of the repetitions: what is learned beforehand has the same."""
        return range(self.seed, self.seed + self.seeds)

    @cached_property
    def searches(self) -> list[tuple[str, int]]:
        """Methods with seeds; random search, whose expectation is exact, has the first one alone."""
        from pipeline.exploration.methods import RANDOM

        return [
            (method, seed)
            for method in names(self.methods)
            for seed in self.repetitions
            if method != RANDOM or seed == self.seed
        ]

    @cached_property
    def learned(self) -> dict[int, ForecastFold]:
        """What the other kernels tell, by seed; empty where no method uses it."""
        from pipeline.exploration.methods import needs_prior

        if not any(needs_prior(method) for method in names(self.methods)):
            return {}
        fold = self.fold_of[self.kernel]
        return {seed: ForecastFold(fold=fold, seed=seed, **self.shared()) for seed in self.repetitions}

    @cached_property
    def processes(self) -> dict[int, ProcessFold]:
        """What the other kernels teach of how designs resemble each other; empty where no method uses it."""
        from pipeline.exploration.methods import needs_processes

        if not any(needs_processes(method) for method in names(self.methods)):
            return {}
        taken = {"fold": self.fold_of[self.kernel], "from_source": self.from_source, **self.shared()}
        return {seed: ProcessFold(seed=seed, **taken) for seed in self.repetitions}

    def requires(self) -> list[FoldTask]:
        """What the other kernels tell."""
        return [*self.learned.values(), *self.processes.values()]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Kernel and sizes too; methods and seeds are told apart by their folders."""
        taken = ("kernel", "from_source", "budget", "batch")
        return {**super().identity, "seed": 0, **{name: getattr(self, name) for name in taken}}

    def output(self) -> dict[str, FolderTarget]:
        """``studies/parts/search-KERNEL-METHOD-HASH/`` with ``runs.json``, by method and seed."""
        return {
            f"{method} {seed}": FolderTarget(
                self.parts / f"search-{self.kernel}-{method}-{self._hash_of(method, seed)}"
            )
            for method, seed in self.searches
        }

    def _hash_of(self, method: str, seed: int) -> str:
        """What decides the runs of a search: of those that use no processes these do not."""
        from pipeline.exploration.methods import RANDOM, needs_processes

        if method == RANDOM:
            return str(self.digest)
        used = self.processes[seed].digest if needs_processes(method) else ""
        return fingerprint(kernel=self.digest, seed=seed, processes=used)

    def run(self) -> None:
        """Replays what is not there yet; a kernel with too few designs to tell searches apart is left out."""
        from pipeline.exploration import Objective
        from pipeline.exploration.baselines import PoolView
        from pipeline.exploration.expected import RandomSearch
        from pipeline.exploration.methods import RANDOM, needs_prior, needs_processes, searched
        from pipeline.exploration.replay import KnownForecasts, curve, tells_searches_apart

        objective = Objective(limit=self.limit)
        pool, sites = read_pool(self.dataset_folder, self.from_source, self.kernel, self.reading)
        serves = tells_searches_apart(pool, objective)
        view = PoolView(pool.features.values, pool.cycles(objective), sites)
        for (method, seed), target in zip(self.searches, self.output().values(), strict=True):
            if target.exists():
                continue
            rows: list[dict[str, Any]] = []
            processes = self.processes[seed].processes() if needs_processes(method) else None
            if serves and method == RANDOM:
                rows.append({"method": method, **RandomSearch.of(pool, objective).to_json()})
            elif serves and not (needs_processes(method) and processes is None):
                prior = None
                if needs_prior(method):
                    forecast = self.learned[seed].forecast(self.from_source, self.kernel)
                    prior = KnownForecasts(pool.features, forecast)
                found = searched(
                    method, pool, view, prior, processes,
                    objective=objective, budget=self.budget, batch=self.batch, seed=seed,
                )  # fmt: skip
                went = curve(pool, found.order, self.budget, objective)
                rows.append({"method": method, "seed": seed, **went.to_json(), **found.errors(pool, objective)})
            with target.write() as folder:
                write_json(folder / RUNS, {"designs": len(pool.outcomes), "searches": rows})
        progress.step(f"{self.kernel} from {self.from_source}" + ("" if serves else ": too few designs, left out"))
