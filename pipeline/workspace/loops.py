"""The loops of a workspace: finished ones from their summaries, others from their rounds and their commands."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.files import fingerprint, intact, read_own, read_text
from pipeline.workspace.commands import RUNNING, RecordedCommand
from pipeline.workspace.records import Tell, folders, whole

LOOP = "RunActiveLearningLoop"
FINISHED, NOT_RUNNING = "finished", "not running"
COSTS, RUNS = "costs.json", "runs.jsonl"
WITHOUT_COSTS = 0.8
"""What no utilisation may reach, for rounds of versions that did not say which designs fit."""


@dataclass(frozen=True)
class RoundsFound:
    """What the rounds of a loop left: ``rows`` are its runs, ``ranks`` orders those that fit, the least the best."""

    rounds: int
    rows: list[dict[str, Any]]
    ranks: dict[tuple[str, str], tuple[float, ...]]

    def best(self) -> dict[str, Any]:
        """The best design of each kernel that has one that fits."""
        found: dict[str, Any] = {}
        for row in self.rows:
            rank, kernel = self.ranks.get((row["kernel"], row["key"])), row["kernel"]
            if rank is not None and (kernel not in found or rank < found[kernel][0]):
                found[kernel] = (rank, row)
        return {kernel: design_facts(row) for kernel, (_, row) in found.items()}


def design_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of a best design."""
    used = row.get("utilisation") or {k.removeprefix("util_"): v for k, v in row.items() if k.startswith("util_")}
    return {
        "key": row["key"],
        "cycles": row["cycles"],
        "clock_ns": row.get("clock_ns"),
        "utilisation": dict(used),
        "source": row.get("source"),
        # In tables of 0.1.0 it stood beside what a baseline was called.
        "origin": row.get("obtained") or row.get("origin"),
    }


def loops(workspace: Path, commands: Iterable[RecordedCommand], tell: Tell) -> list[dict[str, Any]]:
    """Every loop of a workspace as JSON values: running ones first, then those that ended early, then finished ones."""
    # Of several commands of one loop the one that runs tells.
    mine = sorted(
        (command for command in commands if command.task == LOOP), key=lambda command: command.state == RUNNING
    )
    ran = {str(command.facts.get("subject")): command for command in mine}
    found, finished = [], set()
    for folder in folders(workspace / "loops"):
        with tell.damaged():
            one = _finished(folder)
            finished.add(one["rounds_folder"])
            found.append(one)
    for folder in folders(workspace / "rounds"):
        command = ran.pop(folder.name, None)
        if command is not None or folder.name not in finished:
            found.append(_unfinished(folder, command, tell))
    found += [_unfinished(workspace / "rounds" / name, command, tell) for name, command in ran.items()]
    order = ("running", "killed", "stopped", NOT_RUNNING, FINISHED)
    return sorted(found, key=lambda one: (order.index(one["state"]), one["name"]))


def _finished(folder: Path) -> dict[str, Any]:
    file = folder / "summary.json"
    told = read_own(file, "kernels", "budget", "runs", "source", remove=folder)
    made = read_own(folder / "provenance.json", remove=folder)
    with intact(file, remove=folder):
        kernels = dict(told["kernels"])
        best = {name: design_facts(one["best"]) for name, one in kernels.items() if one.get("best")}
        flow: dict[str, Any] = next((one["flow"] for one in kernels.values() if isinstance(one.get("flow"), dict)), {})
        rounds = made.get("validation", {}).get("loop")
        # The rounds are called like the loop; which kernel was named first is told by neither file.
        name = f"{folder.name.rpartition('-')[0]}-{fingerprint(**rounds)}" if rounds else ""
        return {
            "name": folder.name,
            "state": FINISHED,
            "kernels": list(kernels),
            "source": told["source"],
            "part": told.get("part") or flow.get("part"),
            "clock_ns": told.get("clock_ns") or flow.get("clock_ns"),
            "objective": told.get("objective"),
            "limits": list(told.get("limits") or ()),
            "utilisation_limit": told.get("utilisation_limit"),
            "target": told.get("target"),
            "unit": told.get("unit"),
            "nearest": {name: one["nearest"] for name, one in kernels.items() if one.get("nearest")},
            "runs": told["runs"],
            "budget": told["budget"],
            "rounds": told.get("rounds"),
            "best": best,
            "changed": {name: one["changed"] for name, one in kernels.items() if one.get("changed")},
            "compared": {name: one["compared"] for name, one in kernels.items() if one.get("compared")},
            "stopped": {name: one["stopped"] for name, one in kernels.items() if one.get("stopped")},
            "version": made.get("version"),
            "page": whole(folder / "report.html"),
            "rounds_folder": name,
            "next": None,
        }


