"""A project: what is compiled, tested and made, as the user named it."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.project.directives import Directive
from pipeline.project.flags import NO_FLAGS, Flags


@dataclass(frozen=True, slots=True)
class TestBench:
    """What calls the top function in C simulation and cosimulation.

    ``files`` are its sources and the data that it reads, ``flags`` the compiler's for these sources beside those of the
    design, ``arguments`` the words that its ``main`` gets, ``link`` the words for the linker.
    """

    __test__ = False  # for pytest it is no test

    files: tuple[str, ...] = ()
    flags: Flags = NO_FLAGS
    arguments: tuple[str, ...] = ()
    link: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)


@dataclass(frozen=True, slots=True)
class ToolSettings:
    """What a project asks of the tool; None is what it does not say.

    ``clock_ns`` is the period in nanoseconds, ``uncertainty`` is as the tool takes it (``12.5%``, ``0.9ns``), ``flow``
    is ``vivado`` or ``vitis``, ``settings`` are (``config_COMMAND.OPTION``, value) pairs that decide C synthesis, in
    the order given; ``further`` are those of later steps, as they are spelled where they stand
    (``config_export.format``, ``cosim.trace_level``). A switch that is on has the value ``true``.
    """

    part: str | None = None
    clock_ns: float | None = None
    uncertainty: str | None = None
    flow: str | None = None
    settings: tuple[tuple[str, str], ...] = ()
    further: tuple[tuple[str, str], ...] = ()


NO_TESTBENCH = TestBench()
NO_SETTINGS = ToolSettings()


@dataclass(frozen=True, slots=True)
class Project:
    """What is compiled, as the user named it; every reader of a kernel gets this one value.

    ``file`` is the source that gives the kernel its name, ``further`` are sources compiled beside it, ``top`` the top
    function (None where the sources say it), ``testbench`` what calls it. Paths are relative to the current folder, as
    given. ``script`` is the configuration file or script that this was read from, ``name`` what the kernel is called
    then, ``tool`` what it asks of the tool, ``directives`` are those that stand there, in order. ``moved`` are folders
    that the script names and that lie elsewhere here: each as it is named, and where it is.
    """

    file: str
    flags: Flags = NO_FLAGS
    further: tuple[str, ...] = ()
    top: str | None = None
    testbench: TestBench = NO_TESTBENCH
    name: str | None = None
    script: str | None = None
    tool: ToolSettings = NO_SETTINGS
    directives: tuple[Directive, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
