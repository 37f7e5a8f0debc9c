"""Flags, further files and the top function: one value for whoever reads the kernel, however it is typed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline.tasks
from tests.synthesis.samples import report_xml
from tests.tasks.commands import luigi, module, one_error_line
from tests.tasks.test_vitis_runs import with_tool

SOURCE = (
    '#include <size.h>\n#include "w.h"\n#ifdef N\nvoid k(int a[N], int b[SIZE]) {\n'
    "  for (int i = 0; i < N; i++) b[i & 1] += weight(a[i]);\n}\n#endif\nvoid other(int a[2]) { a[0] = 1; }\n"
)
SCHEDULER = "[core]\nlocal_scheduler = true\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a kernel of two files, a header beside them and one in another folder."""
    (tmp_path / "my inc").mkdir()
    (tmp_path / "my inc" / "size.h").write_text("#define SIZE 2\n")
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "size.h").write_text("#define SIZE 2\n")
    (tmp_path / "w.h").write_text("int weight(int v);\n")
    (tmp_path / "w.c").write_text('#include "w.h"\nint weight(int v) { return 3 * v; }\n')
    (tmp_path / "k.c").write_text(SOURCE)
    (tmp_path / "luigi.cfg").write_text(SCHEDULER)
    return tmp_path


@pytest.mark.parametrize(
    ("start", "flags", "configured"),
    [
        (module, ["--cflags", "-I 'my inc' -DN=8"], ""),
        (luigi, ["--cflags=-Iinc -D N=8"], ""),
        (luigi, ["--cflags", "-DN=8"], "[kernel]\ncflags = -I inc\n[vitis]\noptions = cflags=-Imissing\n"),
        (module, ["--DescribeKernel-cflags", "-DN=8"], "[vitis]\noptions = cflags=-I inc -DN=4 -UN\n"),
    ],
)
def test_flags_are_taken_as_people_write_them(project: Path, start: object, flags: list[str], configured: str) -> None:
    assert callable(start)
    (project / "luigi.cfg").write_text(SCHEDULER + configured)
    if "kernel" in configured:
        flags = ["--cflags", "-I inc -DN=8"]  # an option stands for the setting
    done = start("DescribeKernel", "--kernel", "k.c", "--files", "w.c", "--top", "k", *flags, cwd=project)
    assert done.returncode == 0, done.stderr
    facts = json.loads((project / "workspace" / "descriptions" / "kernel-k.json").read_text())
    assert [(loop["loop"], loop["trip_count"]) for loop in facts["loops"]] == [("k/loop_0", 8)]


def test_what_is_missing_is_said_at_once_and_names_an_option_that_exists(project: Path) -> None:
    asked = ["DescribeKernel", "--kernel", "k.c", "--top", "k"]
    assert '--cflags "-I FOLDER"' in one_error_line(luigi(*asked, cwd=project))
    astray = luigi("DescribeKernel", "--kernel", "atax", "--cflags", "-I gone -isystem inc -I gone", cwd=project)
    assert astray.returncode == 0 and astray.stderr.count("the folder gone is not there") == 1
    assert "inc is" not in astray.stderr
    assert (
        "weight" in (line := one_error_line(luigi(*asked, "--cflags", "-Iinc -DN=8", cwd=project)))
        and "--files" in line
    )
    assert "no flag" in one_error_line(luigi(*asked, "--cflags", "-fplugin=x", cwd=project))
    assert "w.h" not in one_error_line(luigi(*asked, "--cflags", "-Iinc -DN=8", "--files", "gone.c", cwd=project))


def test_the_tool_is_handed_the_flags_that_the_kernel_was_read_with(project: Path) -> None:
    env = with_tool(project / "tool")
    done = luigi(
            "GenerateDataset", "--kernels", str(project / "k.c"), "--files", str(project / "w.c"),
            "--top", "k", "--cflags", f"-I {project / 'inc'} -DN=8 -Wall", "--graphs", "False", "--count", "1",
            "--workspace", str(project / "w"), "--vitis-keep", "always", "--vitis-scratch", str(project / "scratch"),
        env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (script,) = (project / "scratch").glob("*/run_hls.tcl")
    handed = dict(re.findall(r'add_files (\S+) -cflags "(.*)"', script.read_text()))
    assert handed == dict.fromkeys(("k.c", "w.c"), "-Iinc -DN=8 -Wall")
    command = [sys.executable, "-m", "ziglang", "cc", "-E", "-w", *handed["k.c"].split(), "k.c", "w.c"]
    read = subprocess.run(command, cwd=script.parent, capture_output=True, text=True, check=True).stdout
    assert "void k(int a[8], int b[2])" in read and "return 3 * v" in read


def test_every_task_that_takes_kernels_takes_the_options_of_a_kernel() -> None:
    read = {"top", "cflags", "files", "testbench", "solution", "name"}
    taken = {
        task.__name__: {name for name, _ in task.get_params()}  # type: ignore[no-untyped-call]
        for task in pipeline.tasks.COMMANDS
    }
    without = {name for name, have in taken.items() if have & {"kernel", "kernels"} and not read <= have}
    # Packs are of the suite; Compare names a kernel of what is there already.
    assert without == {"BuildPacks", "Compare"}


def test_options_of_a_kernel_reach_whatever_reads_it(project: Path) -> None:
    given = ["--kernel", "k.c", "--files", "w.c", "--top", "k", "--cflags", "-I inc -DN=8"]
    report = project / "old" / "csynth.xml"
    report.parent.mkdir()
    report.write_bytes(report_xml(640, top="k"))
    done = luigi("ImportReports", "--path", "old", "--source", "lab", *given, cwd=project)
    assert done.returncode == 0, done.stderr
    asked = ["--kernels", "k.c", *given[2:], "--source", "lab"]
    done = luigi("ExportDataset", "--layout", "hlsyn", "--backend", "replay", *asked, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "k.json" in {file.name for file in (project / "workspace" / "exports").rglob("*.json")}
    line = one_error_line(luigi("Calibrate", *asked, cwd=project))
    assert "no label of lab has cycles" in line, "labels of the kernel as it is read with the options are found"


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ("tools", "give tool or merlin"),
        ("tool,merlin", "give tool or merlin"),
        ("merlin,inline", "name tool in --sites"),
    ],
)
def test_sites_that_are_none_are_refused_with_what_is_there(project: Path, sites: str, said: str) -> None:
    (project / "k.c").write_text("void k(int a[8]) { for (int i = 0; i < 8; i++) a[i]++; }\n")
    done = luigi("DescribeKernel", "--kernel", "k.c", "--sites", sites, cwd=project)
    assert done.returncode and said in one_error_line(done)


def test_partitions_and_inlining_become_sites_by_option(project: Path) -> None:
    (project / "k.c").write_text("void k(int a[8]) { for (int i = 0; i < 8; i++) a[i]++; }\n")
    for sites, found in (("tool", []), ("partition,inline", ["__PART__k_a_D1"])):
        done = luigi("DescribeKernel", "--kernel", "k.c", "--sites", sites, cwd=project)
        assert done.returncode == 0, done.stderr
        facts = json.loads((project / "workspace" / "descriptions" / "kernel-k.json").read_text())
        assert [site["name"] for site in facts["sites"]] == ["__PARA__L0", *found, "__PIPE__L0"]
