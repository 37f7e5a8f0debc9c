"""The dataset's tables: their columns, what each means, and how they are checked on write and on read.

A missing measurement is null, never 0. Cycles are clock cycles of the design's clock, periods nanoseconds, resources
counts, utilisations fractions (1.0 = all of the device). Rows are sorted by each table's key, which is unique.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import PipelineError
from pipeline.files import made_whole
from pipeline.terms import Resource

SCHEMA_VERSION = 1
"""Raised whenever a column is added, removed or changes its meaning."""

ROWS_PER_GROUP = 65_536
"""Fixed, so that the bytes of a file depend on its rows alone."""

_NAME = b"hls.table"
_VERSION = b"hls.schema_version"
_KEY = b"hls.sort_key"


@dataclass(frozen=True, slots=True)
class TableSpec:
    """A table's schema (field metadata has ``description``) and the columns that sort and identify its rows."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]


def _field(name: str, kind: pa.DataType, description: str, *, null: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=null, metadata={"description": description})


_TEXT, _COUNT, _INDEX, _REAL, _TRUTH = pa.string(), pa.int64(), pa.int32(), pa.float64(), pa.bool_()
_TITLES = dict(zip(Resource, ("BRAM_18K blocks", "DSP slices", "flip-flops", "LUTs", "URAM blocks"), strict=True))

_SOURCE = _field("source", _TEXT, "where the label comes from: flow and tool version, or the estimator")
_KERNEL = _field("kernel", _TEXT, "canonical kernel name")
_DESIGN = _field("key", _TEXT, "design key: name-value per site, joined with '.'; spelt as published in published sets")
_DIALECT = _field("dialect", _TEXT, "what site names and values mean: merlin, hls or vitis-plain")

_DESIGNS = (
    _KERNEL,
    _DIALECT,
    _DESIGN,
    _field("point", _TEXT, "JSON object of site to value, names sorted; null where the key alone is known", null=True),
    _field("sampled_by", _TEXT, "sampling strategy, or 'published'; several joined by '+'; null unknown", null=True),
    _field("in_space", _TRUTH, "whether the kernel's rules allow the point; null where no rules apply", null=True),
)

_LABELS = (
    _SOURCE,
    _KERNEL,
    _DESIGN,
    _DIALECT,
    _field("status", _TEXT, "ok, or how the design failed"),
    _field("reason", _TEXT, "why there is no (complete) result; null where there is one", null=True),
    _field("origin", _TEXT, "replayed, estimated, synthesised, resynthesised or published"),
    _field(
        "cycles",
        _COUNT,
        "cycles, the learned value: worst case of a report, perf of a published set",
        null=True,
    ),
    _field("latency_best", _COUNT, "cycles, best case; null in published sets", null=True),
    _field("latency_average", _COUNT, "cycles, average case; null in published sets", null=True),
    _field("latency_worst", _COUNT, "cycles, worst case; null in published sets", null=True),
    _field("interval_min", _COUNT, "cycles between starts of the top function, least", null=True),
    _field("interval_max", _COUNT, "cycles between starts of the top function, most", null=True),
    _field("clock_target_ns", _REAL, "ns, target clock period", null=True),
    _field("clock_estimated_ns", _REAL, "ns, estimated clock period", null=True),
    *(_field(name, _COUNT, f"{_TITLES[name]} used; null where not measured", null=True) for name in Resource),
    *(_field(f"{name}_available", _COUNT, f"{_TITLES[name]} of the device", null=True) for name in Resource),
    *(
        _field(f"util_{name}", _REAL, f"{_TITLES[name]} used / available, a fraction, may exceed 1", null=True)
        for name in Resource
    ),
    *(
        _field(
            f"util_{name}_published",
            _REAL,
            f"fraction of {_TITLES[name]} as the published set states it; null where a set has none",
            null=True,
        )
        for name in Resource
    ),
    _field("published_valid", _TRUTH, "the published set's own verdict; null where it has none", null=True),
    _field("in_space", _TRUTH, "whether the kernel's rules allow the point; null where no rules apply", null=True),
    _field("valid", _TRUTH, "validity target: the run gave a usable result; null where it says nothing", null=True),
    _field("usable_regression", _TRUTH, "row counts for regression: cycles known, at least 100 in published sets"),
    _field("usable_validity", _TRUTH, "row counts for the validity classifier: valid is not null"),
    _field("report_hash", _TEXT, "SHA-256 of the report; null where there is none", null=True),
    _field("kernel_hash", _TEXT, "hash of the normalised syntax tree; null for kernels not at hand", null=True),
    _field("tool_version", _TEXT, "version of the tool, or of the estimator; null where not recorded", null=True),
)


def _range(name: str, what: str) -> tuple[pa.Field, pa.Field]:
    return (
        _field(f"{name}_min", _COUNT, f"{what}, least; null unknown", null=True),
        _field(f"{name}_max", _COUNT, f"{what}, most; null unknown", null=True),
    )


