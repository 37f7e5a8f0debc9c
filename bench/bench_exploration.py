"""The parts of a round of search on a design space of about a million points, in seconds and as shares of scoring.

``python bench/bench_exploration.py [POINTS]``: a made-up space of the shape of published ones. Features and scoring are
the forecasts' own time, training is named apart; what is left of a whole round is the search's own time.

``python bench/bench_exploration.py estimates [FILE ...]``: what an estimate takes by a clock, beside what
:mod:`pipeline.loop.pace` says, for the suite or for sources, ``hls_config.cfg`` or Tcl scripts; and what constants fit.
Of November 2026 (one core): gemm-ncubed 0.09 ms, mvt-medium 0.14, aes 0.37, C++ projects of 16 to 62 loops 1.4 to 3.7.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import nnls

from pipeline.design_space import DesignSpace, SiteSpace, load_space
from pipeline.estimator import prepare
from pipeline.estimator.features import features as figures
from pipeline.exploration import (
    History,
    KernelFeatures,
    Objective,
    Prior,
    SearchOutcome,
    SiteFacts,
    make_strategy,
    space_candidates,
)
from pipeline.exploration.acquisitions import ACQUISITIONS
from pipeline.exploration.meta_processes import learn_processes
from pipeline.exploration.outlook import Aim, expected
from pipeline.exploration.selection import jointly
from pipeline.exploration.shortlist import Shortlist
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.kernels.suite import suite_names
from pipeline.loop.pace import MICROSECONDS, microseconds, sizes
from pipeline.tasks.plan import kernel_of
from pipeline.terms import SiteKind

FACTORS = (1, 2, 4, 8, 16, 32)
RUNS = 40
DRAWN = 200
BATCH = 16_384
WALK, FEATURES, SCORING, SHORTLIST = "going through the space", "features", "scoring (forest)", "shortlist"
CHOICE, TRAINING, ROUND = "choosing the batch", "training (forest)", "a whole round"
DEFAULT = "the same by the default"
LEARNING = "learning from others"


class Clock:
    """Seconds spent on each part, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextlib.contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Adds the block's time to a part."""
        start = time.perf_counter()
        yield
        self.seconds[part] += time.perf_counter() - start


def made_up(points: int) -> tuple[DesignSpace, KernelFeatures]:
    """A space of at least so many points: loops with a PARALLEL and a PIPELINE site each, two deep."""
    sites, facts, size, number = [], [], 1, 0
    while size < points:
        loop, above = f"top/loop_{number}", (f"top/loop_{number - 1}",) if number % 2 else ()
        sites.append(SiteSpace(f"__PARA__L{number}", SiteKind.PARALLEL, FACTORS, 1))
        sites.append(SiteSpace(f"__PIPE__L{number}", SiteKind.PIPELINE, ("off", "", "flatten"), "off"))
        facts.append(SiteFacts(sites[-2].name, "PARALLEL", loop, above, 32, innermost=bool(number % 2)))
        facts.append(SiteFacts(sites[-1].name, "PIPELINE", loop, above, 32, innermost=bool(number % 2)))
        size *= len(FACTORS) * 3
        number += 1
    return DesignSpace(sites, kernel="made-up"), KernelFeatures(sorted(facts, key=lambda site: site.name))


def estimates(names: Sequence[str]) -> None:
    """Print what an estimate of each kernel takes and is said to take, and the constants that fit best."""
    taken, counts = [], []
    for name in names or suite_names():
        kernel = kernel_of(name)
        prepared, space = prepare(kernel), load_space(kernel)
        drawn = space.decode(space.sample_rows(DRAWN, np.random.default_rng(0)))
        begun = time.process_time()
        figures(prepared, drawn, kernel.dialect)
        taken.append(1e6 * (time.process_time() - begun) / len(drawn))
        counts.append(list(sizes(prepared).values()))
        said = microseconds(prepared)
        print(
            f"  {kernel.name:24} {taken[-1] / 1e3:8.3f} ms, said to be {said / 1e3:.3f}: {taken[-1] / said:.2f} times"
        )
    # Relative errors count, as they decide how long a round takes.
    shares = np.array(counts, dtype=float) / np.array(taken)[:, None]
    fitted = nnls(shares, np.ones(len(taken)))[0]
    print(
        "  " + ", ".join(f"{name} {value:.0f}" for name, value in zip(MICROSECONDS, fitted, strict=True)) + " fit best"
    )


