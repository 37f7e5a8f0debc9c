"""What is asked of a kernel of many loops takes work in proportion to them: counted in steps of the interpreter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from pipeline.kernels.model import Kernel
from pipeline.kernels.propose import loops_without_sites, propose_sites, site_notices
from pipeline.kernels.read import read_kernel


def _steps(work: Callable[[], object]) -> int:
    taken = 0

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal taken
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        taken += event == "opcode"
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        work()
    finally:
        sys.settrace(before)
    return taken


def _of(loops: int) -> Kernel:
    rows = "".join(f"  for (int i = 0; i < 64; i++)\n    a[i] += {number};\n" for number in range(loops))
    return read_kernel(f"void top(int a[64])\n{{\n{rows}}}\n", file="many.c", top="top")


def _proposing(kernel: Kernel) -> Callable[[], object]:
    def work() -> None:
        found = propose_sites(kernel)
        site_notices(found)
        loops_without_sites(found)

    return work


def test_proposing_sites_takes_steps_in_proportion_to_the_loops() -> None:
    few, more, most = (_steps(_proposing(_of(loops))) for loops in (100, 200, 300))
    assert 0 < most - more < 1.2 * (more - few)
