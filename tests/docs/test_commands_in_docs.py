"""Every command in the README and the docs does what it says: each is read by luigi, and run once in a sandbox.

A task that takes minutes is read only, and the tests that run it on little data are named. The tool is the stand-in of
the tests, downloads are local files; the mapping below is all that is replaced.
"""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from luigi.cmdline_parser import CmdlineParser

import pipeline.tasks
from pipeline.design_space import load_space
from pipeline.estimator import prepare
from pipeline.kernels.suite import find_kernel
from pipeline.reports.write import write_report
from tests.dataset.label_sets import entry, write_tar
from tests.docs.commands_in_docs import DOCUMENTS, Command, commands, images_and_links
from tests.tasks.commands import ROOT, environment, luigi
from tests.tool.install import install

READ_ONLY = {
    "TrainHierarchicalMoE": "trains for minutes; tests/training runs it on a few designs",
    "FineTune": "needs a trained model; tests/training runs it on a few designs",
    "EvaluateTransfer": "trains many models; tests/tasks/test_transfer.py runs it on a few designs",
    "RunActiveLearningLoop": "trains and searches for a minute; tests/tasks/test_loop.py runs it",
    "ValidateTopDesigns": "needs a loop or a model; tests/tasks/test_loop.py runs it",
    "Compare": "needs two finished loops; tests/tasks/test_compare_designs.py runs it",
    "CompareSearches": "searches many times over; tests/exploration runs its parts",
    "Calibrate": "fits for minutes; tests/tasks/test_calibrate.py runs it on a few designs",
    "ValidateEstimator": "needs labels of several kernels; tests/tasks/test_calibrate.py runs it",
    "MakeKnowledge": "learns from thousands of labels for minutes; tests/loop/test_knowledge.py makes some of a few",
    "BuildPacks": "writes to reports/; tests/tasks/test_packs.py runs it",
}
"""Tasks whose commands are checked and not run, and why."""

OTHER_PROGRAMS = {
    "source": "sets up the shell; the sandbox has what it would set",
    "cd": "the sandbox is the folder",
    "git": "needs a network",
    "pip": "needs a network",
    "make": "its target is looked up; the tests of the tasks run what it runs",
    "luigid": "a server",
    "tensorboard": "a server",
}

SMALLER = {"--count": "3"}
"""Parameters of which the sandbox takes less."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: the repository's data by links, a C file of their own, an archive and a folder of past runs."""
    folder = tmp_path_factory.mktemp("user")
    for name in ("kernels", "reports", "hls_templates", "models"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copy(ROOT / "luigi.cfg", folder)
    (folder / "mine.c").write_text(
        "void mine(float x[64], float y[64]) {\n  for (int i = 0; i < 64; i++)\n    y[i] += 2 * x[i];\n}\n"
    )
    (folder / "hls_config.cfg").write_text("part=xcu200-fsgd2104-2-e\n[hls]\nclock=4\nsyn.file=mine.c\nsyn.top=mine\n")
    (folder / "run_hls.tcl").write_text(
        "open_project mine\nset_top mine\nadd_files mine.c\nopen_solution first\n"
        "set_part xcu200-fsgd2104-2-e\ncreate_clock -period 4\ncsynth_design\nexit\n"
    )
    kernel = find_kernel("atax")
    point = load_space(kernel).default
    whole = entry(5000.0, (40, 20, 4000, 3000), **point)
    key = ".".join(f"{name}-{value or 'NA'}" for name, value in sorted(point.items()))
    write_tar(
        folder / "HLSyn_data.tar.gz", {f"data/designs/{version}/atax.json": {key: whole} for version in ("v18", "v20")}
    )
    gemm = find_kernel("gemm-ncubed")
    (folder / "runs" / "first").mkdir(parents=True)
    report = write_report(prepare(gemm).estimate(load_space(gemm).default), generator="test")
    (folder / "runs" / "first" / "csynth.xml").write_bytes(report)
    install(folder / "tool", "2023.2", names=None)
    return folder


def local(command: Command) -> tuple[str, ...]:
    """The words to run: downloads become the local archive, counts small."""
    words = list(command.words)
    for place, word in enumerate(words):
        if word in SMALLER:
            words[place + 1] = SMALLER[word]
    if command.task is not None and command.task[0] == "ImportHLSyn" and "--path" not in words:
        words += ["--path", "HLSyn_data.tar.gz"]
    return tuple(words)


def test_every_command_names_tasks_and_parameters_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    known = {task.__name__ for task in pipeline.tasks.COMMANDS}
    found = commands()
    assert len(found) > 10
    for command in found:
        task = command.task
        if task is None:
            assert command.words[0] in OTHER_PROGRAMS or command.words[0] == "python", command
            continue
        assert task[0] in known | {"--help"}, command
        # luigi has options of its own that start with --batch; the installed start-up file tells them apart likewise.
        arguments = [f"--{task[0]}-batch" if word == "--batch" else word for word in task]
        if "--help" not in arguments:
            with CmdlineParser.global_instance(["--module", "pipeline", *arguments]) as parser:
                parser.get_task_obj()


def test_every_make_target_exists() -> None:
    for target in {word for command in commands() if command.words[0] == "make" for word in command.words[1:]}:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("document", [path.name for path in DOCUMENTS])
def test_the_commands_of_a_document_run_one_after_the_other(document: str, sandbox: Path) -> None:
    done: set[tuple[str, ...]] = set()
    for command in commands():
        words = local(command)
        task = command.task
        if Path(command.document).name != document or task is None or task[0] in READ_ONLY or words in done:
            continue
        done.add(words)
        extra = {}
        if command.with_tool:
            installed = install(sandbox / "tool", "2023.2", names=None)
            extra = {k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")}
        ran = luigi(*words[1:], cwd=sandbox, env=environment(**extra))
        assert ran.returncode == 0, f"{document}: {' '.join(command.words)}\n{ran.stdout}{ran.stderr}"
        assert "exit code 0" in ran.stderr or "--help" in words


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    missing = [target for target in images_and_links(document) if not (document.parent / target).exists()]
    assert not missing


def test_generated_documentation_is_that_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))["contents"]()
    stale = [path.name for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    assert not stale, "run: python docs/make_reference.py"


def test_completion_offers_tasks_and_then_their_parameters() -> None:
    script = (
        f"source {ROOT / 'docs' / 'examples' / 'completion.bash'}; "
        "COMP_WORDS=(luigi Describe); COMP_CWORD=1; _hls_pipeline; echo ${COMPREPLY[@]}; "
        "COMP_WORDS=(luigi DescribeDesign --k); COMP_CWORD=2; _hls_pipeline; echo ${COMPREPLY[@]}"
    )
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["DescribeKernel DescribeDesign DescribePacks", "--kernel --key"]


def test_examples_and_notebooks_name_no_machine_and_no_host() -> None:
    for path in [*(ROOT / "docs").rglob("*"), *(ROOT / "notebooks").rglob("*"), ROOT / "README.md"]:
        if path.is_file() and path.suffix not in (".png", ".svg", ".pyc"):
            text = path.read_text(encoding="utf-8")
            assert str(ROOT.parent) + os.sep not in text and sys.prefix not in text, path
