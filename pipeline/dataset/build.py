"""From labelled designs to the dataset's tables, column by column."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dataset.labelled import (
    LABEL_COLUMNS,
    PUBLISHED,
    LabelledDesign,
    is_published,
    usable_for_regression,
    validity_target,
)
from pipeline.dataset.schemas import TABLES, checked, make_table, spec_of
from pipeline.dataset.site_map import mapped_sites
from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.terms import Dialect, Resource, SiteKind

if TYPE_CHECKING:
    from pipeline.design_space import DesignSpace

__all__ = ["LabelledDesign", "build_tables", "merge_tables", "points_allowed"]


def build_tables(
    designs: Iterable[LabelledDesign],
    kernels: Mapping[str, Kernel],
    spaces: Mapping[str, DesignSpace],
    *,
    suites: Mapping[str, str] | None = None,
) -> dict[str, pa.Table]:
    """The tables ``designs``, ``labels``, ``loops``, ``kernels``, ``sites`` and ``runs``.

    ``kernels`` and ``spaces`` are by canonical kernel name; a kernel or space that is not there leaves null what
    would need it. ``kernels`` lists every kernel handed in, also without designs. ``suites`` names benchmark suites.
    Rows come out sorted whatever the order they come in. Raises :class:`PipelineError` where one source has two
    labels for a design. A plain Vitis site that lies on no loop of its kernel has null for its loop.
    """
    rows = list(designs)
    in_space = _in_space(rows, kernels, spaces)
    return {
        "designs": _designs(rows, in_space),
        "labels": _labels(rows, in_space),
        "loops": _loops(rows),
        "kernels": _kernels(kernels, spaces, suites or {}),
        "sites": _sites(rows, kernels),
        "runs": _runs(rows),
    }


def merge_tables(parts: Sequence[Mapping[str, pa.Table]]) -> dict[str, pa.Table]:
    """One set of tables from several, as if their designs had been built together.

    Rows that are equal in all columns count once (kernels, sites, designs), kernels also where one part knows the
    design space and another, of a dialect without rules, does not. ``designs`` rows that differ only in how the point
    was sampled are joined. Raises :class:`PipelineError` where two parts contradict each other.
    """
    merged = {}
    for name in TABLES:
        tables = [checked(name, part[name]) for part in parts if name in part]
        if not tables:
            continue
        table = pa.concat_tables(tables)
        if name == "designs":
            merged[name] = _joined_designs(table.to_pylist())
        elif name in ("kernels", "sites"):
            merged[name] = _distinct(name, table)
        else:
            merged[name] = checked(name, table)
    return merged


_OF_SPACE = ("space_hash", "space_size")


def _distinct(name: str, table: pa.Table) -> pa.Table:
    rows = list({tuple(row.values()): row for row in table.to_pylist()}.values())
    if name == "kernels":
        with_space = {_without_space(row) for row in rows if row["space_hash"] is not None}
        rows = [row for row in rows if row["space_hash"] is not None or _without_space(row) not in with_space]
    return make_table(name, {column: [row[column] for row in rows] for column in spec_of(name).schema.names})


def _without_space(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(value for column, value in row.items() if column not in _OF_SPACE)


def _in_space(
    rows: Sequence[LabelledDesign], kernels: Mapping[str, Kernel], spaces: Mapping[str, DesignSpace]
) -> list[bool | None]:
    """Whether each point is allowed; None where no rules apply (plain Vitis of a kernel in other terms, no space, no
    point)."""
    plain = {name for name, kernel in kernels.items() if kernel.dialect == Dialect.VITIS_PLAIN}
    verdicts: list[bool | None] = [None] * len(rows)
    of_kernel: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        ruled = row.dialect != Dialect.VITIS_PLAIN or row.kernel in plain
        if row.point is not None and row.kernel in spaces and ruled:
            of_kernel[row.kernel].append(index)
    for kernel, indices in of_kernel.items():
        points = [rows[index].point or {} for index in indices]
        for index, verdict in zip(indices, points_allowed(spaces[kernel], points), strict=True):
            verdicts[index] = verdict
    return verdicts


def points_allowed(space: DesignSpace, given: Sequence[Mapping[str, int | str]]) -> list[bool]:
    """Whether the space allows each point, all at once; a point with other sites or values is not allowed."""
    candidates = {site.name: frozenset(site.values) for site in space.sites}
    allowed = [False] * len(given)
    places, points = [], []
    for place, point in enumerate(given):
        if len(point) == len(candidates) and all(point.get(name) in values for name, values in candidates.items()):
            places.append(place)
            points.append(point)
    for place, verdict in zip(places, space.contains_rows(space.encode(points)).tolist(), strict=True):
        allowed[place] = verdict
    return allowed


def _size(space: DesignSpace) -> str | None:
    """The exact size as text; None where the rules tie too many sites together to count it."""
    return str(space.size()) if space.countable else None


def _point_text(point: Mapping[str, int | str] | None) -> str | None:
    return None if point is None else json.dumps(point, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _designs(rows: Sequence[LabelledDesign], in_space: Sequence[bool | None]) -> pa.Table:
    return _joined_designs(
        {
            "kernel": row.kernel,
            "dialect": row.dialect,
            "key": row.key,
            "point": _point_text(row.point),
            "sampled_by": row.sampled_by or (PUBLISHED if is_published(row) else None),
            "in_space": allowed,
        }
        for row, allowed in zip(rows, in_space, strict=True)
    )


def _joined_designs(rows: Iterable[dict[str, Any]]) -> pa.Table:
    """One row per kernel, dialect and key; the ways it was sampled joined by ``+``."""
    first: dict[tuple[str, str, str], dict[str, Any]] = {}
    sampled: dict[tuple[str, str, str], set[str]] = {}
    for row in rows:
        identity = row["kernel"], row["dialect"], row["key"]
        ways = sampled.setdefault(identity, set())
        if row["sampled_by"]:
            ways.update(row["sampled_by"].split("+"))
        present = first.setdefault(identity, row)
        for name in ("point", "in_space"):
            if present[name] is None:
                present[name] = row[name]
            elif row[name] is not None and row[name] != present[name]:
                raise PipelineError(
                    f"design {row['key'][:120]} of kernel {row['kernel']} has two different values of {name}",
                    fix="use one space and one set of points for the whole dataset",
                )
    for identity, row in first.items():
        row["sampled_by"] = "+".join(sorted(sampled[identity])) or None
    return make_table(
        "designs", {name: [row[name] for row in first.values()] for name in spec_of("designs").schema.names}
    )


def _labels(rows: Sequence[LabelledDesign], in_space: Sequence[bool | None]) -> pa.Table:
    labels = [row.label for row in rows]
    valid = [validity_target(row) for row in rows]
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in ("source", "kernel", "key")}
    columns |= {name: [getattr(row, name) for row in rows] for name in ("dialect", "origin", "report_hash")}
    columns["kernel_hash"] = [row.kernel_hash or None for row in rows]
    columns["tool_version"] = [row.tool_version or None for row in rows]
    columns["status"] = [str(label.status) for label in labels]
    for name in LABEL_COLUMNS:
        columns[name] = [getattr(label, name) for label in labels]
    for name in Resource:
        read = attrgetter(name)
        columns[name] = used = pa.array([read(label.used) for label in labels], pa.int64())
        columns[f"{name}_available"] = available = pa.array([read(label.available) for label in labels], pa.int64())
        columns[f"util_{name}"] = _utilisation(used, available)
        columns[f"util_{name}_published"] = [
            None if label.published_utilisation is None else read(label.published_utilisation) for label in labels
        ]
    columns["in_space"] = list(in_space)
    columns["valid"] = valid
    columns["usable_regression"] = [usable_for_regression(row) for row in rows]
    columns["usable_validity"] = [verdict is not None for verdict in valid]
    return make_table("labels", columns)


def _utilisation(used: pa.Array, available: pa.Array) -> pa.Array:
    """Used / available; null where either is unknown or the device has none."""
    some = pc.if_else(pc.greater(available, 0), available, pa.scalar(None, pa.int64()))
    return pc.divide(pc.cast(used, pa.float64(), safe=False), pc.cast(some, pa.float64(), safe=False))


def _loops(rows: Sequence[LabelledDesign]) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in spec_of("loops").schema.names}
    for row in rows:
        for index, loop in enumerate(row.report.loops if row.report is not None else ()):
            values: dict[str, Any] = {
                "source": row.source,
                "kernel": row.kernel,
                "key": row.key,
                "loop": index,
                "name": loop.name,
                "module": loop.module,
                "parent": loop.parent,
                "depth": loop.depth,
                "pipelined": loop.pipelined,
                "slack_ns": loop.slack_ns,
            }
            for name in ("trip_count", "initiation_interval", "pipeline_depth", "iteration_latency", "latency"):
                span = getattr(loop, name)
                values[f"{name}_min"], values[f"{name}_max"] = span.minimum, span.maximum
            for name, column in columns.items():
                column.append(values[name])
    return make_table("loops", columns)


def _runs(rows: Sequence[LabelledDesign]) -> pa.Table:
    timed = [row for row in rows if row.seconds is not None or row.started is not None]
    return make_table("runs", {name: [getattr(row, name) for row in timed] for name in spec_of("runs").schema.names})


_LANGUAGES = {".c": "C", ".cpp": "C++", ".cc": "C++", ".cxx": "C++"}


def _kernels(kernels: Mapping[str, Kernel], spaces: Mapping[str, DesignSpace], suites: Mapping[str, str]) -> pa.Table:
    columns: dict[str, list[Any]] = {name: [] for name in spec_of("kernels").schema.names}
    for name in sorted(kernels):
        kernel, space = kernels[name], spaces.get(name)
        kinds = [site.kind for site in kernel.sites]
        values = {
            "kernel": name,
            "kernel_hash": kernel.ast_hash,
            "space_hash": None if space is None else space.hash,
            "top": kernel.top,
            "suite": suites.get(name),
            "language": _LANGUAGES.get(PurePath(kernel.file).suffix.lower()),
            "n_functions": len(kernel.functions),
            "n_loops": len(kernel.loops),
            "n_sites": len(kinds),
            "n_pipeline": kinds.count(SiteKind.PIPELINE),
            "n_parallel": kinds.count(SiteKind.PARALLEL),
            "n_tile": kinds.count(SiteKind.TILE),
            "space_size": None if space is None else _size(space),
        }
        for column, value in values.items():
            columns[column].append(value)
    return make_table("kernels", columns)


def _sites(rows: Sequence[LabelledDesign], kernels: Mapping[str, Kernel]) -> pa.Table:
    """Each kernel's own sites, and those that plain Vitis points use."""
    plain: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.dialect == Dialect.VITIS_PLAIN and row.point is not None and row.kernel in kernels:
            plain[row.kernel].update(row.point)
    columns: dict[str, list[Any]] = {name: [] for name in spec_of("sites").schema.names}
    for name in sorted(kernels):
        kernel = kernels[name]
        found: list[tuple[str | None, ...]] = [
            (site.dialect, site.name, str(site.kind), site.loop, site.reduction) for site in kernel.sites
        ]
        dialect = kernel.dialect if kernel.options else ""
        found += [(dialect, option.name, str(SiteKind.OPTION), None, None) for option in kernel.options]
        options = {option.name for option in kernel.options}
        for published in sorted(plain.get(name, set()) - options):
            try:
                site = mapped_sites(kernel, Dialect.VITIS_PLAIN, [published])[published]
                found.append((Dialect.VITIS_PLAIN, published, str(site.kind), site.loop, site.reduction))
            except PipelineError:
                # The set's C is not ours: its labels hold, and the site's row and the card say that it has no loop.
                found.append((Dialect.VITIS_PLAIN, published, None, None, None))
        for values in found:
            for column, value in zip(
                ("kernel", "dialect", "site", "kind", "loop", "reduction"), (name, *values), strict=True
            ):
                columns[column].append(value)
    return make_table("sites", columns)
