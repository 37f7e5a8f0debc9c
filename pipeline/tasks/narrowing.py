"""Options that leave part of a design space as it is written."""

from __future__ import annotations

import luigi

from pipeline.errors import PipelineError
from pipeline.tasks.parameters import names


class SpaceOptions:
    """The options, for tasks that choose among the designs of a kernel."""

    only = luigi.Parameter(default="", description="loops or sites that vary, all else as written: SAMPLES,MAC.unroll")
    keep = luigi.Parameter(default="", description="loops or sites that stay as written: MAC.pipeline,buf")

    @property
    def narrowing(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What varies and what stays, as names; both empty where all of the space varies."""
        try:
            return names(self.only), names(self.keep)
        except PipelineError as error:
            raise PipelineError(f"--only and --keep: {error.problem}", fix=error.fix) from None
