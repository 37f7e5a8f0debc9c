"""The tables say what the designs say, whatever order they come in, and nothing that nobody measured."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from pipeline.dataset.build import build_tables, merge_tables
from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.schemas import TABLES, table_bytes
from pipeline.design_space import DesignSpace, SiteSpace, load_space, parse_key
from pipeline.errors import PipelineError
from pipeline.kernels.read import read_kernel
from pipeline.kernels.suite import find_kernel
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from pipeline.reports.report import UNKNOWN, Latency, LoopReport, Range, Report
from pipeline.terms import SiteKind
from tests.dataset.label_sets import hlsyn, labelled, plain

OUTSIDE = {
    "hlsyn-v18": {
        "seidel-2d": 747,
        "nw": 259,
        "atax": 162,
        "mvt": 115,
        "stencil": 49,
        "bicg": 32,
        "gemm-ncubed": 28,
        "gesummv": 22,
        "trmm": 4,
    },
    "hlsyn-v20": {
        "atax": 142,
        "mvt": 130,
        "nw": 80,
        "trmm": 53,
        "gemm-ncubed": 37,
        "stencil": 32,
        "gesummv": 21,
        "bicg": 2,
    },
}

SOURCE = """
void top(int a[8]) {
#pragma ACCEL PIPELINE auto{__PIPE__L0}
#pragma ACCEL PARALLEL FACTOR=auto{__PARA__L0}
    for (int i = 0; i < 8; i++) a[i] += 1;
}
"""
KERNEL = read_kernel(SOURCE, file="top.c")
SPACE = DesignSpace(
    [
        SiteSpace("__PARA__L0", SiteKind.PARALLEL, (1, 2, 4), 1),
        SiteSpace("__PIPE__L0", SiteKind.PIPELINE, ("off", "", "flatten"), "off"),
    ]
)


def loop(name: str, parent: int | None) -> LoopReport:
    return LoopReport(name, "top", parent, 0 if parent is None else 1, Range(8, 8), Range(1, 1), *(UNKNOWN,) * 3, True)


def report() -> Report:
    return Report(
        *(None,) * 10, Latency(), UNKNOWN, Resources(), Resources(), (loop("A", None), loop("A", 0)), (), (), (), True
    )


def own(key: str, label: Label, **changes: Any) -> LabelledDesign:
    row = LabelledDesign(
        "vitis-2024.2", "merlin", "top", "h" * 64, key, parse_key(key), label, report(), "r" * 64, "synthesised",
        12.5, "2024-01-01T00:00:00Z", "2024.2", "uniform",
    )  # fmt: skip
    return replace(row, **changes)


OK = Label(
    DesignStatus.OK,
    cycles=60,
    latency_best=50,
    latency_worst=60,
    used=Resources(dsp=3, uram=0),
    available=Resources(dsp=6, uram=0),
)
ROWS = [
    own("__PARA__L0-2.__PIPE__L0-NA", OK),
    own("__PARA__L0-3.__PIPE__L0-NA", Label(DesignStatus.TIMEOUT, "stopped after 10 s"), report=None, report_hash=None),
    own(
        "__PARA__L0-1.__PIPE__L0-off",
        Label(DesignStatus.LICENCE, "no licence"),
        report=None,
        seconds=None,
        started=None,
    ),
    own(
        "__PARA__L0-1.__PIPE__L0-flatten",
        Label(DesignStatus.OK),
        source="estimator",
        origin="estimated",
        sampled_by="all",
    ),
    own("__PARA__L0-2.__PIPE__L0-NA", OK, source="estimator", origin="estimated", sampled_by="all"),
]


def by_key(table: pa.Table, source: str) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in table.to_pylist() if row["source"] == source}


def test_points_outside_the_published_rules_are_flagged_and_kept() -> None:
    names = {labels.kernel for labels in hlsyn()}
    spaces = {name: load_space(find_kernel(name)) for name in names}
    labels = build_tables(labelled(hlsyn()), {}, spaces)["labels"].to_pylist()
    assert len(labels) == 39_019
    outside = [row for row in labels if row["in_space"] is False]
    assert all(row["in_space"] is not None for row in labels)
    found: dict[str, Counter[str]] = {source: Counter() for source in OUTSIDE}
    for row in outside:
        found[row["source"]][row["kernel"]] += 1
    assert found == OUTSIDE
    assert [sum(counts.values()) for counts in OUTSIDE.values()] == [1_418, 497]
    usable = Counter(row["source"] for row in outside if row["usable_regression"])
    assert usable == {"hlsyn-v18": 225, "hlsyn-v20": 123}


def test_columns_of_the_published_sets_hold_the_published_counts() -> None:
    labels = build_tables(labelled(hlsyn()), {}, {})["labels"].to_pylist()
    for source, regression, published_valid in (("hlsyn-v18", 9_173, 8_188), ("hlsyn-v20", 4_617, 4_014)):
        rows = [row for row in labels if row["source"] == source]
        assert sum(row["usable_regression"] for row in rows) == regression
        assert sum(row["valid"] for row in rows) == regression, "validity: the run produced at least 100 cycles"
        assert all(row["usable_validity"] for row in rows)
        assert sum(bool(row["published_valid"]) for row in rows) == published_valid
        for row in rows:
            assert row["dsp"] != 0
            assert (row["util_dsp"] is None) == (row["dsp"] is None)
            assert (row["util_dsp_published"] is None) == (row["status"] != "ok")


def test_plain_vitis_rows_have_no_rules_and_their_own_utilisation() -> None:
    spaces = {name: load_space(find_kernel(name)) for name in ("atax", "stencil")}
    tables = build_tables(labelled(plain()), {"aes": find_kernel("aes")}, spaces)
    labels = tables["labels"].to_pylist()
    assert len(labels) == 6_560
    assert {row["in_space"] for row in labels} == {None}
    assert sum(row["usable_regression"] for row in labels) == 4_256
    assert sum(row["valid"] is None for row in labels) == 3
    assert max(row["util_dsp"] or 0 for row in labels) > 1
    assert max(row["util_dsp_published"] or 0 for row in labels) == 1
    assert "designs" in tables
    sites = [(row["dialect"], row["site"], row["kind"]) for row in tables["sites"].to_pylist()]
    assert [site for site in sites if site[0] == "vitis-plain"] == [
        ("vitis-plain", "__PARA__L4", "PARALLEL"),
        ("vitis-plain", "__PARA__L5", "PARALLEL"),
        ("vitis-plain", "__PIPE__L4", "PIPELINE"),
        ("vitis-plain", "__PIPE__L5", "PIPELINE"),
    ]


def test_own_runs_become_rows_with_unknowns_null() -> None:
    tables = build_tables(ROWS, {"top": KERNEL}, {"top": SPACE}, suites={"top": "mine"})
    assert {name: table.num_rows for name, table in tables.items()} == {
        "designs": 4, "labels": 5, "loops": 6, "kernels": 1, "sites": 2, "runs": 4,
    }  # fmt: skip
    rows = by_key(tables["labels"], "vitis-2024.2")
    good = rows["__PARA__L0-2.__PIPE__L0-NA"]
    assert (good["cycles"], good["util_dsp"], good["util_uram"], good["util_lut"]) == (60, 0.5, None, None)
    assert (good["valid"], good["usable_regression"], good["in_space"]) == (True, True, True)
    assert (good["util_dsp_published"], good["published_valid"]) == (None, None)
    late = rows["__PARA__L0-3.__PIPE__L0-NA"]
    assert (late["status"], late["reason"], late["in_space"]) == ("timeout", "stopped after 10 s", False)
    assert (late["valid"], late["usable_validity"], late["usable_regression"]) == (False, True, False)
    unlicensed = rows["__PARA__L0-1.__PIPE__L0-off"]
    assert (unlicensed["valid"], unlicensed["usable_validity"]) == (None, False)
    designs = {row["key"]: row for row in tables["designs"].to_pylist()}
    twice = designs["__PARA__L0-2.__PIPE__L0-NA"]
    assert twice["sampled_by"] == "all+uniform"
    assert json.loads(twice["point"]) == {"__PARA__L0": 2, "__PIPE__L0": ""}
    first, second = tables["loops"].to_pylist()[:2]
    assert (first["loop"], first["parent"], second["loop"], second["parent"]) == (0, None, 1, 0)
    assert (first["trip_count_min"], first["latency_max"]) == (8, None)
    (kernel,) = tables["kernels"].to_pylist()
    assert (kernel["suite"], kernel["language"], kernel["space_size"]) == ("mine", "C", "9")
    assert (kernel["kernel_hash"], kernel["space_hash"]) == (KERNEL.ast_hash, SPACE.hash)


def test_order_and_division_of_the_designs_do_not_change_a_byte() -> None:
    kernels, spaces = {"top": KERNEL}, {"top": SPACE}
    whole = build_tables(ROWS, kernels, spaces)
    chance = random.Random(0)
    for _ in range(20):
        rows = chance.sample(ROWS, len(ROWS))
        cut = chance.randrange(len(rows) + 1)
        parts = [build_tables(part, kernels, spaces) for part in (rows[:cut], rows[cut:])]
        merged = merge_tables(parts)
        assert {n: table_bytes(n, t) for n, t in merged.items()} == {n: table_bytes(n, t) for n, t in whole.items()}


def test_sources_with_and_without_rules_for_a_kernel_make_one_dataset() -> None:
    kernels = {"top": KERNEL}
    parts = [build_tables(ROWS[:1], kernels, {"top": SPACE}), build_tables(ROWS[1:2], kernels, {})]
    merged = merge_tables(parts)["kernels"].to_pylist()
    assert merged == parts[0]["kernels"].to_pylist() and merged[0]["space_hash"] is not None
    other = replace(KERNEL, ast_hash="0" * 64)
    with pytest.raises(PipelineError, match="kernels has two rows for kernel top"):
        merge_tables([parts[0], build_tables(ROWS[1:2], {"top": other}, {})])


def test_contradictions_are_refused() -> None:
    with pytest.raises(PipelineError, match=r"labels has two rows for source vitis-2024\.2, kernel top"):
        build_tables([ROWS[0], ROWS[0]], {}, {})
    parts = [build_tables([row], {}, {}) for row in (ROWS[0], replace(ROWS[4], point={"__PARA__L0": 1}))]
    with pytest.raises(PipelineError, match="two different values of point"):
        merge_tables(parts)


def test_nothing_gives_empty_tables() -> None:
    tables = build_tables([], {}, {})
    assert all(table.num_rows == 0 and table.schema == TABLES[name].schema for name, table in tables.items())
    assert merge_tables([]) == {}
