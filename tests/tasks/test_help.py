"""What ``--help`` prints."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import Any

import luigi
import pytest

import pipeline.tasks
from pipeline.tasks.help import help_of, overview
from pipeline.tasks.loop.run import RunActiveLearningLoop
from tests.tasks.commands import BIN, environment
from tests.tasks.commands import luigi as luigi_command

TASKS = [pytest.param(task, id=task.__name__) for task in pipeline.tasks.COMMANDS]
SCREEN = (100, 50)
"""Columns and lines of a terminal window that is no smaller than most."""


@pytest.mark.parametrize("word", ["--help", "--help-all"])
def test_a_reader_that_has_seen_enough_of_the_help_and_gone_is_no_error(word: str) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [str(BIN / "luigi"), "--module", "pipeline", "Status", word]
    done = subprocess.run(command, env=environment(), stdout=writes, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("task", TASKS)
def test_every_option_of_a_task_stands_once_on_one_screen(task: type[luigi.Task]) -> None:
    shown = help_of(task, SCREEN[0]).split("\n")
    assert len(shown) <= SCREEN[1] and max(map(len, shown)) <= SCREEN[0]
    options = [match[1] for row in shown if (match := re.match(r"  --([a-z-]+)", row))]
    # What a task calls rare is named at the end instead, and described by --help-all.
    options += re.findall(r"--([a-z-]+)", " ".join(shown).partition(" Also: ")[2])
    assert sorted(options) == sorted(name.replace("_", "-") for name, _ in task.get_params())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("task", TASKS)
def test_the_example_of_a_task_has_values_for_options_that_it_has(task: type[luigi.Task]) -> None:
    words = shlex.split(task.example)  # type: ignore[attr-defined]
    given = {word[2:].replace("-", "_"): value for word, value in zip(words[::2], words[1::2], strict=True)}
    parameters = dict(task.get_params())  # type: ignore[no-untyped-call]
    needed = {name for name, parameter in parameters.items() if not parameter.has_task_value(task.__name__, name)}
    assert needed <= set(given) <= set(parameters)
    for name, value in given.items():
        parameters[name].normalize(parameters[name].parse(value))


def test_a_default_is_what_luigi_cfg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.search(r"--batch N .*\[10\]", help_of(RunActiveLearningLoop, 100))
    config: Any = luigi.configuration.get_config()  # type: ignore[no-untyped-call]
    monkeypatch.setattr(config, "_sections", {**config._sections})
    config.set("RunActiveLearningLoop", "batch", "7")
    assert re.search(r"--batch N .*\[7\]", help_of(RunActiveLearningLoop, 100))


def test_the_overview_names_every_task() -> None:
    rows = overview(pipeline.tasks.COMMANDS).split("\n")
    assert all(any(row.startswith(f"  {task.__name__} ") for row in rows) for task in pipeline.tasks.COMMANDS)


def test_help_all_describes_what_a_task_calls_rare_and_ends_with_every_option_of_luigi() -> None:
    shown = luigi_command("RunActiveLearningLoop", "--help-all")
    assert shown.returncode == 0
    own, _, every = shown.stdout.partition("luigi's own options")
    assert set(re.findall(r"^  --([a-z-]+)", own, re.MULTILINE)) == {
        name.replace("_", "-")
        for name, _ in RunActiveLearningLoop.get_params()  # type: ignore[no-untyped-call]
    }
    assert "--scheduler-host" in every and "lut%" in every and "--ListKernels-workspace" in every
