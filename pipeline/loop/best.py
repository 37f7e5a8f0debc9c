"""The folder of the best design: its source, what rebuilds it, and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.design_space.narrowed import spoken
from pipeline.errors import PipelineError
from pipeline.files import write_json
from pipeline.kernels.annotate import annotated_files
from pipeline.loop.delivered import write_project
from pipeline.loop.tables import utilisations
from pipeline.synthesis.lowering import delivers, is_cpp, lower
from pipeline.synthesis.lowering.with_pragmas import with_pragmas
from pipeline.synthesis.target import made_for, whole
from pipeline.synthesis.testbench import BenchVerdict
from pipeline.synthesis.vitis.templates import CONFIG, SCRIPT, render
from pipeline.synthesis.vitis.tools import Tool, ToolKind
from pipeline.terms import Dialect

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis.flow import Flow
    from pipeline.synthesis.plan import KernelPlan
    from pipeline.synthesis.vitis import Sources

ORIGINS = {
    "replayed": "replayed from a cached report: no tool was run for it here",
    "estimated": "estimated by the analytical model: no tool was run for it",
    "synthesised": "synthesised by the tool",
    "resynthesised": "synthesised afresh by the tool",
}
REPORT = "csynth.xml"
_BUILD = "vitis"


def write_best(
    folder: Path,
    plan: KernelPlan,
    best: MeasuredDesign,
    xml: bytes | None,
    commands: Sequence[str],
    assumed: Sequence[str] = (),
    bench: Mapping[str, str] | None = None,
    compared: Sequence[str] = (),
) -> str | None:
    """Writes the design's folder; returns why the design itself is not in it, None where it is.

    ``xml`` is the design's csynth.xml, None where there is none; ``commands`` are what led here, ``assumed`` is what is
    assumed of the figures, ``bench`` what the test bench says, ``compared`` how it stands against the design as
    written. What cannot be written (a kernel without C at hand, a point that Vitis HLS has no words for) is said in
    ``README.txt`` too.
    """
    folder.mkdir(parents=True)
    files = {"point.json": "the value of each pragma site, with its result"}
    flow = plan.address.flow
    names = {} if plan.kernel is None else spoken(plan.kernel)
    write_json(
        folder / "point.json",
        {**design_facts(best), "names": names, "part": flow.part, "clock_target_ns": flow.clock_ns},
    )
    missing = []
    unwritten: str | None = None
    try:
        if plan.kernel is not None and delivers(plan.kernel, plan.address.flow.dialect):
            files |= write_project(folder, plan.kernel, _sources(plan, plan.kernel, best))
        elif plan.kernel is not None and is_cpp(plan.kernel) and flow.dialect == Dialect.MERLIN:
            files |= write_project(folder, plan.kernel, with_pragmas(plan.kernel, best.point))
        else:
            for name, text in annotated(plan, best).items():
                (folder / name).write_text(text, encoding="utf-8")
                files[name] = "the kernel's C with this design's pragmas"
    except PipelineError as error:
        missing.append(f"no annotated C: {error}")
        unwritten = str(error)
    notes: tuple[str, ...] = tuple(assumed)
    try:
        sources, complete = build_sources(plan, best)
        files |= _write_build(folder / _BUILD, sources, complete)
        notes = (*sources.notes, *_assumed(flow, complete), *assumed)
    except PipelineError as error:
        missing.append(f"no build files: {error}")
    if xml is not None:
        (folder / REPORT).write_bytes(xml)
        files[REPORT] = f"the report, {ORIGINS[best.origin]}"
    else:
        missing.append(f"no {REPORT}: the labels of {best.source} come without reports")
    tested = [f"Test bench: {bench_text(bench)}"] if bench is not None else []
    (folder / "README.txt").write_text(
        _readme(best, flow, files, missing, notes, commands, [*compared, *tested]), encoding="utf-8"
    )
    return unwritten


def design_facts(best: MeasuredDesign) -> dict[str, Any]:
    """A design and its result as JSON values."""
    return {
        "kernel": best.kernel,
        "key": best.key,
        "point": dict(best.point),
        "source": best.source,
        "origin": best.origin,
        "status": best.status,
        "cycles": best.cycles,
        "assumed_trips": best.assumed_trips,
        "clock_ns": best.clock_ns,
        **utilisations(best),
    }


def bench_text(facts: Mapping[str, str]) -> str:
    """Both verdicts in a line."""
    if facts["original"] == BenchVerdict.FAILED and facts["best"] == BenchVerdict.PASSED:
        return f"original failed ({facts['original_why']}), best design does the same"
    told = [
        f"{of} {facts[name]}" + (f" ({facts[f'{name}_why']})" if facts[f"{name}_why"] else "")
        for name, of in (("original", "original"), ("best", "best design"))
    ]
    return ", ".join(told)


def annotated(plan: KernelPlan, best: MeasuredDesign) -> dict[str, str]:
    """The files with the design's pragmas as its dialect writes them, by name: ``KERNEL.c`` and headers with loops.

    Raises PipelineError where there is no C, or a site has no place in it.
    """
    if plan.kernel is None:
        raise PipelineError(f"the C source of {plan.name} is not at hand", fix="give its path as --kernel")
    if plan.address.flow.dialect == Dialect.MERLIN:
        texts = annotated_files(plan.kernel, best.point)
        own = f"{plan.name}{Path(plan.kernel.file).suffix}"
        return {own if file == plan.kernel.file else Path(file).name: texts[file] for file in texts}
    sources = _sources(plan, plan.kernel, best)
    name = sources.design_files[0]
    return {f"{plan.name}.c": sources.files[name]}


def build_sources(plan: KernelPlan, best: MeasuredDesign) -> tuple[Sources, Flow]:
    """What the tool is handed, and under which flow; what a published set does not record is this project's default.

    Raises PipelineError where there is no C, or the point cannot be lowered.
    """
    if plan.kernel is None:
        raise PipelineError(f"the C source of {plan.name} is not at hand", fix="give its path as --kernel")
    flow = plan.address.flow
    handed = plan.backend.sources(plan.kernel, best.point)
    if handed is None and plan.runs_tool:
        raise PipelineError(f"the backend {plan.backend.name} hands over no sources")
    return (handed, flow) if handed is not None else (_lowered(plan, plan.kernel, best), whole(flow))


def _sources(plan: KernelPlan, kernel: Kernel, best: MeasuredDesign) -> Sources:
    """What the tool is handed, or would be where the backend hands nothing over."""
    return plan.backend.sources(kernel, best.point) or _lowered(plan, kernel, best)


def _lowered(plan: KernelPlan, kernel: Kernel, best: MeasuredDesign) -> Sources:
    return lower(kernel, best.point, dialect=plan.address.flow.dialect, delivery=plan.delivery)


def _write_build(folder: Path, sources: Sources, flow: Flow) -> dict[str, str]:
    """The sources with the scripts of both forms of the tool: TCL up to 2024.2 and for vitis-run, cfg for v++."""
    held = {}
    version = flow.tool_version or ""
    for kind, script, what in (
        (ToolKind.VITIS_HLS, SCRIPT, "TCL for vitis_hls -f, or vitis-run --mode hls --tcl"),
        (ToolKind.VPP, CONFIG, "configuration for v++ -c --mode hls --config"),
    ):
        job = render(Tool(kind, str(kind), version, {}), flow, sources)
        for name, text in job.files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            held[f"{_BUILD}/{name}"] = what if name == script else "what Vitis HLS is handed for this design"
    return held


def _assumed(recorded: Flow, used: Flow) -> list[str]:
    names = ("part", "clock_ns", "uncertainty", "flow_target")
    filled = [f"{name} {getattr(used, name)}" for name in names if getattr(recorded, name) != getattr(used, name)]
    if not filled:
        return []
    return [f"The source {recorded.source} does not record all of its flow; assumed here: {', '.join(filled)}."]


def _readme(
    best: MeasuredDesign, flow: Flow, files: dict[str, str], missing: list[str], notes: Sequence[str],
    commands: Sequence[str], tested: Sequence[str],
) -> str:  # fmt: skip
    shares = [f"{name} {share:.1%}" for name, share in best.utilisation.items() if share is not None]
    lines = [
        f"The best design of {best.kernel} that was found: {best.key}",
        f"For {made_for(flow)}: {best.cycles:,} cycles; used of the device: {', '.join(shares) or 'not recorded'}",
        f"Labels of source {best.source}; this one is {ORIGINS[best.origin]}.",
        *tested,
        "",
        "Files",
        *(f"  {name}: {what}" for name, what in files.items()),
        *(f"  {text}" for text in missing),
    ]
    if any(name.startswith(f"{_BUILD}/") for name in files):
        lines += [
            "",
            f"To synthesise it again, in the folder {_BUILD}/, with the tool on PATH:",
            "  vitis_hls -f run_hls.tcl                                            (Vitis HLS up to 2024.2)",
            "  vitis-run --mode hls --tcl run_hls.tcl                              (from 2023.2)",
            "  v++ -c --mode hls --config hls_config.cfg --work_dir work           (from 2023.1)",
        ]
    if notes:
        lines += ["", "Notes", *(f"  {note}" for note in notes)]
    return "\n".join([*lines, "", "How this folder came about", *(f"  {command}" for command in commands)]) + "\n"
