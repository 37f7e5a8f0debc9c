"""What the estimator works with: costs for a part and clock, under the shipped constants or those of luigi.cfg."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import luigi

from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.synthesis import Flow, same_target
from pipeline.synthesis.devices import NOTHING_ASKED, Devices

if TYPE_CHECKING:
    from pipeline.estimator import Device
    from pipeline.synthesis.target import Target


def devices() -> Devices:
    """Devices with the constants of ``[estimator] constants`` where that names a file."""
    constants = str(luigi.configuration.get_config().get("estimator", "constants", "")).strip()
    return Devices(Path(constants) if constants else None)


def shipped_device(flow: Flow) -> Device:
    """The device for the part and clock that labels are for, under the shipped constants."""
    return Devices().of(flow)


def asked_device(target: Target) -> Device:
    """The device that was asked for; as :meth:`Devices.asked`."""
    return devices().asked(target)


def device_of_labels(dataset: Path, sources: Sequence[str]) -> Device:
    """The device for the part and clock that a dataset's labels of some sources are for, as its card says.

    The default one where the card does not say, or names several.
    """
    try:
        told = json.loads(read_text(dataset / "card.json"))["provenance"]["flows"]
        flows = [Flow.from_json(told[source]) for source in sources or told]
    except (OSError, ValueError, LookupError, TypeError, RecursionError, PipelineError):
        flows = []
    if not flows or not all(same_target(flows[0], flow) for flow in flows):
        return devices().asked(NOTHING_ASKED)
    return devices().of(flows[0])


def estimator_version() -> str:
    """The estimator's version, with its constants where these are not the shipped ones."""
    return devices().version
