"""A label is one result for a search, on whatever way it comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.dataset import LabelledDesign
from pipeline.dataset.build import build_tables
from pipeline.dataset.schemas import write_table
from pipeline.estimator import estimate
from pipeline.exploration import SearchOutcome
from pipeline.kernels.read import read_kernel
from pipeline.kernels.suite import find_kernel
from pipeline.loop.measured import measured, read_measured, write_measured
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.tasks.searches.pools import read_pool

DEVICE = Resources(bram_18k=4320, dsp=6840, ff=2364480, lut=1182240, uram=960)
LABELS = {
    "of a report": Label(
        DesignStatus.OK, cycles=4_000, latency_worst=4_000, clock_target_ns=4.0, clock_estimated_ns=2.9,
        used=Resources(bram_18k=8, dsp=30, ff=1_000, lut=2_000, uram=0), available=DEVICE,
    ),
    "without an estimated clock": Label(DesignStatus.OK, cycles=5_000, clock_target_ns=4.0, used=Resources(dsp=7)),
    "published": Label(
        DesignStatus.OK, cycles=7_000, clock_target_ns=4.0, published_valid=True,
        published_utilisation=Utilisation(dsp=0.25, lut=0.5, ff=0.125, bram_18k=0.0),
    ),
    "published in part": Label(
        DesignStatus.OK, cycles=8_000, published_utilisation=Utilisation(dsp=0.25),
        used=Resources(dsp=1, lut=591_120), available=DEVICE,
    ),
    "published below the least": Label(DesignStatus.OK, cycles=20, published_valid=True),
    "without a bound": Label(DesignStatus.OK, clock_target_ns=4.0, used=Resources(dsp=3), available=DEVICE),
    "too large": Label(DesignStatus.DESIGN_TOO_LARGE, "unrolled beyond the limit"),
    "of the machine": Label(DesignStatus.LICENCE, "no licence"),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[LabelledDesign]:
    kernel = find_kernel("atax")
    sites = [site.name for site in kernel.sites]
    text = "void k(int n, int a[64]) { for (int i = 0; i < n; i++) { for (int j = 0; j < 8; j++) { a[i] += j; } } }"
    unbounded = estimate(read_kernel(text, file="k.c", top="k"), {})
    return [
        LabelledDesign(
            "mine", "merlin", kernel.name, kernel.ast_hash, f"{number}", dict.fromkeys(sites, number + 1), label,
            unbounded if name == "without a bound" else None, None, "replayed",
        )
        for number, (name, label) in enumerate(LABELS.items())
    ]  # fmt: skip


def test_a_search_sees_the_same_result_in_a_loop_in_its_files_and_in_a_datasets_tables(
    tmp_path: Path, rows: list[LabelledDesign]
) -> None:
    direct = {row.key: measured(row).outcome() for row in rows}
    assert direct[str(list(LABELS).index("without a bound"))].cycles is not None
    write_measured(tmp_path / "rows.jsonl", map(measured, rows))
    assert {row.key: row.outcome() for row in read_measured(tmp_path / "rows.jsonl")} == direct
    for name, table in build_tables(rows, {"atax": find_kernel("atax")}, {}).items():
        write_table(tmp_path / f"{name}.parquet", name, table)
    pool, _ = read_pool(tmp_path, "mine", "atax")
    assert {outcome.key: outcome for outcome in pool.outcomes} == direct


def test_a_result_has_the_estimated_clock_and_per_resource_what_is_stated_else_what_is_counted(
    rows: list[LabelledDesign],
) -> None:
    found = {name: measured(row).outcome() for name, row in zip(LABELS, rows, strict=True)}
    assert found["of a report"] == SearchOutcome(
        "0", "ok", True, 4_000.0, (2_000 / 1182240, 1_000 / 2364480, 30 / 6840, 8 / 4320), 2.9
    )
    assert found["without an estimated clock"].clock_ns == 4.0
    assert found["published in part"].utilisation == (0.5, None, 0.25, None)
    assert [found[name].usable for name in LABELS] == [True, True, True, True, False, True, False, None]
