"""A Gaussian process whose mean and covariance are learned on many kernels, then conditioned on a new one's shots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from pipeline.errors import PipelineError
from pipeline.models.baselines.simple import BaselineEstimate

Floats = npt.NDArray[np.float64]

_CLIP = 2.5
_STEPS, _RATE, _KERNELS_PER_STEP = 250, 0.03, 8
_EPISODES = (10, 20, 50)
_LEAST = 20
_PULL = 0.01
_JITTER = 1e-6


@dataclass(frozen=True)
class ProcessInputs:
    """n designs of one kernel.

    ``shared``  (n, D), columns that mean the same for every kernel
    ``blocks``  (n, S) each, columns of this kernel alone; the columns of a block have one unit, in all kernels
    ``priors``  (n, T, P), what is known of each target beforehand
    """

    shared: Floats
    blocks: tuple[Floats, ...]
    priors: Floats

    def take(self, rows: npt.NDArray[np.intp]) -> ProcessInputs:
        """The designs at ``rows``."""
        return ProcessInputs(self.shared[rows], tuple(block[rows] for block in self.blocks), self.priors[rows])


@dataclass(frozen=True)
class _Inputs:
    """K kernels of n designs, standardised: (K, n, D), (K, n, S) each, (K, n, T, P)."""

    shared: Tensor
    blocks: tuple[Tensor, ...]
    priors: Tensor


class MetaProcess(nn.Module):
    """One Gaussian process per target, with hyperparameters that all kernels of the suite share.

    The mean is linear in P priors. The covariance sums a Matérn 5/2 kernel of the shared columns, one of the kernel's
    own and one of both, a linear kernel of the priors, and a constant, which is the kernel's unknown offset. Shared
    columns are standardised over the source kernels and cut at 2.5, so that a kernel unlike these is not extrapolated
    to.
    """

    centre: Tensor
    scale: Tensor
    unit: Tensor

    def __init__(self, targets: int, columns: int, blocks: int, priors: int) -> None:
        super().__init__()
        wide = math.log(1.5 * math.sqrt(columns))

        def full(*shape: int, value: float) -> nn.Parameter:
            return nn.Parameter(torch.full(shape, value, dtype=torch.float64))

        self.shared_scale = full(2, targets, columns, value=wide)
        self.block_scale = full(2, targets, blocks, value=math.log(2.5))
        self.amplitude = full(targets, 3, value=math.log(0.5))
        self.slope_scale = full(targets, priors, value=math.log(0.5))
        self.offset = full(targets, value=0.0)
        self.noise = full(targets, value=math.log(0.1))
        self.slope = full(targets, priors, value=0.5)
        self.intercept = full(targets, value=0.0)
        for name, size in (("centre", columns), ("scale", columns), ("unit", targets)):
            self.register_buffer(name, torch.ones(size, dtype=torch.float64))

    def condition(
        self, inputs: ProcessInputs, labels: Floats, seen: npt.NDArray[np.intp], *, noise: bool = True
    ) -> BaselineEstimate:
        """Mean and spread for n designs of a kernel after the targets ``labels`` (k, T) of the rows ``seen`` (k,).

        The spread is that of a new measurement, or without ``noise`` that of what is measured.
        """
        return self.extend(inputs.take(seen), labels, inputs, noise=noise)

    def extend(
        self, seen: ProcessInputs, labels: Floats, wanted: ProcessInputs, *, noise: bool = True
    ) -> BaselineEstimate:
        """As :meth:`condition`, where the designs that are seen (k) and wanted (n) are given apart."""
        with torch.no_grad(), _one_thread():
            mean, variance = self._posterior(
                self._inputs(seen), self._labels(labels), self._inputs(wanted), noise=noise
            )
        unit = self.unit.numpy()
        return BaselineEstimate(mean[0].numpy() * unit, np.sqrt(variance[0].numpy()) * unit)

    def _labels(self, targets: Floats) -> Tensor:
        return torch.from_numpy(np.asarray(targets, dtype=np.float64))[None] / self.unit

    def _inputs(self, inputs: ProcessInputs) -> _Inputs:
        shared = (torch.from_numpy(inputs.shared) - self.centre) / self.scale
        return _Inputs(
            shared.clamp(-_CLIP, _CLIP)[None],
            tuple(torch.from_numpy(block)[None] for block in inputs.blocks),
            torch.from_numpy(inputs.priors)[None] / self.unit[:, None],
        )

    def _covariance(self, a: _Inputs, b: _Inputs) -> Tensor:
        """(T, K, n, m)."""
        shared, own = self._shared_distance(a, b), self._own_distance(a, b)
        variance = (2 * self.amplitude).exp()[:, :, None, None, None]
        found = variance[:, 0] * _matern(shared[0]) + variance[:, 1] * _matern(own[0])
        found = found + variance[:, 2] * _matern(shared[1] + own[1])
        slopes = torch.einsum("kntp,kmtp,tp->tknm", a.priors, b.priors, (2 * self.slope_scale).exp())
        covariance: Tensor = found + slopes + (2 * self.offset).exp()[:, None, None, None]
        return covariance

    def _shared_distance(self, a: _Inputs, b: _Inputs) -> Tensor:
        """Squared distances (2, T, K, n, m) of the shared columns, under both sets of scales."""
        weights = (-2 * self.shared_scale).exp().flatten(0, 1)
        weighted = (b.shared[:, None] * weights[:, None]).flatten(1, 2)
        size = (*a.shared.shape[:2], len(weights), b.shared.shape[1])
        product = (a.shared @ weighted.mT).view(size).permute(2, 0, 1, 3)
        squares = (a.shared.pow(2) @ weights.mT).permute(2, 0, 1)[..., None]
        others = (b.shared.pow(2) @ weights.mT).permute(2, 0, 1)[..., None, :]
        found = (squares + others - 2 * product).clamp(min=0)
        return found.view(*self.shared_scale.shape[:2], *found.shape[1:])

    def _own_distance(self, a: _Inputs, b: _Inputs) -> Tensor:
        """Squared distances (2, T, K, n, m) of the kernel's own columns, under both sets of scales."""
        blocks = torch.stack([_squared(left, right) for left, right in zip(a.blocks, b.blocks, strict=True)])
        found: Tensor = (-2 * self.block_scale).exp() @ blocks.flatten(1)
        return found.view(*found.shape[:2], *blocks.shape[1:])

    def _mean(self, inputs: _Inputs) -> Tensor:
        return torch.einsum("kntp,tp->tkn", inputs.priors, self.slope) + self.intercept[:, None, None]

    def _factor(self, seen: _Inputs, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Cholesky factor (T, K, n, n) of the noisy covariance, and the labels less their mean (T, K, n, 1)."""
        noise = (2 * self.noise).exp() + _JITTER
        covariance = self._covariance(seen, seen)
        eye = torch.eye(covariance.shape[-1], dtype=torch.float64)
        factor = torch.linalg.cholesky(covariance + eye * noise[:, None, None, None])
        return factor, (labels.permute(2, 0, 1) - self._mean(seen))[..., None]

    def _posterior(self, seen: _Inputs, labels: Tensor, wanted: _Inputs, *, noise: bool) -> tuple[Tensor, Tensor]:
        factor, residual = self._factor(seen, labels)
        cross = self._covariance(wanted, seen)
        mean = self._mean(wanted) + (cross @ torch.cholesky_solve(residual, factor))[..., 0]
        explained = torch.linalg.solve_triangular(factor, cross.transpose(-1, -2), upper=False).pow(2).sum(-2)
        own = (2 * self.amplitude).exp().sum(1) + (2 * self.offset).exp()
        slopes = torch.einsum("kntp,tp->tkn", wanted.priors.pow(2), (2 * self.slope_scale).exp())
        variance = (own[:, None, None] + slopes - explained).clamp(min=_JITTER)
        if noise:
            variance = variance + (2 * self.noise).exp()[:, None, None]
        return mean.permute(1, 2, 0), variance.permute(1, 2, 0)

    def loss(self, seen: _Inputs, labels: Tensor) -> Tensor:
        """Negative log marginal likelihood of the labels (K, n, T), the mean over all of them."""
        factor, residual = self._factor(seen, labels)
        white = torch.linalg.solve_triangular(factor, residual, upper=False)
        fit = 0.5 * white.pow(2).sum((-1, -2)) + factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        loss: Tensor = fit.mean() / labels.shape[1]
        return loss


def fit_meta_process(kernels: Sequence[tuple[ProcessInputs, Floats]], seed: int) -> MetaProcess:
    """Learns the hyperparameters on source kernels: each step some kernels with 10, 20 or 50 designs drawn of each.

    ``kernels`` holds inputs and targets (n, T) a kernel; priors must come from models that did not see it. Kernels
    with fewer than 20 designs whose targets are all known are left out. The state of torch's random numbers is left
    alone. Raises PipelineError where no kernel is left.
    """
    kept = []
    for inputs, targets in kernels:
        known = np.flatnonzero(~np.isnan(targets).any(axis=1))
        if len(known) >= _LEAST:
            kept.append((inputs.take(known), targets[known].astype(np.float64)))
    if not kept:
        raise PipelineError(f"no source kernel has {_LEAST} designs to learn from", fix="give other sources")
    first = kept[0][0]
    process = MetaProcess(first.priors.shape[1], first.shared.shape[1], len(first.blocks), first.priors.shape[2])
    _standardise(process, kept)
    ready = [(process._inputs(inputs), process._labels(targets)) for inputs, targets in kept]
    with _one_thread():
        _train(process, ready, np.random.default_rng(seed))
    return process.eval()


def _train(process: MetaProcess, ready: Sequence[tuple[_Inputs, Tensor]], draw: np.random.Generator) -> None:
    optimiser = torch.optim.Adam(process.parameters(), lr=_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, _STEPS)
    for _ in range(_STEPS):
        chosen = draw.choice(len(ready), min(_KERNELS_PER_STEP, len(ready)), replace=False)
        count = min(int(draw.choice(_EPISODES)), *(ready[number][1].shape[1] for number in chosen))
        rows = [torch.from_numpy(draw.permutation(ready[number][1].shape[1])[:count]) for number in chosen]
        seen = _stacked([_rows(ready[number][0], index) for number, index in zip(chosen, rows, strict=True)])
        labels = torch.cat([ready[number][1][:, index] for number, index in zip(chosen, rows, strict=True)])
        loss = (
            process.loss(seen, labels)
            + 0.01 * (process.shared_scale - process.shared_scale.detach().mean()).pow(2).mean()
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(process.parameters(), 5.0)
        optimiser.step()
        schedule.step()


@contextmanager
def _one_thread() -> Iterator[None]:
    """The matrices are small: threads cost more than they save, and many times more where cores are taken."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def save_process(path: Path, process: MetaProcess) -> None:
    """Writes a meta-process as safetensors."""
    save_file({name: value.detach().contiguous() for name, value in process.state_dict().items()}, path)


def load_process(path: Path) -> MetaProcess:
    """Reads what :func:`save_process` wrote. Raises PipelineError for any other file."""
    try:
        tensors = load_file(path)
        targets, priors = tensors["slope"].shape
        process = MetaProcess(targets, len(tensors["centre"]), tensors["block_scale"].shape[2], priors)
        process.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        problem = " ".join(str(error).split())[:200]
        raise PipelineError(f"not a meta-process: {problem}", file=str(path), fix="remove it and run again") from None
    return process.eval()


def _standardise(process: MetaProcess, kept: Sequence[tuple[ProcessInputs, Floats]]) -> None:
    columns = np.concatenate([inputs.shared for inputs, _ in kept])
    within = np.mean([targets.var(axis=0) for _, targets in kept], axis=0)
    process.centre.copy_(torch.from_numpy(columns.mean(0)))
    process.scale.copy_(torch.from_numpy(columns.std(0) + 1e-6))
    process.unit.copy_(torch.from_numpy(np.sqrt(within) + 1e-6))


def _rows(inputs: _Inputs, index: Tensor) -> _Inputs:
    return _Inputs(inputs.shared[:, index], tuple(block[:, index] for block in inputs.blocks), inputs.priors[:, index])


def _stacked(several: Sequence[_Inputs]) -> _Inputs:
    blocks = []
    for number in range(len(several[0].blocks)):
        own = [inputs.blocks[number] for inputs in several]
        most = max(block.shape[2] for block in own)
        blocks.append(torch.cat([nn.functional.pad(block, (0, most - block.shape[2])) for block in own]))
    return _Inputs(
        torch.cat([inputs.shared for inputs in several]),
        tuple(blocks),
        torch.cat([inputs.priors for inputs in several]),
    )


def _squared(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances (..., n, m) of rows (..., n, d) and (..., m, d)."""
    product = a @ b.transpose(-1, -2)
    return (a.pow(2).sum(-1)[..., None] + b.pow(2).sum(-1)[..., None, :] - 2 * product).clamp(min=0)


def _matern(squared: Tensor) -> Tensor:
    """Matérn 5/2 of a squared distance."""
    root = (5 * squared + 1e-12).sqrt()
    return (1 + root + root.pow(2) / 3) * torch.exp(-root)
