"""Which function is the top: every clause of the rule, for C and C++."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel, read_kernel

_A = "(int *a) { a[0] = 1; }"
_TEMPLATE = "template <int N> void fill(int *a) { for (int i = 0; i < N; i++) a[i] = N; }\n"
_MADE = "struct G { G(); ~G(); int *p; };\nG::G() { p = new int; }\nG::~G() { delete p; }\n"
"""A class whose constructor and destructor are refused."""
_CLASS = "struct F { int s; void step(int *a); };\nvoid F::step(int *a) { a[0] = s; }\n"


@pytest.mark.parametrize(
    ("file", "text", "top"),
    [
        # Helpers and benches stand behind what other files can call.
        ("some.c", f"static void h{_A} void work{_A}", "work"),
        ("some.c", f"inline void h{_A} void work{_A}", "work"),
        ("some.c", f"static void h(int *a);\nvoid h{_A} void work{_A}", "work"),
        ("some.c", f"void h(int *a);\ninline void h{_A}", "h"),
        ("some.c", f"void h(int *a);\ninline void h{_A} static void k{_A}", "h"),
        ("some.c", f"void work{_A} int main(void) {{ int a[2]; work(a); return a[0]; }}", "work"),
        ("some.c", f"void work{_A} void work_test(void) {{ int a[2]; work(a); }}", "work"),
        ("some.c", f"void work{_A} void test(int *a) {{ work(a); }}", "test"),
        ("some.c", f"void work{_A} int check(void) {{ int a[2]; work(a); return a[0]; }}", "work"),
        ("some.c", f"int g[2];\nvoid work{_A} void all(void) {{ work(g); }}", "all"),
        ("some.c", "int g[2];\nvoid work(int *a) { a[0] = g[0]; } void all(void) { int a[2]; work(a); }", "all"),
        ("some.c", f"static void h{_A} int all(void) {{ int a[2]; h(a); return a[0]; }}", "all"),
        ("some.c", "int main(void) { return 0; }", "main"),
        ("some.c", f"static void only{_A}", "only"),
        ("some.c", f"static void h{_A} int main(void) {{ int a[2]; h(a); return 0; }}", "any of h, main;"),
        ("some.c", f"static void h{_A} static void kernel_s{_A} int main(void) {{ int a[2]; h(a); kernel_s(a); }}",
         "kernel_s"),
        ("some.c", f"void used{_A} void unused{_A} int main(void) {{ int a[2]; used(a); return 0; }}",
         "any of used, unused; name it with --top"),
        # Who calls whom, also through helpers; recursion is refused before anything is asked.
        ("some.c", f"void mul{_A} static void h(int *a) {{ mul(a); }} void work(int *a) {{ h(a); }}", "work"),
        ("some.c", f"void work{_A} static void spare(int *a) {{ work(a); }}", "work"),
        ("some.c", "int g(int);\nint f(int n) { return g(n); }\nint g(int n) { return f(n); }",
         "some.c:3:23: f calls itself"),
        ("some.c", f"int g(int);\nint f(int n) {{ return g(n); }}\nint g(int n) {{ return f(n); }}\nvoid w{_A}", "w"),
        # Names.
        ("some.c", f"void top{_A} void check(int *a) {{ top(a); }}", "top"),
        ("some.c", f"static void top{_A} void work(int *a) {{ top(a); }}", "work"),
        ("some.c", f"void other{_A} void kernel_x{_A}", "kernel_x"),
        ("so-me.c", f"void other{_A} void so_me{_A}", "so_me"),
        ("some.c", f"void used{_A} void unused{_A}", "any of used, unused;"),
        ("some.c", f"void top{_A}\n#pragma ACCEL kernel\nvoid work{_A}", "work"),
        # C++: namespaces, instances of templates, methods.
        ("some.cpp", f"namespace {{ void h{_A} }} void work{_A}", "work"),
        ("some.cpp", f"{_TEMPLATE}template void fill<4>(int *);\nstatic void h{_A}", "fill<4>"),
        ("some.cpp", f"{_TEMPLATE}template <> void fill<2>{_A}\ninline void h{_A}", "fill<2>"),
        ("some.cpp", f"{_TEMPLATE}void work(int *a) {{ fill<4>(a); }}", "work"),
        ("some.cpp", f"{_TEMPLATE}template void fill<4>(int *);\nvoid work{_A}", "any of fill<4>, work;"),
        ("some.cpp", _TEMPLATE, "no function is defined in the file; .* of templates an instance"),
        ("some.cpp", _CLASS, r"some.cpp:2:1: F::step is a method.* function that calls it"),
        ("some.cpp", f"{_CLASS}static void h{_A}", "h"),
        ("some.cpp", f"{_CLASS}{_MADE}static void h{_A}", "h"),
        ("some.cpp", f"{_CLASS}{_MADE}void h{_A} void k{_A}", "any of h, k;"),
        ("some.cpp", f"{_CLASS}void work(int *a) {{ F f; f.s = 1; f.step(a); }}", "work"),
    ],
)  # fmt: skip
def test_the_top_is_the_one_that_the_rule_leaves_or_is_asked_for(file: str, text: str, top: str) -> None:
    if " " not in top:
        assert read_kernel(text, file=file).top == top
        return
    with pytest.raises(PipelineError, match=top):
        read_kernel(text, file=file)


_SPACES = f"""
namespace a {{ void one{_A} void two{_A} void two(int *a, int n) {{ a[n] = 1; }} }}
namespace b {{ void one{_A} namespace c {{ void three{_A} }} }}
{_TEMPLATE}template void fill<4>(int *);
"""


@pytest.mark.parametrize(
    ("given", "top"),
    [
        ("three", "three"), ("b::c::three", "three"), ("c::three", "three"), ("::b::c::three", "three"),
        ("a::one", "a::one"), ("::b::one", "b::one"), ("one", "one could be any of a::one, b::one;"),
        ("fill", "fill<4>"), ("fill<4>", "fill<4>"), ("a::three", "no function a::three; the file defines"),
        ("two", r"two could be any of a::two\(int\*\), a::two\(int\*,int\);"),
        ("a::two(int *, int)", "a::two(int*,int)"),
    ],
)  # fmt: skip
def test_a_given_top_may_have_or_leave_out_its_namespaces_and_types(given: str, top: str) -> None:
    if " " not in top:
        assert read_kernel(_SPACES, file="some.cpp", top=given).top == top
        return
    with pytest.raises(PipelineError, match=top):
        read_kernel(_SPACES, file="some.cpp", top=given)


def test_in_several_files_too_a_given_top_may_leave_out_its_namespaces(tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text(f"namespace a {{ void one{_A} }} namespace b {{ void one{_A} void two{_A} }}\n")
    (tmp_path / "m.cpp").write_text("namespace b { void two(int *a); }\nvoid three(int *a) { b::two(a); }\n")
    further = [str(tmp_path / "m.cpp")]
    tops = [
        load_kernel(tmp_path / "k.cpp", top=top, further=further).top for top in ("two", "b::two", "a::one", "three")
    ]
    assert tops == ["b::two", "b::two", "a::one", "three"]
    with pytest.raises(PipelineError, match="one could be any of a::one, b::one"):
        load_kernel(tmp_path / "k.cpp", top="one", further=further)


def test_functions_of_headers_and_further_files_stand_behind_the_kernels_own(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text(f"void spare{_A}\nvoid work(int *a);\nvoid later(int *a);\n")
    (tmp_path / "part.c").write_text(f"void part{_A}\n")
    (tmp_path / "other.c").write_text('#include "h.h"\nvoid later(int *a) { work(a); }\n')
    (tmp_path / "k.c").write_text(f'#include "h.h"\nvoid work{_A}\n')
    (tmp_path / "static.c").write_text(f"void work(int *a);\nstatic void help{_A}\nint main(void) {{ return 0; }}\n")
    (tmp_path / "whole.c").write_text('#include "part.c"\n')
    (tmp_path / "head.c").write_text(f'#include "h.h"\nstatic void help{_A}\n')
    further = str(tmp_path / "other.c")
    assert load_kernel(tmp_path / "k.c").top == "work"
    assert load_kernel(tmp_path / "whole.c").top == "part"
    with pytest.raises(PipelineError, match=r"could be any of spare, help"):
        load_kernel(tmp_path / "head.c")
    (tmp_path / "h.h").write_text("void work(int *a);\n")
    assert load_kernel(tmp_path / "k.c", further=[further]).top == "work"
    assert load_kernel(tmp_path / "static.c", further=[str(tmp_path / "k.c")]).top == "work"
