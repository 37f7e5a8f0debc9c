"""Existing projects: what scripts and configuration files of the tool say becomes one value, whichever says it."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.project import Project, parse_flags
from pipeline.project.component import from_root, period_ns, uncertainty_of, with_moved
from pipeline.project.opened import open_project

SCRIPT = """
set root [file normalize [file dirname [info script]]]
set tool_options { -pipeline_loops 0 -unsafe_math_optimizations }
open_project -reset $env(RUN)_prj
foreach file {top helper} { add_files $root/src/$file.c -cflags "-I$root/inc -DN=[expr {4 * 4}]" }
add_files -tb "tb.c data" -cflags "-Iinc"
set_top top
open_solution -reset "fast" -flow_target vivado
set_part {xc7z020clg484-1} -tool vivado
create_clock -period 300MHz -name default
set_clock_uncertainty 12.5%
eval config_compile $tool_options
config_op mul -impl dsp -latency 3
config_export -format ip_catalog -description "a text"
source ./directives.tcl
if {1} { csim_design -argv "a 'b c'" -ldflags "-lm" } else { add_files never.c }
csynth_design
exec make install
exit
"""
DIRECTIVES = """
set_directive_pipeline -II 2 "top/outer"
set_directive_array_partition -type cyclic -factor 4 -dim 1 "top" x
set_directive_inline -off helper
"""
CONFIGURATION = """
part=xc7z020clg484-1
# a comment
[hls]
clock=300MHz
clock_uncertainty=12.5%
flow_target=vivado
syn.file=src/top.c
syn.file=src/helper.c
syn.file_cflags=src/top.c,-DN=16
syn.cflags=-Iinc
tb.file=tb.c
tb.file=data
tb.cflags=-Iinc
syn.top=top
syn.compile.pipeline_loops=0
syn.compile.unsafe_math_optimizations=1
syn.op=op:mul impl:dsp latency:3
csim.argv=a 'b c'
csim.ldflags=-lm
package.output.format=ip_catalog
syn.directive.pipeline=top/outer II=2
syn.directive.array_partition=top x type=cyclic factor=4 dim=1
syn.directive.inline=helper off
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two sources, headers, a test bench with data, and both descriptions of it."""
    for name, text in {
        "src/top.c": "void top(int x[N]) { outer: for (int i = 0; i < N; i++) x[i] = helper(x[i]); }\n",
        "src/helper.c": "int top_of(void);\nint helper(int v) { return 2 * v; }\n",
        "inc/top.h": "",
        "tb.c": "int main(void) { return 0; }\n",
        "data/in.dat": "1 2\n",
        "run_hls.tcl": SCRIPT,
        "directives.tcl": DIRECTIVES,
        "hls_config.cfg": CONFIGURATION,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUN", "fir")
    return tmp_path


def script(folder: Path, text: str, name: str = "other.tcl", **options: str) -> Project:
    """The project of a script with this text."""
    (folder / name).write_text(text)
    return open_project(Path(name), **options).project  # type: ignore[arg-type]


BEGIN = "open_project p\nadd_files src/top.c\nset_top top\nopen_solution s\n"


@pytest.mark.parametrize("name", ["run_hls.tcl", "hls_config.cfg"])
def test_a_script_and_a_configuration_file_of_one_project_say_the_same(folder: Path, name: str) -> None:
    opened = open_project(Path(name))
    project, tool, bench = opened.project, opened.project.tool, opened.project.testbench
    assert (project.file, project.further, project.top, project.name) == ("src/top.c", ("src/helper.c",), "top", "top")
    assert dict(project.flags.macros) == {"N": "16"} and [one.name for one in project.flags.folders] == ["inc"]
    assert bench.files == ("tb.c", "data") and bench.arguments == ("a", "b c") and bench.link == ("-lm",)
    assert (tool.part, tool.clock_ns, tool.uncertainty, tool.flow) == ("xc7z020clg484-1", 3.333333, "12.5%", "vivado")
    assert dict(tool.settings) == {
        "config_compile.pipeline_loops": "0",
        "config_compile.unsafe_math_optimizations": "true",
        "config_op.mul.impl": "dsp",
        "config_op.mul.latency": "3",
    }
    assert list(dict(tool.further).values()) == ["ip_catalog"]
    pipeline, partition, inline = project.directives
    assert (pipeline.name, pipeline.function, pipeline.label, pipeline.option("ii")) == (
        "pipeline",
        "top",
        "outer",
        "2",
    )
    assert (partition.variable, partition.option("factor"), partition.label) == ("x", "4", None)
    assert inline.options == (("off", None),)
    said = [(str(one.file), one.line) for one in opened.unread]
    assert said == ([("run_hls.tcl", 14), ("run_hls.tcl", 18)] if name.endswith("tcl") else [])


def test_a_project_is_read_from_wherever_its_sources_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "scripts").mkdir()
    text = BEGIN.replace("src/top.c", "{src/top.c}")
    (folder / "scripts" / "run.tcl").write_text(text)
    assert open_project(Path("scripts/run.tcl")).project.file == "src/top.c"
    monkeypatch.chdir(folder / "data")
    assert open_project(folder / "scripts" / "run.tcl").project.file == str(folder / "src" / "top.c")
    assert open_project(folder / "hls_config.cfg").project.file == str(folder / "src" / "top.c")


def test_what_is_given_by_hand_goes_before_what_stands_there(folder: Path) -> None:
    (folder / "mine.c").write_text("int main(void) { return 1; }\n")
    project = open_project(
        Path("hls_config.cfg"), top="helper", name="mine", flags=parse_flags("-DM=1"), files=["mine.c"],
        testbench=["mine.c"],
    ).project  # fmt: skip
    assert (project.file, project.top, project.name) == ("src/helper.c", "helper", "mine")
    assert "mine.c" in project.further and project.testbench.files == ("mine.c",)
    assert project.flags.macros == {"N": "16", "M": "1"}


def test_several_solutions_and_tops_ask_which_and_take_the_answer(folder: Path) -> None:
    text = (
        "foreach top {top helper} {\n  foreach clock {4 8} {\n    open_project p_$top\n    add_files src/top.c\n"
        "    add_files src/helper.c\n    set_top $top\n    open_solution c$clock\n    create_clock -period $clock\n"
        "    csynth_design\n  }\n}\n"
    )
    with pytest.raises(PipelineError, match=r"has 2 top functions: top, helper; choose one, as --top top"):
        script(folder, text)
    with pytest.raises(PipelineError, match=r"has 2 solutions: p_helper/c4, p_helper/c8; choose one, as --solution c4"):
        script(folder, text, top="helper")
    assert script(folder, text, top="helper", solution="c8").tool.clock_ns == 8
    assert script(folder, text, solution="p_top/c4").top == "top"
    with pytest.raises(PipelineError, match=r"has no solution 'p_top/c5'; did you mean p_top/c\d\?"):
        script(folder, text, solution="p_top/c5")


def test_files_and_top_are_of_the_project_and_all_else_is_of_the_solution(folder: Path) -> None:
    text = (
        "open_project p\nset_top helper\nopen_solution a\ncreate_clock -period 2\nset_directive_inline helper\n"
        "open_solution b\nadd_files src/helper.c\ncsynth_design\nopen_solution a\ncsynth_design\n"
    )
    a, b = script(folder, text, solution="a"), script(folder, text, solution="b")
    assert a.file == b.file == "src/helper.c" and (a.top, b.top) == ("helper", "helper")
    assert (a.tool.clock_ns, b.tool.clock_ns) == (2, None) and (len(a.directives), len(b.directives)) == (1, 0)


@pytest.mark.parametrize(
    ("text", "problem", "advice"),
    [
        (BEGIN.replace("top.c", "gone.c"), r"other\.tcl:2: the source src/gone\.c is not there", "--files"),
        (BEGIN.replace("src/top.c", "$env(NO)/t.c"), r":2: which files are added is not known: .* no NO", "set it, or"),
        (BEGIN.replace("set_top top", "set_top [exec x]"), r":3: its top is not known: exec is not done", "--top"),
        (BEGIN.replace("set_top top", ""), "names no top function", "--top"),
        (BEGIN + "add_files src/helper.c -cflags -fplugin=x.so", "'-fplugin=x.so' is no flag", "give -D"),
        (BEGIN + "add_files -cflags -DN=2 src/helper.c\nadd_files -cflags -DN=3 src/a.c", r"src/a\.c is not there", ""),
        (BEGIN + "create_clock -period soon", r"other\.tcl:5: create_clock: 'soon' is no clock period", "--kernel"),
        ("puts hello\n", "makes no HLS design", "--files"),
        ("# no set_directive_inline f\nputs hello ;# set_directive_inline f\n", "makes no HLS design", "--files"),
        (DIRECTIVES, "holds directives alone", "the script that sources it"),
    ],
)
def test_what_is_needed_and_not_there_is_one_line_with_a_place_and_an_option(
    folder: Path, text: str, problem: str, advice: str
) -> None:
    with pytest.raises(PipelineError, match=problem) as told:
        script(folder, text)
    assert advice in str(told.value) and "\n" not in str(told.value)


def test_a_source_in_a_folder_with_a_blank_is_found(folder: Path) -> None:
    (folder / "a b").mkdir()
    (folder / "src" / "top.c").rename(folder / "a b" / "top.c")
    adds = "open_project p\nset_top top\nforeach one [glob -directory {a b} *.c] {add_files $one}\n"
    assert script(folder, adds).file == "a b/top.c"


def test_a_macro_with_two_values_is_refused_as_all_sources_are_read_alike(folder: Path) -> None:
    with pytest.raises(PipelineError, match="gives the macro N two values, 2 and 3"):
        script(
            folder,
            BEGIN + "add_files -cflags -DN=2 src/helper.c\nadd_files src/top.c\nadd_files -cflags -DN=3 inc/top.h",
        )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[hls]\nsyn.top\n", "cfg:2: 'syn.top' is no key=value"),
        ("[hls]\nsyn.file=src/top.c\nclock=fast\nsyn.top=top\n", "cfg:3: clock=fast is no clock"),
        ("syn.file=src/top.c\nsyn.top=top\nsyn.cflags=-DN=2\nsyn.cflags=-wrapper x\n", "cfg:4: '-wrapper' is no flag"),
        ("syn.file=src/top.c\nsyn.top=top\nsyn.file_cflags=src/top.c,-wrapper\n", "cfg:3: '-wrapper' is no flag"),
        ("syn.file=src/top.c\nsyn.top=top\ntb.file=tb.c\n\ntb.cflags=-wrapper\n", "cfg:5: '-wrapper' is no flag"),
        ("[connectivity]\nnk=a:1\n", "configures no HLS component"),
        ("[hls]\nsyn.file=src/no.c\nsyn.top=top\n", "cfg:2: the source src/no.c is not there"),
        ("[hls]\nsyn.file=src/top.c\nsyn.top=a\nsyn.top=b\n", "has 2 top functions: a, b; choose one, as --top a"),
    ],
)
def test_a_configuration_file_that_cannot_be_meant_is_one_line(folder: Path, text: str, problem: str) -> None:
    (folder / "x.cfg").write_text(text)
    with pytest.raises(PipelineError) as told:
        open_project(Path("x.cfg"))
    assert problem in str(told.value) and "\n" not in str(told.value)


def test_clocks_are_periods_in_every_spelling_of_the_tool() -> None:
    spellings = ["10", "10ns", "10.0", "100MHz", "100 MHz", "0.1GHz", "10000ps", "1e1"]
    assert {period_ns(text) for text in spellings} == {10.0}
    assert [period_ns(text) for text in ("", "0", "-1", "fast", "10 parsecs", "nan")] == [None] * 6
    assert [uncertainty_of(text) for text in ("12.5%", "0.9ns", ".5", "27 %", "x", "")] == [
        "12.5%", "0.9ns", "0.5", "27%", None, None,
    ]  # fmt: skip


def test_no_bytes_make_a_script_or_configuration_anything_but_a_project_or_one_line(folder: Path) -> None:
    rng = random.Random(5)
    marks = '{}[]$"\\;#=-\n\t \x00\xff%()'
    for number in range(400):
        name, text = rng.choice([("m.tcl", SCRIPT), ("m.cfg", CONFIGURATION)])
        letters = list(text)
        for _ in range(rng.randrange(1, 12)):
            place = rng.randrange(len(letters))
            letters[place : place + rng.randrange(3)] = rng.choice([rng.choice(marks), ""])
        (folder / name).write_text("".join(letters), encoding="utf-8" if number % 7 else "latin-1", errors="replace")
        try:
            open_project(Path(name))
        except PipelineError as error:
            assert "\n" not in str(error)
    assert sorted(one.name for one in folder.iterdir()) == sorted(
        ["data", "directives.tcl", "hls_config.cfg", "inc", "m.cfg", "m.tcl", "run_hls.tcl", "src", "tb.c"]
    )


def test_of_two_values_of_one_thing_the_last_counts_and_is_named(folder: Path) -> None:
    Path("other.cfg").write_text(CONFIGURATION.replace("clock=300MHz", "clock=300MHz\nclock=5"))
    Path("other.tcl").write_text(f"{BEGIN}create_clock -period 10\nset_part a\nset_part b\ncreate_clock -period 5\n")
    for name, named in (("other.cfg", ["5"]), ("other.tcl", ["b", "5.0"])):
        opened = open_project(Path(name))
        assert opened.project.tool.clock_ns == 5.0
        assert [one.what.rpartition("counts, ")[2] for one in opened.unread] == named
    # Each solution has its own, and the same value twice is none.
    Path("other.tcl").write_text(f"{BEGIN}create_clock -period 5\nopen_solution t\ncreate_clock -period 5ns\n")
    assert not open_project(Path("other.tcl"), solution="t").unread


@pytest.mark.parametrize("written", ["dissasemble.cpp", "Disassemble.CPP", "disassemble.c"])
def test_a_source_that_is_not_there_is_told_with_the_one_beside_it_whose_name_is_like_it(
    folder: Path, written: str
) -> None:
    Path("src/disassemble.cpp").write_text("int top() { return 0; }\n")
    Path("t.tcl").write_text(BEGIN.replace("top.c", written))
    Path("t.cfg").write_text(f"[hls]\nsyn.top=top\nsyn.file=src/top.c\ntb.file=src/{written}\n")
    with pytest.raises(PipelineError, match=r"is not there; did you mean src/disassemble\.cpp\? Else give"):
        open_project(Path("t.tcl"))
    Path("t.tcl").write_text(BEGIN.replace("top.c", written) + "add_files src/disassemble.cpp\n")
    with pytest.raises(PipelineError, match="is not there; check the path"):
        open_project(Path("t.tcl"))
    assert "(did you mean src/disassemble.cpp?)" in open_project(Path("t.cfg")).unread[0].what


@pytest.mark.parametrize(("gone", "left"), [("data/in.dat", ("tb.c",)), ("tb.c", ())])
def test_a_file_of_the_bench_that_is_not_there_is_named_and_stops_nothing(
    folder: Path, gone: str, left: tuple[str, ...]
) -> None:
    Path(gone).unlink()
    Path("data").rmdir() if gone != "tb.c" else None
    for name in ("run_hls.tcl", "hls_config.cfg"):
        opened = open_project(Path(name))
        assert opened.project.testbench.files == left
        assert any("is not there" in one.what for one in opened.unread)
        assert open_project(Path(name), testbench=("src/top.c",)).project.testbench.files == ("src/top.c",)


@pytest.mark.parametrize("there", ["/home/nobody/lab", "D:/lab", "d:\\their\\lab"])
def test_a_project_of_another_machine_is_found_here_by_the_ends_of_its_paths(folder: Path, there: str) -> None:
    text = CONFIGURATION.replace("=src/", f"={there}/{folder.name}/src/").replace(
        "-Iinc", f"-I{there}/{folder.name}/inc"
    )
    (folder / "moved.cfg").write_text(text.replace("tb.file=tb.c", f"tb.file={there}/{folder.name}/tb.c"))
    opened = open_project(folder / "moved.cfg")
    assert opened.project == replace(
        open_project(folder / "hls_config.cfg").project,
        script=opened.project.script,
        moved=((from_root(there), str(folder.parent)),),
        directives=opened.project.directives,
    )
    assert f"moved.cfg:8: {from_root(there)} is not there; what is named below it is taken from" in str(
        opened.unread[0]
    )
    (folder / "moved.cfg").write_text("syn.top=top\nsyn.file=/home/nobody/else/top.c\n")
    with pytest.raises(PipelineError, match=r"/home/nobody/else/top\.c is not there"):
        open_project(folder / "moved.cfg")


def test_paths_of_a_drive_are_replaced_however_they_are_written() -> None:
    text = 'syn.file=D:\\lab\\src\\top.c,D:/lab/b.c -ID:/lab/inc "D:\\lab2\\x" D:/lab'
    moved = 'syn.file=/here/src/top.c,/here/b.c -I/here/inc "D:\\lab2\\x" /here'
    assert with_moved(text, "/D:/lab", "/here") == moved


def test_a_file_of_the_design_that_a_script_also_names_for_the_bench_is_compiled_once(folder: Path) -> None:
    found = script(folder, "open_project p\nset_top top\nadd_files src/top.c\nadd_files -tb {src/top.c tb.c}\n")
    assert (found.file, found.testbench.files) == ("src/top.c", ("tb.c",))


def test_data_that_a_script_adds_to_the_design_is_the_benchs(folder: Path) -> None:
    adds = "open_project p\nset_top top\nadd_files src/top.c\nadd_files {inc/top.h data/in.dat}\n"
    assert script(folder, f"{adds}add_files -tb tb.c\n").testbench.files == ("tb.c", "data/in.dat")
    assert not script(folder, adds).testbench


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[hls]", "[hsl]", "x.cfg:4: the section [hsl] is none of the tool's (did you mean [hls]?)"),
        ("cflags=src/top.c,", "cflags=src/tpo.c,", "x.cfg:10: syn.file_cflags is for src/tpo.c, which no line adds"),
    ],
)
def test_what_a_configuration_file_says_of_nothing_is_named(folder: Path, right: str, wrong: str, said: str) -> None:
    (folder / "x.cfg").write_text(CONFIGURATION)
    assert not any(right.strip("[],") in one.what for one in open_project(Path("x.cfg")).unread)
    (folder / "x.cfg").write_text(CONFIGURATION.replace(right, wrong))
    (found,) = (
        str(one) for one in open_project(Path("x.cfg")).unread if wrong.strip(",").partition("=")[2] in one.what
    )
    assert found.startswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("notes.txt", "is no C or C++ source"),
        ("taps.dat", "is no C or C++ source"),
        ("inc", "is a folder, of which nothing is read"),
        ("gone.h", "is not there and is passed over"),
    ],
)
def test_a_file_of_the_design_that_is_no_source_is_named_where_nothing_reads_it(
    folder: Path, name: str, said: str
) -> None:
    for one in ("notes.txt", "taps.dat"):
        (folder / one).write_text("1 2 3\n")
    rows = CONFIGURATION.splitlines()
    alone = [row for row in rows if not row.startswith(("tb.", "csim."))]
    (folder / "alone.cfg").write_text("\n".join([*alone, f"syn.file={name}", ""]))
    (unread,) = open_project(folder / "alone.cfg").unread
    assert unread.what.startswith(f"{name} {said}") and unread.line == len(alone) + 1
    (folder / "with.cfg").write_text("\n".join([*rows, f"syn.file={name}", ""]))
    with_bench = open_project(folder / "with.cfg")
    data = name in ("notes.txt", "taps.dat")
    assert len(with_bench.unread) == (0 if data else 1)
    assert (name in with_bench.project.testbench.files) == data
