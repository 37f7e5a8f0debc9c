"""Where tests find the real reports and labels that do not travel with the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared(*parts: str) -> Path:
    """The path of a shared file or folder; skips the calling test, saying so, where it is absent."""
    root = Path(os.environ.get("HLS_SHARED") or Path(__file__).resolve().parents[1].parent / "shared")
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"real data not present: {'/'.join(parts)} (set HLS_SHARED to the folder that holds it)")
    return path
