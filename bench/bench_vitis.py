"""What a run costs on our side: everything but the tool, with a tool that takes no time.

The tool is a shell script that copies a report of another run to where it belongs and prints the end of a log. The
baseline is the script itself, started by ``subprocess.run``; the other way is a folder and a Python process per
design, as a batch script would do it.

Usage: ``python bench/bench_vitis.py [DESIGNS]`` (300 by default).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.design_space.keys import Point
from pipeline.kernels.model import Kernel
from pipeline.synthesis.address import Address
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis import Limits, Sources, Tool, ToolKind, VitisBackend, choose_tool, probe, render, run_tool
from pipeline.synthesis.vitis.backend import tool_flow
from tests.tool.install import install

PART = "xcu200-fsgd2104-2-e"
SCRIPT = """#!/bin/sh
mkdir -p project/solution/syn/report
cp {report} project/solution/syn/report/csynth.xml
cat {log}
"""


def lowering(kernel: Kernel, point: Point) -> Sources:
    """Identity: the benchmark is of the running."""
    return Sources({"k.c": f"/* {point} */\nvoid k(int a[4]) {{}}\n"}, "k", "set_directive_pipeline k/L0")


def main() -> None:
    """Print seconds per design, and how they grow with what is stored."""
    designs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory(prefix="bench-vitis-") as name:
        folder = Path(name)
        measure(folder, designs)


def measure(folder: Path, designs: int) -> None:
    """All figures, in ``folder``."""
    stand_in = choose_tool(probe(environment=install(folder, "2023.2", names=("vitis_hls",))).tools)
    assert stand_in is not None
    flow = tool_flow(stand_in, dialect="hls", part=PART, clock_ns=4.0, uncertainty="27%", flow_target="vitis")
    kernel = Kernel("k", "k", "k.c", "", "a" * 64, (), (), (), (), None)
    job = render(stand_in, flow, lowering(kernel, {}))
    made = run_tool(stand_in, job, scratch=folder / "scratch", keep="always")
    assert made.folder is not None and made.xml is not None, made.reason
    tool = instant_tool(folder, stand_in, made.folder)

    def backend(store: str, fsync: bool = False) -> VitisBackend:
        address = Address("k", kernel.ast_hash, flow)
        return VitisBackend(
            ReportStore(folder / store, fsync=fsync), address, tool, lowering, scratch=folder / "scratch",
            limits=Limits(wall_s=600, memory_bytes=2**34),
        )  # fmt: skip

    points: list[Point] = [{"__PARA__L0": number} for number in range(designs)]
    alone = folder / "alone"
    alone.mkdir()
    base = timed("the script alone, in one folder", designs, lambda: script_alone(tool, alone, designs))
    timed("folder and Python process per design", designs, lambda: process_each(tool, folder, designs), base)
    timed("run_tool (supervised, judged, removed)", designs, lambda: run_each(tool, job, folder, designs), base)
    timed("backend, store without fsync", designs, lambda: all_of(backend("quick"), kernel, points), base)
    timed("backend, store with fsync", designs, lambda: all_of(backend("safe", True), kernel, points), base)
    timed("backend, all stored already", designs, lambda: all_of(backend("quick"), kernel, points), base)


def instant_tool(folder: Path, stand_in: Tool, made: Path) -> Tool:
    """A tool that takes no time; it keeps the stand-in's version, so nothing here can pass for a label."""
    for name in ("csynth.xml", "csynth.log"):
        (found,) = [path for path in made.rglob(name) if path.name == name]
        shutil.copy(found, folder / name)
    shutil.rmtree(made)
    script = folder / "instant"
    script.write_text(SCRIPT.format(report=folder / "csynth.xml", log=folder / "csynth.log"))
    script.chmod(0o755)
    return Tool(ToolKind.VITIS_HLS, str(script), stand_in.version, stand_in.environment)


def script_alone(tool: Tool, folder: Path, count: int) -> None:
    """The least that a run can cost."""
    for _ in range(count):
        subprocess.run([tool.executable], cwd=folder, env=dict(tool.environment), stdout=subprocess.DEVNULL, check=True)


def process_each(tool: Tool, folder: Path, count: int) -> None:
    """A folder and a Python process for each design."""
    program = "import subprocess, sys; subprocess.run([sys.argv[1]], stdout=open('log', 'w'), check=True)"
    for number in range(count):
        place = folder / "each" / str(number)
        place.mkdir(parents=True)
        command = [sys.executable, "-c", program, tool.executable]
        subprocess.run(command, cwd=place, env=dict(tool.environment), check=True)


def run_each(tool: Tool, job: object, folder: Path, count: int) -> None:
    """Supervised runs without a store."""
    for _ in range(count):
        result = run_tool(tool, job, scratch=folder / "scratch")  # type: ignore[arg-type]
        assert result.status == "ok", result.reason


def all_of(backend: VitisBackend, kernel: Kernel, points: list[Point]) -> None:
    """Every design through the backend."""
    for outcome in backend.synthesize(kernel, points):
        assert outcome.label.status == "ok", outcome.label.reason


def timed(what: str, count: int, work: Callable[[], None], base: float | None = None) -> float:
    """Milliseconds per design, printed with the ratio to the baseline."""
    begun = time.perf_counter()
    processor = time.process_time()
    work()
    each = (time.perf_counter() - begun) / count * 1000
    own = (time.process_time() - processor) / count * 1000
    ratio = f", {each / base:5.2f} x the script alone, {each - base:+6.1f} ms" if base else ""
    print(f"{what:42} {each:7.2f} ms a design ({own:5.2f} ms of it CPU of this process){ratio}")
    return each


if __name__ == "__main__":
    main()
