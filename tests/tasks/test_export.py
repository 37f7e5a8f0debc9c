"""What leaves for other people's tools opens there, and comes back."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from pipeline.dataset.build import build_tables
from pipeline.dataset.export_autodse import autodse_files
from pipeline.design_space import load_space, read_autodse
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import read_kernel
from pipeline.kernels.suite import find_kernel
from tests.tasks.commands import dataset, luigi

KERNELS = "atax,bicg"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the packs' labels of two kernels and all three exports."""
    folder = tmp_path_factory.mktemp("exports")
    made = luigi("GenerateDataset", "--kernels", KERNELS, "--workspace", str(folder))
    assert made.returncode == 0, made.stderr
    for layout in ("hlsyn", "autodse", "pyg"):
        export(folder, "--layout", layout)
    return folder


def export(workspace: Path, *arguments: str) -> None:
    done = luigi("ExportDataset", "--kernels", KERNELS, *arguments, "--workspace", str(workspace))
    assert done.returncode == 0 and "terms: Apache-2.0" in done.stderr, done.stderr


def exported(workspace: Path, layout: str) -> Path:
    (folder,) = (workspace / "exports" / layout).iterdir()
    return folder


def test_an_export_in_hlsyns_layout_is_imported_by_the_command_for_hlsyn(workspace: Path, tmp_path: Path) -> None:
    folder = exported(workspace, "hlsyn")
    done = luigi("ImportHLSyn", "--path", str(folder), "--source", "back", "--workspace", str(tmp_path))
    assert done.returncode == 0 and "source back: 300 designs" in done.stderr, done.stderr
    made = luigi("GenerateDataset", "--source", "back", "--graphs", "false", "--workspace", str(tmp_path))
    assert made.returncode == 0, made.stderr
    columns = ["kernel", "key", "status", "cycles"]
    before = pd.read_parquet(dataset(workspace) / "labels.parquet")[columns]
    after = pd.read_parquet(dataset(tmp_path) / "labels.parquet")[columns]
    pd.testing.assert_frame_equal(before, after)


def test_an_autodse_configuration_means_the_same_space(workspace: Path) -> None:
    for name in KERNELS.split(","):
        place = exported(workspace, "autodse") / name
        space = read_autodse((place / "ds_config.json").read_text(encoding="utf-8"))
        assert space == load_space(find_kernel(name))
        again = read_kernel((place / f"{name}.c").read_text(encoding="utf-8"), file=f"{name}.c")
        assert {site.name for site in again.sites} == set(space.names)


def test_sites_that_were_proposed_stand_in_the_exported_source() -> None:
    plain = "void f(int a[8][8]) {\n  for (int i = 0; i < 8; i++)\n    for (int j = 0; j < 8; j++) a[i][j] = i;\n}\n"
    kernel = propose_sites(read_kernel(plain, file="f.c"), "merlin")
    source = autodse_files(kernel, load_space(kernel))["f.c"]
    sites = {(site.name, site.kind, site.loop) for site in read_kernel(source, file="f.c").sites}
    assert sites == {(site.name, site.kind, site.loop) for site in kernel.sites} and len(sites) == 4


def loaded(folder: Path) -> ModuleType:
    """The loader as it lies beside the files, without this package."""
    spec = importlib.util.spec_from_file_location("load_designs", folder / "load_designs.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pytorch_geometric_batches_the_designs_without_this_package_or_pickle(workspace: Path) -> None:
    from torch_geometric.loader import DataLoader

    folder = exported(workspace, "pyg")
    assert "pipeline" not in (folder / "load_designs.py").read_text(encoding="utf-8")
    assert {path.suffix for path in folder.iterdir() if path.name != ".files"} == {".safetensors", ".json", ".py"}
    designs = loaded(folder).HLSDesigns(folder)
    labels = pd.read_parquet(dataset(workspace) / "labels.parquet").set_index(["kernel", "key"])
    assert len(designs) == len(labels) == 300
    one: Any = designs[7]
    row = labels.loc[(one.kernel, one.key)]
    assert one.cycles.item() == row["cycles"]
    assert one.y[0, 0].item() == pytest.approx(0.5 * math.log2(1e7 / row["cycles"]), abs=1e-5)
    sites = designs.about["kernels"][one.kernel]["sites"]
    value = [designs.words[int(v)] if w else int(v) for v, w in zip(one.pragma_value, one.pragma_is_word, strict=True)]
    assert all(f"{name}-{'NA' if v == '' else v}" in one.key for name, v in zip(sites, value, strict=True))
    batch: Any = next(iter(DataLoader(designs, batch_size=300)))
    assert batch.y.shape == (300, 5) and batch.x.shape[0] == sum(designs[i].num_nodes for i in range(300))
    pragma = designs.about["node_types"].index("pragma")
    assert (batch.node_type[batch.pragma_index] == pragma).all(), "a batch must shift the nodes of the sites"


def asked(query: str) -> list[Any]:
    """The rows that DuckDB answers with."""
    import duckdb

    answer = duckdb.sql(query)
    assert answer is not None
    return answer.fetchall()


def test_tables_open_in_duckdb_and_pandas_with_the_same_rows(workspace: Path) -> None:
    folder = dataset(workspace)
    query = f"""
        SELECT l.kernel, count(*) AS designs, min(l.cycles) AS fewest, count(l.uram) AS urams
        FROM '{folder}/labels.parquet' l JOIN '{folder}/designs.parquet' d USING (kernel, dialect, key)
        WHERE l.status = 'ok' GROUP BY l.kernel ORDER BY l.kernel
    """
    found = asked(query)
    frame = pd.read_parquet(folder / "labels.parquet").groupby("kernel")
    assert found == [(k, len(g), int(g["cycles"].min()), int(g["uram"].count())) for k, g in frame]
    tables = sorted(path.stem for path in folder.glob("*.parquet"))
    assert tables == sorted(build_tables([], {}, {}).keys() | {"splits"})
    for table in tables:
        described = asked(f"DESCRIBE SELECT * FROM '{folder}/{table}.parquet'")
        assert [row[0] for row in described] == list(pd.read_parquet(folder / f"{table}.parquet").columns)


def test_an_export_of_two_sources_at_once_is_refused_with_the_next_step(tmp_path: Path) -> None:
    done = luigi("ExportDataset", "--layout", "hlsyn", "--source", "a,b", "--workspace", str(tmp_path))
    assert done.returncode != 0 and "one after the other" in done.stderr and "Traceback" not in done.stderr


def test_an_export_says_what_it_is_of(workspace: Path) -> None:
    about = json.loads((exported(workspace, "hlsyn") / "export.json").read_text(encoding="utf-8"))
    assert about["source"] == "estimator" and about["layout"] == "hlsyn" and about["licence"] == "Apache-2.0"
