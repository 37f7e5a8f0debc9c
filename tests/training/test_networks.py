"""Networks of a study by name: what is changed, and that nothing else is."""

from __future__ import annotations

import json

import pytest

from pipeline.models import ModelConfig
from pipeline.training import TrainingConfig, preset
from pipeline.training.networks import CHANGES, NETWORKS, network_named


@pytest.mark.parametrize("change", CHANGES)
def test_a_figure_would_be_put_down_to_a_change_that_was_not_made_or_not_alone(change: str) -> None:
    base = "hmoe-best" if change in ("raw", "copies", "blind", "squared") else "hmoe"
    network = network_named(f"{base}+{change}")
    assert network is not None and (network.mode, network.architecture) == NETWORKS[base]
    before = preset(network.mode, model=network.architecture, estimates=30)
    model = {**json.loads(before.model.to_json()), **network.model_options(30)}
    changed = ModelConfig.from_json(json.dumps(model))
    training = TrainingConfig(**{**json.loads(before.training.to_json()), **network.training_options})
    differing = {
        name
        for config, was in ((changed, before.model), (training, before.training))
        for name, value in json.loads(config.to_json()).items()
        if value != json.loads(was.to_json())[name]
    }
    asked = {*CHANGES[change].model, *CHANGES[change].training}
    # As configurations have nothing else in them, a change that is none would differ from nothing.
    assert differing - {"estimates"} == asked


def test_a_misspelt_change_would_be_taken_for_the_network_without_it() -> None:
    assert (
        network_named("hmoe+log3") is None and network_named("forest+log2") is None and network_named("forest") is None
    )
