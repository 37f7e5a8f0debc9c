from __future__ import annotations

from dataclasses import fields, replace

import pytest

from pipeline.reports import DesignStatus, Latency, Resources, label_from_report, parse_report, utilisation
from pipeline.reports.labels import Utilisation
from pipeline.terms import Resource
from tests.reports.samples import ONE_MODULE

REPORT = parse_report(ONE_MODULE)


def test_learned_cycles_are_the_worst_case_and_not_the_best() -> None:
    label = label_from_report(REPORT, expect_top="blur", expect_part="xc7z020clg484-1")
    assert (label.status, label.reason) == (DesignStatus.OK, None)
    assert (label.cycles, label.latency_best, label.latency_average, label.latency_worst) == (
        5186481781,
        11,
        None,
        5186481781,
    )
    assert (label.interval_min, label.interval_max) == (12, 5186481782)
    assert (label.clock_target_ns, label.clock_estimated_ns) == (10.0, 8.51)
    assert (label.used, label.available) == (REPORT.used, REPORT.available)
    assert label.published_utilisation is None and label.published_valid is None


def test_unknown_latency_is_a_result_without_cycles_that_says_so() -> None:
    label = label_from_report(replace(REPORT, latency=Latency(11, None, None)))
    assert label.status is DesignStatus.OK and label.cycles is None
    assert label.reason is not None and "latency" in label.reason
    assert label.used == REPORT.used


def test_what_is_odd_about_a_report_is_said_with_its_label_and_bounded() -> None:
    odd = parse_report(ONE_MODULE.replace(b"<FF>738<", b"<FF>many<"))
    label = label_from_report(odd)
    assert (label.status, label.cycles, label.used.ff, label.used.lut) == (DesignStatus.OK, 5186481781, None, 752)
    assert label.reason is not None and "Resources/FF" in label.reason and "'many'" in label.reason
    crowd = label_from_report(replace(REPORT, warnings=tuple(f"figure {n} is odd" for n in range(20))))
    assert crowd.reason is not None and crowd.reason.count("is odd") == 3 and "17 more" in crowd.reason


@pytest.mark.parametrize(
    "expected", [{"expect_top": "gemm"}, {"expect_part": "xcu200-fsgd2104-2-e"}, {"expect_top": "blur2"}]
)
def test_stale_report_of_another_run_is_never_taken_for_this_design(expected: dict[str, str]) -> None:
    label = label_from_report(REPORT, **expected)
    assert label.status is DesignStatus.REPORT_MISSING
    assert label.cycles is None and label.used == Resources()
    assert label.reason is not None and "stale" in label.reason and next(iter(expected.values())) in label.reason


def test_report_without_a_part_does_not_pass_for_the_expected_part() -> None:
    label = label_from_report(replace(REPORT, part=None), expect_part="xc7z020clg484-1")
    assert label.status is DesignStatus.REPORT_MISSING


def test_spelling_of_the_part_by_another_version_is_the_same_part() -> None:
    assert label_from_report(REPORT, expect_part="XC7Z020-CLG484-1").status is DesignStatus.OK


def test_utilisation_is_none_where_unknown_or_where_the_device_has_none() -> None:
    used = Resources(bram_18k=560, dsp=0, ff=None, lut=133, uram=1)
    available = Resources(bram_18k=280, dsp=220, ff=106400, lut=None, uram=0)
    result = utilisation(used, available)
    assert (result.bram_18k, result.dsp, result.ff, result.lut, result.uram) == (2.0, 0.0, None, None, None)


def test_counts_stand_in_the_order_of_the_tables() -> None:
    assert [one.name for one in fields(Resources)] == [one.name for one in fields(Utilisation)] == list(Resource)
