from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.design_space import design_key
from pipeline.exploration import History, Prior
from pipeline.exploration.prior import estimated
from pipeline.exploration.sources import Belief, alike, belief, prior_for
from tests.exploration.toy import run_toy, toy_features, toy_space

KERNELS = ("atax", "gemm-p", "nw", "syrk", "md")


def _histories(source: str, *, wrong: bool = False) -> list[History]:
    """A toy kernel under several names; ``wrong``: the fastest designs are said to be the slowest."""
    found = []
    for number, kernel in enumerate(KERNELS):
        points = toy_space().decode(toy_space().sample_rows(60, np.random.default_rng(number)))
        outcomes = [run_toy(design_key(point)) for point in points]
        if wrong:
            outcomes = [replace(o, cycles=int(1e9 / o.cycles) if o.cycles else o.cycles) for o in outcomes]
        found.append(History(kernel, source, toy_features(estimates=True).of(points), tuple(outcomes)))
    return found


def test_another_version_that_says_the_opposite_teaches_nothing() -> None:
    own, other = _histories("own"), _histories("other", wrong=True)
    assert belief("own", [*own, *other]).shares == {"other": 0.0}
    features = own[0].features
    alone, both = prior_for("own", own).predict(features), prior_for("own", [*own, *other]).predict(features)
    assert both.latency.tolist() == alone.latency.tolist()


def test_another_source_counts_whole_where_the_own_one_cannot_tell() -> None:
    other = _histories("other")
    assert belief("own", other) == Belief() and belief("other", other).shares == {}
    few = _histories("own")[:2]
    assert belief("own", [*few, *other]) == Belief()
    assert alike("own", [*few, *other]) == [*few, *other] and alike("other", [*few, *other]) == other


def test_an_estimate_that_is_right_is_left_as_it_is_and_one_that_misleads_is_corrected() -> None:
    own = _histories("own")
    right = []
    for history in own:
        told = np.array([np.log2(o.cycles) if o.cycles else 20.0 for o in history.outcomes])
        right.append(replace(history, features=replace(history.features, estimated=told)))
    features = right[0].features
    assert Prior.fit(right, trust=0.0).predict(features).latency.tolist() == estimated(features).tolist()
    turned = [replace(one, features=replace(one.features, estimated=-estimated(one.features))) for one in right]
    assert belief("own", turned).trust == 1.0
