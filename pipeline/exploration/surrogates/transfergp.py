"""The Gaussian process on top of what other kernels teach."""

from __future__ import annotations

from pipeline.exploration.surrogates import SurrogateKind
from pipeline.exploration.surrogates.gp import GaussianSurrogate

KIND = SurrogateKind(
    "transfergp", lambda asked: GaussianSurrogate(seed=asked.seed, prior=asked.prior), needs_prior=True
)
