"""What becomes of projects that exist: ``python -m tests.projects FOLDER...``.

Every configuration file and script of Vitis HLS below the folders is described, made a graph of and searched by the
estimator with six runs; the best design is read again where it lies, and the test bench runs on it. A row a project.
"""

from __future__ import annotations

import json
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
from pipeline.project.opened import is_project, open_project

LUIGI = Path(sys.executable).parent / "luigi"
_COLUMNS = ("project", "described", "graph", "searched", "delivered is read", "bench of original", "bench of best")
_SECONDS = 600


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
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    results = workspace / "loops" / "latest"
    if done.returncode != 0 or not (results / "summary.json").is_file():
        said = [line for line in done.stderr.splitlines() if line.strip() and " failed after " not in line]
        return [*found, said[-1] if said else "no word"]
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    found.append(f"{summary['runs']} runs")
    best = next(projects([results / "best"]), None)
    try:
        found.append("no design fits" if best is None else f"{len(read(best).loops)} loops")
    except PipelineError as error:
        found.append(str(error))
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
