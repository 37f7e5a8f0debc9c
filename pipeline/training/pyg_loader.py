"""Reads HLS designs with their program graphs into PyTorch Geometric; needs torch, torch_geometric and safetensors.

    dataset = HLSDesigns("FOLDER")
    loader = torch_geometric.loader.DataLoader(dataset, batch_size=32)

A kernel's graph is kept once and shared by its designs, so a dataset of tens of thousands of designs stays small.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch_geometric.data import Data, InMemoryDataset

_GRAPH = ("x", "edge_index", "edge_flow", "edge_position", "node_type", "pragma_index")
_DESIGN = ("pragma_value", "pragma_is_word", "pragma_given")


class HLSDesigns(InMemoryDataset):  # type: ignore[misc]
    """The designs of one source.

    An item has ``x`` (nodes, features), ``edge_index`` (2, edges), ``edge_flow`` and ``edge_position`` (edges,),
    ``node_type`` (nodes,), ``pragma_index`` (sites,) the node of each pragma site, ``pragma_value`` (sites,) a factor,
    or the place of a word in :attr:`words` where ``pragma_is_word``; ``pragma_given`` is false where the design leaves
    the site out. ``y`` (1, 5) follows :attr:`targets`, NaN where unknown; ``cycles`` (1,); ``valid`` (1,) is 1, 0 or -1
    for unknown; ``usable`` (1,) says whether the design counts for regression. ``kernel`` and ``key`` are text.
    """

    def __init__(
        self,
        folder: str | Path,
        kernels: Sequence[str] | None = None,
        transform: Callable[[Data], Data] | None = None,
    ) -> None:
        super().__init__(root=None, transform=transform)
        place = Path(folder)
        index = json.loads((place / "index.json").read_text(encoding="utf-8"))
        chosen = list(index["kernels"]) if kernels is None else list(kernels)
        self.source: str = index["source"]
        self.targets: list[str] = index["targets"]
        self.words: list[str] = index["words"]
        self.about: dict[str, Any] = index
        self.tensors = {kernel: load_file(place / f"{kernel}.safetensors") for kernel in chosen}
        self.places = [(kernel, row) for kernel in chosen for row in range(len(index["kernels"][kernel]["keys"]))]

    def len(self) -> int:
        """The number of designs."""
        return len(self.places)

    def get(self, idx: int) -> Data:
        """One design with its kernel's graph."""
        kernel, row = self.places[idx]
        tensors = self.tensors[kernel]
        data = Data(**{name: tensors[name] for name in _GRAPH}, **{name: tensors[name][row] for name in _DESIGN})
        for name in ("y", "cycles", "valid", "usable"):
            data[name] = tensors[name][row : row + 1]
        data.kernel, data.key = kernel, self.about["kernels"][kernel]["keys"][row]
        return data
