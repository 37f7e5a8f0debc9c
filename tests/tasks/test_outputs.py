"""Outputs are whole: what was removed of a finished one is put back, and nothing else in it is touched."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.tasks.outputs import FILES, FolderTarget, shown_files
from pipeline.tasks.provisional import ProvisionalTarget


@pytest.mark.parametrize("kind", [FolderTarget, ProvisionalTarget])
def test_what_somebody_removed_of_an_output_is_put_back_and_said_and_their_own_files_stay(
    tmp_path: Path, kind: type[FolderTarget], capsys: pytest.CaptureFixture[str]
) -> None:
    target = kind(tmp_path / "out")

    def made(text: str) -> None:
        with target.write() as folder:
            for name in ("runs.csv", "best/a.c", "tensorboard/events"):
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_text(text)

    made("first")
    assert target.exists() and not capsys.readouterr().err
    assert shown_files(target.path) == ["best/", "runs.csv", "tensorboard/"]
    shutil.rmtree(target.path / "tensorboard")
    assert target.exists(), "for what nobody needs nothing is made again"
    (target.path / "notes.txt").write_text("mine")
    shutil.rmtree(target.path / "best")
    assert not target.exists()
    made("again")
    assert target.exists() and "best/ had been removed; put back." in capsys.readouterr().err
    texts = {path.name: path.read_text() for path in target.path.rglob("*") if path.is_file() and path.name != FILES}
    assert texts == {"runs.csv": "first", "a.c": "again", "notes.txt": "mine"}
    (target.path / FILES).unlink()
    (target.path / "runs.csv").unlink()
    assert target.exists(), "folders of earlier versions say nothing of their files"
