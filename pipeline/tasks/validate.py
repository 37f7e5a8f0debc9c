"""Validation: the designs that are thought best, labelled once more, predicted against measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.rounds import finished, synthesis_of
from pipeline.tasks.loop.warm import GatherHistories
from pipeline.tasks.messages import say
from pipeline.tasks.outcomes import outcomes_of
from pipeline.tasks.outputs import FolderTarget, fingerprint, point_latest, write_json
from pipeline.tasks.parameters import OptionalWholeNumber, WholeNumber
from pipeline.tasks.provisional import Standing, unfinished
from pipeline.tasks.sections import section, vitis

if TYPE_CHECKING:
    from pipeline.loop.chosen import Chosen
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.reports.labels import Label
    from pipeline.synthesis import ReportStore
    from pipeline.synthesis.plan import KernelPlan


NONE_ASKED = "Validated no design, as --top-k 0 asks"


class ValidateTopDesigns(LoopTask):
    """Labels the top designs of a loop, or of a model alone, once more: predicted against measured, with ranks.

    With Vitis HLS they are synthesised afresh. Under replay they are entries that the loop had not picked. Estimates
    are computed again. Only the first is called resynthesised.
    """

    rare = (*LoopTask.rare, "use_cache")
    example = "--kernel gemm-ncubed --budget 40 --top-k 5"

    budget = OptionalWholeNumber(
        least=1,
        default=None,
        description="runs of the loop that is meant; without it --model alone",
    )
    top_k = WholeNumber(least=0, default=3, description="designs to validate, for each kernel")
    use_cache = luigi.BoolParameter(default=False, description="with Vitis: take reports that are there already")
    cosim = luigi.BoolParameter(default=False, description="with Vitis: simulate the RTL too; needs a test bench")
    implement = luigi.BoolParameter(default=False, description="with Vitis: place and route in Vivado, out of context")

    def requires(self) -> list[luigi.Task]:
        """The last round of the loop; without a loop what is known before any run."""
        self.check()
        if self.budget is None:
            return [self.clone(GatherHistories)]
        takes = self.takes
        return synthesis_of(self, len(takes), takes[-1])

    def check(self) -> None:
        """Raises PipelineError for what no validation of this loop can do; the loop asks before its first run."""
        if self.steps and not self.top_k:
            raise PipelineError(
                f"--{self.steps[0]} with --top-k 0 has no design to run on", fix="give --top-k 1 or more"
            )
        if not set(self.steps) <= set(self.loop.backend.steps):
            raise PipelineError(f"--{self.steps[0]} needs Vitis HLS", fix="leave it out, or use --backend vitis")
        for plan in self.loop.plans.values() if "cosim" in self.steps and not section(vitis).testbench else ():
            project = plan.kernel.project if plan.kernel is not None else None
            if project is None or not project.testbench:
                raise PipelineError(
                    f"--cosim: {plan.name} has no test bench",
                    fix="name one: --vitis-testbench, [vitis] testbench of luigi.cfg, or tb.file of hls_config.cfg",
                )

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps beyond C synthesis that are asked for."""
        return tuple(step for step, asked in (("cosim", self.cosim), ("implement", self.implement)) if asked)

    @property
    def takes(self) -> list[int]:
        """How many designs each round of the loop runs."""
        from pipeline.loop.record import rounds_of

        return rounds_of(self.budget or 0, self.loop.batch)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The loop, its budget, and what is validated how."""
        return {
            **super().identity,
            "budget": self.budget,
            "cosim": self.cosim,
            **({"implement": True} if self.implement else {}),
            "loop": self.loop.identity,
            "top_k": self.top_k,
            "use_cache": self.use_cache,
        }

    def output(self) -> FolderTarget:
        """``validations/KERNEL-SOURCE-HASH/`` with ``validation.csv``, ``validation.json`` and the results."""
        return FolderTarget(self.folder / "validations" / f"{self.loop.title}-{self.digest}")

    @cached_property
    def fresh_store(self) -> ReportStore:
        """The reports of this validation alone: none that was there before is taken, and a kill loses none."""
        from pipeline.synthesis import ReportStore

        return ReportStore(self.folder / "validations" / "stores" / fingerprint(**self.identity), fsync=False)

    def run(self) -> None:
        """Chooses, labels, compares.

        Raises PipelineError where the surroundings kept a design from a result, once all the others have theirs: what
        is not measured is not compared.
        """
        from pipeline.loop.chosen import chosen_of_loop, chosen_of_model
        from pipeline.loop.record import RoundsRecord
        from pipeline.loop.validation import validation_rows, write_validation

        finished(self.requires())
        record = RoundsRecord(self.loop, tuple(self.takes)) if self.budget is not None else None
        rows: list[dict[str, Any]] = []
        results: list[MeasuredDesign] = []
        hows = {}
        standing = Standing()
        for kernel, plan in self.loop.plans.items():
            how, chosen = (
                chosen_of_model(self.loop, plan, self.top_k)
                if record is None
                else chosen_of_loop(self.loop, plan, record, self.top_k)
            )
            hows[kernel] = how
            found, further = self._label(plan, chosen, standing)
            if standing.missing:
                continue
            results += found
            rows += validation_rows(kernel, chosen, found, further, self.loop.goal)
        if standing.missing:
            raise unfinished(standing, what="validated designs")
        with self.output().write() as folder:
            write_validation(folder, self.loop, rows, hows, results, use_cache=self.use_cache)
            write_json(folder / "provenance.json", self.identity)

    def _label(
        self, plan: KernelPlan, chosen: list[Chosen], standing: Standing
    ) -> tuple[list[MeasuredDesign], dict[str, dict[str, Label]]]:
        """A result per chosen design, in their order, and by step the labels of further steps, by design key.

        What has no result is counted in ``standing`` and left out.
        """
        from pipeline.loop.labelled import is_told, told
        from pipeline.loop.rounds import as_measured

        acting = self._acting(plan)
        designs = [(pick.key, pick.point) for pick in chosen]
        found = {}
        title = f"{plan.name} validation"
        outcomes = outcomes_of(acting, designs, self.folder, lambda key, stage: self.tell(f"{key}: {stage}"))
        for done, outcome in enumerate(self.follow(outcomes, title, len(designs)), 1):
            if acting.runs_tool and not self.use_cache:
                outcome = replace(outcome, origin="resynthesised")
            if standing.add(plan.name, outcome):
                found[outcome.key] = as_measured(acting, outcome, "validation")
            if acting.runs_tool and is_told(outcome):
                say(f"  {title}, {done}/{len(designs)} {told(outcome)}")
        labels = {step: acting.backend.step_labels(step, list(found)) for step in ("cosim", "implement")}
        return [found[pick.key] for pick in chosen if pick.key in found], labels

    def _acting(self, plan: KernelPlan) -> KernelPlan:
        """The plan, filing into the validation's own store where something is to be made afresh."""
        from pipeline.tasks.plan import open_store

        taken = self.use_cache and plan.runs_tool
        store = open_store(self.workspace) if taken else self.fresh_store
        return replace(plan, backend=plan.backend.afresh(store, *self.steps))

    def summarise(self) -> None:
        """Says how predictions met measurements, and where the tables are."""
        from pipeline.loop.record import read_json
        from pipeline.loop.validation import validation_text

        place: Path = self.output().path
        say(validation_text(read_json(place / "validation.json")) if self.top_k else NONE_ASKED)
        latest = point_latest(place)
        say(f"Tables in {place} (also {latest}): validation.csv validation.json")
