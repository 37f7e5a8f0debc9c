"""Backends turn design points into labels: replay of what is stored, the estimator, tools. Here is which there are.

What every backend offers stands in ``base``, what every backend of a tool has in common in ``tool``; ``registry`` finds
one by name, also in other packages. ``testing`` has the laws that all of them keep, for tests to subclass.
"""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports

if TYPE_CHECKING:
    from pipeline.synthesis.backends.base import Backend, Farm, Fault, Origin, Outcome
    from pipeline.synthesis.backends.choose import find_address, find_vitis, made_for_target
    from pipeline.synthesis.backends.estimator import EstimatorBackend
    from pipeline.synthesis.backends.registry import (
        BACKENDS,
        BackendKind,
        BackendRequest,
        make_backend,
    )
    from pipeline.synthesis.backends.replay import ReplayBackend
    from pipeline.synthesis.backends.tool import ToolBackend
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = [
    "BACKENDS",
    "Backend",
    "BackendKind",
    "BackendRequest",
    "EstimatorBackend",
    "Farm",
    "Fault",
    "Origin",
    "Outcome",
    "ReplayBackend",
    "ToolBackend",
    "find_address",
    "find_vitis",
    "made_for_target",
    "make_backend",
]
