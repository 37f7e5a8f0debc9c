"""Designs in the tool's own terms are delivered in the user's files, which stay as they are beside the pragmas."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import derive_space, load_space, sample
from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.kernels.as_written import written_loops, written_value
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import loops_without_sites, propose_sites, site_notices
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.loop.delivered import write_project
from pipeline.project import Project
from pipeline.project.flags import parse_flags
from pipeline.synthesis.lowering import LoweredSources, lower
from pipeline.synthesis.lowering.edits import unified_diff
from pipeline.synthesis.lowering.user_files import user_files
from pipeline.synthesis.vitis.directives import parse_directives
from pipeline.terms import SiteKind
from tests.synthesis.lowering.variants import compile_variants

NESTS = """#include <string.h>
#define N 8
#define BUMP(x) x++;
/* for (;;) { */
static int helper(int v[8])
{
    int s = 0;
    for (int k = 0; k < N; k++) // { not this one
        s += v[k];
    return s;
}
void nests(int a[8][8], int b[8], int c[64]) {
#pragma HLS interface axis port=c
\tfor (int i = 0; i < N; i++) /* a comment
\t   of two lines { */
\t\tfor (int j = 0; j < N; j++)
\t\t\ta[i][j] += helper(b) + ')' - '}'; // done
  outer: for (int i = 0; i < 8; i++) {
#pragma HLS PIPELINE II=2 rewind // as small as it gets
    for (int j = 0; j < 8; j++) {
      #pragma HLS unroll factor=2 skip_exit_check
      a[j][i] ^= j; }
  }
  if (b[0] > 0) for (int i = 0; i < 8; i++) b[i] -= 2; else b[0] = 1;
  for (int i = 0; i < 8; i++) for (int j = 0; j < 8; j++) { a[i][j]++; b[j] -= (i == j); }
  for (int i = 0; i < 8; i++) BUMP(b[i])
  for (int i = 0; i < 4; i++)
    if (b[i] & 1)
      do b[i] /= 2; while (b[i] & 1);
    else if (b[i] > 4) {
      b[i] = 4;
    } else
      b[i]--;
  for (int n = 0; n < 64; n++)
  {
#pragma HLS unroll \\
    factor=4
    c[n] = n; }
}
"""


def _kernel(text: str, file: str = "nests.c") -> Kernel:
    return propose_sites(read_kernel(text, file=file))


def _points(kernel: Kernel, count: int) -> list[Point]:
    space = derive_space(kernel)
    return [space.default, *sample(space, "uniform", count, seed=7)]


def _as_written(kernel: Kernel, sources: LoweredSources, names: Mapping[str, str]) -> Point:
    """The point that the delivered text itself says, read anew."""
    (file,) = kernel.texts
    project = Project(file, directives=parse_directives(sources.directives))
    again = propose_sites(read_kernel(sources.files[names[file]], file=file, project=project))
    written = written_loops(again)
    return {site.name: written_value(again, site, written) for site in again.sites}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_is_delivered_says_the_design_itself(newline: str) -> None:
    kernel = _kernel(NESTS.replace("\n", newline))
    assert len(kernel.sites) >= 20
    for point in _points(kernel, 25):
        sources = lower(kernel, point, dialect=kernel.dialect)
        assert _as_written(kernel, sources, user_files(kernel).names) == point


def test_a_pragma_operator_is_changed_where_it_stands_like_a_pragma_line() -> None:
    text = """void k(int a[64], int b[64]) {
    for (int i = 0; i < 64; i++) { _Pragma("HLS unroll factor=4") _Pragma( "HLS  pipeline II=2" ) a[i] *= 5; }
    for (int i = 0; i < 64; i++) /* _Pragma("HLS pipeline off") */ {
        _Pragma("HLS pipeline off")
        b[i] = a[i];
    }
}
"""
    kernel = _kernel(text)
    for point in _points(kernel, 20):
        sources = lower(kernel, point, dialect=kernel.dialect)
        assert not sources.directives
        assert _as_written(kernel, sources, user_files(kernel).names) == point


def test_the_design_as_written_changes_no_byte() -> None:
    kernel = _kernel(NESTS)
    sources = lower(kernel, derive_space(kernel).default, dialect=kernel.dialect)
    assert sources.files == {"nests.c": NESTS} and not sources.directives


def test_every_delivered_design_computes_the_same() -> None:
    kernel = _kernel(NESTS)
    points = _points(kernel, 12)
    variants = compile_variants(
        kernel, [lower(kernel, point, dialect=kernel.dialect) for point in points], warnings=False
    )
    rng = np.random.default_rng(3)
    given = {
        "a": rng.integers(-9, 9, (8, 8), dtype=np.int32),
        "b": rng.integers(-9, 9, 8, dtype=np.int32),
        "c": rng.integers(-9, 9, 64, dtype=np.int32),
    }
    wanted = variants.run(0, given)
    for number in range(1, len(points) + 1):
        found = variants.run(number, given)
        assert all((found[name] == wanted[name]).all() for name in given), points[number - 1]


def test_only_pragma_lines_labels_and_braces_differ() -> None:
    kernel = _kernel(NESTS)
    rest = re.compile(r"#\s*pragma HLS[^\n\\]*(?:\\\n[^\n]*)?|//[^\n]*|/\*.*?\*/|\bloop_\d+:|[{}\s]", re.DOTALL)
    for point in _points(kernel, 20):
        text = lower(kernel, point, dialect=kernel.dialect).files["nests.c"]
        assert rest.sub("", text) == rest.sub("", NESTS)
        assert "// as small as it gets" in text or point["__PIPE__L3"] == ""


@pytest.mark.parametrize(("newline", "tail"), [("\n", "\n"), ("\r\n", "\r\n"), ("\n", "")])
def test_the_diff_applies_and_taken_back_gives_every_byte(newline: str, tail: str, tmp_path: Path) -> None:
    text = NESTS.rstrip("\n").replace("\n", newline).replace("done", "fertig \u00fc") + tail
    kernel = _kernel(text)
    for number, point in enumerate(_points(kernel, 4)):
        new = lower(kernel, point, dialect=kernel.dialect).files["nests.c"]
        diff = unified_diff({"nests.c": text}, {"nests.c": new})
        assert bool(diff) == (new != text)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "nests.c").write_bytes(text.encode())
        (folder / "changes.diff").write_bytes(diff.encode())
        for direction, wanted in (((), new), (("-R",), text)):
            if diff:
                command = ["patch", "-p1", "--binary", "-s", *direction, "-i", "changes.diff"]
                subprocess.run(command, cwd=folder, check=True, capture_output=True)
            assert (folder / "nests.c").read_bytes() == wanted.encode()


def test_what_is_put_into_a_loop_stands_under_its_head_wherever_its_label_is() -> None:
    text = """void f(int a[8]) {
shift:
    for (int i = 0; i < 7; i++)
        a[i] = a[i + 1];
}
"""
    kernel = propose_sites(read_kernel(text, file="f.c"))
    point = {site.name: 7 if site.kind is SiteKind.PARALLEL else "" for site in kernel.sites}
    rows = lower(kernel, point, dialect=kernel.dialect).files["f.c"].split("\n")
    assert rows[2:3] + rows[-4:-2] == ["    for (int i = 0; i < 7; i++) {", "        a[i] = a[i + 1];", "    }"]
    assert all(row.startswith("        #pragma HLS ") for row in rows[3:-4])


def test_directives_leave_the_files_alone_but_for_the_labels_that_they_need() -> None:
    kernel = _kernel(NESTS)
    space = derive_space(kernel)
    point = {**space.default, "__PIPE__L3": "II=4", "__PARA__L4": 8}
    sources = lower(kernel, point, dialect=kernel.dialect, delivery="directives")
    assert sources.directives == (
        'set_directive_pipeline -II 4 "nests/outer"\nset_directive_unroll -factor 8 "nests/loop_3"\n'
    )
    changed = [row for row in sources.files["nests.c"].split("\n") if row not in NESTS.split("\n")]
    assert changed == ["    loop_3: for (int j = 0; j < 8; j++) {"]
    assert _as_written(kernel, sources, user_files(kernel).names) == point


def test_directives_of_a_project_are_kept_or_replaced() -> None:
    given = parse_directives('set_directive_pipeline -II 3 "nests/outer"\nset_directive_inline -off "helper"\n')
    kernel = propose_sites(read_kernel(NESTS, file="nests.c", project=Project("nests.c", directives=given)))
    space = derive_space(kernel)
    assert space.default["__PIPE__L3"] == "II=3"
    kept = lower(kernel, space.default, dialect=kernel.dialect)
    assert kept.files["nests.c"] == NESTS and parse_directives(kept.directives) == given
    point = {**space.default, "__PIPE__L3": "off"}
    changed = lower(kernel, point, dialect=kernel.dialect)
    assert _as_written(kernel, changed, user_files(kernel).names) == point
    assert "-II 3" not in changed.directives and "inline" in changed.directives


def test_loops_in_headers_and_further_files_are_changed_where_they_stand(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "inc").mkdir()
    latin = b"/* \xfc */\nstatic inline void twice(int a[8]) {\n  for (int i = 0; i < 8; i++) a[i] *= 2;\n}\n"
    (tmp_path / "inc" / "twice.h").write_bytes(latin)
    (tmp_path / "src" / "more.c").write_text("void more(int a[8]) {\n  for (int i = 0; i < 8; i++) { a[i]++; }\n}\n")
    (tmp_path / "src" / "top.c").write_bytes(
        b'\xef\xbb\xbf#include "twice.h"\nvoid more(int a[8]);\nvoid top(int a[8]) { twice(a); more(a); }\n'
    )
    file, other = str(tmp_path / "src" / "top.c"), str(tmp_path / "src" / "more.c")
    kernel = propose_sites(
        load_kernel(file, flags=parse_flags(f"-I{tmp_path}/inc", "--cflags"), further=[other], top="top")
    )
    point = {**derive_space(kernel).default, "__PARA__L0": 2, "__PARA__L1": 4}
    sources, user = lower(kernel, point, dialect=kernel.dialect), user_files(kernel)
    assert sorted(sources.files) == ["inc/twice.h", "src/more.c", "src/top.c"]
    assert sources.design_files == ("src/more.c", "src/top.c") and sources.cflags == "-Iinc"
    held = write_project(tmp_path / "best", kernel, sources)
    assert sorted(held) == ["changes.diff", "inc/twice.h", "src/more.c", "src/top.c"]
    assert (tmp_path / "best" / "src" / "top.c").read_bytes() == Path(file).read_bytes()
    header = (tmp_path / "best" / "inc" / "twice.h").read_bytes()
    assert header.startswith(b"/* \xfc */\n") and b"{\n      #pragma HLS unroll factor=2\n" in header
    assert "#pragma HLS unroll factor=4" in sources.files["src/more.c"]
    subprocess.run(
        ["patch", "-p1", "--binary", "-s", "-i", "best/changes.diff"], cwd=tmp_path, check=True, capture_output=True
    )
    for name in user.names.values():
        assert (tmp_path / name).read_bytes() == (tmp_path / "best" / name).read_bytes()


CPP = """template <int N> void twice(int (&a)[N]) {
  for (int i = 0; i < N; i++)
    a[i] *= 2;
}
void top(int a[8], int b[12]) {
  twice(*(int (*)[8])a);
  twice(*(int (*)[12])b);
}
"""


def test_instances_of_a_template_share_the_sites_of_the_loop_in_the_text() -> None:
    kernel = propose_sites(read_kernel(CPP, file="top.cpp", top="top"))
    space = derive_space(kernel)
    assert [site.name for site in space.sites] == ["__PARA__L0", "__PIPE__L0"]
    assert space.sites[0].values == (1, 2, 4)  # what divides both 8 and 12
    assert len(kernel.loops) == 2 and not loops_without_sites(kernel)
    sources = lower(kernel, {"__PARA__L0": 4, "__PIPE__L0": "off"}, dialect=kernel.dialect)
    body = "i++) {\n    #pragma HLS pipeline off\n    #pragma HLS unroll factor=4\n    a[i] *= 2;\n  }\n}"
    assert sources.files == {"top.cpp": CPP.replace("i++)\n    a[i] *= 2;\n}", body)}


def test_loops_of_one_text_have_labels_of_their_own_whatever_instance_they_are_of() -> None:
    text = """template <bool S, int N> void f(const int *a, int *b) {
  if constexpr (S) for (int i = 0; i < N; i++) b[i] = a[N - 1 - i];
  else for (int i = 0; i < N; i++) b[i] = a[i];
  for (int i = 0; i < 4; i++) b[i]++;
}
void top(const int a[64], int b[64]) { f<true, 32>(a, b); f<false, 32>(a + 32, b + 32); }
"""
    kernel = propose_sites(read_kernel(text, file="top.cpp", top="top"))
    point = {site.name: 2 if site.kind is SiteKind.PARALLEL else "II=2" for site in kernel.sites}
    sources = lower(kernel, point, dialect=kernel.dialect, delivery="directives")
    put = re.findall(r"(\w+): for", sources.files["top.cpp"])
    assert len(put) == len(set(put)) == 3 and "else " + put[1] in sources.files["top.cpp"]
    said = re.findall(r"set_directive_(\w+) .*\"f/(\w+)\"", sources.directives)
    assert sorted(said) == sorted((kind, label) for label in put for kind in ("pipeline", "unroll"))
    assert {label.rpartition("/")[2] for label in sources.labels.values()} == set(put)


def test_placeholders_of_any_form_in_cpp_are_replaced_where_they_stand() -> None:
    text = CPP.replace("i++)\n", "i++) {\n#pragma HLS pipeline II=auto{II} rewind // kept\n").replace(
        "*= 2;", "*= 2; }"
    )
    text = text.replace("b[12]) {\n", "b[12]) {\n#pragma HLS inline auto{IN}\n")
    kernel = read_kernel(text, file="top.cpp", top="top")
    sources = lower(kernel, {"II": 3, "IN": "none"}, dialect=kernel.dialect)
    wanted = text.replace("auto{II}", "3").replace("#pragma HLS inline auto{IN}\n", "")
    assert kernel.dialect == "hls" and sources.files == {"top.cpp": wanted}


PLAIN = """void top(int a[8]) {
  L0: for (int i = 0; i < 8; i++) {
#pragma HLS pipeline auto{__PIPE__L0}
#pragma HLS unroll factor=auto{__PARA__L0}
    a[i]++;
  }
}
"""


@pytest.mark.parametrize("name", ["top.c", "top.cpp"])
def test_placeholders_of_published_plain_sets_have_their_listed_values(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(PLAIN)
    (tmp_path / "top.json").write_text('{"__PIPE__L0": ["NA", "   "], "__PARA__L0": ["1", "2", "8"]}')
    kernel = propose_sites(load_kernel(tmp_path / name))
    space = load_space(kernel)
    assert kernel.dialect == "vitis-plain" and space.size() == 6
    assert {site.name: site.values for site in space.sites} == {"__PARA__L0": (1, 2, 8), "__PIPE__L0": ("", "   ")}
    bare = PLAIN.replace("#pragma HLS pipeline auto{__PIPE__L0}\n", "").replace("auto{__PARA__L0}", "1")
    assert lower(kernel, space.default, dialect=kernel.dialect).files == {name: bare}
    both = PLAIN.replace(" auto{__PIPE__L0}", "").replace("auto{__PARA__L0}", "8")
    assert lower(kernel, {"__PIPE__L0": "   ", "__PARA__L0": 8}, dialect=kernel.dialect).files == {name: both}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_braces_close_inside_out_with_the_line_ends_of_the_file(newline: str) -> None:
    text = (
        "void f(int a[8][8]) {\n  for (int i = 0; i < 8; i++)\n    for (int j = 0; j < 8; j++)\n      a[i][j]++;\n}\n"
    )
    kernel = _kernel(text.replace("\n", newline), "f.c")
    point = {**derive_space(kernel).default, "__PARA__L0": 2, "__PARA__L1": 4}
    wanted = (
        "void f(int a[8][8]) {\n  for (int i = 0; i < 8; i++) {\n    #pragma HLS unroll factor=2\n"
        "    for (int j = 0; j < 8; j++) {\n      #pragma HLS unroll factor=4\n      a[i][j]++;\n    }\n  }\n}\n"
    )
    assert lower(kernel, point, dialect=kernel.dialect).files == {"f.c": wanted.replace("\n", newline)}


@pytest.mark.parametrize("mark", ["/* one */", "/* of\n two */", "\t/* a */  /* b */ "])
def test_comments_between_headers_and_bodies_stay(mark: str, tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text(
        f"void k(int a[8][8]) {{{mark}int held[8][8];{mark}\n"
        f"  for (int i = 0; i < 8; i++){mark}for (int j = 0; j < 8; j++){mark}held[i][j] = i;\n"
        f"  for (int i = 0; i < 8; i++) {{{mark}for (int j = 0; j < 8; j++) a[i][j] += held[i][j]; }}\n}}\n"
    )
    kernel = propose_sites(load_kernel(tmp_path / "k.c"), "tool", ("partition", "inline"))
    for point in _points(kernel, 12):
        text = lower(kernel, point, dialect=kernel.dialect).files["k.c"]
        assert text.count(mark.strip()) == 5
        (tmp_path / "again.c").write_text(text)
        again = propose_sites(load_kernel(tmp_path / "again.c"), "tool", ("partition", "inline"))
        assert derive_space(again).default == point


def test_a_loop_keeps_its_exit_check_where_the_factor_does_not_divide() -> None:
    pragma = "#pragma HLS unroll factor=7 skip_exit_check"
    text = f"void f(int a[7]) {{\n  for (int i = 0; i < 7; i++) {{\n{pragma}\n    a[i]++;\n  }}\n}}\n"
    kernel = _kernel(text, "f.c")
    sources = lower(kernel, {**derive_space(kernel).default, "__PARA__L0": 2}, dialect=kernel.dialect)
    assert sources.files == {"f.c": text.replace("factor=7 skip_exit_check", "factor=2")}


def test_ports_that_are_streams_are_never_copied() -> None:
    ports = "#pragma HLS interface axis port=b\n#pragma HLS interface mode=ap_fifo port=c\n"
    text = f"void f(int a[8], int b[8], int c[8]) {{\n{ports}  for (int i = 0; i < 8; i++) c[i] = a[i] + b[i];\n}}\n"
    kernel = propose_sites(read_kernel(text, file="f.c"), "merlin")
    restructured = lower(kernel, derive_space(kernel).default).files["f.c"]
    assert "a_buffer" in restructured and "b_buffer" not in restructured and "c_buffer" not in restructured


def test_what_no_site_has_is_refused() -> None:
    kernel = _kernel(NESTS)
    default = derive_space(kernel).default
    for name, value in (("__PIPE__L0", "II=0"), ("__PIPE__L0", "flatten"), ("__PARA__L0", 0), ("__PARA__L99", 1)):
        with pytest.raises(PipelineError):
            lower(kernel, {**default, name: value}, dialect=kernel.dialect)


def test_a_loop_of_a_macro_has_no_site() -> None:
    kernel = _kernel("#define EACH for (int i = 0; i < 8; i++)\nvoid f(int a[8]) {\n  EACH a[i]++;\n}\n", "f.c")
    assert kernel.sites == ()


def test_labels_are_those_that_reports_have(seed: int = 5) -> None:
    kernel = _kernel(NESTS)
    rng = random.Random(seed)
    point = rng.choice(_points(kernel, 10))
    sources = lower(kernel, point, dialect=kernel.dialect)
    rows = sources.files["nests.c"].split("\n")
    for loop in kernel.loops:
        label = sources.labels[loop.id].partition("/")[2]
        line = re.fullmatch(r"VITIS_LOOP_(\d+)_\d+", label)
        assert sources.locations[sources.labels[loop.id]] == loop.id
        if line:
            assert re.search(r"\b(?:for|do|while)\b", rows[int(line[1]) - 1]), label


_HALVES = [
    "for (int i = 0; i < 16; i++)\n#ifdef X\n  a[i] = 0;\n#else\n  a[i] *= 3;\n#endif\n",
    "for (int i = 0; i < 16; i++)\n#ifndef X\n  a[i] = 0;\n#else\n  a[i] *= 3;\n#endif\n",
    "#ifdef X\nfor (int i = 0; i < 8; i++)\n#else\nfor (int i = 0; i < 16; i++)\n#endif\n  a[i]++;\n",
    "for (int i = 0; i < 16; i++)\n  if (a[i] > 3) { a[i] = 1; }\n#ifdef X\n  else a[i] = 2;\n#endif\n",
    "#if 1\nfor (int i = 0; i < 16; i++) {\n#else\nfor (int i = 0; i < 8; i++) {\n#endif\n  a[i]++; }\n",
]


@pytest.mark.parametrize("body", _HALVES)
def test_a_loop_that_a_condition_of_the_preprocessor_cuts_is_delivered_whole(body: str, tmp_path: Path) -> None:
    kernel = _kernel(f"void k(int a[16]) {{\n{body}}}\n", "k.c")
    for number, point in enumerate(_points(kernel, 12)):
        (text,) = lower(kernel, point, dialect=kernel.dialect).files.values()
        for flags in ([], ["-DX"]):
            (tmp_path / f"{number}.c").write_text(text)
            done = subprocess.run(["gcc", "-w", "-fsyntax-only", *flags, tmp_path / f"{number}.c"], check=False)
            assert done.returncode == 0, text


def test_loops_that_one_text_makes_more_than_once_have_no_sites(tmp_path: Path) -> None:
    (tmp_path / "body.h").write_text("static void NAME(int *a) { for (int i = 0; i < 16; i++) a[i] += 3; }\n")
    (tmp_path / "k.c").write_text(
        '#define NAME one\n#include "body.h"\n#undef NAME\n#define NAME two\n#include "body.h"\n'
        "void k(int a[16], int b[16]) { one(a); two(b); for (int i = 0; i < 16; i++) a[i] += b[i]; }\n"
    )
    kernel = propose_sites(load_kernel(tmp_path / "k.c", top="k"))
    assert {kernel.loop(site.loop).function for site in kernel.sites} == {"k"}
    assert any("included more than once" in notice for notice in site_notices(kernel))
