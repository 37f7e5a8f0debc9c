"""``Compare`` on a command line: a build fails with a code of its own where the design got slower."""

from __future__ import annotations

import json
from pathlib import Path

from tests.loop.test_comparison import BASE
from tests.tasks.commands import luigi, one_error_line


def test_a_slower_design_ends_with_exit_code_3_and_json_on_standard_output(tmp_path: Path) -> None:
    for name, cycles in (("fast", 1000), ("slow", 1100)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "point.json").write_text(json.dumps(BASE | {"cycles": cycles}), encoding="utf-8")
    command = ("--module", "pipeline", "Compare", "--first", str(tmp_path / "fast"), "--second", str(tmp_path / "slow"))
    worse, fine, wrong = (luigi(*command, "--fail-above", share) for share in ("5%", "10%", "x"))
    assert worse.returncode == 3 and json.loads(worse.stdout)["worse"] == ["cycles", "ns"]
    assert fine.returncode == 0 and json.loads(fine.stdout)["worse"] == []
    assert wrong.returncode == 30 and "--fail-above 'x' is no share" in one_error_line(wrong)
