"""The Vitis HLS that luigi.cfg names or that is on PATH."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.tasks.messages import say
from pipeline.tasks.sections import section, vitis

if TYPE_CHECKING:
    from pipeline.synthesis.vitis import Tool


@lru_cache(maxsize=1)
def installed_tool() -> Tool | None:
    """The tool that runs would use; None where there is none. Raises PipelineError for a setting that cannot serve."""
    from pipeline.synthesis import find_vitis

    config = section(vitis)
    # Told without starting one.
    if not (config.settings or config.tool or find_vitis() is not None):
        return None
    from pipeline.synthesis.vitis.tools import usable_tool

    tool = usable_tool(config.settings, config.tool)
    if tool is not None and tool.note:
        say(f"{tool.kind}: {tool.note}.")
    return tool
