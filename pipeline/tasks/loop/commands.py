"""The command line that a task stands for."""

from __future__ import annotations

import shlex

import luigi


def command_of(task: luigi.Task) -> str:
    """The command that runs the task, with every parameter that is not at its default but the workspace."""
    words = ["luigi", "--module", "pipeline", type(task).__name__]
    for name, parameter in task.get_params():
        value = getattr(task, name)
        if name == "workspace":
            continue
        # luigi's own default alone: a value from luigi.cfg belongs into the command.
        if value != parameter._default:
            option = f"--{name.replace('_', '-')}"
            words += [option] if value is True else [option, parameter.serialize(value)]
    return " ".join(shlex.quote(word) for word in words)
