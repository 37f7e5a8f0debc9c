"""Runs made by hand, for what reads runs and needs no loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline.exploration import Objective, Proposal, Round
from pipeline.files import write_json
from pipeline.loop.measured import MeasuredDesign, write_measured
from pipeline.loop.record import PROPOSALS, RUNS, STATE, Run, round_to_json

USED = {"bram_18k": 0.1, "dsp": 0.2, "ff": 0.1, "lut": 0.3, "uram": None}
FULL = {**USED, "lut": 1.7}


def ran(key: str, cycles: int | None = 1000, *, kernel: str = "k", number: int = 1, **result: Any) -> Run:
    """A run of a design that fits; what is told of its proposal begins with ``expected_``."""
    told = {name.removeprefix("expected_"): result.pop(name) for name in [*result] if name.startswith("expected_")}
    design = MeasuredDesign(kernel, key, {}, "vitis-2024.1", "synthesised", "ok", None, True, cycles, 3.0, USED)
    return Run(number, Proposal(key, (0,), "", 0.0, **told), replace(design, **result))


def failed(key: str, *, kernel: str = "k", **result: Any) -> Run:
    """A run of a design that the tool refuses."""
    return ran(key, None, kernel=kernel, **{"status": "compile_error", "usable": False, **result})


def recorded(folder: Path, rounds: Sequence[Sequence[Run]], *, batch: int = 2, stopped: str = "", **loop: Any) -> Any:
    """What knows where the rounds of such a loop lie, with their files: in the last of them every search has stopped,
    where ``stopped`` says why."""
    kernels = list(dict.fromkeys(run.result.kernel for runs in rounds for run in runs))
    found: Any = SimpleNamespace(
        **{"plans": dict.fromkeys(kernels), "batch": batch, "goal": Objective(), "hours": None, **loop},
        train_folder=lambda number: folder / f"{number}" / "train",
        proposals_folder=lambda number: folder / f"{number}" / "proposals",
        runs_folder=lambda number, kernel, take: folder / f"{number}" / f"{kernel}-{take}",
    )
    for number, runs in enumerate(rounds, 1):
        mine = {kernel: [run for run in runs if run.result.kernel == kernel] for kernel in kernels}
        for place in (found.train_folder(number), found.proposals_folder(number)):
            place.mkdir(parents=True)
        reason = stopped or None if number == len(rounds) else None
        write_json(found.train_folder(number) / STATE, {kernel: {"stopped": reason} for kernel in kernels})
        answers = {kernel: round_to_json(Round(tuple(run.proposal for run in some))) for kernel, some in mine.items()}
        order = [(run.result.kernel, mine[run.result.kernel].index(run)) for run in runs]
        write_json(found.proposals_folder(number) / PROPOSALS, {"order": order, "answers": answers})
        for kernel, some in mine.items():
            place = found.runs_folder(number, kernel, len(runs))
            place.mkdir()
            write_measured(place / RUNS, (run.result for run in some))
    return found
