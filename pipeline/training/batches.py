"""Designs of several kernels as batches: what a step takes, and in which order the steps take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from pipeline.errors import PipelineError
from pipeline.models import DesignBatch, GraphBatch, KernelGraph, Sharing, collate, share
from pipeline.models.inputs import moved
from pipeline.training.data import KernelDesigns

Ints = npt.NDArray[np.int64]
REGRESSION, VALIDITY = "regression", "validity"


@dataclass(frozen=True)
class KernelBatch:
    """What a step takes: the graphs of K kernels, B designs and their labels, (B, T) float or (B,) int64 classes."""

    graphs: GraphBatch
    designs: Sharing
    labels: Tensor

    @property
    def kernel(self) -> Tensor:
        """(B,) the kernel of each design."""
        return self.designs.kernel

    def to(self, device: torch.device) -> KernelBatch:
        """The same batch on a device."""
        if device.type == "cpu":
            return self
        return KernelBatch(moved(self.graphs, device, None), moved(self.designs, device, None), self.labels.to(device))


class TrainingDesigns:
    """The designs of several kernels and sources that count for a task, as tensors.

    ``graphs`` the different graphs; ``graph_of`` (n,) the graph of each design; ``values`` (n, Smax); ``labels`` (n, T)
    or (n,); ``estimates`` (n, F) or None; ``source`` (n,) its number in ``sources``, -1 for another; ``kernels`` (n,)
    names.
    """

    def __init__(self, data: Sequence[KernelDesigns], task: str, sources: Sequence[str] = ()) -> None:
        counting = [(one, np.flatnonzero(one.usable if task == REGRESSION else one.valid >= 0)) for one in data]
        parts = [(one, rows) for one, rows in counting if len(rows)]
        if not parts:
            raise PipelineError(
                f"no design counts for {task} among those of {_named([one.kernel for one in data])}",
                fix="choose other sources or kernels",
            )
        known = [one.estimates is not None for one, _ in parts]
        if any(known) and not all(known):
            missing = [one.kernel for one, _ in parts if one.estimates is None]
            raise PipelineError(
                f"some kernels have estimates, but {_named(missing)} have none",
                fix="give estimates for all or for none",
            )
        self.task = task
        self.graphs: list[KernelGraph] = []
        numbers: dict[int, int] = {}
        for one, _ in parts:
            if id(one.graph) not in numbers:
                numbers[id(one.graph)] = len(self.graphs)
                self.graphs.append(one.graph)
        most = max(one.values.shape[1] for one, _ in parts)
        self.graph_of = np.concatenate([np.full(len(rows), numbers[id(one.graph)]) for one, rows in parts])
        self.kernels = np.concatenate([np.full(len(rows), one.kernel) for one, rows in parts])
        self.values = torch.from_numpy(
            np.concatenate([np.pad(one.values[rows], ((0, 0), (0, most - one.values.shape[1]))) for one, rows in parts])
        )
        self.estimates = (
            torch.from_numpy(np.concatenate([one.estimates[rows] for one, rows in parts if one.estimates is not None]))
            if any(known)
            else None
        )
        place = {name: number for number, name in enumerate(sources)}
        self.source = torch.from_numpy(
            np.concatenate([np.full(len(rows), place.get(one.source, -1)) for one, rows in parts]).astype(np.int64)
        )
        self.labels = torch.from_numpy(
            np.concatenate([one.targets[rows] for one, rows in parts])
            if task == REGRESSION
            else np.concatenate([one.valid[rows] for one, rows in parts]).astype(np.int64)
        )

    def __len__(self) -> int:
        return len(self.graph_of)

    def batch(self, rows: Sequence[int] | Ints) -> KernelBatch:
        """The designs of these rows."""
        index = torch.as_tensor(rows, dtype=torch.int64)
        used, local = np.unique(self.graph_of[index.numpy()], return_inverse=True)
        graphs = collate([self.graphs[number] for number in used.tolist()])
        designs = DesignBatch(
            torch.from_numpy(local.astype(np.int64)),
            self.values[index],
            None if self.estimates is None else self.estimates[index],
            self.source[index],
        )
        return KernelBatch(graphs, share(graphs, designs), self.labels[index])

    def halves(self, rows: Sequence[int] | Ints) -> tuple[KernelBatch, KernelBatch]:
        """Every second design of these rows, and the others: what meta-learning adapts to, and what it is judged by."""
        rows = np.asarray(rows)
        return self.batch(rows[::2]), self.batch(rows[1::2])

    def in_order(self, size: int = 512) -> Iterator[KernelBatch]:
        """All designs in batches, graph by graph."""
        order = np.argsort(self.graph_of, kind="stable")
        for start in range(0, len(order), size):
            yield self.batch(order[start : start + size])


class EpochBatches:
    """The rows of each batch of an epoch; every epoch has its own order, which seed and epoch alone decide.

    ``kernels`` of 0 shuffles over all designs. Otherwise each kernel's designs are shuffled and cut into runs of
    ``size / kernels``, and a batch is ``kernels`` runs in random order. Of ``world`` processes each takes every
    ``world``-th batch, and the first batches again where these do not share out evenly. Batches below ``least`` designs
    are left out.
    """

    def __init__(self, kernel: Ints, size: int, kernels: int, seed: int, *, world: int = 1, least: int = 1) -> None:
        self.kernel, self.size, self.kernels, self.seed = kernel, size, kernels, seed
        self.world, self.least = world, least
        self.epoch = 0
        self._rows = [np.flatnonzero(kernel == number) for number in np.unique(kernel)]
        self._length = len(self._batches())

    @property
    def sampler(self) -> EpochBatches:
        """Itself: where Lightning looks for what it tells the epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Chooses the epoch that the next iteration is of, from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[int]]:
        for rows in self._batches():
            yield rows.tolist()

    def _batches(self) -> list[Ints]:
        draw = np.random.default_rng([self.seed, self.epoch])
        if self.kernels == 0:
            order = draw.permutation(len(self.kernel))
            found = [order[start : start + self.size] for start in range(0, len(order), self.size)]
        else:
            run = max(1, self.size // self.kernels)
            runs = []
            for rows in self._rows:
                order = draw.permutation(rows)
                runs += [order[start : start + run] for start in range(0, len(order), run)]
            shuffled = [runs[number] for number in draw.permutation(len(runs)).tolist()]
            found = [np.concatenate(shuffled[i : i + self.kernels]) for i in range(0, len(shuffled), self.kernels)]
        found = [rows for rows in found if len(rows) >= self.least]
        if not found:
            return []
        found += found[: -len(found) % self.world]
        return found[
            torch.distributed.get_rank() if self.world > 1 and torch.distributed.is_initialized() else 0 :: self.world
        ]


def _named(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    return ", ".join(shown[:5]) + (f" and {len(shown) - 5} more" if len(shown) > 5 else "") or "no kernel"
