"""A user's own C file, from nothing to a validated design: with the estimator, and with the tool on PATH."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.tasks.commands import environment, one_error_line
from tests.tasks.loops import SAXPY, compiles, facts, found, loop, rows
from tests.tool.install import install


def own_file(folder: Path) -> Path:
    """A kernel without any pragma."""
    file = folder / "saxpy.c"
    file.write_text(SAXPY)
    return file


def test_a_file_that_is_no_model_ends_a_search_before_anything_is_learned_for_it(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    given = ("--backend", "estimator", "--model", str(tmp_path / "model.json"))
    done = loop(tmp_path / "w", "--kernel", str(own_file(tmp_path)), *given)
    assert "not a readable safetensors file" in one_error_line(done)
    assert not (tmp_path / "w" / "rounds").exists()


def test_the_estimator_finds_the_optimum_of_an_own_file_and_says_that_it_estimated(tmp_path: Path) -> None:
    done = loop(
        tmp_path / "w", "--kernel", str(own_file(tmp_path)), "--backend", "estimator", "--budget", "12", "--batch", "4"
    )
    assert done.returncode == 0, done.stderr
    place = found(tmp_path / "w")
    runs, validated = rows(place / "runs.csv"), rows(place / "validation.csv")
    assert {row["obtained"] for row in runs} | {row["origin"] for row in validated} == {"estimated"}
    assert {row["key"] for row in validated} <= {row["key"] for row in runs}
    assert all(row["cycles"] == row["earlier_cycles"] for row in validated)
    best = min((row for row in runs if row["fits"] == "True"), key=lambda row: int(row["cycles"]))
    assert facts(tmp_path / "w")["best"]["key"] == best["key"]
    compiles(place / "best" / "saxpy.c", tmp_path)
    (built,) = (place / "best" / "vitis").glob("*.c")
    compiles(built, tmp_path)
    assert "resynthesised" not in (place / "best" / "README.txt").read_text()


def test_the_tool_runs_a_design_once_for_all_loops_and_validation_runs_it_afresh(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    installed = install(tmp_path / "tool", "2023.2", names=None, pids=pids)
    env = environment(**{k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")})
    arguments = ("--kernel", str(own_file(tmp_path)), "--batch", "4", "--budget", "50")
    done = loop(tmp_path / "w", *arguments, "--top-k", "2", env=env)
    assert done.returncode == 0, done.stderr
    place = found(tmp_path / "w")
    runs, validated = rows(place / "runs.csv"), rows(place / "validation.csv")
    assert {row["obtained"] for row in runs} == {"synthesised"}
    assert [row["origin"] for row in runs] == ["as_written"] + ["synthesised"] * (len(runs) - 1)
    assert {row["origin"] for row in validated} == {"resynthesised"} and len(validated) == 2
    assert {row["source"] for row in [*runs, *validated]} == {"stand-in"}
    assert "resynthesised" in done.stderr and (place / "best" / "csynth.xml").is_file()
    # The tool got the user's own file with the design's pragmas; the diff leads there from what the user has.
    best = (place / "best" / "saxpy.c").read_bytes()
    assert (place / "best" / "vitis" / "saxpy.c").read_bytes() == best and b"memcpy" not in best
    mine = tmp_path / "mine"
    mine.mkdir()
    own_file(mine)
    diff = place / "best" / "changes.diff"
    if diff.read_bytes():
        subprocess.run(["patch", "-p1", "-s", "-i", str(diff)], cwd=mine, check=True, capture_output=True)
    assert (mine / "saxpy.c").read_bytes() == best

    before = len(list(pids.iterdir()))
    assert before > len(runs) + len(validated)
    again = loop(tmp_path / "w", *arguments, "--top-k", "0", "--seed", "1", env=env)
    assert again.returncode == 0, again.stderr
    assert {row["key"] for row in rows(found(tmp_path / "w") / "runs.csv")} == {row["key"] for row in runs}
    # What is left are the starts that ask the tool for its version.
    assert len(list(pids.iterdir())) - before < len(runs)


def test_a_validation_that_simulates_and_implements_shows_their_figures_beside_those_of_synthesis(
    tmp_path: Path,
) -> None:
    installed = install(tmp_path / "tool", "2023.2", names=None)
    env = {k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")}
    bench = tmp_path / "bench.c"
    bench.write_text("int main(void) { return 0; }\n")
    arguments = ("--kernel", str(own_file(tmp_path)), "--batch", "3", "--budget", "3", "--top-k", "1", "--cosim",
                 "--implement")  # fmt: skip
    done = loop(tmp_path / "w", *arguments, "--vitis-testbench", str(bench), env=environment(**env))
    assert done.returncode == 0, done.stderr
    (validated,) = rows(found(tmp_path / "w") / "validation.csv")
    assert validated["origin"] == "resynthesised"
    # The stand-in's simulation counts 76 cycles whatever the design; what synthesis estimated stays beside it.
    assert (validated["cosim_status"], validated["cosim_cycles"]) == ("ok", "76")
    assert validated["cycles"] == validated["earlier_cycles"] != "76"
    # Predicted, synthesised and implemented stand side by side; the last judges whether the design fits.
    assert (validated["implemented_status"], validated["implemented_fits"]) == ("ok", "True")
    assert (validated["implemented_clock_ns"], validated["implemented_util_lut"]) == ("3.125", f"{187 / 1_182_240:.6g}")
    assert "1 of 1 implemented fit and meet the clock" in done.stdout + done.stderr
    page = (found(tmp_path / "w") / "report.html").read_text(encoding="utf-8")
    assert "Predicted, synthesised, implemented" in page and "Placed and routed by Vivado it fits" in page


MERLIN_CPP = """template <int N> static int scaled(int v) { return v * N; }
void scale(int a[64], int b[64]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
  for (int i = 0; i < 64; i++) b[i] = scaled<3>(a[i]);
}
"""


def test_cpp_with_merlins_sites_is_delivered_for_merlin_and_refused_before_the_tool_starts(tmp_path: Path) -> None:
    file = tmp_path / "scale.cpp"
    file.write_text(MERLIN_CPP)
    few = ("--kernel", str(file), "--budget", "4", "--warm-start", "none", "--top-k", "0")
    done = loop(tmp_path / "w", *few, "--backend", "estimator")
    assert done.returncode == 0 and "best/ is for the Merlin compiler" in done.stderr
    best = (found(tmp_path / "w") / "best" / "scale.cpp").read_text()
    assert "auto{" not in best and best.count("#pragma ACCEL") == 2
    installed = install(tmp_path / "tool", "2023.2", names=None)
    env = environment(**{k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")})
    refused = loop(tmp_path / "w", *few, "--backend", "vitis", env=env)
    assert refused.returncode and "delivered in the tool's own terms" in one_error_line(refused)
    assert "round 1" not in refused.stderr


def test_a_best_design_that_cannot_be_written_fails_the_command_each_time(tmp_path: Path) -> None:
    file = tmp_path / "swap.c"
    file.write_text("""#define SPLIT _Pragma("HLS array_partition variable=u complete")
