"""The main jobs by replay of the shipped packs alone, without tool or network: ``python -m tests.replay_jobs``."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LUIGI = Path(sys.executable).parent / "luigi"


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs luigi in the repository's root, shows what it prints, and returns it."""
    print("$ luigi", *arguments, flush=True)
    done = subprocess.run([LUIGI, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    print(done.stdout + done.stderr, flush=True)
    return done


def generate_dataset(workspace: Path) -> None:
    """The dataset from the packs: every design labelled, the source named, nothing done twice."""
    arguments = ("--module", "pipeline", "GenerateDataset", "--backend", "replay", "--workspace", str(workspace))
    first = command(*arguments)
    assert first.returncode == 0, f"exit code {first.returncode}"
    assert "estimates of an analytical model" in first.stderr, "the summary must say that these are estimates"
    card = json.loads((workspace / "datasets" / "latest" / "card.json").read_text(encoding="utf-8"))
    assert list(card["sources"]) == ["estimator"], card["sources"]
    assert sum(1 for _ in (workspace / "shards").iterdir()) == len(list((ROOT / "reports" / "estimator").glob("*.zip")))
    again = command(*arguments)
    assert again.returncode == 0 and "Nothing to do" in again.stderr, "a second run must find everything done"


def two_stage_training(workspace: Path) -> None:
    """A small two-stage training on the packs: both stages, a model that says what it was trained on."""
    done = command("--module", "pipeline", "TrainHierarchicalMoE", "--epochs", "4", "--workspace", str(workspace))
    assert done.returncode == 0, f"exit code {done.returncode}"
    place = workspace / "models" / "latest"
    with (place / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        stages = {row["stage"] for row in csv.DictReader(stream) if row.get("stage")}
    assert len(stages) == 2, f"stages {stages} of the two"
    assert (place / "model.safetensors").is_file() and "estimator" in (place / "card.md").read_text(encoding="utf-8")


def active_learning_loop(workspace: Path) -> None:
    """The loop and its validation: only cached designs, the budget to the run, nothing called resynthesised."""
    arguments = ("--kernel", "atax", "--backend", "replay", "--batch", "8", "--workspace", str(workspace))
    first = command("--module", "pipeline", "RunActiveLearningLoop", "--budget", "12", *arguments)
    assert first.returncode == 0, f"exit code {first.returncode}"
    assert "could be picked; no tool was run" in first.stderr, "the summary must say what replay can pick"
    place = workspace / "loops" / "latest"
    runs = (place / "runs.csv").read_text(encoding="utf-8")
    assert len(runs.splitlines()) == 1 + 12 and "not_cached" not in runs, runs
    summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
    assert summary["validation"]["origins"] == ["replayed"], summary["validation"]
    assert (place / "best" / "atax.c").is_file() and (place / "report.html").is_file()
    more = command("--module", "pipeline", "RunActiveLearningLoop", "--budget", "16", *arguments)
    assert more.returncode == 0 and "round 1:" not in more.stderr, (
        "a larger budget must go on from the rounds there are"
    )
    assert (place / "runs.csv").read_text(encoding="utf-8").startswith(runs), "earlier runs must not change"


def loop_with_a_model(workspace: Path) -> None:
    """A loop whose forecasts come from the trained model, tuned anew between its rounds."""
    model = str(workspace / "models" / "latest")
    arguments = ("--kernel", "bicg", "--backend", "replay", "--batch", "5", "--budget", "10", "--model", model)
    done = command("--module", "pipeline", "RunActiveLearningLoop", *arguments, "--workspace", str(workspace))
    assert done.returncode == 0, f"exit code {done.returncode}"
    place = workspace / "loops" / "latest"
    summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
    assert summary["runs"] == 10 and summary["model"], summary
    with (place / "runs.csv").open(encoding="utf-8", newline="") as stream:
        chosen = {row["why"].split(":")[0] for row in csv.DictReader(stream)}
    rounds = (workspace / "rounds").glob("bicg-*/round-*/train")
    states = [json.loads((one / "state.json").read_text(encoding="utf-8"))["bicg"]["training"] for one in rounds]
    assert sorted(state["designs"] > 0 for state in states) == [False, True], states
    assert chosen, "every design says why it was picked"


def main() -> None:
    """Runs every job in a fresh workspace."""
    with tempfile.TemporaryDirectory() as folder:
        generate_dataset(Path(folder) / "workspace")
        two_stage_training(Path(folder) / "workspace")
        active_learning_loop(Path(folder) / "workspace")
        loop_with_a_model(Path(folder) / "workspace")
    print("replay jobs: all passed")


if __name__ == "__main__":
    main()
