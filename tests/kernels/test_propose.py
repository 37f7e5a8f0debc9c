"""Sites for sources without placeholders, designs shown as annotated C, and kernels found by name or path."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from pipeline.errors import PipelineError
from pipeline.kernels.annotate import annotate
from pipeline.kernels.propose import propose_sites, site_notices
from pipeline.kernels.read import read_kernel
from pipeline.kernels.source_places import loop_places
from pipeline.kernels.suite import find_kernel, suite_folder, suite_names
from pipeline.terms import SiteKind
from tests.kernels.nests import CAP, Nest, executed_at_most, nests

SOURCE = """\
#define EACH(v) for (v = 0; v < 6; v++)
static int unused(int v) { for (int i = 0; i < 9; i++) v++; return v; }
static int used(int v)
{
    for (int i = 0; i < 9; i++) v++;
    return v;
}
void mine(int n, int a[64][32])
{
    int i, j;
    rows: for (i = 0; i < 64; i++) {
        for (j = 0; j < 32; j++) a[i][j] = used(j); }
#pragma ACCEL PARALLEL FACTOR=4
    for (i = 0; i < n; i++) if (n) for (j = 0; j < 1; j++) a[i][j] = 0;
    while (n--) a[0][0]++;
    EACH(i) a[i][1] = 1;
    for (j = 0; j < n; j++) a[0][1] = 2;
}
"""


def test_a_source_without_placeholders_gets_sites_on_the_loops_that_matter() -> None:
    kernel = propose_sites(read_kernel(SOURCE, file="mine.c", top="mine"))
    assert {site.name: site.loop for site in kernel.sites} == {
        "__PARA__L1": "used/loop_0",
        "__PARA__L2": "mine/loop_0",
        "__PARA__L3": "mine/loop_1",
        "__PIPE__L2": "mine/loop_0",
        "__TILE__L2": "mine/loop_0",
        "__PIPE__L4": "mine/loop_2",
    }
    assert all(site.proposed for site in kernel.sites)
    assert propose_sites(kernel) is kernel, "sites that are there are kept"


def test_a_proposed_design_is_the_source_with_pragma_lines_before_its_loops() -> None:
    kernel = propose_sites(read_kernel(SOURCE, file="mine.c", top="mine"))
    point: dict[str, int | str] = {site.name: "" if site.kind is SiteKind.PIPELINE else 2 for site in kernel.sites}
    text = annotate(kernel, point)
    lines = [line.strip() for line in text.splitlines()]
    at = next(place for place, line in enumerate(lines) if line.startswith("rows: for"))
    assert lines[at - 3 : at] == [
        "#pragma ACCEL PIPELINE",
        "#pragma ACCEL TILE FACTOR=2",
        "#pragma ACCEL PARALLEL FACTOR=2",
    ]
    again = read_kernel(text, file="mine.c", top="mine")
    assert [(loop.id, loop.trip_count, loop.label) for loop in again.loops] == [
        (loop.id, loop.trip_count, loop.label) for loop in kernel.loops
    ]
    fixed = {loop: place.fixed for loop, place in loop_places(again).items()}
    for site in kernel.sites:
        assert site.kind in fixed[site.loop]


@settings(max_examples=60, deadline=None)
@given(nests())
def test_annotating_any_nest_keeps_its_loops(nest: Nest) -> None:
    names = ", ".join(loop.name for loop in nest.walk())
    with executed_at_most(CAP + 1):
        kernel = propose_sites(read_kernel(f"void f(int a[4]) {{ int {names};\n{nest.text()} }}", file="f.c"))
        point: dict[str, int | str] = {
            site.name: "off" if site.kind is SiteKind.PIPELINE else 3 for site in kernel.sites
        }
        again = read_kernel(annotate(kernel, point), file="f.c")
    assert [(loop.id, loop.parent, loop.trip_count) for loop in again.loops] == [
        (loop.id, loop.parent, loop.trip_count) for loop in kernel.loops
    ]
    fixed = {loop: place.fixed for loop, place in loop_places(again).items()}
    for loop in kernel.loops:
        assert fixed[loop.id] == {site.kind for site in kernel.sites_of(loop.id)}


def test_a_given_design_is_the_source_with_the_values_in_its_placeholders() -> None:
    kernel = find_kernel("atax")
    point: dict[str, int | str] = {
        site.name: "flatten" if site.kind is SiteKind.PIPELINE else 4 for site in kernel.sites
    }
    text = annotate(kernel, point)
    assert "auto{" not in text
    assert "#pragma ACCEL PIPELINE flatten" in text
    assert len(text.splitlines()) == len(kernel.source.splitlines())
    with pytest.raises(PipelineError, match="no value for __PARA__L0"):
        annotate(kernel, {})
    with pytest.raises(PipelineError, match="nonsense is no site"):
        annotate(kernel, {**point, "nonsense": 1})
    with pytest.raises(PipelineError, match="cannot be the value"):
        annotate(kernel, {**point, "__PARA__L0": "4\n#include </etc/passwd>"})


def test_kernels_are_found_by_name_alias_or_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(suite_names()) >= 42
    assert find_kernel("stencil_stencil2d").name == "stencil"
    path = tmp_path / "mine.c"
    path.write_text(SOURCE)
    assert find_kernel(str(path), top="mine").sites[0].proposed
    with pytest.raises(PipelineError, match=r"no kernel gem-ncubed; did you mean gemm-ncubed"):
        find_kernel("gem-ncubed")
    for name in ("../atax", "", "a b", "-x", "no/such.c"):
        with pytest.raises(PipelineError):
            find_kernel(name)
    (tmp_path / "kernels" / "own").mkdir(parents=True)
    (tmp_path / "kernels" / "own" / "own.c").write_text("void own(int a[4]) { for (int i = 0; i < 4; i++) a[i] = i; }")
    monkeypatch.chdir(tmp_path)
    assert (suite_folder(), suite_names()) == (tmp_path / "kernels", ["own"])
    assert find_kernel("own").loops[0].trip_count == 4


def test_loops_that_can_have_no_sites_are_named_with_the_reason() -> None:
    text = (
        "#define EACH(v, n) for (int v = 0; v < n; v++)\n"
        "void k(int a[8]) {\n int i = 0;\n while (i < 8) a[i++] = 1;\n EACH(j, 8) a[j] += 2;\n"
        " for (int n = 0; n < 8; n++) a[n]++;\n}\n"
        "void never(int a[8]) { int i = 8; do a[--i] = 0; while (i); }\n"
    )
    made, counted = site_notices(propose_sites(read_kernel(text, file="k.c", top="k"), "tool"))
    assert "k.c:5:" in made and "macro" in made
    assert "k.c:4:" in counted and "while" in counted
    plain = text.replace("while (i < 8) a[i++] = 1", ";").replace("EACH(j, 8) a[j] += 2", ";")
    assert not site_notices(propose_sites(read_kernel(plain, file="k.c", top="k"), "tool"))
