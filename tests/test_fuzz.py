from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz import as_decorators

ROOT = Path(__file__).resolve().parents[1]
PROPERTY = """
from pathlib import Path
from hypothesis import example, given, reproduce_failure, strategies as st


{decorator}
@given(st.integers(0, 10**6), st.text(max_size=3))
def test_small(number, word):
    with Path(__file__).with_suffix(".seen").open("a") as file:
        file.write(f"{{number}} {{word!r}}\\n")
    assert number < {limit}
"""


def run(folder: Path, *command: str, limit: int = 10**9, decorator: str = "") -> subprocess.CompletedProcess[str]:
    file = folder / "test_property.py"
    file.write_text(PROPERTY.format(limit=limit, decorator=decorator), encoding="utf-8")
    # The folder of the file has no conftest of ours.
    argv = [sys.executable, "-m", *command, "-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*argv, str(file)], cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_every_run_of_the_tests_sees_the_same_examples(tmp_path: Path) -> None:
    seen = tmp_path / "test_property.seen"
    for _ in range(2):
        assert run(tmp_path, "pytest").returncode == 0
    lines = seen.read_text().splitlines()
    assert len(lines) >= 100 and lines[: len(lines) // 2] == lines[len(lines) // 2 :]


def test_fuzzing_finds_other_examples_and_prints_what_becomes_a_test(tmp_path: Path) -> None:
    seen = tmp_path / "test_property.seen"
    assert run(tmp_path, "tests.fuzz", "--minutes", "60", "--rounds", "3").returncode == 0
    assert len(set(seen.read_text().splitlines())) > 100
    found = run(tmp_path, "tests.fuzz", "--minutes", "60", "--rounds", "9", limit=1000)
    assert found.returncode == 1
    kept = found.stdout.partition("put one of these on it")[2]
    decorator = kept[kept.index("@example(") : kept.index("@reproduce_failure(")]
    assert "number=1000" in decorator
    again = run(tmp_path, "pytest", limit=1000, decorator=decorator)
    assert again.returncode == 1 and "number=1000" in again.stdout


def test_an_example_of_several_lines_is_kept_whole() -> None:
    said = "E   Falsifying example: test_x(\nE       a=[1,\nE        2],\nE       b='',\nE   )\nE   \nE   more\n"
    assert "".join(line + "\n" for line in as_decorators(said)) == "@example(\n    a=[1,\n    2],\n    b='',\n)\n"
