"""What ``--help`` prints: a task on one screen; ``--help-all`` all of it, before luigi's own list of every option."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Sequence
from typing import Any

import luigi
from luigi.parameter import OptionalParameterMixin, _no_value

from pipeline.tasks.base import PipelineTask
from pipeline.tasks.kernel_options import KernelOptions
from pipeline.tasks.parameters import taken
from pipeline.tasks.target_options import TargetOptions

_WIDTH = 100
_NAMES = 30
"""Columns of an option and what it takes, where that is short enough."""


def help_of(task: type[luigi.Task], width: int | None = None, *, everything: bool = False) -> str:
    """The task, an example, and its own options with what they are when nobody gives them, ``width`` columns wide.

    What a task calls ``rare`` is named at the end; with ``everything`` it is described among the others.
    """
    width = min(width or shutil.get_terminal_size((_WIDTH, 24)).columns, _WIDTH)
    family = task.get_task_family()
    lines = textwrap.wrap(f"{family}: {(task.__doc__ or '').strip().splitlines()[0]}", width)
    example = getattr(task, "example", "")
    lines += ["", *(f"  {row}" for row in _folded(f"luigi --module pipeline {family} {example}".rstrip(), width - 2))]
    lines.append("")
    rare = () if everything else getattr(task, "rare", ())
    for title, options in _groups(task, rare):
        lines.append(f"{title}:")
        for name, parameter in options:
            lines += _option(family, name, parameter, width)
    also = f" Also: {', '.join('--' + name.replace('_', '-') for name in rare)}." if rare else ""
    return "\n".join(
        [*lines, "", *textwrap.wrap(
            f"In luigi.cfg they stand under [{family}], the tool's under [vitis], the farm's under [farm]; --help-all"
            f" lists the options of both and of every task.{also}", width)]
    )  # fmt: skip


def _folded(command: str, width: int) -> list[str]:
    rows = textwrap.wrap(command, width - 2, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return [f"{row} \\" for row in rows[:-1]] + rows[-1:]


def _groups(task: type[luigi.Task], without: Sequence[str]) -> list[tuple[str, list[tuple[str, luigi.Parameter[Any]]]]]:
    """The options by where they are defined: the task's own, the kernel's, and those of every task."""
    shared = {"The kernel and its target": (KernelOptions, TargetOptions), "Every task": (PipelineTask,)}
    groups: dict[str, list[tuple[str, luigi.Parameter[Any]]]] = {"Options": [], **{title: [] for title in shared}}
    for name, parameter in task.get_params():
        if name in without:
            continue
        owners = (title for title, these in shared.items() if any(vars(one).get(name) is parameter for one in these))
        title = next(owners, "Options")
        groups[title].append((name, parameter))
    return [(title, options) for title, options in groups.items() if options]


def _option(family: str, name: str, parameter: luigi.Parameter[Any], width: int) -> list[str]:
    takes, _ = taken(parameter)
    option = f"  --{name.replace('_', '-')}" + (f" {takes}" if takes else "")
    text = (parameter.description or "").strip().removesuffix(".")
    choices = getattr(parameter, "_choices", None)
    # ChoiceParameter appends its choices to what it was told, unsorted.
    text = text.partition(" Choices: ")[0] if choices is not None else text
    if choices is not None:
        text += f" ({', '.join(sorted(map(str, choices)))})"
    if shown := _default(family, name, parameter):
        text += f" [{shown}]"
    if len(option) < _NAMES:
        return textwrap.wrap(
            text, width, initial_indent=option.ljust(_NAMES), subsequent_indent=" " * _NAMES, break_on_hyphens=False
        )
    indent = " " * _NAMES
    return [option, *textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)]


def _default(family: str, name: str, parameter: luigi.Parameter[Any]) -> str:
    """The value without the option, as luigi.cfg or the task has it; empty where there is none worth a word."""
    if isinstance(parameter, luigi.BoolParameter):
        return "on" if _value(family, name, parameter) else ""
    value = _value(family, name, parameter)
    if value is _no_value:
        return "needed"
    if value is None or value == "" or (isinstance(value, float) and math.isinf(value)):
        return ""
    text = parameter.serialize(value)
    return "" if isinstance(parameter, OptionalParameterMixin) and not text else text


def _value(family: str, name: str, parameter: luigi.Parameter[Any]) -> object:
    configured = parameter._get_value_from_config(family, name)
    return parameter._default if configured is _no_value else configured


def overview(commands: Sequence[type[luigi.Task]]) -> str:
    """The tasks, one line each."""
    lines = ["usage: luigi --module pipeline TASK [--option value ...]", "       python -m pipeline TASK ...", ""]
    for task in commands:
        lines.append(f"  {task.__name__:24}{(task.__doc__ or '').strip().splitlines()[0]}")
    return "\n".join([*lines, "", "TASK --help shows a task's options on one screen; all can be set in luigi.cfg too."])
