"""Existing projects through the commands: nothing is edited by hand, and what a project says reaches the tool."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.tasks.imports import ImportReports
from tests.synthesis.samples import report_xml
from tests.tasks.commands import luigi, one_error_line
from tests.tasks.test_vitis_runs import with_tool

SCRIPT = """
open_project -reset prj
set_top scale
add_files src/scale.c -cflags "-Isrc -DFACTOR=3"
add_files src/helper.c -cflags "-Isrc"
add_files -tb tb.c -cflags "-Isrc"
add_files -tb in.dat
open_solution -reset one -flow_target vivado
set_part {xc7z020clg484-1}
create_clock -period 100MHz
set_clock_uncertainty 12.5%
config_compile -pipeline_loops 6
config_op mul -impl dsp -latency 2
csim_design -argv "in.dat"
csynth_design
exit
"""
CONFIGURATION = """part=xc7z020clg484-1
[hls]
clock=10
clock_uncertainty=12.5%
flow_target=vivado
syn.file=src/scale.c
syn.file_cflags=src/scale.c,-DFACTOR=3
syn.file=src/helper.c
syn.cflags=-Isrc
syn.top=scale
syn.compile.pipeline_loops=6
syn.op=op:mul impl:dsp latency:2
tb.file=tb.c
tb.file=in.dat
tb.cflags=-Isrc
csim.argv=in.dat
"""
FILES = {
    "src/scale.h": "#define N 16\nint times(int v);\nvoid scale(int x[N]);\n",
    "src/scale.c": (
        '#include "scale.h"\nvoid scale(int x[N]) {\n'
        "  for (int i = 0; i < N; i++)\n    x[i] = times(x[i]) * FACTOR;\n}\n"
    ),
    "src/helper.c": '#include "scale.h"\nint times(int v) { return v * 5; }\n',
    "tb.c": (
        '#include <stdio.h>\n#include "scale.h"\nint main(int argc, char **argv) {\n  int x[N], first = 0;\n'
        '  FILE *f = fopen(argc > 1 ? argv[1] : "none", "r");\n  if (!f || fscanf(f, "%d", &first) != 1) return 9;\n'
        "  for (int i = 0; i < N; i++) x[i] = first + i;\n  scale(x);\n"
        "  for (int i = 0; i < N; i++) if (x[i] != 15 * (first + i)) return 1;\n  return 0;\n}\n"
    ),
    "in.dat": "7\n",
    "run_hls.tcl": SCRIPT,
    "hls_config.cfg": CONFIGURATION,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of two sources with a test bench, described by a script and by a configuration file."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def facts(folder: Path) -> dict[str, object]:
    """The summary of the newest loop."""
    found: dict[str, object] = json.loads((folder / "workspace" / "loops" / "latest" / "summary.json").read_text())
    return found


@pytest.mark.parametrize("script", ["run_hls.tcl", "hls_config.cfg"])
@pytest.mark.parametrize("version", ["2023.2", "2025.2"])
def test_part_clock_flow_settings_and_bench_of_a_project_reach_the_tool(
    folder: Path, script: str, version: str
) -> None:
    done = luigi(
        "RunActiveLearningLoop", "--kernel", script, "--budget", "2", "--batch", "2", "--top-k", "0",
        "--vitis-further", "csim", cwd=folder, env=with_tool(folder / "tool", version),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    flow = facts(folder)["kernels"]["scale"]["flow"]  # type: ignore[index]
    assert (flow["part"], flow["clock_ns"], flow["uncertainty"], flow["flow_target"]) == (
        "xc7z020clg484-1", 10, "12.5%", "vivado",
    )  # fmt: skip
    handed = folder / "workspace" / "loops" / "latest" / "best" / "vitis"
    tcl, cfg = (handed / "run_hls.tcl").read_text(), (handed / "hls_config.cfg").read_text()
    for line in (
        "set_top scale", "open_solution -reset solution -flow_target vivado", "set_part xc7z020clg484-1",
        "create_clock -period 10 -name default", "set_clock_uncertainty 12.5%", "config_compile -pipeline_loops 6",
        "config_op mul -impl dsp -latency 2", f"add_files -tb {folder}/in.dat",
    ):  # fmt: skip
        assert line in tcl.splitlines(), tcl
    for line in (
        "clock=10ns", "flow_target=vivado", "syn.compile.pipeline_loops=6", "syn.op=op:mul impl:dsp latency:2",
        f"tb.file={folder}/in.dat", "csim.argv=in.dat",
    ):  # fmt: skip
        assert line in cfg.splitlines(), cfg
    assert "-DFACTOR=3" in tcl and (handed / "testbench_tb.c").read_text() == FILES["tb.c"]


SOLUTIONS = """
open_project -reset prj
set_top scale
add_files src/scale.c
open_solution -reset plain
set_part xc7z020clg484-1
create_clock -period 10
csynth_design
open_solution -reset fast
set_part xc7z020clg484-1
create_clock -period 10
set_directive_pipeline -II 2 scale/LOOP
csynth_design
"""


def test_reports_that_a_project_has_become_labels_of_what_its_solutions_say(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "scale.c").write_text(
        "void scale(int x[16]) {\nLOOP:\n  for (int i = 0; i < 16; i++) x[i] = 3 * x[i];\n}\n"
    )
    (tmp_path / "run_hls.tcl").write_text(SOLUTIONS)
    env = with_tool(tmp_path / "tool")
    made = subprocess.run(["vitis_hls", "-f", "run_hls.tcl"], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert made.returncode == 0 and len(list(tmp_path.glob("prj/*/syn/report/csynth.xml"))) == 2, made.stdout
    for solution, value in (("plain", ""), ("fast", "II=2")):
        named = ("--kernel", "run_hls.tcl", "--solution", solution, "--source", "lab", "--workspace", solution)
        done = luigi("ImportReports", "--path", f"prj/{solution}", *named, cwd=tmp_path)
        assert done.returncode == 0 and "without a known design" not in done.stderr, done.stderr
        sampled = luigi("SampleConfigurations", *named, "--backend", "replay", cwd=tmp_path)
        assert sampled.returncode == 0, sampled.stderr
        (table,) = (tmp_path / solution).glob("designs/scale/*/designs.parquet")
        (point,) = (json.loads(one) for one in pq.read_table(table).column("point").to_pylist())
        assert point["__PIPE__L0"] == value
    # Of the whole project the first solution; what makes another kernel is named, with what imports it.
    whole = ("ImportReports", "--path", ".", "--kernel", "run_hls.tcl", "--source", "lab")
    done = luigi(*whole, cwd=tmp_path)
    assert done.returncode == 0 and "import it with --solution prj/fast" in done.stderr, done.stderr
    # A report that is older than the sources is of pragmas that nobody knows.
    os.utime(tmp_path / "prj" / "plain" / "syn" / "report" / "csynth.xml", ns=(1, 1))
    done = luigi(*whole, "--workspace", "other", cwd=tmp_path)
    assert done.returncode == 0 and "prj/plain: its report is older than" in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("cfg", "place", "path", "known"),
    [
        ("", "hls", ".", True),
        ("", "scale/scale/hls", ".", True),
        ("work_dir=../build\n", "../build/hls", "../build", True),
        ("", "../build/hls", "../build/hls", True),
        # A folder of many past runs: nobody knows what was written when they were made.
        ("", "../build/a/hls", "../build", False),
        ("other", "scale/hls", ".", False),
        ("other", "scale/hls", "scale", True),
    ],
)
def test_what_a_configuration_file_left_in_its_work_folder_is_a_label_of_what_is_written(
    tmp_path: Path, cfg: str, place: str, path: str, *, known: bool
) -> None:
    folder = tmp_path / "own"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "scale.c").write_text("void scale(int x[16]) {\n  for (int i = 0; i < 16; i++) x[i] *= 3;\n}\n")
    text = "[hls]\nsyn.file=src/scale.c\nsyn.top=scale\n"
    (folder / "hls_config.cfg").write_text(text + (cfg if cfg != "other" else ""))
    if cfg == "other":
        (folder / "fast.cfg").write_text(f"{text}syn.directive.pipeline=scale II=1\n")
    report = folder / place / "syn" / "report" / "csynth.xml"
    report.parent.mkdir(parents=True)
    report.write_bytes(report_xml(77, top="scale"))
    task = ImportReports(
        workspace=str(tmp_path / "w"), path=str(folder / path), source="lab", kernel=str(folder / "hls_config.cfg")
    )
    (found,), _ = task.collected
    assert found.label.cycles == 77 and (found.point is not None) == known


def test_a_loop_proves_its_best_design_with_the_bench_of_the_project(folder: Path) -> None:
    asked = ("RunActiveLearningLoop", "--backend", "estimator", "--budget", "4", "--batch", "4", "--top-k", "1")
    done = luigi(*asked, "--kernel", "hls_config.cfg", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "test bench: original passed, best design passed" in done.stderr
    assert facts(folder)["testbench"] == {"original": "passed", "original_why": "", "best": "passed", "best_why": ""}
    place = folder / "workspace" / "loops" / "latest"
    assert "Test bench: original passed" in (place / "best" / "README.txt").read_text()
    assert "Test bench on this machine" in (place / "report.html").read_text()
    assert facts(folder)["kernels"]["scale"]["flow"]["part"] == "xc7z020-clg484-1"  # type: ignore[index]
    # Another bench is another result, and one that is not to be run is not run.
    (folder / "bad.c").write_text('#include "scale.h"\nint main(void) { return 4; }\n')
    done = luigi(*asked, "--kernel", "hls_config.cfg", "--testbench", "bad.c", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "original failed (it ends with code 4), best design does the same" in done.stderr, done.stderr
    done = luigi(*asked, "--kernel", "hls_config.cfg", "--testbench-seconds", "0", cwd=folder)
    assert done.returncode == 0 and facts(folder)["testbench"] is None


def test_a_kernel_is_called_after_its_top_and_otherwise_by_option(folder: Path) -> None:
    for more, name in ((), "scale"), (("--name", "mine"), "mine"):
        done = luigi("DescribeKernel", "--kernel", "run_hls.tcl", *more, cwd=folder)
        assert done.returncode == 0, done.stderr
        told = json.loads((folder / "workspace" / "descriptions" / f"kernel-{name}.json").read_text())
        assert told["top"] == "scale" and told["project"]["part"] == "xc7z020clg484-1"
        assert [loop["trip_count"] for loop in told["loops"]] == [16]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kernel", "gone.tcl"), "gone.tcl: there is no such file"),
        (("--kernel", "run_hls.tcl", "--solution", "two"), "has no solution 'two'"),
        (("--kernel", "src/scale.c", "--solution", "one"), "--solution one goes with a script"),
        (("--kernel", "run_hls.tcl", "--testbench", "gone.c"), "gone.c: there is no such file; check --testbench"),
        (("--kernel", "run_hls.tcl", "--name", "../up"), "cannot be a kernel's name"),
        (("--kernel", "bad.tcl"), "bad.tcl:1: the script takes more than"),
    ],
)
def test_what_cannot_be_meant_is_one_line(folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "bad.tcl").write_text("while 1 {}\n")
    done = luigi("DescribeKernel", *arguments, cwd=folder)
    assert done.returncode != 0 and said in one_error_line(done)


def test_what_a_script_does_beside_the_project_is_named_and_not_done(folder: Path) -> None:
    (folder / "run_hls.tcl").write_text(
        SCRIPT.replace("csynth_design", "exec touch made\nmagic_command\ncsynth_design")
    )
    done = luigi("DescribeKernel", "--kernel", "run_hls.tcl", cwd=folder)
    assert done.returncode == 0 and not (folder / "made").exists()
    assert "run_hls.tcl:15: exec is not done" in done.stderr and "run_hls.tcl:16: magic_command" in done.stderr
