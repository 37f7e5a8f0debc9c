"""What a design point and the fixed pragmas of the source ask of each loop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.model import Kernel
from pipeline.kernels.pragmas import Pragma
from pipeline.synthesis.lowering.prepare import Prepared
from pipeline.terms import Dialect, SiteKind

PIPELINE_VALUES = ("off", "", "flatten")
_FACTOR = re.compile(r"\bfactor\s*=\s*(\d+)", re.IGNORECASE)
_MOST = 2**31


@dataclass(slots=True)
class Asked:
    """The values on one loop, each with the site (or pragma text) that it comes from; None where nothing is asked."""

    pipeline: str | None = None
    parallel: int | None = None
    """None with a ``parallel_site``: as many as the loop has iterations."""
    tile: int = 1
    reduction: str | None = None
    pipeline_site: str | None = None
    parallel_site: str | None = None
    tile_site: str | None = None
    hls_pipeline: bool = False
    """The source itself has ``#pragma HLS pipeline`` on the loop; it stays."""
    hls_unroll: bool = False


def asked(prepared: Prepared, point: Mapping[str, int | str]) -> dict[LoopRecord, Asked]:
    """What the point and the fixed ACCEL pragmas ask of each loop. Raises PipelineError for a value that is none."""
    kernel = prepared.kernel
    check_names(kernel, point, {site.name for site in kernel.sites})
    result: dict[LoopRecord, Asked] = {}
    for reader in prepared.readers.values():
        for record in reader.records:
            wanted = result[record] = Asked()
            for pragma in record.pragmas:
                if pragma.placeholder is None:
                    _fixed(kernel, pragma, wanted)
            for site in prepared.sites.get(record, []):
                if site.dialect == Dialect.HLS:
                    wanted.hls_pipeline |= site.kind is SiteKind.PIPELINE
                    wanted.hls_unroll |= site.kind is SiteKind.PARALLEL
                    continue
                value = point[site.name]
                if site.kind is SiteKind.PIPELINE:
                    wanted.pipeline, wanted.pipeline_site = pipeline_value(kernel, site.name, value), site.name
                elif site.kind is SiteKind.PARALLEL:
                    wanted.parallel, wanted.parallel_site = factor(kernel, site.name, value), site.name
                    wanted.reduction = site.reduction
                else:
                    wanted.tile, wanted.tile_site = factor(kernel, site.name, value), site.name
    return result


def check_names(kernel: Kernel, point: Mapping[str, int | str], sites: set[str]) -> None:
    """Raises PipelineError where a site has no value or a value no site."""
    missing = sorted(sites - point.keys())
    if missing:
        raise PipelineError(f"the design point has no value for {missing[0]}", file=kernel.file, fix="give every site")
    extra = sorted(str(name) for name in point.keys() - sites)
    if extra:
        known = ", ".join(sorted(sites)) or "none"
        raise PipelineError(f"{extra[0]} is no site of {kernel.name}", file=kernel.file, fix=f"its sites are {known}")


def pipeline_value(kernel: Kernel, site: str, value: int | str) -> str:
    """``off``, ``''`` or ``flatten``; PipelineError for another value."""
    if value not in PIPELINE_VALUES:
        raise PipelineError(
            f"{value!r} cannot be the value of {site}", file=kernel.file, fix="use off, flatten or '' (NA in a key)"
        )
    return str(value)


def factor(kernel: Kernel, site: str, value: int | str) -> int:
    """A whole number from 1; PipelineError for another value."""
    if isinstance(value, bool) or not re.fullmatch(r"[1-9][0-9]{0,9}", str(value)) or int(value) >= _MOST:
        raise PipelineError(
            f"{value!r} cannot be the value of {site}", file=kernel.file, fix="use a whole number from 1"
        )
    return int(value)


def _fixed(kernel: Kernel, pragma: Pragma, wanted: Asked) -> None:
    if pragma.dialect == Dialect.HLS:
        wanted.hls_pipeline |= pragma.directive == "pipeline"
        wanted.hls_unroll |= pragma.directive == "unroll"
        return
    if pragma.kind is None:
        return
    words = pragma.text.split()
    number = _FACTOR.search(pragma.text)
    if pragma.kind is SiteKind.PIPELINE:
        value = words[2].lower() if len(words) > 2 else ""
        if value not in PIPELINE_VALUES:
            raise _unclear(pragma)
        wanted.pipeline, wanted.pipeline_site = value, pragma.text
    elif pragma.kind is SiteKind.PARALLEL:
        if number is None and "factor" in pragma.text.lower():
            raise _unclear(pragma)
        wanted.parallel = factor(kernel, pragma.text, number[1]) if number else None
        wanted.parallel_site, wanted.reduction = pragma.text, pragma.reduction
    else:
        if number is None:
            raise _unclear(pragma)
        wanted.tile, wanted.tile_site = factor(kernel, pragma.text, number[1]), pragma.text


def _unclear(pragma: Pragma) -> PipelineError:
    return PipelineError(
        f"#pragma {pragma.text} is not understood",
        file=pragma.file,
        line=pragma.line,
        column=pragma.column,
        fix="write a number as FACTOR, and off, flatten or nothing after PIPELINE",
    )
