"""The Luigi tasks: parameters, requirements, outputs and progress. No algorithm lives here."""

import sys

from pipeline.tasks import command_line, defaults, family, help, messages, recorded
from pipeline.tasks.calibrate import Calibrate, ValidateEstimator
from pipeline.tasks.clean import CleanWorkspace
from pipeline.tasks.compare import CompareSearches
from pipeline.tasks.compare_designs import Compare
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.describe import DescribeDesign, DescribeKernel, ListKernels
from pipeline.tasks.designs import SampleConfigurations
from pipeline.tasks.doctor import Doctor
from pipeline.tasks.export import ExportDataset
from pipeline.tasks.graph import BuildGraph
from pipeline.tasks.imports import ImportHLSyn, ImportPacks, ImportReports
from pipeline.tasks.knowledge import MakeKnowledge
from pipeline.tasks.labels import SynthesizeDesigns
from pipeline.tasks.loop.rounds import ProposeDesigns, SynthesizeRound, TrainRound
from pipeline.tasks.loop.run import RunActiveLearningLoop
from pipeline.tasks.packs import BuildPacks, DescribePacks
from pipeline.tasks.reading_limits import reading
from pipeline.tasks.sections import farm, vitis
from pipeline.tasks.status import Status
from pipeline.tasks.training import FineTune, TrainHierarchicalMoE
from pipeline.tasks.transfer import EvaluateTransfer
from pipeline.tasks.validate import ValidateTopDesigns

COMMANDS = (
    GenerateDataset,
    TrainHierarchicalMoE,
    FineTune,
    EvaluateTransfer,
    RunActiveLearningLoop,
    ValidateTopDesigns,
    CompareSearches,
    MakeKnowledge,
    SampleConfigurations,
    SynthesizeDesigns,
    BuildGraph,
    ImportHLSyn,
    ImportReports,
    ImportPacks,
    BuildPacks,
    Calibrate,
    ValidateEstimator,
    ExportDataset,
    ListKernels,
    DescribeKernel,
    DescribeDesign,
    DescribePacks,
    Status,
    CleanWorkspace,
    Compare,
    Doctor,
)

ROUNDS = (TrainRound, ProposeDesigns, SynthesizeRound)
"""The tasks of one round of the loop, which nobody needs to name on a command line."""

__all__ = [
    *(task.__name__ for task in (*COMMANDS, *ROUNDS)),
    "COMMANDS",
    "ROUNDS",
    "family",
    "farm",
    "messages",
    "reading",
    "recorded",
    "vitis",
]

command_line.ASKED_HELP.append(
    lambda task, everything: help.overview(COMMANDS) if task is None else help.help_of(task, everything=everything)
)
messages.install()
messages.check_configuration([*(task.__name__ for task in (*COMMANDS, *ROUNDS)), "vitis", "farm", "reading"])
if defaults.is_our_command(sys.argv):
    defaults.install(sys.argv[1:])
