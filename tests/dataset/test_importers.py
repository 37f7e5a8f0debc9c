"""Importers by name, each held to the laws of its kind."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.dataset.importers import IMPORTERS, Importer, ImportRequest, labels_of
from pipeline.dataset.published import KernelLabels, PublishedDesign
from pipeline.dataset.testing import ImporterConformance
from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label

FAST = {"point": {"__PARA__L0": 2}, "perf": 1000, "valid": True, "res_util": {"util-LUT": 0.1, "total-LUT": 100_000}}
FAILED = {"point": {"__PARA__L0": 64}, "perf": 0, "valid": False, "res_util": {}}


def label_set(folder: Path) -> Path:
    for kernel in ("atax", "mvt"):
        file = folder / "designs" / "v9" / f"{kernel}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"__PARA__L0-2": FAST, "__PARA__L0-64": FAILED}))
    return folder


@pytest.mark.parametrize("name", list(IMPORTERS))
class TestOwn(ImporterConformance):
    @pytest.fixture(autouse=True)
    def _named(self, name: str) -> None:
        self.importer = IMPORTERS[name]

    def write(self, folder: Path) -> ImportRequest:
        return ImportRequest(label_set(folder))


GOOD = KernelLabels("mine", "merlin", "atax", [PublishedDesign("a-1", {"a": 1}, Label(DesignStatus.OK, cycles=9))], "f")


def _labelled(**figures: Any) -> KernelLabels:
    (design,) = GOOD.designs
    return replace(GOOD, designs=[replace(design, label=replace(design.label, **figures))])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([GOOD, _labelled(cycles=-100)], "cycles -100, which is no number of at least 0, for a-1 of atax"),
        ([GOOD, _labelled(clock_estimated_ns=math.nan)], "clock_estimated_ns nan"),
        ([GOOD, _labelled(status="fine")], "the status 'fine'"),
        ([GOOD, replace(GOOD, dialect="klingon")], "the dialect 'klingon', which is none"),
        ([GOOD, "labels"], "a str, where KernelLabels are wanted"),
        (None, "a NoneType, where KernelLabels are wanted"),
        ([GOOD, _labelled(cycles=0)], ""),
    ],
)
def test_an_importer_that_gives_labels_that_no_design_has_is_named(
    given: Any, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(IMPORTERS, "_added", {"acme": Importer("acme", lambda request: given)})
    found = labels_of("acme", ImportRequest(tmp_path))
    if not told:
        assert list(found) == given
        return
    if given is not None:
        assert next(found) == GOOD
    with pytest.raises(PipelineError, match=f"the importer acme gave {told}.*--layout"):
        list(found)
