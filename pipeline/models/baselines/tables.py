"""What models on tables take: one kernel's designs as columns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.errors import PipelineError
from pipeline.models.baselines.coding import coded_values, value_blocks, value_summary

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KernelTable:
    """N designs of one kernel with S sites.

    ``name``       of the kernel
    ``values``     (N, S), numbers of the sites' values (:func:`pipeline.models.inputs.site_number`)
    ``kinds``      (S,), kinds of the sites
    ``estimates``  (N, F), known before any run and comparable over kernels: an estimate of each of the T targets in its
                   unit, a 1 where that is known, further numbers
    ``targets``    (N, T), NaN where unknown
    ``family``     kernels of one family are left out together; empty for a kernel on its own
    """

    name: str
    values: npt.NDArray[np.float32]
    kinds: npt.NDArray[np.int64]
    estimates: npt.NDArray[np.float32]
    targets: npt.NDArray[np.float32]
    family: str = ""

    def __post_init__(self) -> None:
        count, wide = self.targets.shape
        if len(self.values) != count or self.estimates.shape[0] != count or self.values.shape[1] != len(self.kinds):
            raise PipelineError(
                f"{self.name}: {count} designs with {len(self.values)} rows of {self.values.shape[1]} values for "
                f"{len(self.kinds)} sites, and {len(self.estimates)} of estimates",
                fix="give one row of each per design",
            )
        if self.estimates.shape[1] <= wide:
            raise PipelineError(f"{self.name}: estimates of {self.estimates.shape[1]} columns for {wide} targets")

    def __len__(self) -> int:
        return len(self.targets)

    @cached_property
    def estimated(self) -> Floats:
        """(N, T), the estimate of the targets, 0 where there is none."""
        return np.asarray(self.estimates[:, : self.targets.shape[1]], dtype=np.float64)

    @cached_property
    def shared(self) -> Floats:
        """(N, F + 8), the columns that are comparable over kernels: estimates, and a summary of the values."""
        return np.hstack([self.estimates, value_summary(self.values, self.kinds)]).astype(np.float64)

    @cached_property
    def coded(self) -> Floats:
        """(N, S), the values as columns of this kernel alone."""
        return coded_values(self.values, self.kinds)

    @cached_property
    def blocks(self) -> tuple[Floats, ...]:
        """The values as :func:`pipeline.models.baselines.coding.value_blocks` has them."""
        return value_blocks(self.values, self.kinds)
