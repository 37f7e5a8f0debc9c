"""The active-learning loop."""

from __future__ import annotations

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.base import PipelineTask


class RunActiveLearningLoop(PipelineTask):
    """Finds the fastest design that fits with few runs: train, search, synthesise, round after round."""

    kernel = luigi.Parameter(default="", description="a name of the suite or a path to a C file")
    budget = luigi.IntParameter(default=40, description="designs to synthesise at most")

    def complete(self) -> bool:
        """Never complete: there is nothing yet that it could leave."""
        return False

    def run(self) -> None:
        """Stops with one line."""
        raise PipelineError(
            "the active-learning loop is not part of this version",
            fix="GenerateDataset makes the labelled designs that it will learn from",
        )
