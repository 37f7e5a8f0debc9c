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
