"""Versions of the tool, compared as numbers, and from which on a command or an option is there.

Sources: UG1399 "Migrating from Vivado HLS" and "Vitis HLS Command Reference", UG1702 "vitis-run Command" and "v++ Mode
HLS", each up to 2026.1, whose command reference states no change against 2025.2.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Release(NamedTuple):
    """Year and number of a release; its updates (``2024.1.2``) behave as it does."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}.{self.number}"


NUMBER = r"2\d{3}\.\d{1,2}(?:\.\d{1,3}){0,2}(?:[-_][\w.-]{1,40})?"
"""Pattern of a version as banners and paths state it: ``2018.3``, ``2024.1.2``, ``2017.4_sdx``."""

NEWEST_KNOWN = Release(2026, 1)
"""What is later is driven as this one is, and that is said."""
VPP_MODE_HLS_FROM = Release(2023, 1)
VITIS_RUN_TCL_FROM = Release(2023, 2)
TOP_PERFORMANCE_FROM = Release(2025, 2)
"""A performance pragma on the top function is a target for the whole design (UG1399 of 2025.2)."""
VITIS_HLS_DEPRECATED_FROM = Release(2024, 2)
"""Gone one release later."""

_RELEASE = re.compile(r"(\d{4})\.(\d{1,2})(?!\d)")


def release_of(version: str) -> Release | None:
    """The release that a version belongs to; None where it is none (``unknown``)."""
    found = _RELEASE.match(version)
    return Release(int(found[1]), int(found[2])) if found else None


def beyond_known(version: str) -> str | None:
    """What to say of a version that is later than the newest known one; None of any other."""
    release = release_of(version)
    if release is None or release <= NEWEST_KNOWN:
        return None
    return f"{version} is later than {NEWEST_KNOWN}, the newest version known here, and is driven as that one is"
