"""What is known of a design before any run: estimates of it, and the source that its labels come from."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from pipeline.errors import PipelineError
from pipeline.models.config import ModelConfig
from pipeline.models.sharing import Sharing


class Beforehand(nn.Module):
    """Inputs of the heads beside the graph embedding, and the estimate that is added to their outputs.

    Of F estimates the first T are of the targets, in their units, and column T is 1 where they are known; a row of an
    unknown estimate counts as zeros. ``mean``, ``scale`` (F,) are those of the training data; ``weight`` (T,) is
    learned and starts at 1.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        if config.feeds_estimate:
            self.register_buffer("mean", torch.zeros(config.estimates))
            self.register_buffer("scale", torch.ones(config.estimates))
        if config.adds_estimate:
            self.weight = nn.Parameter(torch.ones(len(config.targets)))

    @torch.no_grad()
    def set_scales(self, estimates: Tensor) -> None:
        """Takes mean and spread of known estimates (n, F); a column without spread keeps its unit."""
        flag = len(self.config.targets)
        known = estimates[estimates[:, flag] > 0]
        if not self.config.feeds_estimate or not len(known):
            return
        mean, spread = known.mean(0), known.std(0, correction=0)
        mean[flag] = 0
        self.mean.copy_(mean)
        self.scale.copy_(torch.where(spread > 1e-3, spread, 1.0))

    def estimates(self, sharing: Sharing) -> Tensor:
        """(B, F), the batch's estimates. Raises PipelineError where it has none, or others than the model takes."""
        width = self.config.estimates
        found = sharing.estimates
        if found is None or found.dim() != 2 or found.shape[1] != width:
            raise PipelineError(
                f"the model takes {width} estimates per design, the designs have "
                f"{'none' if found is None else tuple(found.shape)[-1]}",
                fix="give the designs the estimates that the model was trained with",
            )
        return found

    def inputs(self, sharing: Sharing) -> Tensor:
        """(B, extra_width): standardised estimates, then the source as one-hot (zeros for one that is not known)."""
        parts = []
        if self.config.feeds_estimate:
            found = self.estimates(sharing)
            known = found[:, len(self.config.targets), None]
            parts.append((found - self.mean) / self.scale * known)
        if self.config.sources:
            source = sharing.source
            if source is None:
                source = torch.full_like(sharing.kernel, -1)
            one_hot = functional.one_hot(source + 1, len(self.config.sources) + 1)[:, 1:]
            parts.append(one_hot.to(parts[0].dtype if parts else sharing.cells.dtype))
        return torch.cat(parts, dim=1)

    def residual(self, estimates: Tensor) -> Tensor:
        """(B, T), what is added to the outputs; 0 where the estimate is not known."""
        targets = len(self.config.targets)
        return self.weight * estimates[:, :targets] * estimates[:, targets, None]
