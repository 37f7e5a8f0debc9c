"""Designs handed to the backend of a plan; what a tool is to run, to the farm of luigi.cfg."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.design_space import design_key
from pipeline.synthesis.backends import handed_on
from pipeline.tasks.messages import say
from pipeline.tasks.sections import farm, pairs, section
from pipeline.tasks.stored import open_store
from pipeline.tasks.watch import LicenceWait, Watch

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.kernels import Kernel
    from pipeline.synthesis import Outcome
    from pipeline.synthesis.backends.tool import ToolBackend
    from pipeline.synthesis.plan import KernelPlan


def outcomes_of(
    plan: KernelPlan, designs: Sequence[tuple[str, Point | None]], workspace: Path, on_stage: Callable[[str, str], None]
) -> Iterator[Outcome]:
    """An outcome per (key, point); those of the tool come in the order in which they are done.

    What a run finishes is in the report store before it is handed on, so a kill loses only what is in flight. An
    outcome with faults is no result; all others are, and a later call serves those of the tool from the store.
    ``on_stage`` is told (design key, stage) while the tool runs. Raises PipelineError for a backend that does not keep
    what it was asked (:func:`pipeline.synthesis.backends.handed_on.outcomes_of`).
    """
    run = functools.partial(run_designs, workspace=workspace, on_stage=on_stage)
    return handed_on.outcomes_of(plan.backend, plan.kernel, designs, run)


def run_designs(
    backend: ToolBackend,
    kernel: Kernel,
    points: Sequence[Point],
    workspace: Path,
    on_stage: Callable[[str, str], None],
) -> Iterator[Outcome]:
    """An outcome per point, in the order in which they are done: stored ones first, then runs on the farm.

    ``on_stage`` is told (design key, stage) while runs go on in this process; other machines do not tell.
    A design that another command runs meanwhile, in any workspace with this store, is left to it and its result taken.
    A design that the surroundings kept from a result, or that was not started as none can have one, comes with the
    fault, and is not stored: the next call runs it again.
    """
    from pipeline.synthesis.claims import Claims
    from pipeline.synthesis.executors import LicencePool, make_executor, run_all

    stored = backend.stored(points)
    yield from stored.values()
    jobs = {key: point for point in points if (key := design_key(point)) not in stored}
    watch = Watch(backend)
    if jobs and watch.goes_on():
        config = section(farm)
        if config.executor in ("serial", "local"):
            backend.on_stage, backend.on_wait = on_stage, watch.waits
        waits = LicenceWait(kernel.name, config.licences)
        licences = LicencePool(workspace / "licences", config.licences, on_wait=waits.tell) if config.licences else None
        # In the workspace's own store, also where the results are to go to another: a design is run by one at a time.
        claims = Claims(open_store(str(workspace)).root)
        claims.sweep(backend.address)

        def waiting(count: int) -> None:
            designs = "1 design" if count == 1 else f"{count} designs"
            say(f"  {kernel.name}: waiting for {designs} that others have in flight")

        with contextlib.ExitStack() as stack:
            settings = pairs(config.options, "farm")
            executor = stack.enter_context(make_executor(config.executor, workers=config.workers, options=settings))
            if executor.remote:
                claims = stack.enter_context(claims.watched())
            for done in run_all(
                executor, functools.partial(backend.run_one, kernel), jobs, licences=licences,
                claim=functools.partial(backend.claimed, claims), waiting=waiting, goes_on=watch.goes_on,
            ):  # fmt: skip
                waits.done(done.result.seconds if done.result is not None else None)
                yield from watch.judged(done)
    yield from watch.rest(jobs)
