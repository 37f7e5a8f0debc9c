"""The designs that a plan may pick, by key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.design_space import parse_key

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.synthesis.plan import KernelPlan


def pool_of(plan: KernelPlan) -> list[tuple[str, Point]]:
    """The cached designs whose points are known and that keep what is kept: all that replay can pick."""
    cached = plan.backend.store.designs(plan.address)
    return [(key, point) for key, point in cached if point is not None and plan.admits(point)]


def points_of(plan: KernelPlan, keys: Sequence[str]) -> list[tuple[str, Point | None]]:
    """Each key with its point, of designs that may be picked."""
    if plan.replays:
        cached = dict(pool_of(plan))
        return [(key, cached[key]) for key in keys]
    assert plan.space is not None
    return list(zip(keys, plan.space.decode(plan.space.encode([parse_key(key) for key in keys])), strict=True))
