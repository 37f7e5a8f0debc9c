"""Gates that weigh experts, and the term that keeps all of them in use."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Gate(nn.Module):
    """A dense softmax gate over K experts, without noise: g = softmax(W x + b)."""

    def __init__(self, inputs: int, experts: int, *, equal: bool = False) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, experts)
        if equal:
            # As published for the high-level gate: every weight is the mean of the initial ones.
            with torch.no_grad():
                self.linear.weight.copy_(self.linear.weight.mean())
            nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(n, K) of inputs (n, inputs)."""
        return torch.softmax(self.linear(x), dim=-1)


def balance(importance: Tensor) -> Tensor:
    """std / mean (with the unbiased standard deviation) of the importance (K,) of K experts; 0 for one expert."""
    if len(importance) < 2:
        return 0 * importance.sum()
    return importance.std() / importance.mean()
