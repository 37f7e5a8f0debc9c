"""What is installed, what will be used, and why."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError, clock_text, counted
from pipeline.present.doctor_text import doctor_text
from pipeline.synthesis.executors.options import CLUSTERS
from pipeline.synthesis.flow import DEFAULT_CLOCK_NS
from pipeline.tasks.information import InformationTask
from pipeline.tasks.installed_tool import installed_tool
from pipeline.tasks.sections import farm, section, vitis
from pipeline.tasks.stored import open_store, packs_folder
from pipeline.tasks.target_options import target_of
from pipeline.terms import OwnBackend

Check = dict[str, Any]
"""``name``; ``state``: ok, missing (not there, not needed), problem; ``found`` in words; ``next`` step, or None."""

PACKAGES = ("luigi", "torch", "torch-geometric", "lightning", "pyarrow", "pandas", "llvmlite", "ziglang", "pycparser")


class Doctor(InformationTask):
    """Says what is installed (compiler, Vitis HLS, licences, GPU, Dask, packs), what will be used, and why."""

    def facts(self) -> dict[str, Any]:
        """The checks in order, then the decisions that follow from them."""
        looks: tuple[Callable[[], Check | list[Check]], ...] = (
            _packages,
            _compiler,
            _tools,
            _licences,
            _part,
            _gpu,
            _farm,
            self._workspace,
            self._labels,
        )
        checks: list[Check] = []
        for look in self.follow(looks, "checks"):
            found = look()
            checks += found if isinstance(found, list) else [found]
        return {"checks": checks, "will_use": [_backend(self.workspace), _executor(), _device(checks)]}

    def text(self, facts: dict[str, Any]) -> str:
        """The checks for a person."""
        return doctor_text(facts)

    def _workspace(self) -> Check:
        folder = self.folder
        place = next(path for path in (folder, *folder.resolve().parents) if path.exists())
        if not os.access(place, os.W_OK) or not place.is_dir():
            return _check("workspace", "problem", f"{folder} cannot be written", "name another with --workspace")
        free = shutil.disk_usage(place).free / 2**30
        there = "" if folder.exists() else ", made when first used"
        return _check("workspace", "ok", f"{folder}{there}; {free:.0f} GiB free")

    def _labels(self) -> list[Check]:
        """The report store and the shipped packs, by source; damaged files by name, as all is read."""
        store = open_store(self.workspace)
        sources = store.sources()
        packs = packs_folder()
        number = len(list(packs.glob("*/*.zip")))
        checks = [
            _check("packs", "ok", f"{number} in {packs}")
            if number
            else _check("packs", "missing", f"none in {packs}", "make them with BuildPacks, or run in the repository")
        ]
        held = ", ".join(f"{name} {counts.entries:,} of {counts.kernels} kernels" for name, counts in sources.items())
        checks.append(
            _check("cached labels", "ok", held)
            if held
            else _check("cached labels", "missing", "none", "ImportHLSyn or ImportReports bring some")
        )
        for problem in store.doctor():
            checks.append(_check("damaged file", "problem", str(problem), "remove it; what it held is missing"))
        return checks


def _check(name: str, state: str, found: str, following: str | None = None) -> Check:
    return {"name": name, "state": state, "found": found, "next": following}


def _packages() -> list[Check]:
    versions = [f"{name} {_version(name) or 'missing'}" for name in PACKAGES]
    missing = [name for name in PACKAGES if _version(name) is None]
    return [
        _check("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        _check(
            "packages",
            "problem" if missing else "ok",
            ", ".join(versions),
            f"pip install {' '.join(missing)}" if missing else None,
        ),
    ]


def _version(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _compiler() -> Check:
    """The clang that kernels and program graphs are read with."""
    from pipeline.project.compiler import find_compiler

    try:
        return _check("compiler", "ok", f"{find_compiler().version}, to read kernels and for program graphs")
    except PipelineError as error:
        return _check("compiler", "problem", error.problem, error.fix)


def _tools() -> list[Check]:
    """Every command of Vitis HLS that answers, and why others do not."""
    from pipeline.synthesis.vitis import choose_tool, probe

    try:
        config = section(vitis)
        found = probe(Path(config.settings) if config.settings else None)
        chosen = choose_tool(found.tools, config.tool or None)
    except PipelineError as error:
        return [_check("Vitis HLS", "problem", str(error.problem), error.fix)]
    checks = [
        _check("Vitis HLS", "ok", f"{tool.kind} {tool.version}, {tool.executable}" + ", chosen" * (tool is chosen))
        for tool in found.tools
    ]
    checks += [_check("Vitis HLS", "ok", note) for note in dict.fromkeys(tool.note for tool in found.tools) if note]
    checks += [_check("Vitis HLS", "problem", note, "see docs/vitis.md") for note in found.notes]
    named = "in [vitis] settings" if config.settings else "on PATH"
    return checks or [
        _check(
            "Vitis HLS",
            "missing",
            f"no vitis_hls, vitis-run, v++ or vivado_hls {named}",
            "source its settings64.sh, or name it as settings in [vitis] of luigi.cfg; not needed for replay",
        )
    ]


def _licences() -> list[Check]:
    """The licence variables; files that they name must be there, servers are not asked."""
    from pipeline.synthesis.vitis.tools import LICENCE_VARIABLES

    checks = []
    for variable in LICENCE_VARIABLES:
        places = [place for place in os.environ.get(variable, "").split(os.pathsep) if place]
        gone = [place for place in places if "@" not in place and not Path(place).expanduser().exists()]
        if gone:
            checks.append(
                _check(variable, "problem", f"names {', '.join(gone)}, which is not there", "correct the variable")
            )
        elif places:
            checks.append(_check(variable, "ok", f"{', '.join(places)} (servers are not asked)"))
    return checks or [
        _check(
            "licence variables",
            "missing",
            f"neither {' nor '.join(LICENCE_VARIABLES)} is set",
            "where the tool asks for a licence, set one to FILE or PORT@HOST",
        )
    ]


def _part() -> Check:
    """The part and clock of own runs; whether the installation has the part, only a run tells."""
    from pipeline.estimator.parts import is_known

    try:
        asked = target_of("", None).complete
    except PipelineError as error:
        return _check("part", "problem", str(error), error.fix)
    at = clock_text(asked.clock_ns or DEFAULT_CLOCK_NS)
    return _check(
        "part", "ok", f"{asked.part} at {at} (--part and --clock, else [vitis] in luigi.cfg), "
        f"{'known' if is_known(asked.part or '') else 'not known'} to the estimator; whether it is installed shows at "
        "the first run: the status part_not_installed",
    )  # fmt: skip


def _gpu() -> Check:
    version = _version("torch")
    if version is None:
        return _check("GPU", "problem", "torch is missing", "pip install torch")
    if version.endswith("+cpu"):
        return _check("GPU", "missing", f"torch {version} is built for the CPU")
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
        return _check("GPU", "ok", ", ".join(names))
    return _check("GPU", "missing", f"torch {version} finds none", "not needed; training runs on the CPU")


def _farm() -> list[Check]:
    checks = []
    versions = {name: _version(name) for name in ("distributed", "dask-jobqueue")}
    there = [f"{name} {version}" for name, version in versions.items() if version]
    if len(there) == len(versions):
        checks.append(_check("Dask", "ok", ", ".join(there)))
    else:
        checks.append(
            _check("Dask", "missing", ", ".join(there) or "not installed", "pip install 'hls-moe-pipeline[farm]'")
        )
    queues = sorted({command for command in CLUSTERS.values() if shutil.which(command)})
    checks.append(
        _check(
            "queueing systems",
            "ok" if queues else "missing",
            ", ".join(queues) or f"no {', '.join(dict.fromkeys(CLUSTERS.values()))} on PATH",
        )
    )
    return checks


def _backend(workspace: str) -> Check:
    """What ``--backend auto`` stands for here."""
    from pipeline.tasks.plan import default_source, resolve_backend

    try:
        backend = resolve_backend("auto")
        if backend == OwnBackend.VITIS:
            tool = installed_tool()
            assert tool is not None
            return _check("backend auto", "ok", f"vitis, because {tool.executable} answers; for kernels that are named")
        source = default_source(workspace, backend)
        return _check("backend auto", "ok", f"replay of source {source}, because Vitis HLS is not found")
    except PipelineError as error:
        return _check("backend auto", "problem", error.problem, error.fix)


def _executor() -> Check:
    """Where runs of the tool would happen."""
    try:
        config = section(farm)
    except PipelineError as error:
        return _check("executor", "problem", str(error), error.fix)
    licences = f", {counted(config.licences, 'licence')}" if config.licences else ""
    found = f"{config.executor} with {counted(config.workers, 'run')} at once{licences} ([farm] in luigi.cfg)"
    needs_dask = config.executor not in ("serial", "local")
    command = CLUSTERS.get(config.executor)
    if needs_dask and (_version("distributed") is None or _version("dask-jobqueue") is None):
        return _check("executor", "problem", f"{found}: Dask is missing", "pip install 'hls-moe-pipeline[farm]'")
    if command and not shutil.which(command):
        return _check("executor", "problem", f"{found}: no {command} on PATH", "run where jobs can be submitted")
    scratch = tempfile.gettempdir()
    return _check("executor", "ok", f"{found}; scratch below {scratch} unless [vitis] scratch names a folder")


def _device(checks: list[Check]) -> Check:
    gpu = next(check for check in checks if check["name"] == "GPU")
    if gpu["state"] == "ok":
        return _check("training", "ok", f"on the GPU: {gpu['found']}")
    return _check("training", "ok", f"on the CPU ({os.cpu_count()} cores), because {gpu['found']}")