_LOOPS = (
    _SOURCE,
    _KERNEL,
    _DESIGN,
    _field("loop", _INDEX, "row of the report's loop table, from 0"),
    _field("name", _TEXT, "loop name as reported"),
    _field("module", _TEXT, "RTL module whose table holds the loop"),
    _field("parent", _INDEX, "'loop' of the enclosing loop; null for outermost loops", null=True),
    _field("depth", _INDEX, "nesting depth, 0 = outermost"),
    *_range("trip_count", "iterations"),
    *_range("initiation_interval", "cycles between iterations"),
    *_range("pipeline_depth", "cycles, depth of the pipeline"),
    *_range("iteration_latency", "cycles of one iteration"),
    *_range("latency", "cycles of the whole loop"),
    _field("pipelined", _TRUTH, "whether the loop is pipelined; null unknown", null=True),
    _field("slack_ns", _REAL, "ns, timing slack of the loop", null=True),
)

_KERNELS = (
    _KERNEL,
    _field("kernel_hash", _TEXT, "hash of the kernel's normalised syntax tree"),
    _field("space_hash", _TEXT, "hash of the design space's rules; null where there is no space", null=True),
    _field("top", _TEXT, "top function"),
    _field("suite", _TEXT, "benchmark suite; null for a user's own kernel", null=True),
    _field("language", _TEXT, "source language; null unknown", null=True),
    _field("n_functions", _INDEX, "functions defined"),
    _field("n_loops", _INDEX, "loops"),
    _field("n_sites", _INDEX, "pragma sites"),
    _field("n_pipeline", _INDEX, "PIPELINE sites"),
    _field("n_parallel", _INDEX, "PARALLEL sites"),
    _field("n_tile", _INDEX, "TILE sites"),
    _field(
        "space_size",
        _TEXT,
        "valid points, an integer as text; null without a space or uncountable",
        null=True,
    ),
)

_SITES = (
    _KERNEL,
    _DIALECT,
    _field("site", _TEXT, "site name as in design keys"),
    _field(
        "kind",
        _TEXT,
        "PIPELINE, PARALLEL, TILE or OPTION; null for a published site that is not the kernel's",
        null=True,
    ),
    _field("loop", _TEXT, "loop id in the kernel: FUNCTION/loop_N; null likewise, and for an OPTION", null=True),
    _field("reduction", _TEXT, "variable of the reduction clause, '' where it names none; null: no clause", null=True),
)

_SPLITS = (
    _field("split", _TEXT, "name of the split: random, paper, by-kernel-I"),
    _SOURCE,
    _KERNEL,
    _DESIGN,
    _field("side", _TEXT, "train, validation, test, target or unused"),
    _field("group", _TEXT, "rows with the same group are never on different sides of one split"),
)

_RUNS = (
    _SOURCE,
    _KERNEL,
    _DESIGN,
    _field("seconds", _REAL, "s of wall-clock time that the run took; null unknown", null=True),
    _field("started", _TEXT, "when the run started, ISO 8601; null unknown", null=True),
)


def _spec(name: str, fields: Sequence[pa.Field], *key: str) -> TableSpec:
    metadata = {_NAME: name.encode(), _VERSION: str(SCHEMA_VERSION).encode(), _KEY: ",".join(key).encode()}
    return TableSpec(name, pa.schema(list(fields), metadata=metadata), key)


TABLES: dict[str, TableSpec] = {
    spec.name: spec
    for spec in (
        _spec("designs", _DESIGNS, "kernel", "dialect", "key"),
        _spec("labels", _LABELS, "source", "kernel", "key"),
        _spec("loops", _LOOPS, "source", "kernel", "key", "loop"),
        _spec("kernels", _KERNELS, "kernel"),
        _spec("sites", _SITES, "kernel", "dialect", "site"),
        _spec("splits", _SPLITS, "split", "source", "kernel", "key"),
        _spec("runs", _RUNS, "source", "kernel", "key"),
    )
}
"""Every table by name. ``runs`` holds what differs between two runs of the same work; all others are reproducible."""


def spec_of(name: str) -> TableSpec:
    """The table's specification; raises :class:`PipelineError` for an unknown name."""
    if name not in TABLES:
        raise PipelineError(f"there is no table {name[:60]!r}", fix=f"tables are {', '.join(TABLES)}")
    return TABLES[name]


def make_table(name: str, columns: dict[str, Any]) -> pa.Table:
    """A table of that schema from columns (sequences or Arrow arrays of equal length), rows sorted by its key.

    Raises :class:`PipelineError` where a column is missing, too many, of another type or null against the schema.
    """
    spec = spec_of(name)
    _same_columns(spec, list(columns), None)
    arrays = []
    for field in spec.schema:
        values = columns[field.name]
        try:
            arrays.append(
                values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, type=field.type)
            )
        except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
            raise PipelineError(f"table {name}, column {field.name}: {error}") from error
    return checked(name, pa.table(dict(zip(spec.schema.names, arrays, strict=True))))


