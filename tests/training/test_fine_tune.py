from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from pipeline.errors import PipelineError
from pipeline.models import DesignModel
from pipeline.training import TrainingConfig, fine_tune, predict_designs, select_shots
from tests.training.small import MODEL, made_up

QUICK = TrainingConfig(epochs=24, separate_share=0.0, learning_rate=1e-2, accelerator="cpu")


def model_of(seed: int = 0, **changes: object) -> DesignModel:
    torch.manual_seed(seed)
    return DesignModel(replace(MODEL, **changes))  # type: ignore[arg-type]


def test_shots_would_differ_between_runs_repeat_or_be_chosen_with_dropout_on() -> None:
    designs, model = made_up(1, 60), model_of().train()
    for how in ("kmeans", "random"):
        first = select_shots(model, designs, 12, how=how, seed=3)
        assert len(set(first.tolist())) == 12
        assert designs.usable[first].all()
        assert (np.diff(first) > 0).all()
        torch.rand(5)
        assert np.array_equal(first, select_shots(model, designs, 12, how=how, seed=3))
    assert model.training
    assert np.array_equal(first, select_shots(None, designs, 12, how="random", seed=3))
    assert not np.array_equal(first, select_shots(None, designs, 12, how="random", seed=4))


def test_designs_that_look_the_same_would_leave_too_few_shots() -> None:
    designs = made_up(1, 30)
    alike = replace(designs, values=np.repeat(designs.values[:3], 10, axis=0))
    usable = int(alike.usable.sum())
    for count in (2, 3, 7, usable):
        shots = select_shots(model_of(), alike, count)
        assert len(set(shots.tolist())) == count
    for count in (0, usable + 1):
        with pytest.raises(PipelineError, match=f"{count} shots of kernel-1 from made-up") as caught:
            select_shots(model_of(), alike, count)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [{}, {"trainable": "after-encoder"}, {"trainable": "heads", "gradient_clip": 1.0}, {"batch_size": 8, "epochs": 8}],
    ids=str,
)
def test_fine_tuning_would_not_fit_its_shots_or_would_change_the_model_it_starts_from(
    changes: dict[str, object],
) -> None:
    designs, model = made_up(2), model_of()
    shots = select_shots(model, designs, 20)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    config = replace(QUICK, **changes)  # type: ignore[arg-type]
    tuned = fine_tune(model, designs, shots, config)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    again = fine_tune(model, designs, shots, config)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in tuned.state_dict().items())
    fixed = [name for name, value in tuned.state_dict().items() if torch.equal(value, before[name])]
    assert any(name.startswith("encoder.") for name in fixed) == ("trainable" in changes)

    def error(of: DesignModel) -> float:
        found = predict_designs(of, designs.take(shots)).targets
        assert found is not None
        return float(((found - designs.targets[shots]) ** 2).mean())

    assert error(tuned) < 0.7 * error(model)


def test_a_forecast_of_several_models_would_be_that_of_one_or_hide_their_disagreement() -> None:
    designs, models = made_up(2), [model_of(1), model_of(2)]
    one, other = (predict_designs(model, designs, batch_size=7) for model in models)
    both = predict_designs(models, designs, batch_size=7)
    assert one.targets is not None and other.targets is not None and both.targets is not None
    np.testing.assert_allclose(both.targets, (one.targets + other.targets) / 2, rtol=1e-5)
    whole = predict_designs(models[0], designs).targets
    assert whole is not None
    np.testing.assert_allclose(whole, one.targets, rtol=1e-4, atol=1e-6)
    assert both.spread is not None
    assert (both.spread >= np.abs(one.targets - other.targets) / 2 - 1e-6).all()
    assert both.valid is None
    classifier = predict_designs([models[0], model_of(task="validity")], designs)
    assert classifier.valid is not None and classifier.targets is not None
    assert ((classifier.valid > 0) & (classifier.valid < 1)).all()
    np.testing.assert_allclose(classifier.targets, one.targets, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(one.high_gates.sum(1), 1, rtol=1e-5)


def test_a_loss_that_is_no_number_would_make_a_model_of_no_numbers() -> None:
    with pytest.raises(PipelineError, match=r"the loss became (nan|inf) in epoch \d+, batch 1"):
        fine_tune(model_of(), made_up(2), np.arange(3), replace(QUICK, learning_rate=1e30))
    with pytest.raises(PipelineError, match="no designs of kernel-2 to fine-tune on"):
        fine_tune(model_of(), made_up(2), np.arange(0), QUICK)
