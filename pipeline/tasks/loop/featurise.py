"""What search is told of a kernel: its sites, what stands around them, and the estimator's figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.design_space import Point
from pipeline.errors import PipelineError

if TYPE_CHECKING:
    from pipeline.estimator import Device
    from pipeline.exploration.features import Estimate, KernelFeatures, SiteFacts
    from pipeline.kernels import Kernel

_KINDS = {"__PIPE__": "PIPELINE", "__PARA__": "PARALLEL", "__TILE__": "TILE"}
"""What a site decides, by its name alone: for label sets whose C is not at hand."""


def kernel_features(
    kernel: Kernel | None, dialect: str, site_names: Iterable[str], *, device: Device | None = None
) -> KernelFeatures:
    """Features of designs of a kernel with these sites; with estimates for a device, if the estimator can walk it."""
    from pipeline.exploration.features import KernelFeatures

    names = sorted(set(site_names))
    if kernel is None:
        return KernelFeatures([_bare(name) for name in names])
    return KernelFeatures(_facts(kernel, dialect, names), estimate_of(kernel, dialect, device) if device else None)


def estimate_of(kernel: Kernel, dialect: str, device: Device) -> Estimate | None:
    """The estimator's figures of points (:data:`pipeline.estimator.features.FEATURES`); None where it has none."""
    from pipeline.estimator import prepare
    from pipeline.estimator.features import features

    try:
        prepared = prepare(kernel, device)
    except PipelineError:
        return None

    def figures(points: Sequence[Point]) -> object:
        return features(prepared, points, dialect)

    return figures  # type: ignore[return-value]


def _facts(kernel: Kernel, dialect: str, names: Sequence[str]) -> list[SiteFacts]:
    from pipeline.dataset.site_map import mapped_sites
    from pipeline.exploration.features import SiteFacts

    options = {option.name for option in kernel.options}
    found = []
    for site in mapped_sites(kernel, dialect, [name for name in names if name not in options]).values():
        loop = kernel.loop(site.loop)
        above, parent = [], loop.parent
        while parent is not None:
            above.append(parent)
            parent = kernel.loop(parent).parent
        found.append(
            SiteFacts(
                name=site.name,
                kind=str(site.kind),
                loop=loop.id,
                above=tuple(above),
                trip_count=loop.trip_count if loop.trip_count is not None else loop.trip_max,
                innermost=loop.innermost,
                reduction=site.reduction is not None,
            )
        )
    return found + [SiteFacts(name, "OPTION") for name in names if name in options]


def _bare(name: str) -> SiteFacts:
    from pipeline.exploration.features import SiteFacts

    kind = next((kind for mark, kind in _KINDS.items() if name.startswith(mark)), "OPTION")
    return SiteFacts(name, kind)
