"""The sections of luigi.cfg that the tool and the farm read."""

from __future__ import annotations

from typing import Any

import luigi

from pipeline.errors import PipelineError
from pipeline.synthesis.vitis_settings import VitisSettings
from pipeline.tasks.parameters import Clock, Real, WholeNumber

CFLAGS = "--cflags"
_OWN = VitisSettings()


class vitis(luigi.Config):  # noqa: N801, the section's name in luigi.cfg
    """The section [vitis]: the installation and the flow. All but limits and folders decide where reports are filed."""

    settings = luigi.Parameter(default="", description="settings64.sh of the installation; else the tools on PATH")
    tool = luigi.Parameter(
        default="", description="vitis_hls, vitis-run, v++ or vivado_hls; else chosen by what is there"
    )
    part = luigi.Parameter(default="xcu200-fsgd2104-2-e", description="part that designs are made for")
    clock_ns = Clock(default=4.0, description="target clock: 4, 4ns or 250MHz")
    uncertainty = luigi.Parameter(default="27%", description="clock uncertainty, as the tool takes it")
    flow_target = luigi.ChoiceParameter(default="vitis", choices=("vitis", "vivado"), description="flow target")
    options = luigi.Parameter(default="", description="more settings: name=value, separated by ';'")
    buffers = luigi.BoolParameter(
        default=_OWN.buffers,
        parsing=luigi.BoolParameter.EXPLICIT_PARSING,
        description="copy array arguments to local buffers",
    )
    unsupported = luigi.ChoiceParameter(
        default=_OWN.unsupported,
        choices=("approximate", "refuse"),
        description="what happens to a value that Vitis HLS has no directive for",
    )
    reassociate = luigi.ChoiceParameter(
        default=_OWN.reassociate,
        choices=("clause", "never", "always"),
        description="floating-point sums in another order: where a reduction clause allows it, never, always",
    )
    timeout_minutes = Real(above=0, most=1e6, default=_OWN.timeout_minutes, description="wall-clock limit of a run")
    memory_gib = Real(least=0, most=1e5, default=_OWN.memory_gib, description="memory limit of a run, 0 for none")
    tries = WholeNumber(
        least=1,
        default=_OWN.tries,
        description="tries of a run that finds no licence or no room on the disk, with growing pauses",
    )
    ends = WholeNumber(
        least=1,
        default=_OWN.ends,
        description="commands in which a design may end without a verdict before it counts as failed",
    )
    scratch = luigi.Parameter(default="", description="folder for runs, outside any git tree; default: the system's")
    keep = luigi.ChoiceParameter(
        default=_OWN.keep, choices=("never", "failed", "always"), description="which folders of runs stay"
    )
    delivery = luigi.ChoiceParameter(
        default=_OWN.delivery,
        choices=("insert", "directives"),
        description="designs in the tool's own terms: as pragmas in the files, or as directives beside them",
    )
    testbench = luigi.Parameter(
        default="", description="C file of a test bench that calls the top function, for csim and cosim"
    )
    further = luigi.Parameter(
        default="", description="steps beyond C synthesis, comma-separated: csim,cosim,export,implement"
    )


class farm(luigi.Config):  # noqa: N801, the section's name in luigi.cfg
    """The section [farm]: where runs of the tool happen, and how many at once."""

    executor = luigi.ChoiceParameter(
        default="local",
        choices=("serial", "local", "dask", "slurm", "lsf", "sge", "pbs"),
        description="where runs of the tool happen",
    )
    workers = WholeNumber(least=1, default=1, description="runs at once")
    licences = WholeNumber(
        least=0, default=0, description="licences shared by all runs of the workspace, 0 for no limit"
    )
    options = luigi.Parameter(default="", description="options of the executor: name=value, separated by ';'")


class reading(luigi.Config):  # noqa: N801, the section's name in luigi.cfg
    """The section [reading]: what one run of the compiler over a kernel's source may take."""

    seconds = Real(above=0, most=1e5, default=60.0, description="seconds, by the clock and of the processor")
    memory_gib = Real(above=0, most=1e4, default=4.0, description="memory in GiB")


def section(of: type[luigi.Config]) -> Any:
    """The section's values; PipelineError for one that luigi cannot read."""
    try:
        return of()
    except ValueError as error:
        if isinstance(error.__cause__, PipelineError):
            raise error.__cause__ from None
        cause = " ".join(str(error.__cause__ or error).split())
        raise PipelineError(
            f"[{of.__name__}]: {error.args[0].rsplit(': ', 1)[-1]} ({cause})", file="luigi.cfg", fix="mend that line"
        ) from error


def pairs(text: str, section: str) -> dict[str, str]:
    """``name=value`` pairs separated by ``;``. Raises PipelineError for anything else."""
    found = {}
    for part in filter(None, (piece.strip() for piece in text.split(";"))):
        name, mark, value = part.partition("=")
        if not mark or not name.strip():
            raise PipelineError(
                f"[{section}] options: {part!r} is no name=value", file="luigi.cfg", fix="separate pairs by ';'"
            )
        found[name.strip()] = value.strip()
    return found


def own_settings(backend: str) -> dict[str, Any]:
    """What the section of a backend's name in luigi.cfg says; of [vitis] and its options on the command line, typed."""
    if backend == vitis.__name__:
        said = dict(section(vitis).param_kwargs)
        return {**said, "options": pairs(said["options"], backend)}
    config = luigi.configuration.get_config()
    return {str(name): str(value) for name, value in config.items(backend)} if config.has_section(backend) else {}
