"""Report store against plain JSON files: entries per second put and got, single and packed, and time of a snapshot.

Run with ``python -m bench.bench_store [ENTRIES ...]``; the default is 1000 10000 50000. The baseline writes one
JSON file per entry (no check, no atomic rename) and reads them back.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.design_space.keys import design_key
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Address, Entry, ReportStore, estimator_flow

ADDRESS = Address("gemm", "ab" * 32, estimator_flow("bench"))
BATCH = 256


def entry(number: int) -> Entry:
    """A label without a report, of the size that published sets have."""
    point: dict[str, int | str] = {f"__PARA__L{loop}": (number >> 2 * loop) % 4 + 1 for loop in range(8)}
    point["__PIPE__L0"] = f"v{number}"
    label = Label(DesignStatus.OK, cycles=number + 100, used=Resources(number % 9, 3, 4, 5, 0), published_valid=True)
    return Entry(design_key(point), point, label, seconds=number * 0.1)


def timed(work: Callable[[], object]) -> float:
    """Seconds that the work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def plain(folder: Path, entries: list[Entry]) -> tuple[float, float]:
    """Seconds to write and to read one JSON file an entry."""
    records = [one.to_record() for one in entries]

    def write() -> None:
        for number, record in enumerate(records):
            (folder / f"{number}.json").write_text(json.dumps(record))

    def read() -> None:
        for number in range(len(records)):
            json.loads((folder / f"{number}.json").read_text())

    return timed(write), timed(read)


def line(what: str, count: int, seconds: float, baseline: float | None) -> None:
    """One readable figure."""
    ratio = "" if baseline is None else f"  {baseline / seconds:6.2f} x plain JSON files"
    print(f"  {what:<34}{count / seconds:>10,.0f} entries/s{ratio}")


def measure(count: int, folder: Path) -> None:
    """Print the figures for a number of entries."""
    entries = [entry(number) for number in range(count)]
    (folder / "plain").mkdir(parents=True)
    write, read = plain(folder / "plain", entries)
    print(f"{count:,} entries")
    line("plain JSON files, write", count, write, None)
    line("plain JSON files, read", count, read, None)
    for fsync in (False, True):
        store = ReportStore(folder / f"single{fsync}", fsync=fsync)
        some = entries if not fsync else entries[:1000]
        seconds = timed(lambda s=store, e=some: [s.put(ADDRESS, one) for one in e])  # type: ignore[misc]
        line(f"put, single{', fsync' if fsync else ''}", len(some), seconds, write * len(some) / count)
    store = ReportStore(folder / "singleFalse", fsync=False)
    some = entries[:: max(1, count // 1000)]
    line(
        "get, single", len(some), timed(lambda: [store.get(ADDRESS, one.key) for one in some]), read * len(some) / count
    )
    print(f"  {'snapshot, single':<34}{timed(store.snapshot) * 1000:>10,.1f} ms")
    seconds = timed(lambda: store.compact(ADDRESS))
    print(f"  {'compact':<34}{seconds * 1000:>10,.1f} ms")

    batched = ReportStore(folder / "batched")

    def put_lots() -> None:
        for lot in lots:
            batched.put_batch(ADDRESS, lot)

    lots = [entries[start : start + BATCH] for start in range(0, count, BATCH)]
    line(f"put_batch of {BATCH}, fsync", count, timed(put_lots), write)
    packed = ReportStore(folder / "packed")
    line("put_all, one pack, fsync", count, timed(lambda: packed.put_all(ADDRESS, entries)), write)
    for what, root in (("batched", "batched"), ("packed", "packed")):
        store = ReportStore(folder / root)
        print(f"  {f'snapshot, {what}, first':<34}{timed(store.snapshot) * 1000:>10,.1f} ms")
        print(f"  {f'snapshot, {what}, again':<34}{timed(store.snapshot) * 1000:>10,.1f} ms")
        line(f"entries, {what}", count, timed(lambda s=store: list(s.entries(ADDRESS))), read)  # type: ignore[misc]
    keys = [one.key for one in entries]
    line("get_many, packed", count, timed(lambda: list(store.get_many(ADDRESS, keys))), read)
    line(
        "get, packed", len(some), timed(lambda: [store.get(ADDRESS, one.key) for one in some]), read * len(some) / count
    )


def main() -> None:
    """Measure at each size asked for."""
    for count in [int(argument) for argument in sys.argv[1:]] or [1_000, 10_000, 50_000]:
        with tempfile.TemporaryDirectory() as folder:
            measure(count, Path(folder))


if __name__ == "__main__":
    main()
