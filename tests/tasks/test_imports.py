"""Imports beside what is there: the newest result counts, one source is one flow, and what changes is said."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from luigi import task_register as luigi_tasks

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Address, Entry, imported_flow, write_pack
from pipeline.synthesis.passed_on import alone, find_packs
from pipeline.tasks.imports import ImportHLSyn, ImportPacks, ImportReports
from pipeline.tasks.packs_told import told_of
from pipeline.tasks.plan import kernel_of, open_store
from tests.dataset.label_sets import entry, write_tar
from tests.synthesis.samples import failed, report_xml, reported
from tests.tasks.commands import luigi, one_error_line

C = "void gemm(const int in[16], int out[16]) {\n  for (int i = 0; i < 16; i++) out[i] = in[i] + 1;\n}\n"
SECOND = 10**9


class Place:
    """A workspace, a kernel, and folders of runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.workspace = str(folder / "ws")
        self.kernel = folder / "gemm.c"
        self.kernel.write_text(C)

    def design(self, runs: str, name: str, factor: int | None, xml: bytes, when: int) -> Path:
        """A report of a design in a folder of runs, written at a time in seconds."""
        report = self.folder / runs / name / "syn/report/csynth.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_bytes(xml)
        os.utime(report, ns=(when * SECOND, when * SECOND))
        if factor is not None:
            (self.folder / runs / name / "design.json").write_text(json.dumps({"__PARA__L0": factor}))
        return report

    def imported(self, runs: str, **options: object) -> list[str]:
        """Imports a folder of runs; what was said."""
        # luigi gives the same task for the same parameters, and a task looks into its folder once.
        luigi_tasks.Register.clear_instance_cache()  # type: ignore[no-untyped-call]
        values: dict[str, Any] = {"source": "mine", "kernel": str(self.kernel), **options}
        task = ImportReports(path=str(self.folder / runs), workspace=self.workspace, **values)
        if not task.complete():
            task.run()
        assert task.complete()
        notes: list[str] = json.loads((task.output().path / "import.json").read_text())["notes"]
        return notes

    def cycles(self, source: str = "mine") -> dict[str, int | None]:
        """What the store holds, by key."""
        store = open_store(self.workspace)
        addresses = store.addresses(source=source)
        assert len(addresses) <= 1, "one source, one flow"
        return {one.key: one.label.cycles for address in addresses for one in store.entries(address)}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_newest_report_counts_in_whatever_order_folders_are_imported(place: Place) -> None:
    for runs, cycles, when in (("b", 777, 20), ("a", 100, 10), ("d", 103, 40), ("c", 105, 30)):
        place.design(runs, "d", 1, report_xml(cycles), when)
    assert place.imported("b") and place.cycles() == {"__PARA__L0-1": 777}
    said = place.imported("a")
    assert place.cycles() == {"__PARA__L0-1": 777}
    assert any(
        "777 cycles (1970-01-01 00:00:20) stays before 100 cycles (1970-01-01 00:00:10)" in line for line in said
    )
    said = place.imported("d")
    assert place.cycles() == {"__PARA__L0-1": 103}
    assert any("103 cycles" in line and "replaces 777 cycles" in line for line in said)
    place.imported("c")
    assert place.cycles() == {"__PARA__L0-1": 103}


def test_of_equally_old_reports_the_one_that_is_imported_later_counts(place: Place) -> None:
    for runs, cycles in (("a", 5), ("b", 6), ("c", 4)):
        place.design(runs, "d", 1, report_xml(cycles), 10)
        place.imported(runs)
        assert place.cycles() == {"__PARA__L0-1": cycles}


def test_a_folder_imported_again_adds_to_what_it_brought_and_mends_wrong_names(place: Place) -> None:
    place.design("runs", "one", 1, report_xml(11), 10)
    place.design("runs", "two", 2, report_xml(12), 10)
    place.design("runs", "three", None, report_xml(13), 10)
    place.imported("runs")
    (place.folder / "runs/one/syn/report/csynth.xml").unlink()
    (place.folder / "runs/one/design.json").unlink()
    place.design("runs", "two", 4, report_xml(12), 10)
    place.design("runs", "three", 3, report_xml(13), 10)
    place.design("runs", "five", 5, report_xml(15), 50)
    said = place.imported("runs")
    assert place.cycles() == {f"__PARA__L0-{n}": cycles for n, cycles in ((1, 11), (3, 13), (4, 12), (5, 15))}
    assert any("__PARA__L0-2: 12 cycles" in line and "another design's" in line for line in said)
    assert any(line.startswith("1 designs that this folder held before") for line in said)
    place.design("runs", "five", 5, report_xml(16), 60)
    place.imported("runs")
    assert place.cycles()["__PARA__L0-5"] == 16


