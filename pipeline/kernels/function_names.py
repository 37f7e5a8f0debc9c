"""Names of functions as sites and pragmas of a user's source mean them."""

from __future__ import annotations

import re


def plain_name(function: str | None) -> str:
    """A function's name without the arguments of templates, which all instances share."""
    name, found = function or "", 1
    while found:
        name, found = re.subn(r"<[^<>]*>", "", name)
    return name


def site_word(function: str) -> str:
    """The name of a function or variable as a part of a placeholder."""
    return re.sub(r"[^A-Za-z0-9]+", "_", plain_name(function))
