from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.models import (
    DesignBatch,
    DesignModel,
    KernelGraph,
    ModelConfig,
    collate,
    collate_designs,
    joint_loss,
    predict,
    separate_loss,
    share,
    site_number,
)
from pipeline.models.gates import balance
from tests.models.graphs import random_designs, random_kernel

CONFIG = ModelConfig.published("hmoe-2", 9, 21)


def made(seed: int = 0, config: ModelConfig = CONFIG) -> DesignModel:
    torch.manual_seed(seed)
    return DesignModel(config)


def batch_of(graph: KernelGraph, count: int, seed: int = 0) -> DesignBatch:
    return DesignBatch(torch.zeros(count, dtype=torch.int64), random_designs(graph, count, seed))


def test_the_published_sizes_and_initial_weights_would_be_others() -> None:
    made_of = made().state_dict()
    kinds = ("tile", "pipeline", "parallel", "merge")
    assert [len(made_of[f"networks.0.pragmas.{kind}.first.bias"]) for kind in kinds] == [32, 32, 33, 96]
    assert "encoder.convolutions.5.weight" in made_of
    assert "encoder.convolutions.6.weight" not in made_of
    heads = [tuple(made_of[f"networks.2.heads.weights.{layer}"].shape) for layer in range(4)]
    assert heads == [(20, 32, 128), (20, 16, 32), (20, 8, 16), (20, 1, 8)]  # 4 experts x 5 targets
    merge = made_of["networks.0.pragmas.merge.first.weight"]
    assert float(merge.std()) == pytest.approx(math.sqrt(2) * math.sqrt(2 / (192 + 96)), rel=0.03)
    for experts in (made_of["networks.0.last.weight"].unbind(1), made_of["networks.1.blocks.weight"].unbind(0)):
        assert len(experts) == 4
        assert all(torch.equal(experts[0], other) for other in experts)
    gate = made_of["high_gate.linear.weight"]
    assert gate.shape == (3, 5 * 64)
    assert len(torch.unique(gate)) == 1
    assert not made_of["high_gate.linear.bias"].any()


def test_the_experts_would_not_start_with_equal_say() -> None:
    graph = random_kernel(3)
    for name in ("hmoe-1", "hmoe-2"):
        found = made(config=ModelConfig.published(name, 9, 21))(collate([graph]), batch_of(graph, 5))
        torch.testing.assert_close(found.high_gates, torch.full((5, 3), 1 / 3))


def test_an_output_below_minus_one_would_show_that_the_heads_are_not_the_published_ones() -> None:
    model, graph = made(), random_kernel(3)
    with torch.no_grad():
        for number in range(3):
            model.get_parameter(f"networks.{number}.heads.biases.3").fill_(-9.0)
    assert float(model(collate([graph]), batch_of(graph, 5)).separate.detach().min()) >= -1


def test_the_loss_of_a_stage_would_be_another_than_the_published_one() -> None:
    graph = random_kernel(3)
    found = made()(collate([graph]), batch_of(graph, 5))
    labels = torch.randn(5, 5)
    importance = torch.tensor([1.0, 2.0, 4.0, 1.0])
    assert float(balance(importance)) == pytest.approx(math.sqrt(6 / 3) / 2)
    low = 5e-3 * found.low_balance.mean()
    joint = sum(((found.joint[:, t] - labels[:, t]) ** 2).mean() for t in range(5))
    torch.testing.assert_close(joint_loss(found, labels, CONFIG), joint + low + 5e-3 * found.high_balance)
    alone = [sum(((one[:, t] - labels[:, t]) ** 2).mean() for t in range(5)) for one in found.separate]
    torch.testing.assert_close(separate_loss(found, labels, CONFIG), sum(alone) / 3 + low)


def test_the_high_gate_would_train_the_networks_through_their_embeddings() -> None:
    graph, model = random_kernel(3), made()
    found = model(collate([graph]), batch_of(graph, 5))
    found.high_gates.std().backward()
    assert all(p.grad is None for p in [*model.encoder.parameters(), *model.networks.parameters()])
    assert model.get_parameter("high_gate.linear.weight").grad is not None


def test_a_batch_of_many_designs_would_encode_each_kernel_many_times() -> None:
    graphs = [random_kernel(1), random_kernel(2)]
    model, seen = made(), []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
    designs = [(i % 2, random_designs(graphs[i % 2], 1, i)[0]) for i in range(64)]
    model(collate(graphs), collate_designs(designs))
    assert seen == [(3, 80, 64)]


def test_designs_that_agree_on_a_node_would_not_share_its_work() -> None:
    graph = random_kernel(1)
    values = random_designs(graph, 1, 0).repeat(50, 1)
    shared = share(collate([graph]), DesignBatch(torch.zeros(50, dtype=torch.int64), values))
    assert shared.slot_states == 3
    changed = random_designs(graph, 50, 1)
    assert len(share(collate([graph]), DesignBatch(shared.kernel, changed)).row_state) < 50 * 40 / 2


