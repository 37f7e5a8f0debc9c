"""What Merlin copies for a tile, against the rows that its iterations touch."""

from __future__ import annotations

import math
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.estimator import load_device, prepare
from pipeline.kernels.read import read_kernel

_TEXT = """
void k(int a[{rows}]{columns}, int b[8][8]) {{
    int i, j;
#pragma ACCEL TILE FACTOR=auto{{__TILE__L0}}
#pragma ACCEL PARALLEL FACTOR=auto{{__PARA__L0}}
    for (i = 0; i < 8; i++) {{
        for (j = 0; j < 8; j++) {{ b[j][0] = a[{index}]{column}; }}
    }}
}}
"""


@settings(max_examples=40)
@given(st.integers(1, 3), st.integers(0, 3), st.sampled_from(["", "[3]", "[j]"]), st.sampled_from([2, 3, 4]),
       st.sampled_from([1, 2]))  # fmt: skip
def test_each_tile_copies_the_range_of_rows_that_it_touches_and_its_cycles_are_the_elements(
    by_i: int, by_j: int, column: str, tile: int, factor: int
) -> None:
    rows, width = 7 * by_i + 7 * by_j + 1, 16
    text = _TEXT.format(rows=rows, columns=f"[{width}]" if column else "", index=f"{by_i}*i + {by_j}*j", column=column)
    prepared = prepare(read_kernel(text, file="k.c", top="k"))
    once, tiled = (prepared.figures({"__TILE__L0": some, "__PARA__L0": factor}).copied for some in (1, tile))
    merlin = load_device().flows["merlin"]
    step = tile * factor
    if step >= 8:
        assert tiled == once
        return
    touched = [by_i * i + by_j * j for i, j in product(range(step), range(8))]
    words = (max(touched) - min(touched) + 1) * (width if column else 1)
    kept = sum(item.cycles + merlin.copy_cycles for item in prepared.wide if item.array == "b")
    assert tiled == math.ceil(8 / step) * (words + merlin.tile_cycles) + kept
