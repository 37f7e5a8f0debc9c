"""Real labels and reports from a command line: what goes in comes out as tables."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.shared_data import shared
from tests.tasks.commands import dataset, luigi


def some_of(archive: Path, kernels: tuple[str, ...], folder: Path) -> tuple[str, dict[str, dict[str, Any]]]:
    """An archive of the label files of some kernels alone, and what they hold by name in the archive."""
    held = {}
    with tarfile.open(archive) as whole, tarfile.open(folder / archive.name, "w:gz") as part:
        for member in whole:
            if Path(member.name).stem in kernels:
                held[member.name] = json.loads(text := whole.extractfile(member).read())  # type: ignore[union-attr]
                part.addfile(member, io.BytesIO(text))
    return str(folder / archive.name), held


def test_the_hlsyn_archive_becomes_tables_with_every_design_of_both_versions(tmp_path: Path) -> None:
    """The counts of the whole archive are those of tests/dataset/test_published_figures.py."""
    archive, held = some_of(shared("hlsyn", "HLSyn_designs.tar.gz"), ("atax", "gesummv", "trmm", "symm-opt"), tmp_path)
    workspace = ("--workspace", str(tmp_path))
    done = luigi("--module", "pipeline", "ImportHLSyn", "--path", archive, *workspace)
    assert done.returncode == 0, done.stderr
    done = luigi("--module", "pipeline", "GenerateDataset", "--source", "hlsyn-v18,hlsyn-v20", "--graphs", "False",
                 *workspace)  # fmt: skip
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    counts = labels.groupby(["source", "kernel"]).agg(rows=("key", "size"), usable=("usable_regression", "sum"))
    assert {place: (row.rows, row.usable) for place, row in counts.iterrows()} == {
        (f"hlsyn-{Path(name).parent.name}", Path(name).stem): (
            len(designs), sum(design["perf"] >= 100 for design in designs.values())
        )
        for name, designs in held.items()
    }  # fmt: skip
    outside = labels[labels["in_space"] == False].groupby("source").size()  # noqa: E712 - null is neither
    assert outside.to_dict() == {"hlsyn-v18": 188, "hlsyn-v20": 216}


def test_the_plain_vitis_set_keeps_its_own_dialect(tmp_path: Path) -> None:
    archive, held = some_of(shared("vitis_plain", "designs.tar.gz"), ("atax", "aes", "stencil_stencil2d"), tmp_path)
    workspace = ("--workspace", str(tmp_path))
    done = luigi("--module", "pipeline", "ImportHLSyn", "--path", archive, "--source", "vitis-plain", *workspace)
    assert done.returncode == 0, done.stderr
    done = luigi("--module", "pipeline", "GenerateDataset", "--source", "vitis-plain", *workspace)
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    assert len(labels) == sum(map(len, held.values())) and labels["cycles"].notna().any()
    assert labels["in_space"].isna().all() and set(labels["dialect"]) == {"vitis-plain"}
    assert set(labels["kernel"]) == {"atax", "aes", "stencil"}


def test_a_flat_label_set_without_a_source_name_is_refused_in_one_line(tmp_path: Path) -> None:
    archive = shared("vitis_plain", "designs.tar.gz")
    done = luigi("--module", "pipeline", "ImportHLSyn", "--path", str(archive), "--workspace", str(tmp_path))
    assert done.returncode != 0 and "--source" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_of_real_reports_becomes_labels_and_loop_tables(tmp_path: Path) -> None:
    folder = shared("csynth", "reports")
    workspace = ("--workspace", str(tmp_path))
    done = luigi(
        "--module",
        "pipeline",
        "ImportReports",
        "--path",
        str(folder),
        "--source",
        "past-runs",
        "--kernel",
        "mixed",
        *workspace,
    )
    assert done.returncode == 0, done.stderr
    done = luigi("--module", "pipeline", "GenerateDataset", "--source", "past-runs", *workspace)
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    loops = pq.read_table(dataset(tmp_path) / "loops.parquet").to_pandas()
    assert len(labels) >= 65 and (labels["status"] == "ok").all()
    assert loops["key"].isin(labels["key"]).all() and loops["pipelined"].any()
