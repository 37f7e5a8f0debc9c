"""A loop that is killed goes on where it was."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.tasks.commands import content, luigi
from tests.tasks.loops import found, loop, rows

ARGUMENTS = ("--kernel", "bicg", "--budget", "14", "--batch", "6", "--surrogate", "forest", "--warm-start", "estimator")


def test_kill_9_at_any_moment_gives_the_runs_of_an_undisturbed_loop(tmp_path: Path) -> None:
    # What forks commands is there before the clock runs.
    luigi("--help")
    begin = time.monotonic()
    undisturbed = ("RunActiveLearningLoop", "--workspace", str(tmp_path / "undisturbed"), *ARGUMENTS)
    assert luigi(*undisturbed).returncode == 0
    duration = time.monotonic() - begin
    expected = content(found(tmp_path / "undisturbed"))
    moments = random.Random(7)
    workspace = tmp_path / "killed"
    for _ in range(3):
        luigi(
            "RunActiveLearningLoop", "--workspace", str(workspace), *ARGUMENTS,
            killed_after=moments.uniform(0.3, 0.8) * duration,
        )  # fmt: skip
    done = loop(workspace, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    assert content(found(workspace)) == expected
    assert [row["origin"] for row in rows(found(workspace) / "runs.csv")][:2] == ["as_written", "replayed"]
    assert not list(workspace.rglob(".aside-*")), "what a killed run left aside must not pile up"
