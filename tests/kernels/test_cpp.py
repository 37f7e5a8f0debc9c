"""C++ kernels are described as C kernels are."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.graphs.make import graph_of
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.project.flags import parse_flags

_SOURCE = """#include "ap_int.h"
#include "hls_stream.h"
#define N 12
const int M = N / 2;
template <class T, int L> static void add(T (&x)[L], const T &k) {
A:  for (int i = 0; i < L; ++i) {
#pragma HLS pipeline II=1
        x[i] += k;
    }
}
extern "C" void top(hls::stream<ap_uint<3>> &in, hls::stream<int> &out, int a[N][M], float b[M]) {
    int one[4], two[8];
    add(one, 1);
    add(two, 2);
    for (ap_uint<5> i = 0; i < 20; i++) out.write(in.read());
    for (auto &x : one) x = 3;
    while (!in.empty()) a[0][1] = in.read();
}
"""


def test_loops_arrays_and_directions_of_cpp() -> None:
    kernel = read_kernel(_SOURCE, file="kernel.cpp", top="top")
    assert {loop.id: (loop.trip_count, loop.line) for loop in kernel.loops} == {
        "add<int,4>/loop_0": (4, 6), "add<int,8>/loop_0": (8, 6),
        "top/loop_0": (20, 15), "top/loop_1": (4, 16), "top/loop_2": (None, 17),
    }  # fmt: skip
    arrays = {(array.function, array.name): (array.dims, array.direction) for array in kernel.arrays}
    assert arrays["top", "a"] == ((12, 6), "out") and arrays["top", "b"] == ((6,), "unused")
    assert kernel.linkage["add<int,4>"].startswith("_ZL3add")
    ways = {a.name: a.direction for a in kernel.functions[0].arguments}
    assert (ways["in"], ways["out"]) == ("in", "out")
    streams = [a.name for a in kernel.analysis.program.functions["top"].arguments if a.ctype.stream is not None]
    assert streams == ["in", "out"]


def test_loops_say_where_they_begin_and_end() -> None:
    kernel = read_kernel(_SOURCE, file="kernel.cpp", top="top")
    for records in kernel.analysis.records.values():
        for record in records:
            place = record.node.coord
            text = _SOURCE[place.offset : place.end]
            assert text.startswith(record.keyword) and text.endswith((")", "}", "3", "read()"))


@pytest.mark.parametrize(
    ("body", "reason", "line"),
    [
        ("int *p = new int[3];\n a[0] = *p;", "memory from new", 3),
        ("a[0] = 1;\n try { a[1] = 2; } catch (...) {}", "try is not supported", 4),
        ("a[0] = missing(3);", "undeclared identifier 'missing'", 3),
        ("using namespace n;\n a[0] = here;", "reference to 'here' is ambiguous; write ::here", 4),
        ("D d[99] = {D(1)};", "a list of more than 64 objects with a constructor", 3),
        ("a[0] = 1;\n Ends s(a);", "an object of Ends, whose destructor does something,", 4),
        ("More m;\n S &s = m;\n a[0] = s.f();", "a virtual method of an object whose class is not known", 5),
        ("More m;\n S *s = &m;\n a[0] = s->f();", "a virtual method of an object whose class is not known", 5),
    ],
)
def test_what_cannot_be_built_is_refused_with_its_place(body: str, reason: str, line: int) -> None:
    classes = (
        "int here; namespace n { int here; } "
        "struct S { int x; virtual int f() { return 1; } }; struct More : S { int f() { return 2; } };"
        "struct D { int v; D(int x) : v(x) {} D() : v(2) {} };"
        "struct Ends { int *p; Ends(int *q) : p(q) {} ~Ends() { *p = 1; } };"
    )
    with pytest.raises(PipelineError, match=reason) as refused:
        read_kernel(f"{classes}\nvoid top(int a[4]) {{\n{body}\n}}\n", file="kernel.cpp")
    assert refused.value.line == line


def test_a_name_that_the_library_has_since_cpp_17_is_the_users_as_by_the_tools_default() -> None:
    source = (
        "#include <cstddef>\nusing namespace std;\nenum byte { LOW, HIGH };\n"
        "struct P { int x; P(int v) : x(v) {} P more() const { return P(x + 1); } };\n"
        "void top(int a[8]) { for (int i = 0; i < 8 * (%sbyte)1; i++) a[i] = P(a[i]).more().x; }\n"
    )
    meant, plain = (read_kernel(source % how, file="kernel.cpp") for how in ("::", ""))
    assert plain.loops[0].trip_count == meant.loops[0].trip_count == 8 and plain.arrays == meant.arrays


def test_what_a_views_method_gives_counts_a_loop_exactly() -> None:
    source = (
        "template <class T> struct View { T *p; int n; View(T *q, int m) : p(q), n(m) {}\n"
        "int size() const { return n; } T &operator[](int i) { return p[i]; } };\n"
        "void top(int a[16], int b[16]) {\nView<int> va(a, 12), vb(b, 9);\n"
        "for (int i = 0; i < va.size(); i++) b[i] = va[i];\nvb.n = a[0];\n"
        "for (int i = 0; i < vb.size(); i++) a[i] = vb[i]; }\n"
    )
    assert [loop.trip_count for loop in read_kernel(source, file="kernel.cpp").loops] == [12, None]


@pytest.mark.parametrize(("asked", "read"), [("gnu++11", 14), ("c++14", 14), ("c++17", 17), ("c++20", 20), (None, 17)])
def test_cpp_is_read_in_the_standard_that_is_asked_for(asked: str | None, read: int) -> None:
    source = "void k(int *a) { for (int i = 0; i < __cplusplus / 100 % 2000; i++) a[i] = i; }\n"
    flags = parse_flags(f"-std={asked}" if asked else "", "--cflags")
    assert read_kernel(source, file="kernel.cpp", flags=flags).loops[0].trip_count == read


def test_names_and_hash_of_what_has_no_name_do_not_depend_on_its_place() -> None:
    source = """
        template <class F> static void each(int *a, F f) { for (int i = 0; i < 8; i++) a[i] = f(a[i]); }
        void top(int a[8], int k) {
            struct { int x; } s; s.x = k;
            each(a, [=](int v) { return v + s.x; });
            each(a, [](int v) { return v - 1; });
        }
    """
    kernels = [read_kernel(f"{before}{source}", file="kernel.cpp", top="top") for before in ("", "// moved\n", "")]
    assert [loop.id for loop in kernels[0].loops] == ["each<top::lambda>/loop_0", "each<top::lambda_2>/loop_0"]
    assert len({(kernel.ast_hash, *(loop.id for loop in kernel.loops)) for kernel in kernels}) == 1


def test_what_the_top_does_not_reach_refuses_nothing() -> None:
    source = (
        "void top(int a[4]) { for (int i = 0; i < 4; i++) a[i] = i; }\nint main() { int *p = new int[4]; top(p); }\n"
    )
    assert [loop.trip_count for loop in read_kernel(source, file="kernel.cpp").loops] == [4]


def test_helpers_in_other_files(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text("int twice(int x);\n")
    (tmp_path / "b.cpp").write_text(
        '#include "h.h"\nint twice(int x) { for (int i = 0; i < 3; i++) x += i; return x; }\n'
    )
    top = tmp_path / "a.cpp"
    top.write_text('#include "h.h"\nvoid top(int a[4]) { for (int i = 0; i < 4; i++) a[i] = twice(i); }\n')
    kernel = load_kernel(top, top="top", further=[str(tmp_path / "b.cpp")])
    assert [(loop.id, loop.file) for loop in kernel.loops] == [
        ("top/loop_0", None), ("twice/loop_0", str(tmp_path / "b.cpp")),
    ]  # fmt: skip


def test_what_several_files_define_is_told_apart_and_found(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text(
        "namespace one { void set(int *a, int n); } namespace two { void set(int *a, int n); }\n"
        "template <int N> void fill(int *a); struct Acc { int s; void add(int *a); int get() const { return s; } };\n"
        "int over(int x); int over(float x);\n"
    )
    (tmp_path / "one.cpp").write_text(
        '#include "h.h"\nvoid one::set(int *a, int n) { for (int i = 0; i < 3; i++) a[i] = n; }\n'
        "template <int N> void fill(int *a) { for (int i = 0; i < N; i++) a[i] = N; }\ntemplate void fill<5>(int *);\n"
        "int over(float x) { return x > 1; }\n"
    )
    (tmp_path / "two.cpp").write_text(
        '#include "h.h"\nvoid two::set(int *a, int n) { for (int i = 0; i < 4; i++) a[i] -= n; }\n'
        "void Acc::add(int *a) { for (int i = 0; i < 6; i++) s += a[i]; }\nint over(int x) { return x + 1; }\n"
    )
    top = tmp_path / "top.cpp"
    top.write_text(
        '#include "h.h"\nvoid top(int a[8]) { Acc acc; acc.s = 0; one::set(a, 1); two::set(a, 2); fill<5>(a);\n'
        "acc.add(a); a[7] = acc.get() + over(1) + over(2.f); }\n"
    )
    kernel = load_kernel(top, top="top", further=[str(tmp_path / "one.cpp"), str(tmp_path / "two.cpp")])
    assert {loop.id: loop.trip_count for loop in kernel.loops} == {
        "one::set/loop_0": 3, "fill<5>/loop_0": 5, "two::set/loop_0": 4, "Acc::add/loop_0": 6,
    }  # fmt: skip
    called = {function.name for function in kernel.functions}
    assert {"over(int)", "over(float)", "Acc::get"} <= called


def test_overloads_that_no_file_sees_together_stay_apart(tmp_path: Path) -> None:
    def loop(of: str, trips: int) -> str:
        return f"{of} {{ for (int i = 0; i < {trips}; i++) x *= 2; return x; }}\n"

    texts = {
        "top.cpp": "int g(int x); int f(int x);\n"
        "void top(int a[8]) { for (int i = 0; i < 8; i++) a[i] = f(a[i]) + g(a[i]); }\n",
        "g.cpp": "float f(float x); int g(int x) { return (int)f((float)x); }\n",
        "one.cpp": loop("float f(float x)", 3), "two.cpp": loop("int f(int x)", 4),
        "three.cpp": "int f(int x);\nfloat f(float x);\nint h(int x) { return f(x) + (int)f(1.f); }\n",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    top, *others = (str(tmp_path / name) for name in texts)
    for further in (others, others[:-1]):
        kernel = load_kernel(Path(top), top="top", further=further)
        assert {one.id: one.trip_count for one in kernel.loops} == {
            "top/loop_0": 8, "f(float)/loop_0": 3, "f(int)/loop_0": 4,
        }  # fmt: skip
        calls = {one.name: set(one.calls) for one in kernel.functions}
        assert calls["top"] == {"f(int)", "g"} and calls["g"] == {"f(float)"}


def test_macros_of_a_source_do_not_reach_the_librarys_headers() -> None:
    source = (
        "#define W 9\n#define T 3\n#include <ap_int.h>\n"
        "void top(ap_uint<W> a[4]) { for (int i = 0; i < T; i++) a[i]++; }"
    )
    kernel = read_kernel(source, file="kernel.cpp", top="top")
    assert [loop.trip_count for loop in kernel.loops] == [3]
    assert "loop" in graph_of(kernel).nodes["kind"].to_pylist()


def test_objects_that_a_constructor_makes_are_not_the_zeros_that_they_begin_with() -> None:
    source = (
        "struct Limit { int c; Limit(int x) : c(x) {} };\nint top(int a[16], int n) {\n"
        "static const Limit once[2] = {{5}, {6}}; const Limit each[2] = {{1}, {2}}; static Limit left(1); int s = 0;\n"
        "for (int i = 0; i < once[1].c; i++) s += a[i];\nfor (int i = 0; i < each[1].c; i++) s += a[i];\n"
        "for (int i = 0; i < left.c; i++) s += a[i];\nleft.c++; return s; }\n"
    )
    once, each, left = (loop.trip_count for loop in read_kernel(source, file="kernel.cpp", top="top").loops)
    assert once in (None, 6) and each in (None, 2) and left is None


def test_a_static_object_of_constants_is_there_from_reset_on() -> None:
    source = (
        "struct Limit { int c; float f; Limit(int x, float y) : c(x), f(y) {} };\nint top(int a[16], int n) {\n"
        "static const Limit kept(6, -0.5f); static Limit moved(n, 1); int s = 0;\n"
        "for (int i = 0; i < kept.c; i++) s += a[i] + moved.c;\nreturn s; }\n"
    )
    kernel = read_kernel(source, file="kernel.cpp", top="top")
    variables = {symbol.name for symbol in kernel.analysis.program.symbols.values()}
    assert "moved_is_made" in variables and "kept_is_made" not in variables


def test_functions_of_the_library_are_told_from_those_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text(
        "#include <algorithm>\n#include <cmath>\nvoid helper(int *a);\nvoid work(int *a, double *b) {\n"
        "    std::sort(a, a + 4);\n    b[0] = std::sqrt(b[1]);\n    helper(a);\n}\n"
    )
    (tmp_path / "m.cpp").write_text(
        "void sort(int *a, int *b) { a[0] = b[0]; }\ndouble sqrt(int n) { return n; }\n"
        "void helper(int *a) { sort(a, a + 1); a[2] = sqrt(a[3]); }\n"
    )
    kernel = load_kernel(tmp_path / "k.cpp", further=[str(tmp_path / "m.cpp")])
    calls = {function.name: set(function.calls) for function in kernel.functions}
    assert calls["work"] == {"std::sort", "__builtin_sqrt", "helper"}
    assert calls["helper"] == {"sort", "sqrt"}


@pytest.mark.parametrize("file", ["kernel.c", "kernel.cpp"])
def test_a_function_named_like_the_librarys_is_read_by_what_it_does(file: str) -> None:
    source = (
        "static float sqrt(float *x, int i) { x[i] = 1; return 2; }\nfloat top(float a[4]) { return sqrt(a, 2); }\n"
    )
    kernel = read_kernel(source, file=file, top="top")
    assert {array.name: array.direction for array in kernel.arrays}["a"] == "out"


def test_a_number_of_elements_that_may_be_below_zero_stays_with_the_librarys_function() -> None:
    source = (
        "#include <algorithm>\nvoid top(int a[8], int n, unsigned k) { std::fill_n(a, n, 1); std::fill_n(a, k, 1); }\n"
    )
    assert set(read_kernel(source, file="kernel.cpp", top="top").functions[0].calls) == {"std::fill_n", "std::fill"}


def test_what_a_constexpr_constructor_makes_bounds_loops() -> None:
    source = (
        "struct Size { int r, c; constexpr Size(int a, int b) : r(a), c(b) {} "
        "constexpr int area() const { return r * c; } };\n"
        "constexpr Size S(4, 6); struct Cfg { static constexpr Size s{7, 2}; }; Size moved(1, 2);\n"
        "void top(int a[64]) {\nconstexpr Size local(2, 9); const Size kept{3, 5};\n"
        + "".join(
            f"for (int i = 0; i < {bound}; i++) a[i]++;\n"
            for bound in ("S.r", "S.area()", "Cfg::s.r", "local.c", "local.area()", "kept.c", "moved.c")
        )
        + "moved.c++;\n}\n"
    )
    kernel = read_kernel(source, file="kernel.cpp", top="top")
    assert [loop.trip_count for loop in kernel.loops] == [4, 24, 7, 9, 18, 5, None]


def test_the_vendors_mathematics_takes_a_width_by_name() -> None:
    source = (
        "#include <hls_math.h>\ntypedef ap_fixed<32, 16> t;\nvoid top(t a[8], ap_ufixed<16, 6> b[8]) {\n"
        "for (int i = 0; i < 8; i++) {\n"
        "a[i] = hls::pow<32, 16>(a[i], t(0.5)) + hls::sqrt<32, 16>(t(i)) + hls::sqrt(a[i]);\n"
        "b[i] = hls::exp(b[i]); } }\n"
    )
    kernel = read_kernel(source, file="kernel.cpp", top="top")
    assert {"pow", "sqrt", "exp"} <= set(kernel.functions[0].calls)
