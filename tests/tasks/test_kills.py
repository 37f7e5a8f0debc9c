"""Whatever moment a run is killed at, the next run ends with the tables of an undisturbed one."""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.tasks.commands import content, dataset, luigi

ARGUMENTS = (
    "--module", "pipeline", "GenerateDataset", "--backend", "estimator", "--kernels", "atax,bicg,gemm-ncubed",
    "--count", "60", "--workspace",
)  # fmt: skip


def test_kill_9_at_any_moment_loses_nothing_and_changes_no_byte_of_the_tables(tmp_path: Path) -> None:
    # What forks commands is there before the clock runs.
    luigi("--help")
    begin = time.monotonic()
    assert luigi(*ARGUMENTS, str(tmp_path / "undisturbed")).returncode == 0
    duration = time.monotonic() - begin
    expected = content(dataset(tmp_path / "undisturbed"))
    moments = random.Random(20)
    for trial in range(2):
        workspace = tmp_path / f"killed-{trial}"
        for _ in range(4):
            luigi(*ARGUMENTS, str(workspace), killed_after=moments.uniform(0.1, 1.1) * duration)
        done = luigi(*ARGUMENTS, str(workspace))
        assert done.returncode == 0, done.stderr
        assert content(dataset(workspace)) == expected
        leftovers = [str(path) for path in workspace.rglob(".aside-*")]
        assert not leftovers, "what a killed run left aside must not pile up"
