"""Chosen partitions and inlining are delivered where they hold, and say themselves what was chosen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from pipeline.design_space import derive_space, sample
from pipeline.errors import PipelineError
from pipeline.estimator import prepare
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.project import Project
from pipeline.synthesis.lowering import LoweredSources, lower
from pipeline.synthesis.lowering.delivery import DELIVERIES, Delivery
from pipeline.synthesis.lowering.user_files import user_files
from pipeline.synthesis.vitis.directives import parse_directives
from tests.synthesis.lowering.variants import compile_variants

ARRAYS = """static int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
static int weigh(int v[8]) { int w[8], x[8]; // two at once
  for (int k = 0; k < 8; k++) w[k] = x[k] = v[k] * table[k];
  int s = 0;
  for (int k = 0; k < 8; k++) s += w[k] - x[7 - k];
  return s; }
static int twice(int v)
{
#pragma HLS INLINE off // kept apart
  return 2 * v;
}
void arrays(int a[8][8], int b[8])
{
  int rows[8][8], /* { */ line[8];
#pragma HLS array_partition variable=rows cyclic factor=2 dim=1 // pairs
#pragma HLS array_partition variable=line complete
  for (int i = 0; i < 8; i++) for (int j = 0; j < 8; j++) rows[i][j] = a[i][j];
  for (int i = 0; i < 8; i++) { int near[2] = {i, 7 - i}; line[i] = weigh(rows[i]) + near[i & 1]; }
  for (int i = 0; i < 8; i++) b[i] = twice(line[i]);
}
"""
CPP = """#include <ap_int.h>
template <int N> struct Bank {
  int held[N];
  int total() { int s = 0, t[N]; for (int i = 0; i < N; i++) s += t[i] = held[i]; return s; }
};
namespace tools {
template <typename T> T least(T (&v)[8]) {
  T w[8];
  for (int i = 0; i < 8; i++) w[i] = v[i];
  T s = w[0];
  for (int i = 1; i < 8; i++) if (w[i] < s) s = w[i];
  return s;
}
}
void arrays(ap_int<9> a[8][8], int b[8]) {
  Bank<4> bank;
  Bank<8> large;
  auto at = [&](int k) { int pair[2]; for (int i = 0; i < 2; i++) pair[i] = a[k][i]; return pair[1]; };
  for (int i = 0; i < 4; i++) bank.held[i] = a[i][i];
  for (int i = 0; i < 8; i++) large.held[i] = a[i][7 - i];
  for (int i = 0; i < 8; i++) b[i] = tools::least(a[i]) + bank.total() + large.total() + at(i);
}
"""
FILES = {"arrays.c": ARRAYS, "arrays.cpp": CPP}


def _kernel(text: str, file: str, directives: str = "") -> Kernel:
    project = Project(file, directives=parse_directives(directives))
    return propose_sites(read_kernel(text, file=file, top="arrays", project=project), "tool", ("partition", "inline"))


def _lowered(kernel: Kernel, how: Delivery, count: int) -> list[tuple[dict[str, int | str], LoweredSources]]:
    points = [dict(point) for point in sample(derive_space(kernel), "uniform", count, seed=5)]
    if how == "directives":
        # What stands in the file can be replaced by a directive, and taken out by none.
        default = derive_space(kernel).default
        for point in points:
            point |= {one.name: default[one.name] for one in kernel.options if point[one.name] == ""}
    return [(point, lower(kernel, point, dialect=kernel.dialect, delivery=how)) for point in points]


@pytest.mark.parametrize("how", DELIVERIES)
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_is_delivered_says_the_design_and_is_estimated_as_it(file: str, how: Delivery, newline: str) -> None:
    kernel = _kernel(FILES[file].replace("\n", newline), file)
    assert sum(option.directive == "inline" for option in kernel.options) >= 2
    assert sum(option.directive == "array_partition" for option in kernel.options) >= 5
    chosen = prepare(kernel)
    for point, sources in _lowered(kernel, how, 12):
        again = _kernel(sources.files[user_files(kernel).names[file]], file, sources.directives)
        assert derive_space(again).default == point
        delivered = prepare(again).figures(derive_space(again).default, again.dialect)
        figures = chosen.figures(point, kernel.dialect)
        assert (delivered.cycles, delivered.used) == (figures.cycles, figures.used)


@pytest.mark.parametrize("file", FILES)
def test_only_pragma_lines_and_braces_differ(file: str) -> None:
    kernel = _kernel(FILES[file], file)
    rest = re.compile(r"#\s*pragma HLS[^\n]*|//[^\n]*|[{}\s]")
    assert lower(kernel, derive_space(kernel).default, dialect=kernel.dialect).files[file] == FILES[file]
    for _, sources in _lowered(kernel, "insert", 12):
        assert rest.sub("", sources.files[file]) == rest.sub("", FILES[file]) and not sources.directives
        assert all(note in sources.files[file] for note in re.findall(r"// two at once", FILES[file]))


def test_every_delivered_design_computes_the_same() -> None:
    kernel = _kernel(ARRAYS, "arrays.c")
    variants = compile_variants(kernel, [one for _, one in _lowered(kernel, "insert", 10)], warnings=False)
    given = {"a": np.arange(64, dtype=np.int32).reshape(8, 8) * 7 % 31, "b": np.zeros(8, dtype=np.int32)}
    wanted = variants.run(0, given)["b"]
    assert wanted.any() and all((variants.run(number, given)["b"] == wanted).all() for number in range(1, 11))


def test_a_pragma_behind_a_macro_becomes_a_directive() -> None:
    text = """#define TWO int u[8], v[8];
void arrays(int a[8]) {
  TWO
  for (int i = 0; i < 8; i++) u[i] = v[i] = a[i];
  for (int i = 0; i < 8; i++) a[i] = u[i] + v[7 - i];
}
"""
    kernel = _kernel(text, "arrays.c")
    point = {**derive_space(kernel).default, "__PART__arrays_u_D1": "complete"}
    sources = lower(kernel, point, dialect=kernel.dialect)
    assert sources.files["arrays.c"] == text
    assert sources.directives == 'set_directive_array_partition -type complete -dim 1 "arrays" u\n'


def test_what_no_directive_takes_out_is_refused() -> None:
    kernel = _kernel(ARRAYS, "arrays.c")
    for name in ("__PART__arrays_line_D1", "__INLINE__twice"):
        with pytest.raises(PipelineError, match="cannot be taken out by a directive"):
            lower(kernel, {**derive_space(kernel).default, name: ""}, dialect=kernel.dialect, delivery="directives")


@pytest.mark.parametrize("value", ["cyclic", "cyclic=0", "block=2 dim=2", "off", 3])
def test_values_that_are_none_are_refused(value: int | str) -> None:
    kernel = _kernel(ARRAYS, "arrays.c")
    point = {**derive_space(kernel).default, "__PART__arrays_line_D1": value}
    for use in (lambda: lower(kernel, point, dialect=kernel.dialect), lambda: prepare(kernel).figures(point)):
        with pytest.raises(PipelineError, match="__PART__arrays_line_D1"):
            use()
