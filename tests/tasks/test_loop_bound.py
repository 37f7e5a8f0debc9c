"""The bound that ends a search as proven."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from pipeline.exploration import Objective
from pipeline.loop import ClosedLoop, KernelPlan
from pipeline.loop.bound import least_cycles
from pipeline.synthesis.devices import Devices
from pipeline.tasks.kernel_options import AS_IT_IS
from pipeline.tasks.plan import make_plan
from tests.tasks.loops import facts, loop


def _goal(**choices: Any) -> ClosedLoop:
    return cast(ClosedLoop, SimpleNamespace(goal=Objective(**choices), devices=Devices()))


def _on_part(plan: KernelPlan, part: str | None) -> KernelPlan:
    return replace(plan, address=replace(plan.address, flow=replace(plan.address.flow, part=part)))


def test_a_search_would_end_as_proven_by_a_bound_of_another_device_or_another_objective(tmp_path: Path) -> None:
    plan = make_plan(str(tmp_path), "gemm-ncubed", AS_IT_IS, "", "estimator", "estimator")
    known = least_cycles(_goal(), _on_part(plan, "xcu200-fsgd2104-2-e"))
    tighter = least_cycles(_goal(limit=0.4), _on_part(plan, "xcu200-fsgd2104-2-e"))
    assert known is not None and tighter is not None and tighter > known > 1, "half of the DSP blocks take longer"
    for other in (None, "xcvu13p-flga2577-3-e"):
        unknown = least_cycles(_goal(), _on_part(plan, other))
        assert unknown is not None and 1 <= unknown < known, "only what crosses the ports counts"
    assert least_cycles(_goal(goal="ns"), plan) is None and least_cycles(_goal(goal="pareto"), plan) is None
    assert least_cycles(_goal(), replace(plan, kernel=None)) is None


def test_a_loop_says_how_far_a_better_design_could_be(tmp_path: Path) -> None:
    done = loop(tmp_path, "--kernel", "atax", "--budget", "4", "--batch", "4", "--acquisition", "coreset")
    assert done.returncode == 0, done.stderr
    found = facts(tmp_path)
    assert 1 < found["kernels"]["atax"]["lower_bound"] < found["best"]["cycles"]
    assert f"no design can take less than {found['kernels']['atax']['lower_bound']:,} cycles" in done.stderr
    assert json.dumps(found)
