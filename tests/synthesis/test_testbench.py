"""A user's test bench on the host: what it says of the original and of a design, and that it can hurt neither."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.project import NO_TESTBENCH, Project, TestBench, parse_flags
from pipeline.synthesis.testbench import (
    BenchVerdict,
    bench_digest,
    has_bench,
    host_compilers,
    prove_design,
    prove_original,
)

KERNEL = '#include "k.h"\nvoid k(int x[N]) { for (int i = 0; i < N; i++) x[i] *= FACTOR; }\n'
WRONG = KERNEL.replace("*= FACTOR", "*= FACTOR + (i == 3)")
CHECKS = (
    '#include <stdio.h>\n#include "k.h"\nint main(int argc, char **argv) {\n  int x[N];\n'
    '  FILE *data = fopen("in.dat", "r");\n  if (!data) return 9;\n'
    '  for (int i = 0; i < N; i++) if (fscanf(data, "%d", &x[i]) != 1) return 8;\n  fclose(data);\n  k(x);\n'
)
EXACT = "  for (int i = 0; i < N; i++) if (x[i] != FACTOR * (i + 1)) return 1;\n  return argc - 2;\n}\n"
PRINTS = '  for (int i = 0; i < N; i++) printf("%d\\n", x[i]);\n  return 0;\n}\n'

pytestmark = pytest.mark.skipif(host_compilers() is None, reason="no C compiler on this machine")


def project(folder: Path, ending: str, name: str = "tb.c") -> Project:
    """A kernel with a bench that reads four numbers; ``ending`` is the bench's end."""
    (folder / "src").mkdir()
    (folder / "src" / "k.c").write_text(KERNEL)
    (folder / "src" / "k.h").write_text('#define N 4\n#ifdef __cplusplus\nextern "C"\n#endif\nvoid k(int x[N]);\n')
    (folder / name).write_text(CHECKS + ending)
    (folder / "in.dat").write_text("1 2 3 4\n")
    return Project(
        str(folder / "src" / "k.c"),
        parse_flags("-DFACTOR=3"),
        testbench=TestBench((str(folder / name), str(folder / "in.dat")), arguments=("one",)),
        script=str(folder / "run.tcl"),
    )


def design(of: Project, text: str) -> dict[str, str]:
    """The files of a design of the project."""
    return {"k.c": text, "k.h": (Path(of.file).parent / "k.h").read_text()}


@pytest.mark.parametrize(("ending", "name"), [(EXACT, "tb.c"), (EXACT, "tb.cpp"), (PRINTS, "tb.c")])
def test_a_design_that_computes_the_same_passes_and_another_does_not(tmp_path: Path, ending: str, name: str) -> None:
    bench = project(tmp_path, ending, name)
    original = prove_original(bench)
    assert (original.verdict, original.why) == (BenchVerdict.PASSED, "")
    assert prove_design(bench, design(bench, "/* faster */" + KERNEL), original).verdict is BenchVerdict.PASSED
    wrong = prove_design(bench, design(bench, WRONG), original)
    if ending == EXACT:
        assert wrong.text == "failed: it ends with code 1"
    else:
        # A bench that ends with 0 whatever is computed still tells by what it prints.
        assert wrong.text == "differs: line 4 of what it prints is '16', not '12'"


def test_a_design_that_is_not_compiled_where_the_original_is_has_failed(tmp_path: Path) -> None:
    bench = project(tmp_path, EXACT)
    broken = prove_design(
        bench, design(bench, KERNEL + "int k2(void) { here: here: return 0; }\n"), prove_original(bench)
    )
    assert broken.text.startswith("failed: it is not compiled as the original is") and "here" in broken.why


