"""Part and clock as users ask for them: taken by every task whose figures depend on them, said, and never ignored."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.reports.parse import parse_report
from tests.tasks import loops
from tests.tasks.commands import ROOT, dataset, luigi, one_error_line
from tests.tasks.loops import facts, found, rows
from tests.tasks.test_vitis_runs import with_tool

SMALL = ("--part", "xc7z020clg484-1", "--clock", "100MHz")
WORDS = "xc7z020-clg484-1 at 10 ns"


def run(task: str, workspace: Path, *more: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A task in a workspace."""
    return luigi("--module", "pipeline", task, "--workspace", str(workspace), *more, cwd=cwd)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A loop on a small part with estimates: its workspace, and what the terminal showed."""
    workspace = tmp_path_factory.mktemp("small")
    done = loops.loop(workspace, "--kernel", "atax", "--backend", "estimator", *SMALL, "--budget", "12", "--batch", "6")
    assert done.returncode == 0, done.stderr
    return workspace, done.stdout + done.stderr


def test_a_loop_on_a_small_part_ends_with_a_design_that_fits_it(small: tuple[Path, str]) -> None:
    workspace, _ = small
    best = facts(workspace)["best"]
    report = parse_report((found(workspace) / "best" / "csynth.xml").read_bytes(), file="csynth.xml")
    assert (report.part, report.clock_target_ns, report.clock_uncertainty_ns) == ("xc7z020-clg484-1", 10.0, 2.7)
    assert (report.available.dsp, report.available.lut) == (220, 53_200)
    assert report.used.dsp is not None and report.used.lut is not None
    assert report.used.dsp < 0.8 * 220 and report.used.lut < 0.8 * 53_200
    assert best["util_dsp"] == report.used.dsp / 220 and best["util_lut"] == report.used.lut / 53_200
    assert best["clock_ns"] == 10.0


def test_part_and_clock_stand_wherever_figures_of_a_loop_stand(small: tuple[Path, str]) -> None:
    workspace, shown = small
    folder = found(workspace)
    said = facts(workspace)
    assert (said["part"], said["clock_ns"], said["uncertainty"]) == ("xc7z020-clg484-1", 10.0, "27%")
    assert f"for {WORDS}" in shown and any("assumed" in notice for notice in said["notices"])
    readme, page = ((folder / name).read_text(encoding="utf-8") for name in ("best/README.txt", "report.html"))
    assert f"For {WORDS}" in readme and "assumed" in readme
    assert f"for {WORDS}" in page and "--part" in page and "--clock" in page
    point = json.loads((folder / "best" / "point.json").read_text())
    assert (point["part"], point["clock_target_ns"]) == ("xc7z020-clg484-1", 10.0)
    script, cfg = ((folder / "best" / "vitis" / name).read_text() for name in ("run_hls.tcl", "hls_config.cfg"))
    assert "xc7z020-clg484-1" in script and "part=xc7z020-clg484-1" in cfg and "clock=10" in cfg


def test_the_command_that_is_told_makes_the_same_again(small: tuple[Path, str]) -> None:
    workspace, _ = small
    readme = (found(workspace) / "best" / "README.txt").read_text().splitlines()
    command = next(line.strip() for line in readme if "RunActiveLearningLoop" in line)
    again = loops.loop(workspace, *command.partition("RunActiveLearningLoop ")[2].split())
    assert again.returncode == 0 and "Nothing to do" in again.stdout + again.stderr


@pytest.mark.parametrize(
    "same", [("--part", "XC7Z020-clg484-1", "--clock", "10"),
             ("--vitis-part", "xc7z020clg484-1", "--vitis-clock-ns", "10ns"),
             ("--part", "xc7z020clg484-1", "--vitis-part", "xc7z020-clg484-1", "--clock", "100MHz")]
)  # fmt: skip
def test_other_spellings_and_the_aliases_ask_for_the_same(same: tuple[str, ...], small: tuple[Path, str]) -> None:
    workspace, _ = small
    done = run("SampleConfigurations", workspace, "--kernel", "atax", "--backend", "estimator", "--count", "3", *same)
    first = run("SampleConfigurations", workspace, "--kernel", "atax", "--backend", "estimator", "--count", "3", *SMALL)
    assert done.returncode == first.returncode == 0 and f"for {WORDS}" in done.stdout + done.stderr
    assert len(list((workspace / "designs" / "atax").iterdir())) == 1


def test_luigi_cfg_says_what_is_not_asked_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text("[vitis]\npart = xc7z010-clg400-1\nclock_ns = 125MHz\n")
    command = ("--kernels", "atax", "--backend", "estimator", "--count", "4")
    done = run("GenerateDataset", tmp_path / "w", *command, cwd=tmp_path)
    assert done.returncode == 0 and "for xc7z010-clg400-1 at 8 ns" in done.stdout + done.stderr, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert set(labels["lut_available"]) == {17_600} and set(labels["clock_target_ns"]) == {8.0}
    card = json.loads((dataset(tmp_path / "w") / "card.json").read_text())
    assert card["provenance"]["flows"]["estimator"]["part"] == "xc7z010-clg400-1"
    assert any("assumed" in warning for warning in card["warnings"])
    page = (dataset(tmp_path / "w") / "report.html").read_text(encoding="utf-8")
    assert "--part xc7z010-clg400-1 --clock 8" in page.replace("<span>", "").replace("</span>", "")
    over = run("GenerateDataset", tmp_path / "w", *command, "--part", "xczu7ev-ffvc1156-2-e", cwd=tmp_path)
    assert over.returncode == 0 and "for xczu7ev-ffvc1156-2-e at 8 ns" in over.stdout + over.stderr


@pytest.mark.parametrize(
    "task", [("GenerateDataset",), ("RunActiveLearningLoop", "--kernel", "atax"), ("TrainHierarchicalMoE",),
             ("CompareSearches", "--source", "estimator"), ("EvaluateTransfer", "--source", "estimator")]
)  # fmt: skip
@pytest.mark.parametrize("asked", [("--part", "xc7z020clg484-1"), ("--clock", "10")])
def test_labels_for_the_default_part_and_clock_are_not_replayed_for_others(
    task: tuple[str, ...], asked: tuple[str, ...], tmp_path: Path
) -> None:
    line = one_error_line(run(task[0], tmp_path, *task[1:], *asked))
    assert "estimator are for the" in line and asked[1].removesuffix("clg484-1") in line
    assert "--backend estimator" in line


@pytest.mark.parametrize(
    "asked", [("--part", "xcu200-fsgd2104-2-e"), ("--clock", "4ns"), ("--vitis-clock-ns", "250MHz")]
)
def test_labels_for_the_default_are_replayed_for_who_asks_for_it(asked: tuple[str, ...], tmp_path: Path) -> None:
    done = run("GenerateDataset", tmp_path, "--kernels", "atax", "--count", "3", *asked)
    assert done.returncode == 0 and "for xcu200-fsgd2104-2-e at 4 ns" in done.stdout + done.stderr, done.stderr


ESTIMATED = ("GenerateDataset", "--kernels", "atax", "--backend", "estimator", "--count", "2")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ((*ESTIMATED, "--part", "xc7z02clg484-1"), "did you mean xc7z020clg484-1"),
        ((*ESTIMATED, "--part", "no part"), "--part"),
        ((*ESTIMATED, "--clock", "fast"), "--clock 'fast' is no clock"),
        ((*ESTIMATED, "--clock", "0MHz"), "--clock"),
        ((*ESTIMATED, "--part", "xc7z020", "--vitis-part", "xc7z010"), "contradict each other; give --part alone"),
        ((*ESTIMATED, "--clock", "4", "--vitis-clock-ns", "5"), "contradict each other; give --clock alone"),
        ((*ESTIMATED, "--clock", "1", "--vitis-uncertainty", "2ns"), "--vitis-uncertainty"),
        (("ListKernels", "--vitis-part", "xc7z020"), "--vitis-part"),
        (("DescribeKernel", "--kernel", "atax", "--vitis-clock-ns", "10"), "--vitis-clock-ns"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_or_would_be_ignored_is_refused_in_one_line(
    command: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    done = run(command[0], tmp_path, *command[1:])
    assert words in one_error_line(done) and done.returncode != 0


def test_labels_for_different_parts_share_no_dataset_and_no_loop(tmp_path: Path) -> None:
    for kernel, part in (("mvt", "xc7z020-clg484-1"), ("gesummv", "xc7z010-clg400-1")):
        made = run("GenerateDataset", tmp_path, "--kernels", kernel, "--backend", "estimator", "--count", "1",
                   "--part", part)  # fmt: skip
        assert made.returncode == 0, made.stderr
    for task in (("GenerateDataset", "--kernels"), ("RunActiveLearningLoop", "--kernel")):
        line = one_error_line(run(task[0], tmp_path, task[1], "mvt,gesummv"))
        assert "xc7z020-clg484-1 at 4 ns" in line and "xc7z010-clg400-1 at 4 ns" in line and "--part" in line


def test_the_tool_is_handed_the_part_and_clock_that_were_asked(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool")
    done = loops.loop(
        tmp_path / "w", "--kernel", "atax", *SMALL, "--budget", "3", "--batch", "3", "--top-k", "1", env=env
    )
    assert done.returncode == 0, done.stderr
    assert "for xc7z020clg484-1 at 10 ns" in done.stdout + done.stderr
    report = parse_report((found(tmp_path / "w") / "best" / "csynth.xml").read_bytes(), file="csynth.xml")
    assert (report.part, report.clock_target_ns) == ("xc7z020-clg484-1", 10.0)
    assert {row["status"] for row in rows(found(tmp_path / "w") / "runs.csv")} == {"ok"}
    assert (facts(tmp_path / "w")["part"], facts(tmp_path / "w")["clock_ns"]) == ("xc7z020clg484-1", 10.0)
    # The same designs for the default part are other runs.
    other = loops.loop(tmp_path / "w", "--kernel", "atax", "--budget", "3", "--batch", "3", "--top-k", "1", env=env)
    assert other.returncode == 0 and "for xcu200-fsgd2104-2-e at 4 ns" in other.stdout + other.stderr
    assert {row["obtained"] for row in rows(found(tmp_path / "w") / "runs.csv")} == {"synthesised"}


def test_the_tool_runs_for_parts_that_the_estimator_does_not_know_and_that_is_said(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool")
    asked = ("--part", "xcvc1902-vsva2197-2MP-e-S", "--budget", "2", "--batch", "2", "--top-k", "0")
    done = loops.loop(tmp_path / "w", "--kernel", "atax", *asked, env=env)
    assert done.returncode == 0, done.stderr
    assert any("does not know the part" in notice for notice in facts(tmp_path / "w")["notices"])
    assert facts(tmp_path / "w")["part"] == "xcvc1902-vsva2197-2MP-e-S"


def test_a_design_is_described_for_the_asked_part(tmp_path: Path) -> None:
    done = run("DescribeDesign", tmp_path, "--kernel", "atax", *SMALL)
    (file,) = (tmp_path / "descriptions").glob("design-*.json")
    estimate = json.loads(file.read_text())["estimate"]
    assert (estimate["part"], estimate["clock_ns"]) == ("xc7z020-clg484-1", 10.0) and estimate["assumed"]
    assert estimate["utilisation"]["lut"] == estimate["used"]["lut"] / 53_200
    assert WORDS in done.stdout + done.stderr


def test_the_doctor_names_the_part_and_clock_that_are_asked_for(tmp_path: Path) -> None:
    done = run("Doctor", tmp_path, "--vitis-part", "xc7z020", "--vitis-clock-ns", "100MHz")
    assert "xc7z020 at 10 ns" in done.stdout + done.stderr
