"""Making what ships with the package: weights and constants learned from labels, with a card."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import luigi

from pipeline.errors import PipelineError, counted
from pipeline.files import read_own, write_json
from pipeline.kernels.families import family
from pipeline.tasks.base import names
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.loop.commands import command_of
from pipeline.tasks.messages import progress, say
from pipeline.tasks.model_task import versions
from pipeline.tasks.outputs import FolderTarget, point_latest
from pipeline.tasks.searches.families import check_left_out
from pipeline.tasks.searches.options import SearchStudyTask
from pipeline.tasks.searches.pools import read_pool

MOST_BYTES = 12_000_000


class MakeKnowledge(SearchStudyTask):
    """Learns from labels what a search on a new kernel starts from, and writes it as weights, never labels."""

    example = "--source vitis-plain --terms 'sharc-lab/HLSFactory, CC BY-SA 4.0'"

    without = luigi.Parameter(default="", description="kernels to leave out with their families, comma-separated")
    terms = luigi.Parameter(
        default="",
        description="where labels come from and their licence, for the card; default: the source's",
    )

    def requires(self) -> list[GenerateDataset]:
        """The dataset, unless a finished one is named."""
        check_left_out(names(self.without), {kernel for source in self.sources for kernel in self.kernels_of[source]})
        return self.dataset_tasks

    @cached_property
    def identity(self) -> dict[str, Any]:
        """What is left out and with what it is made, too."""
        from pipeline.loop.knowledge import made_with

        return {**super().identity, "without": sorted(names(self.without)), "terms": self.terms, **made_with()}

    def output(self) -> FolderTarget:
        """``knowledge/SOURCES-HASH/``: ``prior``, ``results`` and ``runs.safetensors`` with ``card.json``."""
        return FolderTarget(self.folder / "knowledge" / f"{'+'.join(self.sources)[:80]}-{self.digest}")

    def run(self) -> None:
        """Learns, and scores a prior on kernels that are left out with their families."""
        from pipeline.exploration import History
        from pipeline.exploration.knowledge import FOLDS, LEARNING_STEPS, Knowledge, left_out_scores
        from pipeline.exploration.meta_processes import check_enough
        from pipeline.exploration.sources import belief
        from pipeline.loop.knowledge import CARD, made_with

        progress.expect(3)
        left_out = {family(kernel) for kernel in names(self.without)}
        histories = []
        for source in self.sources:
            for kernel in self.kernels_of[source]:
                if family(kernel) not in left_out:
                    pool, _ = read_pool(self.dataset_folder, source, kernel, self.reading)
                    histories.append(History(kernel, source, pool.features, pool.outcomes))
        check_enough(histories)
        progress.step(f"read the labels of {counted(len(histories), 'kernel')}")
        with self.following(1 + LEARNING_STEPS, f"learning from {counted(len(histories), 'kernel')}") as advance:
            trust = belief(self.sources[0], histories, seed=self.seed).trust
            advance(1)
            learned = Knowledge.learn(histories, trust=trust, seed=self.seed, advance=advance)
        progress.step("learned a prior and processes")
        with self.following(FOLDS, "learning again without some families, to score it on them") as advance:
            scores = left_out_scores(histories, trust=trust, seed=self.seed, advance=advance)
        progress.step("scored on kernels left out")
        with self.output().write() as folder:
            learned.save(folder)
            size = sum(file.stat().st_size for file in folder.iterdir())
            if size > MOST_BYTES:
                raise PipelineError(
                    f"{size:,} bytes of weights, {MOST_BYTES:,} at most", fix="learn from fewer sources or kernels"
                )
            write_json(
                folder / CARD,
                {
                    "command": command_of(self),
                    "sources": list(self.sources),
                    "terms": self.terms or "; ".join(dict.fromkeys(map(_terms_of, self.sources))),
                    "kernels": sorted({history.kernel for history in histories}),
                    "left_out": sorted(names(self.without)),
                    "designs": sum(len(history.outcomes) for history in histories),
                    "seed": self.seed,
                    "trust": trust,
                    "made_with": made_with(),
                    "versions": versions(),
                    "holds": "weights of trees and constants of Gaussian processes; no labels",
                    "scores": {
                        "of": "Kendall's tau of forecast latency within a kernel, its family left out; "
                        "tau_estimate: of the estimator alone",
                        "mean": {name: _mean(scores, name) for name in ("tau", "tau_estimate")},
                        "kernels": scores,
                    },
                },
            )

    def summarise(self) -> None:
        """Says where it is, how well it forecasts kernels that it does not know, and how to use it."""
        from pipeline.loop.knowledge import CARD

        place: Path = self.output().path
        latest = point_latest(place)
        size = sum(file.stat().st_size for file in place.iterdir())
        mean = read_own(place / CARD, "scores", remove=place)["scores"]["mean"]
        if None not in (mean["tau"], mean["tau_estimate"]):
            said = f"{mean['tau']} with it, {mean['tau_estimate']} by estimates alone"
            say(f"Kendall's tau of forecast cycles on kernels whose families were left out: {said}")
        say(f"Knowledge in {place} ({size / 1e6:.1f} MB)" + (f" (also {latest})" if latest != place else ""))
        say(f"A search starts from it with RunActiveLearningLoop --knowledge {latest}")


def _terms_of(source: str) -> str:
    from pipeline.dataset.licences import licence_of

    found = licence_of(source)
    return f"{found.attribution}, {found.licence}"


def _mean(rows: list[dict[str, Any]], name: str) -> float | None:
    told = [row[name] for row in rows if row[name] is not None]
    return round(sum(told) / len(told), 3) if told else None
