"""Names of functions as sites and pragmas of a user's source mean them."""

from __future__ import annotations

import re


def plain_name(function: str | None) -> str:
    """A function's name without the arguments of templates, which all instances share."""
    return re.sub(r"<.*>", "", function or "")


def site_word(function: str) -> str:
    """A function's name as a part of a placeholder."""
    return re.sub(r"[^A-Za-z0-9]+", "_", plain_name(function))
