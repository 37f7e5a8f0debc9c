"""A label set that goes out in HLSyn's layout comes back as it was."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.dataset.build import build_tables
from pipeline.dataset.export_hlsyn import label_file, version_folder
from pipeline.dataset.labelled import LabelledDesign
from pipeline.dataset.published import KernelLabels, read_label_set
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from tests.dataset.label_sets import entry, labelled
from tests.shared_data import shared


def rows_of(designs: list[LabelledDesign]) -> list[dict[str, Any]]:
    """The labels table as the export takes it."""
    points = {design.key: None if design.point is None else json.dumps(dict(design.point)) for design in designs}
    return [{**row, "point": points[row["key"]]} for row in build_tables(designs, {}, {})["labels"].to_pylist()]


def again(folder: Path, source: str, text: str) -> KernelLabels:
    """The file read back."""
    place = folder.joinpath(*version_folder(source))
    place.mkdir(parents=True)
    (place / "k.json").write_text(text)
    (found,) = read_label_set(folder, source=None if source.startswith("hlsyn-") else source)
    return found


@pytest.mark.parametrize(
    ("archive", "member", "source"),
    [
        (("hlsyn", "HLSyn_designs.tar.gz"), "data/designs/v18/spmv-crs.json", "hlsyn-v18"),
        (("hlsyn", "HLSyn_designs.tar.gz"), "data/designs/v20/atax.json", "hlsyn-v20"),
        (("vitis_plain", "designs.tar.gz"), "designs/2mm.json", "vitis-plain"),
    ],
)
def test_published_labels_leave_as_the_same_json_that_came_in(
    archive: tuple[str, str], member: str, source: str, tmp_path: Path
) -> None:
    with tarfile.open(shared(*archive)) as opened:
        stream = opened.extractfile(member)
        assert stream is not None
        published: dict[str, Any] = json.load(io.TextIOWrapper(stream))
    found = again(tmp_path, source, json.dumps(published))
    text, left_out = label_file(rows_of(labelled((found,))))
    assert json.loads(text) == published and left_out == 0


def test_own_labels_keep_what_the_layout_has_a_place_for(tmp_path: Path) -> None:
    capacity = Resources(bram_18k=4320, dsp=6840, ff=2_364_480, lut=1_182_240, uram=960)
    labels: Mapping[str, Label] = {
        "__PARA__L0-1.__TILE__L0-1": Label(
            DesignStatus.OK, None, cycles=900, used=Resources(14, 6, 4_000, 50_000, 0), available=capacity
        ),
        "__PARA__L0-2.__TILE__L0-1": Label(DesignStatus.PRAGMA_CONFLICT, "ERROR: no"),
        "__PARA__L0-4.__TILE__L0-1": Label(DesignStatus.LICENCE, "ERROR: no licence"),
        "__PARA__L0-8.__TILE__L0-1": Label(
            DesignStatus.OK, None, cycles=None, used=Resources(14, 6, 4_000, 50_000, 0), available=capacity
        ),
    }
    designs = [
        LabelledDesign("vitis-2023.2", "merlin", "k", None, key, {"__PARA__L0": int(key[11]), "__TILE__L0": 1},
                       label, None, None, "synthesised")
        for key, label in labels.items()
    ]  # fmt: skip
    text, left_out = label_file(rows_of(designs))
    assert left_out == 1, "a missing licence says nothing of the design"
    found = again(tmp_path, "vitis-2023.2", text)
    assert found.dialect == "merlin" and [design.point for design in found.designs] == [
        {"__PARA__L0": factor, "__TILE__L0": 1} for factor in (1, 2, 8)
    ]
    whole, failed, unbounded = (design.label for design in found.designs)
    assert (whole.status, whole.cycles) == (DesignStatus.OK, 900) and failed.status == DesignStatus.FAILED_UNSPECIFIED
    assert whole.used == Resources(14, 6, 4_000, 50_000) and whole.published_utilisation is not None
    assert whole.published_utilisation.lut == 0.04 and whole.available.lut == capacity.lut
    assert unbounded.status == DesignStatus.OK and unbounded.cycles is None and unbounded.used.dsp == 6


def test_a_record_that_is_nobodys_failure_does_not_come_back_as_one(tmp_path: Path) -> None:
    first = again(tmp_path / "a", "hlsyn-v9", json.dumps({"__PARA__L0-1": entry(float("inf"), (5, 6, 7, 8))}))
    text, _ = label_file(rows_of(labelled((first,))))
    second = again(tmp_path / "b", "hlsyn-v9", text)
    assert first.designs[0].label.status is second.designs[0].label.status is DesignStatus.NO_VERDICT
