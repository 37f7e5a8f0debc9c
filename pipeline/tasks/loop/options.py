"""The parameters that all tasks of a loop take."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import luigi

from pipeline.tasks.base import PipelineTask
from pipeline.tasks.designs import BACKEND_CHOICES
from pipeline.tasks.kernel_options import KernelOptions
from pipeline.tasks.loop.settings import DEFAULT_KERNEL, LoopOptions, loop_of
from pipeline.tasks.narrowing import SpaceOptions
from pipeline.tasks.parameters import Real, WholeNumber
from pipeline.tasks.target_options import TargetOptions

if TYPE_CHECKING:
    from pipeline.loop.closed_loop import ClosedLoop

WARM_STARTS = ("auto", "none", "estimator", "reports", "model")


class LoopTask(TargetOptions, KernelOptions, SpaceOptions, PipelineTask):
    """A task of a loop: search on one or more kernels that share one budget of runs."""

    rare: tuple[str, ...] = ("baseline", "target_cycles", "warm_source", "weights")

    kernel = luigi.Parameter(
        default="",
        description="suite names, or paths of C files, hls_config.cfg or Tcl scripts, comma-separated; "
        f"default: {DEFAULT_KERNEL}, replayed",
    )
    space = luigi.Parameter(default="", description="design space file, with a single kernel")
    source = luigi.Parameter(default="", description="where labels come from, such as hlsyn-v20")
    backend = luigi.ChoiceParameter(
        default="auto",
        choices=BACKEND_CHOICES,
        description="what runs designs; auto: Vitis if found, else replay",
    )
    batch = WholeNumber(least=1, default=10, description="designs a round")
    objective = luigi.Parameter(
        default="cycles",
        description="minimised: cycles, ns, dsp, lut%, a sum such as 'cycles + 10*dsp', pareto or pareto(ns,dsp)",
    )
    limit = luigi.Parameter(default="", description="the most of figures, as dsp=100,lut=40%,latency=1ms,cycles=5000")
    utilisation_limit = Real(
        above=0,
        most=10,
        hint="a fraction such as 0.8",
        default=0.8,
        description="a design fits where every utilisation is below",
    )
    target = luigi.Parameter(default="", description="good enough, in the objective's unit: 2000, 0.5ms, 20dsp")
    target_cycles = Real(above=0, default=math.inf, description="the same, in cycles: a --target of old")
    hours = Real(
        above=0,
        default=math.inf,
        hint="such as 8",
        description="what all runs may take, added up; long ones count for more",
    )
    weights = luigi.Parameter(
        default="",
        description="for --objective weighted: doublings of latency that a whole device is worth, as LUT=1;DSP=2",
    )
    acquisition = luigi.Parameter(default="auto", description="how designs are chosen from forecasts")
    surrogate = luigi.Parameter(default="auto", description="what forecasts designs")
    model = luigi.Parameter(default="", description="model file of TrainHierarchicalMoE")
    warm_start = luigi.ChoiceParameter(
        default="auto",
        choices=WARM_STARTS,
        description="known before any run",
    )
    knowledge = luigi.Parameter(
        default="auto",
        description="what MakeKnowledge wrote: a folder or vitis",
    )
    warm_source = luigi.Parameter(
        default="", description="sources of reports to start from, a,b; default: the loop's own"
    )

    baseline = luigi.Parameter(default="", description="performance[=CYCLES]: the tool's own pragma is run 2")

    @property
    def loop(self) -> ClosedLoop:
        """The loop of these parameters."""
        return loop_of(tuple((field.name, getattr(self, field.name)) for field in dataclasses.fields(LoopOptions)))

    def tell(self, text: str) -> None:
        """A line on luigi's page."""
        self.report_progress(None, text)
