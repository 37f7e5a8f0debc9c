"""What labels of many kernels teach a search on a new one: a prior and processes, kept as weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from pipeline.exploration.meta_processes import STEPS, MetaProcesses, learn_processes
from pipeline.exploration.observed import Observed
from pipeline.exploration.prior import History, Prior, estimated
from pipeline.exploration.types import Features, Floats, Forecast, ForecastBeforehand
from pipeline.kernels.families import folds

PRIOR = "prior.safetensors"
_TREES, _LEAST_LEAF, FOLDS, _LEAST_TOLD = 40, 10, 4, 20
LEARNING_STEPS = 1 + STEPS
"""Steps of :meth:`Knowledge.learn`, at most; those of :func:`left_out_scores` are :data:`FOLDS`, at most."""
Step = Callable[[int], object]


@dataclass(frozen=True)
class Knowledge:
    """``prior`` forecasts designs of a new kernel, ``processes`` say how runs usually differ from that."""

    prior: Prior
    processes: MetaProcesses

    @staticmethod
    def learn(
        histories: Sequence[History], *, trust: float = 1.0, seed: int = 0, advance: Step | None = None
    ) -> Knowledge:
        """From designs of other kernels, the correction of the estimate believed as far as ``trust`` says.

        ``advance`` is told of each step. Raises PipelineError where they are too few.
        """
        prior = Prior.fit(histories, trees=_TREES, seed=seed, trust=trust, least_leaf=_LEAST_LEAF)
        if advance is not None:
            advance(1)
        return Knowledge(prior, learn_processes(histories, seed=seed, trust=trust, advance=advance))

    def save(self, folder: Path) -> None:
        """Writes safetensors into a folder that is there."""
        self.prior.save(folder / PRIOR)
        self.processes.save(folder)

    @staticmethod
    def load(folder: Path) -> Knowledge:
        """Reads what :meth:`save` wrote. Raises PipelineError for other files."""
        return Knowledge(Prior.load(folder / PRIOR), MetaProcesses.load(folder))


def left_out_scores(
    histories: Sequence[History], *, trust: float = 1.0, seed: int = 0, advance: Step | None = None
) -> list[dict[str, Any]]:
    """How a prior does on kernels whose families it has not seen, a row a kernel.

    ``designs`` measured; Kendall's tau of the forecast latency (``tau``) and of the estimate alone (``tau_estimate``);
    None where there are fewer than 20 designs or no two latencies. ``advance`` is told of each step.
    """
    place = folds({history.kernel for history in histories}, FOLDS)
    rows = []
    for fold in sorted(set(place.values())):
        learned = [history for history in histories if place[history.kernel] != fold]
        prior = Prior.fit(learned, trees=_TREES, seed=seed, trust=trust, least_leaf=_LEAST_LEAF)
        for history in histories:
            if place[history.kernel] == fold:
                found = Observed.of(history.outcomes)
                some = np.flatnonzero(found.measured)
                features = history.features.take(some)
                latency = found.targets[some, 0]
                rows.append(
                    {
                        "kernel": history.kernel,
                        "designs": len(some),
                        "tau": _tau(prior.predict(features).latency, latency) if len(some) else None,
                        "tau_estimate": _tau(estimated(features), latency) if len(some) else None,
                    }
                )
        if advance is not None:
            advance(1)
    return sorted(rows, key=lambda row: str(row["kernel"]))


def _tau(forecast: Floats, latency: Floats) -> float | None:
    if len(latency) < _LEAST_TOLD:
        return None
    value = float(kendalltau(forecast, latency).statistic)
    return None if np.isnan(value) else round(value, 3)


class Blend:
    """Forecasts of several priors as one, each counting with its weight."""

    def __init__(self, priors: Sequence[ForecastBeforehand], weights: Sequence[float]) -> None:
        self._priors = tuple(priors)
        self._weights = np.asarray(weights, dtype=np.float64) / float(np.sum(weights))

    def predict(self, features: Features) -> Forecast:
        """Mean and spread of the mixture."""
        found = [prior.predict(features) for prior in self._priors]
        moments = {name: self._mixed(found, name) for name in ("latency", "utilisation")}
        return Forecast(
            latency=moments["latency"][0],
            latency_spread=moments["latency"][1],
            utilisation=moments["utilisation"][0],
            utilisation_spread=moments["utilisation"][1],
            valid=np.asarray(sum(weight * one.valid for weight, one in zip(self._weights, found, strict=True))),
        )

    def _mixed(self, found: Sequence[Forecast], name: str) -> tuple[Floats, Floats]:
        means = [np.asarray(getattr(one, name)) for one in found]
        spreads = [np.asarray(getattr(one, f"{name}_spread")) for one in found]
        mean = sum(weight * one for weight, one in zip(self._weights, means, strict=True))
        squares = sum(w * (s**2 + m**2) for w, m, s in zip(self._weights, means, spreads, strict=True))
        return np.asarray(mean), np.sqrt(np.maximum(np.asarray(squares - mean**2), 0.0))
