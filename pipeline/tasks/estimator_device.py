"""Which constants the estimator works with: the shipped ones, or those that luigi.cfg names."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

if TYPE_CHECKING:
    from pipeline.estimator import Device


def estimator_device() -> Device:
    """The default device, with the constants of ``[estimator] constants`` in luigi.cfg where that names a file.

    PipelineError, with the file, where it holds no constants.
    """
    path = luigi.configuration.get_config().get("estimator", "constants", "")
    return _device(str(path).strip())


@lru_cache(maxsize=4)
def _device(path: str) -> Device:
    from pipeline.estimator import calibrated, load_device

    return calibrated(load_device(), Path(path)) if path else load_device()


def estimator_version() -> str:
    """The estimator's version, with its constants where these are not the shipped ones."""
    from pipeline.estimator import version

    return version(estimator_device())
