from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.files import write_aside
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Address, Entry, ReportStore, estimator_flow, imported_flow, write_pack
from tests.synthesis.samples import GEMM, MINE, entries, failed, published, report_xml, reported, unique


def quick(root: Path, *layers: Path) -> ReportStore:
    return ReportStore(root, layers, fsync=False)


def files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*.zip"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "put_batch", "put_all", "compact", "layer"]),
            st.sampled_from([GEMM, MINE]),
            st.lists(entries(), min_size=1, max_size=4).map(unique),
        ),
        max_size=7,
    )
)
def test_what_was_stored_comes_back_however_it_was_filed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Address, list[Entry]]]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    store = quick(folder / "store", folder / "layer")
    kept: dict[Address, dict[str, list[Entry]]] = {GEMM: {}, MINE: {}}
    for number, (how, address, found) in enumerate(steps):
        if how == "compact":
            store.compact(address)
            continue
        if how == "put":
            for entry in found:
                store.put(address, entry)
        elif how == "layer":
            (folder / "layer" / address.source).mkdir(parents=True, exist_ok=True)
            write_pack(folder / "layer" / address.source / f"{number}.zip", address, found, fsync=False)
        elif how == "put_batch":
            store.put_batch(address, found)
        else:
            store.put_all(address, found, name=f"import{number}")
        for entry in found:
            kept[address].setdefault(entry.key, []).append(entry)
    fresh = quick(folder / "store", folder / "layer")
    for address, by_key in kept.items():
        expected = {
            key: min(some, key=lambda entry: (entry.status != "ok", -entry.made, entry.content_hash[:32]))
            for key, some in by_key.items()
        }
        for opened in (store, fresh):
            got = list(opened.entries(address))
            assert [entry.content_hash for entry in got] == [expected[key].content_hash for key in sorted(expected)]
            assert opened.keys(address) == sorted(expected)
            assert opened.count(address) == len(expected)
            assert opened.stored(address, [*expected, "absent-1"]) == set(expected)
            many = dict(opened.get_many(address, [*expected, "absent-1"]))
            for key, entry in expected.items():
                found_one = opened.get(address, key)
                assert found_one is not None and found_one.content_hash == entry.content_hash
                assert many[key] == found_one
            assert many["absent-1"] is None and opened.get(address, "absent-1") is None
    assert fresh.addresses() == sorted(
        (address for address in kept if kept[address]), key=lambda address: (address.source, address.kernel)
    )
    assert fresh.snapshot() == store.snapshot()
    assert store.problems == fresh.doctor() == ()


def test_a_snapshot_that_moves_without_a_change_of_content_makes_everything_run_again(tmp_path: Path) -> None:
    singles, packed, mixed = (quick(tmp_path / name) for name in ("singles", "packed", "mixed"))
    found = [reported(number, seconds=number * 0.5) for number in range(6)] + [failed(9)]
    for entry in reversed(found):
        singles.put(GEMM, entry)
    packed.put_all(GEMM, [reported(number) for number in range(6)] + [failed(9)])
    mixed.put_batch(GEMM, found[:3])
    for entry in found[2:]:
        mixed.put(GEMM, entry)
    for path in files(tmp_path):
        os.utime(path, (1, 1))
    expected = singles.snapshot()
    assert packed.snapshot() == mixed.snapshot() == quick(tmp_path / "mixed").snapshot() == expected
    mixed.compact(GEMM)
    assert mixed.snapshot([GEMM]) == expected
    assert mixed.snapshot([MINE]) == mixed.snapshot([]) != expected
    mixed.put(MINE, published(1))
    assert mixed.snapshot() != expected and mixed.snapshot([GEMM]) == expected
    singles.put(GEMM, published(77))
    assert singles.snapshot() != expected


def test_labels_of_two_sources_or_versions_are_never_mixed(tmp_path: Path) -> None:
    store = quick(tmp_path)
    newer = Address("gemm", "ab" * 32, estimator_flow("0.2"))
    changed = Address("gemm", "cd" * 32, estimator_flow("0.1"))
    by_name = Address("gemm", "", estimator_flow("0.1"))
    for cycles, address in enumerate([GEMM, MINE, newer, changed, by_name], 1):
        store.put(address, published(3, cycles=cycles))
    for cycles, address in enumerate([GEMM, MINE, newer, changed, by_name], 1):
        (entry,) = store.entries(address)
        assert entry.label.cycles == cycles
    assert set(store.addresses(source="mine")) == {MINE}
    assert len(store.addresses(source="estimator", kernel="gemm")) == 4
    assert store.addresses(kernel="symm") == []
    assert {name: counts.entries for name, counts in store.sources().items()} == {"estimator": 4, "mine": 1}


