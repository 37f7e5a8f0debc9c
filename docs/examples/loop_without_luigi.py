"""Searches for the best design of a kernel, without luigi: loop_without_luigi.py FOLDER [KERNEL [BUDGET]]."""

import sys
from pathlib import Path

from pipeline.design_space import load_space
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.synthesis import EstimatorBackend, ReportStore

folder = Path(sys.argv[1])
kernel = find_kernel(sys.argv[2] if len(sys.argv) > 2 else "atax")
budget = int(sys.argv[3]) if len(sys.argv) > 3 else 20

store = ReportStore(folder / "store")
backend = EstimatorBackend(store)
plan = KernelPlan(backend, backend.address_of(kernel), kernel, load_space(kernel))
loop = ClosedLoop({kernel.name: plan}, store, folder / "rounds", batch=5)
found = run_loop(loop, folder / f"found-{kernel.name}-{budget}", budget=budget, tell=print)
print(f"{found['best']['cycles']:,} cycles: {found['best']['key']}")
