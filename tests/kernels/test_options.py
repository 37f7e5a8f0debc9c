"""Kernels with placeholders in any ``#pragma HLS`` directive."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.design_space import Point, load_space
from pipeline.errors import PipelineError
from pipeline.kernels.annotate import annotate
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import load_kernel, read_kernel
from pipeline.synthesis.lowering import lower

SOURCE = """void fir(int c[8], int y[64]) {
#pragma HLS array_partition variable=c type=auto{__TYPE__c} factor=auto{__PART__c} dim=1
    for (int n = 0; n < 64; n++) {
#pragma HLS pipeline II=auto{__II__n}
        y[n] += c[n % 8];
    }
}
"""
SPACE = """
[sites.__TYPE__c]
kind = "OPTION"
default = "cyclic"
values = ["cyclic", "block"]
[sites.__PART__c]
kind = "OPTION"
default = 1
values = [1, 2, 4, 8]
[sites.__II__n]
kind = "PIPELINE"
default = 1
values = [1, 2, "off"]
when = "__PART__c > 1 or __II__n != 2"
"""


def test_a_kernel_with_any_hls_directive_has_a_space_and_sources(tmp_path: Path) -> None:
    (tmp_path / "fir.c").write_text(SOURCE)
    (tmp_path / "space.toml").write_text(SPACE)
    kernel = propose_sites(load_kernel(tmp_path / "fir.c"))
    assert [(option.name, option.directive, option.line) for option in kernel.options] == [
        ("__PART__c", "array_partition", 2),
        ("__TYPE__c", "array_partition", 2),
    ]
    assert [site.name for site in kernel.sites] == ["__II__n"]
    space = load_space(kernel)
    assert space.size() == 2 * (4 * 3 - 1)
    point: Point = {"__TYPE__c": "block", "__PART__c": 4, "__II__n": 2}
    assert space.contains(point)
    (text,) = lower(kernel, point, dialect="hls").files.values()
    for written in (text, annotate(kernel, point)):
        assert "array_partition variable=c type=block factor=4 dim=1" in written and "pipeline II=2" in written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (SOURCE.replace("__TYPE__c", "__PART__c"), "used twice"),
        (SOURCE.replace("__TYPE__c", "__II__n"), "used twice"),
        ("#pragma HLS inline auto{X}\n" + SOURCE, "outside functions"),
    ],
)
def test_a_placeholder_that_would_decide_two_things_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(PipelineError, match=problem) as caught:
        read_kernel(text, file="fir.c")
    assert caught.value.line


def test_values_that_no_loop_tells_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "fir.c").write_text(SOURCE)
    with pytest.raises(PipelineError, match=r"space\.toml") as caught:
        load_space(load_kernel(tmp_path / "fir.c"))
    assert caught.value.line == 2
