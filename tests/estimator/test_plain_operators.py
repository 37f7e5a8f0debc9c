"""Laws of what single operations of integers cost, in kernels of a loop or two."""

from __future__ import annotations

import pytest

from pipeline.estimator import prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_LOOP = "for (int i = 0; i < 64; i++) {{\n#pragma HLS pipeline\n{0} }}"


def _estimate(
    body: str, arguments: str = "int a[64], int b[64], int o[64]", before: str = "", after: str = ""
) -> Report:
    text = f"#include <ap_int.h>\nvoid k({arguments}) {{ {before}\n{_LOOP.format(body)}\n{after} }}"
    return prepare(read_kernel(text, file="k.cpp", top="k")).estimate({})


def test_a_pipelined_loop_starts_an_iteration_after_the_other_and_the_last_takes_a_cycle() -> None:
    registers = "int w[64];\n#pragma HLS array_partition variable=w complete"
    loop = _estimate("w[i] = 0;", before=registers, after="o[0] = w[a[0]];").loops[0]
    assert loop.initiation_interval.exact == 1 and loop.latency.exact == 64


@pytest.mark.parametrize(
    ("switch", "chain"),
    [
        (
            "case 0: r = b[i]; break; case 3: r = s; break; case 7: r = s + 9; break; default: r = 5;",
            "if (a[i] == 0) r = b[i]; else if (a[i] == 3) r = s; else if (a[i] == 7) r = s + 9; else r = 5;",
        ),
        (
            "default: r = 5; break; case 1: r = s + 9; break; case 0: r = b[i]; break;",
            "if (a[i] == 1) r = s + 9; else if (a[i] == 0) r = b[i]; else r = 5;",
        ),
        ("case 1: case 2: s = s + 3; break;", "if (a[i] == 1 || a[i] == 2) s = s + 3;"),
    ],
)
def test_a_switch_costs_what_its_chain_of_conditions_costs(switch: str, chain: str) -> None:
    body = "int r = 1; %s; o[i] = r + s; s = r;"
    found, wanted = (_estimate(body % how, before="int s = 0;") for how in (f"switch (a[i]) {{ {switch} }}", chain))
    assert (found.latency, found.used, found.loops) == (wanted.latency, wanted.used, wanted.loops)
