"""What a run costs on our side: everything but the tool, with a tool that takes no time.

The tool is a shell script that copies a report of another run to where it belongs and prints the end of a log. The
baseline is the script itself, started by ``subprocess.run``; the other way is a folder and a Python process per
design, as a batch script would do it.

Usage: ``python bench/bench_vitis.py [DESIGNS]`` (300 by default).
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.design_space.keys import Point
from pipeline.kernels.model import Kernel
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis.address import Address
from pipeline.synthesis.entry import Entry
from pipeline.synthesis.store import ReportStore
from pipeline.synthesis.vitis import (
    Job,
    Limits,
    Sources,
    Tool,
    ToolKind,
    VitisBackend,
    choose_tool,
    probe,
    render,
    run_tool,
)
from pipeline.synthesis.vitis.backend import tool_flow
from pipeline.synthesis.vitis.supervise import children
from tests.tool.install import install

PART = "xcu200-fsgd2104-2-e"
STORED = 50_000
"""Designs of other runs in the store."""
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
    job = render(tool, flow, lowering(kernel, {}))

    def backend(store: str, fsync: bool = False) -> VitisBackend:
        address = Address("k", kernel.ast_hash, flow)
        return VitisBackend(
            ReportStore(folder / store, fsync=fsync), address, tool, lowering, scratch=folder / "scratch",
            limits=Limits(wall_s=600, memory_bytes=2**34),
        )  # fmt: skip

    points: list[Point] = [{"__PARA__L0": number} for number in range(designs)]
    (folder / "alone").mkdir()
    (folder / "each").mkdir()
    quick, safe, packed, single = (
        backend("quick"),
        backend("safe", True),
        backend("packed", True),
        backend("single", True),
    )
    others = [Entry(f"other-{n}", None, Label(DesignStatus.TIMEOUT, "after 1 s")) for n in range(STORED)]
    packed.store.put_all(packed.address, others)
    unsafe = ReportStore(folder / "single", fsync=False)
    for entry in others:
        unsafe.put(single.address, entry)
    ways: dict[str, Callable[[Point], None]] = {
        "the tool's script alone": lambda point: script_alone(tool, folder / "alone"),
        "folder and Python process per design": lambda point: process_each(tool, folder / "each"),
        "run_tool: supervised, judged, removed": lambda point: run_each(tool, job, folder),
        "backend: all, store without fsync": lambda point: through(quick, kernel, point),
        "backend: all, store with fsync": lambda point: through(safe, kernel, point),
        f"the same beside {STORED:,} packed": lambda point: through(packed, kernel, point),
        f"the same beside {STORED:,} single": lambda point: through(single, kernel, point),
    }
    print(f"{designs} designs; the first line is the baseline of ratios and differences")
    timed(ways, points)
    for name, held in (("without others", quick), ("packed", packed), ("single", single)):
        begun = time.perf_counter()
        served = len(held.stored(points))
        spent = 1000 * (time.perf_counter() - begun)
        print(f"asking what is stored, {name}: {spent:8.1f} ms for {served} designs at once")


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


def script_alone(tool: Tool, folder: Path) -> None:
    """The least that a run can cost."""
    subprocess.run([tool.executable], cwd=folder, env=dict(tool.environment), stdout=subprocess.DEVNULL, check=True)


def process_each(tool: Tool, folder: Path) -> None:
    """A folder and a Python process for a design."""
    place = Path(tempfile.mkdtemp(dir=folder))
    program = "import subprocess, sys; subprocess.run([sys.argv[1]], stdout=open('log', 'w'), check=True)"
    command = [sys.executable, "-c", program, tool.executable]
    subprocess.run(command, cwd=place, env=dict(tool.environment), check=True)


def run_each(tool: Tool, job: Job, folder: Path) -> None:
    """A supervised run without a store."""
    result = run_tool(tool, job, scratch=folder / "scratch")
    assert result.status == "ok", result.reason


def through(backend: VitisBackend, kernel: Kernel, point: Point) -> None:
    """One design through the backend, as a worker of the farm does it."""
    outcome = backend.run_one(kernel, point)
    assert outcome.label.status == "ok", outcome.label.reason


def processor() -> float:
    """Processor seconds of this process and all below it, but for runs that are still to be collected."""
    ticks = 0
    for pid in (os.getpid(), *children(os.getpid())):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(value) for value in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def timed(ways: dict[str, Callable[[Point], None]], points: list[Point]) -> None:
    """Median milliseconds per design of each way, taken in turn so that a busy machine is busy for all."""
    taken: dict[str, list[float]] = {what: [] for what in ways}
    used = dict.fromkeys(ways, 0.0)
    for start in range(0, len(points), 50):
        for what, work in ways.items():
            before = processor()
            for point in points[start : start + 50]:
                begun = time.perf_counter()
                work(point)
                taken[what].append((time.perf_counter() - begun) * 1000)
            used[what] += (processor() - before) * 1000 / len(points)
    first = next(iter(ways))
    base = statistics.median(taken[first])
    for what, times in taken.items():
        each = statistics.median(times)
        print(
            f"{what:38} median {each:6.2f} ms, {each / base:5.2f} x, {each - base:+6.2f} ms;"
            f" processor {used[what]:6.2f} ms, {used[what] - used[first]:+6.2f} ms"
        )


if __name__ == "__main__":
    main()
