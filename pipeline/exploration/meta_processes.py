"""How runs usually differ from what was forecast of them, learned on other kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.exploration.columns import latent_of, logit
from pipeline.exploration.features import COLUMN_GROUPS
from pipeline.exploration.observed import Observed
from pipeline.exploration.prior import LEAST_KERNELS, LEAST_MEASURED, MOST_USED, History, Prior, estimated, well_known
from pipeline.exploration.prior import tell_what_is_usual as tell_what_is_usual
from pipeline.exploration.types import Features, Forecast
from pipeline.kernels.families import folds
from pipeline.models.baselines.meta_process import (
    MetaProcess,
    ProcessInputs,
    fit_meta_process,
    load_process,
    save_process,
)

Doubles = NDArray[np.float64]

_FOLDS, _TREES = 4, 30
STEPS = _FOLDS + 2
"""Steps of learning, at most."""


@dataclass(frozen=True)
class MetaProcesses:
    """Gaussian processes whose hyperparameters all kernels share.

    ``results``  of log2 latency over its estimate, and of the four utilisations
    ``runs``     of +1 for a design that runs and -1 for one that fails, as a latent number
    """

    results: MetaProcess
    runs: MetaProcess

    def save(self, folder: Path) -> None:
        """Writes ``results.safetensors`` and ``runs.safetensors``."""
        save_process(folder / "results.safetensors", self.results)
        save_process(folder / "runs.safetensors", self.runs)

    @staticmethod
    def load(folder: Path) -> MetaProcesses:
        """Reads what :meth:`save` wrote. Raises PipelineError for other files."""
        return MetaProcesses(load_process(folder / "results.safetensors"), load_process(folder / "runs.safetensors"))


NEEDED = f"{LEAST_KERNELS} kernels of two families or more with {LEAST_MEASURED} measured designs each"
"""What processes are learned from at least."""


def check_enough(histories: Sequence[History]) -> None:
    """Raises PipelineError where there is less than :data:`NEEDED`, with what there is."""
    if not tell_what_is_usual(histories):
        known = sorted(well_known(histories))
        raise PipelineError(
            f"too few kernels to learn from how designs resemble each other: {NEEDED} are needed, "
            f"and {', '.join(known) if known else 'none'} {'has' if len(known) < 2 else 'have'} as many",
            fix="label more kernels, or name further sources",
        )


def learn_processes(
    histories: Sequence[History],
    *,
    seed: int = 0,
    trust: float = 1.0,
    advance: Callable[[int], object] | None = None,
) -> MetaProcesses:
    """Learns on designs of other kernels, whose forecasts come from priors that did not see their family.

    ``trust`` is that of the prior that they go with. ``advance`` is told of each of :data:`STEPS` steps.

    Raises PipelineError as :func:`check_enough`.
    """
    check_enough(histories)
    step = advance or (lambda steps: None)
    observed = {number: Observed.of(history.outcomes) for number, history in enumerate(histories)}
    place = folds({history.kernel for history in histories}, _FOLDS)
    results, runs = [], []
    for fold in sorted(set(place.values())):
        others = [history for history in histories if place[history.kernel] != fold]
        prior = Prior.fit(others, trees=_TREES, seed=seed, trust=trust)
        for number, history in enumerate(histories):
            if place[history.kernel] == fold:
                features, found = history.features, observed[number]
                before = prior.predict(features)
                results.append((result_inputs(features, before), result_targets(features, found)))
                told = found.told
                latent = np.where(found.ran[told] == 1, 1.0, -1.0)[:, None]
                runs.append((run_inputs(features.take(told), before.take(told)), latent))
        step(1)
    learned = []
    for kernels in (results, runs):
        learned.append(fit_meta_process(kernels, seed))
        step(1)
    return MetaProcesses(*learned)


def result_targets(features: Features, observed: Observed) -> Doubles:
    """[n, 5] log2 of latency over its estimate, and utilisations up to :data:`MOST_USED`; NaN where not measured."""
    targets = np.array(observed.targets, dtype=np.float64)
    targets[:, 1:] = np.minimum(targets[:, 1:], MOST_USED)
    targets[:, 0] -= estimated(features)
    targets[~observed.measured] = np.nan
    return targets


def result_inputs(features: Features, before: Forecast) -> ProcessInputs:
    """What ``results`` takes; the prior of each target is its forecast."""
    ratio = before.latency - estimated(features)
    expected = np.column_stack([ratio, before.utilisation]).astype(np.float64)
    return _inputs(features, before, expected[:, :, None])


def run_inputs(features: Features, before: Forecast) -> ProcessInputs:
    """What ``runs`` takes; the prior is the forecast chance as a latent number."""
    return _inputs(features, before, latent_of(before.valid).astype(np.float64)[:, None, None])


def _inputs(features: Features, before: Forecast, priors: Doubles) -> ProcessInputs:
    ratio = before.latency - estimated(features)
    known = [features.shared, before.latency[:, None], ratio[:, None], logit(before.valid)[:, None], before.utilisation]
    columns = np.asarray(features.columns, dtype=np.float64)
    groups = np.zeros(columns.shape[1]) if features.groups is None else np.asarray(features.groups)
    blocks = tuple(columns[:, groups == group] for group in range(COLUMN_GROUPS))
    return ProcessInputs(np.concatenate(known, axis=1).astype(np.float64), blocks, priors)


def latencies(features: Features, ratios: Doubles) -> Doubles:
    """[n] log2 cycles from their ratios to the estimate."""
    return np.asarray(estimated(features) + ratios)
