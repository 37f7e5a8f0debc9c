"""Loops of any shape keep their meaning under any values of their sites."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel
from pipeline.synthesis.lowering import LoweredSources, lower
from pipeline.terms import SiteKind
from tests.kernels.harness import random_arguments
from tests.synthesis.lowering.shapes import SIGNATURE, nests, programs
from tests.synthesis.lowering.variants import compile_variants

POINTS = 8


def _point(kernel: Kernel, rng: np.random.Generator) -> dict[str, int | str]:
    """Any values at all, whether or not a design space would allow them together."""
    point: dict[str, int | str] = {}
    for site in kernel.sites:
        if site.kind is SiteKind.PIPELINE:
            point[site.name] = ["off", "", "flatten"][int(rng.integers(3))]
        else:
            point[site.name] = int(rng.choice([1, 1, 2, 3, 4, 5, 7, 8, 16, 40]))
    return point


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(programs(), st.integers(0, 2**32 - 1))
def test_loops_of_any_shape_compute_the_same_after_lowering(source: str, seed: int) -> None:
    check(source, seed)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(nests(), st.integers(0, 2**32 - 1))
def test_copies_of_an_outer_loop_never_break_what_it_carries(source: str, seed: int) -> None:
    check(source, seed)


def check(source: str, seed: int) -> None:
    """Lowers a kernel at random points and compares what all compute."""
    try:
        kernel = read_kernel(source, file="shape.c", top="shape")
    except PipelineError:
        assume(False)
    rng = np.random.default_rng(seed)
    lowered: list[LoweredSources] = []
    for number in range(POINTS):
        lowered.append(
            lower(
                kernel,
                _point(kernel, rng),
                buffers=number % 2 == 0,
                reassociate=("always", "never", "clause")[number % 3],
                placement="directives" if number == 5 else "pragmas",
            )
        )
    variants = compile_variants(kernel, lowered, warnings=False)
    for draw in range(2):
        before = random_arguments(SIGNATURE, seed % 1000 + draw)
        wanted = variants.run(0, before)
        for number, item in enumerate(lowered, 1):
            actual = variants.run(number, before)
            for name, value in wanted.items():
                if item.reassociated and value.dtype.kind == "f":
                    np.testing.assert_allclose(actual[name], value, rtol=1e-9, atol=1e-9, err_msg=f"{number}: {name}")
                else:
                    assert actual[name].tobytes() == value.tobytes(), f"variant {number} differs in {name}"