def main() -> None:
    """Print each part's seconds, its rate and its share of scoring."""
    if sys.argv[1:2] == ["estimates"]:
        estimates(sys.argv[2:])
        return
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    space, facts = made_up(points)
    candidates = space_candidates(space, facts, whole_limit=10**9)
    rng = np.random.default_rng(0)
    keys = candidates.keys(space.sample_rows(RUNS, rng))
    outcomes = [
        SearchOutcome(key, "ok", bool(rng.random() < 0.6), float(2 ** rng.uniform(12, 22)), (0.2, 0.1, 0.1, 0.1))
        for key in keys
    ]
    clock = Clock()
    surrogate = ForestSurrogate()
    surrogate.see(candidates.sample(200, rng).features)
    with clock.on(TRAINING):
        surrogate.fit(candidates.features(keys), outcomes)
    shortlist, value, count = Shortlist(400, 0.1), ACQUISITIONS["ei"].value, 0
    batches = space.batches(BATCH)
    while True:
        with clock.on(WALK):
            batch = next(batches, None)
        if batch is None:
            break
        with clock.on(FEATURES):
            features = facts.of_rows(space, batch)
        with clock.on(SCORING):
            forecast = surrogate.predict(features)
        with clock.on(SHORTLIST):
            outlook = expected(forecast, Objective())
            shortlist.add(batch, features, forecast, outlook, value(outlook, Aim(12.0), rng))
        count += len(batch)
    best = shortlist.best
    assert best is not None
    with clock.on(CHOICE):
        outlook = expected(best.forecast, Objective())
        taken = jointly(outlook, best.features.columns.astype(float), 12.0, float("inf"), 10, 0.1, 0)
    with clock.on(ROUND):
        make_strategy("forest-ei").propose(candidates, outcomes, 10, rng)
    histories = [History(name, "made-up", candidates.features(keys), outcomes) for name in ("a", "b", "c", "d")]
    with clock.on(LEARNING):
        processes = learn_processes(histories)
    with clock.on(DEFAULT):
        strategy = make_strategy("auto", prior=Prior.fit(histories), processes=processes)
        strategy.propose(candidates, outcomes, 10, rng)
    seconds = clock.seconds
    print(f"{count:,} points, {len(space.sites)} sites, {RUNS} runs known, a forest, expected improvement")
    for part in (WALK, FEATURES, SCORING, SHORTLIST):
        spent = seconds[part]
        share = spent / seconds[SCORING]
        print(f"  {part:24} {spent:8.2f} s  {count / spent:12,.0f} points/s  {share:7.3f} of scoring")
    print(f"  {CHOICE:24} {seconds[CHOICE]:8.2f} s  {len(taken)} of {len(best)} designs")
    print(f"  {TRAINING:24} {seconds[TRAINING]:8.2f} s")
    own = seconds[WALK] + seconds[SHORTLIST] + seconds[CHOICE]
    print(f"  {ROUND:24} {seconds[ROUND]:8.2f} s; besides features, scoring and training {own:.2f} s")
    ratio = seconds[DEFAULT] / seconds[ROUND]
    print(f"  {LEARNING:24} {seconds[LEARNING]:8.2f} s, once a loop")
    print(f"  {DEFAULT:24} {seconds[DEFAULT]:8.2f} s, {ratio:.1f} times that: two surrogates, and a prior below each")


if __name__ == "__main__":
    main()
