"""Under which terms labels of a source may be used, and whom to name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms and attribution of a source's labels."""

    licence: str
    attribution: str


_HLSYN = Licence(
    "CC BY-SA 4.0",
    "HLSyn benchmark, UCLA (Bai et al., NeurIPS 2023 Datasets and Benchmarks), github.com/UCLA-DM/HLSyn",
)
_VITIS_PLAIN = Licence(
    "CC BY-SA 4.0", "HLSFactory, AutoDSE demo, sharc-lab (LICENSE.data), github.com/sharc-lab/HLSFactory"
)
_HLSYN_VITIS = Licence(
    "CC BY-SA 4.0", "HLSFactory, HLSyn-Vitis, sharc-lab (LICENSE.data), github.com/sharc-lab/HLSFactory"
)
_ESTIMATOR = Licence("Apache-2.0", "this project's own analytical estimator")
_UNKNOWN = Licence("not recorded", "labels that a user imported or made; their owner's terms apply")


def licence_of(source: str) -> Licence:
    """The licence of a source's labels by the source's name; what the project does not know is said to be unknown."""
    if source == "hlsyn-vitis":
        return _HLSYN_VITIS
    if source.startswith("hlsyn-"):
        return _HLSYN
    if source == "vitis-plain":
        return _VITIS_PLAIN
    if source == "estimator":
        return _ESTIMATOR
    return _UNKNOWN
