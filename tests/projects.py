"""What becomes of projects that exist: ``python -m tests.projects FOLDER...``.

Every configuration file and script of Vitis HLS below the folders is described, made a graph of and searched by the
estimator with six runs; the best design is read again where it lies, compiled by the machine's compiler, or by the one
that reads where that lacks the vendor's headers, and the test bench runs on it. A row a project.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.graphs.make import graph_of
from pipeline.kernels.model import Kernel
from pipeline.kernels.read import load_kernel
from pipeline.project.configuration import says_hls
from pipeline.project.cpp import compile_cpp
from pipeline.project.opened import is_project, open_project
from pipeline.synthesis.testbench import host_compilers

LUIGI = Path(sys.executable).parent / "luigi"
_COLUMNS = (
    "project",
    "described",
    "graph",
    "searched",
    "delivered is read",
    "compiles",
    "bench of original",
    "bench of best",
)
_SECONDS = 600
_NO_HEADER = re.compile(r"(?:ap_|hls_|ap_axi|hls/|ap_fixed)[\w/.]*: No such file|(?:ap_|hls_)[\w/.]*' file not found")


def projects(folders: list[Path]) -> Iterator[Path]:
    """The files below folders that say what a design is made of."""
    for folder in folders:
        for path in sorted(one for one in folder.rglob("*") if is_project(one.name) and one.is_file()):
            if path.suffix.lower() == ".cfg":
                if says_hls(path):
                    yield path
            elif "set_top" in (text := path.read_text(encoding="utf-8", errors="replace")) and "add_files" in text:
                yield path


def read(path: Path) -> Kernel:
    """The kernel of a project; raises PipelineError for what cannot be read."""
    project = open_project(path).project
    return load_kernel(project.file, project=project)


def compiles(kernel: Kernel) -> str:
    """Whether a compiler of the machine takes each source of a kernel as it lies; else what it says first."""
    project = kernel.project
    compilers = host_compilers()
    if project is None or compilers is None:
        return "no compiler"
    by = "yes"
    for file in (project.file, *project.further):
        source = Path(file).absolute()
        is_c = source.suffix.lower() == ".c"
        flags = project.flags.absolute().for_language("c" if is_c else "c++")
        words = [*(compilers.c if is_c else compilers.cpp), "-w", "-fsyntax-only", *flags, str(source)]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_SECONDS)
        if done.returncode == 0:
            continue
        said = next((row for row in done.stderr.splitlines() if "error" in row), "no word")
        if is_c or _NO_HEADER.search(said) is None:
            return said
        with tempfile.TemporaryDirectory(prefix="hls-projects-") as scratch:
            text = source.read_text(encoding="utf-8", errors="replace")
            ours = compile_cpp(text, ["-fsyntax-only"], Path(scratch), file=str(source), flags=project.flags)
        refused = next((row for row in ours.messages.splitlines() if "error" in row), None)
        if refused is not None:
            return refused
        by = "yes, with headers of ours"
    return by


def row(path: Path, workspace: Path) -> list[str]:
    """What became of one project, by column; what is refused says why, and ends the row."""
    found = [str(path)]
    try:
        kernel = read(path)
        found.append(f"{kernel.top}: {len(kernel.loops)} loops")
        found.append(f"{len(graph_of(kernel).nodes)} nodes")
    except PipelineError as error:
        return [*found, str(error)]
    command = [
        str(LUIGI), "--module", "pipeline", "RunActiveLearningLoop", "--kernel", str(path), "--backend", "estimator",
        "--budget", "6", "--batch", "2", "--warm-start", "none", "--testbench-seconds", "60",
        "--workspace", str(workspace),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return [*found, f"not searched within {_SECONDS} s"]
    results = workspace / "loops" / "latest"
    if done.returncode != 0 or not (results / "summary.json").is_file():
        said = [line for line in done.stderr.splitlines() if line.strip() and " failed after " not in line]
        return [*found, said[-1] if said else "no word"]
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    found.append(f"{summary['runs']} runs")
    best = next(projects([results / "best"]), None)
    if best is None:
        found += ["no design fits", "none"]
    else:
        try:
            kernel = read(best)
            found += [f"{len(kernel.loops)} loops", compiles(kernel)]
        except PipelineError as error:
            found += [str(error), "not read"]
    bench = summary.get("testbench") or {}
    return [*found, *(str(bench.get(of) or "none") for of in ("original", "best"))]


def main(folders: list[str]) -> int:
    """Prints the table."""
    print("\t".join(_COLUMNS))
    for path in projects([Path(folder) for folder in folders]):
        with tempfile.TemporaryDirectory(prefix="hls-projects-") as workspace:
            print("\t".join(" ".join(cell.split()) for cell in row(path, Path(workspace))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
