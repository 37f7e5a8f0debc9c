"""Vitis HLS by name: how its backend is made for a kernel, under the settings that were said."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.design_space.keys import Point
from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.kernels.model import Kernel
from pipeline.project import NO_FLAGS, Flags
from pipeline.synthesis.address import Address
from pipeline.synthesis.backends.registry import BackendKind, BackendRequest
from pipeline.synthesis.lowering import VERSION as LOWERING_VERSION
from pipeline.synthesis.lowering import delivers, lower
from pipeline.synthesis.vitis.backend import VitisBackend, tool_flow
from pipeline.synthesis.vitis.job import Further
from pipeline.synthesis.vitis.process import Limits
from pipeline.synthesis.vitis.retry import Retries
from pipeline.synthesis.vitis.sources import SOURCE_SUFFIXES, Sources
from pipeline.synthesis.vitis.tools import usable_tool
from pipeline.synthesis.vitis_settings import VitisSettings
from pipeline.terms import Dialect, OwnBackend


def sources_of(
    kernel: Kernel, point: Point, *, dialect: str, options: Mapping[str, Any], testbench: Mapping[str, str]
) -> Sources:
    """A design point to what the tool is handed, with ``options`` of :func:`lower`; at module level for other workers.

    ``testbench`` are the texts of a test bench's sources by name.
    """
    sources: Sources = lower(kernel, point, dialect=dialect, **options)
    project = kernel.project
    if project is None:
        return replace(sources, files={**sources.files, **testbench}, testbench=tuple(testbench))
    flags, bench = project.flags.absolute(), project.testbench
    # Lowered C holds what it includes; a test bench is compiled as it is, with the headers that lie beside it.
    cflags = sources.cflags if delivers(kernel, dialect) else flags.without_includes().text
    sources = replace(sources, cflags=cflags, settings=project.tool.further)
    if not testbench:
        return sources
    beside = dict.fromkeys(str(Path(file).absolute().parent) for file in (*bench.files, project.file))
    own = Flags(tuple(("-I", folder) for folder in beside if folder)) if project.script or bench else NO_FLAGS
    return replace(
        sources,
        files={**sources.files, **testbench},
        testbench=tuple(testbench),
        testbench_cflags=(flags + bench.flags.absolute() + own).text,
        data=tuple(str(Path(file).absolute()) for file in bench.files if not _is_source(file)),
        arguments=bench.arguments,
        link=bench.link,
    )


def _is_source(file: str) -> bool:
    return file.lower().endswith(SOURCE_SUFFIXES)


def _testbench(file: str, kernel: Kernel) -> dict[str, str]:
    """The texts of a test bench's sources: the one of [vitis] testbench, else those of the kernel's project."""
    if file:
        text = read_text(Path(file), fix="mend testbench in [vitis], or --vitis-testbench")
        return {f"testbench_{Path(file).name}": text}
    files = kernel.project.testbench.files if kernel.project is not None else ()
    return {
        f"testbench_{Path(one).name}": read_text(Path(one), fix="give another with --testbench")
        for one in files
        if _is_source(one)
    }


def _simulated(kernel: Kernel, point: Point, *, dialect: str, options: Mapping[str, Any], file: str) -> Sources:
    """A design with the test bench of the settings or of its project."""
    return sources_of(kernel, point, dialect=dialect, options=options, testbench=_testbench(file, kernel))


def _further(text: str) -> list[Further]:
    try:
        return [Further(step.strip()) for step in text.split(",") if step.strip()]
    except ValueError:
        known = ", ".join(str(step) for step in Further)
        raise PipelineError(f"[vitis] further: {text!r} is none of {known}", file="luigi.cfg") from None


def _made(request: BackendRequest) -> VitisBackend:
    """Runs of the tool under the flow that part, clock and settings say.

    Raises PipelineError where no tool is found, or labels of another flow than the installed tool's are asked for.
    """
    kernel, asked = request.kernel, request.target.complete
    config = VitisSettings.of(request.settings)
    tool = usable_tool(config.settings, config.tool)
    if tool is None:
        raise PipelineError(
            "Vitis HLS is not found: no vitis_hls, vitis-run or v++ on PATH",
            fix="source its settings64.sh or name it in [vitis] of luigi.cfg, or use --backend replay or estimator",
        )
    native = bool(kernel.options) or any(site.dialect == Dialect.HLS for site in kernel.sites)
    if native and any(site.dialect != Dialect.HLS for site in kernel.sites):
        raise PipelineError(
            "has both ACCEL and HLS placeholders", file=kernel.file, fix="write all sites of a kernel in one dialect"
        )
    dialect = kernel.dialect
    further = _further(config.further)
    own = kernel.project.tool.settings if kernel.project is not None else ()
    extra = {**dict(own), **config.options}
    if kernel.project is not None and kernel.project.flags:
        extra["cflags"] = kernel.project.flags.text
    how = {
        "buffers": str(config.buffers).lower(),
        "reassociate": config.reassociate,
        "unsupported": config.unsupported,
        "version": LOWERING_VERSION,
    }
    if dialect == Dialect.VITIS_PLAIN:
        how = {"delivery": config.delivery, "version": LOWERING_VERSION}
    assert asked.part is not None and asked.clock_ns is not None and asked.flow_target is not None
    flow = tool_flow(
        tool,
        dialect=dialect,
        part=asked.part,
        clock_ns=asked.clock_ns,
        uncertainty=asked.uncertainty or None,
        flow_target=asked.flow_target,
        settings=tuple({**extra, **{f"lowering.{name}": value for name, value in how.items()}}.items()),
    )
    if request.source not in ("", flow.source):
        raise PipelineError(
            f"the installed tool makes labels of source {flow.source}, not {request.source}",
            fix="leave --source out, or replay that source with --backend replay",
        )
    options = {
        "buffers": config.buffers,
        "flow_target": asked.flow_target,
        "reassociate": config.reassociate,
        "unsupported": config.unsupported,
        "delivery": config.delivery,
    }
    bench = _testbench(config.testbench, kernel) if further or config.testbench else {}
    return VitisBackend(
        request.store,
        Address(kernel.name, kernel.ast_hash, flow),
        tool,
        functools.partial(sources_of, dialect=dialect, testbench=bench, options=options),
        with_bench=functools.partial(_simulated, dialect=dialect, options=options, file=config.testbench),
        scratch=Path(config.scratch) if config.scratch else Path(tempfile.gettempdir()) / "hls-pipeline-runs",
        limits=Limits(
            wall_s=60.0 * config.timeout_minutes,
            memory_bytes=int(config.memory_gib * 2**30) or None,
        ),
        retries=Retries(attempts=config.tries),
        ends=config.ends,
        keep=config.keep,
        further=further,
        now=request.now,
    )


KIND = BackendKind(OwnBackend.VITIS.value, _made, runs_tool=True)
