"""A lowered kernel computes something else, or does not compile: every label made from it would be wrong."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.design_space import load_space
from pipeline.kernels.suite import find_kernel, suite_names
from pipeline.synthesis.lowering import LoweredSources, lower
from tests.kernels.harness import Arguments, random_arguments
from tests.kernels.references import REFERENCES
from tests.synthesis.lowering.variants import compile_variants

POINTS = 20
TOLERANCE = 1e-12
"""Relative to the largest value of an array, for points whose sums are put in another order."""


def _plain_points(kernel_name: str, rng: np.random.Generator) -> list[dict[str, int | str]]:
    kernel = find_kernel(kernel_name)
    count = sum(loop.keyword == "for" for loop in kernel.loops)
    points: list[dict[str, int | str]] = []
    for _ in range(3):
        point: dict[str, int | str] = {}
        for number in range(count):
            point[f"__PIPE__L{number}"] = ["", "off", "   "][int(rng.integers(3))]
            point[f"__PARA__L{number}"] = int(rng.integers(1, 130))
        points.append(point)
    return points


def _same(before: Arguments, wanted: Arguments, actual: Arguments, exact: bool, what: str) -> None:
    for name, value in wanted.items():
        if exact or value.dtype.kind != "f":
            assert actual[name].tobytes() == value.tobytes(), f"{what}: {name}"
        else:
            scale = max(np.abs(value).max(), np.abs(before[name]).max())
            np.testing.assert_allclose(actual[name], value, rtol=0.0, atol=TOLERANCE * scale, err_msg=f"{what}: {name}")


@pytest.mark.parametrize("name", suite_names())
def test_lowered_points_compute_what_the_kernel_computes(name: str) -> None:
    kernel = find_kernel(name)
    rng = np.random.default_rng(sum(map(ord, name)))
    points = load_space(kernel).sample(POINTS, rng)
    lowered: list[LoweredSources] = []
    for number, point in enumerate(points):
        # Every third point keeps the order of sums, so that all else is held to the last bit.
        lowered.append(
            lower(
                kernel,
                point,
                reassociate=("clause", "never", "always")[number % 3],
                buffers=number % 4 != 3,
                placement="directives" if number % 5 == 4 else "pragmas",
                flow_target="vivado" if number % 2 else "vitis",
            )
        )
    lowered += [lower(kernel, point, dialect="vitis-plain") for point in _plain_points(name, rng)]
    variants = compile_variants(kernel, lowered)
    before = random_arguments(REFERENCES[name].signature, 7)
    wanted = variants.run(0, before)
    for number, item in enumerate(lowered, 1):
        actual = variants.run(number, before)
        _same(before, wanted, actual, not item.reassociated, f"{name}, point {number}")
