"""Models of designs: encoders, mixtures of experts at three granularities and the gate over them, as plain modules.

A kernel is encoded once; everything that depends on a design's pragma values is one batched computation for all designs
of a batch (``sharing`` says which parts designs share). ``inputs`` has what a model takes, ``config`` the choices that
make plain HARP, each single-level mixture or the hierarchical mixture, ``model`` the model, ``losses`` the published
losses, ``predict`` scoring in a stream and ``checkpoint`` files without pickle. Importing this room imports torch.
"""

from pipeline.models.checkpoint import load_model, read_header, save_model
from pipeline.models.config import ModelConfig
from pipeline.models.inputs import DesignBatch, GraphBatch, KernelGraph, collate, collate_designs, site_number
from pipeline.models.losses import joint_loss, ranking_loss, separate_loss, target_losses
from pipeline.models.model import DesignModel, Prediction
from pipeline.models.predict import predict
from pipeline.models.sharing import Sharing, share

__all__ = [
    "DesignBatch",
    "DesignModel",
    "GraphBatch",
    "KernelGraph",
    "ModelConfig",
    "Prediction",
    "Sharing",
    "collate",
    "collate_designs",
    "joint_loss",
    "load_model",
    "predict",
    "ranking_loss",
    "read_header",
    "save_model",
    "separate_loss",
    "share",
    "site_number",
    "target_losses",
]
