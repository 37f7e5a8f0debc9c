"""Writes the tables of RESULTS.md from finished studies: ``python docs/make_results.py WORKSPACE``.

Every table comes from the ``summary.json`` of one study, below the command that made it; nothing is typed by hand. Of
several studies under one title the one with most rows and pairs is taken, the newest of equals.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
_BETWEEN = re.compile(r"(<!-- generated: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_POINTS = (10, 20, 40)


def main(workspace: Path) -> None:
    """Fills every block of RESULTS.md whose studies the workspace holds; others stay as they are.

    A block is named by the kind of its studies, or by the whole title of the one study that stands there alone.
    """
    found = studies(workspace)
    text = RESULTS.read_text(encoding="utf-8")

    alone = {match[2] for match in _BETWEEN.finditer(text)}

    def filled(match: re.Match[str]) -> str:
        kept = [
            study
            for study in found
            if match[2] == (study["title"] if study["title"] in alone else study["title"].split(" ")[0])
        ]
        if not kept:
            return match[0]
        return match[1] + "\n".join(section(study) for study in kept) + "\n" + match[3]

    RESULTS.write_text(_BETWEEN.sub(filled, text), encoding="utf-8")


def studies(workspace: Path) -> list[dict[str, Any]]:
    """The finished studies by title, one a title."""
    best: dict[str, dict[str, Any]] = {}
    for file in sorted(workspace.glob("studies/*/summary.json")):
        if file.parent.is_symlink():
            continue
        study = json.loads(file.read_text(encoding="utf-8"))
        study["title"] = _title(file.parent.name, study["rows"])
        study["folder"] = file.parent
        study["written"] = file.stat().st_mtime
        if study["title"] not in best or _extent(study) > _extent(best[study["title"]]):
            best[study["title"]] = study
    return [best[title] for title in sorted(best)]


def _extent(study: dict[str, Any]) -> tuple[int, float, float]:
    return len(study["rows"]), sum(row.get("pairs", 0.0) for row in study["rows"]), study["written"]


def _title(folder: str, rows: list[dict[str, Any]]) -> str:
    if folder.startswith("searches-"):
        return f"searches {', '.join(sorted({row['source'] for row in rows}))}"
    first = rows[0]
    changed = any("+" in row["method"] for row in rows)
    kind = "validity" if "auc" in first else "changes" if changed else first["protocol"]
    where = (
        first["source"]
        if first["source"] == first["target_source"]
        else f"{first['source']} to {first['target_source']}"
    )
    shots = sorted({row["shots"] for row in rows})
    return f"{kind} {where}" + (f", {' and '.join(map(str, shots))} shots" if shots != [0] else "")


def section(study: dict[str, Any]) -> str:
    """Title, command, notes and table of a study."""
    kind = study["title"].split(" ")[0]
    lines = [f"### {study['title'].split(' ', 1)[1]}", "", "```", study["command"], "```", ""]
    if study.get("kernels"):
        lines += [f"Kernels: {', '.join(study['kernels'])}.", ""]
    lines += [f"- {note}" for note in study.get("notes", [])]
    lines += [""] if study.get("notes") else []
    table = [*_searches(study["rows"]), *_missed(study)] if kind == "searches" else _methods(study["rows"])
    return "\n".join([*lines, *table, ""])


def _methods(rows: list[dict[str, Any]]) -> list[str]:
    validity = "auc" in rows[0]
    conditions = list(dict.fromkeys((row["shots"], row["shots_by"]) for row in rows))
    names = [f"{shots} shots, {by or 'none'}" if shots else "no shots" for shots, by in conditions]
    cells = {(row["method"], (row["shots"], row["shots_by"])): row for row in rows}
    what = "AUC (F1)" if validity else "summed MSE (tau)"
    lines = [f"| method | {' | '.join(f'{name}: {what}' for name in names)} |", "|---" * (1 + len(names)) + "|"]
    for method in dict.fromkeys(row["method"] for row in rows):
        found = [_cell(cells.get((method, condition)), validity) for condition in conditions]
        lines.append(f"| {method} | {' | '.join(found)} |")
    if any(row["method"] == "best" for row in rows) and not validity and conditions != [(0, "")]:
        lines += ["", f"| over the same shots | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
        for title, column in (
            ("best / best simple baseline", "to_best_simple"), ("best / published HMoE", "to_hmoe"),
            ("best / HARP", "to_harp"),
        ):  # fmt: skip
            row = [_number((cells.get(("best", condition)) or {}).get(column)) for condition in conditions]
            lines.append(f"| {title} | {' | '.join(row)} |")
    return lines


def _cell(row: dict[str, Any] | None, validity: bool) -> str:
    if row is None:
        return ""
    if validity:
        return f"{_number(row['auc'])} ± {_number(row['deviation'])} ({_number(row['f1'])})"
    spread = "" if row["deviation"] is None else f" ± {_number(row['deviation'])}"
    return f"{_number(row['mse'])}{spread} ({_number(row['tau'])})"


def _searches(rows: list[dict[str, Any]]) -> list[str]:
    points = [runs for runs in _POINTS if f"median_ratio_{runs}" in rows[0]]
    lines = [
        f"| source | search | pairs | {' | '.join(f'within 2 % after {runs}' for runs in points)} | "
        f"{' | '.join(f'median (upper quartile) after {runs}' for runs in points)} | ADRS {points[-1]} | "
        f"hypervolume {points[-1]} |",
        "|---" * (5 + 2 * len(points)) + "|",
    ]
    for row in rows:
        within = [
            f"{row[f'within_2_percent_{runs}']:.0%}" + _spread(row.get(f"within_2_percent_deviation_{runs}"))
            for runs in points
        ]
        median = [
            f"{_number(row[f'median_ratio_{runs}'])} ({_number(row[f'upper_quartile_ratio_{runs}'])})"
            for runs in points
        ]
        last = [_number(row.get(f"adrs_{points[-1]}")), _number(row.get(f"hypervolume_{points[-1]}"))]
        cells = [row["source"], row["method"], str(int(row["pairs"])), *within, *median, *last]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _spread(deviation: float | None) -> str:
    return "" if deviation is None else f" ± {deviation:.0%}"


def _missed(study: dict[str, Any]) -> list[str]:
    """The searches of the default strategy that ended farther than 2 % from the best known."""
    method = study["rows"][-1]["method"]
    with (study["folder"] / "curves.csv").open(encoding="utf-8", newline="") as stream:
        last = [row for row in csv.DictReader(stream) if row["method"] == method and int(row["run"]) == _POINTS[-1]]
    pools: dict[tuple[str, str], list[str]] = {}
    for row in last:
        pools.setdefault((row["source"], row["kernel"]), []).append(row["ratio"])
    lines = [
        "",
        f"Where `{method}` was not within 2 % after {_POINTS[-1]} runs (ratio of each seed, `-`: nothing valid):",
        "",
    ]
    lines += ["| source | kernel | ratios |", "|---|---|---|"]
    for (source, kernel), ratios in pools.items():
        if any(not ratio or float(ratio) > 1.02 for ratio in ratios):
            told = ", ".join(f"{float(ratio):.3f}" if ratio else "-" for ratio in ratios)
            lines.append(f"| {source} | {kernel} | {told} |")
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/make_results.py WORKSPACE")
    main(Path(sys.argv[1]))
