"""Spaces in the tool's own terms: what is written is the default, values go together, counting is exact."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from pipeline.design_space import DesignSpace, derive_space, sample
from pipeline.design_space.keys import design_key
from pipeline.kernels.as_written import is_pipelined
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import MAX_SITES, loops_without_sites, propose_sites
from pipeline.kernels.read import read_kernel

NEST = """void f(int a[4][6], int n) {
  for (int i = 0; i < 4; i++) {
%s
    for (int j = 0; j < 6; j++) {
%s
      a[i][j]++;
    }
  }
  for (int k = 0; k < n; k++) a[k][0]--;
}
"""
WRITTEN = [
    ("", ""),
    ("#pragma HLS pipeline II=2", "#pragma HLS unroll factor=4"),
    ("#pragma HLS unroll", "#pragma HLS pipeline off"),
    ("#pragma HLS pipeline", "#pragma HLS unroll"),
]


def _kernel(text: str) -> Kernel:
    return propose_sites(read_kernel(text, file="f.c"))


def _brute(space: DesignSpace) -> list[dict[str, int | str]]:
    points = (
        dict(zip(space.names, values, strict=True)) for values in itertools.product(*(s.values for s in space.sites))
    )
    return [point for point in points if all(site.rule.holds(point) for site in space.sites)]


@pytest.mark.parametrize("written", WRITTEN)
def test_counting_and_sampling_are_those_of_brute_force(written: tuple[str, str]) -> None:
    space = derive_space(_kernel(NEST % written))
    wanted = {design_key(point) for point in _brute(space)}
    assert space.size() == len(wanted) and design_key(space.default) in wanted
    # The default comes first in every sample; of the others none comes more often than chance allows.
    drawn = Counter(design_key(point) for seed in range(50) for point in sample(space, "uniform", 5, seed=seed)[1:])
    mean = 200 / (len(wanted) - 1)
    assert set(drawn) < wanted and max(drawn.values()) <= mean + 5 * math.sqrt(mean) + 1
    assert [design_key(point) for point in space.points()] == [design_key(point) for point in _brute(space)]


@pytest.mark.parametrize("written", WRITTEN)
def test_values_go_together(written: tuple[str, str]) -> None:
    space = derive_space(_kernel(NEST % written))
    default = space.default
    changed = Counter[str]()
    for point in _brute(space):
        differs = {name for name in space.names if point[name] != default[name]}
        changed.update(differs)
        if is_pipelined(point["__PIPE__L0"]):
            assert not differs & {"__PIPE__L1", "__PARA__L1"}
        if point["__PARA__L1"] == 6:
            assert "__PIPE__L1" not in differs
    assert set(changed) == set(space.names)  # no site is without a choice


def test_the_design_as_written_is_the_default() -> None:
    found = [derive_space(_kernel(NEST % written)).default for written in WRITTEN]
    assert [tuple(str(value) for value in point.values())[:4] for point in found] == [
        ("1", "1", "", ""),
        ("1", "4", "II=2", ""),
        ("4", "1", "", "off"),
        ("1", "6", "   ", ""),
    ]
    assert all("__PARA__L2" not in point and point["__PIPE__L2"] == "" for point in found)


def test_a_huge_program_has_a_bounded_number_of_sites_on_the_loops_that_run_most() -> None:
    loops = "\n".join(f"  for (int i{n} = 0; i{n} < {n + 2}; i{n}++) a[i{n}]++;" for n in range(100))
    kernel = _kernel(f"void f(int a[128]) {{\n{loops}\n}}\n")
    assert len(kernel.sites) == MAX_SITES
    assert {site.loop for site in kernel.sites} == {f"f/loop_{n}" for n in range(100 - MAX_SITES // 2, 100)}
    assert len(loops_without_sites(kernel)) == 100 - MAX_SITES // 2
    space = derive_space(kernel)
    assert space.size() > 2**60 and all(space.contains(point) for point in sample(space, "uniform", 20, seed=0))


def test_merlins_pragmas_in_the_source_keep_merlins_terms() -> None:
    text = "void f(int a[8]) {\n#pragma ACCEL PIPELINE off\n  for (int i = 0; i < 8; i++) a[i]++;\n}\n"
    kernel = read_kernel(text, file="f.c")
    assert propose_sites(kernel).dialect == "merlin" and propose_sites(kernel, "tool").dialect == "vitis-plain"
    assert propose_sites(read_kernel(text.replace("ACCEL", "HLS"), file="f.c"), "merlin").dialect == "merlin"


SPLITS = """void f(int a[12], int b[40][16], int c[300], int d[8]) {
  int e[12];
#pragma HLS array_partition variable=e block factor=3
  for (int i = 0; i < 12; i++) e[i] = a[i];
  for (int i = 0; i < 40; i++)
    for (int j = 0; j < 16; j++) b[i][j] += c[16 * i + j - 16 * (i / 30) * i];
  for (int i = 0; i < 20; i++) c[15 * i] += c[i] + e[i & 7];
  for (int i = 1; i < 7; i++) d[i] = d[i - 1] + d[i + 1];
}
"""


def test_partitions_follow_the_copies_that_meet_an_array() -> None:
    kernel = propose_sites(read_kernel(SPLITS, file="f.c"), explore=("partition",))
    space = derive_space(kernel)
    assert space.default["__PART__f_e_D1"] == "block=3"
    values = {site.name: site.values for site in space.sites if site.name.startswith("__PART__")}
    assert values["__PART__f_a_D1"] == ("", "cyclic=2", "cyclic=3", "cyclic=4", "cyclic=6", "complete")
    assert "block=20" in values["__PART__f_c_D1"] and "complete" not in values["__PART__f_c_D1"]
    point = dict(space.default)
    for value, factor, fits in (("cyclic=4", 3, False), ("cyclic=4", 4, True), ("complete", 6, False)):
        point |= {"__PART__f_a_D1": value, "__PARA__L0": factor}
        assert space.contains(point) == fits, (value, factor)
    # Three elements are met without any copy, and a pipeline around unrolls what is inside.
    assert space.contains({**space.default, "__PART__f_d_D1": "cyclic=3"})
    assert space.contains({**space.default, "__PART__f_b_D2": "complete", "__PIPE__L1": "   "})
    assert not space.contains({**space.default, "__PART__f_b_D2": "complete"})
    assert values["__PART__f_b_D1"][-1] == values["__PART__f_b_D2"][-1] == "complete"  # 640 parts, 1,024 are taken
    assert all(space.contains(one) for one in sample(space, "uniform", 50, seed=1))


def test_counting_with_partitions_and_inline_is_that_of_brute_force() -> None:
    text = """static int g(int v[4]) { return v[0] + v[3]; }
    int f(int a[4]) {
      int s = 0;
      for (int i = 0; i < 4; i++) s += a[i];
      return s + g(a);
    }
    """
    space = derive_space(propose_sites(read_kernel(text, file="f.c", top="f"), explore=("partition", "inline")))
    assert set(space.names) == {"__PARA__L0", "__PIPE__L0", "__PART__f_a_D1", "__INLINE__g"}
    assert space.size() == len(_brute(space))
