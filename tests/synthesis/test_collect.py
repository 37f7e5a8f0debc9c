"""Folders of past runs as the tools leave them and as users gather them."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis import Address, Collected, ReportStore, collect_reports, imported_flow
from tests.shared_data import shared
from tests.synthesis.samples import report_xml

KEY = "__PARA__L0-4.__PIPE__L0-NA"
POINT = {"__PARA__L0": 4, "__PIPE__L0": ""}


def write(path: Path, data: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def paths(found: list[Collected]) -> list[str]:
    return sorted(item.path for item in found)


def test_every_layout_of_the_tool_gives_one_design_a_run(tmp_path: Path) -> None:
    xml = iter(report_xml(number) for number in range(1000, 2000))
    # A project of Vitis HLS: the aggregate beside modules, the design size, and copies in the exported IP.
    solution = tmp_path / "a" / "proj" / "solution1"
    first = next(xml)
    write(solution / "syn/report/csynth.xml", first)
    write(solution / "syn/report/csynth_design_size.xml", "<profile><x/></profile>")
    write(solution / "syn/report/gemm_csynth.xml", report_xml(1, "gemm"))
    write(solution / "syn/report/gemm_Pipeline_1_csynth.xml", report_xml(2, "gemm_Pipeline_1"))
    write(solution / "impl/ip/hls_files/gemm/solution1/syn/report/csynth.xml", first)
    write(solution / "impl/ip/component.xml", "<spirit:component/>")
    write(solution / "impl/report/verilog/gemm_export.xml", next(xml))
    write(solution / "sim/report/cosim.xml", next(xml))
    write(solution / ".autopilot/db/gemm.verbose.rpt.xml", next(xml))
    write(solution / "solution1.xml", "<AutoPilot/>")
    # A v++ kernel: the copies differ from the original, as an older run exported them.
    build = tmp_path / "b" / "_x"
    write(build / "k/k/k/solution/syn/report/csynth.xml", next(xml))
    write(build / "k/k/k/ip/hls_files/k/solution/syn/report/csynth.xml", next(xml))
    write(build / "link/int/xo/ip_repo/k/hls_files/csynth.xml", next(xml))
    # The unified flow, and an open_component.
    write(tmp_path / "c" / "work_dir/hls/syn/report/csynth.xml", next(xml))
    write(tmp_path / "c" / "work_dir/hls/hls_data.xml", next(xml))
    write(tmp_path / "d" / "gemm.comp/hls/syn/report/csynth.xml", next(xml))
    # Only the exported copy was kept.
    write(tmp_path / "e" / "impl/ip/hls_files/gemm/s/syn/report/csynth.xml", next(xml))
    # Only module files were kept: the callee is no design.
    write(tmp_path / "f" / "syn/report/gemm_csynth.xml", report_xml(31, "gemm"))
    write(tmp_path / "f" / "syn/report/gemm_Pipeline_L_csynth.xml", report_xml(30, "gemm_Pipeline_L"))
    found = collect_reports(tmp_path)
    assert paths(found) == [
        "a/proj/solution1/syn/report/csynth.xml",
        "b/_x/k/k/k/solution/syn/report/csynth.xml",
        "c/work_dir/hls/syn/report/csynth.xml",
        "d/gemm.comp/hls/syn/report/csynth.xml",
        "e/impl/ip/hls_files/gemm/s/syn/report/csynth.xml",
        "f/syn/report/gemm_csynth.xml",
    ]
    assert all(item.label.status is DesignStatus.OK for item in found)
    assert found == collect_reports(tmp_path)


def test_callees_among_module_reports_are_not_taken_for_designs(tmp_path: Path) -> None:
    for module in ("gemm", "load35", "store_out"):
        write(tmp_path / "s/syn/report" / f"{module}_csynth.xml", report_xml(len(module), module))
    (item,) = collect_reports(tmp_path, top="gemm")
    assert (item.path, item.top, item.label.cycles) == ("s/syn/report/gemm_csynth.xml", "gemm", 4)
    (unsure,) = collect_reports(tmp_path)
    assert unsure.label.status is DesignStatus.REPORT_MISSING and "3 modules" in (unsure.label.reason or "")
    (wrong,) = collect_reports(tmp_path, top="symm")
    assert wrong.label.status is DesignStatus.REPORT_MISSING and "'symm'" in (wrong.label.reason or "")


def test_the_design_is_known_from_a_sidecar_a_name_or_a_table(tmp_path: Path) -> None:
    report = "proj/sol/syn/report/csynth.xml"
    write(tmp_path / "one" / report, report_xml(1))
    write(tmp_path / "one" / "design.json", json.dumps(POINT))
    write(tmp_path / "two" / report, report_xml(2))
    write(tmp_path / "two" / "proj/key.txt", "__PIPE__L0-off.__PARA__L0-2\r\n")
    write(tmp_path / "__PARA__L0-8.__PIPE__L0-flatten" / report, report_xml(3))
    write(tmp_path / "flat" / "__PARA__L0-16.__PIPE__L0-off.xml", report_xml(4))
    write(tmp_path / "run-3" / report, report_xml(5))
    write(tmp_path / "five" / report, report_xml(6))
    write(tmp_path / "six" / "any.xml", report_xml(7))
    write(
        tmp_path / "designs.csv",
        "\ufeffpath,__PARA__L0,__PIPE__L0\r\nfive,32,\r\nsix/any.xml,64,   \r\nseven/gone,1,off\r\n",
    )
    found = {item.key: item for item in collect_reports(tmp_path)}
    assert found[KEY].point == POINT and found[KEY].label.cycles == 1
    assert found["__PARA__L0-2.__PIPE__L0-off"].label.cycles == 2
    assert found["__PARA__L0-8.__PIPE__L0-flatten"].label.cycles == 3
    assert found["__PARA__L0-16.__PIPE__L0-off"].point == {"__PARA__L0": 16, "__PIPE__L0": "off"}
    assert found["__PARA__L0-32.__PIPE__L0-NA"].label.cycles == 6
    assert found["__PARA__L0-64.__PIPE__L0-   "].label.cycles == 7
    assert found["__PARA__L0-1.__PIPE__L0-off"].label.status is DesignStatus.REPORT_MISSING
    (unknown,) = [item for key, item in found.items() if key.startswith("report-")]
    assert unknown.path.startswith("run-3/") and unknown.point is None and len(found) == 8


def test_a_sidecar_above_several_runs_or_a_broken_one_names_none_of_them(tmp_path: Path) -> None:
    write(tmp_path / "key.txt", KEY)
    for number in range(3):
        write(tmp_path / f"run{number}/syn/report/csynth.xml", report_xml(number))
    write(tmp_path / "run2/design.json", '{"__PARA__L0": 1.5}')
    found = collect_reports(tmp_path)
    assert len(found) == 3 and all(item.point is None and item.label.status is DesignStatus.OK for item in found)
    assert all(any("names no" in note or "names none" in note for note in item.notes) for item in found)


def test_a_design_without_a_report_is_one_failure_however_many_files_are_there(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"one/syn/report/f{number}_csynth.xml", report_xml(number, f"f{number}"))
        write(tmp_path / KEY / f"part{number}.xml", report_xml(number)[: 100 + number])
    write(tmp_path / "one/design.json", json.dumps({"__PARA__L0": 2}))
    write(tmp_path / "two/design.json", json.dumps({"__PARA__L0": 3}))
    write(tmp_path / "two/vitis_hls.log", "ERROR")
    write(tmp_path / "three/design.json", json.dumps({"__PARA__L0": 5}))
    write(tmp_path / "three/impl/report/verilog/export_syn.xml", "<profile><AreaReport/></profile>")
    write(tmp_path / "three/sim/report/gemm.xml", "<profile/>")
    write(tmp_path / "not-run-yet/design.json", json.dumps({"__PARA__L0": 9}))
    write(tmp_path / "four/design.json", json.dumps({"__PARA__L0": 7}))
    write(tmp_path / "four/hls.log", "")
    write(tmp_path / "again/design.json", json.dumps({"__PARA__L0": 7}))
    write(tmp_path / "again/syn/report/csynth.xml", report_xml(7))
    found = {item.key: item.label.status for item in collect_reports(tmp_path)}
    assert found == {
        "__PARA__L0-2": DesignStatus.REPORT_MISSING,
        "__PARA__L0-3": DesignStatus.REPORT_MISSING,
        "__PARA__L0-5": DesignStatus.REPORT_MISSING,
        "__PARA__L0-7": DesignStatus.OK,
        KEY: DesignStatus.REPORT_UNPARSABLE,
    }


def written(path: Path, data: bytes, when: int) -> None:
    write(path, data)
    os.utime(path, ns=(when, when))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=5), st.randoms())
def test_of_several_reports_of_a_design_the_newest_counts_and_equally_old_ones_do_not(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[int, int]], random: Random
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    names = random.sample("abcdefgh", len(runs))
    for name, (cycles, when) in zip(names, runs, strict=True):
        written(folder / name / KEY / "csynth.xml", report_xml(cycles), when * 10**9)
    told: list[str] = []
    found = collect_reports(folder, tell=told.append)
    latest = max(when for _, when in runs)
    newest = {cycles for cycles, when in runs if when == latest}
    if len(newest) == 1:
        (item,) = found
        assert (item.key, item.label.cycles, item.made) == (KEY, *newest, latest * 10**9)
        assert len(told) == sum(cycles not in newest for cycles, _ in runs)
        assert all("gives way" in line and "newer" in line for line in told)
    else:
        assert {item.label.cycles for item in found} == newest and all(item.point is None for item in found)
        assert len(told) == 1 and KEY in told[0] and "equally old" in told[0]


def test_a_report_that_can_be_read_counts_before_a_newer_one_that_cannot(tmp_path: Path) -> None:
    written(tmp_path / "a" / KEY / "csynth.xml", report_xml(5), 10**9)
    written(tmp_path / "b" / KEY / "csynth.xml", report_xml(6)[:200], 2 * 10**9)
    told: list[str] = []
    (item,) = collect_reports(tmp_path, tell=told.append)
    assert item.label.cycles == 5 and len(told) == 1 and told[0].startswith(f"b/{KEY}/csynth.xml")


def test_identical_reports_of_different_designs_are_all_labels(tmp_path: Path) -> None:
    for factor in (1, 2, 4):
        write(tmp_path / f"__PARA__L0-{factor}" / "csynth.xml", report_xml(9))
    assert [item.key for item in collect_reports(tmp_path)] == [f"__PARA__L0-{factor}" for factor in (1, 2, 4)]


def test_one_bad_file_does_not_cost_the_others(tmp_path: Path) -> None:
    good = report_xml(5)
    bad: dict[str, bytes] = {
        "truncated.xml": good[:200],
        "empty.xml": b"",
        "page.xml": b"<html>404</html>",
        "binary.xml": bytes(range(256)),
        "bomb.xml": b'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><profile>&b;</profile>',
        "huge.xml": b"<profile>" + b" " * (33 * 1024 * 1024),
        f"{KEY}.xml": good[:-20],
    }
    for name, data in bad.items():
        write(tmp_path / name, data)
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "good.xml", good)
    found = {item.path: item for item in collect_reports(tmp_path)}
    assert sorted(found) == sorted([*bad, "good.xml"])
    for path, item in found.items():
        if path != "good.xml":
            assert item.label.status is DesignStatus.REPORT_UNPARSABLE
            assert item.label.reason and path in item.label.reason and "\n" not in item.label.reason
    assert found["good.xml"].label.cycles == 5
    assert found[f"{KEY}.xml"].key == KEY
    store = ReportStore(tmp_path / "store", fsync=False)
    address = Address("gemm", "", imported_flow("mine", "hls"))
    store.put_all(address, (item.entry() for item in collect_reports(tmp_path)))
    assert store.count(address) == len(found)
    assert sum(entry.label.status is DesignStatus.OK for entry in store.entries(address)) == 1


def test_nothing_outside_the_folder_is_read_and_nothing_that_is_no_file_is_opened(tmp_path: Path) -> None:
    write(tmp_path / "runs/a/csynth.xml", report_xml(1))
    write(tmp_path / "elsewhere/b/csynth.xml", report_xml(2))
    write(tmp_path / "elsewhere/design.json", json.dumps(POINT))
    runs = tmp_path / "runs"
    os.mkfifo(runs / "a pipe.xml")
    os.mkfifo(runs / "a" / "design.json")
    (runs / "c").mkdir()
    os.mkfifo(runs / "c" / "csynth.xml")
    write(runs / "c" / "f_csynth.xml", report_xml(3, "f"))
    with socket.socket(socket.AF_UNIX) as listening:
        (runs / "d").mkdir()
        listening.bind(os.path.relpath(runs / "d" / "csynth.xml"))
    (runs / "a/loop").symlink_to(runs)
    (runs / "up").symlink_to(tmp_path)
    (runs / "0-latest").symlink_to(runs / "a")
    (runs / "more").symlink_to(tmp_path / "elsewhere")
    (runs / "gone.xml").symlink_to(tmp_path / "nowhere")
    (runs / "e").mkdir()
    (runs / "e" / "csynth.xml").symlink_to("../../elsewhere/b/csynth.xml")
    (runs / "f").mkdir()
    (runs / "f" / "csynth.xml").symlink_to("../a/csynth.xml")
    (runs / "f" / "design.json").symlink_to(tmp_path / "elsewhere/design.json")
    told: list[str] = []
    (item,) = collect_reports(runs, tell=told.append)
    assert item.label.cycles == 1 and item.point is None
    assert {line.split(" is ")[0] for line in told} == {
        *("a pipe.xml", "c/csynth.xml", "d/csynth.xml", "up", "more", "gone.xml", "e/csynth.xml"),
    }
    assert sum("leads out of the folder" in line for line in told) == 3


def test_links_within_the_folder_are_followed_and_give_their_names(tmp_path: Path) -> None:
    write(tmp_path / "all/1.xml", report_xml(1))
    (tmp_path / KEY).mkdir()
    (tmp_path / KEY / "csynth.xml").symlink_to("../all/1.xml")
    assert KEY in {item.key for item in collect_reports(tmp_path)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_or_file_that_may_not_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    for name in "abc":
        write(tmp_path / name / "csynth.xml", report_xml(ord(name)))
    (tmp_path / "a").chmod(0)
    (tmp_path / "b/csynth.xml").chmod(0)
    told: list[str] = []
    assert paths(collect_reports(tmp_path, tell=told.append)) == ["c/csynth.xml"]
    assert sorted(line.split()[0] for line in told) == ["a", "b/csynth.xml"]
    (tmp_path / "a").chmod(0o700)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("file,key\na,b-1\n", "1: its first line"),
        ("path,key\na\n", "2: has 1 cells"),
        ("path,key\na,nonsense\n", "2: malformed design key"),
        ("path,key\n../a,__PARA__L0-1\n", "2: the path '../a' leads out"),
        ("path,key\na,__PARA__L0-1\na,__PARA__L0-2\n", "3: the path 'a' comes twice"),
        ('path,key\n"a,__PARA__L0-1\n', "no CSV"),
        ("path,\udcff\n", "1: is not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    write(tmp_path / "a/csynth.xml", report_xml(1))
    (tmp_path / "designs.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(PipelineError) as caught:
        collect_reports(tmp_path)
    assert what in str(caught.value) and "designs.csv" in str(caught.value)


def test_a_report_that_changes_during_the_import_is_not_stored_under_the_old_label(tmp_path: Path) -> None:
    write(tmp_path / "a.xml", report_xml(1))
    (item,) = collect_reports(tmp_path)
    write(tmp_path / "a.xml", report_xml(2))
    with pytest.raises(PipelineError, match="changed while it was imported"):
        item.entry()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no such folder"):
        collect_reports(tmp_path / "absent")
    assert collect_reports(tmp_path) == []


def test_real_reports_in_a_flat_folder_each_become_an_entry(tmp_path: Path) -> None:
    folder = shared("csynth", "reports")
    found = collect_reports(folder)
    assert len(found) == len(list(folder.iterdir())) == 71
    assert all(item.label.status is DesignStatus.OK and item.point is None for item in found)
    store = ReportStore(tmp_path, fsync=False)
    address = Address("mixed", "", imported_flow("past-runs", "hls"))
    store.put_all(address, (item.entry() for item in found))
    for item, entry in zip(found, store.entries(address), strict=True):
        assert (entry.key, entry.label, entry.tool_version) == (item.key, item.label, item.tool_version)
