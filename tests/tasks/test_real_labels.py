"""Real labels and reports from a command line: what goes in comes out as tables."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from tests.shared_data import shared
from tests.tasks.commands import dataset, luigi


def test_the_hlsyn_archive_becomes_tables_with_every_design_of_both_versions(tmp_path: Path) -> None:
    archive = shared("hlsyn", "HLSyn_designs.tar.gz")
    workspace = ("--workspace", str(tmp_path))
    done = luigi("--module", "pipeline", "ImportHLSyn", "--path", str(archive), *workspace)
    assert done.returncode == 0, done.stderr
    done = luigi("--module", "pipeline", "GenerateDataset", "--source", "hlsyn-v18,hlsyn-v20", "--graphs", "False",
                 *workspace)  # fmt: skip
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    counts = labels.groupby("source").agg(
        rows=("key", "size"), usable=("usable_regression", "sum"), kernels=("kernel", "nunique")
    )
    assert counts.loc["hlsyn-v18"].tolist() == [26_345, 9_173, 36]
    assert counts.loc["hlsyn-v20"].tolist() == [12_674, 4_617, 26]
    outside = labels[labels["in_space"] == False].groupby("source").size()  # noqa: E712 - null is neither
    assert outside.to_dict() == {"hlsyn-v18": 1_418, "hlsyn-v20": 497}


def test_the_plain_vitis_set_keeps_its_own_dialect(tmp_path: Path) -> None:
    archive = shared("vitis_plain", "designs.tar.gz")
    workspace = ("--workspace", str(tmp_path))
    done = luigi("--module", "pipeline", "ImportHLSyn", "--path", str(archive), "--source", "vitis-plain", *workspace)
    assert done.returncode == 0, done.stderr
    done = luigi("--module", "pipeline", "GenerateDataset", "--source", "vitis-plain", *workspace)
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path) / "labels.parquet").to_pandas()
    assert len(labels) == 6_560 and labels["cycles"].notna().sum() == 4_256
    assert labels["in_space"].isna().all() and set(labels["dialect"]) == {"vitis-plain"}
    assert labels["kernel"].nunique() == 34 and "stencil" in set(labels["kernel"])


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
