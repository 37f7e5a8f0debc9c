"""A hierarchical mixture of experts as what forecasts a loop's designs: tuned each round on the runs so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import PipelineError
from pipeline.estimator.features import FEATURES
from pipeline.exploration import ACQUISITIONS, Forecast, best_acquisition
from pipeline.exploration.strategy import SurrogateStrategy
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.graphs.make import graph_of
from pipeline.loop.candidates import candidates_of, features_of
from pipeline.loop.closed_loop import HMOE
from pipeline.loop.estimates import from_figures
from pipeline.loop.featurise import estimator_columns
from pipeline.loop.model_file import model_file
from pipeline.models import load_model, save_model
from pipeline.training import VOCABULARY, KernelDesigns, fine_tune, predict_designs, preset, site_graph
from pipeline.training.data import REFERENCE_CYCLES

if TYPE_CHECKING:
    from pipeline.exploration import Features, SearchOutcome, Strategy, Surrogate
    from pipeline.exploration.features import KernelFeatures
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.models import DesignModel
    from pipeline.synthesis.plan import KernelPlan
    from pipeline.training import SiteGraph

EPOCHS = 60
"""Of tuning on the runs so far: tens of designs. The encoder stays as it was, so a kernel is encoded once."""
_LEAST_SPREAD = 0.05
"""Doublings; experts that happen to agree are no proof."""
_LEAST_SHARE = 1e-3


def tune_model(loop: ClosedLoop, plan: KernelPlan, outcomes: Sequence[SearchOutcome], file: Path) -> dict[str, Any]:
    """Tunes the loop's model on the runs so far and writes it; returns what was done.

    Each round starts from the pre-trained weights. Without any usable run these are written as they are.
    """
    model, _ = load_model(model_file(loop.model), vocabulary=VOCABULARY)
    if model.config.task != "regression":
        raise PipelineError(
            f"the model predicts {model.config.task}", file=loop.model, fix="name one that predicts perf and resources"
        )
    facts = features_of(loop, plan)
    candidates = candidates_of(loop, plan, facts)
    usable = [outcome for outcome in outcomes if outcome.usable and outcome.cycles and None not in outcome.utilisation]
    if usable:
        input_of = ModelInput.of(plan, facts, model, loop.ir_cache)
        designs = input_of.designs(candidates.features([outcome.key for outcome in usable]), usable)
        config = replace(preset("best").fine_tuning, epochs=EPOCHS, seed=loop.seed, trainable="after-encoder")
        model = fine_tune(model, designs, np.arange(len(usable)), config)
    save_model(file, model, vocabulary=VOCABULARY, about={"title": f"tuned on {len(usable)} runs of {plan.name}"})
    return {"designs": len(usable), "epochs": EPOCHS if usable else 0}


@dataclass(frozen=True)
class ModelInput:
    """Turns search's features of one kernel into what a model takes.

    ``columns`` are the places of the graph's sites among the features' values; ``estimated`` says whether the shared
    columns end in the estimator's figures, as they are and relative to the design without directives.
    """

    plan: KernelPlan
    graph: SiteGraph
    columns: tuple[int, ...]
    estimated: bool
    wanted: bool

    @staticmethod
    def of(plan: KernelPlan, facts: KernelFeatures, model: DesignModel, ir_cache: Path) -> ModelInput:
        """Raises PipelineError where the kernel's graph cannot be made, or its sites are not those of the designs."""
        if plan.kernel is None:
            raise PipelineError(f"a model needs the C of {plan.name}", fix="give its path as --kernel")
        program = graph_of(plan.kernel.file, cache=ir_cache, top=plan.kernel.top)
        graph = site_graph(program, plan.address.flow.dialect)
        place = {site.name: column for column, site in enumerate(facts.sites)}
        missing = [name for name in graph.graph.sites if name not in place]
        if missing:
            raise PipelineError(f"the designs of {plan.name} have no site {missing[0]}, which its graph has")
        columns = tuple(place[name] for name in graph.graph.sites)
        return ModelInput(plan, graph, columns, facts.estimate is not None, model.config.estimate_use != "none")

    def designs(self, features: Features, outcomes: Sequence[SearchOutcome] | None = None) -> KernelDesigns:
        """The designs of these features, with their results where these are known."""
        count = len(features)
        targets = np.full((count, 5), np.nan, np.float32)
        for row, outcome in enumerate(outcomes or ()):
            assert outcome.cycles is not None
            targets[row] = [0.5 * math.log2(REFERENCE_CYCLES / outcome.cycles), *map(_number, outcome.utilisation)]
        return KernelDesigns(
            kernel=self.plan.name,
            source=self.plan.source,
            dialect=self.plan.address.flow.dialect,
            graph=self.graph.graph,
            keys=np.arange(count).astype(str),
            values=np.ascontiguousarray(features.values[:, self.columns], dtype=np.float32),
            estimates=from_figures(self._figures(features)) if self.wanted else None,
            targets=targets,
            valid=np.ones(count, np.int8),
            usable=np.full(count, outcomes is not None),
            cycles=np.full(count, np.nan),
            group=np.arange(count).astype(str),
        )

    def _figures(self, features: Features) -> Any:
        if not self.estimated:
            return np.zeros((len(features), len(FEATURES)), np.float32)
        return features.shared[:, estimator_columns(features.shared.shape[1])]


class TunedModel:
    """A surrogate: a tuned model forecasts latency and resources, and ``base`` learns here whether a design runs."""

    def __init__(self, model: DesignModel, designs_of: ModelInput, base: Surrogate) -> None:
        self._model, self._designs_of, self._base = model, designs_of, base

    def fit(self, features: Features, outcomes: Sequence[SearchOutcome]) -> None:
        """Teaches the base; the model has been tuned on these outcomes already."""
        self._base.fit(features, outcomes)

    def predict(self, features: Features) -> Forecast:
        """The model's forecast, with the base's chance that a design runs."""
        found = predict_designs(self._model, self._designs_of.designs(features))
        assert found.targets is not None and found.spread is not None
        return Forecast(
            latency=math.log2(REFERENCE_CYCLES) - 2.0 * found.targets[:, 0].astype(np.float64),
            latency_spread=np.maximum(2.0 * found.spread[:, 0], _LEAST_SPREAD),
            utilisation=found.targets[:, 1:].astype(np.float64),
            utilisation_spread=np.maximum(found.spread[:, 1:], _LEAST_SHARE),
            valid=self._base.predict(features).valid,
        )


def model_strategy(loop: ClosedLoop, plan: KernelPlan, facts: KernelFeatures, file: Path, acquisition: str) -> Strategy:
    """The strategy whose forecasts come from a tuned model file."""
    model, _ = load_model(file, vocabulary=VOCABULARY)
    designs_of = ModelInput.of(plan, facts, model, loop.ir_cache)
    if acquisition == "auto":
        acquisition = best_acquisition(loop.goal)
    return SurrogateStrategy(
        f"{HMOE}-{acquisition}",
        lambda: TunedModel(model, designs_of, ForestSurrogate(seed=loop.seed)),
        ACQUISITIONS[acquisition],
        loop.goal,
    )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
