"""The Luigi tasks: parameters, requirements, outputs and progress. No algorithm lives here."""

from pipeline.tasks import messages
from pipeline.tasks.dataset import GenerateDataset
from pipeline.tasks.designs import SampleConfigurations
from pipeline.tasks.graph import BuildGraph
from pipeline.tasks.imports import ImportHLSyn, ImportReports
from pipeline.tasks.labels import SynthesizeDesigns
from pipeline.tasks.loop import RunActiveLearningLoop
from pipeline.tasks.packs import BuildPacks
from pipeline.tasks.vitis import farm, vitis

COMMANDS = (
    GenerateDataset,
    RunActiveLearningLoop,
    SampleConfigurations,
    SynthesizeDesigns,
    BuildGraph,
    ImportHLSyn,
    ImportReports,
    BuildPacks,
)

__all__ = [*(task.__name__ for task in COMMANDS), "COMMANDS", "farm", "messages", "vitis"]

messages.install()
