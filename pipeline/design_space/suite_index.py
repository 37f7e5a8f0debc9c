"""What ``kernels/index.json`` says of the suite, so that listing it reads no C.

Reading the suite's forty kernels takes longer than all else that a listing does. The index holds for exactly the files
whose hash it states: where one of them has changed, the kernels are read.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.files import read_text

if TYPE_CHECKING:
    from pipeline.kernels.model import Kernel

INDEX = "index.json"
_COLUMNS = {"kernel", "top", "loops", "sites", "space_size"}
_MAX_BYTES = 10_000_000


def index_row(kernel: Kernel) -> dict[str, Any]:
    """One kernel as JSON values: ``kernel``, ``top``, numbers of ``loops`` and ``sites``, and ``space_size``.

    ``space_size`` is the number of valid points, None where it cannot be counted. Raises PipelineError for a space that
    cannot be read.
    """
    from pipeline.design_space.for_kernel import load_space

    space = load_space(kernel)
    return {
        "kernel": kernel.name,
        "top": kernel.top,
        "loops": len(kernel.loops),
        "sites": len(kernel.sites) + len(kernel.options),
        "space_size": space.size() if space.countable else None,
    }


def index_text(suite: Path, rows: list[dict[str, Any]]) -> str:
    """The content of the index of a suite's folder, with a row (:func:`index_row`) per kernel."""
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    return f'{{"files": "{_files_hash(suite)}", "kernels": [\n{lines}\n]}}\n'


def indexed_rows(suite: Path) -> list[dict[str, Any]] | None:
    """The rows of the suite's index; None where there is none, or it is not of the files that are there now.

    Raises PipelineError where the index is there and cannot be read.
    """
    file = suite / INDEX
    if not file.is_file():
        return None
    try:
        index = json.loads(read_text(file, most=_MAX_BYTES, fix="remove it; it only saves time"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(index, dict) or index.get("files") != _files_hash(suite):
        return None
    rows = index.get("kernels")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() == _COLUMNS for row in rows):
        return None
    return rows


def _files_hash(suite: Path) -> str:
    """A hash of all files in the kernels' folders, by name and content."""
    found = hashlib.sha256()
    for path in sorted(suite.glob("*/*")):
        if path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found.update(f"{path.relative_to(suite).as_posix()} {content}\n".encode())
    return found.hexdigest()