def test_validation_in_inference_mode_would_spoil_a_batch_for_training() -> None:
    graph, model = random_kernel(1), made()
    graphs, designs = collate([graph]), batch_of(graph, 6)
    shared = share(graphs, designs)
    with torch.inference_mode():
        before = model.eval()(graphs, shared).joint
    found = model(graphs, shared)
    found.joint.sum().backward()
    torch.testing.assert_close(found.joint, before)


def test_dropout_would_be_on_in_evaluation_or_differ_between_runs_of_one_seed() -> None:
    graph, model = random_kernel(1), made()
    graphs, designs = collate([graph]), batch_of(graph, 6)

    def run(seed: int) -> Tensor:
        torch.manual_seed(seed)
        found: Tensor = model(graphs, designs).joint
        return found

    model.eval()
    assert torch.equal(run(1), run(2))
    model.train()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))


def test_scoring_a_space_would_hold_it_all_in_memory_or_change_the_numbers() -> None:
    graph, model = random_kernel(1), made().train()
    values = random_designs(graph, 70, 1)
    drawn = []

    def batches() -> object:
        for start in range(0, 70, 35):
            drawn.append(start)
            yield values[start : start + 35]

    stream = predict(model, graph, batches(), batch_size=16)  # type: ignore[arg-type]
    first = next(stream)
    assert drawn == [0]
    assert model.training
    found = [first.joint, *(one.joint for one in stream)]
    assert [len(one) for one in found] == [16, 16, 3, 16, 16, 3]
    model.eval()
    whole = model(collate([graph]), DesignBatch(torch.zeros(70, dtype=torch.int64), values)).joint
    torch.testing.assert_close(torch.cat(found), whole, rtol=1e-4, atol=1e-6)


def test_the_insight_tables_would_show_gates_that_do_not_sum_to_one() -> None:
    graphs = [random_kernel(1), random_kernel(2)]
    designs = collate_designs([(i % 2, random_designs(graphs[i % 2], 1, i)[0]) for i in range(6)])
    found = made()(collate(graphs), designs)
    for gates in (*found.low_gates, found.high_gates):
        torch.testing.assert_close(gates.sum(1), torch.ones(6))


def test_wrong_inputs_would_end_in_a_traceback() -> None:
    graph = random_kernel(1)
    model = made()
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: replace(graph, site_kind=graph.site_kind[1:]), "site_kind has the shape"),
        (lambda: replace(graph, edge_index=graph.edge_index + 1), "edge_index goes from"),
        (lambda: replace(graph, context=graph.context.float()), "context is torch.float32"),
        (lambda: replace(graph, site_node=graph.site_node * 0, site_kind=graph.site_kind * 0), "two sites of one kind"),
        (lambda: collate([]), "without kernels"),
        (lambda: collate([graph, random_kernel(2, features=8)]), "different widths"),
        (lambda: collate_designs([]), "without designs"),
        (lambda: model(collate([graph]), DesignBatch(torch.tensor([1]), random_designs(graph, 1, 0))), "kernels 1 to"),
        (lambda: model(collate([graph]), DesignBatch(torch.tensor([0]), torch.ones(1, 1))), "up to"),
        (
            lambda: model(collate([graph]), DesignBatch(torch.tensor([0]), torch.full((1, 20), math.nan))),
            "not a finite",
        ),
        (lambda: model(collate([random_kernel(2, features=8)]), batch_of(graph, 1)), "8 node features"),
        (lambda: model(collate([random_kernel(2, classes=30)]), batch_of(graph, 1)), "edge features"),
        (lambda: site_number("PIPELINE", "on"), "PIPELINE value 'on'"),
        (lambda: site_number("TILE", "x"), "TILE value 'x'"),
        (lambda: DesignModel(replace(CONFIG, encoder="NoConv")), "no convolution 'NoConv'"),
        (lambda: DesignModel(replace(CONFIG, encoder="PNAConv")), "degree_histogram"),
        (lambda: replace(CONFIG, networks=("node", "loop")), "networks"),
        (lambda: replace(CONFIG, high_gate="none"), "high_gate"),
        (lambda: replace(CONFIG, dropout=1.0), "dropout"),
        (lambda: ModelConfig.published("moe", 9, 21), "no published model"),
    ]
    for work, text in cases:
        with pytest.raises(PipelineError, match=text) as caught:
            work()
        assert "\n" not in str(caught.value)
        assert caught.value.fix


def test_a_site_value_would_become_another_number_than_the_papers() -> None:
    assert [site_number("PIPELINE", value) for value in ("off", "", "NA", "flatten")] == [1, 5, 5, 10]
    assert site_number("PARALLEL", "16") == 16
