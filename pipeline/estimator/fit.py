"""Free constants refitted to measured designs, and judged on kernels that took no part in the fit.

The constants that are whole numbers (:data:`GRIDS`) are found by trying one after the other, from the shipped ones, for
the smallest mean over kernels of ``1 - tau + 0.25 * median |log2 error|`` of the cycles. Those of the resources are
found by ``scipy.optimize.least_squares`` on logarithms, robustly, from the shipped ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from pipeline.errors import PipelineError
from pipeline.estimator.area import TERMS, terms
from pipeline.estimator.bound import naive_bound
from pipeline.estimator.constants import Constants
from pipeline.estimator.device import Device
from pipeline.estimator.halves import family
from pipeline.estimator.points import Point
from pipeline.estimator.prepared import WalkedKernel, prepare
from pipeline.estimator.scores import RESOURCES, Agreement, agreement, kendall_tau
from pipeline.kernels.model import Kernel
from pipeline.reports.counts import Resources
from pipeline.terms import Dialect, Resource

GRIDS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    Dialect.MERLIN: {
        "element_sums_apart": (0, 1),
        "stages_percent": (100, 130, 160),
        "tile_cycles": (20, 100, 400),
        "offchip_cycles": (5, 25, 60),
        "flattens": (0, 1),
        "copy_cycles": (16, 64, 160),
        "carried_cycles": (0, 1, 3),
    },
    Dialect.VITIS_PLAIN: {
        "stages_percent": (100, 130, 160),
        "carried_cycles": (0, 1, 3),
        "small_loop": (0, 16, 64),
        "copies_overlap": (0, 1),
        "copy_cycles": (2, 64),
        "widest_partition": (128, 512, 1024),
    },
}
"""By flow the values that are tried for each free constant, the most telling first."""

FITTED_AREA: tuple[str, ...] = (Resource.LUT, Resource.FF)
"""Resources with constants to fit; DSP blocks and block RAM follow measured figures and rules."""

LEAST = 8
"""Designs that a kernel needs to be ranked."""
_WORTHWHILE = 0.002
_PULL = 0.3
"""How strongly the constants of the resources are held to the shipped ones."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured design: its point, cycles and what it uses."""

    point: Point
    cycles: float
    used: Resources


@dataclass(frozen=True)
class KernelData:
    """A kernel's measured designs."""

    kernel: Kernel
    designs: tuple[Measured, ...]


@dataclass
class Trials:
    """Estimates of all kernels under settings of the free constants, each made once."""

    device: Device
    flow: str
    data: Sequence[KernelData]
    told: Callable[[], None] | None = None
    """Called after each setting that was tried on a kernel."""
    _prepared: dict[tuple[int, int], WalkedKernel] = field(default_factory=dict)
    _losses: dict[tuple[int, tuple[tuple[str, int], ...]], float] = field(default_factory=dict)

    def shipped(self) -> dict[str, int]:
        """The free constants as they are shipped."""
        rules = self.device.flows[self.flow]
        return {name: getattr(rules, name) if name != "stages_percent" else 100 for name in GRIDS[self.flow]}

    def constants(self, setting: Mapping[str, int], area: Mapping[str, Mapping[str, float]]) -> Constants:
        """A setting as constants."""
        rules = {name: value for name, value in setting.items() if name != "stages_percent"}
        return Constants(self.flow, setting["stages_percent"], rules, area)

    def prepared(self, number: int, setting: Mapping[str, int]) -> WalkedKernel:
        """A kernel under a setting; the tree is walked once for each number of stages."""
        device = self.constants(setting, {}).apply(self.device)
        key = (number, setting["stages_percent"])
        if key not in self._prepared:
            self._prepared[key] = prepare(self.data[number].kernel, device)
        return replace(self._prepared[key], device=device)

    def loss(self, number: int, setting: Mapping[str, int]) -> float:
        """The loss of one kernel."""
        key = (number, tuple(sorted(setting.items())))
        if key not in self._losses:
            prepared = self.prepared(number, setting)
            ours, theirs = [], []
            for design in self.data[number].designs:
                cycles = prepared.figures(design.point, self.flow).cycles[2]
                if cycles is not None:
                    ours.append(float(max(cycles, 1)))
                    theirs.append(design.cycles)
            if len(ours) < LEAST:
                self._losses[key] = math.nan
            else:
                error = float(np.median(np.abs(np.log2(ours) - np.log2(theirs))))
                self._losses[key] = 1 - kendall_tau(ours, theirs) + 0.25 * error
            if self.told is not None:
                self.told()
        return self._losses[key]


def fit(trials: Trials, chosen: Sequence[int]) -> Constants:
    """The constants that suit the ``chosen`` kernels of the trials best; PipelineError where none can be ranked."""

    def mean(setting: Mapping[str, int]) -> float:
        losses = [value for number in chosen if not math.isnan(value := trials.loss(number, setting))]
        if not losses:
            raise PipelineError(
                f"no kernel has {LEAST} designs with cycles that can be estimated",
                fix="import more reports, or name other --kernels",
            )
        return sum(losses) / len(losses)

    setting = trials.shipped()
    best = mean(setting)
    improved = True
    while improved:
        improved = False
        for name, grid in GRIDS[trials.flow].items():
            for value in grid:
                if value == setting[name]:
                    continue
                other = {**setting, name: value}
                if (loss := mean(other)) < best - _WORTHWHILE:
                    best, setting, improved = loss, other, True
    return trials.constants(setting, _fit_area(trials, chosen, setting))


