"""The forest on top of what other kernels teach."""

from __future__ import annotations

from pipeline.exploration.surrogates import SurrogateKind
from pipeline.exploration.surrogates.forest import ForestSurrogate

KIND = SurrogateKind("transfer", lambda asked: ForestSurrogate(seed=asked.seed, prior=asked.prior), needs_prior=True)
