"""Training from the command line: what the folder of a model holds, and that a killed run continues."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import signal
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file

from tests.tasks.commands import BIN, ROOT, environment, luigi, one_error_line

SMALL = ("--model-options", '{"hidden": 16, "layers": 2, "experts": 2}')
EPOCHS = ("--epochs", "8")
DATA = ("--kernels", "atax,bicg,gemm-ncubed")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a trained model in ``models/latest``."""
    workspace = tmp_path_factory.mktemp("trained")
    done = luigi("TrainHierarchicalMoE", *DATA, *SMALL, *EPOCHS, "--workspace", str(workspace))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    return workspace


def _model(workspace: Path) -> Path:
    return (workspace / "models" / "latest").resolve()


def _dataset(workspace: Path) -> Path:
    (folder,) = (workspace / "datasets").glob("estimator-*")
    return folder


def _content(folder: Path) -> dict[str, str]:
    """What must be the same of two trainings."""
    weights = b"".join(value.numpy().tobytes() for _, value in sorted(load_file(folder / "model.safetensors").items()))
    tables = {name: (folder / name).read_bytes() for name in ("metrics.csv", "predictions.parquet", "gates.csv")}
    return {name: hashlib.sha256(data).hexdigest() for name, data in {**tables, "weights": weights}.items()}


def test_a_model_would_not_say_what_it_was_made_from_and_how_good_it_is(trained: Path) -> None:
    folder = _model(trained)
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "model.safetensors", "card.json", "card.md", "metrics.csv", "predictions.parquet", "gates.csv", "gates.svg",
        "experts.svg", "predicted.svg", "curves.svg", "tensorboard",
    }  # fmt: skip
    card = json.loads((folder / "card.json").read_text())
    assert card["sources"] == ["estimator"]
    assert "not results of an HLS tool" in (folder / "card.md").read_text()
    assert {"torch", "lightning", "hls-moe-pipeline"} <= set(card["versions"])
    assert {row["kernel"] for row in card["data"]} == {"atax", "bicg", "gemm-ncubed"}
    curves = list(csv.DictReader((folder / "metrics.csv").open()))
    assert [row["stage"] for row in curves] == ["separate"] * 5 + ["joint", "separate", "joint"]
    predictions = pq.read_table(folder / "predictions.parquet").to_pylist()
    own = [(r["true"] - r["predicted"]) ** 2 for r in predictions if (r["side"], r["target"]) == ("test", "perf")]
    said = next(row for row in card["scores"] if (row["side"], row["target"]) == ("test", "perf"))
    assert said["mse"] == pytest.approx(sum(own) / len(own))
    assert min(row["predicted"] for row in predictions if row["target"] != "perf") >= 0
    assert {row["method"] for row in card["baselines"]} == {"mean", "forest"}
    assert {row["method"] for row in card["errors"]} == {"model", "mean", "forest"}
    # The labels are estimates, so estimates would be the answer.
    assert card["model"]["estimate_use"] == "none" and "no input of any model" in (folder / "card.md").read_text()
    gates: dict[tuple[str, str], float] = {}
    for row in csv.DictReader((folder / "gates.csv").open()):
        key = row["kernel"], row["gate"]
        gates[key] = gates.get(key, 0.0) + float(row["weight"])
    assert len(gates) == 3 * 4
    assert all(total == pytest.approx(1, abs=1e-5) for total in gates.values())
    assert not list((trained / "models").glob(".training-*"))


def test_a_killed_training_would_begin_again_or_end_elsewhere(trained: Path, tmp_path: Path) -> None:
    arguments = (
        "TrainHierarchicalMoE", "--dataset", str(_dataset(trained)), *SMALL, *EPOCHS, "--workspace", str(tmp_path),
    )  # fmt: skip
    process = subprocess.Popen(
        [str(BIN / "luigi"), *arguments], cwd=ROOT, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while process.poll() is None and not list(tmp_path.glob("models/.training-*/last.ckpt")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    done = luigi(*arguments)
    assert done.returncode == 0, done.stderr
    assert _content(_model(tmp_path)) == _content(_model(trained))
    assert "Nothing to do" in luigi(*arguments).stderr


def test_a_model_would_not_adapt_to_a_kernel_it_has_not_seen(trained: Path, tmp_path: Path) -> None:
    arguments = (
        "FineTune", "--kernel", "doitgen-red", "--epochs", "10", "--model", str(_model(trained)),
        "--workspace", str(tmp_path), "--shots",
    )  # fmt: skip
    done = luigi(*arguments, "12")
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "models").glob("*-doitgen-red-12-shots-*")
    card = json.loads((folder / "card.json").read_text())
    assert len(set(card["provenance"]["shot_keys"])) == 12
    # Before and after stand side by side, and whether the model had met the kernel is said.
    assert {"model before", "model"} <= {row["method"] for row in card["errors"]}
    assert any("doitgen-red was" in note and "trained on" in note for note in card["notes"])
    sides = pq.read_table(folder / "predictions.parquet").column("side").to_pylist()
    assert sides.count("shot") == 12 * 5
    assert "shots of doitgen-red from estimator" in one_error_line(luigi(*arguments, "100000"))


def test_more_shots_than_designs_are_refused_before_a_model_is_trained_for_them(trained: Path, tmp_path: Path) -> None:
    data = ("--dataset", str(_dataset(trained)), "--workspace", str(tmp_path))
    many = luigi("FineTune", *data, "--kernel", "atax", "--epochs", "1", "--shots", "100000")
    assert "100000 shots of atax from estimator, which has " in one_error_line(many)
    assert not (tmp_path / "models").exists()


def test_a_mistake_would_end_in_a_traceback(trained: Path) -> None:
    finished = ("--dataset", str(_dataset(trained)), "--workspace", str(trained))
    for arguments, text in (
        (("TrainHierarchicalMoE", *finished, "--split", "mine"), "no split 'mine'"),
        (("TrainHierarchicalMoE", *finished, "--devices", "1000000"), "--devices 1000000 on a machine with"),
        (("FineTune", *finished, "--kernel", "atax", "--model", str(trained)), "no such model"),
    ):
        assert text in one_error_line(luigi(*arguments))
