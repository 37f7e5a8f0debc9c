"""The loop by replay of a shipped pack, as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.loop.record import interleaved, rounds_of
from pipeline.tasks.kernel_options import AS_IT_IS
from pipeline.tasks.plan import make_plan, open_store
from tests.tasks.commands import BIN, ROOT, environment, luigi, one_error_line
from tests.tasks.loops import compiles, facts, found, loop, rows

COLUMNS = [
    "run", "round", "key", "status", "cycles", "util_bram_18k", "util_dsp", "util_ff", "util_lut", "util_uram",
    "best_so_far",
]  # fmt: skip


def test_a_budget_is_spent_exactly_on_cached_designs_and_a_larger_one_goes_on_from_there(tmp_path: Path) -> None:
    arguments = ("--kernel", "atax", "--batch", "8", "--surrogate", "forest", "--warm-start", "estimator")
    done = loop(tmp_path, *arguments, "--budget", "19")
    assert done.returncode == 0, done.stderr
    place = found(tmp_path)
    runs = rows(place / "runs.csv")
    assert list(runs[0])[: len(COLUMNS)] == COLUMNS
    assert [int(row["run"]) for row in runs] == list(range(1, 20))
    assert [int(row["round"]) for row in runs] == [1] * 8 + [2] * 8 + [3] * 3
    plan = make_plan(str(tmp_path), "atax", AS_IT_IS, "", "estimator", "replay")
    cached = set(open_store(str(tmp_path)).keys(plan.address))
    picked = {row["key"] for row in runs}
    assert len(picked) == 19 and picked <= cached
    fitting = [int(row["cycles"]) for row in runs if row["fits"] == "True"]
    assert [int(row["best_so_far"]) for row in runs if row["best_so_far"]][-1] == min(fitting)

    # Replay proves nothing by replaying what it has replayed, and never says that a tool was run.
    validated = rows(place / "validation.csv")
    assert len(validated) == 3 and {row["origin"] for row in validated} == {"replayed"}
    assert not picked & {row["key"] for row in validated} and {row["key"] for row in validated} <= cached
    fitting += [int(row["cycles"]) for row in validated if row["fits"] == "True"]
    assert facts(tmp_path)["best"]["cycles"] == min(fitting)
    texts = [path.read_text(encoding="utf-8") for path in place.rglob("*") if path.suffix in (".csv", ".json", ".txt")]
    assert not any("synthesised" in text for text in [*texts, done.stderr])
    assert "only the 150" in done.stderr and "estimates of an analytical model" in done.stderr
    assert facts(tmp_path)["stopped"] == "the budget of 19 runs is used up"

    best = place / "best"
    assert {path.name for path in best.iterdir()} == {"README.txt", "atax.c", "csynth.xml", "point.json", "vitis"}
    assert {"run_hls.tcl", "hls_config.cfg"} < {path.name for path in (best / "vitis").iterdir()}
    compiles(best / "atax.c", tmp_path)
    assert (place / "report.html").stat().st_size > 10_000

    assert loop(tmp_path, *arguments, "--budget", "24").returncode == 0
    more = rows(found(tmp_path) / "runs.csv")
    assert len(more) == 24 and more[:19] == runs
    assert "Nothing to do" in loop(tmp_path, *arguments, "--budget", "24").stderr


def test_a_better_design_that_the_validation_finds_is_the_answer_everywhere(tmp_path: Path) -> None:
    asked = ("--kernel", "bicg,atax", "--budget", "2", "--surrogate", "forest", "--warm-start", "estimator")
    done = loop(tmp_path, *asked)
    assert done.returncode == 0, done.stderr
    place, page = found(tmp_path), (found(tmp_path) / "report.html").read_text(encoding="utf-8")
    validated, front = rows(place / "validation.csv"), rows(place / "pareto.csv")
    for kernel, told in facts(tmp_path)["kernels"].items():
        fitting = [row for row in validated if row["kernel"] == kernel and row["fits"] == "True"]
        mine = {row["key"]: int(row["cycles"]) for row in fitting}
        best = told["best"]
        assert best["run"] is None and (best["key"], best["cycles"]) == min(mine.items(), key=lambda item: item[1])
        assert told["speedup"] > 1 and told["as_written"]["cycles"] > best["cycles"]
        assert f"best: {best['cycles']:,} cycles in validation, after the runs (" in done.stderr
        assert f"written ({told['as_written']['cycles']:,} to {best['cycles']:,} cycles)" in page
        assert (best["key"], "") in {(row["key"], row["run"]) for row in front if row["kernel"] == kernel}
        assert f"{best['cycles']:,} cycles" in (place / "best" / kernel / "README.txt").read_text(encoding="utf-8")
    loops = luigi("Status", "--workspace", str(tmp_path)).stdout.count("bicg+atax-estimator-")
    assert loops == 2, "the loop and its page, no second time as rounds without an end"


def test_kernels_share_one_budget_and_a_target_ends_one_search_early(tmp_path: Path) -> None:
    done = loop(tmp_path, "--kernel", "atax,bicg", "--budget", "13", "--batch", "5", "--target-cycles", "1e9",
                "--acquisition", "coreset", "--surrogate", "forest", "--warm-start", "none")  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = rows(found(tmp_path) / "runs.csv")
    assert len(runs) == 5 and {row["kernel"] for row in runs} == {"atax", "bicg"}
    kernels = facts(tmp_path)["kernels"]
    assert all("target is reached" in kernels[name]["stopped"] for name in ("atax", "bicg"))
    assert {path.name for path in (found(tmp_path) / "best").iterdir()} == {"atax", "bicg"}


def test_a_space_that_is_used_up_ends_the_loop_before_the_budget(tmp_path: Path) -> None:
    done = loop(tmp_path, "--kernel", "spmv-ellpack", "--budget", "500", "--batch", "60", "--top-k", "1",
                "--acquisition", "random", "--warm-start", "none")  # fmt: skip
    assert done.returncode == 0, done.stderr
    runs = rows(found(tmp_path) / "runs.csv")
    assert len(runs) == len({row["key"] for row in runs}) == 114
    assert "all of them have been run" in facts(tmp_path)["stopped"]
    assert rows(found(tmp_path) / "validation.csv") == [], "there is no cached design left that the loop had not picked"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--kernel", "gemm-nqubed"), "gemm-ncubed"),
        (("--kernel", "aes"), "--backend estimator"),
        (("--kernel", "atax", "--budget", "0"), "--budget"),
        (("--kernel", "atax", "--objective", "speed"), "one of cycles"),
        (("--kernel", "atax", "--acquisition", "guess"), "guess"),
        (("--kernel", "atax", "--surrogate", "oracle"), "oracle"),
        (("--kernel", "atax", "--model", "nowhere.safetensors"), "nowhere.safetensors"),
        (("--kernel", "atax", "--cosim"), "Vitis"),
    ],
)
def test_a_mistake_costs_one_line_and_no_run(arguments: tuple[str, ...], expected: str, tmp_path: Path) -> None:
    done = loop(tmp_path, *arguments)
    assert done.returncode != 0
    assert expected in one_error_line(done)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "something was run"


def test_batch_reaches_the_loop_though_luigi_has_options_that_begin_so(tmp_path: Path) -> None:
    for start in ([str(BIN / "luigi")], [sys.executable, "-m", "luigi"]):
        done = subprocess.run(
            [*start, "RunActiveLearningLoop", "--kernel", "atax", "--batch=0", "--workspace", str(tmp_path)],
            cwd=ROOT, env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "--batch 0" in one_error_line(done)


def test_turns_and_rounds_spend_what_there_is() -> None:
    assert rounds_of(45, 10) == [10, 10, 10, 10, 5] and rounds_of(10, 10) == [10] and rounds_of(3, 10) == [3]
    assert interleaved({"a": 1, "b": 3}, 3, 0) == [("a", 0), ("b", 0), ("b", 1)]
    assert interleaved({"a": 2, "b": 2}, 3, 1) == [("b", 0), ("a", 0), ("b", 1)]
    assert interleaved({}, 3, 1) == []
