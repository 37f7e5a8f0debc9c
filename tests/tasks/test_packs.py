"""The shipped packs are what the one command makes of today's kernels and estimator."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.tasks.commands import ROOT, luigi


def test_a_clone_would_replay_estimates_that_nobody_can_make_again(tmp_path: Path) -> None:
    done = luigi("BuildPacks", "--output-folder", str(tmp_path / "packs"), "--workspace", str(tmp_path / "w"))
    assert done.returncode == 0, done.stderr
    shipped = {path.name: path for path in (ROOT / "reports" / "estimator").glob("*.zip")}
    made = {path.name: path for path in (tmp_path / "packs" / "estimator").glob("*.zip")}
    assert set(made) == set(shipped)
    for name, path in made.items():
        # Members, not archives: another zlib may pack the same bytes otherwise.
        with zipfile.ZipFile(path) as new, zipfile.ZipFile(shipped[name]) as old:
            assert new.namelist() == old.namelist()
            assert all(new.read(member) == old.read(member) for member in new.namelist())
