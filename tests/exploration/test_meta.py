"""What other kernels teach of how designs resemble each other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import design_key
from pipeline.errors import PipelineError
from pipeline.exploration import Features, History, Prior, SearchOutcome, make_strategy
from pipeline.exploration.meta_processes import MetaProcesses, learn_processes
from pipeline.exploration.surrogates.forest import ForestSurrogate
from pipeline.exploration.surrogates.metagp import MetaSurrogate
from pipeline.exploration.types import Surrogate
from tests.exploration.toy import run_toy, toy_features, toy_space

KERNELS = ("atax", "bicg", "gemm", "mvt", "stencil", "syrk")


def relative(number: int) -> History:
    """A kernel of its own size, on which tiles cost a little more or less than they do on others."""
    rng = np.random.default_rng(number)
    size, tiles = float(rng.normal(0.0, 2.0)), float(rng.normal(0.0, 0.05))
    space = toy_space()
    points = space.decode(space.sample_rows(120, rng))
    outcomes = []
    for point in points:
        outcome = run_toy(design_key(point))
        if outcome.cycles is not None:
            slower = 2.0 ** (size + tiles * np.log2(int(point["__TILE__L0"])))
            outcome = replace(outcome, cycles=outcome.cycles * slower)
        outcomes.append(outcome)
    name = KERNELS[number] if number < len(KERNELS) else f"new{number}"
    return History(name, "toy", toy_features(estimates=True).of(points), outcomes)


@pytest.fixture(scope="module")
def sources() -> list[History]:
    return [relative(number) for number in range(len(KERNELS))]


@pytest.fixture(scope="module")
def processes(sources: list[History]) -> MetaProcesses:
    return learn_processes(sources)


def error(surrogate: Surrogate, features: Features, outcomes: list[SearchOutcome], seen: int) -> float:
    """Root mean square error of log2 cycles on the designs after the first ``seen``."""
    surrogate.fit(features.take(np.arange(seen)), outcomes[:seen])
    found = surrogate.predict(features).latency
    wrong = [found[place] - np.log2(one.cycles) for place, one in enumerate(outcomes) if place >= seen and one.cycles]
    return float(np.sqrt(np.mean(np.square(wrong))))


def test_five_runs_on_a_new_kernel_would_not_tell_its_size(sources: list[History], processes: MetaProcesses) -> None:
    prior, ratios = Prior.fit(sources, trees=20), []
    for number in range(20, 24):
        new = relative(number)
        meta = error(MetaSurrogate(processes, prior), new.features, list(new.outcomes), 5)
        ratios.append(meta / error(ForestSurrogate(prior=prior), new.features, list(new.outcomes), 5))
    assert float(np.exp(np.mean(np.log(ratios)))) < 0.4, ratios


def test_designs_that_fail_on_this_kernel_alone_would_be_run_again_and_again(
    sources: list[History], processes: MetaProcesses
) -> None:
    new = relative(30)
    large = np.array([(outcome.utilisation[0] or 0.0) > 0.4 for outcome in new.outcomes])
    outcomes = [
        SearchOutcome(outcome.key, "timeout", False) if fails else outcome
        for fails, outcome in zip(large, new.outcomes, strict=True)
    ]
    surrogate = MetaSurrogate(processes, Prior.fit(sources, trees=20))
    before = surrogate.predict(new.features).valid
    surrogate.fit(new.features.take(np.arange(30)), outcomes[:30])
    after, ran = surrogate.predict(new.features).valid[30:], np.array([bool(one.usable) for one in outcomes])[30:]
    assert ((after - ran) ** 2).mean() < 0.5 * ((before[30:] - ran) ** 2).mean()


def test_a_kernel_on_which_nothing_has_run_yet_would_end_the_search(
    sources: list[History], processes: MetaProcesses
) -> None:
    prior, new = Prior.fit(sources, trees=5), relative(50)
    surrogate = MetaSurrogate(processes, prior)
    surrogate.fit(new.features.take(np.arange(3)), [SearchOutcome(str(place), "timeout", False) for place in range(3)])
    found = surrogate.predict(new.features)
    assert np.isfinite(found.latency).all() and (found.valid < prior.predict(new.features).valid).any()
    assert len(surrogate.predict(new.features.take(np.arange(0)))) == 0


def test_a_resumed_search_would_forecast_otherwise_than_the_one_that_was_stopped(
    sources: list[History], processes: MetaProcesses, tmp_path: Path
) -> None:
    processes.save(tmp_path)
    prior, new = Prior.fit(sources, trees=5), relative(40)
    found = []
    for known in (processes, MetaProcesses.load(tmp_path)):
        surrogate = MetaSurrogate(known, prior)
        surrogate.fit(new.features.take(np.arange(12)), list(new.outcomes)[:12])
        found.append(surrogate.predict(new.features))
    assert np.array_equal(found[0].latency, found[1].latency) and np.array_equal(found[0].valid, found[1].valid)
    (tmp_path / "runs.safetensors").write_bytes(b"no weights")
    with pytest.raises(PipelineError, match="not a meta-process"):
        MetaProcesses.load(tmp_path)


def test_a_loop_that_knows_few_kernels_must_search_without_them(sources: list[History]) -> None:
    with pytest.raises(
        PipelineError, match="4 kernels of two families or more with 20 measured designs each are needed, and atax"
    ):
        learn_processes(sources[:3])
    prior = Prior.fit(sources[:3], trees=5)
    assert make_strategy("auto", prior=prior).name == "transfergp-ei+transfer-thompson"
    with pytest.raises(PipelineError, match="too few kernels are known"):
        make_strategy("metagp-ei", prior=prior)
