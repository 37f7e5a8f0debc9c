"""Two designs side by side: what differs is told, what grew is judged, what is of another kind is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.loop.comparison import compare, comparison_text, headline, read_design, worsened
from pipeline.loop.comparison_page import comparison_page

BASE = {
    "kernel": "k", "point": {"a": 1, "b": "off"}, "source": "estimator", "cycles": 1000, "clock_ns": 3.0,
    "part": "p", "clock_target_ns": 4.0, "assumed_trips": None, "util_bram_18k": 0.0, "util_dsp": 0.1,
    "util_ff": 0.1, "util_lut": 0.1, "util_uram": None,
}  # fmt: skip


def facts_of(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    """The comparison of the base design, in a loop's folder, with one that differs."""
    for name, values in (("first/best", {}), ("second", changes)):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "point.json").write_text(json.dumps(BASE | values), encoding="utf-8")
    return compare(read_design(tmp_path / "first"), read_design(tmp_path / "second"))


def test_only_growth_beyond_the_share_of_a_judged_figure_is_worse(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, cycles=1050, clock_ns=5.0, util_dsp=0.05, util_bram_18k=0.01, point={"a": 2, "b": "off"})
    assert facts["figures"]["ns"] == {"first": 4000.0, "second": 5250.0, "change": 0.3125}
    assert worsened(facts, 0.05, ("cycles", "ns", "dsp", "bram_18k", "uram")) == ["ns", "bram_18k"]
    assert worsened(facts, 0.04, ("cycles", "dsp")) == ["cycles"]
    assert facts["sites"] == {"a": {"first": 1, "second": 2}}
    assert headline(facts) == "The second takes 5.0% more cycles (1,000 to 1,050); bram_18k from none, dsp -50.0%."
    assert "a: 1 -> 2" in comparison_text(facts) and "+31.2%" in comparison_text(facts)


@pytest.mark.parametrize(
    ("cycles", "told"),
    [
        (1000, "Both take 1,000 cycles; no resource is known to differ."),
        (250, "The second is 4 times as fast (1,000 to 250 cycles)"),
        (900, "The second takes 10.0% fewer cycles (1,000 to 900)"),
        (21_000, "The second takes 21 times the cycles (1,000 to 21,000)"),
        (None, "The cycles of the two cannot be compared"),
    ],
)
def test_a_comparison_opens_with_its_answer(tmp_path: Path, cycles: int | None, told: str) -> None:
    facts = facts_of(tmp_path, cycles=cycles)
    assert headline(facts).startswith(told)
    assert headline(facts) in comparison_page(facts) and "estimates of an analytical model" in comparison_page(facts)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"part": "q"}, "part differs: p and q"),
        ({"clock_target_ns": 5.0}, "clock differs"),
        ({"source": "vitis"}, "source differs"),
        ({"assumed_trips": 64}, "without a known bound"),
        ({"cycles": None}, "cycles is known of the first design alone"),
    ],
)
def test_what_cannot_be_judged_is_refused_and_not_passed(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    facts = facts_of(tmp_path, **changes)
    with pytest.raises(PipelineError, match=told):
        worsened(facts, 0.05, ("cycles",))


def test_a_site_is_called_as_the_loops_page_calls_it_and_keeps_its_key_for_programs(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, point={"a": 2, "b": ""}, names={"a": "TAP.unroll"})
    assert facts["sites"] == {
        "a": {"name": "TAP.unroll", "first": 1, "second": 2},
        "b": {"first": "off", "second": ""},
    }
    assert "  TAP.unroll: 1 -> 2\n  b: off -> NA\n" in comparison_text(facts)
    assert "TAP.unroll" in comparison_page(facts)


def test_a_folder_without_a_design_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="holds no design"):
        read_design(tmp_path)


def test_a_loop_of_which_nothing_fits_is_said_to_have_no_best_design_and_not_to_be_no_loop(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(PipelineError, match="no design of this loop fits") as caught:
        read_design(tmp_path)
    assert "--first-key" in (caught.value.fix or "")