void swap(int a[8]) {
  int u[8];
  SPLIT
  for (int i = 0; i < 8; i++) u[i] = a[i];
  for (int i = 0; i < 8; i++) a[i] = u[7 - i];
}
""")
    names = ("__PARA__L0", "__PARA__L1", "__PIPE__L0", "__PIPE__L1", "__PART__swap_a_D1", "__PART__swap_u_D1")
    fixed = {
        name: (1, "PARALLEL") if "PARA" in name else ("''", "PIPELINE" if "PIPE" in name else "OPTION")
        for name in names
    }
    space = tmp_path / "none.toml"
    rows_of = (
        f'[sites.{name}]\nkind = "{kind}"\ndefault = {value}\nvalues = [{value}]\n'
        for name, (value, kind) in fixed.items()
    )
    space.write_text("".join(rows_of))
    asked = (
        "--kernel",
        str(file),
        "--sites",
        "partition",
        "--space",
        str(space),
        "--backend",
        "estimator",
        "--budget",
        "2",
    )
    for _ in range(2):
        done = loop(tmp_path / "w", *asked, "--warm-start", "none", "--top-k", "0")
        assert done.returncode and "could not be written" in one_error_line(done)
        assert "NOT written" in done.stderr and "cannot be taken out by a directive" in done.stderr
    assert "no annotated C" in (found(tmp_path / "w") / "best" / "README.txt").read_text()
