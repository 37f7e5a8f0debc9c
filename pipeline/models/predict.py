"""Scoring many designs of one kernel in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from pipeline.models.inputs import DesignBatch, KernelGraph, collate
from pipeline.models.model import DesignModel, Prediction


def predict(
    model: DesignModel, graph: KernelGraph, batches: Iterable[Tensor], *, batch_size: int = 1024
) -> Iterator[Prediction]:
    """Predictions for designs of one kernel, in order, at most ``batch_size`` at a time.

    ``batches`` yields tensors (n, S) of site values (:func:`pipeline.models.inputs.site_number`) of any n; it is read
    as results are taken, so a space of any size streams through. The kernel is encoded once. Runs where the model's
    weights are, in evaluation mode and without gradients; while the caller holds a result the model's mode is its own.
    """
    weights = next(model.parameters())
    graphs = collate([graph]).to(weights.device, weights.dtype)
    encoded: Tensor | None = None
    for batch in batches:
        for values in torch.split(batch, batch_size):
            training = model.training
            model.eval()
            try:
                with torch.no_grad():
                    if encoded is None:
                        encoded = model.encode(graphs)
                    kernel = torch.zeros(len(values), dtype=torch.int64)
                    designs = DesignBatch(kernel, values).to(weights.device, weights.dtype)
                    found = model(graphs, designs, encoded)
            finally:
                model.train(training)
            yield found
