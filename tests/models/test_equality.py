"""The model on shared rows against the plain networks run on every design's own graph: outputs and gradients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from pipeline.errors import PipelineError
from pipeline.graphs.harp import EDGE_CLASSES, FEATURES, HarpGraph, harp_graph
from pipeline.graphs.make import graph_of
from pipeline.models import DesignModel, KernelGraph, ModelConfig, collate, collate_designs, joint_loss, separate_loss
from pipeline.models.config import PUBLISHED
from pipeline.models.encoder import ENCODERS, EncoderKind, PygEncoder, TransformerEncoder, make_encoder
from pipeline.models.inputs import SITE_KINDS
from tests.models.graphs import random_designs, random_kernel
from tests.models.plain import PlainModel, design_batch, plain_tensors

FEATURE_COUNT, CLASSES = 9, 21
TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-9}


def perturbed(config: ModelConfig, dtype: torch.dtype, seed: int) -> DesignModel:
    """A model with random weights: experts and gates start equal, which would hide a mix-up of experts."""
    torch.manual_seed(seed)
    model = DesignModel(config).to(dtype).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return model


def in_type(graph: KernelGraph, dtype: torch.dtype) -> KernelGraph:
    features = None if graph.edge_features is None else graph.edge_features.to(dtype)
    return replace(graph, x=graph.x.to(dtype), edge_features=features)


def close(found: Tensor, expected: Tensor, tolerance: float, what: str, scale: float = 0.0) -> None:
    error = float((found - expected).detach().norm())
    limit = tolerance * max(float(expected.detach().norm()), scale)
    assert error <= limit, f"{what}: {error} is more than {limit}"


def compare(
    config: ModelConfig, graphs: list[KernelGraph], dtype: torch.dtype, *, designs: int = 11, seed: int = 0
) -> None:
    model = perturbed(config, dtype, seed)
    plain = PlainModel(config).to(dtype).eval()
    plain.load_state_dict(plain_tensors(config, model.state_dict()))
    graphs = [in_type(graph, dtype) for graph in graphs]
    draw = torch.Generator().manual_seed(seed)
    kernels = torch.randint(len(graphs), (designs,), generator=draw).tolist()
    spread = [(k, random_designs(graphs[k], 1, seed * 100 + i // 2)[0].to(dtype)) for i, k in enumerate(kernels)]
    tolerance = TOLERANCE[dtype]

    batch = collate_designs(spread)
    extra = torch.zeros(designs, 0)
    if config.sources:
        batch = replace(batch, source=torch.randint(-1, len(config.sources), (designs,), generator=draw))
        assert batch.source is not None
        extra = functional.one_hot(batch.source + 1, 1 + len(config.sources))[:, 1:].to(dtype)
    found = model(collate(graphs), batch)
    joint, separate, gates, low, high = plain(
        design_batch([(graphs[k], values) for k, values in spread], config.edge_features, extra)
    )
    close(found.joint.flatten(), joint.flatten(), tolerance, "joint outputs")
    close(found.separate.flatten(), separate.flatten(), tolerance, "separate outputs")
    close(found.high_gates, gates, tolerance, "high-level gates")
    close(found.low_balance.mean(), low, tolerance, "low-level balance", 1e-2)
    close(found.high_balance, high, tolerance, "high-level balance", 1e-2)

    labels = (
        torch.randn(designs, len(config.targets), generator=draw).to(dtype)
        if config.task == "regression"
        else torch.randint(2, (designs,), generator=draw)
    )

    def loss(outputs: Tensor) -> Tensor:
        if config.task == "validity":
            return functional.cross_entropy(outputs[:, 0], labels)
        return sum(functional.mse_loss(outputs[:, i, 0], labels[:, i]) for i in range(len(config.targets)))  # type: ignore[return-value]

    both = joint_loss(found, labels, config) + separate_loss(found, labels, config)
    expected = loss(joint) + sum(loss(one) for one in separate) / len(separate) + 2 * config.low_balance * low
    expected = expected + config.high_balance * high
    close(both, expected, tolerance, "loss")
    both.backward()  # type: ignore[no-untyped-call]
    expected.backward()
    mine = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in model.named_parameters()}
    renamed = plain_tensors(config, mine)
    theirs = {n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in plain.named_parameters()}
    assert renamed.keys() == theirs.keys()
    # A softmax does not feel a shift, so some gradients (key biases, last biases of poolings) are rounding alone.
    floor = 1e-3 * max(float(grad.norm()) for grad in theirs.values())
    for name, grad in theirs.items():
        close(renamed[name], grad, tolerance, f"gradient of {name}", floor)


def several_kernels() -> list[KernelGraph]:
    """Four kernels with no, one, two and three nodes in scope."""
    return [random_kernel(seed, scope=seed) for seed in range(4)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_model_would_predict_or_learn_something_else_than_its_paper_says(
    name: str, dtype: torch.dtype
) -> None:
    compare(ModelConfig.published(name, FEATURE_COUNT, CLASSES), several_kernels(), dtype)


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "validity"},
        {"pragma_scale": "log2", "hidden": 32, "layers": 2, "experts": 3, "targets": ("perf", "DSP")},
        {"networks": ("block", "block", "harp"), "expert_init": "independent"},
        {"sources": ("one", "other"), "last_activation": "none"},
        *(
            {"encoder": name, "high_gate": "input", "layers": 3, "degree_histogram": (1, 5, 20, 9, 3)}
            for name in ("GCNConv", "GATConv", "GATv2Conv", "GINConv", "GINEConv", "PNAConv")
        ),
    ],
    ids=str,
)
def test_an_option_would_break_the_sharing_between_designs(changes: dict[str, Any]) -> None:
    config = ModelConfig.published("hmoe-2", FEATURE_COUNT, CLASSES, **changes)
    compare(config, several_kernels(), torch.float64)


def test_edges_with_features_of_any_kind_would_be_read_as_one_hot() -> None:
    draw = torch.Generator().manual_seed(1)
    graphs = [replace(graph, edge_features=torch.randn(CLASSES, 5, generator=draw)) for graph in several_kernels()]
    compare(ModelConfig.published("hmoe-2", FEATURE_COUNT, 5), graphs, torch.float64)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000), blocks=st.integers(2, 9), scope=st.integers(0, 9), designs=st.integers(2, 12),
    edges=st.integers(0, 200), network=st.sampled_from(["node", "block"]),
)  # fmt: skip
def test_some_shape_of_graph_would_be_computed_wrongly(
    seed: int, blocks: int, scope: int, designs: int, edges: int, network: str
) -> None:
    graphs = [random_kernel(seed + i, blocks=blocks, scope=min(scope, blocks), nodes=60, edges=edges) for i in range(2)]
    config = ModelConfig(
        FEATURE_COUNT, CLASSES, networks=(network, "graph"), hidden=16, layers=1, experts=2, dropout=0.0
    )
    compare(config, graphs, torch.float64, designs=designs, seed=seed)


def as_model_input(harp: HarpGraph, name: str) -> KernelGraph:
    return KernelGraph(
        x=torch.from_numpy(harp.x), edge_index=torch.from_numpy(harp.edge_index),
        edge_class=torch.from_numpy(harp.edge_class), context=torch.from_numpy(harp.node_type <= 2),
        pseudo=torch.from_numpy(harp.node_type == 4), site_node=torch.from_numpy(harp.scope),
        site_kind=torch.tensor([SITE_KINDS.index(kind) for kind in harp.sites.kinds], dtype=torch.int64),
        site_reduction=torch.zeros(len(harp.scope), dtype=torch.bool), name=name, sites=harp.sites.names,
    )  # fmt: skip


def test_a_real_kernel_would_be_predicted_differently_from_the_paper() -> None:
    graphs = [as_model_input(harp_graph(graph_of(name)), name) for name in ("gemm-p", "trmm-opt")]
    compare(ModelConfig.published("hmoe-2", len(FEATURES), EDGE_CLASSES), graphs, torch.float32, designs=6)


def test_an_encoder_that_is_registered_is_made_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENCODERS, "_added", dict(ENCODERS._added))
    ENCODERS.register(EncoderKind("Mine", lambda config: nn.Linear(config.hidden, 1)))
    assert isinstance(make_encoder(ModelConfig(FEATURE_COUNT, CLASSES, encoder="Mine")), nn.Linear)
    assert isinstance(make_encoder(ModelConfig(FEATURE_COUNT, CLASSES)), TransformerEncoder)
    with pytest.raises(PipelineError, match="no convolution 'Mine2'"):
        make_encoder(ModelConfig(FEATURE_COUNT, CLASSES, encoder="Mine2"))


def test_an_encoder_of_another_package_never_stands_for_a_convolution_of_pytorch_geometric(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = tmp_path / "acme_nets-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-nets\nVersion: 1.0\n")
    entries = "[hls_moe_pipeline.encoders]\nGCNConv = acme_nets:KIND\nTransformerConv = acme_nets:KIND\n"
    (about / "entry_points.txt").write_text(entries)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(ENCODERS, "_added", dict(ENCODERS._added))
    monkeypatch.setitem(ENCODERS.__dict__, "_entries", {})
    monkeypatch.delitem(ENCODERS.__dict__, "_entries")
    for name, kind in (("GCNConv", PygEncoder), ("TransformerConv", TransformerEncoder)):
        with pytest.warns(UserWarning, match=f"the encoder {name} is not the one of acme-nets"):
            assert isinstance(make_encoder(ModelConfig(FEATURE_COUNT, CLASSES, encoder=name)), kind)
