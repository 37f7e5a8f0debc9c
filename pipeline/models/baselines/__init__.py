"""Models on tables: simple regressors on the pragma values of one kernel, and a learner that transfers between kernels.

``simple`` has what any larger model has to beat. ``few_shot`` averages a Gaussian process whose hyperparameters were
learned on other kernels (``meta_process``) with trees that correct what other kernels predict (``source_trees``).
Arrays in, arrays out; scikit-learn is imported where it is used.
"""

from pipeline.models.baselines.coding import coded_values, value_blocks, value_summary
from pipeline.models.baselines.few_shot import ProcessPrior, combined, few_shot, fit_few_shot_process, members
from pipeline.models.baselines.meta_process import (
    MetaProcess,
    ProcessInputs,
    fit_meta_process,
    load_process,
    save_process,
)
from pipeline.models.baselines.simple import CLASSIFIERS, SIMPLE, BaselineEstimate, classify, fit_predict
from pipeline.models.baselines.source_trees import predict_from_sources
from pipeline.models.baselines.tables import KernelTable

__all__ = [
    "CLASSIFIERS",
    "SIMPLE",
    "BaselineEstimate",
    "KernelTable",
    "MetaProcess",
    "ProcessInputs",
    "ProcessPrior",
    "classify",
    "coded_values",
    "combined",
    "few_shot",
    "fit_few_shot_process",
    "fit_meta_process",
    "fit_predict",
    "load_process",
    "members",
    "predict_from_sources",
    "save_process",
    "value_blocks",
    "value_summary",
]
