"""What cosimulation and Vivado measured is read as labels of their own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.reports import Resources, utilisation
from pipeline.reports.further import label_from_cosim, label_from_export, label_from_exported
from pipeline.reports.labels import DesignStatus
from pipeline.reports.utilisation_table import label_from_utilisation
from tests.shared_data import shared

EXPORT = """<profile>
  <TimingReport><TargetClockPeriod>4.000</TargetClockPeriod><AchievedClockPeriod>{achieved}</AchievedClockPeriod></TimingReport>
  <AreaReport><Resources><BRAM>{bram}</BRAM><CLB>31</CLB><DSP>5</DSP><FF>266</FF><LUT>212</LUT><URAM>0</URAM></Resources>
  <AvailableResources><BRAM>280</BRAM><DSP>220</DSP><FF>106400</FF><LUT>53200</LUT></AvailableResources></AreaReport>
</profile>"""
COSIM = """+----------+----------+-----+
|   RTL    |  Status  | min | avg | max | min | avg | max |
|      VHDL|        NA|   NA|   NA|   NA|   NA|   NA|   NA|   NA|
|   Verilog|{status:>10}|   74|   75| {worst}|   77|   NA|   79|  152|
"""
SERIES_7 = """
| Tool Version : Vivado v.2019.1 | Design State : Routed
1. Slice Logic
+----------------------------+------+-------+-----------+-------+
|          Site Type         | Used | Fixed | Available | Util% |
+----------------------------+------+-------+-----------+-------+
| Slice LUTs*                |  395 |     0 |     53200 |  0.74 |
|   LUT as Logic             |  300 |     0 |     53200 |  0.56 |
| Slice Registers            |  416 |     0 |    106400 |  0.39 |
+----------------------------+------+-------+-----------+-------+
2. Slice Logic Distribution
+--------------------------------------------+------+-------+-----------+-------+
|                  Site Type                 | Used | Fixed | Available | Util% |
+--------------------------------------------+------+-------+-----------+-------+
| Slice                                      |  132 |     0 |     13300 |  0.99 |
+--------------------------------------------+------+-------+-----------+-------+
3. Memory
+-------------------+------+-------+-----------+-------+
|     Site Type     | Used | Fixed | Available | Util% |
+-------------------+------+-------+-----------+-------+
| Block RAM Tile    |  4.5 |     0 |       140 |  3.21 |
|   RAMB36/FIFO*    |    3 |     0 |       140 |  2.14 |
|   RAMB18          |    3 |     0 |       280 |  1.07 |
+-------------------+------+-------+-----------+-------+
4. DSP
+-----------+------+-------+-----------+-------+
| Site Type | Used | Fixed | Available | Util% |
+-----------+------+-------+-----------+-------+
| DSPs      |    0 |     0 |       220 | <0.01 |
+-----------+------+-------+-----------+-------+
9. By region
+-----------+------+
| Site Type | SLR0 |
| DSPs      |    7 |
"""
ULTRASCALE = """
+-------------------------+------+-------+------------+-----------+-------+
|        Site Type        | Used | Fixed | Prohibited | Available | Util% |
+-------------------------+------+-------+------------+-----------+-------+
| CLB LUTs                |  212 |     0 |          0 |   1182240 |  0.02 |
| CLB Registers           |  266 |     0 |          0 |   2364480 |  0.01 |
| RAMB36/FIFO             |    3 |     0 |          0 |      2160 |  0.01 |
| RAMB18                  |    2 |     0 |          0 |      4320 |  0.01 |
| URAM                    |   16 |     0 |          0 |       960 |  1.67 |
| DSPs                    |    5 |     0 |          0 |      6840 |  0.07 |
+-------------------------+------+-------+------------+-----------+-------+
"""


def exported(achieved: str = "2.5", bram: str = "8") -> bytes:
    return EXPORT.format(achieved=achieved, bram=bram).encode()


def test_figures_after_vivado_are_those_of_the_report_and_bram_is_in_blocks_of_18_kbit() -> None:
    label = label_from_export(exported())
    assert label.used == Resources(bram_18k=8, dsp=5, ff=266, lut=212, uram=0)
    assert label.available == Resources(bram_18k=280, dsp=220, ff=106400, lut=53200)
    assert (label.clock_target_ns, label.clock_estimated_ns, label.slices) == (4.0, 2.5, 31)
    assert (label.status, label.reason, label.cycles) == (DesignStatus.OK, None, None)
    fractions = utilisation(label.used, label.available)
    assert fractions.bram_18k == 8 / 280 and fractions.uram is None


@pytest.mark.parametrize("text", ["NA", "inf", "-1", "undef", ""])
def test_a_figure_that_vivado_does_not_know_costs_itself_alone(text: str) -> None:
    label = label_from_export(exported(bram=text))
    assert (label.used.bram_18k, label.used.lut, label.clock_estimated_ns, label.reason) == (None, 212, 2.5, None)
    assert label_from_export(exported(achieved=text)).clock_estimated_ns is None


def test_an_odd_figure_is_unknown_and_said() -> None:
    label = label_from_export(exported(bram="many"))
    assert (label.status, label.used.bram_18k, label.used.lut) == (DesignStatus.OK, None, 212)
    assert label.reason is not None and "BRAM" in label.reason and "'many'" in label.reason


def test_the_achieved_period_is_told_by_the_slack_where_it_stands_nowhere_else() -> None:
    data = exported().replace(b"<AchievedClockPeriod>2.5</AchievedClockPeriod>", b"<WNS_FINAL>-0.250</WNS_FINAL>")
    assert label_from_export(data).clock_estimated_ns == 4.25
    final = exported().replace(b"<AchievedClockPeriod>2.5</AchievedClockPeriod>", b"<CP_FINAL>3.1</CP_FINAL>")
    assert label_from_export(final).clock_estimated_ns == 3.1


def test_the_report_that_tells_most_of_an_export_counts() -> None:
    files = {
        "s/impl/report/verilog/export_syn.xml": exported("3"),
        "s/impl/report/verilog/export_impl.xml": exported("2"),
        "s/impl/report/vhdl/fir_export.xml": exported("1"),
        "s/impl/verilog/report/fir_utilization_synth.rpt": SERIES_7.encode(),
        "s/impl/verilog/report/fir_utilization_routed.rpt": ULTRASCALE.encode(),
    }
    expected = [2.0, 3.0, 1.0]
    for clock in expected:
        label = label_from_exported(files)
        assert label is not None and label.clock_estimated_ns == clock
        del files[next(path for path in files if (b"Period>%d<" % clock) in files[path])]
    label = label_from_exported(files)
    assert label is not None and label.used.dsp == 5
    files.popitem()
    label = label_from_exported({**files, "s/impl/report/verilog/export_impl.xml": b"<profile>"})
    assert label is not None and label.used.lut == 395
    with pytest.raises(PipelineError, match=r"export_syn\.xml"):
        label_from_exported({"s/export_syn.xml": exported()[:-20]})
    assert label_from_exported({"s/component.xml": b"<x/>"}) is None


def test_tables_of_utilisation_of_all_families_count_half_blocks_of_memory() -> None:
    label = label_from_utilisation(SERIES_7)
    assert label.used == Resources(bram_18k=9, dsp=0, ff=416, lut=395)
    assert label.available == Resources(bram_18k=280, dsp=220, ff=106400, lut=53200)
    assert (label.slices, label.cycles, label.clock_estimated_ns) == (132, None, None)
    label = label_from_utilisation(ULTRASCALE.replace("\n", "\r\n"))
    assert label.used == Resources(bram_18k=8, dsp=5, ff=266, lut=212, uram=16)
    assert label.available == Resources(bram_18k=4320, dsp=6840, ff=2364480, lut=1182240, uram=960)


def test_simulated_latency_is_told_apart_from_a_failed_simulation_which_keeps_its_figures() -> None:
    label = label_from_cosim(COSIM.format(status="Pass", worst=76))
    assert (label.latency_best, label.latency_average, label.latency_worst, label.cycles) == (74, 75, 76, 76)
    assert (label.interval_min, label.interval_max, label.status, label.reason) == (77, 79, DesignStatus.OK, None)
    failed = label_from_cosim(COSIM.format(status="Fail", worst=76))
    assert (
        failed.status is DesignStatus.COSIMULATION_FAILED and failed.reason == "cosimulation in Verilog ended with Fail"
    )
    assert (failed.cycles, failed.latency_best, failed.interval_max) == (76, 74, 79)


def test_a_cell_of_a_simulation_that_is_no_count_costs_itself_alone() -> None:
    label = label_from_cosim(COSIM.format(status="Pass", worst="x76"))
    assert label.status is DesignStatus.OK and label.cycles is None and label.latency_best == 74
    assert label.reason is not None and "x76" in label.reason
    backwards = label_from_cosim(COSIM.format(status="Pass", worst=7))
    assert backwards.cycles is None and backwards.latency_best is None and backwards.interval_min == 77
    short = label_from_cosim("|Verilog|Fail|\n|VHDL|Pass|1|2|3|\n")
    assert (short.status, short.cycles, short.interval_min) == (DesignStatus.OK, 3, None)


@given(st.binary(max_size=200), st.text(max_size=200))
def test_any_other_bytes_give_one_clear_line(data: bytes, text: str) -> None:
    with pytest.raises(PipelineError):
        label_from_export(data)
    with pytest.raises(PipelineError):
        label_from_cosim(text)
    with pytest.raises(PipelineError):
        label_from_utilisation(text)


def test_the_shared_report_of_an_export_is_read_with_its_utilisations() -> None:
    label = label_from_export(shared("cases", "reports", "export_bram.xml").read_bytes())
    assert (label.used.bram_18k, label.available.bram_18k, label.clock_estimated_ns) == (8, 730, 5.795)
