"""Validation: the designs that are thought best, labelled once more, predicted against measured."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.loop.options import LoopTask
from pipeline.tasks.loop.record import Record, rounds_of
from pipeline.tasks.loop.rounds import finished, synthesis_of
from pipeline.tasks.loop.warm import GatherHistories
from pipeline.tasks.messages import say
from pipeline.tasks.outputs import FolderTarget, fingerprint, point_latest, write_json
from pipeline.tasks.parameters import OptionalWholeNumber, WholeNumber
from pipeline.tasks.provisional import Standing, unfinished

if TYPE_CHECKING:
    from pipeline.synthesis import ReportStore
    from pipeline.tasks.loop.chosen import Chosen
    from pipeline.tasks.loop.measured import Measured
    from pipeline.tasks.plan import Plan

VALIDATED = "validated.jsonl"


class ValidateTopDesigns(LoopTask):
    """Labels the top designs of a loop, or of a model alone, once more: predicted against measured, with ranks.

    With Vitis HLS they are synthesised afresh. Under replay they are entries that the loop had not picked. Estimates
    are computed again. Only the first is called resynthesised.
    """

    example = "--kernel gemm-ncubed --budget 40 --top-k 5"

    budget = OptionalWholeNumber(
        least=1,
        default=None,
        description="runs of the loop whose top designs are meant; without it those of --model alone",
    )
    top_k = WholeNumber(least=0, default=3, description="designs to validate, for each kernel")
    use_cache = luigi.BoolParameter(default=False, description="with Vitis: take reports that are there already")
    cosim = luigi.BoolParameter(default=False, description="with Vitis: simulate the RTL too; needs a test bench")

    def requires(self) -> list[luigi.Task]:
        """The last round of the loop; without a loop what is known before any run."""
        if self.top_k < 0:
            raise PipelineError(f"--top-k {self.top_k} is no number of designs", fix="give 0 or more")
        if self.cosim and self.loop.backend_name != "vitis":
            raise PipelineError("--cosim needs Vitis HLS", fix="leave it out, or use --backend vitis")
        if self.budget is None:
            return [self.clone(GatherHistories)]
        if self.budget < 1:
            raise PipelineError(f"--budget {self.budget} allows no run", fix="give a positive number")
        takes = self.takes
        return synthesis_of(self, len(takes), takes[-1])

    @property
    def takes(self) -> list[int]:
        """How many designs each round of the loop runs."""
        return rounds_of(self.budget or 0, self.loop.batch)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """The loop, its budget, and what is validated how."""
        return {
            **super().identity,
            "budget": self.budget,
            "cosim": self.cosim,
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
        from pipeline.tasks.loop.chosen import chosen_of_loop, chosen_of_model
        from pipeline.tasks.loop.measured import write_measured
        from pipeline.tasks.loop.tables import write_csv
        from pipeline.tasks.loop.validation import VALIDATION_COLUMNS, validation_facts, validation_rows

        finished(self.requires())
        record = Record(self.loop, tuple(self.takes)) if self.budget is not None else None
        rows: list[dict[str, Any]] = []
        results: list[Measured] = []
        hows = {}
        standing = Standing()
        for kernel, plan in self.loop.plans.items():
            how, chosen = (
                chosen_of_model(self.loop, plan, self.top_k)
                if record is None
                else chosen_of_loop(self.loop, plan, record, self.top_k)
            )
            hows[kernel] = how
            found, simulated = self._label(plan, chosen, standing)
            if standing.missing:
                continue
            results += found
            rows += validation_rows(kernel, chosen, found, simulated, self.loop.goal)
        if standing.missing:
            raise unfinished(standing, what="validated designs")
        with self.output().write() as folder:
            write_csv(folder / "validation.csv", VALIDATION_COLUMNS, rows)
            write_json(folder / "validation.json", validation_facts(self.loop, rows, hows, self.use_cache))
            write_measured(folder / VALIDATED, results)
            write_json(folder / "provenance.json", self.identity)

    def _label(
        self, plan: Plan, chosen: list[Chosen], standing: Standing
    ) -> tuple[list[Measured], dict[str, dict[str, Any]]]:
        """A result per chosen design, in their order, and what RTL simulation said, by design key.

        What has no result is counted in ``standing`` and left out.
        """
        from pipeline.tasks.loop.measured import measured
        from pipeline.tasks.outcomes import is_told, labelled, outcomes_of, told

        acting = self._acting(plan)
        designs = [(pick.key, pick.point) for pick in chosen]
        found = {}
        title = f"{plan.name} validation"
        outcomes = outcomes_of(acting, designs, self.folder, lambda key, stage: self.tell(f"{key}: {stage}"))
        for done, outcome in enumerate(self.follow(outcomes, title, len(designs)), 1):
            if acting.runs_tool and not self.use_cache:
                outcome = replace(outcome, origin="resynthesised")
            if standing.add(plan.name, outcome):
                found[outcome.key] = measured(labelled(acting, outcome, "validation"))
            if acting.runs_tool and is_told(outcome):
                say(f"  {title}, {done}/{len(designs)} {told(outcome)}")
        return [found[pick.key] for pick in chosen if pick.key in found], self._simulated(acting, list(found))

    def _acting(self, plan: Plan) -> Plan:
        """The plan, filing into the validation's own store where something is to be made afresh."""
        from pipeline.synthesis import EstimatorBackend
        from pipeline.synthesis.vitis import VitisBackend
        from pipeline.synthesis.vitis.job import Further
        from pipeline.tasks.plan import open_store
        from pipeline.tasks.vitis import make_backend

        if isinstance(plan.backend, EstimatorBackend):
            known = plan.backend
            fresh = EstimatorBackend(self.fresh_store, device=known.device, flow_target=known.flow_target)
            return replace(plan, backend=fresh)
        if not isinstance(plan.backend, VitisBackend):
            return plan
        assert plan.kernel is not None
        store = open_store(self.workspace) if self.use_cache else self.fresh_store
        backend = make_backend(store, plan.kernel, "", self.loop.target_asked)
        if self.cosim and Further.COSIM not in backend.further:
            backend.further = (*backend.further, Further.COSIM)
        return replace(plan, backend=backend)

    def _simulated(self, acting: Plan, keys: list[str]) -> dict[str, dict[str, Any]]:
        from pipeline.synthesis.vitis import VitisBackend

        backend = acting.backend
        if not isinstance(backend, VitisBackend) or "cosim" not in acting.further:
            return {}
        entries = backend.store.get_many(backend.step_address("cosim"), keys)
        labels = {key: entry.label for key, entry in entries if entry is not None}
        return {key: {"status": str(label.status), "cycles": label.cycles} for key, label in labels.items()}

    def report_of(self, plan: Plan, key: str) -> bytes | None:
        """The csynth.xml that the validation of a design left; None where it left none."""
        entry = self.fresh_store.get(plan.address, key)
        return entry.xml if entry is not None else None

    def summarise(self) -> None:
        """Says how predictions met measurements, and where the tables are."""
        from pipeline.tasks.loop.record import read_json
        from pipeline.tasks.loop.validation import validation_text

        place: Path = self.output().path
        say(validation_text(read_json(place / "validation.json")))
        latest = point_latest(place)
        say(f"Tables in {place} (also {latest}): validation.csv validation.json")
