"""Whatever moment a run is killed at, the next run ends with the tables of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

from tests.tasks.commands import BIN, ROOT, content, dataset, environment, luigi, started

ARGUMENTS = (
    "--module", "pipeline", "GenerateDataset", "--backend", "estimator", "--kernels", "atax,bicg,gemm-ncubed",
    "--count", "120", "--workspace",
)  # fmt: skip


def test_kill_9_at_any_moment_loses_nothing_and_changes_no_byte_of_the_tables(tmp_path: Path) -> None:
    begin = time.monotonic()
    assert started(*ARGUMENTS, str(tmp_path / "undisturbed")).returncode == 0
    duration = time.monotonic() - begin
    expected = content(dataset(tmp_path / "undisturbed"))
    moments = random.Random(20)
    for trial in range(4):
        workspace = tmp_path / f"killed-{trial}"
        for _ in range(3):
            process = subprocess.Popen(
                [str(BIN / "luigi"), *ARGUMENTS, str(workspace)], cwd=ROOT, env=environment(), start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                process.wait(timeout=moments.uniform(0.1, 1.1) * duration)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        done = luigi(*ARGUMENTS, str(workspace))
        assert done.returncode == 0, done.stderr
        assert content(dataset(workspace)) == expected
        leftovers = [str(path) for path in workspace.rglob(".aside-*")]
        assert not leftovers, "what a killed run left aside must not pile up"
