"""What every loop runs before its own designs, and compares its best with.

The design as written is the point of all default values of the kernel's design space: what the user's own pragmas say,
and for a kernel with placeholders what its space calls the default. It is the first run of each kernel.

Where it is asked for, the second is what the tool does alone: the design as written under the tool's own top-level
performance pragma (UG1399, "pragma HLS performance"). It is no point of the space: nothing is learned from it, and it
is never the best design of the search.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.design_space import Point, design_key, parse_key
from pipeline.errors import PipelineError
from pipeline.loop.pool import points_of, pool_of

if TYPE_CHECKING:
    from pipeline.synthesis.plan import KernelPlan

AS_WRITTEN, PERFORMANCE = "as_written", "performance"
"""What these runs of a loop are called in its tables."""
BASELINES = {AS_WRITTEN: "as written", PERFORMANCE: "the tool's performance pragma"}
"""The runs that the others are compared with, to what people call them."""
SITE = "__PERFORMANCE__"


def key_as_written(plan: KernelPlan) -> str | None:
    """The key of the design as written; None where it is not known, or under replay not cached."""
    if plan.space is None:
        return None
    key = design_key(plan.space.default)
    if not plan.replays:
        return key
    # Published labels keep the keys that they were published with.
    return next((cached for cached, point in pool_of(plan) if design_key(point) == key), None)


def why_missing(plan: KernelPlan) -> str | None:
    """Why a loop has no run of the design as written, as a sentence; None where it has one."""
    if key_as_written(plan) is not None:
        return None
    if plan.space is None:
        return f"the design as written of {plan.name} is not known, as its source is not at hand: no speed-up is told"
    return (
        f"the design as written of {plan.name} is not cached from {plan.source}: it is not among the runs, and no "
        "speed-up is told; --backend estimator estimates it, a run of the tool measures it"
    )


def tool_alone(key: str) -> bool:
    """Whether a run is the tool's own performance pragma, and no design of the search."""
    return key.startswith(f"{SITE}-")


def target_interval(key: str) -> int:
    """The cycles between two starts of the top function that such a run asked the tool for."""
    return int(parse_key(key)[SITE])


def check_baselines(baselines: Sequence[str], plans: Iterable[KernelPlan]) -> None:
    """Raises PipelineError for a baseline that there is not, or that the backend cannot run."""
    for asked in baselines:
        name, given, target = asked.partition("=")
        if name != PERFORMANCE or (given and not re.fullmatch("[1-9][0-9]{0,14}", target)):
            raise PipelineError(
                f"--baseline {asked[:40]!r} is none",
                fix=f"it is {PERFORMANCE}, or {PERFORMANCE}=CYCLES; the design as written is always run",
            )
        for plan in plans:
            _alone(plan, 1)
    if len(baselines) > 1:
        raise PipelineError("--baseline asks for the same twice", fix=f"name one: {baselines[0]}")


def designs_of(plan: KernelPlan, keys: Sequence[str]) -> list[tuple[str, Point | None]]:
    """Each key with its point, of designs that may be picked and of baselines."""
    space = plan.space
    # The default may be a point that the space's own rules exclude.
    default = None if space is None or plan.replays else design_key(space.default)
    known: dict[str, Point | None] = {key: parse_key(key) for key in keys if tool_alone(key)}
    if space is not None and default in keys:
        known[str(default)] = space.default
    known |= dict(points_of(plan, [key for key in keys if key not in known]))
    return [(key, known[key]) for key in keys]


def by_backend(
    plan: KernelPlan, designs: Sequence[tuple[str, Point | None]]
) -> list[tuple[KernelPlan, list[tuple[str, Point | None]]]]:
    """Designs with the plan that runs them: the tool's own pragma has a flow, and so an address, of its own."""
    parts = [(plan, [design for design in designs if not tool_alone(design[0])])]
    parts += [(_alone(plan, target_interval(key)), [(key, point)]) for key, point in designs if tool_alone(key)]
    return [(acting, some) for acting, some in parts if some]


def _alone(plan: KernelPlan, target: int) -> KernelPlan:
    """The plan of the design as written under the tool's own pragma."""
    if plan.space is None or plan.kernel is None:
        raise PipelineError(f"--baseline performance needs the source of {plan.name}", fix="leave it out")
    backend = plan.backend.tool_alone(plan.space.default, target)
    return replace(plan, backend=backend, address=backend.address_of(plan.kernel))
