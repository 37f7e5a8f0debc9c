"""Sites that change nothing are named, and those that change something are not."""

from __future__ import annotations

import pytest

from pipeline.estimator import prepare
from pipeline.estimator.idle_sites import idle_sites
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel

_TEXT = """
void k(int a[64][8], int n) {
    %s
    for (int i = 0; i < 64; i++) {
        %s
        for (int j = 0; j < %s; j++) { a[i][j] = a[i][j] + 1; }
    }
}
"""
_PIPELINE = "\n#pragma HLS pipeline\n"


@pytest.mark.parametrize(
    ("function", "loop", "bound", "some"),
    [(_PIPELINE, "", "8", True), ("", "", "8", False), (_PIPELINE, "", "n", False), ("", _PIPELINE, "8", False)],
)
def test_the_named_sites_are_those_without_effect(function: str, loop: str, bound: str, some: bool) -> None:
    kernel = propose_sites(read_kernel(_TEXT % (function, loop, bound), file="k.c", top="k"))
    prepared, dialect = prepare(kernel), kernel.dialect
    idle = idle_sites(prepared)
    assert bool(idle) is some
    start = {site.name: "" if site.kind == "PIPELINE" else 1 for site in kernel.sites}
    first = prepared.figures(start, dialect)
    for site in kernel.sites:
        others = ["II=7", "off"] if site.kind == "PIPELINE" else [2, 4]
        figures = [prepared.figures({**start, site.name: value}, dialect) for value in others]
        if site.name in idle:
            assert all((one.cycles, one.used) == (first.cycles, first.used) for one in figures)
