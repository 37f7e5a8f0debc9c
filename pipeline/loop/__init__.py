"""The closed loop: from a kernel to its best designs with few runs, in rounds whose folders a kill leaves whole.

:class:`ClosedLoop` is what decides a search; :func:`run_loop` runs all of it. The steps stand by themselves:
``histories`` (what other kernels teach), ``rounds`` (train, propose, what runs left), ``chosen``, ``validation`` and
``results``. Values and folders go in, values come out; what runs designs is a backend
(:mod:`pipeline.synthesis.backends`).

```
plan = KernelPlan(backend, backend.address, kernel, load_space(kernel))
loop = ClosedLoop({kernel.name: plan}, store, Path("rounds"), batch=5)
summary = run_loop(loop, Path("found"), budget=20)
```
"""

from typing import TYPE_CHECKING

from pipeline.lazy import lazy_imports

if TYPE_CHECKING:
    from pipeline.loop.closed_loop import ClosedLoop
    from pipeline.loop.run import run_loop
    from pipeline.synthesis.plan import KernelPlan
else:
    __getattr__ = lazy_imports(__name__, __file__)

__all__ = ["ClosedLoop", "KernelPlan", "run_loop"]
