"""Reports per second and megabytes per second of the csynth.xml parser against a bare ElementTree parse.

Reads the real reports where they are at hand (``../shared`` or ``HLS_SHARED``), else generated ones of
similar sizes. The baseline builds a tree of the same bytes with ``xml.etree.ElementTree`` and reads
nothing out of it; ours gives typed reports. Run: ``python bench/bench_reports.py``.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from lxml import etree  # noqa: E402

from pipeline.reports import (  # noqa: E402
    Latency,
    LoopReport,
    ModuleReport,
    PragmaMessage,
    Range,
    Report,
    Resources,
    parse_report,
    write_report,
)

REPEATS = 7


def real_reports() -> list[bytes]:
    """The bytes of the real reports, none where they are absent."""
    folder = Path(os.environ.get("HLS_SHARED") or ROOT.parent / "shared") / "csynth" / "reports"
    return [file.read_bytes() for file in sorted(folder.glob("*.xml"))]


def generated_report(modules: int, loops: int, pragmas: int) -> bytes:
    """An aggregate report with so many modules, loops in each and pragmas."""
    one, used = Range(64, 64), Resources(4, 12, 9321, 10228, 0)
    names = [f"kernel_Pipeline_L{number}" for number in range(modules)]
    table = tuple(
        LoopReport(f"L{number}", name, None, 0, one, Range(1, 1), Range(9, 9), Range(9, 9), Range(71, 71), True, 2.92)
        for name in names
        for number in range(loops)
    )
    return write_report(
        Report(
            tool_version="bench",
            part="xcu200-fsgd2104-2-e",
            family="virtexuplus",
            top="kernel",
            unit="ns",
            flow_target="vitis",
            pipeline_type="no",
            clock_target_ns=4.0,
            clock_uncertainty_ns=1.08,
            clock_estimated_ns=2.92,
            latency=Latency(5000, 5000, 5000),
            interval=Range(5001, 5001),
            used=used,
            available=Resources(4320, 6840, 2364480, 1182240, 960),
            loops=table,
            modules=tuple(
                ModuleReport(name, "no", Latency(71, 71, 71), Range(71, 71), 4.0, 1.08, 2.92, used) for name in names
            ),
            violations=(),
            pragmas=tuple(
                PragmaMessage("unroll", f"kernel.c:{line}", "valid", "kernel", None, False, "factor=4", ())
                for line in range(pragmas)
            ),
            aggregate=True,
        )
    )


def generated_reports() -> list[bytes]:
    """Sizes spread as those of the real reports are: most are small, a few reach megabytes."""
    small = [generated_report(count % 6, 1 + count % 3, count % 9) for count in range(55)]
    middle = [generated_report(100, 2, 200) for _ in range(12)]
    return [*small, *middle, *(generated_report(400, 3, 2000) for _ in range(4))]


def best_seconds(task: Callable[[bytes], object], data: Sequence[bytes]) -> float:
    """The shortest of several passes over all reports."""
    passes: list[float] = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for item in data:
            task(item)
        passes.append(time.perf_counter() - start)
    return min(passes)


def safe_tree(data: bytes) -> object:
    """The part of our parser that lxml does: the tree alone."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_blank_text=True)
    return etree.fromstring(data, parser)


def main() -> None:
    """Print the figures, one line a parser."""
    data = real_reports()
    kind = "real" if data else "generated"
    data = data or generated_reports()
    megabytes = sum(map(len, data)) / 1e6
    print(f"{len(data)} {kind} reports, {megabytes:.1f} MB, best of {REPEATS} passes on one core")
    groups = {"all": data, "up to 100 kB": [item for item in data if len(item) <= 100_000]}
    for name, group in groups.items():
        size = sum(map(len, group)) / 1e6
        baseline = best_seconds(ElementTree.fromstring, group)
        rows = {
            "xml.etree, tree only (baseline)": baseline,
            "lxml, tree only": best_seconds(safe_tree, group),
            "parse_report, typed report": best_seconds(parse_report, group),
        }
        print(f"{name}: {len(group)} reports, {size:.1f} MB")
        for label, seconds in rows.items():
            print(
                f"  {label:32} {len(group) / seconds:8.0f} reports/s {size / seconds:7.1f} MB/s"
                f"  x{baseline / seconds:.2f} of the baseline"
            )


if __name__ == "__main__":
    main()
