"""Names in data that others wrote: checked before they reach a path, and brought to one spelling."""

from __future__ import annotations

import re

from pipeline.errors import PipelineError
from pipeline.kernels.suite import ALIASES

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def canonical_kernel(name: str) -> str:
    """The suite's spelling of a published kernel name; names that have no alias stay as they are."""
    return ALIASES.get(name, name)


_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def checked_source(name: str, *, file: str | None = None) -> str:
    """``name`` itself where it may name a source of labels.

    Lower-case letters, digits, ``.``, ``_`` and ``-``, a letter or digit first, no ``..``, at most 64 characters.
    Raises :class:`PipelineError` otherwise.
    """
    if not _SOURCE.fullmatch(name) or ".." in name:
        raise PipelineError(
            f"{name[:100]!r} is no name for a source",
            file=file,
            fix="use at most 64 lower-case letters, digits, '.', '_' and '-', a letter or digit first",
        )
    return name


def checked_name(name: str, what: str, *, file: str | None = None) -> str:
    """``name`` itself where it is safe as a file name.

    Letters, digits, ``.``, ``_``, ``+`` and ``-``, starting with a letter or digit, at most 100 characters.
    ``what`` names the thing in the message ("source", "kernel"). Raises :class:`PipelineError` otherwise.
    """
    if not _NAME.fullmatch(name) or ".." in name:
        raise PipelineError(
            f"{what} name {name[:100]!r} is not usable as a file name",
            file=file,
            fix="use letters, digits, '.', '_', '+' and '-' only, a letter or digit first",
        )
    return name
