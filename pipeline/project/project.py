"""A project: what is compiled."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.project.flags import NO_FLAGS, Flags


@dataclass(frozen=True, slots=True)
class Project:
    """What is compiled, as the user named it; every reader of a kernel gets this one value.

    ``file`` is the source that gives the kernel its name, ``further`` are sources compiled beside it, ``top`` the top
    function (None where the sources say it), ``testbench`` the files that call it. Paths are relative to the current
    folder, as given.
    """

    file: str
    flags: Flags = NO_FLAGS
    further: tuple[str, ...] = ()
    top: str | None = None
    testbench: tuple[str, ...] = ()
