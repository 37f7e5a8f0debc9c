"""What search is told of a kernel: its sites, what stands around them, and the estimator's figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pipeline.dataset.site_map import mapped_sites
from pipeline.design_space import Point
from pipeline.errors import PipelineError
from pipeline.estimator import prepare
from pipeline.estimator.features import FEATURES, features
from pipeline.exploration.features import KernelFeatures, SiteFacts
from pipeline.loop.pace import microseconds
from pipeline.terms import SiteKind

if TYPE_CHECKING:
    from pipeline.estimator import Device, WalkedKernel
    from pipeline.exploration.features import Estimate
    from pipeline.kernels import Kernel

_KINDS = {"__PIPE__": SiteKind.PIPELINE, "__PARA__": SiteKind.PARALLEL, "__TILE__": SiteKind.TILE}
"""What a site decides, by its name alone: for label sets whose C is not at hand."""


def kernel_features(
    kernel: Kernel | None, dialect: str, site_names: Iterable[str], device: Device | None
) -> KernelFeatures:
    """Features of designs of a kernel with these sites, with estimates for ``device`` where the estimator can walk the
    kernel; without any where that is None."""
    names = sorted(set(site_names))
    if kernel is None:
        return KernelFeatures([_bare(name) for name in names])
    prepared = None if device is None else _prepared(kernel, device)
    facts = _facts(kernel, dialect, names)
    return (
        KernelFeatures(facts)
        if prepared is None
        else KernelFeatures(facts, _figures(prepared, dialect), microseconds(prepared))
    )


def _prepared(kernel: Kernel, device: Device) -> WalkedKernel | None:
    try:
        return prepare(kernel, device)
    except PipelineError:
        return None


def _figures(prepared: WalkedKernel, dialect: str) -> Estimate:
    def figures(points: Sequence[Point]) -> object:
        return features(prepared, points, dialect)

    return figures  # type: ignore[return-value]


def _facts(kernel: Kernel, dialect: str, names: Sequence[str]) -> list[SiteFacts]:
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
    return found + [SiteFacts(name, SiteKind.OPTION) for name in names if name in options]


def _bare(name: str) -> SiteFacts:
    kind = next((kind for mark, kind in _KINDS.items() if name.startswith(mark)), SiteKind.OPTION)
    return SiteFacts(name, kind)


def estimator_columns(width: int) -> slice:
    """Where the estimator's figures stand among ``width`` shared columns that end in them, absolute and relative."""
    return slice(width - 2 * len(FEATURES), width - len(FEATURES))
