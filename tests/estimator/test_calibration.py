"""Fitted constants: what they change, what they refuse, and that a fit finds what made the labels."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.estimator import VERSION, calibrated, load_device, prepare
from pipeline.estimator.constants import Constants, read_constants
from pipeline.estimator.fit import KernelData, Measured, Trials, cross_validate, fit, folds
from pipeline.estimator.points import Point
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel
from pipeline.terms import Dialect

_CONSTANTS = Constants(Dialect.VITIS_PLAIN, 130, {"carried_cycles": 3}, {"lut": {"loops": 75.0}})


def _kernel(size: int) -> Kernel:
    text = f"""
    void k(double a[{size}][{size}], double x[{size}], double y[{size}]) {{
        for (int i = 0; i < {size}; i++) {{
            y[i] = 0.0;
            for (int j = 0; j < {size}; j++) {{ y[i] += a[i][j] * x[j]; }}
        }}
    }}
    """
    return dataclasses.replace(read_kernel(text, file="k.c", top="k"), name=f"dot{size}")


def _points() -> list[Point]:
    return [{"__PARA__L0": outer, "__PARA__L1": inner} for outer in (1, 2, 4) for inner in (1, 2, 4, 8)]


def test_constants_survive_their_file_and_change_estimates_and_the_version(tmp_path: Path) -> None:
    path = tmp_path / "constants.toml"
    path.write_text(_CONSTANTS.to_toml(), encoding="utf-8")
    assert read_constants(path) == _CONSTANTS
    kernel = _kernel(96)
    plain, fitted = prepare(kernel), prepare(kernel, calibrated(load_device(), path))
    assert plain.version == VERSION
    assert fitted.version.startswith(f"{VERSION}+")
    point: Point = {}
    assert plain.estimate(point, Dialect.VITIS_PLAIN).loops[0].initiation_interval.exact == 6
    assert fitted.estimate(point, Dialect.VITIS_PLAIN).loops[0].initiation_interval.exact == round(5 * 1.3) + 3
    assert fitted.estimate(point, Dialect.VITIS_PLAIN).tool_version == f"estimator {fitted.version}"


@pytest.mark.parametrize(
    "text",
    [
        "flow = ",
        'flow = "merlin"\n',
        'flow = "other"\nstages_percent = 100\n[rules]\n[area]\n',
        'flow = "merlin"\nstages_percent = -1\n[rules]\n[area]\n',
        'flow = "merlin"\nstages_percent = 100\n[rules]\nspeed = 3\n[area]\n',
        'flow = "merlin"\nstages_percent = 100\n[rules]\n[area.lut]\nloops = nan\n',
        'flow = "merlin"\nstages_percent = 100\n[rules]\n[area.uram]\nloops = 1.0\n',
    ],
)
def test_file_that_holds_no_constants_is_named_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "constants.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=r"constants\.toml") as caught:
        calibrated(load_device(), path)
    assert "\n" not in str(caught.value)


def test_fit_finds_the_constants_that_made_the_labels_on_kernels_it_has_not_seen() -> None:
    truth = Constants(Dialect.VITIS_PLAIN, 160, {"carried_cycles": 3}, {}).apply(load_device())
    data = []
    for size in (66, 80, 96):
        kernel = _kernel(size)
        made = prepare(kernel, truth)
        found = [(point, made.figures(point, Dialect.VITIS_PLAIN)) for point in _points()]
        designs = tuple(Measured(point, float(item.cycles[2] or 0), item.used) for point, item in found)
        data.append(KernelData(kernel, designs))
    trials = Trials(load_device(), Dialect.VITIS_PLAIN, data)
    constants = fit(trials, range(3))
    assert (constants.stages_percent, constants.rules["carried_cycles"]) == (160, 3)
    shipped = load_device().flows[Dialect.VITIS_PLAIN].area
    for resource, fitted in constants.area.items():
        assert fitted == pytest.approx({term: shipped[resource][term] for term in fitted}, rel=0.01)
    held = cross_validate(trials, 3)
    assert all(found.log_error < 0.01 for found in held.values())


def test_variants_of_a_kernel_are_never_on_both_sides() -> None:
    names = ["atax", "atax-medium", "bicg", "gemm-p", "gemm-p-large", "nw", "syrk"]
    groups = folds(names, 3)
    assert sorted(place for group in groups for place in group) == list(range(len(names)))
    for first, second in ((0, 1), (3, 4)):
        assert any(first in group and second in group for group in groups)
