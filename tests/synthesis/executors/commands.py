"""Starts commands in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def start_command(
    kind: str, folder: Path, *, count: int, seconds: float, licences: int, prefix: str = "job", address: str = ""
) -> subprocess.Popen[str]:
    """A pipeline process that runs counted jobs; its results come as lines of its stdout."""
    arguments = (kind, "8", str(licences), str(folder), str(count), str(seconds), prefix, address)
    return start_python("-m", "tests.synthesis.executors.a_command", *arguments)


def start_python(*arguments: str) -> subprocess.Popen[str]:
    """Python in the repository's root, its stdout as text; it can be interrupted."""
    # A shell starts a background job (``make test &``) with SIGINT ignored, and its children inherit that.
    return subprocess.Popen(
        ["env", "--default-signal=INT", sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
