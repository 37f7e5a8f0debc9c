"""Burst copies are an option of the tool's own terms for arrays of known size, and never for what is read in order."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import derive_space, sample
from pipeline.estimator import prepare
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites, site_notices
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.synthesis import EstimatorBackend, ReportStore
from pipeline.synthesis.lowering import lower
from tests.synthesis.lowering.variants import compile_variants

MIX = """#define SIZE 16
typedef float real;
void shift(int v[SIZE]) { for (int i = 0; i < SIZE; i++) v[i] <<= 1; }
void mix(const int left[SIZE][4], real right[SIZE], int out[SIZE], int n) { // ports
#pragma HLS interface m_axi port=left offset=slave
  int total = 0; /* left stays in comments, and "left" in strings */
  for (int i = 0; i < SIZE; i++)
    for (int j = 0; j < 4; j++) total += left[i][j] * n + (int)right[i];
  shift(out);
  if (n > 1) { out[3] = total; right[n & 7] += 1; } }
"""
OFF, ON = "", "   "


def _kernel(text: str, file: str = "mix.c", top: str = "mix") -> Kernel:
    return propose_sites(read_kernel(text, file=file, top=top), "tool", ("burst", "partition"))


def _ports(kernel: Kernel) -> dict[str, str]:
    return {option.variable or "": option.name for option in kernel.options if option.directive == "burst"}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("file", ["mix.c", "mix.cpp"])
def test_every_choice_of_copies_compiles_and_computes_the_same(file: str, newline: str) -> None:
    text = MIX.replace("\n", newline)
    kernel = _kernel(text, file)
    space, ports = derive_space(kernel), _ports(kernel)
    assert list(ports) == ["left", "out", "right"] and not site_notices(kernel)
    assert all(space.default[name] == OFF for name in ports.values())
    assert lower(kernel, space.default, dialect=kernel.dialect).files[file] == text
    points = [
        {**drawn, **dict(zip(ports.values(), chosen, strict=True))}
        for chosen, drawn in zip(product((OFF, ON), repeat=3), sample(space, "uniform", 8, seed=5), strict=True)
    ]
    lowered = [lower(kernel, point, dialect=kernel.dialect) for point in points]
    for point, found in zip(points, lowered, strict=True):
        rows = found.files[file].split(newline)
        assert "\r" not in "".join(rows)
        for port, name in ports.items():
            copied = f"memcpy({port}_buffer, {port}, sizeof({port}_buffer));" in map(str.strip, rows)
            back = f"memcpy({port}, {port}_buffer, sizeof({port}_buffer));" in map(str.strip, rows)
            assert (copied, back) == (point[name] == ON, point[name] == ON and port != "left")
            for row in rows:
                if "array_partition" in row and f"variable={port}" in row:
                    assert f"variable={port}{'_buffer' if point[name] == ON else ''} " in row
    variants = compile_variants(kernel, lowered, warnings=False)
    rng = np.random.default_rng(3)
    for n in (0, 5):
        arguments = {
            "left": rng.integers(-9, 9, (16, 4), dtype=np.int32), "right": rng.normal(0, 9, 16).astype(np.float32),
            "out": rng.integers(-9, 9, 16, dtype=np.int32), "n": np.array(n, dtype=np.int32),
        }  # fmt: skip
        expected = variants.run(0, arguments)
        for number in range(1, len(lowered) + 1):
            after = variants.run(number, arguments)
            assert all((after[name] == expected[name]).all() for name in expected), points[number - 1]


_DECLINED = {
    "volatile int a[8]": "it is volatile",
    "struct pair a[8]": "its elements are struct pair, no plain numbers",
    "int a[8]|#pragma HLS interface axis port=a": "its port is axis, read in order and once",
    "int a[8]|#pragma HLS interface ap_hs port=a": "its port is ap_hs, read in order and once",
    "int a[8]|#pragma HLS stream variable=a": "its port is a stream, read in order and once",
    "int a[8]|#pragma HLS interface ap_memory port=a": "its port is a memory on the chip, which has no bursts",
    "int a[8]|#pragma HLS array_reshape variable=a complete": "f.c:3 names it",
    "int a[8]|#pragma HLS pipeline": "f.c:3 makes the whole function a pipeline",
    "int a[8]|if (b[0]) return;": "the function returns before its end, or what it returns is worked out there",
    "int a[8]|int *p = &a[2]; b[1] = *p;": "its address is used",
    "int a[8]|b[1] = sizeof(a);": "its size is asked for, which is another of an array",
    "int a[8]|int **p = &a; b[1] = **p;": "its address is used",
    "int a[8]|if (b[0]) { a++; }": "it is moved as a pointer",
    "int *a|for (int i = 0; i < b[0]; i++) a[i] = 0;": "how many elements it has is not known",
    "int a[8]|LEFT(b[0])": "the function returns before its end, or what it returns is worked out there",
    "int a[8]|struct { int a; } s = {2}; b[1] = s.a;": "the function declares a type, whose members may have its name",
    "int a[8]|if (b) if (a) b[1] = 2;": "it is asked for as a pointer",
    "int a[8]|b[1] = a != b;": "it is asked for as a pointer",
    "int a[8]|static int *kept; kept = a;": "a pointer to it stays when the function has ended",
    "int a[8]|WORDS(a);": "the macro WORDS makes words of its arguments",
    "int a[8]|USE(a)": "",
    "int a[8]|b[1] = b[2] & a[1]; if (!a[2] || *a == 3) *a = 4;": "",
    "int *a": "",
    "int a[8]|USES_A": "the macro USES_A names it",
}


@pytest.mark.parametrize("case", _DECLINED)
def test_a_port_that_can_have_no_copy_is_named_with_the_reason(case: str) -> None:
    parameter, _, line = case.partition("|")
    macros = {
        "USE(a)": "#define USE(x) x[0]++;\n", "USES_A": "#define USES_A a[0]++;\n",
        "LEFT(b[0])": "#define LEFT(x) if (x) return;\n", "WORDS(a);": "#define WORDS(x) int x##_1 = x[0]\n",
    }.get(line, "")  # fmt: skip
    used = "a[i].x" if "struct pair" in case else "a[i]"
    text = f"void f({parameter}, int b[8]) {{\n{line}\nfor (int i = 0; i < 8; i++) b[i] += {used};\n}}\n"
    kernel = _kernel(f"struct pair {{ int x, y; }};{macros and chr(10)}{macros}\n{text}", "f.c", "f")
    said = [notice for notice in site_notices(kernel) if " of a of f" in notice]
    assert said == ([f"no burst copy of a of f: {_DECLINED[case]}"] if _DECLINED[case] else [])
    assert ("a" in _ports(kernel)) is not bool(_DECLINED[case])


def test_streams_of_cpp_are_never_copied() -> None:
    body = "{ for (int i = 0; i < 8; i++) b[i] = s.read(); }"
    kernel = _kernel(f"#include <hls_stream.h>\nvoid f(hls::stream<int> &s, int b[8]) {body}\n", "f.cpp", "f")
    assert list(_ports(kernel)) == ["b"]
    assert site_notices(kernel) == ("no burst copy of s of f: it is a stream, read in order and once",)


def test_copies_are_indented_as_the_statements_of_their_function() -> None:
    text = "namespace n {\n  void f(int a[8], int b[8]) {\n      for (int i = 0; i < 8; i++) b[i] += a[i];\n  }\n}\n"
    kernel = _kernel(text, "f.cpp", "f")
    point = {**derive_space(kernel).default, **dict.fromkeys(_ports(kernel).values(), ON)}
    rows = lower(kernel, point, dialect=kernel.dialect).files["f.cpp"].split("\n")
    assert [row[: -len(row.lstrip())] for row in rows if "memcpy(" in row] == [" " * 6] * 3


def test_a_design_with_copies_is_estimated_as_it_is_delivered(tmp_path: Path) -> None:
    kernel = _kernel(MIX)
    space, ports = derive_space(kernel), _ports(kernel)
    point = {**space.default, ports["left"]: ON, "__PARA__L2": 4}
    backend = EstimatorBackend(ReportStore(tmp_path / "store", fsync=False))
    (plain, copied) = backend.synthesize(kernel, [space.default, point])
    (tmp_path / "mix.c").write_text(lower(kernel, point, dialect=kernel.dialect).files["mix.c"])
    again = propose_sites(load_kernel(tmp_path / "mix.c"), "tool")
    (alone,) = backend.synthesize(again, [derive_space(again).default])
    assert copied.label.cycles == alone.label.cycles != plain.label.cycles and copied.point == point


def test_a_loop_searches_the_copies_and_its_forecasts_leave_them_out(tmp_path: Path) -> None:
    kernel = _kernel(MIX)
    space, ports = derive_space(kernel), _ports(kernel)
    walked = prepare(kernel)
    plain, copied = (walked.figures({**space.default, ports["left"]: value}) for value in (OFF, ON))
    assert plain.cycles == copied.cycles
    store = ReportStore(tmp_path / "store", fsync=False)
    backend = EstimatorBackend(store)
    plan = KernelPlan(backend, backend.address_of(kernel), kernel, space)
    loop = ClosedLoop({kernel.name: plan}, store, tmp_path / "rounds", batch=3, warm_start="estimator")
    assert run_loop(loop, tmp_path / "found", budget=6)["runs"] == 6
    assert (tmp_path / "found" / "best" / "mix.c").exists()


def test_under_directives_a_copy_alone_stands_in_the_source() -> None:
    kernel = _kernel(MIX)
    parts = [option.name for option in kernel.options if option.name.startswith("__PART__mix_out")]
    point = {**derive_space(kernel).default, _ports(kernel)["out"]: ON, "__PIPE__L2": "off", parts[0]: "cyclic=2"}
    found = lower(kernel, point, dialect=kernel.dialect, delivery="directives")
    assert (
        "#pragma HLS p" not in found.files["mix.c"]
        and "memcpy(out, out_buffer, sizeof(out_buffer));" in found.files["mix.c"]
    )
    assert "array_partition" in found.directives and "out_buffer" in found.directives


@pytest.mark.parametrize("branch", ["{}", "#if 1\n{}\n#endif", "#ifdef NO\n#else\n{}\n#endif", "#ifdef NO\n{}\n#endif"])
@pytest.mark.parametrize("line", ["return;", "out[2] = 1; }"])
def test_what_ends_a_function_under_a_condition_never_takes_the_copy_back_away(branch: str, line: str) -> None:
    text = f"void f(int out[8]) {{\nfor (int i = 0; i < 8; i++) out[i] = i;\n{branch.format(line)}\n"
    text += (
        "#ifndef NO\n}\n#endif\n"
        if branch.startswith("#ifdef NO\n{") and line.endswith("}")
        else ""
        if line.endswith("}")
        else "}\n"
    )
    assert bool(_ports(_kernel(text, "f.c", "f"))) is (branch == "{}")


@pytest.mark.parametrize("before", ["/*\n{}\n*/\n", "#ifdef NO\n{}\n#endif\n", "{}\n"])
def test_what_declares_memcpy_is_there_once(before: str) -> None:
    text = before.format("#include <string.h>") + "void f(int b[8]) { for (int i = 0; i < 8; i++) b[i] = i; }\n"
    kernel = _kernel(text, "f.c", "f")
    found = lower(kernel, {**derive_space(kernel).default, _ports(kernel)["b"]: ON}, dialect=kernel.dialect)
    assert found.files["f.c"].count("#include <string.h>") == 1 + (before != "{}\n")
