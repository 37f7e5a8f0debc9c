from __future__ import annotations

import logging
import math
import signal
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.models import DesignModel, ModelConfig, target_losses
from pipeline.models.config import TARGETS
from pipeline.training import TrainingConfig, objective, preset
from pipeline.training.batches import EpochBatches, TrainingDesigns
from pipeline.training.pretrain import CHECKPOINT, CURVES, pretrain
from tests.tasks.commands import python
from tests.training.killed_run import run
from tests.training.small import MODEL, made_up, with_estimates

QUICK = TrainingConfig(epochs=4, batch_size=16, kernels_per_batch=2, accelerator="cpu")

IMPROVED: dict[str, object] = {
    "pragma_scale": "log2", "last_activation": "none", "standardised": True, "estimates": 9, "estimate_use": "both",
    "sources": ("made-up", "other"), "expert_init": "independent",
}  # fmt: skip


def _run(folder: Path, kill_after: int) -> subprocess.CompletedProcess[str]:
    return python(f"from tests.training.killed_run import run; print(run({str(folder)!r}, {kill_after}))")


def test_a_killed_training_would_end_in_other_weights_or_curves_than_an_undisturbed_one(tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    undisturbed = run(str(tmp_path / "whole"), 0)
    assert _run(tmp_path / "killed", 3).returncode == -signal.SIGKILL
    resumed = _run(tmp_path / "killed", 0)
    assert (resumed.stdout.strip(), resumed.stderr) == (undisturbed, "")
    assert (tmp_path / "killed" / CURVES).read_bytes() == (tmp_path / "whole" / CURVES).read_bytes()
    assert len((tmp_path / "whole" / CURVES).read_text().splitlines()) == 1 + 6
    assert run(str(tmp_path / "whole"), 0) == undisturbed
    torch.set_num_threads(threads)


def test_an_interrupt_would_be_taken_for_a_defect_or_be_the_last_that_is_heard() -> None:
    def interrupted(steps: int = 1, note: str = "") -> None:
        raise KeyboardInterrupt(signal.SIGTERM)

    heard = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as caught:
        pretrain([made_up()], MODEL, QUICK, advance=interrupted)
    assert caught.value.args == (signal.SIGTERM,) and signal.getsignal(signal.SIGINT) is heard


def test_the_stages_would_not_alternate_or_the_score_would_not_be_that_of_the_joint_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = replace(QUICK, epochs=8, learning_rate=1e-2)
    assert [config.is_joint(epoch) for epoch in range(1, 9)] == [False] * 5 + [True, False, True]
    assert all(replace(config, separate_share=0.0).is_joint(epoch) for epoch in range(1, 9))
    called: list[str] = []
    for name in ("joint_loss", "separate_loss"):
        inner = getattr(objective, name)

        def spied(*args: object, _name: str = name, _inner: object = inner) -> object:
            called.append(_name)
            return _inner(*args)  # type: ignore[operator]

        monkeypatch.setattr(objective, name, spied)
    found = pretrain([made_up(0)], MODEL, config, validation=[made_up(1)])
    per_epoch = len(called) // 8
    assert called == [
        n for n in ["separate_loss"] * 5 + ["joint_loss", "separate_loss", "joint_loss"] for _ in range(per_epoch)
    ]
    rows = found.curves
    assert [row["stage"] for row in rows] == ["separate"] * 5 + ["joint", "separate", "joint"]
    best = min(rows, key=lambda row: row["validation_loss"])
    assert found.best_epoch == best["epoch"]
    held_out = list(TrainingDesigns([made_up(1)], "regression").in_order())
    assert objective.validation_loss(found.model, held_out) == pytest.approx(best["validation_loss"], rel=1e-6)


def test_published_training_would_be_another_than_the_papers() -> None:
    config = TrainingConfig()
    assert (config.epochs, config.batch_size, config.kernels_per_batch, config.optimiser) == (1000, 64, 0, "adam")
    assert (config.learning_rate, config.final_learning_rate, config.weight_decay) == (5e-4, 1e-5, 1e-4)
    assert sum(config.is_joint(epoch) for epoch in range(1, 1001)) == 250
    assert not any(config.is_joint(epoch) for epoch in range(1, 501))
    steps = 100_000
    rates = [config.learning_rate_at(step, steps) for step in (0, 999, 1999, 2000, steps - 1)]
    assert rates == pytest.approx([5e-4 / 2000, 2.5e-4, 5e-4, 5e-4, 1e-5])
    middle = 2000 + (steps - 1 - 2000) // 2
    assert config.learning_rate_at(middle, steps) == pytest.approx((5e-4 + 1e-5) / 2, rel=1e-3)
    assert (config.ranking_weight, config.gradient_clip, config.patience, config.meta) == (0, 0, 0, "none")
    assert TrainingConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("kernels", [0, 1, 2])
def test_an_epoch_would_skip_or_repeat_designs_or_come_in_the_order_of_the_last(kernels: int) -> None:
    designs = TrainingDesigns([made_up(0, 30), made_up(1, 11), made_up(2, 5)], "regression")
    order = EpochBatches(designs.graph_of, 8, kernels, seed=1)
    epochs = []
    for epoch in (0, 1, 0):
        order.set_epoch(epoch)
        epochs.append(list(order))
    assert epochs[0] == epochs[2] != epochs[1]
    assert all(sorted(row for batch in found for row in batch) == list(range(len(designs))) for found in epochs)
    assert len(epochs[0]) == len(order)
    if kernels:
        assert all(len(set(designs.graph_of[batch])) <= kernels and len(batch) <= 8 for batch in epochs[0])


@pytest.mark.parametrize(
    ("model", "training"),
    [
        (IMPROVED, {"optimiser": "adamw", "ranking_weight": 0.1, "balance_targets": 0.5, "gradient_clip": 1.0}),
        ({}, {"meta": "fomaml", "meta_rate": 1e-4, "meta_steps": 2, "kernels_per_batch": 1}),
        ({"task": "validity"}, {}),
        ({"encoder": "PNAConv"}, {"trainable": "after-encoder"}),
    ],
    ids=["improvements", "fomaml", "validity", "pna"],
)
def test_an_option_would_not_learn_what_the_labels_say(model: dict[str, object], training: dict[str, object]) -> None:
    data = [made_up(0), made_up(1, source="other")]
    if "estimates" in model:
        data = [with_estimates(one) for one in data]
    config = replace(QUICK, epochs=5, learning_rate=1e-2, **training)  # type: ignore[arg-type]
    found = pretrain(data, replace(MODEL, **model), config, validation=data)  # type: ignore[arg-type]
    losses = [row["validation_loss"] for row in found.curves]
    assert min(losses[2:]) < losses[0]
    assert not found.model.training


def test_a_loss_that_is_no_number_would_be_trained_on(tmp_path: Path) -> None:
    config = replace(QUICK, learning_rate=1e30, keep="last")
    with pytest.raises(PipelineError, match=r"the loss became (nan|inf) in epoch \d, batch \d") as caught:
        pretrain([made_up(0)], MODEL, config, folder=tmp_path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_training_or_a_broken_one_would_be_taken_up(tmp_path: Path) -> None:
    pretrain([made_up(0)], MODEL, replace(QUICK, epochs=1), folder=tmp_path)
    held = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert held["epoch"] == 0
    with pytest.raises(PipelineError, match="another training: schedule differ"):
        pretrain([made_up(0)], MODEL, replace(QUICK, epochs=2), folder=tmp_path)
    with pytest.raises(PipelineError, match="another training: data differ"):
        pretrain([made_up(1)], MODEL, replace(QUICK, epochs=1), folder=tmp_path)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:3000])
    with pytest.raises(PipelineError, match="not a checkpoint that can be read") as caught:
        pretrain([made_up(0)], MODEL, replace(QUICK, epochs=1), folder=tmp_path)
    assert "\n" not in str(caught.value)


