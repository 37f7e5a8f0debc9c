"""The suite's C is correct: every kernel compiles clean and computes what its mathematics says."""

import numpy as np
import pytest

from tests.kernels.harness import KERNELS, Arguments, compile_kernel, random_arguments, run
from tests.kernels.references import REFERENCES

FLOAT_TOLERANCE = 1e-12
"""Relative to the largest value of an array: C and NumPy add up in different orders, nothing else may differ."""


def test_every_kernel_of_the_suite_has_a_reference() -> None:
    folders = {path.name for path in KERNELS.iterdir() if path.is_dir()}
    assert folders == set(REFERENCES)
    assert len(folders) == 42


@pytest.mark.parametrize("kernel", sorted(REFERENCES))
def test_kernel_compiles_without_a_warning(kernel: str) -> None:
    compile_kernel(kernel)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kernel", sorted(REFERENCES))
def test_kernel_computes_what_its_mathematics_says(kernel: str, seed: int) -> None:
    reference = REFERENCES[kernel]
    before = random_arguments(reference.signature, seed)
    changed = reference.compute(_copy(before))
    actual = _copy(before)
    run(kernel, reference.top, actual)
    for name, value in actual.items():
        if value.dtype.kind == "f" and name in changed:
            scale = np.abs(changed[name]).max()
            assert np.isfinite(scale)
            np.testing.assert_allclose(value, changed[name], rtol=0.0, atol=FLOAT_TOLERANCE * scale, err_msg=name)
        else:
            np.testing.assert_array_equal(value, changed.get(name, before[name]), err_msg=name)


def _copy(arguments: Arguments) -> Arguments:
    return {name: value.copy() for name, value in arguments.items()}