def test_a_success_is_not_hidden_by_a_failure_whoever_came_first(tmp_path: Path) -> None:
    for order in ([failed(1), reported(1)], [reported(1), failed(1)]):
        store = quick(tmp_path / str(order[0].status))
        for entry in order:
            store.put(GEMM, entry)
        got = store.get(GEMM, order[0].key)
        assert got is not None and got.status is DesignStatus.OK
        store.compact(GEMM)
        got = store.get(GEMM, order[0].key)
        assert got is not None and got.status is DesignStatus.OK and len(files(store.root)) == 1


def at(number: int, cycles: int, made: int | None, status: DesignStatus = DesignStatus.OK) -> Entry:
    """A result of a design, made at a time."""
    return Entry(reported(number).key, None, Label(status, cycles=cycles), made=made)


@pytest.mark.parametrize("how", ["put", "put_batch", "put_all"])
def test_of_several_results_of_a_design_the_newest_counts_however_they_were_filed(tmp_path: Path, how: str) -> None:
    store = quick(tmp_path)
    found = [at(1, 100, None), at(1, 777, 50), at(1, 103, 90), at(1, 104, 70), at(1, 105, 95, DesignStatus.TIMEOUT)]
    for number, entry in enumerate(found):
        if how == "put":
            store.put(GEMM, entry)
        elif how == "put_batch":
            store.put_batch(GEMM, [entry])
        else:
            store.put_all(GEMM, [entry], name=f"import_{number}")
    assert [entry.label.cycles for entry in store.entries(GEMM)] == [103]
    before = store.snapshot()
    store.compact(GEMM)
    (left,) = store.entries(GEMM)
    assert (left.label.cycles, left.made) == (103, 90) and store.snapshot() == before == quick(tmp_path).snapshot()


def test_a_result_got_again_is_one_file_and_bears_the_later_time(tmp_path: Path) -> None:
    store = quick(tmp_path)
    for made in (None, 60, 50):
        store.put(GEMM, at(1, 100, made))
    for made in (70, 80):
        store.put(GEMM, at(1, 90, made))
    assert [entry.made for entry in store.entries(GEMM)] == [80]
    store.put(GEMM, at(1, 100, 75))
    assert [entry.label.cycles for entry in store.entries(GEMM)] == [90]
    assert len(files(tmp_path)) == 2


def test_the_end_of_a_run_is_when_its_result_was_made() -> None:
    run = Entry("", None, Label(DesignStatus.OK), started="1970-01-01T01:00:10+01:00", seconds=2.5)
    assert run.made == 12_500_000_000
    assert Entry("", None, Label(DesignStatus.OK), started="yesterday").made == 0
    assert Entry("", None, Label(DesignStatus.OK), seconds=2.5).made == 0


def test_files_of_an_earlier_version_are_read_as_results_of_unknown_age(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, at(1, 100, 0))
    store.put_all(GEMM, [at(2, 100, 0)])
    assert {path.name.count("-") for path in files(tmp_path)} == {2}
    for number in (1, 2):
        store.put(GEMM, at(number, 99, 5))
    assert [entry.label.cycles for entry in store.entries(GEMM)] == [99, 99]


def test_importing_again_replaces_the_import_and_nothing_else(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, published(50))
    store.put_all(GEMM, [published(1), published(2)], name="folder_b")
    store.put_all(GEMM, [published(3, cycles=10), published(4)])
    store.put_all(GEMM, [published(3, cycles=11)])
    assert {entry.key: entry.label.cycles for entry in store.entries(GEMM)} == {
        published(number).key: cycles for number, cycles in ((1, 2), (2, 3), (3, 11), (50, 51))
    }
    with pytest.raises(PipelineError, match="no name for an import"):
        store.put_all(GEMM, [], name="../up")


