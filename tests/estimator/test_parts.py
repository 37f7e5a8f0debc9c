"""What parts hold: capacities are those of the die, whatever its package, grades and spelling."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.estimator.clocks import device_for
from pipeline.estimator.parts import OWN_PARTS, find_part, is_known, nearest_parts
from pipeline.reports.counts import Resources
from pipeline.synthesis.parts import BOARDS, check_part
from tests.shared_data import shared


@pytest.mark.parametrize(
    "name",
    ["xc7z020", "xc7z020clg484-1", "xc7z020-clg484-1", "XC7Z020-CLG400-2", "xc7z020iclg400-1l", "xa7z020-clg400-1q"],
)
def test_package_grades_and_spelling_change_nothing_of_what_a_die_holds(name: str) -> None:
    found = find_part(name)
    held = found.available
    assert (found.die, found.family) == ("xc7z020", "zynq")
    assert (held.bram_18k, held.dsp, held.ff, held.lut, held.uram) == (280, 220, 106_400, 53_200, 0)


def test_both_spellings_of_a_package_are_one_part() -> None:
    assert find_part("xc7z020clg484-1") == find_part("xc7z020-clg484-1")
    assert find_part("xc7z020clg484-1") != find_part("xc7z020-clg400-1")


@pytest.mark.parametrize(
    ("name", "grade"),
    [("xcu200-fsgd2104-2-e", "2"), ("xczu7ev-ffvf1517-2lv-e", "2"), ("xc7z045ffg900-3", "3"),
     ("xc7z010i-clg400-1l", "1"), ("xcvu080_CIV-ffvb2104-3-e", "3"), ("xc7k325t", "1")],
)  # fmt: skip
def test_the_speed_grade_is_the_digit_behind_the_package_and_the_slowest_without_one(name: str, grade: str) -> None:
    assert find_part(name).grade == grade


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("xc7z02clg484-1", "xc7z020-clg484-1"), ("xc7z02", "xc7z020"), ("xc7z0201", "xc7z020"), ("xczu7-ffvc1156-2-e",
     "xczu7ev-ffvc1156-2-e"), ("xcu20-fsgd2104-2-e", "xcu200-fsgd2104-2-e")],
)  # fmt: skip
def test_an_unknown_part_is_refused_with_the_nearest_names(wrong: str, meant: str) -> None:
    with pytest.raises(PipelineError, match="does not know the part") as refused:
        find_part(wrong)
    assert meant in str(refused.value).replace("xc7z020clg484-1", "xc7z020-clg484-1")
    assert len(nearest_parts(wrong)) <= 3


@pytest.mark.parametrize(
    "name", ["", "nonsense", "xc7z020-clg484-9", "xc7z020-clg484-1 ; exit", "xcvc1902-vsva2197-2mp-e-s"]
)
def test_what_is_no_part_of_a_known_die_is_refused(name: str) -> None:
    with pytest.raises(PipelineError, match="does not know the part"):
        find_part(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("zcu104", "is a board, not a part; name the part on it, xczu7ev-ffvc1156-2-e"),
        ("Alveo U250", "xcu250-figd2104-2l-e"),
        ("PYNQ_Z2", "xc7z020clg400-1"),
        ("zcu14", "the part on the board zcu104"),
        ("nonsense", "name one such as"),
    ],
)
def test_a_board_is_answered_with_the_part_on_it(name: str, said: str) -> None:
    with pytest.raises(PipelineError) as refused:
        check_part(name, "--part")
    assert said in str(refused.value)


def test_the_part_on_each_board_can_be_named_and_is_known_but_for_versal_ones() -> None:
    for board, part in BOARDS.items():
        assert check_part(part, "--part") == part
        assert is_known(part) != part.startswith(("xcvc", "xcvm")), board
    with pytest.raises(PipelineError, match="models no Versal device"):
        find_part("xcvc1902")


def test_capacities_are_those_that_real_reports_state() -> None:
    with shared("facts", "parts.csv").open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) > 40
    for row in rows:
        held = find_part(row["part"]).available
        stated = [int(row[name]) for name in ("BRAM_18K", "DSP", "FF", "LUT")]
        assert [held.bram_18k, held.dsp, held.ff, held.lut] == stated, row["part"]
        assert row["URAM"] in ("", str(held.uram)), row["part"]


def test_a_die_of_no_table_is_refused_with_the_line_that_would_state_it_and_known_by_that_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PipelineError) as refused:
        find_part("xczu28dr-ffvg1517-2-e")
    line = refused.value.fix.rpartition(": ")[2] if refused.value.fix is not None else ""
    assert line.startswith('xczu28dr = {family = "zynquplus", ')
    (tmp_path / OWN_PARTS).write_text(line.replace("...", "48"))
    found = find_part("xczu28dr-ffvg1517-2-e")
    assert (found.die, found.family, found.grade) == ("xczu28dr", "zynquplus", "2")
    assert found.available == Resources(48, 48, 48, 48, 48)
    device = device_for(found.name, 5.0)
    assert device.available == found.available and OWN_PARTS in device.assumed


@pytest.mark.parametrize(
    ("text", "problem"),
    [("xcq1 = ", "is not TOML"), ("xcq1 = 3", "xcq1 has no known family"), ('xcq1 = {family = "q"}', "no known family"),
     ('xcq1 = {family = "zynq", lut = 5}', "lacks a capacity"), ("xc7z020 = {}", "is known")],
)  # fmt: skip
def test_a_bad_line_of_own_parts_is_named(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / OWN_PARTS).write_text(text)
    with pytest.raises(PipelineError, match=problem) as refused:
        find_part("xc7z020")
    assert refused.value.file == OWN_PARTS and refused.value.fix
