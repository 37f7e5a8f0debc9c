"""Loops as users run them, and what they leave."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.kernels.harness import compiler
from tests.tasks.commands import luigi

SAXPY = """\
/* y += a x */
void saxpy(float a, float x[256], float y[256]) {
  for (int i = 0; i < 256; i++)
    y[i] += a * x[i];
}
"""


def loop(workspace: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """``luigi RunActiveLearningLoop ARGUMENTS`` from the repository's root."""
    return luigi("RunActiveLearningLoop", "--workspace", str(workspace), *arguments, env=env)


def found(workspace: Path) -> Path:
    """The folder of the newest loop."""
    return (workspace / "loops" / "latest").resolve()


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def facts(workspace: Path) -> dict[str, Any]:
    """The summary of the newest loop."""
    value: dict[str, Any] = json.loads((found(workspace) / "summary.json").read_text(encoding="utf-8"))
    return value


def compiles(file: Path, folder: Path) -> None:
    """Fails where a C compiler refuses the file."""
    done = subprocess.run(
        [*compiler(), "-Wno-unknown-pragmas", "-c", "-o", str(folder / "design.o"), str(file)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
