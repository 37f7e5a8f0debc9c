"""Any part at any clock: known stages hold, a slower clock never has more, fit is by the capacities of the part."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.design_space import Point
from pipeline.errors import PipelineError
from pipeline.estimator import calibrated, device_for, find_part, load_device, prepare
from pipeline.kernels.suite import find_kernel

PARTS = ("xcu200-fsgd2104-2-e", "xcu280-fsvh2892-2l-e", "xc7z020-clg484-1", "xc7k325t-ffg900-2", "xczu7ev-ffvc1156-2-e",
         "xcku115-flvd1517-2-i", "xcvu080-ffvb2104-3-e", "xc7a35t")  # fmt: skip
periods = st.floats(1.0, 100.0)


@given(st.sampled_from(PARTS), periods, periods)
def test_a_slower_clock_never_has_more_stages(part: str, one: float, other: float) -> None:
    fast, slow = (device_for(part, period).operators for period in sorted((one, other)))
    for name, cost in fast.items():
        assert 0 <= slow[name].stages <= cost.stages, name


@given(periods, st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_what_is_kept_back_of_the_period_counts_as_a_faster_clock(period: float, one: float, other: float) -> None:
    little, much = sorted((one, other))
    roomy, tight = (device_for("xc7z020-clg484-1", period, kept).operators for kept in (little, much))
    assert all(roomy[name].stages <= tight[name].stages for name in roomy)


@given(st.sampled_from(PARTS), periods)
def test_operators_without_known_stages_follow_their_delay(part: str, period: float) -> None:
    base, found = load_device(), device_for(part, period)
    usable_at_home = base.clock_ns * (1 - base.clock_uncertainty)
    factor = {"xc7z020-clg484-1": 1.67, "xcku115-flvd1517-2-i": 1.172}.get(part)
    if factor is not None:
        delay = base.operators["dsqrt"].stages * usable_at_home
        assert found.operators["dsqrt"].stages == max(1, math.ceil(delay * factor / (0.73 * period) - 1e-9))


@pytest.mark.parametrize(
    ("part", "clock_ns", "stages"),
    [
        # Names of modules in public reports of these parts and clocks.
        ("xcu200-fsgd2104-2-e", 4.0, {"fadd": 7, "fmul": 4, "dadd": 5, "dmul": 6, "imul64": 5}),
        ("xcu200-fsgd2104-2-e", 4.55, {"fadd": 5, "fmul": 4}),
        ("xc7z020-clg484-1", 10.0, {"fadd": 5, "fmul": 4, "imul32": 2}),
        ("xczu7ev-ffvc1156-2-e", 10.0, {"dmul": 5, "ddiv": 22}),
        ("xcku025-ffva1156-2-e", 10.0, {"dmul": 5, "ddiv": 22, "dadd": 5}),
    ],
)
def test_stages_are_the_known_ones_where_they_are_known(part: str, clock_ns: float, stages: dict[str, int]) -> None:
    found = device_for(part, clock_ns).operators
    assert {name: found[name].stages for name in stages} == stages


@pytest.mark.parametrize("clock_ns", [2.0, 4.0, 20.0])
def test_dividers_and_memories_take_their_cycles_at_any_clock(clock_ns: float) -> None:
    base, found = load_device().operators, device_for("xc7a35t", clock_ns).operators
    assert all(found[name] == base[name] for name in ("idiv8", "idiv32", "idiv64", "load32", "store64"))


def test_the_part_and_clock_that_were_measured_give_the_very_device_of_the_data_file() -> None:
    assert device_for("XCU200-fsgd2104-2-e", 4.0) is load_device() and not load_device().assumed
    for other in (device_for("xcu200-fsgd2104-2-e", 4.1), device_for("xcu250-figd2104-2l-e", 4.0)):
        assert other.part in other.assumed and "assumed" in other.assumed


def test_fit_is_judged_by_what_the_asked_part_holds() -> None:
    kernel = find_kernel("gemm-ncubed")
    point: Point = {"__PARA__L0": 1, "__PARA__L1": 1, "__PARA__L2": 64, "__PIPE__L0": "off", "__PIPE__L1": "",
             "__TILE__L0": 1, "__TILE__L1": 1}  # fmt: skip
    small, large = (prepare(kernel, device_for(part, 10.0)).estimate(point) for part in ("xc7z020", "xcku115"))
    assert small.available == find_part("xc7z020").available and small.part == "xc7z020"
    assert small.used.dsp is not None and small.available.dsp is not None and small.used.dsp > small.available.dsp
    assert large.used.dsp is not None and large.available.dsp is not None and large.used.dsp < large.available.dsp
    assert (small.clock_target_ns, small.clock_uncertainty_ns, small.family) == (10.0, 2.7, "zynq")


@pytest.mark.parametrize("part", ["xc7z020-clg484-1", "xczu7ev-ffvc1156-2-e"])
def test_a_small_part_pays_nothing_for_the_shell_of_a_card(part: str) -> None:
    kernel = find_kernel("atax")
    point: Point = {"__PARA__L0": 1, "__PARA__L0_0": 1, "__PARA__L0_1": 1, "__PIPE__L0": "off", "__TILE__L0": 1}
    report = prepare(kernel, device_for(part, 10.0)).estimate(point)
    assert report.used.lut is not None and report.used.lut < 0.5 * (report.available.lut or 0)


def test_a_slower_clock_never_takes_more_cycles() -> None:
    kernel = find_kernel("atax")
    point: Point = {"__PARA__L0": 1, "__PARA__L0_0": 1, "__PARA__L0_1": 1, "__PIPE__L0": "off", "__TILE__L0": 1}
    cycles = [
        prepare(kernel, device_for("xc7z020", period)).estimate(point).latency.worst or 0
        for period in (3.0, 5.0, 8.0, 10.0, 20.0, 50.0)
    ]
    assert cycles == sorted(cycles, reverse=True) and cycles[0] > cycles[-1]


def test_constants_of_ones_own_lie_over_any_device(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("constants") / "constants.toml"
    file.write_text('flow = "merlin"\nstages_percent = 200\n\n[rules]\n\n[area]\n')
    plain = device_for("xc7z020", 10.0)
    fitted = calibrated(plain, file)
    assert fitted.operators["fadd"].stages == 2 * plain.operators["fadd"].stages and fitted.available == plain.available


@pytest.mark.parametrize(("clock_ns", "kept"), [(4.0, 1.0), (float("nan"), 0.27), (0.0, 0.27), (float("inf"), 0.27)])
def test_a_period_of_which_nothing_is_usable_is_refused(clock_ns: float, kept: float) -> None:
    with pytest.raises(PipelineError, match="usable"):
        device_for("xc7z020", clock_ns, kept)
