"""What the estimator works with: costs for a part and clock, under the shipped constants or those of luigi.cfg."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.synthesis.target import Target, uncertainty_fraction

if TYPE_CHECKING:
    from pipeline.estimator import Device
    from pipeline.synthesis import Flow

_NOTHING_ASKED = Target()


def shipped_device(flow: Flow) -> Device:
    """The device for the part and clock that labels are for, under the shipped constants; otherwise as device_of."""
    return _known_device("", flow)


def asked_device(target: Target) -> Device:
    """The device that was asked for, with the constants of ``[estimator] constants`` where that names a file.

    PipelineError for a part that the estimator does not know, and, with the file, where it holds no constants.
    """
    return _target_device(_constants(), target)


def device_of(flow: Flow) -> Device:
    """The device for the part and clock that labels are for; as :func:`stand_in` says for a part that is not known."""
    return _known_device(_constants(), flow)


def stand_in(flow: Flow) -> str | None:
    """What forecasts for a flow take in the place of its part, in a sentence; None where the estimator knows the part.

    A tool runs designs for parts that the estimator has no capacities of.
    """
    from pipeline.estimator import find_part
    from pipeline.synthesis.flow import DEFAULT_PART

    try:
        find_part(flow.part or DEFAULT_PART)
    except PipelineError as error:
        return f"{error.problem}: estimates beside its figures are for {DEFAULT_PART}"
    return None


def device_of_labels(dataset: Path, sources: Sequence[str]) -> Device:
    """The device for the part and clock that a dataset's labels of some sources are for, as its card says.

    The default one where the card does not say, or names several.
    """
    from pipeline.synthesis import Flow, same_target

    try:
        told = json.loads(read_text(dataset / "card.json"))["provenance"]["flows"]
        flows = [Flow.from_json(told[source]) for source in sources or told]
    except (OSError, ValueError, LookupError, TypeError, RecursionError, PipelineError):
        flows = []
    if not flows or not all(same_target(flows[0], flow) for flow in flows):
        return asked_device(_NOTHING_ASKED)
    return device_of(flows[0])


def estimator_version() -> str:
    """The estimator's version, with its constants where these are not the shipped ones."""
    from pipeline.estimator import version

    return version(asked_device(_NOTHING_ASKED))


def _constants() -> str:
    return str(luigi.configuration.get_config().get("estimator", "constants", "")).strip()


def _known_device(constants: str, flow: Flow) -> Device:
    part = None if stand_in(flow) else flow.part
    return _target_device(constants, Target(part, flow.clock_ns, flow.uncertainty))


def _target_device(constants: str, target: Target) -> Device:
    whole = target.complete
    assert whole.part is not None and whole.clock_ns is not None
    return _device(constants, whole.part, whole.clock_ns, uncertainty_fraction(whole.uncertainty, whole.clock_ns))


@lru_cache(maxsize=64)
def _device(path: str, part: str, clock_ns: float, uncertainty: float) -> Device:
    from pipeline.estimator import calibrated, device_for

    device = device_for(part, clock_ns, uncertainty)
    return calibrated(device, Path(path)) if path else device
