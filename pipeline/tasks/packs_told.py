"""What packs hold, as values for text, JSON and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.synthesis import made_for

if TYPE_CHECKING:
    from pipeline.synthesis.passed_on import PackFacts


def told_of(packs: Sequence[PackFacts], folder: Path) -> list[dict[str, Any]]:
    """A value a pack; files as seen from ``folder``, terms those of the pack, else of its source."""
    from pipeline.dataset.licences import licence_of

    found = []
    for pack in packs:
        flow = pack.address.flow
        terms = licence_of(pack.address.source)
        within = pack.path.is_relative_to(folder)
        found.append(
            {
                "file": str(pack.path.relative_to(folder) if within else pack.path),
                "kernel": pack.address.kernel,
                "kernel_hash": pack.address.kernel_hash,
                "source": pack.address.source,
                "tool": " ".join(filter(None, (flow.tool, flow.tool_version or "of a version that is not recorded"))),
                "made_for": made_for(flow),
                "designs": pack.designs,
                "labelled": pack.labelled,
                "reports": pack.reports,
                "holds": "alone" if pack.alone else "reports" if pack.reports else "labels",
                "terms": pack.terms or f"{terms.licence}; {terms.attribution}",
            }
        )
    return found
