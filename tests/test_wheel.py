"""The wheel alone, in an environment and a folder of its own: every command works as in a checkout."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.tasks.commands import ROOT, environment, one_error_line

MINE = "void mine(float x[64], float y[64]) {\n  for (int i = 0; i < 64; i++)\n    y[i] += 2 * x[i];\n}\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of an environment with the wheel in it, which borrows the other packages of this one."""
    # Asked of the metadata: looking for pip as a module makes setuptools warn where distutils is imported already.
    if not {"hatchling", "pip"} <= {found.name for found in importlib.metadata.distributions()}:
        pytest.skip("hatchling or pip is not installed, so no wheel can be built and installed")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    programs = folder / "venv" / "bin"
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True)
    # A folder that a .pth file names is searched after the environment's own, and .pth files in it are not read.
    borrowed = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    script = f"#!{programs / 'python'}\nimport sys\nfrom luigi.cmdline import luigi_run\nsys.exit(luigi_run())\n"
    (programs / "luigi").write_text(script)
    (programs / "luigi").chmod(0o755)
    return programs


def test_the_wheel_works_in_an_empty_folder_as_a_checkout_does(installed: Path, tmp_path: Path) -> None:
    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed / program), *arguments], cwd=tmp_path, env=environment(), capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    done = run("luigi", "--module", "pipeline", "ListKernels")
    assert done.returncode == 0, done.stderr
    facts = json.loads((tmp_path / "workspace" / "descriptions" / "ListKernels.json").read_text(encoding="utf-8"))
    assert Path(facts["folder"]).is_relative_to(installed.parent)
    assert {kernel["kernel"] for kernel in facts["kernels"]} == {path.name for path in (ROOT / "kernels").glob("*/")}
    done = run("luigi", "GenerateDataset", "--kernels", "atax")
    assert done.returncode == 0 and "150 labelled, 0 failed" in done.stderr, done.stderr
    (tmp_path / "mine.cpp").write_text(MINE)
    loop = ("--kernel", "mine.cpp", "--backend", "estimator", "--budget", "3", "--batch", "3", "--warm-start", "none")
    done = run("hls-pipeline", "RunActiveLearningLoop", *loop, "--surrogate", "forest", "--top-k", "1")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "workspace" / "loops" / "latest" / "best" / "vitis").glob("*.tcl")), "no template is found"
    failed = run("hls-pipeline", "GenerateDataset", "--kernels", "atex")
    assert failed.returncode == 35 and "atax" in one_error_line(failed)
