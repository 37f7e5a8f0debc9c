"""From design points to labels: flows and addresses, the report store and its packs, backends, and past runs.

A :class:`Flow` says which tool made a report at which settings; an :class:`Address` is a kernel under a flow; a
:class:`ReportStore` holds an :class:`Entry` per address and design key. Backends turn points into outcomes: replay
from the store, the estimator, Vitis HLS where it is found. :func:`collect_reports` reads a folder of past runs.
"""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports

if TYPE_CHECKING:
    from pipeline.synthesis.address import Address
    from pipeline.synthesis.backends import (
        BACKENDS,
        Backend,
        BackendKind,
        BackendRequest,
        EstimatorBackend,
        Origin,
        Outcome,
        ReplayBackend,
        ToolBackend,
        find_address,
        find_vitis,
        made_for_target,
        make_backend,
    )
    from pipeline.synthesis.collect import Collected, collect_reports
    from pipeline.synthesis.entry import Entry
    from pipeline.synthesis.flow import (
        ESTIMATOR_SOURCE,
        KNOWN_FLOWS,
        Flow,
        check_source,
        estimator_flow,
        imported_flow,
    )
    from pipeline.synthesis.incoming import Changes, arriving, beside
    from pipeline.synthesis.one_flow import Stated, address_for, common_flow, of_one_flow
    from pipeline.synthesis.opened import Problem
    from pipeline.synthesis.pack import read_pack, write_pack
    from pipeline.synthesis.store import ReportStore, SourceCounts
    from pipeline.synthesis.target import Target, made_for, parse_clock, same_target, uncertainty_fraction
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = [
    "BACKENDS",
    "ESTIMATOR_SOURCE",
    "KNOWN_FLOWS",
    "Address",
    "Backend",
    "BackendKind",
    "BackendRequest",
    "Changes",
    "Collected",
    "Entry",
    "EstimatorBackend",
    "Flow",
    "Origin",
    "Outcome",
    "Problem",
    "ReplayBackend",
    "ReportStore",
    "SourceCounts",
    "Stated",
    "Target",
    "ToolBackend",
    "address_for",
    "arriving",
    "beside",
    "check_source",
    "collect_reports",
    "common_flow",
    "estimator_flow",
    "find_address",
    "find_vitis",
    "imported_flow",
    "made_for",
    "made_for_target",
    "make_backend",
    "of_one_flow",
    "parse_clock",
    "read_pack",
    "same_target",
    "uncertainty_fraction",
    "write_pack",
]
