"""The command line that a task stands for."""

from __future__ import annotations

import shlex
from pathlib import Path

import luigi

from pipeline.synthesis.target import clock_option
from pipeline.tasks.target_options import TargetOptions


def settled(value: str) -> str:
    """A value as it holds tomorrow: ``latest`` of a workspace will be another folder, so what it is now is named."""
    path = Path(value)
    return str(path.parent / path.readlink()) if path.name == "latest" and path.is_symlink() else value


def command_of(task: luigi.Task) -> str:
    """The command that runs the task, with every parameter that is not at its default but the workspace.

    Part and clock that stand in luigi.cfg, or were given by their aliases, are among them.
    """
    words = ["luigi", "--module", "pipeline", type(task).__name__]
    for name, parameter in task.get_params():
        value = getattr(task, name)
        if name == "workspace":
            continue
        # luigi's own default alone: a value from luigi.cfg belongs into the command.
        if value != parameter._default:
            option = f"--{name.replace('_', '-')}"
            words += [option] if value is True else [option, settled(parameter.serialize(value))]
    if isinstance(task, TargetOptions):
        asked = task.asked_target
        words += ["--part", asked.part] if asked.part and not task.part else []
        words += ["--clock", clock_option(asked.clock_ns)] if asked.clock_ns and task.clock is None else []
        words += ["--vitis-uncertainty", asked.uncertainty] if asked.uncertainty is not None else []
        words += ["--vitis-flow-target", asked.flow_target] if asked.flow_target is not None else []
    return " ".join(shlex.quote(word) for word in words)
