"""Names of parts, as AMD writes them: family and size, package and pins, speed grade, temperature grade."""

from __future__ import annotations

import re

from pipeline.errors import PipelineError

_PART = re.compile(r"x[aqc][a-z0-9]*[0-9][a-z0-9]*(?:[-_][a-z0-9]+)*", re.IGNORECASE)
"""``xcu200-fsgd2104-2-e``, ``xc7z020clg484-1``, ``xck26-sfvc784-2LV-c``; ``xa`` for automotive, ``xq`` for defence
grade (AMD DS890, DS180)."""
_MOST = 60


def check_part(name: str, option: str) -> str:
    """The name of a part if it can be one. Raises PipelineError, naming the option, for text that cannot.

    Whether the part is installed is for the tool to say.
    """
    if len(name) > _MOST or not _PART.fullmatch(name):
        raise PipelineError(
            f"{option} {name[:_MOST]!r} cannot be the name of a part",
            fix="name one such as xcu200-fsgd2104-2-e with --part",
        )
    return name
