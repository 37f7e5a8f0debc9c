"""Runs the literal commands of the README in the environment that the tests run in."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.tasks.forked import Forks

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
FORKS = "PYTEST_FORKS"
"""The variable with the socket of the process that forks commands."""


def environment(**extra: str) -> dict[str, str]:
    """The environment of a user: this one without what a test runner or another luigi setup may have set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LUIGI", "PYTEST", "XILINX"))}
    return {**kept, "OMP_NUM_THREADS": "1", **extra}


@functools.cache
def forks() -> Forks:
    """The process whose forks are commands, for all tests of this process."""
    return Forks(Path(os.environ[FORKS]), environment())


def luigi(
    *arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None, killed_after: float | None = None
) -> subprocess.CompletedProcess[str]:
    """``luigi ARGUMENTS`` from the repository's root, in a fork that goes the program's way."""
    env = environment() if env is None else env
    if forks().serves(env):
        return forks().run(arguments, cwd, env, killed_after=killed_after)
    assert killed_after is None
    return started(*arguments, cwd=cwd, env=env)


def python(program: str, *arguments: str, memory: int | None = None) -> subprocess.CompletedProcess[str]:
    """``python -c PROGRAM ARGUMENTS`` from the repository's root, in a fork that has the rooms loaded.

    ``memory`` is in bytes, beyond what these take.
    """
    return forks().run(arguments, ROOT, environment(), memory=memory, program=program)


def started(*arguments: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """``luigi ARGUMENTS`` as a program that a shell would start."""
    return subprocess.run(
        [str(BIN / "luigi"), *arguments], cwd=cwd, env=env or environment(), capture_output=True, text=True, check=False
    )


def module(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """``python -m pipeline ARGUMENTS``."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def dataset(workspace: Path) -> Path:
    """The folder of the newest dataset of a workspace."""
    return (workspace / "datasets" / "latest").resolve()


def content(folder: Path) -> dict[str, str]:
    """File name to hash, for everything that must be reproducible."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "runs.parquet"
    }


def one_error_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line of an ERROR; fails if there is a traceback or if nothing says ERROR."""
    text = done.stdout + done.stderr
    assert "Traceback" not in text, text
    lines = [line for line in text.splitlines() if line.startswith("ERROR")]
    assert len(lines) == 1, text
    return lines[0]
