from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Entry, read_pack, write_pack
from pipeline.synthesis.entry import entry_from_record
from pipeline.synthesis.pack import MAX_RECORDS_BYTES, write_archive
from pipeline.synthesis.passed_on import LEFT_OUT, alone
from tests.synthesis.samples import GEMM, entries, failed, published, report_xml, reported, unique


def archive(found: list[Entry]) -> bytes:
    file = io.BytesIO()
    write_archive(file, GEMM, found)
    return file.getvalue()


def read(path: Path) -> list[Entry]:
    return list(read_pack(path)[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(entries(), max_size=6).map(unique), st.randoms())
def test_a_pack_that_reads_back_otherwise_or_depends_on_order_breaks_every_replay(
    tmp_path_factory: pytest.TempPathFactory, found: list[Entry], random: Any
) -> None:
    path = tmp_path_factory.mktemp("pack") / "gemm.zip"
    write_pack(path, GEMM, found, fsync=False)
    address, inside = read_pack(path)
    assert address == GEMM and address.to_json() == GEMM.to_json()
    assert list(inside) == sorted(found, key=lambda entry: entry.key)
    shuffled = list(found)
    random.shuffle(shuffled)
    assert archive(shuffled) == path.read_bytes()


def test_a_pack_of_labels_keeps_every_value_of_a_label(tmp_path: Path) -> None:
    label = Label(DesignStatus.OK, cycles=2**40, clock_target_ns=4, published_valid=False)
    write_pack(tmp_path / "p.zip", GEMM, [Entry("a-1", None, label)], fsync=False)
    (back,) = read(tmp_path / "p.zip")
    assert back.label == label


def test_a_user_without_this_program_can_still_read_a_pack(tmp_path: Path) -> None:
    write_pack(tmp_path / "p.zip", GEMM, [reported(1), reported(2), published(3), failed(4)], fsync=False)
    subprocess.run([sys.executable, "-m", "zipfile", "-t", str(tmp_path / "p.zip")], check=True, capture_output=True)
    with zipfile.ZipFile(tmp_path / "p.zip") as opened:
        head = json.loads(opened.read("pack.json"))
        records = [json.loads(line) for line in opened.read("records.jsonl").splitlines()]
        assert head["kernel"] == "gemm" and head["source"] == "estimator" and head["count"] == 4
        assert sorted(record["key"] for record in records) == [record["key"] for record in records]
        for record in records:
            if "report" in record:
                assert b"<profile>" in opened.read(f"reports/{record['report'][:16]}.xml")
    assert len([name for name in zipfile.ZipFile(tmp_path / "p.zip").namelist() if name.startswith("reports/")]) == 2


def test_a_label_cannot_contradict_the_report_beside_it(tmp_path: Path) -> None:
    lying = Entry("a-1", None, Label(DesignStatus.OK, cycles=1), report_xml(1234))
    assert lying.label.cycles == 1234
    write_pack(tmp_path / "p.zip", GEMM, [lying], fsync=False)
    (back,) = read(tmp_path / "p.zip")
    assert back.label.cycles == 1234 and back.read()[1] is not None


def test_a_design_given_twice_or_unsorted_in_a_stream_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    for found in ([published(1), published(1)], iter([published(2), published(1)])):
        with pytest.raises(PipelineError, match=r"comes (twice|out of order)"):
            write_pack(tmp_path / "p.zip", GEMM, found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", ["truncate", "flip", "garbage", "insert"])
def test_a_damaged_pack_never_yields_a_wrong_entry_and_always_one_clear_error(tmp_path: Path, where: str) -> None:
    found = [reported(1), published(2), failed(3)]
    good = archive(found)
    expected = sorted(found, key=lambda entry: entry.key)
    path = tmp_path / "p.zip"
    refused = 0
    for position in range(0, len(good), 3):
        if where == "truncate":
            bad = good[:position]
        elif where == "flip":
            bad = good[:position] + bytes([good[position] ^ (1 << position % 8)]) + good[position + 1 :]
        elif where == "garbage":
            bad = good[:position] + b"\xff\0PK\x05\x06"[: len(good) - position] + good[position + 6 :]
        else:
            bad = good[:position] + b"\x00" + good[position:]
        path.write_bytes(bad)
        try:
            # A byte that carries nothing (a date, a permission) may change without harm.
            assert read(path) == expected
        except PipelineError as error:
            refused += 1
            assert str(path) in str(error) and "\n" not in str(error)
    assert refused > len(good) / 3 * (0.99 if where == "truncate" else 0.4)


def _crafted(path: Path, members: list[tuple[str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members:
            opened.writestr(name, data)


@pytest.mark.parametrize(
    "name", ["../../evil.xml", "/etc/passwd", "reports/../../x.xml", "reports/0123456789abcdef.XML", "reports/", "a.py"]
)
def test_a_pack_from_a_stranger_cannot_smuggle_a_path(tmp_path: Path, name: str) -> None:
    path = tmp_path / "p.zip"
    write_pack(path, GEMM, [published(1)], fsync=False)
    with zipfile.ZipFile(path) as opened:
        members = [(item, opened.read(item)) for item in opened.namelist()]
    _crafted(path, [*members, (name, b"x")])
    with pytest.raises(PipelineError, match="which no pack has"):
        read(path)


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("pack.json", b" " * (4 * 1024 * 1024))
    with pytest.raises(PipelineError, match="claims 4194304 bytes"):
        read(path)
    good = archive([published(1)])
    # A false size in the central directory: the member is read up to what it claims, never further.
    start = good.rindex(b"PK\x01\x02")
    lying = good[: start + 24] + (MAX_RECORDS_BYTES + 1).to_bytes(4, "little") + good[start + 28 :]
    path.write_bytes(lying)
    with pytest.raises(PipelineError):
        read(path)


def test_a_record_that_someone_edited_is_not_taken(tmp_path: Path) -> None:
    record = published(5).to_record()
    for change in (
        {"label": {"cycles": 1}},
        {"label": {"cycles": "6"}},
        {"label": {"cycles": True}},
        {"label": {"unheard_of": 1}},
        {"label": {"used": {"dsp": 1.5}}},
        {"status": "splendid"},
        {"point": {"__PARA__L0": 1.5}},
        {"point": [1]},
        {"notes": "text"},
        {"seconds": "1"},
        {"report": "00" * 32},
        {"extra": 1},
        {"key": "another-1"},
    ):
        with pytest.raises((ValueError, PipelineError)):
            entry_from_record({**record, **change}, None)
    assert entry_from_record(record, None) == published(5)


@pytest.mark.parametrize("key", ["two\nlines", "a\0b", "\ud800"])
def test_a_key_that_would_break_a_line_or_a_file_is_refused(key: str) -> None:
    with pytest.raises(PipelineError, match="no design key"):
        Entry(key, None, Label(DesignStatus.OK))


def test_a_measurement_that_json_lacks_is_refused_and_not_turned_into_something_else(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="cannot be written"):
        write_pack(tmp_path / "p.zip", GEMM, [Entry("a-1", None, Label(DesignStatus.OK, clock_target_ns=float("inf")))])


@settings(max_examples=40, deadline=None)
@given(st.lists(entries(), max_size=4).map(unique))
def test_labels_alone_keep_every_figure_and_no_word_of_a_source_a_report_or_a_log(found: list[Entry]) -> None:
    secret = replace(GEMM, kernel="secret")
    address, labels = alone(secret, found)
    assert address == secret and "secret" not in address.kernel
    for entry, label in zip(found, labels, strict=True):
        assert (label.key, label.point, label.made) == (entry.key, entry.point, entry.made)
        assert label.xml is None and not label.notes and label.started is None
        assert replace(label.label, reason=None) == replace(entry.label, reason=None)
        assert label.label.reason in (None, LEFT_OUT)
    with pytest.raises(PipelineError, match="nobody could match"):
        alone(replace(GEMM, kernel_hash=""), found)
