"""Training: designs of a dataset as arrays, the two stages, fine-tuning, choosing shots, prediction and metrics.

``data`` reads a dataset (:func:`load_designs`), ``sites`` makes graphs and values of design points, ``config`` has the
schedule, ``presets`` the published choices and the best ones. Pre-training is ``pretrain.pretrain``,
in a module of its own because that imports Lightning. Importing this room imports torch.
"""

from pipeline.training.config import TrainingConfig
from pipeline.training.data import KernelDesigns, load_designs
from pipeline.training.fine_tune import FINE_TUNING, fine_tune
from pipeline.training.forecast import DesignForecast, predict_designs
from pipeline.training.presets import MODES, Preset, preset
from pipeline.training.shots import select_shots
from pipeline.training.sites import VOCABULARY, SiteGraph, site_graph, site_values

__all__ = [
    "FINE_TUNING",
    "MODES",
    "VOCABULARY",
    "DesignForecast",
    "KernelDesigns",
    "Preset",
    "SiteGraph",
    "TrainingConfig",
    "fine_tune",
    "load_designs",
    "predict_designs",
    "preset",
    "select_shots",
    "site_graph",
    "site_values",
]
