"""``Status``: what runs, what was killed, and how to go on."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import __version__
from pipeline.workspace.facts import workspace_facts
from pipeline.workspace.page import overview_page
from pipeline.workspace.text import status_text
from tests.tasks.commands import BIN, ROOT, environment, luigi, one_error_line
from tests.tasks.loops import SAXPY, loop

ARGUMENTS = ("--backend", "estimator", "--warm-start", "none", "--surrogate", "forest", "--batch", "3", "--top-k", "0")


def status(workspace: Path) -> dict[str, Any]:
    """What Status tells as JSON."""
    done = luigi("Status", "--workspace", str(workspace), "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def held_up(workspace: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A loop that stands still once a round has ended, as its terminal takes no more."""
    command = [str(BIN / "luigi"), "--module", "pipeline", "RunActiveLearningLoop", "--workspace", str(workspace)]
    process = subprocess.Popen(
        [*command, *arguments], cwd=ROOT, env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "round 1:" in line:
                break
        yield process
    finally:
        process.kill()
        process.communicate()


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_loop_is_running_then_killed_then_finished_and_the_command_it_names_goes_on(tmp_path: Path) -> None:
    kernel = tmp_path / "saxpy.c"
    kernel.write_text(SAXPY)
    workspace = tmp_path / "my work"
    given = ("--kernel", str(kernel), *ARGUMENTS, "--budget", "300")
    for process in held_up(workspace, *given):
        os.killpg(process.pid, signal.SIGSTOP)
        before = content(workspace)
        (running,) = status(workspace)["loops"]
        assert content(workspace) == before, "Status writes nothing"
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (running["state"], running["budget"], running["next"]) == ("running", 300, None)
    assert running["runs"] >= 3 and running["best"]["saxpy"]["cycles"] > 0 and running["part"]
    (killed,) = status(workspace)["loops"]
    assert killed["state"] == "killed" and killed["runs"] >= running["runs"]
    words = shlex.split(killed["next"])
    assert words[:4] == ["luigi", "--module", "pipeline", "RunActiveLearningLoop"]
    # A smaller budget takes the same rounds, and is soon done.
    words[words.index("300")] = "6"
    done = luigi(*words[1:])
    assert done.returncode == 0, done.stderr
    (finished,) = status(workspace)["loops"]
    assert (finished["state"], finished["runs"], finished["next"]) == ("finished", 6, None)
    facts = workspace_facts(workspace, __version__)
    place = f"loops/{finished['name']}/report.html"
    assert f'href="./{place}"' in overview_page(facts, workspace)
    elsewhere = overview_page(facts, tmp_path / "pages")
    assert str(workspace / place) in elsewhere and 'href="./' not in elsewhere, "links break when a page is moved"


def test_what_is_damaged_or_of_another_version_is_named_and_old_rounds_without_a_record_are_not_running(
    tmp_path: Path,
) -> None:
    assert loop(tmp_path, "--kernel", "atax", *ARGUMENTS, "--budget", "4").returncode == 0
    (found,) = status(tmp_path)["loops"]
    made = json.loads((tmp_path / "loops" / found["name"] / "provenance.json").read_text())
    (tmp_path / "loops" / found["name"] / "provenance.json").write_text(json.dumps(made | {"version": "0.1.0"}))
    for kind, file in (("datasets", "card.json"), ("models", "card.json"), ("studies", "summary.json")):
        (tmp_path / kind / "odd").mkdir(parents=True)
        (tmp_path / kind / "odd" / file).write_text('{"half": ')
    told = status(tmp_path)
    assert len(told["damaged"]) == 3 and "1 loops of version 0.1.0" in told["notes"][0]
    best = found["best"]["atax"]
    shutil.rmtree(tmp_path / "loops")
    for costs in tmp_path.glob("rounds/*/round-*/runs-*/costs.json"):
        costs.unlink()
    (old,) = status(tmp_path)["loops"]
    assert (old["state"], old["runs"], old["best"]["atax"]["cycles"]) == ("not running", 4, best["cycles"])
    text = luigi("Status", "--workspace", str(tmp_path), "--page-file", str(tmp_path / "pages" / "overview.html"))
    assert "not running" in text.stdout and "Damaged: " in text.stdout
    assert "Workspace" in (tmp_path / "pages" / "overview.html").read_text()


def test_a_workspace_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = luigi("Status", "--workspace", str(tmp_path / "none"))
    assert done.returncode != 0 and "there is no such workspace" in one_error_line(done)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", ["", "{", '{"task": 1}\n{"exit_code": "x"}\n', "[]\n3\n", "\xff"])
def test_a_record_that_is_half_written_still_tells_that_its_command_was_killed(tmp_path: Path, content: str) -> None:
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "GenerateDataset-0123-ab").write_text(content, encoding="latin-1")
    (tmp_path / "commands" / "RunActiveLearningLoop-0123-ab").write_text(content, encoding="latin-1")
    told = status(tmp_path)
    assert [one["state"] for one in (*told["commands"], *told["loops"])] == ["killed", "killed"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, ": a-2.b-NA\n"),
        ({"k": ["TAP.unroll 1 to 2"]}, ": TAP.unroll 1 to 2\n"),
        ({"k": list("abcdefg")}, ": a, b, c, d, e, f and 1 more\n"),
    ],
)
def test_a_best_design_is_told_by_what_it_changes_and_by_its_key_until_that_is_known(
    changed: dict[str, list[str]], told: str, tmp_path: Path
) -> None:
    best = {"k": {"key": "a-2.b-NA", "cycles": 9, "utilisation": {}}}
    one = {
        "name": "k-1", "state": "finished", "kernels": ["k"], "source": "s", "best": best, "nearest": {}, "runs": 3,
        "budget": 3, "rounds": 1, "changed": changed, "compared": {"k": "as fast"}, "part": None, "clock_ns": None,
        "objective": None, "limits": [], "utilisation_limit": None, "target": None, "unit": None, "next": None,
        "page": None,
    }  # fmt: skip
    facts = workspace_facts(tmp_path, __version__) | {"loops": [one]}
    assert told in status_text(facts)
    assert "k: no run yet" in status_text(facts | {"loops": [one | {"best": {}, "runs": 0, "state": "running"}]})
