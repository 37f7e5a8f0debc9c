"""An outage of the surroundings is no result: nothing is labelled by it, and the same command goes on after it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.tasks import commands
from tests.tasks.commands import content, dataset, one_error_line
from tests.tasks.loops import SAXPY, facts, found, loop, rows
from tests.tasks.test_vitis_runs import luigi, processes_in, with_tool

ONE = ("--kernels", "atax", "--count", "6", "--graphs", "False", "--vitis-tries", "1")


def starts(env: dict[str, str]) -> int:
    """How often the tool was started for a design."""
    return len(list(Path(env["STAND_IN_STATE"]).glob("outage.*")))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("undisturbed")
    done = luigi(with_tool(folder / "tool"), folder / "w", *ONE)
    assert done.returncode == 0, done.stderr
    return content(dataset(folder / "w"))


@pytest.mark.parametrize(
    ("scenario", "status"),
    [("licence", "licence"), ("killed", "killed"), ("disk_full", "disk_full"), ("silent_failure", "no_verdict")],
)
def test_after_an_outage_the_same_command_runs_what_is_missing_alone_and_ends_as_if_undisturbed(
    scenario: str, status: str, tmp_path: Path, undisturbed: dict[str, str]
) -> None:
    env = with_tool(tmp_path / "tool", outage=f"{scenario}:3")
    done = luigi(env, tmp_path / "w", *ONE)
    line = one_error_line(done)
    assert done.returncode == 30 and f"3 of 6 designs have no result: {status} 3" in line and "same command" in line
    assert not (tmp_path / "w" / "datasets").exists() and "Nothing to do" not in done.stderr
    before = starts(env)
    again = luigi({**env, "STAND_IN_OUTAGE": f"success:{before}"}, tmp_path / "w", *ONE)
    assert again.returncode == 0, again.stderr
    assert starts(env) - before == 3 and content(dataset(tmp_path / "w")) == undisturbed
    third = luigi(env, tmp_path / "w", *ONE)
    assert third.returncode == 0 and "Nothing to do" in third.stderr and not processes_in(env)


def test_an_end_without_a_verdict_three_times_is_the_designs_own_until_more_are_allowed(tmp_path: Path) -> None:
    arguments = ("--kernels", "atax", "--count", "2", "--graphs", "False", "--vitis-tries", "1")
    env = with_tool(tmp_path / "tool", outage="silent_failure:1")
    codes = [luigi(env, tmp_path / "w", *arguments).returncode for _ in range(3)]
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert codes == [30, 30, 0] and sorted(labels["status"]) == ["no_verdict", "ok"]
    assert labels["reason"].dropna().str.contains("without a verdict 3 times").all()
    assert "Nothing to do" in luigi(env, tmp_path / "w", *arguments).stderr
    healed = {**env, "STAND_IN_OUTAGE": "success:0"}
    done = luigi(healed, tmp_path / "w", *arguments, "--vitis-ends", "4")
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert done.returncode == 0 and set(labels["status"]) == {"ok"}


def test_a_timeout_completes_a_design_until_the_limit_is_raised(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", scenario="hang")
    arguments = ("--kernels", "atax", "--count", "1", "--graphs", "False")
    assert luigi(env, tmp_path / "w", *arguments, "--vitis-timeout-minutes", "0.02").returncode == 0
    healed = {**env, "STAND_IN_SCENARIO": "success"}
    same = luigi(healed, tmp_path / "w", *arguments, "--vitis-timeout-minutes", "0.02")
    assert "Nothing to do" in same.stderr
    raised = luigi(healed, tmp_path / "w", *arguments, "--vitis-timeout-minutes", "60")
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert raised.returncode == 0 and list(labels["status"]) == ["ok"]


@pytest.mark.parametrize("scenario", ["part_missing", "licence"])
def test_a_shard_in_which_every_run_ends_alike_is_not_started_to_its_end(scenario: str, tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", outage=f"{scenario}:0")
    arguments = ("--kernels", "atax,bicg,mvt", "--count", "20", "--graphs", "False", "--vitis-tries", "1")
    done = luigi(env, tmp_path / "w", *arguments)
    line = one_error_line(done)
    # Three in a row over all kernels, and what the kernel beside had in flight.
    assert done.returncode == 30 and 3 <= starts(env) <= 4 and "60 of 60" in line
    assert ("is not installed" if scenario == "part_missing" else "license") in line


def test_a_setting_that_no_run_bears_never_counts_against_a_design(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", scenario="unknown_setting")
    arguments = ("--kernels", "atax", "--count", "4", "--graphs", "False", "--vitis-options", "config_compile.foo=1")
    for _ in range(4):
        done = luigi(env, tmp_path / "w", *arguments)
        assert done.returncode == 30 and "4 of 4 designs have no result: no_verdict 4" in one_error_line(done)
        assert "Unknown option '-foo'" in one_error_line(done) and "1 design is not started" in done.stderr


def test_an_outage_of_a_further_step_leaves_the_design_open(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", scenario="export_licence")
    arguments = ("--kernels", "atax", "--count", "2", "--graphs", "False", "--vitis-further", "export")
    done = luigi(env, tmp_path / "w", *arguments)
    assert done.returncode == 30 and "2 of 2 designs have no result: licence 2" in one_error_line(done)
    assert luigi({**env, "STAND_IN_SCENARIO": "success"}, tmp_path / "w", *arguments).returncode == 0
    assert "Nothing to do" in luigi(env, tmp_path / "w", *arguments).stderr


def test_a_partial_dataset_is_taken_only_when_asked_for_and_says_so_to_whoever_uses_it(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", outage="licence:3")
    done = luigi(env, tmp_path / "w", *ONE, "--allow-partial")
    assert done.returncode == 0 and "partial: 3 of 6 designs" in done.stderr
    place = dataset(tmp_path / "w")
    card = json.loads((place / "card.json").read_text())
    assert card["partial"]["missing"] == 3 and card["partial"]["why"] == {"licence": 3}
    assert "partial" in (place / "card.md").read_text() and "partial" in (place / "report.html").read_text()
    assert len(pq.read_table(place / "labels.parquet")) == 3
    replay = ("--workspace", str(tmp_path / "w"), "--source", "stand-in", "--backend", "replay", "--kernels", "atax")
    said = commands.luigi("--module", "pipeline", "ExportDataset", *replay, "--layout", "hlsyn", env=env).stderr
    assert "the dataset is partial: 3 of 6 designs of atax have no result (licence 3)" in said
    own = ("ExportDataset", "--workspace", str(tmp_path / "w"), "--kernels", "atax", "--count", "6", "--layout",
           "hlsyn", "--backend", "vitis", "--vitis-tries", "1")  # fmt: skip
    assert commands.luigi(*own, env=env).returncode == 30
    said = commands.luigi(*own, "--allow-partial", env=env).stderr
    assert "the dataset is partial: 3 of 6 designs" in said
    whole = luigi({**env, "STAND_IN_OUTAGE": "success:0"}, tmp_path / "w", *ONE, "--allow-partial")
    assert whole.returncode == 0 and len(pq.read_table(dataset(tmp_path / "w") / "labels.parquet")) == 6
    said = commands.luigi(*own, env=env).stderr
    assert "6 designs of 1 kernels" in said and "partial:" not in said


@pytest.mark.parametrize("after", [2, 8])
def test_an_outage_in_a_round_or_a_validation_costs_the_loop_no_run_and_no_verdict(after: int, tmp_path: Path) -> None:
    source = tmp_path / "saxpy.c"
    source.write_text(SAXPY)
    arguments = ("--kernel", str(source), "--batch", "4", "--budget", "8", "--top-k", "2", "--vitis-tries", "1")
    calm = with_tool(tmp_path / "calm")
    assert loop(tmp_path / "w0", *arguments, env=calm).returncode == 0
    expected = rows(found(tmp_path / "w0") / "runs.csv")
    env = with_tool(tmp_path / "tool", outage=f"killed:{after}")
    done = loop(tmp_path / "w", *arguments, env=env)
    line = one_error_line(done)
    assert done.returncode == 30 and "have no result: killed" in line
    assert not (tmp_path / "w" / "loops").exists() and "0 of" not in line
    again = loop(tmp_path / "w", *arguments, env={**env, "STAND_IN_OUTAGE": "success:0"})
    assert again.returncode == 0, again.stderr
    assert rows(found(tmp_path / "w") / "runs.csv") == expected
    assert facts(tmp_path / "w")["runs"] == facts(tmp_path / "w0")["runs"]
    assert "2 of 2 as in the loop" in again.stderr


def test_an_outage_in_a_loop_over_several_kernels_is_told_in_one_line(tmp_path: Path) -> None:
    arguments = ("--kernel", "atax,bicg", "--batch", "6", "--budget", "6", "--top-k", "1", "--backend", "vitis",
                 "--surrogate", "forest", "--warm-start", "estimator", "--vitis-tries", "1")  # fmt: skip
    env = with_tool(tmp_path / "tool", outage="killed:2")
    done = loop(tmp_path / "w", *arguments, env=env)
    assert done.returncode == 30
    assert "4 of 6 runs of the round have no result: killed 4" in one_error_line(done)
    # In the validation of both kernels.
    done = loop(tmp_path / "w", *arguments, env={**env, "STAND_IN_OUTAGE": f"killed:{starts(env) + 4}"})
    assert "2 of 2 validated designs have no result: killed 2" in one_error_line(done)
    done = loop(tmp_path / "w", *arguments, env={**env, "STAND_IN_OUTAGE": "success:0"})
    assert done.returncode == 0 and facts(tmp_path / "w")["runs"] == 6
