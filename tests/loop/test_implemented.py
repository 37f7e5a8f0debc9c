"""What a validation says of designs that were placed and routed."""

from __future__ import annotations

import pytest

from pipeline.exploration.asked import objective_of
from pipeline.loop.chosen import Chosen
from pipeline.loop.measured import MeasuredDesign
from pipeline.loop.validation import validation_rows
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from pipeline.terms import Resource


@pytest.mark.parametrize(
    ("lut", "clock", "limits", "fits"),
    [
        (700, 3.9, "", True), (800, 3.9, "", False), (700, 4.1, "", False), (700, 4.0, "lut=60%", False),
        (700, None, "latency=0.41us", True), (700, 3.9, "latency=0.39us", False),
    ],
)  # fmt: skip
def test_whether_a_design_fits_is_judged_by_what_was_implemented_and_by_its_clock(
    lut: int, clock: float | None, limits: str, fits: bool
) -> None:
    goal = objective_of("cycles", limits).on({}, 4.0)
    sizes: dict[str, int | None] = dict.fromkeys(map(str, Resource), 1000)
    # By C synthesis it needs three times the LUT that there are.
    shares: dict[str, float | None] = {**dict.fromkeys(map(str, Resource), 0.1), "lut": 3.0}
    design = MeasuredDesign(
        "k", "a", {}, "vitis-2023.2", "resynthesised", "ok", None, True, 100, 3.0, shares, available=sizes
    )
    label = Label(DesignStatus.OK, used=Resources(1, 1, 1, lut, 0), clock_estimated_ns=clock)
    pick = Chosen("a", {}, 90.0, 0.9, predicted_utilisation=(0.5, 0.25, 0.125, 0.0625))
    (row,) = validation_rows("k", [pick], [design], {"implement": {"a": label}}, goal)
    assert not row["fits"] and row["implemented_fits"] is fits
    assert [row[f"{kind}util_lut"] for kind in ("predicted_", "", "implemented_")] == [0.5, 3.0, lut / 1000]
    assert [row[f"predicted_util_{name}"] for name in ("ff", "dsp", "bram_18k")] == [0.25, 0.125, 0.0625]


def test_a_failed_implementation_is_no_verdict_by_figures() -> None:
    design = MeasuredDesign("k", "a", {}, "s", "o", "ok", None, True, 100, 3.0, dict.fromkeys(map(str, Resource), 0.1))
    failed = Label(DesignStatus.EXPORT_FAILED, "no licence for Vivado")
    goal = objective_of("cycles")
    for further, told in (({}, None), ({"implement": {"a": failed}}, "export_failed")):
        (row,) = validation_rows("k", [Chosen("a", {}, None, None)], [design], further, goal)
        assert (row["implemented_status"], row["implemented_fits"], row["implemented_util_lut"]) == (told, None, None)


def test_a_step_after_synthesis_that_failed_says_why() -> None:
    design = MeasuredDesign("k", "a", {}, "s", "o", "ok", None, True, 100, 3.0, dict.fromkeys(map(str, Resource), 0.1))
    slow = {"cosim": {"a": Label(DesignStatus.TIMEOUT, "ran out of its 60 s")}}
    (row,) = validation_rows("k", [Chosen("a", {}, None, None)], [design], slow, objective_of("cycles"))
    assert (row["cosim_status"], row["reason"]) == ("timeout", "cosimulation: ran out of its 60 s")


def test_ranks_go_by_cycles_from_one_and_a_design_without_has_none() -> None:
    used = dict.fromkeys(map(str, Resource), 0.1)
    found = {"a": (300, 50.0), "b": (100, 70.0), "c": (None, None)}
    designs = [
        MeasuredDesign("k", key, {}, "s", "o", "ok", None, True, one, 3.0, used) for key, (one, _) in found.items()
    ]
    picks = [Chosen(key, {}, predicted, None) for key, (_, predicted) in found.items()]
    rows = validation_rows("k", picks, designs, {}, objective_of("cycles"))
    assert [(row["rank"], row["predicted_rank"]) for row in rows] == [(2, 1), (1, 2), (None, None)]
