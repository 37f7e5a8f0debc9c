"""Sites of array_partition and inline: where they are offered, and what of the user's is left alone."""

from __future__ import annotations

import pytest

from pipeline.design_space import derive_space
from pipeline.errors import PipelineError
from pipeline.kernels.further_sites import EXPLORED
from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.project import Project
from pipeline.project.project import ToolSettings

ARRAYS = """static int table[16];
static int sum(int v[8]) {
  static int kept[8];
  int s = 0;
  for (int i = 0; i < 8; i++) s += kept[i] += v[i];
  return s;
}
void f(int a[4][8], int p[8], int q[8], int r[8], int *open) {
#pragma HLS interface axis port=p
#pragma HLS interface m_axi port=q
#pragma HLS interface ap_memory port=r
  int whole[8], shaped[8], lot[4][8], queue[8], odd[8];
#pragma HLS array_partition variable=whole complete
#pragma HLS array_reshape variable=shaped complete
#pragma HLS array_partition variable=lot cyclic factor=2 dim=0
#pragma HLS stream variable=queue
#pragma HLS array_partition variable=odd cyclic
  for (int i = 0; i < 8; i++) {
    whole[i] = shaped[i] = queue[i] = odd[i] = p[i] + r[i] + table[2 * i];
    lot[i & 3][i] = open[i];
  }
  for (int i = 0; i < 4; i++) q[i] = sum(a[i]) + whole[i] + shaped[i] + lot[i][i] + queue[i] + odd[i];
}
"""


def _names(kernel: Kernel) -> list[str]:
    return [option.name for option in kernel.options]


def test_arrays_that_are_memories_have_a_site_a_dimension() -> None:
    kernel = propose_sites(read_kernel(ARRAYS, file="f.c"), explore=("partition",))
    # A second dimension of ``a`` is met in the function that gets a row; ``p`` is a stream, ``q`` a bus.
    assert _names(kernel) == [
        "__PART__f_a_D2",
        "__PART__f_lot_D0",
        "__PART__f_r_D1",
        "__PART__f_whole_D1",
        "__PART__sum_kept_D1",
        "__PART__table_D1",
    ]
    assert kernel.dialect == "vitis-plain"
    assert propose_sites(read_kernel(ARRAYS, file="f.c")).options == ()


def test_members_of_instances_of_a_template_have_sites_with_names_of_their_own() -> None:
    text = """template <class T> struct S { static T k[4]; };
template <class T> T S<T>::k[4] = {1, 2, 3, 4};
void f(const int a[64], int b[64]) { for (int i = 0; i < 64; i++) b[i] = a[i] * S<int>::k[i & 3] + S<short>::k[i & 1]; }
"""
    kernel = propose_sites(read_kernel(text, file="f.cpp", top="f"), explore=("partition",))
    of_members = [(option.name, option.variable) for option in kernel.options if option.variable not in ("a", "b")]
    assert of_members == [("__PART__S_k_D1", "S<int>::k"), ("__PART__S_k_D1_2", "S<short>::k")]
    assert {name for name, _ in of_members} <= set(derive_space(kernel).default)


def test_arguments_of_a_vitis_flow_are_no_memories() -> None:
    for flow, offered in (("vivado", True), ("vitis", False), (None, True)):
        project = Project("f.c", tool=ToolSettings(flow=flow))
        kernel = propose_sites(read_kernel(ARRAYS, file="f.c", project=project), explore=("partition",))
        assert ("__PART__f_a_D2" in _names(kernel)) == offered and "__PART__f_r_D1" in _names(kernel)


def test_functions_that_are_reached_have_a_site_of_inline() -> None:
    text = ARRAYS + "static void never(int *x) { *x = 1; }\n"
    kernel = propose_sites(read_kernel(text, file="f.c", top="f"), explore=("inline",))
    assert _names(kernel) == ["__INLINE__sum"]
    recursive = text.replace("int s = 0;", "\n#pragma HLS inline recursive\n  int s = 0;")
    assert not propose_sites(read_kernel(recursive, file="f.c", top="f"), explore=("inline",)).options


def test_instances_of_a_template_share_a_site() -> None:
    text = """
    template <int N> int sum(int (&v)[8]) {
      int w[8];
      int s = 0;
      for (int i = 0; i < 8; i++) s += w[i] = v[i] * N;
      return s;
    }
    int f(int a[8]) { return sum<2>((int(&)[8])*a) + sum<3>((int(&)[8])*a); }
    """
    kernel = propose_sites(read_kernel(text, file="f.cpp"), explore=EXPLORED)
    assert _names(kernel)[0] == "__INLINE__sum" and "__PART__sum_w_D1" in _names(kernel)
    assert sum("sum_w" in name for name in _names(kernel)) == 1


def test_what_is_not_in_the_tools_terms_is_not_explored() -> None:
    merlin = "void f(int a[8]) {\n#pragma ACCEL PIPELINE off\n  for (int i = 0; i < 8; i++) a[i]++;\n}\n"
    placed = merlin.replace("ACCEL PIPELINE off", "HLS pipeline auto{__PIPE__L0}")
    for text in (merlin, placed):
        with pytest.raises(PipelineError, match="cannot be explored"):
            propose_sites(read_kernel(text, file="f.c"), explore=("partition",))
