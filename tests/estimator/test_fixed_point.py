"""Laws of fixed-point numbers and of numbers that the text states."""

from __future__ import annotations

import pytest

from pipeline.estimator import prepare
from pipeline.kernels.read import read_kernel
from pipeline.reports.report import Report

_BODY = "{{ for (int i = 0; i < 64; i++) {{\n#pragma HLS pipeline\n{0} }} }}"


def _estimate(body: str, kind: str) -> Report:
    text = f"#include <ap_int.h>\n#include <ap_fixed.h>\ntypedef {kind} T;\nvoid k(T a[64], T b[64], T o[64]) "
    return prepare(read_kernel(text + _BODY.format(body), file="k.cpp", top="k")).estimate({})


@pytest.mark.parametrize("bits", [8, 16, 32])
@pytest.mark.parametrize("body", ["o[i] = a[i] * b[i];", "T t = a[i] * b[i]; T u = t * t; o[i] = u * b[i];"])
def test_a_fixed_point_product_takes_the_blocks_and_cycles_of_integers_of_its_width(bits: int, body: str) -> None:
    fixed, whole = _estimate(body, f"ap_fixed<{bits}, {bits // 2}>"), _estimate(body, f"ap_int<{bits}>")
    assert fixed.latency == whole.latency
    assert fixed.used.dsp == whole.used.dsp and (bits == 8) == (fixed.used.dsp == 0)


@pytest.mark.parametrize(
    "body", ["o[i] = a[i] * T(0.3);", "T c = 0.3; o[i] = a[i] * c;", "const T c = 0.3; o[i] = a[i] * c;"]
)
def test_a_number_of_the_text_is_converted_before_there_is_a_circuit(body: str) -> None:
    assert _estimate(body, "ap_fixed<16, 8>").latency == _estimate("o[i] = a[i] * b[i];", "ap_fixed<16, 8>").latency


@pytest.mark.parametrize("product", ["a[i] * 16", "16 * a[i]", "a[i] * (2 << 3)"])
def test_a_product_with_a_power_of_two_is_a_shift(product: str) -> None:
    shifted, multiplied = _estimate("o[i] = a[i] << 4;", "int"), _estimate(f"o[i] = {product};", "int")
    assert multiplied.latency == shifted.latency and multiplied.used == shifted.used
