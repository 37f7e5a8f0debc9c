"""What the tool does alone, as a second baseline of a loop."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tasks.commands import environment, one_error_line
from tests.tasks.loops import facts, found, loop, rows
from tests.tasks.test_loop_own_file import own_file
from tests.tool.install import install

ASKED = ("--baseline", "performance")


def _tool(folder: Path, version: str) -> dict[str, str]:
    installed = install(folder / "tool", version)
    return environment(**{k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")})


@pytest.mark.parametrize(("batch", "second_round"), [("4", "1"), ("1", "2")])
def test_the_tools_own_pragma_is_run_2_and_neither_learned_from_nor_the_best(
    batch: str, second_round: str, tmp_path: Path
) -> None:
    env = _tool(tmp_path, "2025.2")
    arguments = ("--kernel", str(own_file(tmp_path)), "--batch", batch, "--budget", "3", "--top-k", "1",
                 ASKED[0], ASKED[1] if batch == "4" else f"{ASKED[1]}=7000")  # fmt: skip
    done = loop(tmp_path / "w", *arguments, "--warm-start", "none", env=env)
    assert done.returncode == 0, done.stderr
    place = found(tmp_path / "w")
    first, second, third = rows(place / "runs.csv")
    assert (first["origin"], second["origin"], third["origin"]) == ("as_written", "performance", "synthesised")
    assert second["round"] == second_round and second["status"] == "ok" and second["obtained"] == "synthesised"
    told = facts(tmp_path / "w")
    assert told["performance"]["run"] == 2 and told["performance"]["target"] == (
        7000 if batch == "1" else told["kernels"]["saxpy"]["lower_bound"]
    )
    assert told["best"]["key"] in {first["key"], third["key"]} and second["key"] != first["key"]
    assert min(int(row["cycles"]) for row in (first, third)) == int(third["best_so_far"])
    assert second["key"] not in {row["key"] for row in rows(place / "validation.csv")}
    assert second["key"] not in {row["key"] for row in rows(place / "pareto.csv")}
    for text in (done.stderr, (place / "best" / "README.txt").read_text()):
        assert "the tool's own performance pragma" in text and f"{int(second['cycles']):,} cycles" in text
    assert "performance pragma" in (place / "report.html").read_text()
    assert second["cycles"] != first["cycles"], "the tool was told of the pragma"


def test_where_the_tool_has_no_such_pragma_a_line_says_what_is_needed_before_any_run(tmp_path: Path) -> None:
    kernel = ("--kernel", str(own_file(tmp_path)), "--budget", "3")
    for name, arguments, env in (
        ("older", ("--backend", "vitis"), _tool(tmp_path / "older", "2024.1")),
        ("none", ("--backend", "estimator"), None),
        ("other", ("--backend", "estimator", "--baseline", "perfomance"), None),
        ("zero", ("--backend", "estimator", "--baseline", "performance=0"), None),
    ):
        asked = ASKED if "--baseline" not in arguments else ()
        done: subprocess.CompletedProcess[str] = loop(tmp_path / name / "w", *kernel, *arguments, *asked, env=env)
        line = one_error_line(done)
        assert done.returncode != 0 and ("it is performance" if name in ("other", "zero") else "2025.2") in line, line
        assert not (tmp_path / name / "w" / "rounds").exists()
