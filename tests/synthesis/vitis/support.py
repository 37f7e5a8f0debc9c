"""What the tests of this folder share."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from pipeline.kernels.model import Kernel
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.vitis import Job, Sources, Tool, ToolKind, choose_tool, probe, render, tool_flow
from tests.tool.install import NAMES, install

PART = "xcu200-fsgd2104-2-e"


def stand_in(folder: Path, version: str = "2023.2", kind: str | None = None, **settings: object) -> Tool:
    """The stand-in, installed in ``folder`` and found by probing; only the command asked for, or the first one."""
    wanted = {"v++": ("v++", "vitis-run")}.get(kind or "", (kind or NAMES[version][0],))
    environment = install(folder, version, names=wanted, **settings)
    tool = choose_tool(probe(environment=environment).tools, kind)
    assert tool is not None
    return tool


def flow_of(tool: Tool) -> Flow:
    """A flow that the tool bears."""
    vivado = tool.kind is ToolKind.VIVADO_HLS
    return tool_flow(
        tool,
        dialect="hls",
        part=PART,
        clock_ns=4.0,
        uncertainty="27%",
        flow_target=None if vivado else "vitis",
        settings=(("config_compile.pipeline_loops", "0"),),
    )


def job_of(tool: Tool, scenario: str = "success", **values: object) -> Job:
    """A small design that asks the stand-in for a scenario."""
    text = f"/* stand-in: {scenario} */\nvoid k(int a[4]) {{\nL0:\n  for (int i = 0; i < 4; i++) a[i] = i;\n}}\n"
    return render(tool, flow_of(tool), Sources({"k.c": text}, "k", "set_directive_pipeline k/L0"), **values)  # type: ignore[arg-type]


def kernel_of(name: str = "k") -> Kernel:
    """A kernel by name alone."""
    return Kernel(name, "k", f"{name}.c", "", "a" * 64, (), (), (), (), None)


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Waits until the condition holds; fails the test where it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether the process is there and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def noted(folder: Path) -> list[int]:
    """The processes that the stand-in noted in ``folder``."""
    return [int(path.name) for path in folder.iterdir()]
