"""The user's own ``#pragma HLS`` are read as the tool reads them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.own_pragmas import (
    ArraySplit,
    Bind,
    Dataflow,
    DependencePragma,
    Inline,
    Interface,
    LatencyPragma,
    LoopFlatten,
    LoopTripcount,
    NotRead,
    OtherPragma,
    OwnPragma,
    Pipeline,
    Stream,
    Unroll,
    Value,
    directive_pragmas,
    in_force,
)
from pipeline.kernels.pragma_notices import pragma_notices
from pipeline.kernels.read import read_kernel
from pipeline.project import parse_flags
from pipeline.project.directives import of_configuration, of_script


def _only(pragma: str, before: str = "", flags: str = "") -> OwnPragma:
    kernel = read_kernel(_source(pragma, before), file="f.c", flags=parse_flags(flags, "--cflags"))
    (found,) = kernel.pragmas
    return found


def _source(pragma: str, before: str = "") -> str:
    return f"{before}\nvoid f(int a[8][8]) {{\nfor (int i = 0; i < 8; i++) {{\n{pragma}\na[i][0] += i;\n}}\n}}\n"


def _kernel(pragma: str) -> Kernel:
    return read_kernel(_source(pragma), file="f.c")


def test_each_kind_has_its_values_whatever_the_case_and_the_blanks() -> None:
    wanted: dict[str, Value] = {
        "pipeline": Pipeline(),
        "PIPELINE II = 3 rewind style=FLP": Pipeline(ii=3, rewind=True, style="flp"),
        "pipeline off": Pipeline(off=True),
        "pipeline off=true": Pipeline(off=True),
        "pipeline off=false II=2": Pipeline(ii=2),
        "unroll": Unroll(),
        "Unroll Factor=4 skip_exit_check": Unroll(4, skip_exit_check=True),
        "unroll off": Unroll(off=True),
        "array_partition variable=a": ArraySplit("a"),
        "array_partition variable=a dim=0 complete": ArraySplit("a", dim=0),
        "array_partition variable=a type=cyclic factor=4 dim=2": ArraySplit("a", "cyclic", 4, 2),
        "array_reshape variable=a block factor=2": ArraySplit("a", "block", 2, reshape=True),
        "inline off": Inline(off=True),
        "inline recursive": Inline(recursive=True),
        "loop_flatten off": LoopFlatten(off=True),
        "loop_tripcount min=1 max=8 avg=4": LoopTripcount(1, 8, 4),
        "dependence variable=a inter false": DependencePragma("a", dependent=False),
        "dependence variable=a type=intra direction=RAW distance=2 true": DependencePragma(
            "a", None, "intra", "RAW", 2
        ),
        "dependence class=array inter dependent=false": DependencePragma(None, "array", dependent=False),
        "dataflow": Dataflow(),
        "interface mode=m_axi port=a bundle=gmem": Interface("m_axi", "a", "gmem"),
        "INTERFACE ap_fifo port=a depth=8": Interface("ap_fifo", "a", None, 8),
        "stream variable=a depth=16 type=pipo": Stream("a", 16, "pipo"),
        "bind_storage variable=a type=RAM_2P impl=bram": Bind("a", True, "ram_2p", "bram"),
        "bind_op variable=a op=mul impl=dsp latency=-1": Bind("a", False, "mul", "dsp", -1),
        "RESOURCE variable=a core=RAM_1P": Bind("a", True, "ram_1p"),
        "latency min=2 max=4": LatencyPragma(2, 4),
        "expression_balance off": OtherPragma(),
    }
    assert {text: _only(f"#pragma HLS {text}").value for text in wanted} == wanted


def test_numbers_are_what_macros_constants_and_flags_make_of_them() -> None:
    before = "#define F 4\n#define TWICE(x) ((x) * 2)\nenum { K = 6 };\nstatic const int D = 3;"
    for text, ii in (("F", 4), ("F / 2", 2), ("TWICE(F)+1", 9), ("K", 6), ("D", 3), ("0x10", 16), ("GIVEN", 7)):
        assert _only(f"#pragma HLS pipeline II={text}", before, "-DGIVEN=7").value == Pipeline(ii), text


def test_the_operator_spells_a_pragma_in_a_macro() -> None:
    before = "#define PRAGMA(x) _Pragma(#x)\n#define UNROLLED PRAGMA(HLS unroll factor=2)"
    assert _only("UNROLLED", before).value == Unroll(2)


_NOT_READ = {
    "pipelin II=2": "did you mean pipeline?",
    "pipeline III=4": "did you mean ii?",
    "pipeline II=-3": "II=-3 is no whole number from 1",
    "pipeline II 2": "II stands without =VALUE",
    "pipeline style=fast": "stp, flp, frp",
    "array_partition variable=a block": "no factor",
    "array_partition variable=a cyclic factor=0": "factor=0",
    "array_partition variable=a complete dim=3": "dim=3 of a, which has 2 dimensions",
    "array_partition variable=i complete": "i is no array",
    "array_partition a complete": "'a' is no option of array_partition",
    "array_partition variable=a, i complete": "several variables",
    "array_reshape variable=a dim=-1": "dim=-1",
    "unroll factr=2": "did you mean factor?",
    "wonder x=1": "'wonder' is no directive",
    "": "names no directive",
    "interface port=a": "names no mode",
    "interface ap_ctl_none port=return": "did you mean ap_ctrl_none?",
}


def test_what_the_tool_drops_is_not_read_and_one_notice_says_where_why_and_what_is_meant() -> None:
    for text, why in _NOT_READ.items():
        kernel = _kernel(f"#pragma HLS {text}")
        (found,) = kernel.pragmas
        assert isinstance(found.value, NotRead), text
        (said,) = pragma_notices(kernel)
        assert said.startswith("f.c:4: #pragma HLS") and why.lower() in said.lower(), said
        assert said.endswith("it is not followed")


def test_a_constant_whose_value_is_not_known_is_not_read_and_a_variable_is_refused() -> None:
    loop = "for (int i = 0; i < 9; i++) {{\n#pragma HLS pipeline II=m\n a[i] = m;\n }}"
    text = f"void f(int n, int a[9]) {{{{\n {{0}}int m = n;\n {loop}\n}}}}"
    (found,) = read_kernel(text.format("const "), file="f.c", top="f").pragmas
    assert isinstance(found.value, NotRead)
    with pytest.raises(PipelineError, match="no constant, as 'm' is a variable"):
        read_kernel(text.format(""), file="f.c", top="f")


_LEAST = {
    "unroll factor={}": 0,
    "array_partition variable=a cyclic factor={}": 1,
    "array_partition variable=a dim={}": 0,
    "loop_tripcount min={}": 0,
    "loop_tripcount max={}": 0,
    "loop_tripcount avg={}": 0,
    "dependence variable=a inter distance={} true": 1,
    "interface m_axi port=a depth={}": 0,
    "stream variable=a depth={}": 1,
    "bind_op variable=a op=mul latency={}": -1,
    "latency min={}": 0,
    "latency max={}": 0,
}


@pytest.mark.parametrize("text", _LEAST)
def test_each_number_is_read_from_its_least_value_on_and_not_below(text: str) -> None:
    least = _LEAST[text]
    assert not isinstance(_only(f"#pragma HLS {text.format(least)}").value, NotRead)
    if not text.startswith("unroll"):  # which the tool stops at
        assert isinstance(_only(f"#pragma HLS {text.format(least - 1)}").value, NotRead)


def test_what_a_macro_gives_a_pragma_is_part_of_the_kernel_and_how_it_is_spelled_is_not() -> None:
    def of(number: str, flags: str) -> str:
        text = _source(f"#pragma HLS pipeline II={number}")
        return read_kernel(text, file="f.c", flags=parse_flags(flags, "--cflags")).ast_hash

    assert len({of("F", "-DF=2"), of("F", "-DF=3"), of("2", "")}) == 3
    assert of("2", "") == of("2", "-DF=3") == of(" 2 ", "")


def test_a_split_of_a_struct_s_member_is_handed_on_and_said_not_to_count() -> None:
    text = "struct S { int a[16]; };\nint f(struct S s) {\n#pragma HLS array_partition variable=s.a complete\n"
    kernel = read_kernel(f"{text}  return s.a[3];\n}}\n", file="f.c")
    assert [line.partition("complete: ")[2] for line in pragma_notices(kernel)] == [
        "a member of a struct: the tool is handed it, the estimator does not follow it"
    ]


def test_an_option_that_stands_twice_is_named_and_the_last_one_counts() -> None:
    kernel = _kernel("#pragma HLS pipeline II=2 rewind ii=3")
    (found,) = kernel.pragmas
    assert found.value == Pipeline(3, rewind=True)
    assert pragma_notices(kernel)[0].endswith("ii stands 2 times; the last one counts, 3")


def test_pragmas_of_templates_that_nothing_uses_are_none_of_each_others() -> None:
    text = "".join(
        f"template <int N> int {name}(int a[N]) {{\n  int s = 0;\n  for (int i = 0; i < N; i++) {{\n"
        f"#pragma HLS pipeline II={ii}\n    s += a[i];\n  }}\n  return s;\n}}\n"
        for name, ii in (("one", 1), ("two", 2))
    )
    kernel = read_kernel(f"{text}int top(int a[4]) {{ return a[0]; }}\n", file="f.cpp", top="top")
    assert len(list(in_force(kernel.pragmas))) == len(kernel.pragmas) and not pragma_notices(kernel)


_REFUSED = {
    "pipeline II=": "II= has no value",
    "unroll factor=": "factor= has no value",
    "array_partition variable= complete": "names 'complete', which nothing declares",
    "array_partition variable=aa complete": "names 'aa', which nothing declares; did you mean a?",
    "array_partition variable=a, b[0] complete": "names 'b'",
    "pipeline II=TWO": "names 'TWO'",
    "unroll factor=i": "no constant, as 'i' is a variable",
    "unroll factor=-2": "factor=-2 is below 0",
    "pipeline off=maybe": "neither true nor false",
    "unroll off factor=2": "factor and off",
}


@pytest.mark.parametrize("text", _REFUSED)
def test_what_the_tool_stops_at_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(PipelineError) as refused:
        _kernel(f"#pragma HLS {text}")
    assert str(refused.value).startswith("f.c:4:") and _REFUSED[text].lower() in str(refused.value).lower()


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("pipeline II=0", Pipeline(off=True), "II=0 is off"),
        ("pipeline II=-1", Pipeline(), "asks for no interval"),
        ("unroll factor=0", Unroll(), "unrolls the whole loop"),
        ("unroll partial factor=2", Unroll(2), "refuses partial"),
    ],
)
def test_what_is_read_otherwise_than_it_looks_is_said(text: str, value: Value, said: str) -> None:
    kernel = _kernel(f"#pragma HLS {text}")
    assert kernel.pragmas[0].value == value
    (notice,) = pragma_notices(kernel)
    assert said in notice


@pytest.mark.parametrize(
    ("bound", "word", "told"),
    [
        ("n", "unroll", True),
        ("n", "unroll factor=2", False),
        ("n", "unroll off", False),
        ("4", "unroll", False),
    ],
)
def test_a_loop_that_cannot_be_unrolled_whole_is_named(bound: str, word: str, told: bool) -> None:
    text = f"void f(int n, int a[9]) {{\n for (int i = 0; i < {bound}; i++) {{\n#pragma HLS {word}\n a[i] = i;\n }}\n}}"
    found = pragma_notices(read_kernel(text, file="f.c", top="f"))
    assert [one.startswith("f.c:3:") and "give this one a factor" in one for one in found] == [True] * told


def test_of_two_on_one_place_the_one_that_is_not_followed_is_named() -> None:
    kernel = _kernel("#pragma HLS pipeline II=2\n#pragma HLS pipeline II=3")
    assert [one.value for one in in_force(kernel.pragmas)] == [Pipeline(3)]
    assert pragma_notices(kernel) == (
        "f.c:4: #pragma HLS pipeline II = 2: f.c:5 says another of the same, which is followed instead",
    )
    assert pragma_notices(_kernel("#pragma HLS pipeline II=2\n#pragma HLS unroll factor=2")) == ()


def test_macros_name_variables_too_and_other_names_of_the_program_are_declared() -> None:
    before = "#define WHICH a\nenum { K = 2 };\nstatic const int D = 2;\nint table[4];\n"
    for text in ("variable=WHICH", "variable=&a[0]", "variable=table", "variable=a dim=D"):
        kernel = read_kernel(_source(f"#pragma HLS array_partition {text}", before), file="f.c")
        assert isinstance(kernel.pragmas[0].value, ArraySplit), text
        assert pragma_notices(kernel) == ()
    port = "interface mode=m_axi port=a offset=slave bundle=left depth=64 latency=K max_read_burst_length=16"
    for text in (port, "interface s_axilite port=return bundle=control", "performance target_ti=1.5", "dataflow"):
        assert not isinstance(_only(f"#pragma HLS {text}", before).value, NotRead), text


_NEST = """void g(int a[8]) {
#pragma HLS inline
    a[0] = 1;
}
void f(int a[8]) {
#pragma HLS pipeline
    L: for (int i = 0; i < 8; i++)
    {
#pragma HLS loop_flatten off
        if (a[i]) {
#pragma HLS latency min=1
            a[i]++;
        }
        for (int j = 0; j < 8; j++) {
            a[j] += i;
#pragma HLS unroll
        }
#pragma HLS pipeline off
    }
    g(a);
}
#pragma HLS top name=f
"""


def test_a_pragma_stands_for_the_loop_whose_body_it_is_in_else_for_its_function() -> None:
    found = read_kernel(_NEST, file="f.c", top="f").pragmas
    assert [(one.line, one.directive, one.function, one.loop) for one in found] == [
        (2, "inline", "g", None),
        (6, "pipeline", "f", None),
        (9, "loop_flatten", "f", "f/loop_0"),
        (11, "latency", "f", "f/loop_0"),
        (16, "unroll", "f", "f/loop_1"),
        (18, "pipeline", "f", "f/loop_0"),
        (22, "top", None, None),
    ]


@pytest.mark.parametrize("file", ["f.c", "f.cpp"])
def test_directives_on_members_are_read_where_there_is_such_a_member(file: str) -> None:
    text = (
        "struct pair { int left[8]; int right[8]; };\n"
        "void f(int x[8]) { struct pair p; p.left[x[0]] = 1; x[1] = p.left[2]; }\n"
    )
    kernel = read_kernel(text, file=file, top="f")
    given = [of_configuration("array_partition", ["f", f"p.{name}", "complete"]) for name in ("left", "lift")]
    found = directive_pragmas(given, kernel.analysis.program, kernel.analysis.records, file, lambda texts, file: texts)
    assert [one.value for one in found] == [ArraySplit("p.left"), NotRead("p has no member lift (did you mean left?)")]


def test_a_directive_stands_where_its_script_has_it() -> None:
    kernel = read_kernel(_NEST, file="f.c", top="f")
    one = of_script("pipeline", ["f/L"])
    given = [one, replace(one, file="run.tcl", line=7)]
    found = directive_pragmas(given, kernel.analysis.program, kernel.analysis.records, "f.c", lambda texts, file: texts)
    assert [(one.file, one.line) for one in found] == [("f.c", 1), ("run.tcl", 7)]


def test_directives_are_the_same_values_and_win_over_pragmas() -> None:
    kernel = read_kernel(_NEST, file="f.c", top="f")
    given = (
        of_script("pipeline", ["-II", "4", "f/L"]),
        of_script("unroll", ["-factor", "2", "f/VITIS_LOOP_14_2"]),
        of_configuration("array_partition", ["f", "a", "type=cyclic", "factor=2"]),
        of_script("interface", ["-mode", "axis", "f", "a"]),
        of_script("pipeline", ["f/M"]),
        of_script("pipeline", ["h"]),
        of_configuration("array_partition", ["f", "aa", "complete"]),
    )
    found = directive_pragmas(given, kernel.analysis.program, kernel.analysis.records, "f.c", lambda texts, file: texts)
    assert [(one.loop, one.value) for one in found] == [
        ("f/loop_0", Pipeline(4)),
        ("f/loop_1", Unroll(2)),
        (None, ArraySplit("a", "cyclic", 2)),
        (None, Interface("axis", "a")),
        (None, NotRead("f has no loop with the label M")),
        (None, NotRead("there is no function h")),
        (None, NotRead("f has no variable aa (did you mean a?)")),
    ]
    followed = [one.value for one in in_force((*kernel.pragmas, *found)) if one.loop and one.directive == "pipeline"]
    assert followed == [Pipeline(4)]


def test_the_hash_knows_what_a_macro_gives_a_pragma(tmp_path: Path) -> None:
    source = "void f(int a[8]) {\nfor (int i = 0; i < 8; i++) {\n#pragma HLS unroll factor=N\na[i]++;\n}\n}\n"
    hashes = {read_kernel(source, file="f.c", flags=parse_flags(f"-DN={n}", "--cflags")).ast_hash for n in (2, 4, 4)}
    assert len(hashes) == 2


_OUTSIDE = """#pragma HLS inline
struct S {
#pragma HLS pipeline
  int a[4]; // } a brace of a comment
};
#pragma HLS pipline
%s
void f(int a[16]) {
#pragma HLS inline off
  for (int i = 0; i < 16; i++) a[i]++;
}
#pragma HLS dataflow
"""
_TEMPLATES = """namespace n {
#pragma HLS unroll
template <class T, int N> struct B { T v[N]; void g() {
#pragma HLS unroll
  for (int i = 0; i < N; i++) v[i] = T('}'); } };
template <class T> void h(T *x) { { {
#pragma HLS pipeline
  } } }
}"""


@pytest.mark.parametrize(
    ("file", "more", "told"),
    [("f.c", "", {1, 3, 6, 12}), ("f.cpp", "", {1, 3, 6, 12}), ("f.cpp", _TEMPLATES, {1, 3, 6, 8, 20})],
)
def test_a_pragma_outside_of_functions_is_named_with_its_place(file: str, more: str, told: set[int]) -> None:
    kernel = read_kernel(_OUTSIDE % more, file=file, top="f")
    said = [notice for notice in pragma_notices(kernel) if "outside of functions" in notice]
    assert [notice.split(": ")[0] for notice in said] == [f"{file}:{line}" for line in sorted(told)]
