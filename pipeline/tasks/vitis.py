"""Vitis HLS from luigi.cfg: which installation, under which flow, on which machines."""

from __future__ import annotations

import contextlib
import functools
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pipeline.design_space import design_key
from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.project import NO_FLAGS, Flags
from pipeline.synthesis import Address
from pipeline.synthesis.backends.registry import BackendKind
from pipeline.tasks.messages import say
from pipeline.tasks.sections import farm as farm
from pipeline.tasks.sections import own_settings as own_settings
from pipeline.tasks.sections import pairs as pairs
from pipeline.tasks.sections import section as section
from pipeline.tasks.sections import vitis as vitis
from pipeline.tasks.stored import open_store
from pipeline.tasks.target_options import for_kernel
from pipeline.tasks.watch import Watch
from pipeline.terms import Dialect

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.kernels import Kernel
    from pipeline.synthesis import Outcome, ReportStore, Target
    from pipeline.synthesis.backends.tool import ToolBackend
    from pipeline.synthesis.vitis import Sources, Tool, VitisBackend
    from pipeline.synthesis.vitis.job import Further


@lru_cache(maxsize=1)
def installed_tool() -> Tool | None:
    """The tool that runs would use; None where there is none. Raises PipelineError for a setting that cannot serve."""
    from pipeline.synthesis.vitis import choose_tool, probe

    config = section(vitis)
    found = probe(Path(config.settings) if config.settings else None)
    tool = choose_tool(found.tools, config.tool or None)
    if tool is None and found.notes:
        raise PipelineError(
            f"Vitis HLS is there and cannot be used: {'; '.join(found.notes)}",
            fix="name its settings64.sh as settings in [vitis] of luigi.cfg, or use --backend replay",
        )
    if tool is not None and tool.note:
        say(f"{tool.kind}: {tool.note}.")
    return tool


def is_configured() -> bool:
    """Whether a tool is named in luigi.cfg or may be on PATH, told without starting one."""
    from pipeline.synthesis import find_vitis

    config = section(vitis)
    return bool(config.settings or config.tool) or find_vitis() is not None


def lowering(
    kernel: Kernel, point: Point, *, dialect: str, options: Mapping[str, Any], testbench: Mapping[str, str]
) -> Sources:
    """A design point to what the tool is handed; at module level, as workers elsewhere import it.

    ``testbench`` are the texts of a test bench's sources by name.
    """
    from pipeline.synthesis.lowering import delivers, lower

    sources: Sources = lower(kernel, point, dialect=dialect, **options)
    project = kernel.project
    if project is None:
        return replace(sources, files={**sources.files, **testbench}, testbench=tuple(testbench))
    flags, bench = project.flags.absolute(), project.testbench
    # Lowered C holds what it includes; a test bench is compiled as it is, with the headers that lie beside it.
    cflags = sources.cflags if delivers(kernel, dialect) else flags.without_includes().text
    sources = replace(sources, cflags=cflags, settings=_later(project.tool.further))
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


def _later(settings: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Settings of later steps that scripts spell: those of a configuration file stay in it."""
    return tuple((name, value) for name, value in settings if name.startswith("config_"))


def _is_source(file: str) -> bool:
    from pipeline.synthesis.vitis.sources import SOURCE_SUFFIXES

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


def _further(text: str) -> list[Further]:
    from pipeline.synthesis.vitis.job import Further

    try:
        return [Further(step.strip()) for step in text.split(",") if step.strip()]
    except ValueError:
        known = ", ".join(str(step) for step in Further)
        raise PipelineError(f"[vitis] further: {text!r} is none of {known}", file="luigi.cfg") from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def make_backend(store: ReportStore, kernel: Kernel, source: str, target: Target) -> VitisBackend:
    """The backend for one kernel under the flow of luigi.cfg, for the part and clock that were asked for.

    Raises PipelineError where no tool is found, or ``source`` names another flow than the installed tool's.
    """
    from pipeline.synthesis.lowering import VERSION as LOWERING_VERSION
    from pipeline.synthesis.vitis import Limits, Retries, VitisBackend, tool_flow
    from pipeline.synthesis.vitis.run import Keep

    config, tool = section(vitis), installed_tool()
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
    extra = {**dict(own), **pairs(config.options, "vitis")}
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
    asked = for_kernel(target, kernel).complete
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
    if source and source != flow.source:
        raise PipelineError(
            f"the installed tool makes labels of source {flow.source}, not {source}",
            fix="leave --source out, or replay that source with --backend replay",
        )
    return VitisBackend(
        store,
        Address(kernel.name, kernel.ast_hash, flow),
        tool,
        functools.partial(
            lowering,
            dialect=dialect,
            testbench=_testbench(config.testbench, kernel) if further or config.testbench else {},
            options={
                "buffers": config.buffers,
                "flow_target": asked.flow_target,
                "reassociate": config.reassociate,
                "unsupported": config.unsupported,
                "delivery": config.delivery,
            },
        ),
        scratch=Path(config.scratch) if config.scratch else Path(tempfile.gettempdir()) / "hls-pipeline-runs",
        limits=Limits(
            wall_s=60.0 * config.timeout_minutes,
            memory_bytes=int(config.memory_gib * 2**30) or None,
        ),
        retries=Retries(attempts=config.tries),
        ends=config.ends,
        keep=cast(Keep, config.keep),
        further=further,
        now=_now,
    )


KIND = BackendKind(
    "vitis",
    lambda request: make_backend(request.store, request.kernel, request.source, request.target),
    runs_tool=True,
)


def run_designs(
    backend: ToolBackend,
    kernel: Kernel,
    points: Sequence[Point],
    workspace: Path,
    on_stage: Callable[[str, str], None],
) -> Iterator[Outcome]:
    """An outcome per point, in the order in which they are done: stored ones first, then runs on the farm.

    ``on_stage`` is told (design key, stage) while runs go on in this process; other machines do not tell.
    A design that another command runs meanwhile, in any workspace with this store, is left to it and its result taken.
    A design that the surroundings kept from a result, or that was not started as none can have one, comes with the
    fault, and is not stored: the next call runs it again.
    """
    from pipeline.synthesis.claims import Claims
    from pipeline.synthesis.executors import LicencePool, make_executor, run_all

    stored = backend.stored(points)
    yield from stored.values()
    jobs = {key: point for point in points if (key := design_key(point)) not in stored}
    watch = Watch(backend)
    if jobs and watch.goes_on():
        config = section(farm)
        if config.executor in ("serial", "local"):
            backend.on_stage, backend.on_wait = on_stage, watch.waits
        licences = LicencePool(workspace / "licences", config.licences) if config.licences else None
        # In the workspace's own store, also where the results are to go to another: a design is run by one at a time.
        claims = Claims(open_store(str(workspace)).root)
        claims.sweep(backend.address)

        def waiting(count: int) -> None:
            designs = "1 design" if count == 1 else f"{count} designs"
            say(f"  {kernel.name}: waiting for {designs} that others have in flight")

        with contextlib.ExitStack() as stack:
            settings = pairs(config.options, "farm")
            executor = stack.enter_context(make_executor(config.executor, workers=config.workers, options=settings))
            if executor.remote:
                claims = stack.enter_context(claims.watched())
            for done in run_all(
                executor, functools.partial(backend.run_one, kernel), jobs, licences=licences,
                claim=functools.partial(backend.claimed, claims), waiting=waiting, goes_on=watch.goes_on,
            ):  # fmt: skip
                yield from watch.judged(done)
    yield from watch.rest(jobs)
