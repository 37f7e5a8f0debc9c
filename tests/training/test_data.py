from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipeline.dataset.build import build_tables
from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.schemas import write_table
from pipeline.dataset.splits import split_table
from pipeline.design_space.keys import design_key
from pipeline.errors import PipelineError
from pipeline.graphs.graph import ProgramGraph, write_graph
from pipeline.graphs.make import graph_of
from pipeline.kernels.suite import find_kernel
from pipeline.models.inputs import PARALLEL, PIPELINE, TILE
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.training import load_designs, site_graph, site_values

OFF: dict[str, int | str] = {
    "__PARA__L0": 1, "__PARA__L1": 1, "__PARA__L2": 1, "__PIPE__L1": "off", "__TILE__L1": 1,
}  # fmt: skip


def labelled(
    point: dict[str, int | str] | None, cycles: int | None, *, dialect: str = "merlin", published: bool = False
) -> LabelledDesign:
    used = Resources(bram_18k=10, dsp=20, ff=100, lut=200) if cycles is not None else Resources()
    label = Label(
        status=DesignStatus.OK if cycles is not None else DesignStatus.TIMEOUT, cycles=cycles, used=used,
        available=Resources(bram_18k=100, dsp=100, ff=1000, lut=1000),
        published_utilisation=Utilisation(bram_18k=0.09, dsp=0.19, ff=0.08, lut=0.18) if published else None,
    )  # fmt: skip
    return LabelledDesign(
        source=f"test-{dialect}", dialect=dialect, kernel="bicg", kernel_hash=None,
        key=design_key(point) if point is not None else "report-1", point=point, label=label, report=None,
        report_hash=None, origin="replayed",
    )  # fmt: skip


@pytest.fixture(scope="module")
def bicg() -> ProgramGraph:
    return graph_of("bicg")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory, bicg: ProgramGraph) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    rows = [
        labelled(OFF, 1_000_000),
        labelled({**OFF, "__PARA__L2": 4, "__PIPE__L1": ""}, 10_000, published=True),
        labelled({**OFF, "__PIPE__L1": "flatten"}, None),
        labelled({**OFF, "__PARA__L0": 2}, 99, published=True),
        labelled(None, 5_000),
        labelled({"__PIPE__L1": "   ", "__PARA__L1": 8}, 20_000, dialect="vitis-plain"),
    ]
    tables = build_tables(rows, {"bicg": find_kernel("bicg")}, {})
    tables["splits"] = split_table(tables["labels"])
    for name, table in tables.items():
        write_table(folder / f"{name}.parquet", name, table)
    write_graph(folder / "graphs" / "bicg", bicg)
    return folder


def test_a_label_would_become_another_target_or_another_design(dataset: Path) -> None:
    merlin, plain = load_designs(dataset)
    assert (merlin.source, plain.source) == ("test-merlin", "test-vitis-plain")
    assert merlin.dropped == 1  # the report without a point
    row = {key: number for number, key in enumerate(merlin.keys.tolist())}
    changes: list[dict[str, int | str]] = [
        {},
        {"__PARA__L2": 4, "__PIPE__L1": ""},
        {"__PIPE__L1": "flatten"},
        {"__PARA__L0": 2},
    ]
    slow, quick, failed, implausible = (row[design_key({**OFF, **change})] for change in changes)
    np.testing.assert_allclose(merlin.targets[slow], [0.5 * np.log2(10), 0.2, 0.1, 0.2, 0.1], rtol=1e-6)
    np.testing.assert_allclose(merlin.targets[quick, 1:], [0.18, 0.08, 0.19, 0.09], rtol=1e-6)
    assert np.isnan(merlin.targets[failed]).all()
    assert merlin.usable.nonzero()[0].tolist() == sorted([slow, quick])
    assert [merlin.valid[i] for i in (slow, quick, failed, implausible)] == [1, 1, 0, 0]
    assert merlin.graph.sites == tuple(OFF)
    np.testing.assert_array_equal(
        merlin.values[[slow, quick, failed]], [[1, 1, 1, 1, 1], [1, 1, 4, 5, 1], [1, 1, 1, 10, 1]]
    )
    assert set(merlin.sides["random"].tolist()) <= {"train", "validation", "test"}
    assert len(set(merlin.group.tolist())) == 4
    assert [len(one) for one in load_designs(dataset, ["test-merlin"], ["bicg"])] == [4]


def test_a_reduction_clause_or_a_directive_would_not_reach_the_model(bicg: ProgramGraph) -> None:
    own = site_graph(bicg, "merlin").graph
    assert dict(zip(own.sites, own.site_reduction.tolist(), strict=True)) == {
        "__PARA__L0": False, "__PARA__L1": False, "__PARA__L2": True, "__PIPE__L1": False, "__TILE__L1": False,
    }  # fmt: skip
    assert own.site_kind.tolist() == [PARALLEL, PARALLEL, PARALLEL, PIPELINE, TILE]
    plain = site_graph(bicg, "vitis-plain")
    assert len(plain.graph.sites) == 2 * 3
    values, fits = site_values(
        plain, [{"__PIPE__L1": "   ", "__PARA__L1": 8}, {"__PIPE__L0": "off"}, {"__PARA__L0": "x"}]
    )
    assert fits.tolist() == [True, True, False]
    named = [dict(zip(plain.graph.sites, row.tolist(), strict=True)) for row in values]
    assert (named[0]["__PIPE__L1"], named[0]["__PARA__L1"], named[0]["__PIPE__L0"]) == (10, 8, 5)
    assert (named[1]["__PIPE__L0"], named[1]["__PARA__L2"]) == (1, 1)


def test_a_site_of_an_unknown_kind_would_stop_the_training(bicg: ProgramGraph) -> None:
    names = bicg.nodes["name"].to_pylist()
    kinds = [
        "OPTION" if name == "__TILE__L1" else kind
        for name, kind in zip(names, bicg.nodes["site_kind"].to_pylist(), strict=True)
    ]
    place = bicg.nodes.schema.get_field_index("site_kind")
    nodes = bicg.nodes.set_column(place, bicg.nodes.schema.field(place), pa.array(kinds, pa.string()))
    found = site_graph(ProgramGraph("bicg", "top", nodes, bicg.edges), "merlin")
    assert found.left_out == ("__TILE__L1",)
    assert "__TILE__L1" not in found.graph.sites
    values, fits = site_values(found, [OFF])
    assert fits.all() and values.shape == (1, 4)


def test_what_cannot_be_trained_on_would_end_in_a_traceback(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no labels of the source nowhere; there are test-merlin"):
        load_designs(dataset, ["nowhere"])
    with pytest.raises(PipelineError, match="no labels of the kernel gemm"):
        load_designs(dataset, kernels=["gemm"])
    shutil.copytree(dataset, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "graphs")
    with pytest.raises(PipelineError, match="labels of bicg but no program graph") as caught:
        load_designs(tmp_path / "copy")
    assert "\n" not in str(caught.value)
