"""Published sites lie on the loops they were published for."""

from __future__ import annotations

import json

import pytest

from pipeline.dataset.build import build_tables
from pipeline.dataset.card import data_card
from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.site_map import mapped_sites, site_map
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import read_kernel
from pipeline.kernels.suite import find_kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.terms import Dialect, SiteKind
from tests.dataset.label_sets import hlsyn, plain
from tests.shared_data import shared

SOURCE = """
static void helper(int a[4]) {
    for (int i = 0; i < 4; i++) a[i] += 1;
}
void top(int a[4]) {
    int n = 0;
    while (n < 2) n++;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) a[j] += i;
    helper(a);
}
"""


def number(loop: str) -> int:
    return int(loop.rsplit("_", 1)[1])


def used(sets: tuple[object, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for labels in sets:
        for design in labels.designs:  # type: ignore[attr-defined]
            found.setdefault(labels.kernel, set()).update(design.point)  # type: ignore[attr-defined]
    return found


# What the plain set adds to and leaves out of the HLSyn sites, by for-loop number.
EXTRA_PARALLEL = {
    "aes": {4, 5},
    "doitgen": {0, 1, 2},
    "doitgen-red": {0, 1, 2},
    "gemm-blocked": {0, 1, 3},
    "stencil-3d": {0, 1},
}
MISSING = {("bicg", 2), ("bicg-large", 2)}


def test_every_plain_vitis_site_lies_on_the_loop_that_has_that_site_in_hlsyn() -> None:
    for kernel_name, names in used(plain()).items():
        kernel = find_kernel(kernel_name)
        loops = {loop.file_index: loop.id for loop in kernel.loops if loop.keyword == "for"}
        own = {(site.kind, site.loop) for site in kernel.sites}
        found = mapped_sites(kernel, Dialect.VITIS_PLAIN, names)
        assert set(found) == names
        here = {(site.kind, site.loop) for site in found.values()}
        extra = {(SiteKind.PARALLEL, loops[index]) for index in EXTRA_PARALLEL.get(kernel_name, ())}
        assert here - own == extra, kernel_name
        left_out = {(kind, loop) for kind, loop in own - here if kind is not SiteKind.TILE}
        assert left_out == {(SiteKind.PARALLEL, loops[index]) for name, index in MISSING if name == kernel_name}


def test_aes_counts_the_for_loops_of_helpers_too() -> None:
    kernel = find_kernel("aes")
    found = site_map(kernel, Dialect.VITIS_PLAIN, ["__PIPE__L4", "__PIPE__L5"])
    top = [loop.id for loop in kernel.loops if loop.function == kernel.top]
    assert [found["__PIPE__L4"], found["__PIPE__L5"]] == top[1:3]


def test_every_hlsyn_site_is_a_site_of_the_kernel_and_none_is_missing() -> None:
    for name, sites in used(hlsyn()).items():
        kernel = find_kernel(name)
        assert sites == {site.name for site in kernel.sites}, name
        assert set(site_map(kernel, Dialect.MERLIN, sites).values()) <= {loop.id for loop in kernel.loops}


def test_reductions_follow_the_facts() -> None:
    facts = json.loads(shared("facts", "kernels.json").read_text())
    for name in ("symm-opt", "symm-opt-medium", "bicg"):
        kernel = find_kernel(name)
        clauses = {s["placeholder"]: s.get("reduction") for loop in facts[name]["loops"] for s in loop["sites"]}
        expected = {site: "" if clause is True else clause for site, clause in clauses.items()}
        found = mapped_sites(kernel, Dialect.MERLIN, expected)
        assert {site: found[site].reduction for site in expected} == expected


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return read_kernel(SOURCE, file="mine.c", top="top")


def test_helpers_count_and_while_loops_do_not(kernel: Kernel) -> None:
    found = mapped_sites(kernel, Dialect.VITIS_PLAIN, ["__PIPE__L2", "__PARA__L0", "__PARA__L1"])
    assert {name: (site.kind.value, site.loop) for name, site in found.items()} == {
        "__PARA__L0": ("PARALLEL", "helper/loop_0"),
        "__PARA__L1": ("PARALLEL", "top/loop_1"),
        "__PIPE__L2": ("PIPELINE", "top/loop_2"),
    }


@pytest.mark.parametrize("name", ["__PARA__L3", "__TILE__L0", "__PARA__L0_1", "L0", "", "__PARA__L00"])
def test_a_site_without_a_loop_is_an_error_that_names_it(kernel: Kernel, name: str) -> None:
    for dialect in (Dialect.VITIS_PLAIN, Dialect.MERLIN):
        with pytest.raises(PipelineError) as caught:
            site_map(kernel, dialect, ["__PARA__L0", name] if dialect == Dialect.VITIS_PLAIN else [name])
        assert repr(name) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_labels_of_a_set_whose_c_has_more_loops_than_ours_are_kept(kernel: Kernel) -> None:
    point = {"__PARA__L0": 2, "__PARA__L9": 4}
    design = LabelledDesign(
        "plain-x",
        Dialect.VITIS_PLAIN,
        "mine",
        kernel.ast_hash,
        "k",
        point,
        Label(DesignStatus.OK, cycles=500),
        None,
        None,
        "published",
    )
    tables = build_tables([design], {"mine": kernel}, {})
    sites = {row["site"]: row["loop"] for row in tables["sites"].to_pylist() if row["dialect"] == Dialect.VITIS_PLAIN}
    assert sites == {"__PARA__L0": "helper/loop_0", "__PARA__L9": None}
    assert tables["labels"].num_rows == 1
    assert any("__PARA__L9 of mine" in warning for warning in data_card(tables, {})["warnings"])
