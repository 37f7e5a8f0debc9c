"""Inputs of the surrogates that learn on one kernel."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from pipeline.exploration.types import Features, Floats, Forecast


def columns_of(features: Features, beforehand: Forecast | None) -> Floats:
    """[n, c] the effective values, the shared columns, and what was forecast before any run on this kernel."""
    parts = [features.columns, features.shared]
    if beforehand is not None:
        parts += [beforehand.latency[:, None], logit(beforehand.valid)[:, None], beforehand.utilisation]
    return np.concatenate(parts, axis=1)


def logit(chance: Floats) -> Floats:
    """log odds, of chances kept within 0.001 of 0 and 1."""
    inside = np.clip(chance, 1e-3, 1.0 - 1e-3)
    return np.asarray(np.log(inside / (1.0 - inside)))


def latent_of(chances: Floats) -> Floats:
    """Chances, kept within 0.03 of 0 and 1, as latent numbers: half the normal quantile."""
    return np.asarray(0.5 * ndtri(np.clip(chances, 0.03, 0.97)))


def chance(odds: Floats) -> Floats:
    """The chances of log odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))
