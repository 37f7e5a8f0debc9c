"""Scoring many designs of one kernel in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from pipeline.models.inputs import DesignBatch, KernelGraph, collate
from pipeline.models.model import DesignModel, Prediction


def predict(
    model: DesignModel, graph: KernelGraph, batches: Iterable[Tensor | DesignBatch], *, batch_size: int = 1024
) -> Iterator[Prediction]:
    """Predictions for designs of one kernel, in order, at most ``batch_size`` at a time.

    ``batches`` yields tensors (n, S) of site values (:func:`pipeline.models.inputs.site_number`) of any n, or batches
    of designs where the model takes more than these (their ``kernel`` is not read); it is read as results are taken, so
    a space of any size streams through. The kernel is encoded once. Runs where the model's
    weights are, in evaluation mode and without gradients; while the caller holds a result the model's mode is its own.
    """
    weights = next(model.parameters())
    graphs = collate([graph]).to(weights.device, weights.dtype)
    encoded: Tensor | None = None
    for batch in batches:
        for part in _parts(batch, batch_size):
            training = model.training
            model.eval()
            try:
                with torch.no_grad():
                    if encoded is None:
                        encoded = model.encode(graphs)
                    found = model(graphs, part.to(weights.device, weights.dtype), encoded)
            finally:
                model.train(training)
            yield found


def _parts(batch: Tensor | DesignBatch, size: int) -> Iterator[DesignBatch]:
    whole = DesignBatch(torch.empty(0), batch) if isinstance(batch, Tensor) else batch
    for start in range(0, len(whole.values), size):
        rows = slice(start, start + size)
        values = whole.values[rows]
        yield DesignBatch(
            torch.zeros(len(values), dtype=torch.int64),
            values,
            None if whole.estimates is None else whole.estimates[rows],
            None if whole.source is None else whole.source[rows],
        )
