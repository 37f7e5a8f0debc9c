"""What other kernels' designs tell about a kernel that has not been run yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from pipeline.errors import PipelineError
from pipeline.exploration.observed import Observed
from pipeline.exploration.trees import Trees
from pipeline.exploration.types import Features, Floats, Forecast, SearchOutcome
from pipeline.kernels.families import family

VERSION = 5
"""Grows when a prior learned from the same histories forecasts otherwise."""

PROCESSES_VERSION = 4
"""The same of :mod:`pipeline.exploration.meta_processes`, which loads torch; a path is decided without it."""

MOST_USED = 4.0
"""A larger utilisation on another kernel counts as this: tens of devices would outweigh all that nearly fits."""

LEAST_KERNELS = 4
"""Fewer kernels do not tell what is usual."""

_LEAST_CHANCE = 0.02
_LEAST_LEAF = 5
_COLUMNS = 0.5
_OF_TREES = ("sizes", "children", "feature", "threshold", "value")


@dataclass(frozen=True)
class History:
    """Designs of one kernel from one source that have been run; ``features`` has a row per outcome.

    ``own`` says that they are of the very kernel that is searched, from the same flow.
    """

    kernel: str
    source: str
    features: Features
    outcomes: Sequence[SearchOutcome]
    own: bool = False


class Prior:
    """Forecasts from the shared columns alone, learned on other kernels.

    Latency is learned as the ratio to the estimate where there is one, so that a kernel's size does not enter, and less
    that ratio's median over the kernel's designs, so that the trees tell apart designs and not kernels: by how much an
    estimate misses a kernel as a whole is found with the first runs on it. Each kernel weighs as the square root of its
    designs. Earlier designs of the kernel itself (:attr:`History.own`) tell its median too, and each weighs as one. The
    spread is that among trees, which is too small for a kernel unlike those seen: what is observed on it corrects it
    (:mod:`pipeline.exploration.surrogates`).
    """

    def __init__(
        self, regressor: Trees, classifier: Trees, width: int, typical: float = 0.0, trust: float = 1.0
    ) -> None:
        self._regressor = regressor
        self._classifier = classifier
        self._width = width
        self._typical = typical
        self._trust = trust

    @staticmethod
    def fit(
        histories: Sequence[History],
        *,
        trees: int = 60,
        seed: int = 0,
        shares: Mapping[str, float] | None = None,
        trust: float = 1.0,
        least_leaf: int = _LEAST_LEAF,
    ) -> Prior:
        """Learns from designs of other kernels; those of a source in ``shares`` count that much, the others whole.

        ``trust`` is how much of what the trees tell of a design's latency beside its estimate is believed: 0 leaves the
        estimate's own order (:mod:`pipeline.exploration.sources`).

        Raises PipelineError where they hold no measured design.
        """
        share = {source: 1.0 for source in {history.source for history in histories}} | dict(shares or {})
        histories = [history for history in histories if share[history.source] > 0]
        observed = [Observed.of(history.outcomes) for history in histories]
        if not any(found.measured.any() for found in observed):
            raise PipelineError(
                "the other kernels have no measured design to learn from", fix="search without a prior, or name others"
            )
        width = max(history.features.shared.shape[1] for history in histories)
        inputs = np.concatenate([_inputs(history.features, width) for history in histories])
        weights = np.concatenate(
            [
                np.full(len(found.ran), share[one.source] * (1.0 if one.own else max(1, len(found.ran)) ** -0.5))
                for one, found in zip(histories, observed, strict=True)
            ]
        )
        targets = np.concatenate([found.targets for found in observed])
        targets[:, 1:] = np.minimum(targets[:, 1:], MOST_USED)
        ratios, typical = _centred_ratios(histories, observed)
        targets[:, 0] = np.concatenate(ratios)
        measured = np.concatenate([found.measured for found in observed])
        told = np.concatenate([found.told for found in observed])
        ran = np.concatenate([found.ran for found in observed])
        targets = np.where(np.isnan(targets), np.nan_to_num(np.nanmean(targets[measured], axis=0)), targets)
        regressor = Trees(trees, seed=seed, least_leaf=least_leaf, columns=_COLUMNS)
        regressor.fit(inputs[measured], targets[measured], weights[measured])
        classifier = Trees(trees, seed=seed, least_leaf=least_leaf, columns=_COLUMNS)
        classifier.fit(inputs[told], ran[told, None].astype(np.float64), weights[told])
        return Prior(regressor, classifier, width, typical, trust)

    def save(self, file: Path) -> None:
        """Writes the trees as safetensors: numbers alone, no code."""
        arrays = {
            f"{kind}.{name}": np.ascontiguousarray(array)
            for kind, trees in (("regressor", self._regressor), ("classifier", self._classifier))
            for name, array in trees.arrays().items()
        }
        save_file(
            {
                **arrays,
                "width": np.array([self._width], dtype=np.int32),
                "correction": np.array([self._typical, self._trust]),
            },
            file,
        )

    @staticmethod
    def load(file: Path) -> Prior:
        """Reads what :meth:`save` wrote. Raises PipelineError for any other file."""
        try:
            tensors = load_file(file)
            width = int(tensors["width"][0])
            typical, trust = (float(number) for number in tensors["correction"])
            regressor, classifier = (
                Trees.of_arrays({name: tensors[f"{kind}.{name}"] for name in _OF_TREES}, width)
                for kind in ("regressor", "classifier")
            )
        except (OSError, SafetensorError, LookupError, ValueError) as error:
            problem = " ".join(str(error).split())[:200]
            raise PipelineError(f"not a prior: {problem}", file=str(file), fix="remove it and make it again") from None
        return Prior(regressor, classifier, width, typical, trust)

    def predict(self, features: Features) -> Forecast:
        """Forecasts of designs of any kernel."""
        inputs = _inputs(features, self._width)
        middle, spread = self._regressor.moments(inputs)
        return Forecast(
            latency=self._typical + self._trust * (middle[:, 0] - self._typical) + estimated(features),
            latency_spread=spread[:, 0],
            utilisation=middle[:, 1:],
            utilisation_spread=spread[:, 1:],
            valid=np.clip(self._classifier.moments(inputs)[0][:, 0], _LEAST_CHANCE, 1.0 - _LEAST_CHANCE),
        )


LEAST_MEASURED = 20


def well_known(histories: Sequence[History]) -> set[str]:
    """The kernels with at least :data:`LEAST_MEASURED` measured designs."""
    return {one.kernel for one in histories if Observed.of(one.outcomes).measured.sum() >= LEAST_MEASURED}


def tell_what_is_usual(histories: Sequence[History]) -> bool:
    """Whether at least :data:`LEAST_KERNELS` kernels of two families or more are well known."""
    known = well_known(histories)
    return len(known) >= LEAST_KERNELS and len({family(kernel) for kernel in known}) > 1


def _centred_ratios(histories: Sequence[History], observed: Sequence[Observed]) -> tuple[list[Floats], float]:
    """log2 of latency over its estimate of each history's designs, and the median that each is moved to.

    That is the median of all histories' medians, or of the kernel's own where there are some.
    """
    ratios = [found.targets[:, 0] - estimated(one.features) for one, found in zip(histories, observed, strict=True)]
    medians = [
        float(np.median(ratio[found.measured])) if found.measured.any() else np.nan
        for ratio, found in zip(ratios, observed, strict=True)
    ]
    own = [median for one, median in zip(histories, medians, strict=True) if one.own and not np.isnan(median)]
    typical = float(np.nanmedian(own or medians))
    return [ratio - median + typical for ratio, median in zip(ratios, medians, strict=True)], typical


def estimated(features: Features) -> Floats:
    """[n] log2 cycles by the estimate; 0 where there is none."""
    return np.zeros(len(features)) if features.estimated is None else np.asarray(features.estimated, dtype=np.float64)


def _inputs(features: Features, width: int) -> Floats:
    """The shared columns, padded or cut to ``width``: a kernel without estimates has zeros in their place."""
    shared = features.shared[:, :width]
    return np.pad(shared, ((0, 0), (0, width - shared.shape[1])))
