"""Importers by name, each held to the laws of its kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.dataset.importers import IMPORTERS, ImportRequest
from pipeline.dataset.testing import ImporterConformance

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
