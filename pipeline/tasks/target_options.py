"""What every task whose figures depend on it takes: the part that designs are made for, and the clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import luigi
from luigi.cmdline_parser import CmdlineParser

from pipeline.errors import PipelineError, clock_text
from pipeline.reports.labels import bare_part
from pipeline.synthesis import Target, made_for, same_target
from pipeline.synthesis.flow import (
    DEFAULT_CLOCK_NS,
    DEFAULT_FLOW_TARGET,
    DEFAULT_PART,
    DEFAULT_UNCERTAINTY,
    check_uncertainty,
)
from pipeline.synthesis.parts import check_part
from pipeline.tasks.parameters import Clock
from pipeline.tasks.sections import section, vitis

if TYPE_CHECKING:
    from pipeline.kernels import Kernel
    from pipeline.synthesis import Flow
_ALIASES = {"part": "vitis_part", "clock": "vitis_clock_ns"}
"""The options of the section [vitis] that mean the same as ours, as argparse files them."""


class TargetOptions:
    """The options. What they leave open is as [vitis] in luigi.cfg has it."""

    part = luigi.Parameter(default="", description="part that designs are for; default: part in [vitis] of luigi.cfg")
    clock = Clock(default=None, description="target clock: 4, 4ns or 250MHz; default: clock_ns in [vitis]")

    @property
    def asked_target(self) -> Target:
        """What was asked: by these options or their aliases, or by a [vitis] that is not as shipped.

        Raises PipelineError for options that contradict each other, and for texts that can be no part or uncertainty.
        """
        return target_of(self.part, self.clock)


def target_of(part: str, clock: float | None) -> Target:
    """What these values of the options and the section [vitis] ask for together; errors as ``asked_target``."""
    config: vitis = section(vitis)
    if part:
        check_part(part, "--part")
        if _given("part") and bare_part(part) != bare_part(config.part):
            raise _contradiction("--part", part, config.part)
    else:
        check_part(config.part, "--vitis-part")
    if clock is not None and _given("clock") and clock != config.clock_ns:
        raise _contradiction("--clock", clock_text(clock), clock_text(config.clock_ns))
    period = config.clock_ns if clock is None else clock
    check_uncertainty(config.uncertainty, period, "--vitis-uncertainty")
    spoken = bool(part) or _given("part"), clock is not None or _given("clock")
    return Target(
        part=(part or config.part) if spoken[0] or config.part != DEFAULT_PART else None,
        clock_ns=period if spoken[1] or period != DEFAULT_CLOCK_NS else None,
        uncertainty=config.uncertainty
        if _typed("vitis_uncertainty") or config.uncertainty != DEFAULT_UNCERTAINTY
        else None,
        flow_target=config.flow_target
        if _typed("vitis_flow_target") or config.flow_target != DEFAULT_FLOW_TARGET
        else None,
    )


def for_kernel(target: Target, kernel: Kernel | None) -> Target:
    """What was asked, and where nothing was what the kernel's project says in its configuration file or script."""
    from dataclasses import replace

    if kernel is None or kernel.project is None or kernel.project.script is None:
        return target
    tool = kernel.project.tool
    part, clock, uncertainty = (
        target.part or tool.part,
        target.clock_ns or tool.clock_ns,
        tool.uncertainty if target.uncertainty is None else target.uncertainty,
    )
    if target.part is None and tool.part is not None:
        check_part(tool.part, f"{kernel.project.script}: the part")
    found = replace(
        target, part=part, clock_ns=clock, uncertainty=uncertainty, flow_target=target.flow_target or tool.flow
    )
    check_uncertainty(uncertainty or "", found.complete.clock_ns or 0.0, f"{kernel.project.script}: the uncertainty")
    return found


def check_task(task: object) -> None:
    """Raises PipelineError where the command line asks for a part or clock and the task has no use for them."""
    given = [f"--{option.replace('_', '-')}" for name, option in _ALIASES.items() if _given(name)]
    if given and not isinstance(task, TargetOptions) and type(task).__name__ != "Doctor":
        raise PipelineError(
            f"{type(task).__name__} gives no figures that depend on {' and '.join(given)}", fix="leave that out"
        )


def one_target(flows: dict[str, Flow]) -> None:
    """Raises PipelineError, naming two, where flows (by what they are of) are for several parts or clocks."""
    for name, flow in flows.items():
        first, known = next(iter(flows.items()))
        if not same_target(flow, known):
            raise PipelineError(
                f"the labels of {first} are for {made_for(known)}, those of {name} for {made_for(flow)}",
                fix="name one with --part and --clock",
            )


def _contradiction(option: str, value: str, other: str) -> PipelineError:
    alias = f"--{_ALIASES[option.removeprefix('--')].replace('_', '-')}"
    return PipelineError(f"{option} {value} and {alias} {other} contradict each other", fix=f"give {option} alone")


def _given(name: str) -> bool:
    """Whether the command line has the alias of an option of ours."""
    return _typed(_ALIASES[name])


def _typed(name: str) -> bool:
    parser = CmdlineParser.get_instance()
    return parser is not None and getattr(parser.known_args, name, None) is not None
