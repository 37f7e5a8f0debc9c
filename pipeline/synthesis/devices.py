"""What estimates are for: the device of a part and clock, under the shipped constants or those of a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError
from pipeline.synthesis.flow import DEFAULT_FLOW_TARGET, DEFAULT_PART, ESTIMATOR_SOURCE, Flow
from pipeline.synthesis.target import Target, uncertainty_fraction

if TYPE_CHECKING:
    # Loaded where a device is made: whoever only reads the store does without the estimator.
    from pipeline.estimator import Device

NOTHING_ASKED = Target()


def stand_in(flow: Flow) -> str | None:
    """What forecasts for a flow take in the place of its part, in a sentence; None where the estimator knows the part.

    A tool runs designs for parts that the estimator has no capacities of.
    """
    from pipeline.estimator import find_part

    try:
        find_part(flow.part or DEFAULT_PART)
    except PipelineError as error:
        return f"{error.problem}: estimates beside its figures are for {DEFAULT_PART}"
    return None


@dataclass(frozen=True)
class Devices:
    """Devices by part and clock; ``constants`` is a file of calibrated constants, the shipped ones hold without it."""

    constants: Path | None = None

    def asked(self, target: Target) -> Device:
        """The device that was asked for.

        PipelineError for a part that the estimator does not know, and, with the file, where it holds no constants.
        """
        return self._under(target, None)

    def _under(self, target: Target, tool_version: str | None) -> Device:
        whole = target.complete
        assert whole.part is not None and whole.clock_ns is not None
        fraction = uncertainty_fraction(whole.uncertainty, whole.clock_ns)
        return _device(self.constants, whole.part, whole.clock_ns, fraction, tool_version)

    def of(self, flow: Flow) -> Device:
        """The device that labels are for, as the tool that has made them sees it; as :func:`stand_in` says for a part
        that is not known.
        """
        part = None if stand_in(flow) else flow.part
        version = None if flow.source == ESTIMATOR_SOURCE else flow.tool_version
        return self._under(Target(part, flow.clock_ns, flow.uncertainty), version)

    def assumptions(self, flow: Flow) -> list[str]:
        """What is assumed of a flow's figures, a sentence or none: of estimates where little is measured."""
        if flow.source != ESTIMATOR_SOURCE or not (assumed := self.of(flow).assumed):
            return []
        aim = flow.flow_target not in (None, DEFAULT_FLOW_TARGET)
        return [f"Estimates: {assumed}{'; flow targets are not told apart' if aim else ''}."]

    @property
    def version(self) -> str:
        """The estimator's version, with its constants where these are not the shipped ones."""
        from pipeline.estimator import version

        return version(self.asked(NOTHING_ASKED))


@lru_cache(maxsize=64)
def _device(constants: Path | None, part: str, clock_ns: float, uncertainty: float, tool_version: str | None) -> Device:
    from pipeline.estimator import calibrated, device_for, for_tool

    device = for_tool(device_for(part, clock_ns, uncertainty), tool_version)
    return device if constants is None else calibrated(device, constants)
