"""The store under several processes, and under kill -9."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.synthesis import ReportStore
from tests.synthesis.samples import GEMM, MINE, published, reported

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from pipeline.synthesis import ReportStore
from tests.synthesis.samples import GEMM, reported

store = ReportStore(Path(sys.argv[1]), fsync=False)
how, start, count = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
print("ready", flush=True)
number = start
while number < start + count:
    if how == "put" or number % 3:
        store.put(GEMM, reported(number, padding=20_000))
        print(number, flush=True)
        number += 1
    else:
        lot = range(number, number + 8)
        store.put_batch(GEMM, [reported(one, padding=20_000) for one in lot])
        print(*lot, flush=True)
        number = lot[-1] + 1
    if how == "compact" and number % 5 == 0:
        store.compact(GEMM)
"""


def start(root: Path, how: str, first: int, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(root), how, str(first), str(count)]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("how", ["put", "batch", "compact"])
def test_a_killed_writer_loses_at_most_what_it_had_not_acknowledged(tmp_path: Path, how: str) -> None:
    chance = random.Random(how)
    acknowledged: set[int] = set()
    for round_ in range(12):
        first = round_ * 10_000
        process = start(tmp_path, how, first, 10_000)
        assert process.stdout is not None
        # The kill comes after a random number of acknowledgements, at whatever the writer does just then.
        for _ in range(chance.randrange(1, 12)):
            acknowledged.update(int(word) for word in process.stdout.readline().split())
        process.send_signal(signal.SIGKILL)
        acknowledged.update(int(word) for word in process.stdout.read().split())
        process.communicate()
    store = ReportStore(tmp_path, fsync=False)
    there = {entry.key: entry for entry in store.entries(GEMM)}
    assert store.doctor() == ()
    for number in acknowledged:
        entry = reported(number, padding=20_000)
        assert there[entry.key] == entry
    # What was in flight appears whole or not at all.
    for entry in there.values():
        assert entry.point is not None
        assert entry == reported(int(entry.point["__PARA__L0"]), padding=20_000)
    before = store.snapshot()
    store.compact(GEMM)
    assert store.snapshot() == before and len(list(tmp_path.rglob("*.zip"))) == 1


def test_writers_and_folders_at_once_lose_nothing_and_readers_never_stumble(tmp_path: Path) -> None:
    # Two pairs write the very same designs, two fold as they go, one reads all the while.
    jobs = [("put", 0), ("batch", 0), ("compact", 40), ("compact", 40), ("compact", 20)]
    writers = [start(tmp_path, how, first, 60) for how, first in jobs]
    store = ReportStore(tmp_path, fsync=False)
    acknowledged: set[str] = set()
    while any(writer.poll() is None for writer in writers):
        before = set(store.keys(GEMM))
        assert acknowledged <= before
        assert before <= set(store.keys(GEMM))
        for key in sorted(before)[:5]:
            assert store.get(GEMM, key) is not None
        acknowledged = before
        assert before <= {entry.key for entry in store.entries(GEMM)}
    for writer in writers:
        _, errors = writer.communicate()
        assert writer.returncode == 0, errors
    expected = [reported(number, padding=20_000) for number in range(107)]
    got_entries = {entry.key: entry for entry in store.entries(GEMM)}
    for entry in expected[:100]:
        assert got_entries[entry.key] == entry
    assert ReportStore(tmp_path).doctor() == () and store.problems == ()


def test_what_an_import_replaces_and_others_write_do_not_disturb_each_other(tmp_path: Path) -> None:
    writer = start(tmp_path, "batch", 0, 60)
    store = ReportStore(tmp_path, fsync=False)
    for cycles in range(1, 30):
        store.put_all(MINE, [published(1, cycles=cycles)])
        assert [entry.label.cycles for entry in store.entries(MINE)] == [cycles]
    _, errors = writer.communicate()
    assert writer.returncode == 0, errors
    assert store.count(GEMM) >= 60
