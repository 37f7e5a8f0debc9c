"""Tools of another version: what they do otherwise counts for their labels, and for nothing else."""

from __future__ import annotations

import pytest

from pipeline.estimator import device_for, for_tool, load_device, prepare
from pipeline.estimator.halves import held_back
from pipeline.kernels.read import read_kernel
from pipeline.synthesis import ESTIMATOR_SOURCE, KNOWN_FLOWS, Flow
from pipeline.synthesis.devices import Devices

_SUM = """
void k(double a[64], double out[1]) {
    double s = 0.0;
#pragma ACCEL PIPELINE
    for (int i = 0; i < 64; i++) { s += a[i]; }
    out[0] = s;
}
"""


@pytest.mark.parametrize("version", [None, "", "0.3", "2020.1", "2020.2", "2025.1", "v2018.3"])
def test_tools_that_the_device_was_measured_with_leave_it_as_it_is(version: str | None) -> None:
    assert for_tool(load_device(), version) is load_device()


@pytest.mark.parametrize("version", ["2018.3", "2019.2.1"])
def test_a_double_sum_starts_as_often_as_the_adder_of_an_older_tool_allows(version: str) -> None:
    kernel = read_kernel(_SUM, file="k.c", top="k")
    (loop,) = prepare(kernel, for_tool(load_device(), version)).estimate({}).loops
    assert loop.initiation_interval.exact == 13


def test_a_faster_clock_lengthens_the_operators_of_an_older_tool_too() -> None:
    fast = device_for("xcu200-fsgd2104-2-e", 2.0)
    old, older = for_tool(fast, "2018.3").operators, for_tool(load_device(), "2018.3").operators
    assert old["dadd"].stages > older["dadd"].stages and old["dmul"].dsp == older["dmul"].dsp == 11
    assert old["fadd"] == fast.operators["fadd"]


def test_labels_meet_the_tool_that_made_them_and_estimates_no_tool() -> None:
    old, new = KNOWN_FLOWS["hlsyn-v18"], KNOWN_FLOWS["hlsyn-v20"]
    assert Devices().of(new) is load_device() and Devices().of(old) == for_tool(load_device(), "2018.3")
    own = Flow(ESTIMATOR_SOURCE, "merlin", "estimator", "2018.3", None, 4.0, None, None)
    assert Devices().of(own) is load_device()


def test_variants_of_a_kernel_are_on_one_side_and_each_side_has_some() -> None:
    assert len({held_back(name) for name in ("gemm-p", "gemm-p-large", "gemm-blocked", "gemm")}) == 1
    assert {held_back(name) for name in ("gemm", "syrk", "atax", "2mm", "stencil", "mvt")} == {True, False}