def test_a_report_of_another_function_is_left_out_and_a_folder_of_them_refused(place: Place) -> None:
    place.design("runs", "one", 1, report_xml(11), 10)
    place.design("runs", "two", 2, report_xml(1, top="init"), 10)
    said = place.imported("runs")
    assert place.cycles() == {"__PARA__L0-1": 11}
    assert any("top function init and not gemm" in line and "two/" in line for line in said)
    place.design("others", "two", 2, report_xml(1, top="init"), 10)
    with pytest.raises(PipelineError, match="1 of the top function init and not gemm"):
        place.imported("others")


OTHERS: dict[str, tuple[bytes, bytes, dict[str, Any]]] = {
    "part": (b"xcu200-fsgd2104-2-e", b"xc7z020-clg484-1", {"part": "XC7Z020CLG484-1"}),
    "clock": (b">4.00<", b">10.00<", {"clock": 10.0}),
    "version": (b"2023.2", b"2024.1", {"tool_version": "2024.1"}),
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_source_never_mixes_parts_clocks_or_versions(place: Place, what: str) -> None:
    old, new, option = OTHERS[what]
    place.design("runs", "one", 1, report_xml(11), 10)
    place.design("runs", "two", 2, report_xml(12).replace(old, new), 10)
    with pytest.raises(PipelineError, match=what) as caught:
        place.imported("runs")
    assert "(1)" in caught.value.problem and f"--{next(iter(option)).replace('_', '-')}" in (caught.value.fix or "")
    assert place.cycles() == {}
    said = place.imported("runs", **option)
    assert place.cycles() == {"__PARA__L0-2": 12} and any("left out" in line and "one/" in line for line in said)
    (address,) = open_store(place.workspace).addresses(source="mine")
    assert new.strip(b"<>").decode() in (address.flow.part, f"{address.flow.clock_ns:.2f}", address.flow.tool_version)
    place.design("later", "three", 3, report_xml(13), 10)
    with pytest.raises(PipelineError, match=what):
        place.imported("later")
    place.imported("later", source="others")
    assert place.cycles("others") == {"__PARA__L0-3": 13}


def test_reports_join_those_that_an_earlier_version_imported_without_their_flow(place: Place) -> None:
    address = Address("gemm", kernel_of(str(place.kernel)).ast_hash, imported_flow("mine", "merlin"))
    old = Entry("__PARA__L0-1", {"__PARA__L0": 1}, xml=report_xml(99))
    failed = Entry("__PARA__L0-0", {"__PARA__L0": 0}, Label(DesignStatus.TIMEOUT, "long"))
    open_store(place.workspace).put_all(address, [failed, old])
    place.design("runs", "one", 1, report_xml(11), 10)
    place.imported("runs")
    assert place.cycles() == {"__PARA__L0-0": None, "__PARA__L0-1": 11}
    place.design("others", "two", 2, report_xml(12).replace(b"xcu200", b"xcu250"), 10)
    with pytest.raises(PipelineError, match="part xcu250"):
        place.imported("others")


def test_what_is_said_of_many_changes_is_bounded_and_kept_whole_in_the_file(place: Place) -> None:
    for number in range(30):
        place.design("a", f"d{number}", number, report_xml(100 + number), 10)
        place.design("b", f"d{number}", number, report_xml(200 + number), 20)
    place.imported("a")
    said = place.imported("b")
    assert len(said) < 20 and any("30 designs have another result" in line for line in said)
    (file,) = [path for path in Path(place.workspace, "imports").rglob("import.json") if "replaces" in path.read_text()]
    assert sum("replaces" in line for line in json.loads(file.read_text())["lines"]) == 30


def label_set(path: Path, cycles: dict[int, float], when: int) -> str:
    designs = {f"__PARA__L0-{n}": entry(perf, (1, 2, 3, 4), __PARA__L0=n) for n, perf in cycles.items()}
    write_tar(path, {"designs/v9/own.json": designs})
    os.utime(path, ns=(when * SECOND, when * SECOND))
    return str(path)


def test_a_second_label_set_of_a_source_adds_to_the_first(place: Place) -> None:
    first = label_set(place.folder / "first.tar", {1: 1000.0, 2: 2000.0}, 10)
    second = label_set(place.folder / "second.tar", {2: 2222.0, 3: 3000.0}, 10)
    for path in (first, second):
        task = ImportHLSyn(path=path, source_prefix="set", workspace=place.workspace)
        task.run()
    assert place.cycles("set-v9") == {"__PARA__L0-1": 1000, "__PARA__L0-2": 2222, "__PARA__L0-3": 3000}
    said = json.loads((task.output().path / "import.json").read_text())["notes"]
    assert any("2,222 cycles" in line and "replaces 2,000 cycles" in line for line in said)


def test_a_folder_of_labels_is_not_left_by_links_and_what_is_no_file_is_told(place: Place) -> None:
    folder = place.folder / "set" / "designs" / "v9"
    folder.mkdir(parents=True)
    text = json.dumps({"__PARA__L0-1": entry(1000.0, (1, 2, 3, 4), __PARA__L0=1)})
    (folder / "own.json").write_text(text)
    (place.folder / "secret.json").write_text(text)
    (folder / "linked.json").symlink_to(place.folder / "secret.json")
    os.mkfifo(folder / "pipe.json")
    task = ImportHLSyn(path=str(folder.parents[1]), source_prefix="set", workspace=place.workspace)
    with pytest.raises(PipelineError, match=r"2 of its files cannot be read.*the others are imported"):
        task.run()
    assert {address.kernel for address in open_store(place.workspace).addresses(source="set-v9")} == {"own"}


def test_a_mix_of_flows_on_the_command_line_is_one_line_and_a_failure(place: Place) -> None:
    place.design("runs", "one", 1, report_xml(11), 10)
    place.design("runs", "two", 2, report_xml(12).replace(b"xcu200", b"xcu250"), 10)
    command = ("ImportReports", "--path", str(place.folder / "runs"), "--source", "mine")
    done = luigi(*command, "--kernel", str(place.kernel), "--workspace", place.workspace)
    assert done.returncode != 0 and "--part" in one_error_line(done)
    done = luigi(
        *command, "--kernel", str(place.kernel), "--workspace", place.workspace, "--part", "xcu250-fsgd2104-2-e"
    )
    assert done.returncode == 0 and "left out" in done.stderr


def test_labels_without_sources_reach_whoever_has_the_same_source_under_any_name(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    given = place.folder / "given"
    given.mkdir()
    entries = [reported(1), reported(2), failed(4)]
    mine = Address("secret", kernel_of(str(place.kernel)).ast_hash, imported_flow("lab", "hls"))
    for name, address in (("ours", mine), ("others", replace(mine, kernel_hash="ab" * 32))):
        hidden, labels = alone(address, entries)
        write_pack(given / f"{name}.zip", hidden, list(labels), terms="ours, CC BY 4.0", fsync=False)
    task = ImportPacks(workspace=place.workspace, path=str(given), kernels=str(place.kernel))
    task.run()
    assert task.complete()
    task.summarise()
    said = capsys.readouterr().err
    assert "ours.zip: 3 designs of gemm" in said and "terms: ours, CC BY 4.0" in said
    assert "left out, of no kernel here: kernel-abababababab" in said
    assert place.cycles("lab") == {one.key: one.label.cycles for one in entries}
    told = told_of(find_packs(given), given)
    assert [(one["file"], one["terms"], one["holds"]) for one in told] == [
        (f"{name}.zip", "ours, CC BY 4.0", "alone") for name in ("others", "ours")
    ]
    with pytest.raises(PipelineError, match="none of its 1 packs is of a kernel here") as caught:
        ImportPacks(workspace=place.workspace, path=str(given / "others.zip")).run()
    assert "--kernels" in (caught.value.fix or "")
