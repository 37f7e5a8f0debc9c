"""How many banks an array gets: as many as the copies of the loops around it reach at once."""

from __future__ import annotations

import re

import pytest

from pipeline.kernels.read import read_kernel
from pipeline.synthesis.lowering import lower

CALLED = """
void least(int x[32], int y[32])
{
#pragma ACCEL PARALLEL FACTOR=auto{P}
    for (int i = 0; i < 32; i++) { y[i] = 3 * x[i]; }
}
void middle(int x[32], int y[32]) { least(x, y); }
void top(int a[32], int b[32])
{
    int t[32];
    middle(a, t);
    middle(t, b);
}
"""
TWICE = """
void top(int a[64], int b[64])
{
#pragma ACCEL PARALLEL FACTOR=auto{P}
    for (int i = 0; i < 64; i++) { b[0] = a[i]; }
#pragma ACCEL PARALLEL FACTOR=auto{Q}
    for (int i = 0; i < 64; i++) { b[0] = a[i]; }
#pragma ACCEL PARALLEL FACTOR=auto{R}
    for (int i = 0; i < 8; i++) { b[0] = a[8 * i]; }
}
"""
SQUARE = """
void top(int a[512][512], int b[64])
{
#pragma ACCEL PARALLEL FACTOR=auto{P}
    for (int i = 0; i < 512; i++) {
#pragma ACCEL PARALLEL FACTOR=auto{Q}
        for (int j = 0; j < 512; j++) { a[i][j] = b[3]; }
    }
}
"""


def walk(trip: int, index: str, size: int, step: int = 1) -> str:
    return f"""
void top(int a[{size}], int b[64])
{{
#pragma ACCEL PARALLEL FACTOR=auto{{P}}
    for (int i = 0; i < {trip}; i += {step}) {{ b[0] = a[{index}]; }}
}}
"""


def banks(source: str, **point: int) -> tuple[dict[str, str], list[str]]:
    """By array and dimension what its directive asks for, and the notes that tell of banks."""
    found = lower(read_kernel(source, file="top.c"), point)
    rows = re.findall(r"array_partition variable=(\w+?)(?:_buffer)? (.*) dim=(\d)", found.files["top.c"])
    return {f"{name}.{dim}": split for name, split, dim in rows}, [note for note in found.notes if "banks" in note]


@pytest.mark.parametrize(
    ("source", "copies", "split"),
    [
        (walk(32, "i", 32), 1, None),
        (walk(32, "i", 32), 4, "cyclic factor=4"),
        (walk(32, "i", 32), 32, "complete"),
        (walk(32, "i + 1", 33), 32, "cyclic factor=32"),
        (walk(32, "31 - i", 32), 4, "cyclic factor=4"),
        (walk(32, "2 * i", 64), 4, "cyclic factor=8"),
        (walk(64, "i", 64, 2), 4, "cyclic factor=8"),
        # As many blocks as strides, where the stride divides the array and that takes fewer banks.
        (walk(8, "8 * i", 64), 2, "block factor=8"),
        (walk(7, "9 * i", 64), 4, "cyclic factor=36"),
        (walk(1024, "i", 1 << 12), 1024, "cyclic factor=1024"),
        (walk(1, "i", 1), 1, None),
    ],
)
def test_an_array_has_banks_for_the_elements_that_copies_reach_at_once(
    source: str, copies: int, split: str | None
) -> None:
    found, notes = banks(source, P=copies)
    assert found == ({} if split is None else {"a.1": split}) and not notes


def test_what_a_called_function_needs_its_callers_arrays_have_at_any_depth() -> None:
    assert banks(CALLED, P=4)[0] == {f"{name}.1": "cyclic factor=4" for name in "abt"}


def test_banks_serve_several_loops_by_the_common_multiple_as_far_as_there_are_elements() -> None:
    assert banks(TWICE, P=4, Q=6, R=1) == ({"a.1": "cyclic factor=12"}, [])
    assert banks(TWICE, P=16, Q=11, R=1) == ({"a.1": "cyclic factor=16"}, [])
    found, notes = banks(TWICE, P=4, Q=1, R=2)
    assert found == {"a.1": "cyclic factor=4"}
    assert notes == ["a has banks for consecutive elements, none for those further apart"]


def test_more_banks_than_the_tool_takes_are_halved_and_told() -> None:
    assert banks(SQUARE, P=32, Q=32) == ({"a.1": "cyclic factor=32", "a.2": "cyclic factor=32"}, [])
    told = "a would need {} banks; the tool takes at most 1024"
    found, notes = banks(SQUARE, P=64, Q=64)
    assert found == {"a.1": "cyclic factor=32", "a.2": "cyclic factor=32"} and notes == [told.format(4096)]
    found, notes = banks(SQUARE, P=512, Q=4)
    assert found == {"a.1": "cyclic factor=256", "a.2": "cyclic factor=4"} and notes == [told.format(2048)]
