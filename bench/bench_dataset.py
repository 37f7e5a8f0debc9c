"""How fast a label set becomes tables, against json.loads and a pandas.DataFrame of the same bytes.

``python bench/bench_dataset.py [ARCHIVE]``: a published label set; without one, the real HLSyn archive where it is at
hand (``HLS_SHARED``), else a made-up set of the same shape and size.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import pyarrow as pa

from pipeline.dataset import LabelledDesign, read_label_set
from pipeline.dataset.build import build_tables
from pipeline.dataset.schemas import write_table
from pipeline.dataset.splits import split_table
from pipeline.design_space import DesignSpace, load_space
from pipeline.errors import PipelineError
from pipeline.kernels.suite import find_kernel

T = TypeVar("T")

REPEATS = 3
MADE_UP_ROWS = 40_000


def best(work: Callable[[], T]) -> tuple[float, T]:
    """Least seconds over the repeats, and the result."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def plain_frame(path: Path) -> pd.DataFrame:
    """The baseline: every record as a row, nothing checked and nothing concluded."""
    rows: list[dict[str, Any]] = []
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".json") else None
            if stream is not None:
                for key, entry in json.loads(stream.read()).items():
                    rows.append({"file": member.name, "key": key, "perf": entry["perf"], "valid": entry["valid"]})
                    rows[-1].update(entry["res_util"])
                    rows[-1].update(entry["point"])
    return pd.DataFrame(rows)


def labelled(path: Path) -> list[LabelledDesign]:
    """The import: records checked, labels by the rules of their dialect."""
    return [
        LabelledDesign(
            labels.source, labels.dialect, labels.kernel, None, d.key, d.point, d.label, None, None, "published"
        )
        for labels in read_label_set(path)
        for d in labels.designs
    ]


def spaces_of(designs: list[LabelledDesign]) -> dict[str, DesignSpace]:
    """Design spaces of those kernels that the suite has."""
    spaces = {}
    for name in sorted({design.kernel for design in designs}):
        try:
            spaces[name] = load_space(find_kernel(name))
        except PipelineError:
            continue
    return spaces


def made_up(path: Path) -> Path:
    """A label set of HLSyn's shape."""
    chance = random.Random(0)
    with tarfile.open(path, "w:gz") as archive:
        for kernel in range(40):
            document = {}
            for number in range(MADE_UP_ROWS // 40):
                point: dict[str, int | str] = {f"__PARA__L{site}": chance.choice((1, 2, 4, 8)) for site in range(6)}
                point |= {f"__PIPE__L{site}": chance.choice(("off", "", "flatten")) for site in range(4)}
                point |= {"__TILE__L0": number}
                dsp = chance.randrange(1, 6840)
                document[".".join(f"{name}-{value or 'NA'}" for name, value in sorted(point.items()))] = {
                    "point": point,
                    "perf": float(chance.randrange(100, 10**6)),
                    "res_util": {"total-DSP": float(dsp), "util-DSP": (100 * dsp // 6840) / 100},
                    "valid": True,
                }
            content = json.dumps(document).encode()
            member = tarfile.TarInfo(f"data/designs/v1/k{kernel}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def main() -> None:
    """Print rows per second of each step and its time as a share of the baseline's."""
    shared = Path(os.environ.get("HLS_SHARED") or Path(__file__).resolve().parents[2] / "shared")
    archive = Path(sys.argv[1]) if len(sys.argv) > 1 else shared / "hlsyn" / "HLSyn_designs.tar.gz"
    with tempfile.TemporaryDirectory() as folder:
        if not archive.is_file():
            archive = made_up(Path(folder) / "made-up.tar.gz")
        base, frame = best(lambda: plain_frame(archive))
        rows = len(frame)
        del frame
        print(f"{archive.name}: {rows:,} designs, best of {REPEATS}")
        reading, designs = best(lambda: labelled(archive))
        spaces = spaces_of(designs)
        building, tables = best(lambda: build_tables(designs, {}, spaces))
        splitting, tables["splits"] = best(lambda: split_table(tables["labels"]))
        writing, _ = best(lambda: write_all(tables, Path(folder)))
        steps = {
            "json.loads + pandas.DataFrame (baseline)": base,
            "import: check, detect dialect, label": reading,
            f"tables, rules of {len(spaces)} spaces": building,
            "splits": splitting,
            "Parquet": writing,
            "all four": reading + building + splitting + writing,
        }
        for name, seconds in steps.items():
            print(f"  {name:42} {seconds:7.3f} s  {rows / seconds:11,.0f} designs/s  {seconds / base:5.2f} x baseline")


def write_all(tables: dict[str, pa.Table], folder: Path) -> None:
    """Write every table to its file."""
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", name, table)


if __name__ == "__main__":
    main()
