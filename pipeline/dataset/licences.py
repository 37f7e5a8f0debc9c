"""Under which terms labels of a source may be used, and whom to name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms and attribution of a source's labels."""

    licence: str
    attribution: str


_UNKNOWN = Licence("not recorded", "labels that a user imported or made; their owner's terms apply")
_LICENCES = {
    "hlsyn-vitis": Licence(
        "CC BY-SA 4.0", "HLSFactory, HLSyn-Vitis, sharc-lab (LICENSE.data), github.com/sharc-lab/HLSFactory"
    ),
    "hlsyn-": Licence(
        "CC BY-SA 4.0",
        "HLSyn benchmark, UCLA (Bai et al., NeurIPS 2023 Datasets and Benchmarks), github.com/UCLA-DM/HLSyn",
    ),
    "vitis-plain": Licence(
        "CC BY-SA 4.0", "HLSFactory, AutoDSE demo, sharc-lab (LICENSE.data), github.com/sharc-lab/HLSFactory"
    ),
    "estimator": Licence("Apache-2.0", "this project's own analytical estimator"),
}
"""By the name of a source, or by what names that end in a version begin with."""


def licence_of(source: str) -> Licence:
    """The licence of a source's labels by the source's name; what the project does not know is said to be unknown."""
    family, dash, _ = source.partition("-")
    return _LICENCES.get(source) or _LICENCES.get(family + dash) or _UNKNOWN
