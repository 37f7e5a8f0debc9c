"""How many estimates a round may ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.estimator import prepare
from pipeline.exploration import KernelFeatures, space_candidates
from pipeline.exploration.evolution import GENERATIONS, POPULATION
from pipeline.kernels.suite import find_kernel
from pipeline.loop.pace import LEAST, MICROSECONDS, SECONDS, SECONDS_BESIDE_TOOL, microseconds, most_estimates
from pipeline.loop.search import to_estimate
from tests.exploration.toy import toy_features, toy_space, wide_space


def test_the_work_of_an_estimate_counts_what_the_kernel_holds_and_no_clock() -> None:
    prepared = prepare(find_kernel("gemm-ncubed"))
    # Three loops; below the outermost a sum and a store, and the addition and product of floating-point numbers.
    loops = prepared.facts.loops
    kinds = [len(segment.operators) for n in prepared.outermost for segment, _ in loops[n].segments]
    assert (len(loops), len(prepared.nest.memories), sum(kinds)) == (3, 3, 5)
    each = MICROSECONDS
    whole = each["design"] + 3 * each["loop"] + 3 * each["memory"] + 5 * each["operator"]
    assert microseconds(prepared) == microseconds(prepare(find_kernel("gemm-ncubed"))) == whole
    (segment, between), *others = loops[prepared.outermost[0]].segments
    touched = replace(segment, touches=(None, None))  # type: ignore[arg-type]
    loops[prepared.outermost[0]].segments = ((touched, between), *others)
    assert microseconds(prepared) == whole + 2 * each["touch"]


@pytest.mark.parametrize(("work", "by_estimates"), [(100, 120_000), (7_000, 1_714), (10**9, LEAST)])
def test_a_round_may_ask_for_what_its_seconds_allow_and_beside_runs_of_a_tool_for_more(
    work: int, by_estimates: int
) -> None:
    facts = KernelFeatures([], None, work)
    assert most_estimates(facts, runs_tool=False) == by_estimates
    beside = most_estimates(facts, runs_tool=True)
    assert beside == max(LEAST, SECONDS_BESIDE_TOOL * 1_000_000 // work) and SECONDS_BESIDE_TOOL > SECONDS
    assert most_estimates(KernelFeatures([]), runs_tool=True) is None, "without estimates nothing bounds a round"


def test_what_is_said_to_be_left_is_what_has_no_estimate_yet() -> None:
    space, facts, heard = toy_space(), toy_features(estimates=True), list[int]()
    facts.told = heard.append
    candidates = space_candidates(space, facts)
    said = to_estimate(candidates)
    list(candidates.batches())
    assert said == sum(heard) == space.size() and to_estimate(candidates) == 0
    large = space_candidates(wide_space(14), facts)
    assert to_estimate(large) == large.drawn + GENERATIONS * POPULATION
    bounded = space_candidates(wide_space(14), facts, most=1_000)
    assert to_estimate(bounded) == 750
    again = space_candidates(wide_space(14), facts, most=1_000, kept={b"": np.zeros(2, np.float32)})
    assert to_estimate(again) == 250, "the sample has been estimated in a round before"
