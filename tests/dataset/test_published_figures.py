"""Figures of the public label sets, measured on the files themselves."""

from __future__ import annotations

import json
import math
from collections import Counter
from statistics import median

import pytest

from pipeline.dataset.names import canonical_kernel
from pipeline.dataset.published import KernelLabels, PublishedDesign
from pipeline.reports.labels import DesignStatus
from pipeline.terms import Resource
from tests.dataset.label_sets import hlsyn, plain, raw
from tests.shared_data import shared

V18, V20 = "hlsyn-v18", "hlsyn-v20"
FIELD = {"bram_18k": "BRAM", "dsp": "DSP", "ff": "FF", "lut": "LUT", "uram": "URAM"}
CAPACITY = {"bram_18k": 4320, "dsp": 6840, "ff": 2_364_480, "lut": 1_182_240}


def designs(sets: tuple[KernelLabels, ...], source: str | None = None) -> list[PublishedDesign]:
    return [design for labels in sets if source in (None, labels.source) for design in labels.designs]


def usable(design: PublishedDesign) -> bool:
    return design.label.cycles is not None and design.label.cycles >= 100


@pytest.mark.parametrize(
    ("source", "kernels", "total", "regression", "valid", "positive"),
    [(V18, 36, 26_345, 9_173, 8_188, 34.8), (V20, 26, 12_674, 4_617, 4_014, 36.4)],
)
def test_every_published_design_arrives_and_counts_as_published(
    source: str, kernels: int, total: int, regression: int, valid: int, positive: float
) -> None:
    found = designs(hlsyn(), source)
    assert sum(labels.source == source for labels in hlsyn()) == kernels
    assert {labels.dialect for labels in hlsyn()} == {"merlin"}
    assert len(found) == total
    assert sum(usable(design) for design in found) == regression
    assert sum(bool(design.label.published_valid) for design in found) == valid
    assert round(100 * regression / total, 1) == positive


def test_counts_per_kernel_are_those_of_the_facts() -> None:
    facts = json.loads(shared("facts", "kernels.json").read_text())
    found = {(labels.kernel, labels.source): labels.designs for labels in hlsyn()}
    expected = {}
    for name, kernel in facts.items():
        for version, counts in kernel.get("labelled_designs", {}).items():
            expected[canonical_kernel(name), f"hlsyn-{version}"] = (counts["designs"], counts["usable_regression"])
    there = {place: (len(these), sum(map(usable, these))) for place, these in found.items()}
    for place, counts in there.items():
        assert expected[place] == counts, place
    # The facts count the whole benchmark, of which correlation and covariance are left out here.
    assert {kernel for kernel, _ in set(expected) - set(there)} <= {"correlation", "covariance"}


