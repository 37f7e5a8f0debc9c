"""Which outputs of a workspace another version of this package has made."""

from __future__ import annotations

import json
from pathlib import Path

_RECORDS = {
    "datasets": ("card.json", ("provenance", "version")),
    "models": ("card.json", ("versions", "hls-moe-pipeline")),
    "loops": ("provenance.json", ("version",)),
}
"""By folder of the workspace: the file of an output that states the version, and where in it."""


def other_versions(workspace: Path, version: str) -> str | None:
    """What to tell a user whose newest datasets, models or loops are not of ``version``; None where all are.

    An output's path depends on the version, so these are neither read as if they were of this one nor overwritten.
    """
    found = {kind: _version(workspace / kind / "latest" / file, keys) for kind, (file, keys) in _RECORDS.items()}
    others = [f"{kind} of version {made}" for kind, made in found.items() if made not in (None, version)]
    if not others:
        return None
    return f"Note: {workspace} has {', '.join(others)}; {version} makes its own beside them, from the same reports"


def _version(file: Path, keys: tuple[str, ...]) -> str | None:
    """The version that a record states; None where it states none, which the task that needs the file will tell."""
    try:
        value = json.loads(file.read_bytes()) if file.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None