def test_a_bench_that_writes_is_compared_by_what_it_writes_and_changes_no_data(tmp_path: Path) -> None:
    writes = (
        '  data = fopen("in.dat", "w");\n  for (int i = 0; i < N; i++) fprintf(data, "%d\\n", x[i]);\n  return 0;\n}\n'
    )
    bench = project(tmp_path, writes)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    original = prove_original(bench)
    assert original.verdict is BenchVerdict.PASSED
    assert prove_design(bench, design(bench, KERNEL), original).verdict is BenchVerdict.PASSED
    wrong = prove_design(bench, design(bench, WRONG), original)
    assert wrong.text == "differs: the file in.dat that it writes is another"
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_changes_from_run_to_run_is_no_difference_and_is_said(tmp_path: Path) -> None:
    ending = '  printf("%p %d\\n", fopen("/proc/self/stat", "r"), (int)getpid());\n  return 0;\n}\n'
    bench = project(tmp_path, ending)
    (tmp_path / "tb.c").write_text("#include <unistd.h>\n" + (tmp_path / "tb.c").read_text())
    found = prove_design(bench, design(bench, KERNEL), prove_original(bench))
    assert found.text == "passed: what it prints changes from run to run"


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("  for (;;) x[0]++;\n}\n", "failed: it does not end within 0.5 s"),
        ("  *(volatile int *)0 = 1;\n  return 0;\n}\n", "failed: it is ended by signal 11"),
        (
            '  fprintf(stderr, "mismatch \\033[31m\\n");\n  return 3;\n}\n',
            "failed: it ends with code 3: mismatch \\x1b[31m",
        ),
        ("  return undefined_name;\n}\n", "not possible: tb.c is not compiled here: tb.c:10:"),
        ("  return missing(1);\n}\nint missing(int);\n", "not possible: it is not linked here:"),
        ("  return 0;\n}\nvoid k(int x[N]) {}\n", "not possible: it is not linked here:"),
    ],
)
def test_a_bench_that_cannot_serve_says_why_in_a_line(tmp_path: Path, ending: str, said: str) -> None:
    found = prove_original(project(tmp_path, ending), seconds=0.5)
    assert found.text.startswith(said) and "\n" not in found.text and "ld returned" not in found.text


def test_a_header_of_the_vendor_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XILINX_HLS", "XILINX_VITIS"):
        monkeypatch.delenv(name, raising=False)
    bench = project(tmp_path, EXACT, "tb.cpp")
    (tmp_path / "tb.cpp").write_text('#include "ap_int.h"\n' + (tmp_path / "tb.cpp").read_text())
    found = prove_original(bench)
    assert found.verdict is BenchVerdict.NOT_POSSIBLE and "ap_int.h" in found.why
    assert found.why.endswith("(the vendor's headers are not installed)")
    (tmp_path / "installed" / "include").mkdir(parents=True)
    (tmp_path / "installed" / "include" / "ap_int.h").write_text("")
    monkeypatch.setenv("XILINX_HLS", str(tmp_path / "installed"))
    assert prove_original(bench).verdict is BenchVerdict.PASSED


def test_sources_with_a_main_of_their_own_are_their_bench(tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text("int k(int a) { return a + 1; }\nint main(void) { return k(1) - 2; }\n")
    whole = Project(str(tmp_path / "k.c"))
    assert has_bench(whole) and prove_original(whole).verdict is BenchVerdict.PASSED
    alone = prove_design(whole, {"k.c": "int k(int a) { return a + 1; }\n"}, prove_original(whole))
    assert alone.text == "not possible: the main of the sources is not part of the design"
    (tmp_path / "k.c").write_text("int k(int a) { return a + 1; }\n")
    assert not has_bench(whole) and whole.testbench == NO_TESTBENCH


def test_a_bench_finds_its_data_where_the_tool_would_run_it(tmp_path: Path) -> None:
    bench = project(tmp_path, EXACT)
    (tmp_path / "tb.c").write_text((tmp_path / "tb.c").read_text().replace("in.dat", "../../../../in.dat"))
    assert prove_original(bench).verdict is BenchVerdict.PASSED


def test_data_that_a_bench_opens_by_its_place_is_there_unnamed_and_what_it_writes_there_is_compared(
    tmp_path: Path,
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    bench = project(mine, '  fprintf(fopen("../../../../../out.txt", "w"), "%d", x[3]);\n  return 0;\n}\n')
    (tmp_path / "data").mkdir()
    (mine / "in.dat").rename(tmp_path / "data" / "in.dat")
    (mine / "tb.c").write_text((mine / "tb.c").read_text().replace("in.dat", "../../../../../data/in.dat"))
    bench = replace(bench, testbench=TestBench((str(mine / "tb.c"),), arguments=("one",)))
    original = prove_original(bench)
    assert original.text == "passed"
    found = prove_design(bench, design(bench, WRONG), original)
    assert found.text == "differs: the file ../../../../../out.txt that it writes is another"
    assert not (tmp_path / "out.txt").exists(), "it writes into the copy"
    before = bench_digest(bench)
    (tmp_path / "data" / "in.dat").write_text("2 2 3 4\n")
    assert bench_digest(bench) != before


def test_where_the_original_does_not_end_nothing_is_compared_and_the_limit_is_named(tmp_path: Path) -> None:
    bench = project(tmp_path, "  for (;;) x[0]++;\n}\n")
    original = prove_original(bench, seconds=0.2)
    found = prove_design(bench, design(bench, "no C"), original, seconds=0.2)
    assert found.text == "not possible: the original gives nothing to compare with: it does not end within 0.2 s"
