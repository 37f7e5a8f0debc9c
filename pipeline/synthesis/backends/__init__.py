"""Backends: replay of what is stored, the estimator, and the choice between them and Vitis HLS."""

from pipeline.synthesis.backends.base import Backend, Origin, Outcome
from pipeline.synthesis.backends.choose import (
    BACKENDS,
    FoundTool,
    choose,
    find_address,
    find_vitis,
    made_for_target,
)
from pipeline.synthesis.backends.estimator import EstimatorBackend
from pipeline.synthesis.backends.replay import ReplayBackend

__all__ = [
    "BACKENDS",
    "Backend",
    "EstimatorBackend",
    "FoundTool",
    "Origin",
    "Outcome",
    "ReplayBackend",
    "choose",
    "find_address",
    "find_vitis",
    "made_for_target",
]
