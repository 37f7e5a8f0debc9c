"""What the targets of the Makefile do to a user's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.tasks.commands import BIN, ROOT, environment


def test_cleaning_up_keeps_the_reports_that_a_tool_was_paid_for_and_never_removes_a_checkout(tmp_path: Path) -> None:
    def clean(workspace: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "-f", str(ROOT / "Makefile"), "clean", f"WORKSPACE={workspace}", f"BIN={BIN}"]
        return subprocess.run(
            command, cwd=tmp_path / "checkout", env=environment(), capture_output=True, text=True, check=False
        )

    (tmp_path / "checkout").mkdir()
    kept = {"store/vitis/entry.zip", "validations/stores/a/entry.zip", ".hidden/x"}
    for file in (*kept, "models/m-0123456789ab/card.json", "datasets/d-0123456789ab/card.json"):
        path = tmp_path / "my work" / file
        path.parent.mkdir(parents=True)
        path.write_text("x")
    done = clean("../my work")
    assert done.returncode == 0 and "stays  store" in done.stdout, done.stderr
    left = {
        path.relative_to(tmp_path / "my work").as_posix() for path in tmp_path.glob("my work/**/*") if path.is_file()
    }
    assert left == kept
    for holds_it in (".", ".."):
        assert clean(holds_it).returncode != 0 and (tmp_path / "my work").is_dir()
