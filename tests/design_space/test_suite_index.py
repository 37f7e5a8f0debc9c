"""The suite's index: believed for exactly the files that it was made of."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.design_space.suite_index import INDEX, index_row, index_text, indexed_rows
from pipeline.kernels.suite import find_kernel, suite_folder


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two kernels with their index."""
    for name in ("atax", "gemm-ncubed"):
        shutil.copytree(suite_folder() / name, tmp_path / name)
    rows = [index_row(find_kernel(str(tmp_path / name / f"{name}.c"))) for name in ("atax", "gemm-ncubed")]
    (tmp_path / INDEX).write_text(index_text(tmp_path, rows), encoding="utf-8")
    return tmp_path


def test_the_index_says_what_the_kernels_say(suite: Path) -> None:
    assert indexed_rows(suite) == [
        {"kernel": "atax", "top": "kernel_atax", "loops": 4, "sites": 5, "space_size": 2644},
        {"kernel": "gemm-ncubed", "top": "gemm", "loops": 3, "sites": 7, "space_size": 7152},
    ]


@pytest.mark.parametrize("change", ["edited", "added", "renamed", "gone", "damaged", "foreign", "no index"])
def test_a_suite_that_is_not_the_indexed_one_is_read_anew(change: str, suite: Path) -> None:
    file = suite / "atax" / "space.toml"
    if change == "edited":
        file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    elif change == "added":
        (suite / "own").mkdir()
        (suite / "own" / "own.c").write_text("void own(void) {}")
    elif change == "renamed":
        (suite / "atax").rename(suite / "atax2")
    elif change == "gone":
        file.unlink()
    else:
        text = (suite / INDEX).read_text(encoding="utf-8")
        changed = {"damaged": text[:-9], "foreign": text.replace('"kernel":', '"name":'), "no index": ""}[change]
        (suite / INDEX).write_text(changed, encoding="utf-8")
    assert indexed_rows(suite) is None
