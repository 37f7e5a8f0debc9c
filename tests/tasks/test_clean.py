"""``CleanWorkspace``: what a tool was paid for stays, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pipeline.workspace.cleaning import GONE, items, remove
from pipeline.workspace.commands import begin
from tests.tasks.commands import luigi, one_error_line, python

PAID, FREE = '{"origin": "synthesised"}\n', '{"origin": "estimated"}\n'


def workspace_in(folder: Path) -> tuple[set[str], set[str]]:
    """Fills a workspace; the files that stay, and those that can go."""
    origins = {"validation": {"origins": ["replayed"]}}
    tools = {"flow": {"tool": "Vitis HLS"}}
    estimates = {"flow": {"tool": "hls-moe-pipeline estimator"}}
    digest = "b6f86b24f2b87ba9b897df652e0f7077"
    stay = {
        f"store/vitis/{digest}/address.json": json.dumps(tools),
        f"store/damaged/{digest}/address.json": "{",
        f"validations/stores/one/vitis/{digest}/address.json": json.dumps(tools),
        "validations/paid/validated.jsonl": FREE + PAID,
        "rounds/paid/round-001/runs-k/runs.jsonl": FREE,
        "rounds/paid/round-002/runs-k/runs.jsonl": PAID,
        "rounds/damaged/round-001/runs-k/runs.jsonl": "{",
        "loops/paid/summary.json": json.dumps(origins | {"origins": ["estimated", "synthesised"]}),
        "loops/old/summary.json": "{}",
        "designs/k/uniform-1/designs.parquet": "",
        "imports/i/provenance.json": "{}",
        "mine/notes.txt": "x",
        "models/teammodel/model.safetensors": "x",
        "models/notes.txt": "x",
        "descriptions/mine.json": "{}",
        "rounds/begun-0123456789ab/round-001/proposals.json": "{}",
        "loops/touched-0123456789ab/summary.json": json.dumps(origins | {"origins": ["estimated"]}),
        "loops/touched-0123456789ab/best/vitis/prj/csynth.rpt": "put there by the tool, later",
        "results.csv": "x",
    }
    free = {
        f"store/estimator/{digest}/address.json": json.dumps(estimates),
        f"validations/stores/two/estimator/{digest}/address.json": json.dumps(estimates),
        "validations/free/validated.jsonl": FREE,
        "rounds/free-0123456789ab/round-001/runs-k/runs.jsonl": FREE,
        "loops/free-0123456789ab/summary.json": json.dumps(origins | {"origins": ["estimated"]}),
        "designs/k/cached-1/designs.parquet": "",
        "datasets/d-0123456789ab/card.json": "{}",
        "models/m-0123456789ab/card.json": "{}",
        "models/m-0123456789ab/model.safetensors": "",
    }
    for name, text in (stay | free).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        if text.startswith("put there"):
            os.utime(folder / name, (2e9, 2e9))
    return set(stay), set(free)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_a_tool_was_run_for_or_is_not_known_to_be_free_stays_and_nothing_goes_unasked(tmp_path: Path) -> None:
    workspace, elsewhere = tmp_path / "workspace", tmp_path / "elsewhere"
    stay, free = workspace_in(workspace)
    elsewhere.mkdir()
    (elsewhere / "model.safetensors").write_text("x")
    (workspace / "models" / "linked").symlink_to(elsewhere)
    (workspace / "models" / "latest").symlink_to("m-0123456789ab")
    (workspace / "graphs").symlink_to(elsewhere)
    (workspace / "datasets" / "d-0123456789ab" / "link").symlink_to(elsewhere)
    shown = luigi("CleanWorkspace", "--workspace", str(workspace))
    assert shown.returncode == 0 and "--yes does it" in shown.stdout and free <= files(workspace)
    done = luigi("CleanWorkspace", "--workspace", str(workspace), "--yes", "--keep", "datasets")
    assert done.returncode == 0, done.stderr
    linked = {"models/linked/model.safetensors", "graphs/model.safetensors"}
    assert files(workspace) - linked == stay | {"datasets/d-0123456789ab/card.json"}
    assert (elsewhere / "model.safetensors").is_file() and not (workspace / "models" / "latest").is_symlink()


def test_a_folder_that_is_no_workspace_stays_as_it_is(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    for name in ("models/resnet/model.safetensors", "datasets/imagenet/card.json", "downloads/x", "main.py"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
    outside.mkdir()
    (outside / "latest").symlink_to("nowhere")
    (project / "exports").symlink_to(outside)
    before = {path.relative_to(tmp_path) for path in tmp_path.rglob("*")}
    assert luigi("CleanWorkspace", "--workspace", str(project), "--yes").returncode == 0
    assert {path.relative_to(tmp_path) for path in tmp_path.rglob("*")} == before


def test_a_clean_up_that_is_killed_leaves_nothing_that_looks_whole_and_a_second_one_finishes_it(tmp_path: Path) -> None:
    stay, _ = workspace_in(tmp_path)
    # Dies with one of the two files of the model gone.
    script = (
        "import os, shutil, signal, sys\n"
        "from pathlib import Path\n"
        "from pipeline.workspace import cleaning\n"
        "whole = shutil.rmtree\n"
        "def killed(path):\n"
        "    if not (path / 'model.safetensors').exists(): return whole(path)\n"
        "    (path / 'card.json').unlink(); os.kill(os.getpid(), signal.SIGKILL)\n"
        "shutil.rmtree = killed\n"
        "list(cleaning.remove(cleaning.items(Path(sys.argv[1]))))\n"
    )
    assert python(script, str(tmp_path)).returncode == -9
    assert not (tmp_path / "models" / "m").exists() and list(tmp_path.glob(f"models/{GONE}*"))
    list(remove(items(tmp_path)))
    assert files(tmp_path) == stay and not list(tmp_path.rglob(f"{GONE}*"))


def test_nothing_is_removed_while_a_command_runs_and_none_begins_while_it_is(tmp_path: Path) -> None:
    stay, free = workspace_in(tmp_path)
    running = begin(tmp_path, "RunActiveLearningLoop", "rounds", {})
    refused = luigi("CleanWorkspace", "--workspace", str(tmp_path), "--yes")
    assert "RunActiveLearningLoop is running in this workspace" in one_error_line(refused) and refused.returncode != 0
    assert stay | free <= files(tmp_path)
    running.ended(1)
    cleaning = begin(tmp_path, "CleanWorkspace", "all", {})
    refused = luigi("GenerateDataset", "--workspace", str(tmp_path), "--kernels", "atax")
    assert refused.returncode != 0 and "is being cleaned up" in one_error_line(refused)
    assert luigi("Status", "--workspace", str(tmp_path)).returncode == 0
    cleaning.ended(0)
