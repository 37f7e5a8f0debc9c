"""Agreements of kernels as a table that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from pipeline.estimator.halves import held_back
from pipeline.estimator.scores import RESOURCES, Agreement


def summary(found: Sequence[Agreement]) -> dict[str, Any]:
    """Medians over kernels of tau, of the naive bound's tau and of the log error; shares of designs within 1.5."""
    naive = [item.naive_tau for item in found if item.naive_tau is not None]
    within: dict[str, float | None] = {}
    for name in RESOURCES:
        known = [(share, item.designs) for item in found if (share := item.within[name]) is not None]
        total = sum(count for _, count in known)
        within[name] = round(sum(share * count for share, count in known) / total, 4) if total else None
    return {
        "kernels": len(found),
        "designs": sum(item.designs for item in found),
        "median_tau": round(median(item.tau for item in found), 4) if found else None,
        "median_naive_tau": round(median(naive), 4) if naive else None,
        "median_log2_error": round(median(item.log_error for item in found), 4) if found else None,
        "within_1.5": within,
    }


def markdown(shipped: Mapping[str, Agreement], held_out: Mapping[str, Agreement]) -> str:
    """A row per kernel in order of its name, last ones for medians and shares of all and of each half."""
    lines = [
        "| kernel | designs | naive tau | tau, shipped | tau, refitted without it | log2 error, shipped | refitted "
        "| DSP | BRAM | LUT | FF |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, before in sorted(shipped.items()):
        after = held_out.get(name)
        cells = [
            name,
            str(before.designs),
            _text(before.naive_tau),
            _text(before.tau),
            _text(after.tau if after else None),
            _text(before.log_error),
            _text(after.log_error if after else None),
            *(f"{_share(before.within[item])} / {_share(after.within[item] if after else None)}" for item in RESOURCES),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append(_totals("all", shipped, held_out))
    for title, back in (("of families looked at", False), ("of families held back", True)):
        names = [name for name in shipped if held_back(name) is back]
        if names and len(names) < len(shipped):
            part = {name: held_out[name] for name in names if name in held_out}
            lines.append(_totals(title, {name: shipped[name] for name in names}, part))
    return "\n".join(lines) + "\n"


def _totals(title: str, shipped: Mapping[str, Agreement], held_out: Mapping[str, Agreement]) -> str:
    first, second = summary(list(shipped.values())), summary(list(held_out.values()))
    cells = [
        f"**{title}**",
        str(first["designs"]),
        _text(first["median_naive_tau"]),
        _text(first["median_tau"]),
        _text(second["median_tau"]),
        _text(first["median_log2_error"]),
        _text(second["median_log2_error"]),
        *(f"{_share(first['within_1.5'][item])} / {_share(second['within_1.5'][item])}" for item in RESOURCES),
    ]
    return f"| {' | '.join(cells)} |"


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.0f} %"
