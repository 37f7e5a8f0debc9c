"""The best design's folder is the user's project: its script says the design, wherever the folder lies."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.design_space import derive_space, sample
from pipeline.kernels import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import load_kernel
from pipeline.loop.best import build_sources
from pipeline.loop.delivered import write_project
from pipeline.project.opened import open_project
from pipeline.synthesis import EstimatorBackend, ReportStore
from pipeline.synthesis.lowering import lower
from pipeline.synthesis.lowering.delivery import DELIVERIES, Delivery
from pipeline.synthesis.plan import KernelPlan

SOURCE = """#include "sum.h"
void sum(int a[8][8], int b[8]) {
  int held[8][8];
  copy: for (int i = 0; i < 8; i++)
    for (int j = 0; j < 8; j++) held[i][j] = a[i][j];
  add: for (int i = 0; i < 8; i++) {
    b[i] = 0;
    each: for (int j = 0; j < 8; j++) b[i] += held[i][j];
  }
}
"""
TCL = """open_project -reset out
set_top sum
add_files ROOT/src/sum.c
add_files -tb bench.c
open_solution one
set_part xc7z020-clg484-1
create_clock -period 5
DIRECTIVES
csynth_design
exit
"""
COMMANDS = """set_directive_pipeline -II 2 "sum/copy"
  set_directive_unroll -factor 4 \\
     sum/each
set_directive_array_partition -type cyclic -factor 2 -dim 2 sum held
"""
CFG = """part=xc7z020-clg484-1
[hls]
clock=5
syn.top=sum
syn.file=src/sum.c
syn.directive.pipeline=sum/copy II=2
syn.directive.unroll=sum/each \\
  factor=4
syn.directive.array_partition=sum held type=cyclic factor=2 dim=2
tb.file=bench.c
"""
SCRIPTS = {
    "run.tcl": {"run.tcl": TCL.replace("DIRECTIVES\n", COMMANDS)},
    "sourced": {"run.tcl": TCL.replace("DIRECTIVES", "source directives.tcl"), "directives.tcl": COMMANDS},
    "none": {"run.tcl": TCL.replace("DIRECTIVES\n", "")},
    "cfg": {"hls_config.cfg": CFG},
}


def _read(folder: Path, script: str) -> Kernel:
    project = open_project(folder / script).project
    return propose_sites(load_kernel(Path(project.file), project=project), "tool", ("partition",))


@pytest.mark.parametrize("how", DELIVERIES)
@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_delivered_script_says_the_design_itself(
    kind: str, how: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    files = {"src/sum.c": SOURCE, "src/sum.h": "void sum(int a[8][8], int b[8]);\n", "bench.c": "int main() {}\n"}
    for name, text in {**files, **SCRIPTS[kind]}.items():
        (mine / name).parent.mkdir(parents=True, exist_ok=True)
        (mine / name).write_text(text.replace("ROOT", str(mine)))
    script = next(iter(SCRIPTS[kind]))
    kernel = _read(mine, script)
    space = derive_space(kernel)
    for number, point in enumerate([space.default, *sample(space, "uniform", 8, seed=3)]):
        best = tmp_path / f"best{number}"
        held = write_project(best, kernel, lower(kernel, point, dialect=kernel.dialect, delivery=how))
        # As a user does: the folder is moved, and its script is read where it lies.
        moved = tmp_path / "elsewhere" / f"best{number}"
        shutil.move(best, moved)
        monkeypatch.chdir(moved)
        again = _read(Path(), script)
        assert derive_space(again).default == point, held
        assert str(mine) not in "".join(file.read_text() for file in moved.rglob("*.tcl"))
        if kind == "cfg" and point != space.default:
            left = [line.strip() for line in (moved / script).read_text().splitlines()]
            assert ("factor=4" in left) <= ("syn.directive.unroll=sum/each \\" in left), "all lines of it go, or none"
        if point != space.default and how == "directives":
            assert all(
                (moved / name).read_text() == text or "loop_" in (moved / name).read_text()
                for name, text in files.items()
            )
        patched = tmp_path / "patched"
        shutil.copytree(mine, patched)
        if (moved / "changes.diff").read_bytes():
            subprocess.run(["patch", "-p1", "-s", "-i", str(moved / "changes.diff")], cwd=patched, check=True)
        assert all((patched / name).read_bytes() == (moved / name).read_bytes() for name in [*files, script])
        shutil.rmtree(patched)


def test_directives_are_delivered_without_a_tool_too(tmp_path: Path) -> None:
    (tmp_path / "sum.c").write_text(SOURCE.removeprefix('#include "sum.h"\n'))
    kernel = propose_sites(load_kernel(tmp_path / "sum.c"))
    backend = EstimatorBackend(ReportStore(tmp_path / "store", fsync=False))
    space = derive_space(kernel)
    for how in DELIVERIES:
        plan = KernelPlan(backend, backend.address_of(kernel), kernel, space, how)
        best: Any = SimpleNamespace(point={**space.default, "__PARA__L3": 8})
        sources, _ = build_sources(plan, best)
        assert sources.directives == ('set_directive_unroll -factor 8 "sum/each"\n' if how == "directives" else "")
        assert ("#pragma" in sources.files["sum.c"]) == (how == "insert")


def test_a_script_sources_no_file_that_is_not_there(tmp_path: Path) -> None:
    """By pragmas nothing is left of a script's own directives; what shares a line with one stays."""
    own = 'set_directive_pipeline -II 2 "sum/copy"\nset_directive_unroll -factor 4 sum/each ; puts hi\n'
    for name, text in {"src/sum.c": SOURCE, "src/sum.h": "", "bench.c": "int main() {}\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "run.tcl").write_text(TCL.replace("ROOT", ".").replace("DIRECTIVES\n", own))
    project = open_project(tmp_path / "run.tcl").project
    kernel = propose_sites(load_kernel(Path(project.file), project=project))
    point = {**derive_space(kernel).default, "__PIPE__L0": "off"}
    write_project(tmp_path / "best", kernel, lower(kernel, point, dialect=kernel.dialect))
    script = (tmp_path / "best" / "run.tcl").read_text()
    assert "# set_directive_pipeline" in script and "puts hi" in script
    assert "source" not in script or (tmp_path / "best" / "directives.tcl").exists()


def test_a_kernel_without_loops_is_delivered_as_it_is(tmp_path: Path) -> None:
    for name in ("one.cpp", "one.c"):
        (tmp_path / name).write_text("void one(int a[4], int *b) { *b = a[0] + a[3]; }\n")
        kernel = propose_sites(load_kernel(tmp_path / name))
        sources = lower(kernel, {}, dialect=kernel.dialect)
        assert sources.files == {name: (tmp_path / name).read_text()} and not sources.directives


def test_a_script_with_several_solutions_is_left_alone_and_that_is_said(tmp_path: Path) -> None:
    text = TCL.replace("ROOT/src", "src").replace(
        "DIRECTIVES", "csynth_design\nopen_solution two\nset_part xc7z020-clg484-1"
    )
    for name, held in {"src/sum.c": SOURCE, "src/sum.h": "", "bench.c": "int main() {}\n", "run.tcl": text}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(held)
    project = open_project(tmp_path / "run.tcl", solution="two").project
    kernel = propose_sites(load_kernel(Path(project.file), project=project))
    point = {**derive_space(kernel).default, "__PARA__L3": 8}
    told = write_project(tmp_path / "best", kernel, lower(kernel, point, dialect=kernel.dialect, delivery="directives"))
    assert (tmp_path / "best" / "run.tcl").read_text() == text
    assert "run.tcl opens no solution, or several" in told["directives.tcl"]
