"""The notebook runs from top to bottom in this version."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.tasks.commands import ROOT

NOTEBOOK = ROOT / "notebooks" / "library_without_luigi.ipynb"


def test_the_notebook_runs_and_its_model_orders_designs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    notebook = nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "outputs in the file would grow stale"
    assert not any("luigi" in cell.source for cell in code)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    said = ["".join(output.get("text", "") for output in cell.outputs) for cell in code]
    (tau,) = (text for text in said if text.startswith("Kendall"))
    assert float(tau.rsplit(" ", 1)[1]) > 0.4, tau
    assert " cycles: " in said[-1], "the search found a design"