def test_a_total_of_zero_is_null_and_its_utilisation_stays_zero() -> None:
    original = {
        (version, canonical_kernel(name)): document
        for member, document in raw(shared("hlsyn", "HLSyn_designs.tar.gz")).items()
        for version, name in [member.removesuffix(".json").split("/")[2:]]
    }
    zeros = 0
    for labels in hlsyn():
        document = original[labels.source.removeprefix("hlsyn-"), labels.kernel]
        assert [design.key for design in labels.designs] == list(document)
        for design in labels.designs:
            published = document[design.key]
            label = design.label
            if published["perf"] == 0 and not published["valid"]:
                assert label.status is DesignStatus.FAILED_UNSPECIFIED
                assert label.cycles is None
                assert label.published_utilisation is None
                assert all(getattr(label.used, name) is None for name in Resource)
                continue
            assert label.status is DesignStatus.OK
            assert label.cycles == (published["perf"] or None)
            assert label.published_utilisation is not None
            for name in CAPACITY:
                total = published["res_util"][f"total-{FIELD[name]}"]
                stated = published["res_util"][f"util-{FIELD[name]}"]
                assert getattr(label.used, name) == (total or None)
                assert getattr(label.published_utilisation, name) == stated
                if total:
                    assert (100 * total // CAPACITY[name]) / 100 == stated
                else:
                    zeros += 1
                    assert stated == 0
            assert label.used.uram is None
            assert {name: getattr(label.available, name) for name in CAPACITY} == CAPACITY
    assert zeros == 5_683 + 3_007


def test_validity_as_published_is_every_utilisation_below_four_fifths() -> None:
    for design in designs(hlsyn()):
        label = design.label
        if label.cycles is not None and label.published_utilisation is not None:
            highest = max(getattr(label.published_utilisation, name) for name in CAPACITY)
            assert label.published_valid == (highest < 0.8)
        elif label.published_valid:
            assert label.status is DesignStatus.OK
            assert not usable(design)


def test_labels_shift_between_tool_versions_as_measured() -> None:
    cycles: dict[str, dict[tuple[str, str], int]] = {V18: {}, V20: {}}
    for labels in hlsyn():
        for design in labels.designs:
            if usable(design):
                assert design.label.cycles is not None
                cycles[labels.source][labels.kernel, design.key] = design.label.cycles
    common = sorted(set(cycles[V18]) & set(cycles[V20]))
    ratios = sorted(cycles[V20][key] / cycles[V18][key] for key in common)
    assert len(common) == 1_448
    assert round(median(ratios), 2) == 0.82
    assert round(ratios[round(0.05 * len(ratios))], 2) == 0.15
    assert round(ratios[round(0.95 * len(ratios))], 1) == 3.1
    rmse = math.sqrt(sum((0.5 * math.log2(ratio)) ** 2 for ratio in ratios) / len(ratios))
    assert round(rmse, 2) == 0.70


@pytest.mark.parametrize("source", [V18, V20])
def test_more_than_half_of_the_usable_designs_have_a_twin(source: str) -> None:
    tuples: Counter[object] = Counter()
    for labels in hlsyn():
        if labels.source == source:
            tuples.update((labels.kernel, d.label.cycles, d.label.used) for d in labels.designs if usable(d))
    assert sum(count for count in tuples.values() if count > 1) / tuples.total() == pytest.approx(0.56, abs=0.006)


def test_plain_vitis_designs_arrive_with_their_own_meaning() -> None:
    sets, found = plain(), designs(plain())
    assert {labels.dialect for labels in sets} == {"vitis-plain"}
    assert len(sets) == 34
    assert "stencil" in {labels.kernel for labels in sets}
    assert len(found) == 6_560
    assert sum(bool(design.label.published_valid) for design in found) == 3_852
    with_cycles = [design for design in found if design.label.cycles is not None]
    assert len(with_cycles) == 4_256
    assert sum(not design.label.published_valid for design in with_cycles) == 407
    assert sum(design.label.status is DesignStatus.FAILED_UNSPECIFIED for design in found) == 2_301
    infinite = [design for design in found if design.label.status is DesignStatus.NO_VERDICT]
    assert len(infinite) == 3
    assert all("Infinity" in (design.label.reason or "") and design.label.cycles is None for design in infinite)
    assert {type(value) for d in found for site, value in (d.point or {}).items() if "PIPE" in site} == {str}
    assert {value for d in found for site, value in (d.point or {}).items() if "PIPE" in site} == {"", "off", "   "}


def test_plain_vitis_utilisation_is_recomputed_from_totals_within_its_device() -> None:
    high = 0
    for design in designs(plain()):
        label = design.label
        if label.status is not DesignStatus.OK:
            continue
        assert label.published_utilisation is not None
        uses = []
        for name in Resource:
            used, available = getattr(label.used, name), getattr(label.available, name)
            uses.append(used / available)
            assert getattr(label.published_utilisation, name) == min(1.0, used / available)
        assert label.published_valid == (max(uses) <= 1)
        high += bool(label.published_valid) and max(uses) >= 0.8
    assert high == 416
