"""A batch from a shortlist: the best first, then what adds most beside those already taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from pipeline.exploration.outlook import Aim, Expected, Value, ranking, scalarised
from pipeline.exploration.shortlist import Ranked, signatures
from pipeline.exploration.types import Floats

NEARBY = 2.0
"""City-block distance of effective values over which what is learned from one design fades by e."""

ALIKE = 12.0
"""City-block distance of effective values over which the correlation of errors falls by e (replay studies)."""

DRAWS = 256


@dataclass(frozen=True)
class Channel:
    """One order in which designs are worth running.

    ``weights`` make one cost of several, None where there is one; ``lowest`` and ``highest`` [m] scale them; ``aim``
    counts under them.
    """

    value: Value
    aim: Aim
    seed: int
    weights: Floats | None = None
    lowest: Floats | None = None
    highest: Floats | None = None

    def single(self, outlook: Expected) -> Expected:
        """The outlook as one cost."""
        if self.weights is None or self.lowest is None or self.highest is None:
            return outlook
        return scalarised(outlook, self.weights, self.lowest, self.highest)

    def of(self, outlook: Expected, rng: np.random.Generator) -> Floats:
        """Values [n] of designs."""
        return self.value(self.single(outlook), self.aim, rng)


@dataclass(frozen=True)
class BatchRequest:
    """What a batch is taken from: the shortlist with its outlook, the orders, and costs [k, m] known of valid designs.

    At most ``count`` designs are wanted; those with a chance below ``least_chance`` come last.
    """

    shortlist: Ranked
    outlook: Expected
    channels: Sequence[Channel]
    known: Floats
    count: int
    least_chance: float


def in_turn(request: BatchRequest) -> list[tuple[int, float]]:
    """Places in the shortlist of at most ``count`` designs to run together, with their values, in the order taken.

    The channels take turns. What one taken design will tell about another is accounted for before it is run, as in
    GP-BUCB (JMLR 15, 2014): the spread shrinks near it, so the next ones lie elsewhere. Designs with the forecast of
    one taken already come only when no others are left.
    """
    shortlist, outlook, channels = request.shortlist, request.outlook, request.channels
    same = signatures(shortlist.forecast)
    columns = np.asarray(shortlist.features.columns, dtype=np.float64)
    unknown = np.ones(len(shortlist))
    repeated = np.zeros(len(shortlist), dtype=np.bool_)
    left = np.ones(len(shortlist), dtype=np.bool_)
    taken: list[tuple[int, float]] = []
    for turn in range(min(request.count, len(shortlist))):
        channel = channels[turn % len(channels)]
        now = replace(outlook, spread=outlook.spread * unknown[:, None])
        value = channel.of(now, np.random.default_rng([channel.seed, turn // len(channels)]))
        order = ranking(value, outlook.chance, request.least_chance)
        pool = left & ~repeated if (left & ~repeated).any() else left
        place = int(order[pool[order]][0])
        taken.append((place, float(value[place])))
        left[place] = False
        repeated |= same == same[place]
        learned = np.exp(-np.abs(columns - columns[place]).sum(axis=1) / NEARBY)
        unknown *= np.sqrt(1.0 - 0.99 * learned**2)
    return taken


def jointly(
    outlook: Expected, columns: Floats, best: float, cap: float, count: int, least_chance: float, seed: int
) -> list[tuple[int, float]]:
    """Places of at most ``count`` designs that together promise most, with what each adds, in the order taken.

    The expected improvement of the best of the batch over ``best`` (q-EI: Ginsbourger, Le Riche and Carraro, 2010),
    over joint draws of costs and of validity, greedily (within 1 - 1/e of the best batch, as it is submodular). The
    outlook gives each design's own distribution; designs that are alike, by ``columns`` [n, C] and by forecast,
    err together, so that a batch does not stake everything on one guess. An improvement counts up to ``cap``.
    """
    cost, spread = outlook.cost[:, 0], outlook.spread[:, 0]
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(correlations(columns, cost, outlook.chance) + 1e-4 * np.eye(len(cost)))
    costs = cost[:, None] + spread[:, None] * (root @ rng.standard_normal((len(cost), DRAWS)))
    doubt = ndtri(np.clip(outlook.chance, 1e-4, 1.0 - 1e-4))[:, None]
    runs = doubt + root @ rng.standard_normal((len(cost), DRAWS)) > 0.0
    gain = np.where(runs, np.clip(best - costs, 0.0, cap), 0.0)
    # Where draws tell no difference the safer, then the faster design comes first.
    tie = 1e-4 * outlook.chance - 1e-5 * cost
    reached = np.zeros(DRAWS)
    taken: list[tuple[int, float]] = []
    left = np.ones(len(cost), dtype=np.bool_)
    for _ in range(min(count, len(cost))):
        added = np.maximum(gain, reached).mean(axis=1) - reached.mean()
        order = ranking(added + tie, outlook.chance, least_chance)
        place = int(order[left[order]][0])
        taken.append((place, float(added[place])))
        left[place] = False
        reached = np.maximum(reached, gain[place])
    return taken


def correlations(columns: Floats, cost: Floats, chance: Floats) -> NDArray[np.float64]:
    """[n, n] correlations of errors: exponential in the distance of designs and of forecasts."""
    odds = np.log(np.clip(chance, 1e-3, 1 - 1e-3) / (1 - np.clip(chance, 1e-3, 1 - 1e-3)))
    distance = cdist(columns, columns, "cityblock") / ALIKE
    for figure, scale in ((cost, 0.3), (odds, 0.15)):
        distance += scale * np.abs(figure[:, None] - figure[None, :])
    return np.asarray(np.exp(-distance))
