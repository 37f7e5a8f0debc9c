"""The laws that every encoder of kernels keeps, as a class for pytest to subclass.

```
class TestMine(EncoderConformance):
    kind = KIND
```
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from pipeline.models.config import ModelConfig
from pipeline.models.encoder import ENCODERS, EncoderKind, make_encoder
from pipeline.models.inputs import TILE, KernelGraph, collate

_FEATURES, _CLASSES = 5, 3


class EncoderConformance:
    """A subclass names its encoder as ``kind``, and what a configuration of it needs by :meth:`config`."""

    kind: EncoderKind

    def config(self) -> ModelConfig:
        """Two networks of two layers."""
        return ModelConfig.published("hmoe-2", _FEATURES, _CLASSES, hidden=8, layers=2, encoder=self.kind.name)

    def test_it_is_found_by_its_name(self) -> None:
        made = make_encoder(self.config())
        assert ENCODERS[self.kind.name].name == self.kind.name
        assert type(made) is type(self.kind.make(self.config()))

    def test_each_network_has_a_finite_embedding_of_each_node(self) -> None:
        config, graph = self.config(), _kernel(0, 7)
        found = self._encoded([graph])
        assert found.shape == (len(config.networks), 7, config.hidden) and found.dtype == graph.x.dtype
        assert torch.isfinite(found).all()

    def test_a_kernel_is_encoded_alike_alone_and_beside_others(self) -> None:
        kernels = [_kernel(0, 7), _kernel(1, 4), _kernel(2, 9)]
        together = self._encoded(kernels)
        alone = torch.cat([self._encoded([kernel]) for kernel in kernels], dim=1)
        assert torch.allclose(together, alone, atol=1e-5)

    def test_neither_numbers_of_nodes_nor_the_order_of_edges_mean_anything(self) -> None:
        graph, draw = _kernel(0, 7), torch.Generator().manual_seed(0)
        nodes, edges = torch.randperm(7, generator=draw), torch.randperm(len(graph.edge_class), generator=draw)
        other = replace(
            graph, x=graph.x[nodes], edge_index=torch.argsort(nodes)[graph.edge_index[:, edges]],
            edge_class=graph.edge_class[edges], site_node=torch.argsort(nodes)[graph.site_node],
        )  # fmt: skip
        assert torch.allclose(self._encoded([other]), self._encoded([graph])[:, nodes], atol=1e-5)

    def test_an_embedding_knows_the_node_and_what_leads_to_it(self) -> None:
        graph = _kernel(0, 7)
        whole = self._encoded([graph])
        features = graph.x.clone()
        features[0] = 1 - features[0]
        changed = self._encoded([replace(graph, x=features)])
        reached = graph.edge_index[1, graph.edge_index[0] == 0]
        assert (changed[:, 0] != whole[:, 0]).any() and (changed[:, reached] != whole[:, reached]).any()

    def test_all_of_it_learns_and_it_comes_back_as_it_was_kept(self) -> None:
        made = self._made()
        batch = collate([_kernel(0, 7), _kernel(1, 4)])
        made(batch).square().sum().backward()
        assert [name for name, value in made.named_parameters() if value.grad is None] == []
        again = make_encoder(self.config()).eval()
        again.load_state_dict(made.state_dict())
        assert torch.equal(again(batch), made(batch))

    def _made(self) -> nn.Module:
        torch.manual_seed(0)
        return make_encoder(self.config()).eval()

    def _encoded(self, kernels: list[KernelGraph]) -> Tensor:
        with torch.no_grad():
            found: Tensor = self._made()(collate(kernels))
        return found


def _kernel(seed: int, nodes: int) -> KernelGraph:
    """A ring with as many further edges and one site."""
    draw = torch.Generator().manual_seed(seed)
    ring = torch.arange(nodes)
    further = torch.randint(nodes, (2, nodes), generator=draw)
    edges = torch.cat([torch.stack([ring, (ring + 1) % nodes]), further], dim=1)
    kinds = torch.randint(_FEATURES, (nodes,), generator=draw)
    return KernelGraph(
        x=nn.functional.one_hot(kinds, _FEATURES).float(), edge_index=edges,
        edge_class=torch.randint(_CLASSES, (edges.shape[1],), generator=draw),
        context=torch.ones(nodes, dtype=torch.bool), pseudo=torch.zeros(nodes, dtype=torch.bool),
        site_node=torch.zeros(1, dtype=torch.int64), site_kind=torch.tensor([TILE]),
        site_reduction=torch.zeros(1, dtype=torch.bool), name=f"kernel-{seed}",
    )  # fmt: skip
