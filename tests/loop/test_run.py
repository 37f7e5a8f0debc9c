"""A whole loop as a library."""

from __future__ import annotations

import csv
import filecmp
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.design_space import load_space
from pipeline.errors import PipelineError
from pipeline.kernels import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.synthesis import EstimatorBackend, ReportStore
from tests.tasks.loops import found, loop

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "examples" / "loop_without_luigi.py"
WITHOUT_LUIGI = """
import runpy, sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "luigi":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Refused())
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return find_kernel("gesummv")


def _loop(folder: Path, kernel: Kernel, **choices: object) -> ClosedLoop:
    store = ReportStore(folder / "store", layers=[ROOT / "reports"], fsync=False)
    backend = EstimatorBackend(store)
    plan = KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))
    return ClosedLoop({kernel.name: plan}, store, folder / "rounds", **choices)  # type: ignore[arg-type]


def test_a_script_of_twenty_lines_runs_a_whole_loop_where_luigi_is_not_installed(tmp_path: Path) -> None:
    lines = [line for line in SCRIPT.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 20
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LUIGI, str(SCRIPT), str(tmp_path), "gesummv", "6"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads((tmp_path / "found-gesummv-6" / "summary.json").read_text(encoding="utf-8"))
    assert summary["runs"] == 6 and f"{summary['best']['cycles']:,} cycles: " in done.stdout
    place = tmp_path / "found-gesummv-6"
    assert (place / "best" / "gesummv.c").exists() and (place / "report.html").exists()


def test_the_library_and_the_command_find_the_same_byte_for_byte(tmp_path: Path, kernel: Kernel) -> None:
    done = loop(tmp_path / "command", "--kernel", "gesummv", "--backend", "estimator", "--budget", "6", "--batch", "3")
    assert done.returncode == 0, done.stderr
    run_loop(_loop(tmp_path, kernel, batch=3), tmp_path / "library", budget=6)
    for name in ("runs.csv", "pareto.csv", "predicted.csv", "summary.json", "validation.csv", "best/gesummv.c"):
        assert filecmp.cmp(found(tmp_path / "command") / name, tmp_path / "library" / name, shallow=False), name


def test_a_loop_goes_on_from_the_rounds_there_are(tmp_path: Path, kernel: Kernel) -> None:
    told: list[str] = []
    how = {"batch": 3, "surrogate": "forest", "warm_start": "none"}
    run_loop(_loop(tmp_path, kernel, **how), tmp_path / "small", budget=3, top_k=1)
    run_loop(_loop(tmp_path, kernel, **how), tmp_path / "large", budget=6, top_k=1, tell=told.append)
    assert len(told) == 1 and told[0].startswith("gesummv round 2: 3 runs") and told[0].endswith("after 6 runs")
    small, large = (
        list(csv.DictReader((tmp_path / name / "runs.csv").open(encoding="utf-8"))) for name in ("small", "large")
    )
    assert large[:3] == small
    assert (
        run_loop(_loop(tmp_path, kernel, **how), tmp_path / "large", budget=6, top_k=1, tell=told.append)["runs"] == 6
    )
    assert len(told) == 1, "what is finished is not run again"
    for budget, folder in ((9, tmp_path / "large"), (6, tmp_path)):
        with pytest.raises(PipelineError, match="name another folder for the results"):
            run_loop(_loop(tmp_path, kernel, **how), folder, budget=budget)


def test_choices_that_do_not_go_together_are_refused_before_anything_is_run(tmp_path: Path, kernel: Kernel) -> None:
    for choices in ({"surrogate": "forrest"}, {"surrogate": "hmoe"}, {"surrogate": "metagp", "warm_start": "none"}):
        with pytest.raises(PipelineError):
            run_loop(_loop(tmp_path, kernel, **choices), tmp_path / "found", budget=3)
    assert not (tmp_path / "rounds").exists()
