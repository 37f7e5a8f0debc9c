"""The options of executors: text from luigi.cfg, checked and typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from pipeline.errors import PipelineError

CLUSTERS = {"slurm": "sbatch", "lsf": "bsub", "sge": "qsub", "pbs": "qsub"}
"""Queueing systems by name, each with the command that submits a job to it."""
KINDS = ("serial", "local", "dask", *CLUSTERS)


@dataclass(frozen=True)
class FarmOptions:
    """How a Dask executor is set up. None is left to Dask or to the cluster."""

    address: str | None = None
    """Address of a running scheduler, such as ``tcp://head:8786``; nothing is started then."""
    scheduler_file: str | None = None
    """Or the JSON file in which a running scheduler tells its address."""
    threads: int = 1
    """Runs at once per worker process; a cluster job is one worker process."""
    scratch: str | None = None
    """Folder for the workers' own files."""
    start_timeout_s: float = 3600.0
    """How long the first worker may take to come up: on a full cluster, as long as its queue."""
    reconnect_s: float = 600.0
    """How long a lost scheduler at a given address may stay away."""
    tls_ca: str | None = None
    """PEM files; with all three, connections are encrypted and authenticated."""
    tls_cert: str | None = None
    tls_key: str | None = None
    queue: str | None = None
    """Queue or partition."""
    account: str | None = None
    """Account or project that pays."""
    cpus: int | None = None
    """CPUs per cluster job; the number of threads where not given."""
    memory: str = "16GB"
    """Memory per cluster job, the tool's included."""
    walltime: str = "24:00:00"
    """How long a cluster job may last, in the cluster's own notation. Runs in flight at its end are lost."""
    resource_spec: str | None = None
    """The whole ``-l`` line of SGE and PBS."""
    directives: tuple[str, ...] = ()
    """Further lines for the head of the job script, without its ``#SBATCH`` or like."""
    prologue: tuple[str, ...] = ()
    """Shell lines before the worker starts, such as ``source /tools/Xilinx/Vitis/2024.1/settings64.sh``."""
    log_folder: str | None = None
    """Where the cluster writes what its jobs print."""
    interface: str | None = None
    """Network interface, such as ``ib0``, by which workers and scheduler talk."""
    host: str | None = None
    """Address on which the scheduler listens, where not that of the interface."""
    python: str | None = None
    """Python on the cluster's machines, where it is not the one that runs this."""


_ALWAYS = {"threads", "scratch", "start_timeout_s", "tls_ca", "tls_cert", "tls_key"}
_DASK = _ALWAYS | {"address", "scheduler_file", "reconnect_s"}
_CLUSTER = _ALWAYS | {
    "queue", "account", "memory", "walltime", "directives", "prologue", "log_folder", "interface", "host", "python"
}  # fmt: skip
ALLOWED: Mapping[str, frozenset[str]] = {
    "serial": frozenset(),
    "local": frozenset(),
    "dask": frozenset(_DASK),
    "slurm": frozenset(_CLUSTER | {"cpus"}),
    "lsf": frozenset(_CLUSTER | {"cpus"}),
    "sge": frozenset(_CLUSTER | {"resource_spec"}),
    "pbs": frozenset(_CLUSTER | {"resource_spec"}),
}


def read_options(kind: str, options: Mapping[str, str]) -> FarmOptions:
    """The options of an executor of this kind.

    ``directives`` and ``prologue`` have one entry a line; the other values are single lines without control
    characters, for they end up in job scripts. Blank values count as not given. Raises PipelineError where an option
    is unknown to the kind or its value cannot be used.
    """
    allowed = ALLOWED[kind]
    values: dict[str, object] = {}
    for name, text in options.items():
        if name not in allowed:
            known = ", ".join(sorted(allowed)) or "none"
            raise PipelineError(f"the executor {kind} has no option {name!r}", fix=f"its options are: {known}")
        if text.strip():
            values[name] = _PARSERS.get(name, _line)(name, text.strip())
    read = FarmOptions(**values)  # type: ignore[arg-type]
    if read.address and read.scheduler_file:
        raise PipelineError("both address and scheduler_file name a scheduler", fix="give one of them")
    tls = [read.tls_ca, read.tls_cert, read.tls_key]
    if any(tls) and not all(tls):
        raise PipelineError("TLS needs tls_ca, tls_cert and tls_key", fix="give all three or none")
    return read


def _line(name: str, text: str) -> str:
    if not text.isprintable():
        raise PipelineError(f"the option {name} has a line break or control character", fix="give a single line")
    return text


def _lines(name: str, text: str) -> tuple[str, ...]:
    return tuple(_line(name, line.strip()) for line in text.splitlines() if line.strip())


def _count(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,6}", text) or int(text) == 0:
        raise PipelineError(f"the option {name} is {text!r}", fix="give a whole number of 1 or more")
    return int(text)


def _seconds(name: str, text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,6})?", text) or float(text) == 0:
        raise PipelineError(f"the option {name} is {text!r}", fix="give a positive number of seconds")
    return float(text)


def _memory(name: str, text: str) -> str:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)? ?([kKMGT]i?)?B", text):
        raise PipelineError(f"the option {name} is {text!r}", fix="give a size such as 16GB")
    return text


_PARSERS: Mapping[str, Callable[[str, str], object]] = {
    "threads": _count,
    "cpus": _count,
    "start_timeout_s": _seconds,
    "reconnect_s": _seconds,
    "memory": _memory,
    "directives": _lines,
    "prologue": _lines,
}
# Every option has a kind that takes it.
assert {field.name for field in fields(FarmOptions)} == frozenset().union(*ALLOWED.values())