def checked(name: str, table: pa.Table) -> pa.Table:
    """``table`` with the exact schema of ``name``, rows sorted by its key.

    Raises :class:`PipelineError` where columns, types or nulls do not fit or two rows have the same key.
    """
    spec = spec_of(name)
    table = _typed(spec, table, None).combine_chunks()
    if _first_disorder(table, spec.key) is not None:
        table = table.sort_by([(column, "ascending") for column in spec.key]).combine_chunks()
        _no_repeats(spec, table, None)
    return table


def table_bytes(name: str, table: pa.Table) -> bytes:
    """The Parquet file of a table, checked and sorted: equal rows give equal bytes.

    Zstandard at a fixed level, fixed row groups, checksummed pages, nothing of the time or the machine.
    Raises :class:`PipelineError` as :func:`checked` does.
    """
    buffer = io.BytesIO()
    pq.write_table(
        checked(name, table),
        buffer,
        compression="zstd",
        compression_level=3,
        row_group_size=ROWS_PER_GROUP,
        version="2.6",
        data_page_version="1.0",
        write_statistics=True,
        use_dictionary=True,
        write_page_checksum=True,
    )
    return buffer.getvalue()


def write_table(path: Path, name: str, table: pa.Table) -> None:
    """Write ``table`` as the Parquet file ``path``, checked and sorted; it appears whole or not at all.

    Raises :class:`PipelineError` as :func:`checked` does, and where the file cannot be written.
    """
    content = table_bytes(name, table)
    try:
        with made_whole(path) as aside:
            aside.write_bytes(content)
    except OSError as error:
        raise PipelineError(
            f"cannot be written: {error.strerror or error}", file=str(path), fix="check space and permissions"
        ) from error


def read_table(path: Path, name: str) -> pa.Table:
    """Read a table that :func:`write_table` wrote, with all its checks.

    Raises :class:`PipelineError` where the file is missing, damaged, another table, of another schema version, or its
    rows are not sorted and unique.
    """
    spec = spec_of(name)
    file = str(path)
    again = "make it again with GenerateDataset"
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as parquet:
            table = parquet.read()
    except FileNotFoundError as error:
        raise PipelineError(f"there is no table {name} here", file=file, fix=again) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise PipelineError(f"is not a readable Parquet file: {str(error)[:200]}", file=file, fix=again) from error
    metadata = table.schema.metadata or {}
    if _NAME not in metadata:
        raise PipelineError("is a Parquet file that this pipeline did not write", file=file, fix=again)
    if metadata[_NAME] != name.encode():
        raise PipelineError(f"holds the table {metadata[_NAME].decode(errors='replace')}, not {name}", file=file)
    if metadata.get(_VERSION) != str(SCHEMA_VERSION).encode():
        found = metadata.get(_VERSION, b"none").decode(errors="replace")
        raise PipelineError(f"has schema version {found}, this version reads {SCHEMA_VERSION}", file=file, fix=again)
    table = _typed(spec, table, file).combine_chunks()
    disorder = _first_disorder(table, spec.key)
    if disorder is not None:
        raise PipelineError(
            f"table {name}: row {disorder + 1} is not above row {disorder} in the order of {', '.join(spec.key)}",
            file=file,
            fix=again,
        )
    return table


def _same_columns(spec: TableSpec, names: list[str], file: str | None) -> None:
    missing = [name for name in spec.schema.names if name not in names]
    extra = [name for name in names if name not in spec.schema.names]
    if missing or extra or len(set(names)) != len(names):
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has unknown {', '.join(extra)}"] if extra else []
        raise PipelineError(f"table {spec.name} {' and '.join(parts) or 'names a column twice'}", file=file)


def _typed(spec: TableSpec, table: pa.Table, file: str | None) -> pa.Table:
    _same_columns(spec, table.column_names, file)
    columns = []
    for field in spec.schema:
        column = table.column(field.name)
        if column.type != field.type:
            raise PipelineError(f"table {spec.name}, column {field.name} is {column.type}, not {field.type}", file=file)
        if column.null_count and not field.nullable:
            raise PipelineError(f"table {spec.name}, column {field.name} must not be null", file=file)
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=spec.schema)


def _first_disorder(table: pa.Table, key: tuple[str, ...]) -> int | None:
    """Index of the first row that is not strictly above its predecessor, or None."""
    if table.num_rows < 2:
        return None
    above: Any = None
    for name in reversed(key):
        column = table.column(name)
        before, after = column.slice(0, table.num_rows - 1), column.slice(1)
        less = pc.less(before, after)
        above = less if above is None else pc.or_(less, pc.and_(pc.equal(before, after), above))
    first = pc.index(above, False).as_py()
    return None if first < 0 else first + 1


def _no_repeats(spec: TableSpec, table: pa.Table, file: str | None) -> None:
    row = _first_disorder(table, spec.key)
    if row is not None:
        values = ", ".join(f"{name} {str(table.column(name)[row].as_py())[:120]}" for name in spec.key)
        raise PipelineError(f"table {spec.name} has two rows for {values}", file=file)
