"""From a design and a flow to a job for the tool that is there, through the templates in ``hls_templates/``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.resources import shipped_folder
from pipeline.synthesis.flow import UNCERTAINTY, Flow
from pipeline.synthesis.vitis.directives import parse_directives
from pipeline.synthesis.vitis.job import Command, Further, Job
from pipeline.synthesis.vitis.quoting import Quoted, cfg_value, cfg_words, is_cfg_value, tcl_option, tcl_value, tcl_word
from pipeline.synthesis.vitis.sources import Sources, check_file_name
from pipeline.synthesis.vitis.tool_flags import split_flags, with_defines
from pipeline.synthesis.vitis.tools import Tool, ToolKind

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

PROJECT = "project"
SOLUTION = "solution"
WORK = "work"
SCRIPT = "run_hls.tcl"
CONFIG = "hls_config.cfg"

_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,63}")
_SETTING_VALUE = re.compile(r"[A-Za-z0-9_.%+:,/-]{1,80}")

CONFIG_COMMANDS = {
    "config_compile": "syn.compile",
    "config_interface": "syn.interface",
    "config_rtl": "syn.rtl",
    "config_dataflow": "syn.dataflow",
    "config_schedule": "syn.schedule",
    "config_array_partition": "syn.array_partition",
    "config_unroll": "syn.unroll",
    "config_array_stencil": "syn.array_stencil",
    "config_op": "syn.op",
    "config_storage": "syn.storage",
    "config_debug": "syn.debug",
    "config_cosim": "cosim",
    "config_csim": "csim",
    "config_export": "",
    "config_bind": "",
    "config_core": "",
    "config_sdx": "",
}
"""Settings of a flow are named ``config_COMMAND.OPTION``, or ``config_COMMAND.OPERAND.OPTION`` where the command takes
one (``config_op.mul.impl``); in a cfg file the command has another name (UG1399), or none that says the same."""
EXPORT_KEYS = {
    "format": "package.output.format", "output": "package.output.file",
    **{name: f"package.ip.{name}" for name in (
        "description", "display_name", "library", "taxonomy", "vendor", "version",
    )},
    "ipname": "package.ip.name", "xdc": "package.ip.xdc_file",
    **{name: f"vivado.{name.removeprefix('vivado_')}" for name in (
        "vivado_clock", "vivado_impl_strategy", "vivado_optimization_level", "vivado_phys_opt",
        "vivado_report_level", "vivado_synth_strategy", "vivado_max_timing_paths", "vivado_pblock",
    )},
}  # fmt: skip
"""Options of ``config_export`` as a cfg file has them (UG1702, "HLS Config File"); which flow and language is exported
is for the step that asks for it."""
_LATER_KEY = re.compile(r"(?:package|vivado|cosim|csim|syn\.debug|syn\.output)\.[a-z][a-z0-9_.]{0,60}")
_OF_STEPS = frozenset(
    {"vivado.flow", "vivado.rtl", "csim.setup", "cosim.setup", "csim.argv", "cosim.argv", "csim.ldflags",
     "cosim.ldflags", "syn.output.format", "syn.output.file"}
)  # fmt: skip
_WITH_OPERAND = ("config_op", "config_storage", "config_bind", "config_core")
LOWERING = "lowering."
"""Prefix of settings that decided the sources, and that the tool is not told."""
CFLAGS = "cflags"
"""The setting with flags for the compiler, as a shell reads them."""

_RESULTS = {
    Further.CSIM: ("csim/report/*.log",),
    Further.COSIM: ("sim/report/*.rpt",),
    Further.EXPORT: ("impl/report/*/*.xml", "impl/*/report/*utilization*.rpt"),
    Further.IMPLEMENT: ("impl/report/*/*.xml", "impl/*/report/*utilization*.rpt"),
}


def render(
    tool: Tool,
    flow: Flow,
    sources: Sources,
    *,
    further: Collection[Further] = (),
    templates: Path | None = None,
) -> Job:
    """The job of one design under one flow.

    Args:
        tool: decides between TCL and cfg, and how the command is spelled.
        flow: part, clock, uncertainty, flow target and settings. Settings are pairs ``config_compile.OPTION`` and
            value (``true`` and ``false`` for switches), and ``cflags``.
        sources: the design.
        further: steps beyond C synthesis, taken in the order of :class:`~pipeline.synthesis.vitis.job.Further`.
        templates: a folder of templates instead of the shipped one.

    Raises:
        PipelineError: the flow lacks what a run needs, or a name or value cannot safely be handed to the tool.
    """
    steps = [step for step in Further if step in further]
    if flow.part is None or not _PART.fullmatch(flow.part):
        raise PipelineError(f"the flow {flow.source} names no part that can be handed to the tool: {flow.part!r}")
    if flow.clock_ns is None:
        raise PipelineError(f"the flow {flow.source} has no clock period", fix="give one in nanoseconds")
    if flow.uncertainty is not None and not UNCERTAINTY.fullmatch(flow.uncertainty):
        raise PipelineError(f"{flow.uncertainty!r} is no clock uncertainty", fix="use a form such as 27% or 0.5")
    if steps and set(steps) & {Further.CSIM, Further.COSIM} and not sources.testbench:
        raise PipelineError(f"the step {steps[0]} needs a test bench, and the design has none")
    flow_target = flow.flow_target
    if tool.kind is ToolKind.VIVADO_HLS:
        # Vivado HLS has but one flow, and no word for it.
        if flow_target not in (None, "vivado"):
            raise PipelineError(f"Vivado HLS has no flow target {flow_target!r}", fix="use vivado, or Vitis HLS")
        flow_target = None
    elif flow_target not in (None, "vivado", "vitis"):
        raise PipelineError(f"{flow_target!r} is no flow target", fix="use vivado or vitis")
    uses_cfg = tool.kind is ToolKind.VPP
    own = [pair for pair in flow.settings if pair[0] != CFLAGS and not pair[0].startswith(LOWERING)]
    settings = _settings(own, tool) + _said_later(sources.settings, tool)
    flags = sources.cflags or dict(flow.settings).get(CFLAGS, "")
    line, defines = split_flags(flags, [sources.files[name] for name in sources.design_files])
    bench = [sources.files[name] for name in sources.testbench]
    bench_line, bench_defines = split_flags(sources.testbench_cflags or flags, bench)
    values: dict[str, Any] = {
        "project": PROJECT,
        "solution": SOLUTION,
        "part": flow.part,
        "clock": f"{flow.clock_ns:.10g}",
        "uncertainty": flow.uncertainty,
        "flow_target": flow_target,
        "top": sources.top,
        "design_files": sources.design_files,
        "testbench": sources.testbench,
        "cflags": line,
        "testbench_cflags": bench_line,
        "settings": settings,
        "data": sources.data,
        "arguments": shlex.join(sources.arguments),
        "link": shlex.join(sources.link),
        "directives": parse_directives(sources.directives),
        # vitis-run --impl goes as far as the configuration says, in every start alike.
        "export": "impl" if Further.IMPLEMENT in steps else "syn" if Further.EXPORT in steps else "",
    }
    files = with_defines(sources.files, sources.design_files, defines)
    files = with_defines(files, sources.testbench, bench_defines)
    reserved = {SCRIPT, CONFIG, *(_step_script(step) for step in steps)}
    for name in files:
        if name in reserved or check_file_name(name).split("/")[0] in (PROJECT, WORK):
            raise PipelineError(f"the file name {name!r} is taken by the run itself", fix="choose another")
    environment = _environment(templates)
    if uses_cfg:
        files[CONFIG] = _rendered(environment, "hls_config.cfg.j2", values)
        commands = [Command("csynth", (tool.executable, "-c", *_V_MODE, "--config", CONFIG, "--work_dir", WORK))]
        commands += [_vitis_run_step(tool, step) for step in steps]
        solution = f"{WORK}/hls"
    else:
        files[SCRIPT] = _rendered(environment, "run_hls.tcl.j2", values)
        commands = [Command("csynth", _tcl_command(tool, SCRIPT))]
        for step in steps:
            files[_step_script(step)] = _rendered(environment, "further_step.tcl.j2", {**values, "step": str(step)})
            commands.append(Command(str(step), _tcl_command(tool, _step_script(step))))
        solution = f"{PROJECT}/{SOLUTION}"
    return Job(
        files=files,
        commands=tuple(commands),
        report=f"{solution}/syn/report/csynth.xml",
        top=sources.top,
        part=flow.part,
        results={str(step): tuple(f"{solution}/{pattern}" for pattern in _RESULTS[step]) for step in steps},
    )


_V_MODE = ("--mode", "hls")


def _step_script(step: Further) -> str:
    return f"run_{step}.tcl"


def _tcl_command(tool: Tool, script: str) -> tuple[str, ...]:
    if tool.kind is ToolKind.VITIS_RUN:
        return (tool.executable, *_V_MODE, "--tcl", script)
    return (tool.executable, "-f", script)


def _vitis_run_step(tool: Tool, step: Further) -> Command:
    if tool.vitis_run is None:
        raise PipelineError(
            f"the step {step} beyond v++ needs vitis-run, which is not beside {tool.executable}",
            fix="leave the step out, or use an installation that has both",
        )
    option = "--impl" if step in (Further.EXPORT, Further.IMPLEMENT) else f"--{step}"
    return Command(str(step), (tool.vitis_run, *_V_MODE, option, "--config", CONFIG, "--work_dir", WORK))


def _said_later(pairs: Iterable[tuple[str, str]], tool: Tool) -> list[dict[str, Any]]:
    """Settings of later steps, but for those that the tool has no word for: they decide nothing that is run here.

    Keys of a cfg file go into one as they are, but for those that say which step is run and how it is started.
    """
    found: list[dict[str, Any]] = []
    for name, value in pairs:
        if name.startswith("config_"):
            if tool.kind is not ToolKind.VPP or _key(*_setting_name(name)):
                found += _settings([(name, value)], tool)
        elif tool.kind is ToolKind.VPP and _LATER_KEY.fullmatch(name) and name not in _OF_STEPS and is_cfg_value(value):
            option = {"name": name, "value": value, "joined": False}
            found.append({"command": "", "operand": None, "options": [option], "key": name})
    return found


def _key(command: str, operand: str | None, option: str) -> str:
    """What a setting is called in a cfg file; empty where it has no word for it."""
    if command == "config_export":
        return EXPORT_KEYS.get(option, "")
    key = CONFIG_COMMANDS[command]
    return key if operand or not key else f"{key}.{option}"


def _settings(pairs: Iterable[tuple[str, str]], tool: Tool) -> list[dict[str, Any]]:
    """A command for each option, or for all options of an operand."""
    found: list[dict[str, Any]] = []
    for name, value in pairs:
        command, operand, option = _setting_name(name)
        if not _SETTING_VALUE.fullmatch(value):
            raise PipelineError(f"the setting {name} cannot have the value {value[:60]!r}")
        switch = value in ("true", "false")
        if switch and value == "false" and tool.kind is ToolKind.VIVADO_HLS:
            raise PipelineError(
                f"Vivado HLS cannot be told {name} false", fix="leave the setting out: false is its default"
            )
        key = _key(command, operand, option)
        if tool.kind is ToolKind.VPP and not key:
            raise PipelineError(
                f"v++ cannot be told {name}",
                fix="leave the setting out, or name vitis_hls or vitis-run as [vitis] tool",
            )
        last = found[-1] if found else None
        if last is None or operand is None or (last["command"], last["operand"]) != (command, operand):
            last = {"command": command, "operand": operand, "options": [], "key": key}
            found.append(last)
        last["options"].append({"name": option, "value": None if value == "true" else value, "joined": switch})
    return found


def _setting_name(name: str) -> tuple[str, str | None, str]:
    """Command, operand and option of a setting."""
    command, _, rest = name.partition(".")
    operand, dot, option = rest.rpartition(".")
    # config_bind takes an operation or none (UG902).
    named = command in _WITH_OPERAND and (dot or command != "config_bind")
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", option) and (
        re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", operand) if named else not dot
    )
    if command not in CONFIG_COMMANDS or not plain:
        raise PipelineError(
            f"the setting {name!r} of a flow is not known",
            fix=f"use {CFLAGS} or COMMAND.OPTION with one of the commands {', '.join(CONFIG_COMMANDS)}",
        )
    return command, operand or None, option


@cache
def _environment(folder: Path | None) -> ImmutableSandboxedEnvironment:
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folder or shipped_folder("hls_templates")),
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_quoted_only,
    )
    environment.filters.update(tcl=tcl_word, tcl_value=tcl_value, option=tcl_option, cfg=cfg_value, words=cfg_words)
    return environment


def _quoted_only(value: object) -> object:
    if not isinstance(value, Quoted):
        raise TypeError(f"the template writes {value!r} without a filter that quotes it")
    return value


def _rendered(environment: ImmutableSandboxedEnvironment, name: str, values: dict[str, Any]) -> str:
    from jinja2 import TemplateError

    try:
        return environment.get_template(name).render(values)
    except (TemplateError, TypeError) as error:
        raise PipelineError(f"cannot be rendered: {error}", file=name, fix="correct the template") from error
