"""Words that stand in files, columns and options, as enumerations: a member is the text itself."""

from __future__ import annotations

from enum import StrEnum


class Resource(StrEnum):
    """A resource of a device. The value names its columns, in the order of the tables; ``name`` is csynth.xml's."""

    BRAM_18K = "bram_18k"
    DSP = "dsp"
    FF = "ff"
    LUT = "lut"
    URAM = "uram"

    @property
    def short(self) -> str:
        """``BRAM``, ``DSP``, ``FF``, ``LUT`` or ``URAM``: as published sets, targets of models and pages spell it."""
        return self.name.removesuffix("_18K")


LEARNED = (Resource.LUT, Resource.FF, Resource.DSP, Resource.BRAM_18K)
"""The resources that are predicted and searched over, in the order of the targets of every model."""


class Dialect(StrEnum):
    """What the value of a pragma site means."""

    MERLIN = "merlin"
    """Merlin pragmas (``ACCEL``): the value of a placeholder."""
    VITIS_PLAIN = "vitis-plain"
    """Directives of Vitis HLS at the two sites of every ``for`` loop, in the order of the source."""
    HLS = "hls"
    """Placeholders in pragmas of Vitis HLS (``HLS``)."""


class SiteKind(StrEnum):
    """What a pragma site decides."""

    PIPELINE = "PIPELINE"
    PARALLEL = "PARALLEL"
    TILE = "TILE"
    OPTION = "OPTION"
    """A word of any other ``#pragma HLS`` directive; never the kind of a loop's site."""


class ShotsBy(StrEnum):
    """How the few designs of a kernel that a model learns from are chosen."""

    KMEANS = "kmeans"
    """A coreset on the model's embeddings."""
    RANDOM = "random"


class OwnBackend(StrEnum):
    """The backends of this package, each a module of that name; others come by entry points."""

    VITIS = "vitis"
    REPLAY = "replay"
    ESTIMATOR = "estimator"


def estimated(source: str) -> bool:
    """Whether labels of a source are estimates: of the estimator, calibrated or not."""
    return source.startswith("estimator")
