"""Published label sets: from an archive or a folder to labels per source and kernel.

Layouts (HLSyn, NeurIPS 2023, and sets of the same shape): ``.../designs/VERSION/KERNEL.json`` gives the source
``PREFIX-VERSION``; a flat ``designs/KERNEL.json`` needs a source's name. Everything outside ``designs/`` (sources,
graphs) is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dataset.archive import read_files
from pipeline.dataset.dialects import checked_dialect, detect_dialect, published_capacity
from pipeline.dataset.names import canonical_kernel, checked_name, checked_source
from pipeline.dataset.published_record import PublishedRecord, Value, parse_label_file
from pipeline.dataset.published_rules import label_of
from pipeline.errors import PipelineError
from pipeline.reports.labels import Label


@dataclass(frozen=True, slots=True)
class PublishedDesign:
    """One design of a label set; ``key`` is spelt as published, ``point`` maps site names to values."""

    key: str
    point: dict[str, Value] | None
    label: Label


@dataclass(frozen=True, slots=True)
class KernelLabels:
    """All designs that one source has for one kernel, in the file's order."""

    source: str
    dialect: str
    """``merlin`` or ``vitis-plain``, see :mod:`pipeline.dataset.dialects`."""
    kernel: str
    """Canonical name."""
    designs: list[PublishedDesign]
    file: str
    """Archive or folder and member, for messages."""
    made: int = 0
    """When the file was last written, in nanoseconds since 1970; 0 where that is not known."""


def read_label_set(
    path: Path,
    *,
    source_prefix: str = "hlsyn",
    source: str | None = None,
    dialect: str | None = None,
    on_problem: Callable[[PipelineError], None] | None = None,
) -> Iterator[KernelLabels]:
    """Yield the labels of each kernel, sorted by source and kernel.

    ``path`` is a tar (plain or compressed), a zip, a folder or one JSON file; nothing is extracted to disk.
    ``source`` names the source of files without a version folder, or of the only version. The dialect is detected per
    source unless given. A file is taken whole or not at all: each unreadable one is passed to ``on_problem`` and the
    others proceed; without ``on_problem`` one :class:`PipelineError` is raised after the last good file.
    Raises :class:`PipelineError` at once where the path itself is unusable, there is no label file in it, or it is not
    clear which source files belong to.
    """
    checked_source(source_prefix)
    if source is not None:
        checked_source(source)
    if dialect is not None:
        checked_dialect(dialect)
    problems: list[PipelineError] = []
    sets = _records_by_source(path, source_prefix, source, problems)
    if not sets and not problems:
        raise PipelineError(
            "holds no designs/VERSION/KERNEL.json and no designs/KERNEL.json",
            file=str(path),
            fix="check the path, or name the source of JSON files in another layout with --source NAME",
        )
    for name in sorted(sets):
        kernels = sets.pop(name)
        everything = [record for kernel in kernels.values() for record in kernel.records]
        spoken = dialect or detect_dialect(everything, file=f"{path} (source {name})")
        capacity = published_capacity(everything, spoken)
        del everything
        for kernel in sorted(kernels):
            entry = kernels.pop(kernel)
            designs = [PublishedDesign(r.key, r.point, label_of(r, spoken, capacity)) for r in entry.records]
            yield KernelLabels(name, spoken, kernel, designs, entry.file, entry.made)
    _report(problems, on_problem)


@dataclass(frozen=True, slots=True)
class _File:
    file: str
    records: list[PublishedRecord]
    made: int


def _report(problems: list[PipelineError], on_problem: Callable[[PipelineError], None] | None) -> None:
    if on_problem is not None:
        for problem in problems:
            on_problem(problem)
    elif len(problems) == 1:
        raise problems[0]
    elif problems:
        raise PipelineError(f"{len(problems)} label files were left out, the first: {problems[0]}")


def _records_by_source(
    path: Path, prefix: str, source: str | None, problems: list[PipelineError]
) -> dict[str, dict[str, _File]]:
    """Source, then kernel, to records; files that cannot be used go to ``problems``."""
    above = _folders_above(path)
    versions = _records_by_version(path, above, prefix, lambda parts: "designs" in (above + parts)[:-1], problems)
    if not versions and not problems and source is not None:
        # No designs folder at all: with a named source, plain files of any layout are meant.
        versions = _records_by_version(path, above, prefix, lambda parts: True, problems)
    return _named(path, versions, prefix, source)


def _records_by_version(
    path: Path,
    above: tuple[str, ...],
    prefix: str,
    wanted: Callable[[tuple[str, ...]], bool],
    problems: list[PipelineError],
) -> dict[str | None, dict[str, _File]]:
    versions: dict[str | None, dict[str, _File]] = {}
    for parts, content, made in read_files(path, lambda parts: parts[-1].endswith(".json") and wanted(parts)):
        file = str(path) if parts == (path.name,) else f"{path}:{'/'.join(parts)}"
        try:
            if isinstance(content, PipelineError):
                raise content
            version = _version(above + parts)
            if version is not None:
                checked_source(f"{prefix}-{version}", file=file)
            kernel = canonical_kernel(checked_name(parts[-1][: -len(".json")], "kernel", file=file))
            kernels = versions.setdefault(version, {})
            if kernel in kernels:
                raise PipelineError(
                    f"is a second file for kernel {kernel} beside {kernels[kernel].file}", file=file, fix="remove one"
                )
            kernels[kernel] = _File(file, parse_label_file(content, file), made)
        except PipelineError as problem:
            problems.append(problem)
    return {version: kernels for version, kernels in versions.items() if kernels}


def _named(
    path: Path, versions: dict[str | None, dict[str, _File]], prefix: str, source: str | None
) -> dict[str, dict[str, _File]]:
    named = {f"{prefix}-{version}": kernels for version, kernels in versions.items() if version is not None}
    if None in versions:
        if source is None:
            raise PipelineError(
                "has label files without a version folder, so their source is unknown",
                file=str(path),
                fix="name it with --source NAME",
            )
        if source in named:
            raise PipelineError(f"has both flat files and a version for source {source}", file=str(path))
        named[source] = versions[None]
    elif source is not None:
        if len(named) > 1:
            raise PipelineError(
                f"has the versions {', '.join(sorted(named))}, which one --source {source} would mix",
                file=str(path),
                fix="leave --source out or point at one version's folder",
            )
        named = dict(zip([source], named.values(), strict=False))
    return named


def _folders_above(path: Path) -> tuple[str, ...]:
    """The last two names of a folder, so that pointing at ``designs`` or ``designs/v18`` itself works."""
    return path.resolve().parts[-2:] if path.is_dir() else ()


def _version(parts: tuple[str, ...]) -> str | None:
    """The folders between ``designs`` and the file, or None for a flat file."""
    if "designs" not in parts[:-1]:
        return None
    start = len(parts) - 1 - parts[:-1][::-1].index("designs")
    return "-".join(parts[start:-1]).lower() or None
