"""A workspace that another version has filled."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline import __version__
from pipeline.tasks.older import other_versions
from tests.tasks.commands import dataset, luigi


def test_outputs_of_another_version_are_named_and_stay_and_this_versions_are_made(tmp_path: Path) -> None:
    arguments = ("--module", "pipeline", "GenerateDataset", "--kernels", "atax", "--workspace", str(tmp_path))
    assert luigi(*arguments).returncode == 0
    assert other_versions(tmp_path, __version__) is None
    # What the version before left: the same output under another path.
    old = dataset(tmp_path).rename(tmp_path / "datasets" / "old")
    card = json.loads((old / "card.json").read_text(encoding="utf-8"))
    card["provenance"]["version"] = "0.1.0"
    (old / "card.json").write_text(json.dumps(card), encoding="utf-8")
    (tmp_path / "datasets" / "latest").unlink()
    (tmp_path / "datasets" / "latest").symlink_to("old")
    done = luigi(*arguments)
    assert done.returncode == 0 and "datasets of version 0.1.0" in done.stderr, done.stderr
    assert old.is_dir() and dataset(tmp_path) != old and other_versions(tmp_path, __version__) is None


def test_models_and_loops_state_their_version_and_a_damaged_record_is_left_to_whoever_needs_it(tmp_path: Path) -> None:
    for kind, file, record in (
        ("models", "card.json", {"versions": {"hls-moe-pipeline": "0.1.0"}}),
        ("loops", "provenance.json", {"version": "0.0.9"}),
        ("datasets", "card.json", ["damaged"]),
    ):
        (tmp_path / kind / "latest").mkdir(parents=True)
        (tmp_path / kind / "latest" / file).write_text(json.dumps(record))
    said = other_versions(tmp_path, "0.2.0")
    assert said is not None and "has models of version 0.1.0, loops of version 0.0.9; 0.2.0 makes its own" in said
