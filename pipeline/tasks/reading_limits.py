"""The limits of reading a source, from luigi.cfg."""

from __future__ import annotations

from pipeline.project.compiler import ReadingLimits, limit_reading
from pipeline.tasks.sections import reading as reading
from pipeline.tasks.sections import section


def _limits() -> ReadingLimits:
    found = section(reading)
    return ReadingLimits(found.seconds, int(found.memory_gib * 2**30))


limit_reading(_limits)
