"""The report store of a workspace."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.resources import data_folder

if TYPE_CHECKING:
    from pipeline.synthesis.store import ReportStore


def packs_folder() -> Path:
    """The shipped packs: ``reports/`` in the current folder if it holds SOURCE/PACK.zip, else the one of the package.

    Where there is neither, the folder into which BuildPacks writes.
    """
    try:
        return data_folder("reports")
    except PipelineError:
        return Path("reports")


@lru_cache(maxsize=8)
def open_store(workspace: str) -> ReportStore:
    """The report store of a workspace, over the shipped packs."""
    from pipeline.synthesis.store import ReportStore

    return ReportStore(Path(workspace) / "store", layers=[packs_folder()], fsync=False)
