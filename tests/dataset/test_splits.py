"""Splits hold designs out honestly: no label of the test side is on the train side."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.build import build_tables
from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.schemas import TABLES
from pipeline.dataset.splits import PAPER_SOURCE_KERNELS, PAPER_TARGET_KERNELS, label_groups, split_table
from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from pipeline.terms import Resource
from tests.dataset.label_sets import hlsyn, labelled


def design(source: str, kernel: str, number: int, cycles: int | None, lut: int | None) -> LabelledDesign:
    status = DesignStatus.FAILED_UNSPECIFIED if cycles is None else DesignStatus.OK
    label = Label(status, cycles=cycles, used=Resources(lut=lut))
    return LabelledDesign(source, "merlin", kernel, None, f"A-{number}", None, label, None, None, "published")


LABELS = st.lists(
    st.builds(
        design,
        st.sampled_from(["s1", "s2"]),
        st.sampled_from(["2mm", "gemm-p", "mine", "aes"]),
        st.integers(0, 30),
        st.none() | st.integers(100, 104),
        st.none() | st.integers(0, 2),
    ),
    max_size=60,
    unique_by=lambda row: (row.source, row.kernel, row.key),
)


def sides(splits: pa.Table) -> dict[str, dict[tuple[str, str, str], str]]:
    found: dict[str, dict[tuple[str, str, str], str]] = defaultdict(dict)
    for row in splits.to_pylist():
        found[row["split"]][row["source"], row["kernel"], row["key"]] = row["side"]
    return found


def never_divided(labels: pa.Table, splits: pa.Table) -> None:
    rows: list[dict[str, Any]] = labels.to_pylist()
    for name, side in sides(splits).items():
        assert len(side) == len(rows), "every row is on one side"
        together: dict[object, set[str]] = defaultdict(set)
        for row in rows:
            measured = (row["cycles"], *(row[resource] for resource in Resource))
            if any(value is not None for value in measured):
                together[row["kernel"], measured].add(side[row["source"], row["kernel"], row["key"]])
        assert all(len(found) == 1 for found in together.values()), name


@settings(max_examples=75, deadline=None)
@given(rows=LABELS, seed=st.integers(0, 5), folds=st.integers(2, 6), order=st.randoms(use_true_random=False))
def test_no_split_ever_separates_identical_labels(
    rows: list[LabelledDesign], seed: int, folds: int, order: Any
) -> None:
    labels = build_tables(rows, {}, {})["labels"]
    splits = split_table(labels, seed=seed, folds=folds)
    assert splits.schema.equals(TABLES["splits"].schema, check_metadata=True)
    never_divided(labels, splits)
    order.shuffle(rows)
    assert split_table(build_tables(rows, {}, {})["labels"], seed=seed, folds=folds).equals(splits)
    for name, side in sides(splits).items():
        if name.startswith("by-kernel"):
            of_kernel: dict[str, set[str]] = defaultdict(set)
            for (_, kernel, _), where in side.items():
                of_kernel[kernel].add(where)
            assert all(len(where) == 1 for where in of_kernel.values()), "a kernel is on one side"
            assert {"test"} < set.union(*of_kernel.values())


def test_real_labels_are_split_at_the_declared_shares() -> None:
    labels = build_tables(labelled(hlsyn()), {}, {})["labels"]
    splits = split_table(labels)
    never_divided(labels, splits)
    usable = {
        (row["source"], row["kernel"], row["key"])
        for row in labels.select(["source", "kernel", "key", "usable_regression"]).to_pylist()
        if row["usable_regression"]
    }
    found = sides(splits)
    for source in ("hlsyn-v18", "hlsyn-v20"):
        counts = Counter(side for row, side in found["random"].items() if row in usable and row[0] == source)
        assert counts["train"] / counts.total() == pytest.approx(0.8, abs=0.02)
        assert counts["validation"] / counts.total() == pytest.approx(0.1, abs=0.02)
        assert counts["test"] / counts.total() == pytest.approx(0.1, abs=0.02)
    assert sorted(found) == [
        "by-kernel-0",
        "by-kernel-1",
        "by-kernel-2",
        "by-kernel-3",
        "by-kernel-4",
        "paper",
        "random",
    ]
    tested = Counter(
        kernel
        for name in found
        if name.startswith("by-kernel")
        for kernel in {row[1] for row, side in found[name].items() if side == "test"}
    )
    assert set(tested.values()) == {1}, "over the folds every kernel is tested once"
    assert set(tested) == {row[1] for row in found["random"]}
    different = sides(split_table(labels, seed=1))["random"]
    assert different != found["random"]


def test_the_paper_protocol_keeps_its_target_kernels_out_of_training() -> None:
    assert (len(PAPER_SOURCE_KERNELS), len(PAPER_TARGET_KERNELS)) == (36, 6)
    assert not PAPER_SOURCE_KERNELS & PAPER_TARGET_KERNELS
    rows = [design("s", kernel, n, 100 + n, 1) for kernel in ("aes", "gemm-p", "own") for n in range(20)]
    found = sides(split_table(build_tables(rows, {}, {})["labels"]))
    of_kernel: dict[str, set[str]] = defaultdict(set)
    for (_, kernel, _), side in found["paper"].items():
        of_kernel[kernel].add(side)
    assert of_kernel == {"aes": {"train", "validation", "test"}, "gemm-p": {"target"}, "own": {"unused"}}
    random = {row: side for row, side in found["random"].items() if row[1] == "aes"}
    assert random == {row: side for row, side in found["paper"].items() if row[1] == "aes"}


def test_failed_designs_share_no_group_but_twins_do() -> None:
    rows = [design("s", "aes", n, None, None) for n in range(3)] + [design("t", "aes", n, 500, 7) for n in range(3)]
    groups = label_groups(build_tables(rows, {}, {})["labels"])
    assert len(set(groups[:3])) == 3
    assert len(set(groups[3:])) == 1


def test_unusable_fractions_and_folds_are_refused() -> None:
    labels = build_tables([design("s", "aes", 1, 500, 7)], {}, {})["labels"]
    assert {row["side"] for row in split_table(labels).to_pylist()} == {"train"}
    with pytest.raises(PipelineError, match="sum to 1"):
        split_table(labels, fractions=(0.8, 0.1, 0.2))
    with pytest.raises(PipelineError, match="at least 2"):
        split_table(labels, folds=1)
