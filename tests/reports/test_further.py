"""What cosimulation and Vivado synthesis measured is read as labels of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.reports.further import label_from_cosim, label_from_export
from pipeline.reports.labels import Status

EXPORT = """<profile>
  <TimingReport><TargetClockPeriod>4.000</TargetClockPeriod><AchievedClockPeriod>{achieved}</AchievedClockPeriod></TimingReport>
  <AreaReport><Resources><BRAM>2</BRAM><CLB>31</CLB><DSP>5</DSP><FF>266</FF><LUT>{lut}</LUT></Resources></AreaReport>
</profile>"""
COSIM = """+----------+----------+-----+
|   RTL    |  Status  | min | avg | max | min | avg | max |
|      VHDL|        NA|   NA|   NA|   NA|   NA|   NA|   NA|   NA|
|   Verilog|{status:>10}|   74|   75| {worst}|   77|   NA|   79|  152|
"""


def test_post_synthesis_figures_are_those_of_the_report_and_unknown_ones_null() -> None:
    label = label_from_export(EXPORT.format(achieved="2.5", lut=212).encode())
    assert (label.used.dsp, label.used.ff, label.used.lut) == (5, 266, 212)
    assert label.used.bram_18k is None and label.used.uram is None and label.cycles is None
    assert (label.clock_target_ns, label.clock_estimated_ns) == (4.0, 2.5)
    assert label_from_export(EXPORT.format(achieved="NA", lut=1).encode()).clock_estimated_ns is None


def test_simulated_latency_is_told_apart_from_a_failed_simulation() -> None:
    label = label_from_cosim(COSIM.format(status="Pass", worst=76))
    assert (label.latency_best, label.latency_average, label.latency_worst, label.cycles) == (74, 75, 76, 76)
    assert (label.interval_min, label.interval_max) == (77, 79)
    failed = label_from_cosim(COSIM.format(status="Fail", worst=76))
    assert failed.status is not Status.OK and failed.cycles is None and "Fail" in (failed.reason or "")


@pytest.mark.parametrize("lut", ["-1", "many", "1e3"])
def test_a_figure_that_is_none_is_refused(lut: str) -> None:
    with pytest.raises(PipelineError, match="LUT"):
        label_from_export(EXPORT.format(achieved="2.5", lut=lut).encode())


@given(st.binary(max_size=200), st.text(max_size=200))
def test_any_other_bytes_give_one_clear_line(data: bytes, text: str) -> None:
    with pytest.raises(PipelineError):
        label_from_export(data)
    with pytest.raises(PipelineError):
        label_from_cosim(text)