def _unfinished(folder: Path, command: RecordedCommand | None, tell: Tell) -> dict[str, Any]:
    facts = command.facts if command is not None else {}
    found = rounds_of(folder, tell)
    kernels = facts.get("kernels") or sorted({row["kernel"] for row in found.rows})
    return {
        "name": folder.name,
        "state": command.state if command is not None else NOT_RUNNING,
        "kernels": kernels,
        "source": facts.get("source") or next((row.get("source") for row in found.rows), None),
        "part": facts.get("part"),
        "clock_ns": facts.get("clock_ns"),
        "objective": facts.get("objective"),
        "limits": list(facts.get("limits") or ()),
        "utilisation_limit": facts.get("utilisation_limit"),
        "target": facts.get("target"),
        "unit": facts.get("unit"),
        "nearest": {},
        "runs": len(found.rows),
        "budget": facts.get("budget"),
        "rounds": found.rounds,
        "best": found.best(),
        "changed": {},
        "compared": {},
        "stopped": {},
        "version": facts.get("version"),
        "page": None,
        "rounds_folder": folder.name,
        "started": facts.get("started"),
        "exit_code": command.exit_code if command is not None else None,
        "folder": facts.get("folder"),
        "next": facts.get("command") if command is not None and command.state != "running" else None,
    }


def rounds_of(folder: Path, tell: Tell) -> RoundsFound:
    """The runs below a folder of rounds. What is damaged is told and counts as not there."""
    rows: list[dict[str, Any]] = []
    ranks: dict[tuple[str, str], tuple[float, ...]] = {}
    rounds = 0
    for one in folders(folder, "round-"):
        # A round that was cut short by a smaller budget stands beside the whole one, which has its runs too.
        taken: dict[tuple[str, str], dict[str, Any]] = {}
        for runs in folders(one, "runs-"):
            with tell.damaged():
                mine = list(_rows(runs / RUNS))
                taken |= {(row["kernel"], row["key"]): row for row in mine}
                ranks |= _ranks(runs / COSTS, mine)
        rows += taken.values()
        rounds += bool(taken)
    return RoundsFound(rounds, rows, ranks)


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(read_text(file).splitlines(), 1):
        with intact(file, remove=file.parent):
            row = dict(json.loads(line))
            if not all(isinstance(row[name], str) for name in ("kernel", "key")) or "cycles" not in row:
                raise PipelineError("is no run", file=str(file), line=number, fix=f"remove {file.parent}")
            yield row


def _ranks(file: Path, rows: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[float, ...]]:
    """What orders the designs that fit; by cycles for rounds of versions that did not say."""
    if not file.is_file():
        return {
            (row["kernel"], row["key"]): (float(row["cycles"]),)
            for row in rows
            if row.get("usable") and row["cycles"] is not None
            if all(used is None or used < WITHOUT_COSTS for used in (row.get("utilisation") or {}).values())
        }
    told = read_own(file, remove=file.parent)
    with intact(file, remove=file.parent):
        return {
            (row["kernel"], row["key"]): tuple(float(cost) for cost in told[row["key"]])
            for row in rows
            if row["key"] in told
        }