def test_an_import_that_fails_half_way_leaves_the_earlier_one(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put_all(GEMM, [published(1)])

    def breaks_off() -> Iterator[Entry]:
        yield published(2)
        raise PipelineError("changed while it was imported")

    with pytest.raises(PipelineError):
        store.put_all(GEMM, breaks_off())
    assert store.keys(GEMM) == [published(1).key]
    assert [path.name for path in tmp_path.rglob(".*")] == []


@pytest.mark.parametrize("filed", ["single", "batch", "import", "layer"])
def test_a_damaged_file_is_named_and_its_designs_count_as_missing(
    tmp_path: Path, filed: str, caplog: pytest.LogCaptureFixture
) -> None:
    found = [reported(1), reported(2)] if filed != "single" else [reported(1)]
    if filed == "layer":
        (tmp_path / "layer" / "estimator").mkdir(parents=True)
        write_pack(tmp_path / "layer" / "estimator" / "gemm.zip", GEMM, found, fsync=False)
    store = quick(tmp_path / "store", tmp_path / "layer")
    if filed == "single":
        store.put(GEMM, found[0])
    elif filed == "batch":
        store.put_batch(GEMM, found)
    elif filed == "import":
        store.put_all(GEMM, found)
    store.put(MINE, published(7))
    (path,) = [path for path in files(tmp_path) if "mine" not in path.parts]
    good = path.read_bytes()
    expected = {entry.key: entry for entry in found}
    noticed = 0
    for position in range(0, len(good), 11):
        for bad in (good[:position], good[:position] + bytes([good[position] ^ 0x24]) + good[position + 1 :]):
            path.write_bytes(bad)
            os.utime(path, ns=(position, position + len(bad)))
            caplog.clear()
            opened = quick(tmp_path / "store", tmp_path / "layer")
            with caplog.at_level(logging.WARNING):
                opened.snapshot()
                got = {entry.key: entry for entry in opened.entries(GEMM)}
                for key in expected:
                    assert opened.get(GEMM, key) == got.get(key)
            # Whole or not at all: never a wrong entry, and other addresses are untouched.
            assert got.items() <= expected.items()
            assert opened.keys(MINE) == [published(7).key]
            if got != expected:
                noticed += 1
                assert [problem.file for problem in opened.problems] == [str(path)]
                assert len([r for r in caplog.records if str(path) in r.getMessage()]) == 1
            assert bool(opened.doctor()) == (got != expected)
    assert noticed > len(good) / 11 * 1.2
    path.write_bytes(good)
    assert quick(tmp_path / "store", tmp_path / "layer").count(GEMM) == len(found)


def test_a_damaged_file_is_mended_by_storing_the_design_again(tmp_path: Path) -> None:
    store = quick(tmp_path)
    whole = store.snapshot()
    store.put(GEMM, reported(1))
    before = store.snapshot()
    (path,) = files(tmp_path)
    path.write_bytes(b"garbage")
    assert store.get(GEMM, reported(1).key) is None and len(store.problems) == 1
    assert store.snapshot() == whole
    store.put(GEMM, reported(1))
    assert store.get(GEMM, reported(1).key) == reported(1)
    assert not store.problems and store.snapshot() == before


def test_a_damaged_winner_gives_way_to_the_other_entry_of_its_design(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, reported(1))
    (winner,) = files(tmp_path)
    store.put(GEMM, failed(1))
    winner.write_bytes(winner.read_bytes()[:-9])
    assert [entry.status for entry in store.entries(GEMM)] == [DesignStatus.TIMEOUT]
    store.put_batch(GEMM, [published(5)])
    store.compact(GEMM)
    assert winner.exists() and [entry.status for entry in store.entries(GEMM)] == [
        DesignStatus.TIMEOUT,
        DesignStatus.OK,
    ]


def test_folding_never_drops_the_one_good_copy_behind_a_damaged_report(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, failed(1))
    store.put_batch(GEMM, [reported(1, padding=3000), published(2)])
    (pack,) = [path for path in files(tmp_path) if path.name.startswith("pack-")]
    data = bytearray(pack.read_bytes())
    data[60] ^= 0xFF
    pack.write_bytes(bytes(data))
    fresh = quick(tmp_path)
    fresh.compact(GEMM)
    assert [entry.status for entry in fresh.entries(GEMM)] == [DesignStatus.TIMEOUT, DesignStatus.OK]
    assert pack.exists() and [problem.file for problem in fresh.problems] == [str(pack)]


def test_a_file_moved_to_another_place_is_not_taken_for_what_belongs_there(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, reported(1))
    store.put(MINE, reported(2))
    one, two = files(tmp_path)
    two.write_bytes(one.read_bytes())
    fresh = quick(tmp_path)
    assert fresh.keys(MINE) == [] and [problem.file for problem in fresh.problems] == [str(two)]
    (tmp_path / "layer" / "hlsyn-v18").mkdir(parents=True)
    write_pack(tmp_path / "layer" / "hlsyn-v18" / "gemm.zip", GEMM, [published(1)], fsync=False)
    layered = quick(tmp_path / "none", tmp_path / "layer")
    assert layered.addresses() == [] and "estimator, not of hlsyn-v18" in layered.problems[0].what


def test_a_lost_label_of_a_folder_costs_nothing(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, reported(1))
    (label,) = tmp_path.rglob("address.json")
    label.write_text("{")
    damaged = quick(tmp_path)
    assert damaged.addresses() == [GEMM] and [problem.file for problem in damaged.problems] == [str(label)]
    label.unlink()
    assert quick(tmp_path).addresses() == [GEMM]


def test_strange_files_in_the_store_are_left_alone(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, reported(1))
    (folder,) = (tmp_path / "estimator").iterdir()
    for strange in (tmp_path / "README", folder / "notes.txt", folder / "pack-x.zip", folder / "entries" / "zz"):
        strange.write_text("mine")
    (tmp_path / "UPPER").mkdir()
    (folder / "entries" / "00").mkdir(exist_ok=True)
    (folder / "entries" / "00" / ".aside-host-1-ff").write_text("half")
    assert store.doctor() == () and store.keys(GEMM) == [reported(1).key]


def test_what_a_killed_writer_left_would_pile_up_or_a_living_ones_work_be_lost(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put_batch(GEMM, [reported(1)])
    (folder,) = (tmp_path / "estimator").iterdir()
    script = (
        "import os, sys; from pathlib import Path; from pipeline.files import write_aside\n"
        "with write_aside(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(folder)], check=False).returncode == -9
    (left,) = folder.glob(".aside-*")
    with write_aside(folder) as mine:
        quick(tmp_path).put_batch(GEMM, [reported(2)])
        assert not left.exists() and mine.path.exists()


def test_a_copy_of_the_store_in_another_process_sees_the_same(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put_batch(GEMM, [reported(1), reported(2)])
    assert len(list(store.entries(GEMM))) == 2
    assert list(pickle.loads(pickle.dumps(store)).entries(GEMM)) == [reported(1), reported(2)]


def test_a_full_or_forbidden_disk_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(PipelineError, match="cannot write to the report store"):
        quick(tmp_path / "store").put(GEMM, published(1))


def test_an_unreadable_report_in_an_entry_is_a_result_and_no_crash(tmp_path: Path) -> None:
    store = quick(tmp_path)
    store.put(GEMM, Entry("a-1", None, Label(DesignStatus.OK), b"<profile><Performance"))
    store.put(GEMM, Entry("a-2", None, Label(DesignStatus.TIMEOUT, "60 minutes"), report_xml(5)))
    first, second = store.entries(GEMM)
    assert first.label.status is DesignStatus.REPORT_UNPARSABLE and first.label.reason
    assert second.label == Label(DesignStatus.TIMEOUT, "60 minutes")


@pytest.mark.parametrize("name", ["", "Upper", "../up", "a/b", ".hidden", "a..b", "x" * 65, "a b"])
def test_a_source_name_cannot_reach_outside_the_store(name: str) -> None:
    with pytest.raises(PipelineError, match="no name for a source"):
        imported_flow(name, "hls")


@pytest.mark.parametrize("name", ["hlsyn-v18", "hlsyn-v20", "vitis-plain", "estimator"])
def test_what_a_user_imports_cannot_pass_for_a_published_set(name: str) -> None:
    with pytest.raises(PipelineError, match="belongs to"):
        imported_flow(name, "hls")