def _fit_area(trials: Trials, chosen: Sequence[int], setting: Mapping[str, int]) -> dict[str, dict[str, float]]:
    counted: dict[str, list[list[float]]] = {name: [] for name in FITTED_AREA}
    wanted: dict[str, list[float]] = {name: [] for name in FITTED_AREA}
    weights: dict[str, list[float]] = {name: [] for name in FITTED_AREA}
    for number in chosen:
        prepared = trials.prepared(number, setting)
        rows: dict[str, list[tuple[list[float], float]]] = {name: [] for name in FITTED_AREA}
        for design in trials.data[number].designs:
            found = prepared.figures(design.point, trials.flow)
            counts = terms(found.schedule, prepared.moved(trials.flow), prepared.device)
            for name in FITTED_AREA:
                items = TERMS[name]
                if (used := getattr(design.used, name)) is not None and used > 0:
                    rows[name].append(([counts[name][term] for term in items], float(used)))
        for name, pairs in rows.items():
            counted[name] += [counts for counts, _ in pairs]
            wanted[name] += [used for _, used in pairs]
            weights[name] += [1 / math.sqrt(max(1, len(pairs)))] * len(pairs)
    shipped = trials.device.flows[trials.flow].area
    fitted: dict[str, dict[str, float]] = {}
    for name in FITTED_AREA:
        items = TERMS[name]
        if len(wanted[name]) < LEAST:
            continue
        matrix, target = np.asarray(counted[name]), np.log2(np.asarray(wanted[name]))
        weight = np.asarray(weights[name])
        start = np.log2([max(shipped[name][term], 1e-3) for term in items])

        def residuals(
            logs: NDArray[np.float64],
            matrix: NDArray[np.float64] = matrix,
            target: NDArray[np.float64] = target,
            weight: NDArray[np.float64] = weight,
            start: NDArray[np.float64] = start,
        ) -> NDArray[np.float64]:
            errors: NDArray[np.float64] = weight * (np.log2(np.maximum(matrix @ np.exp2(logs), 0.5)) - target)
            return np.concatenate([errors, _PULL * (logs - start)])

        result = least_squares(residuals, start, loss="soft_l1", bounds=(start - 8, start + 8), max_nfev=60)
        fitted[name] = {term: float(f"{2**value:.3g}") for term, value in zip(items, result.x, strict=True)}
    return fitted


def judge(trials: Trials, number: int, constants: Constants | None) -> Agreement | None:
    """The agreement of one kernel under constants, the shipped ones for None; None below :data:`LEAST` designs."""
    device = constants.apply(trials.device) if constants is not None else trials.device
    percent = constants.stages_percent if constants is not None else 100
    setting = {**trials.shipped(), "stages_percent": percent}
    prepared = replace(trials.prepared(number, setting), device=device)
    ours: list[float] = []
    theirs: list[float] = []
    naive: list[float | None] = []
    resources: dict[str, list[tuple[float, float]]] = {name: [] for name in RESOURCES}
    for design in trials.data[number].designs:
        found = prepared.figures(design.point, trials.flow)
        if found.cycles[2] is None:
            continue
        ours.append(float(found.cycles[2]))
        theirs.append(design.cycles)
        naive.append(naive_bound(prepared.nest, prepared.points.choices(design.point, trials.flow)))
        for name in RESOURCES:
            used, mine = getattr(design.used, name), getattr(found.used, name)
            if used is not None and used > 0 and mine is not None:
                resources[name].append((float(mine), float(used)))
    return agreement(ours, theirs, naive, resources) if len(ours) >= LEAST else None


def folds(names: Sequence[str], parts: int) -> list[list[int]]:
    """The places of the names in up to ``parts`` groups; variants of a kernel (``gemm-p``, ``gemm-p-large``) together.

    Families (:func:`family`) go to the smallest group so far, the largest first.
    """
    families: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        families.setdefault(family(name), []).append(place)
    groups: list[list[int]] = [[] for _ in range(max(1, min(parts, len(families))))]
    for places in sorted(families.values(), key=lambda found: (-len(found), found)):
        min(groups, key=len).extend(places)
    return [sorted(group) for group in groups]


def cross_validate(trials: Trials, parts: int = 5) -> dict[int, Agreement]:
    """By kernel the agreement under constants that were fitted on the kernels of the other groups only."""
    held: dict[int, Agreement] = {}
    count = len(trials.data)
    for group in folds([item.kernel.name for item in trials.data], parts):
        others = [number for number in range(count) if number not in group]
        constants = fit(trials, others) if others else None
        for number in group:
            found = judge(trials, number, constants)
            if found is not None:
                held[number] = found
    return held
