"""How many estimates a round may ask for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.estimator import prepare
from pipeline.exploration import KernelFeatures
from pipeline.kernels.suite import find_kernel
from pipeline.loop.pace import LEAST, MICROSECONDS, SECONDS, SECONDS_BESIDE_TOOL, microseconds, most_estimates


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
