"""How well estimates order real designs, and the simplest bound to compare with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from pipeline.kernels.model import Kernel, SiteKind


def kendall_tau(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's tau-b of two rankings; 0 where one of them is constant."""
    agree = disagree = first_ties = second_ties = 0
    for i in range(len(first)):
        for j in range(i):
            a, b = first[i] - first[j], second[i] - second[j]
            if a == 0:
                first_ties += 1
            if b == 0:
                second_ties += 1
            if a * b > 0:
                agree += 1
            elif a * b < 0:
                disagree += 1
    pairs = len(first) * (len(first) - 1) // 2
    scale = math.sqrt((pairs - first_ties) * (pairs - second_ties))
    return (agree - disagree) / scale if scale else 0.0


def naive_bound(kernel: Kernel, point: Mapping[str, int | str]) -> float:
    """Over all innermost loops, the product of trip counts over the product of factors."""
    total = 0.0
    for loop in kernel.loops:
        if not loop.innermost:
            continue
        work, current = 1.0, loop
        while True:
            factor = 1
            for site in kernel.sites_of(current.id):
                if site.kind is SiteKind.PARALLEL:
                    factor = max(1, int(point[site.name]))
            work *= (current.trip_count or 1) / factor
            if current.parent is None:
                break
            current = kernel.loop(current.parent)
        total += work
    return total
