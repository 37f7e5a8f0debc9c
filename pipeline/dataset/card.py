"""The data card: what a dataset holds, where it comes from and what to beware of.

It depends on the tables and the declared provenance alone: no clock, no path of a machine, no ``runs``.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.dataset.licences import licence_of
from pipeline.dataset.schemas import SCHEMA_VERSION, TABLES, table_bytes
from pipeline.terms import Resource

PACKAGES = ("hls-moe-pipeline", "pyarrow", "numpy", "pycparser", "lxml")
"""Distributions whose versions can show in the tables."""

VOLATILE_TABLES = ("runs",)
"""Tables left out of the card's hashes: wall-clock times differ between two runs of the same work."""

_MEASURES = ("cycles", *Resource, *(f"util_{name}" for name in Resource))


def data_card(
    tables: Mapping[str, pa.Table],
    provenance: Mapping[str, Any],
    *,
    partial: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """The card as JSON values.

    ``tables`` are those of :data:`pipeline.dataset.schemas.TABLES` that the dataset has, ``labels`` at least.
    ``provenance`` is what the maker knows and the tables do not, as JSON values: seed, backend, strategy, and under
    ``inputs`` per source the address or file name and SHA-256 of what was read. It must hold nothing volatile.
    ``partial`` says what a dataset lacks: ``designs`` asked for, ``missing`` of them, per kernel in ``kernels`` and per
    fault in ``why``. ``notes`` are sentences that stand among the warnings, such as what the labels are for.
    """
    labels = tables["labels"]
    sources = sorted(set(labels.column("source").to_pylist()))
    lacking = {} if partial is None else {"partial": dict(partial)}
    return {
        "what": "Labelled HLS design points: per kernel and pragma configuration, what a tool or model reported.",
        "schema_version": SCHEMA_VERSION,
        "tables": {name: _table(name, tables[name]) for name in TABLES if name in tables},
        "sources": {source: _source(_of(labels, source)) for source in sources},
        "kernels": _kernels(labels, tables.get("kernels")),
        "statistics": {source: _statistics(_of(labels, source)) for source in sources},
        "splits": _splits(tables.get("splits")),
        "packages": package_versions(),
        "provenance": dict(provenance),
        "warnings": [*partial_sentences(lacking), *notes, *_warnings(labels, sources, tables.get("sites"))],
        **lacking,
    }


def partial_sentences(card: Mapping[str, Any]) -> list[str]:
    """A sentence on what a dataset lacks, from its card; none for a whole one."""
    if not (partial := card.get("partial")):
        return []
    why = ", ".join(f"{status} {count:,}" for status, count in partial["why"].items())
    return [
        f"the dataset is partial: {partial['missing']:,} of {partial['designs']:,} designs of "
        f"{', '.join(partial['kernels'])} have no result ({why})"
    ]


def package_versions(names: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of Python and of those distributions that are installed."""
    versions = {"python": platform.python_version()}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def card_markdown(card: Mapping[str, Any]) -> str:
    """The card as a Markdown page."""
    lines = ["# Data card", "", card["what"], ""]
    if card["warnings"]:
        lines += ["## Warnings", "", *(f"- {warning}" for warning in card["warnings"]), ""]
    lines += ["## Sources", ""]
    lines += _grid(
        ["source", "kernels", "designs", "ok", "usable for regression", "valid", "outside the space", "licence"],
        [
            [
                source,
                facts["kernels"],
                facts["designs"],
                facts["status"].get("ok", 0),
                facts["usable_regression"],
                facts["valid"],
                facts["outside_space"],
                facts["licence"],
            ]
            for source, facts in card["sources"].items()
        ],
    )
    lines.append("")
    for source, facts in card["sources"].items():
        status = ", ".join(f"{name} {count:,}" for name, count in facts["status"].items())
        origin = ", ".join(f"{name} {count:,}" for name, count in facts["origin"].items())
        tools = ", ".join(facts["tool_versions"]) or "not recorded"
        lines.append(
            f"- {source}: {status}; origin {origin}; tool version {tools}; attribution: {facts['attribution']}"
        )
    lines += ["", "## Kernels", ""]
    lines += _grid(
        ["kernel", "source", "designs", "ok", "usable for regression", "kernel hash"],
        [
            [
                kernel,
                source,
                n["designs"],
                n["ok"],
                n["usable_regression"],
                (facts["kernel_hash"] or "")[:16],
            ]
            for kernel, facts in card["kernels"].items()
            for source, n in facts["sources"].items()
        ],
    )
    lines += ["", "## Label statistics", "", "Over rows with a measurement; quantiles are of those rows.", ""]
    names = ("measured", "null", "min", "q05", "median", "q95", "max")
    lines += _grid(
        ["source", "column", *names],
        [
            [source, column, *(facts.get(name) for name in names)]
            for source, columns in card["statistics"].items()
            for column, facts in columns.items()
            if facts["measured"]
        ],
    )
    if card["splits"]:
        lines += ["", "## Splits", "", "Rows per side; designs of one kernel with identical labels share a side.", ""]
        sides = ("train", "validation", "test", "target", "unused")
        lines += _grid(
            ["split", "source", *sides],
            [
                [split, source, *(counts.get(side, 0) for side in sides)]
                for split, by_source in card["splits"].items()
                for source, counts in by_source.items()
            ],
        )
    lines += ["", "## Tables", "", f"Schema version {card['schema_version']}.", ""]
    lines += _grid(
        ["table", "rows", "sha256 of the Parquet file"],
        [[name, facts["rows"], facts["sha256"] or "differs from run to run"] for name, facts in card["tables"].items()],
    )
    for name, facts in card["tables"].items():
        lines += ["", f"### {name}", "", f"Sorted by {', '.join(facts['key'])}.", ""]
        lines += _grid(
            ["column", "type", "null", "meaning"],
            [[c["name"], c["type"], "yes" if c["null"] else "", c["description"]] for c in facts["columns"]],
        )
    lines += ["", "## Made with", ""]
    lines += [f"- {name} {version}" for name, version in card["packages"].items()]
    lines += ["", "## Provenance", "", *_tree(card["provenance"]), ""]
    return "\n".join(lines)


def _of(labels: pa.Table, source: str) -> pa.Table:
    return labels.filter(pc.equal(labels.column("source"), source))


def _table(name: str, table: pa.Table) -> dict[str, Any]:
    spec = TABLES[name]
    volatile = name in VOLATILE_TABLES
    return {
        "rows": None if volatile else table.num_rows,
        "sha256": None if volatile else hashlib.sha256(table_bytes(name, table)).hexdigest(),
        "key": list(spec.key),
        "columns": [
            {
                "name": field.name,
                "type": str(field.type),
                "null": field.nullable,
                "description": field.metadata[b"description"].decode(),
            }
            for field in spec.schema
        ],
    }


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counted = ((str(pair["values"]), int(pair["counts"])) for pair in column.value_counts().to_pylist())
    return dict(sorted(counted, key=lambda pair: (-pair[1], pair[0])))


def _true(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column, min_count=0).as_py())


def _outside(labels: pa.Table) -> int | None:
    """Rows known to lie outside their kernel's rules; None where no row's rules are known."""
    return pc.sum(pc.invert(labels.column("in_space"))).as_py()  # type: ignore[no-any-return]


def _source(labels: pa.Table) -> dict[str, Any]:
    licence = licence_of(labels.column("source")[0].as_py())
    return {
        "licence": licence.licence,
        "attribution": licence.attribution,
        "kernels": pc.count_distinct(labels.column("kernel")).as_py(),
        "designs": labels.num_rows,
        "status": _counts(labels.column("status")),
        "origin": _counts(labels.column("origin")),
        "dialects": sorted(set(labels.column("dialect").to_pylist())),
        "tool_versions": sorted(set(labels.column("tool_version").drop_null().to_pylist())),
        "usable_regression": _true(labels.column("usable_regression")),
        "usable_validity": _true(labels.column("usable_validity")),
        "valid": _true(labels.column("valid")),
        "published_valid": _true(labels.column("published_valid")),
        "outside_space": _outside(labels),
        "space_unknown": labels.column("in_space").null_count,
    }


def _kernels(labels: pa.Table, kernels: pa.Table | None) -> dict[str, Any]:
    known = {row["kernel"]: row for row in kernels.to_pylist()} if kernels is not None else {}
    counts: dict[str, dict[str, Any]] = {}
    pairs = labels.append_column("ok", pc.cast(pc.equal(labels.column("status"), "ok"), pa.int64()))
    pairs = pairs.append_column("usable", pc.cast(labels.column("usable_regression"), pa.int64()))
    grouped = pairs.group_by(["kernel", "source"], use_threads=False).aggregate(
        [("key", "count"), ("ok", "sum"), ("usable", "sum")]
    )
    for row in sorted(grouped.to_pylist(), key=lambda row: (row["kernel"], row["source"])):
        counts.setdefault(row["kernel"], {})[row["source"]] = {
            "designs": row["key_count"],
            "ok": row["ok_sum"],
            "usable_regression": row["usable_sum"],
        }
    return {
        kernel: {
            "kernel_hash": known.get(kernel, {}).get("kernel_hash"),
            "space_hash": known.get(kernel, {}).get("space_hash"),
            "space_size": known.get(kernel, {}).get("space_size"),
            "sources": counts.get(kernel, {}),
        }
        for kernel in sorted({*known, *counts})
    }


def _statistics(labels: pa.Table) -> dict[str, Any]:
    published = [name for name in labels.column_names if name.startswith("util_") and name.endswith("_published")]
    return {name: _summary(labels.column(name)) for name in (*_MEASURES, *published)}


def _summary(column: pa.ChunkedArray) -> dict[str, Any]:
    values = np.asarray(column.drop_null().to_numpy(), dtype=np.float64)
    summary: dict[str, Any] = {"measured": len(values), "null": column.null_count}
    if len(values):
        low, middle, high = (float(value) for value in np.quantile(values, (0.05, 0.5, 0.95)))
        summary |= {"min": float(values.min()), "q05": low, "median": middle, "q95": high, "max": float(values.max())}
        summary["mean"] = math.fsum(values.tolist()) / len(values)
    return summary


def _splits(splits: pa.Table | None) -> dict[str, Any]:
    if splits is None:
        return {}
    grouped = splits.group_by(["split", "source", "side"], use_threads=False).aggregate([("key", "count")])
    result: dict[str, Any] = {}
    for row in sorted(grouped.to_pylist(), key=lambda row: (row["split"], row["source"], row["side"])):
        result.setdefault(row["split"], {}).setdefault(row["source"], {})[row["side"]] = row["key_count"]
    return result


def _warnings(labels: pa.Table, sources: list[str], sites: pa.Table | None) -> list[str]:
    warnings = []
    homeless = [] if sites is None else [row for row in sites.to_pylist() if row["kind"] is None]
    if homeless:
        named = ", ".join(f"{row['site']} of {row['kernel']}" for row in homeless[:5])
        warnings.append(
            f"{len(homeless):,} published sites lie on no loop of the kernel's C at hand ({named}"
            f"{', ...' if len(homeless) > 5 else ''}); their labels are kept."
        )
    origins = set(labels.column("origin").to_pylist())
    if "estimator" in sources or "estimated" in origins:
        warnings.append("Labels of the source estimator are estimates by an analytical model, not a tool's.")
    if len(sources) > 1:
        warnings.append(
            f"Labels of {len(sources)} sources ({', '.join(sources)}) stand side by side; the same design has different"
            " labels in different sources, so compare and learn within one source."
        )
    if any(source.startswith("hlsyn-") and source != "hlsyn-vitis" for source in sources):
        warnings.append(
            "HLSyn's utilisations are cut to hundredths; most resources below 1 % of the device have no total (null)"
            " beside the published utilisation 0.0."
        )
    for plain in sorted({"vitis-plain", "hlsyn-vitis"} & set(sources)):
        warnings.append(
            f"The utilisations of {plain} are against 75 % of a VU9P and, as published, cut at 1.0; its PIPELINE"
            " value '' means no directive, not coarse-grained."
        )
    outside = _outside(labels)
    if outside:
        warnings.append(f"{outside:,} designs lie outside their kernel's rules; they are kept and flagged in in_space.")
    without = labels.num_rows - _true(labels.column("usable_regression"))
    if without:
        warnings.append(
            f"{without:,} of {labels.num_rows:,} rows have no cycle count to learn from (usable_regression)."
        )
    if not labels.num_rows:
        warnings.append("The dataset has no labels.")
    return warnings


def _grid(head: list[str], rows: list[list[Any]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(_cell(value) for value in row)} |" for row in rows),
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value).replace("|", "\\|").replace("\n", " ")


def _tree(value: Any, indent: int = 0) -> list[str]:
    lines = []
    for name, part in sorted(value.items()):
        if isinstance(part, Mapping):
            lines += [f"{'  ' * indent}- {name}", *_tree(part, indent + 1)]
        else:
            lines.append(f"{'  ' * indent}- {name}: {part}")
    return lines