def test_training_would_leave_files_behind_or_change_the_callers_random_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    state, level = torch.get_rng_state(), logging.getLogger("lightning.pytorch").level
    first = pretrain([made_up(0)], MODEL, replace(QUICK, epochs=1))
    assert torch.equal(state, torch.get_rng_state())
    assert logging.getLogger("lightning.pytorch").level == level
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
    torch.rand(3)
    second = pretrain([made_up(0)], MODEL, replace(QUICK, epochs=1))
    other = pretrain([made_up(0)], MODEL, replace(QUICK, epochs=1, seed=1))

    def same(one: DesignModel, two: DesignModel) -> bool:
        return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))

    assert same(first.model, second.model)
    assert not same(first.model, other.model)


def test_one_design_of_fifty_devices_would_decide_what_is_learned_of_the_others() -> None:
    best = preset("best").training
    labels = torch.zeros(100, len(TARGETS))
    labels[0, 3] = 52.0
    pulls = []
    for far in (1.0, 52.0):
        outputs = torch.zeros_like(labels).requires_grad_()
        target_losses(outputs, labels.clamp(max=far), MODEL, huber=best.huber).sum().backward()  # type: ignore[no-untyped-call]
        assert outputs.grad is not None
        pulls.append(float(outputs.grad.abs().sum()))
    assert pulls[1] == pytest.approx(pulls[0])
    published = preset("published").training
    errors = target_losses(torch.zeros_like(labels), labels, MODEL, huber=published.huber)
    assert float(errors.sum()) == pytest.approx(52.0**2 / 100)
    # Nor does it set the scale that the others are learned in.
    ordinary = torch.linspace(0, 1, 99)[:, None].expand(99, len(TARGETS))
    scales = []
    for last in (1.0, 52.0):
        model = DesignModel(replace(MODEL, last_activation="none", standardised=True))
        model.set_scales(torch.cat([ordinary, torch.full((1, len(TARGETS)), last)]), None)
        scales.append(model.target_scale)
    assert torch.allclose(scales[0], scales[1], rtol=0.05)


def test_wrong_choices_would_end_in_a_traceback() -> None:
    cases = [
        (lambda: TrainingConfig(epochs=0), "epochs"),
        (lambda: TrainingConfig(learning_rate=math.nan), "learning_rate"),
        (lambda: TrainingConfig(meta="fomaml"), "kernels_per_batch"),
        (lambda: TrainingConfig.from_json('{"epoch": 3}'), "training configuration"),
        (lambda: pretrain([], MODEL, QUICK), "no design counts"),
        (lambda: pretrain([made_up(0)], MODEL, replace(QUICK, patience=2)), "early stopping"),
        (lambda: pretrain([made_up(0)], replace(MODEL, estimates=9, estimate_use="input"), QUICK), "takes 9 estimates"),
        (lambda: ModelConfig(9, 21, estimates=4, estimate_use="input"), "estimates"),
    ]  # fmt: skip
    for work, text in cases:
        with pytest.raises(PipelineError, match=text) as caught:
            work()  # type: ignore[no-untyped-call]
        assert "\n" not in str(caught.value)
