"""Merlin's loops that read an element and its neighbours, against the elements counted one by one."""

from __future__ import annotations

import math

import pytest

from pipeline.estimator import prepare
from pipeline.kernels.read import read_kernel

_TEXT = """
void k(int a[96], int b[64]) {{
    int i;
#pragma ACCEL PIPELINE auto{{__PIPE__L0}}
#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L0}}
    for (i = 0; i < 64; i++) {{ b[i] = {sum}; }}
}}
"""


@pytest.mark.parametrize("neighbours", [1, 2, 3, 4, 5, 8])
def test_interval_is_that_of_the_distinct_elements_over_the_ports_of_as_many_memories_as_copies(
    neighbours: int,
) -> None:
    text = _TEXT.format(sum=" + ".join(f"a[i + {place}]" for place in range(neighbours)))
    prepared = prepare(read_kernel(text, file="k.c", top="k"))
    for copies in (1, 2, 4, 8):
        (loop,) = prepared.estimate({"__PIPE__L0": "", "__PARA__L0": copies}).loops
        distinct = {copy + place for copy in range(copies) for place in range(neighbours)}
        assert loop.initiation_interval.exact == math.ceil(len(distinct) / copies / 2)


@pytest.mark.parametrize("memories", [1, 2, 3, 4])
def test_an_array_that_the_user_splits_is_read_memory_by_memory_under_merlin_too(memories: int) -> None:
    text = f"""
    void k(int a[64], int b[16]) {{
        int i, j;
        int t[64];
    #pragma HLS array_partition variable=t cyclic factor={memories}
        for (j = 0; j < 64; j++) {{ t[j] = a[j] * 3; }}
    #pragma ACCEL PIPELINE auto{{__PIPE__L0}}
        for (i = 0; i < 16; i++) {{ b[i] = t[4*i] + t[4*i + 1] + t[4*i + 2] + t[4*i + 3]; }}
    }}
    """
    _, loop = prepare(read_kernel(text, file="k.c", top="k")).estimate({"__PIPE__L0": ""}).loops
    busiest = max(sum(place % memories == memory for place in range(4)) for memory in range(memories))
    assert loop.initiation_interval.exact == math.ceil(busiest / 2)
