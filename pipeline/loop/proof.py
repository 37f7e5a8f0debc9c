"""The kernel's test bench on the original and on the best design, before the tool is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.loop.best import build_sources
from pipeline.synthesis.testbench import SECONDS, BenchVerdict, Proof, has_bench, prove_design, prove_original

if TYPE_CHECKING:
    from pipeline.loop.measured import MeasuredDesign
    from pipeline.synthesis.plan import KernelPlan


def prove_best(plan: KernelPlan, best: MeasuredDesign | None, seconds: float = SECONDS) -> dict[str, str] | None:
    """What a kernel's test bench says of the original and of the best design; None for a kernel without one.

    The members ``original`` and ``best`` are verdicts (:class:`pipeline.synthesis.testbench.Verdict`),
    ``original_why`` and ``best_why`` the reasons, empty where there is nothing to say. ``seconds`` limits each run.
    """
    project = plan.kernel.project if plan.kernel is not None else None
    if project is None or not has_bench(project) or seconds <= 0:
        return None
    original = prove_original(project, seconds=seconds)
    found = _design(plan, best, original, seconds)
    return {
        "original": str(original.verdict),
        "original_why": original.why,
        "best": str(found.verdict),
        "best_why": found.why,
    }


def _design(plan: KernelPlan, best: MeasuredDesign | None, original: Proof, seconds: float) -> Proof:
    if best is None:
        return Proof(BenchVerdict.NOT_POSSIBLE, "no design was found that fits")
    if original.verdict is BenchVerdict.NOT_POSSIBLE:
        return Proof(BenchVerdict.NOT_POSSIBLE, "the original is not tested")
    try:
        sources, _ = build_sources(plan, best)
    except PipelineError as error:
        return Proof(BenchVerdict.NOT_POSSIBLE, f"the design is not written: {error}")
    texts = {name: text for name, text in sources.files.items() if name not in sources.testbench}
    assert plan.kernel is not None and plan.kernel.project is not None
    return prove_design(plan.kernel.project, texts, original, seconds=seconds)
