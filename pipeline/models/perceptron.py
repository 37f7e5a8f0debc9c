"""Linear maps and perceptrons with the published initialisation."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional


def xavier_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map as in HARP's perceptrons: Xavier-normal weights with gain sqrt 2."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_normal_(layer.weight, gain=math.sqrt(2))
    return layer


class Perceptron(nn.Module):
    """Linear, ELU, linear."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = xavier_linear(inputs, hidden), xavier_linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(..., outputs) of (..., inputs)."""
        out: Tensor = self.second(functional.elu(self.first(x)))
        return out


class OutputHeads(nn.Module):
    """K copies of one perceptron per target, all in one batched computation.

    Hidden widths are D/2, D/4, D/8; ELU follows every layer, with ``bounded`` the last too, so no output is below -1
    (as HARP's published heads behave). ``weights[l]`` (K * T, out, in), ``biases[l]`` (K * T, out).
    """

    def __init__(
        self, inputs: int, hidden: int, targets: int, channels: int, experts: int, equal: bool, bounded: bool = True
    ) -> None:
        super().__init__()
        self.experts, self.targets, self.bounded = experts, targets, bounded
        widths = (inputs, hidden // 2, hidden // 4, hidden // 8, channels)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for before, after in pairwise(widths):
            layers = [xavier_linear(before, after) for _ in range(targets * (1 if equal else experts))]
            copies = experts if equal else 1
            self.weights.append(torch.stack([layer.weight.detach() for layer in layers]).repeat(copies, 1, 1))
            self.biases.append(torch.stack([layer.bias.detach() for layer in layers]).repeat(copies, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, K, T, channels) of graph embeddings (B, inputs)."""
        out = functional.elu(functional.linear(x, self.weights[0].flatten(0, 1), self.biases[0].flatten()))
        out = out.view(len(x), self.experts * self.targets, -1).transpose(0, 1)
        for layer, (weight, bias) in enumerate(zip(list(self.weights)[1:], list(self.biases)[1:], strict=True), 2):
            out = torch.baddbmm(bias[:, None], out, weight.transpose(1, 2))
            if self.bounded or layer < len(self.weights):
                out = functional.elu(out)
        return out.transpose(0, 1).reshape(len(x), self.experts, self.targets, -1)
