"""Forecasts as a model that BoTorch's acquisition functions can ask."""

from __future__ import annotations

from typing import Any

import torch
from botorch.models.model import Model
from botorch.posteriors.gpytorch import GPyTorchPosterior
from gpytorch.distributions import MultitaskMultivariateNormal
from torch import Tensor

from pipeline.exploration.types import Floats


class ForecastModel(Model):
    """Independent normal objectives of n listed designs: an input is the place of a design in the list."""

    def __init__(self, mean: Floats, spread: Floats) -> None:
        super().__init__()
        self._mean = torch.as_tensor(mean, dtype=torch.float64)
        self._variance = torch.as_tensor(spread, dtype=torch.float64) ** 2 + 1e-10

    @property
    def num_outputs(self) -> int:
        """Objectives."""
        return int(self._mean.shape[1])

    @property
    def batch_shape(self) -> torch.Size:
        """None."""
        return torch.Size([])

    def posterior(self, X: Tensor, *args: Any, **kwargs: Any) -> GPyTorchPosterior:  # noqa: N803
        """The forecasts of the designs at places X [..., q, 1]."""
        places = X[..., 0].long()
        mean, variance = self._mean[places], self._variance[places]
        flat = variance.reshape(*variance.shape[:-2], -1)
        return GPyTorchPosterior(MultitaskMultivariateNormal(mean, torch.diag_embed(flat)))
