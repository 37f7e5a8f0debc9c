"""Acquisitions by name, a file each: how much a design is worth running. A new one is a new file with a ``KIND``.

Of another package it is an entry point of the group ``hls_moe_pipeline.acquisitions`` (:mod:`pipeline.registry`).
"""

from pipeline.exploration.acquisition import Acquisition
from pipeline.registry import Registry, modules_of

ACQUISITIONS = Registry("acquisition", Acquisition, lambda: modules_of(__name__))
