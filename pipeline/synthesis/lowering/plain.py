"""The dialect of the published plain Vitis HLS set (HLSFactory, AutoDSE demo): directives as they are, nothing added.

Sites are named after the i-th ``for`` loop of the file. ``__PIPE__``: the empty value is no directive at all, ``off``
turns pipelining off, blanks are ``HLS pipeline``. ``__PARA__``: the factor of ``HLS unroll``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import PipelineError
from pipeline.synthesis.lowering import directive
from pipeline.synthesis.lowering.asked import factor
from pipeline.synthesis.lowering.plan import LoopPlan, Plan
from pipeline.synthesis.lowering.prepare import Prepared
from pipeline.synthesis.lowering.result import Done, SiteOutcome

_SITE = re.compile(r"__(PIPE|PARA)__L(0|[1-9][0-9]{0,5})")


def decide_plain(prepared: Prepared, point: Mapping[str, int | str]) -> Plan:
    """The plan of a point; PipelineError for a site or value that the dialect does not have."""
    plan = Plan()
    kernel = prepared.kernel
    by_number = {loop.file_index: loop.id for loop in kernel.loops if loop.keyword == "for"}
    by_id = {loop: record for record, loop in prepared.ids.items()}
    for name in sorted(point, key=lambda text: (text.partition("L")[2], text.startswith("__PARA"))):
        match = _SITE.fullmatch(name)
        loop = by_number.get(int(match[2])) if match else None
        if match is None or loop is None:
            raise PipelineError(
                f"{name} is no site of {kernel.name} in the plain Vitis dialect",
                file=kernel.file,
                fix=f"its {len(by_number)} for loops have __PIPE__Li and __PARA__Li, i from 0 in the order of the text",
            )
        mine = plan.loops.setdefault(by_id[loop], LoopPlan())
        value = point[name]
        if match[1] == "PARA":
            mine.directives.append(directive.unroll(factor(kernel, name, value), divides=False))
        elif value == "off":
            mine.directives.append(directive.PIPELINE_OFF)
        elif isinstance(value, str) and value and not value.strip():
            mine.directives.append(directive.PIPELINE)
        elif value != "":
            raise PipelineError(
                f"{value!r} cannot be the value of {name}", file=kernel.file, fix="use off, '' or three blanks"
            )
        plan.outcomes.append(SiteOutcome(name, loop, str(value), Done.APPLIED, ""))
    return plan
