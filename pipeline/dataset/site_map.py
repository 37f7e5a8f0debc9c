"""Published site names to the kernel's loops."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.terms import Dialect, SiteKind

_PLAIN = re.compile(r"__(PIPE|PARA)__L(0|[1-9][0-9]{0,5})")
_KINDS = {"PIPE": SiteKind.PIPELINE, "PARA": SiteKind.PARALLEL}


@dataclass(frozen=True, slots=True)
class MappedSite:
    """A site name of a dialect: what it decides and on which loop (``FUNCTION/loop_N``)."""

    name: str
    kind: SiteKind
    loop: str
    reduction: str | None
    """As :attr:`pipeline.kernels.model.Site.reduction`; None in dialects without such a clause."""


def mapped_sites(kernel: Kernel, dialect: str, site_names: Iterable[str]) -> dict[str, MappedSite]:
    """Each name of ``site_names`` with its kind and loop in ``kernel``, sorted by name.

    ``vitis-plain``: ``__PIPE__Li`` and ``__PARA__Li`` sit on the i-th ``for`` loop of the file, from 0, helper
    functions included and other loops not counted (as HLSFactory's AutoDSE demo numbers them). Every other dialect
    uses the kernel's own sites. Raises :class:`PipelineError` naming a site that is not there.
    """
    if dialect == Dialect.VITIS_PLAIN:
        loops = {loop.file_index: loop.id for loop in kernel.loops if loop.keyword == "for"}
        found = {}
        for name in sorted(set(site_names)):
            match = _PLAIN.fullmatch(name)
            loop = loops.get(int(match[2])) if match else None
            if match is None or loop is None:
                raise _unknown(kernel, dialect, name, f"it has {len(loops)} for loops, L0 to L{len(loops) - 1}")
            found[name] = MappedSite(name, _KINDS[match[1]], loop, None)
        return found
    own = {site.name: MappedSite(site.name, site.kind, site.loop, site.reduction) for site in kernel.sites}
    for name in sorted(set(site_names)):
        if name not in own:
            raise _unknown(kernel, dialect, name, f"its sites are {', '.join(sorted(own)) or 'none'}")
    return {name: own[name] for name in sorted(set(site_names))}


def site_map(kernel: Kernel, dialect: str, site_names: Iterable[str]) -> dict[str, str]:
    """Each site name to the id of its loop; see :func:`mapped_sites`, whose errors it raises."""
    return {name: site.loop for name, site in mapped_sites(kernel, dialect, site_names).items()}


def _unknown(kernel: Kernel, dialect: str, name: str, there: str) -> PipelineError:
    return PipelineError(
        f"kernel {kernel.name} has no place for the {dialect} site {name[:80]!r} ({there})",
        file=kernel.file,
        fix="check that the labels belong to this kernel and dialect",
    )
