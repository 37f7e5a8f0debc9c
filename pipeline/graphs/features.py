"""From tables to arrays of numbers, one row a node or edge, by a fixed vocabulary.

:func:`columns_of` names every column. Counts enter as log2(1 + count); beside each number that may be unknown stands a
column that says whether it is known, and then the number is 0. Names, lines and text never enter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.graphs import vocabulary as v
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.schema import NODE_KINDS

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MAX_DIMS = 4
"""Array dimensions beyond these enter by their product alone."""

_TYPED = [*(f"type_{name}" for name in v.TYPES), "log2_bits", "bits_known"]
_COLUMNS: dict[str, list[str]] = {
    "function": [f"role_{name}" for name in v.FUNCTION_ROLES],
    "loop": [
        *(f"keyword_{name}" for name in v.LOOP_KEYWORDS), "log2_trip_count", "trip_count_known", "log2_trip_min",
        "trip_min_known", "log2_trip_max", "trip_max_known", "depth", "innermost", "in_ir",
    ],
    "array": [
        *(f"role_{name}" for name in v.ARRAY_ROLES), *(f"direction_{name}" for name in v.DIRECTIONS), *_TYPED, "dims",
        *(f"log2_dim{i}" for i in range(MAX_DIMS)), "log2_elements", "elements_known",
    ],
    "site": [
        *(f"kind_{name}" for name in v.SITE_KINDS), *(f"dialect_{name}" for name in v.DIALECTS), "reduction", "depth",
    ],
    "block": [*(f"role_{name}" for name in v.BLOCK_ROLES), "depth"],
    "instruction": [
        *(f"opcode_{name}" for name in v.OPCODES), *(f"predicate_{name}" for name in v.PREDICATES),
        *(f"calls_{name}" for name in v.CALLEES), *_TYPED, "depth",
    ],
    "variable": [*(f"role_{name}" for name in v.VARIABLE_ROLES), *_TYPED, "depth"],
    "constant": [*_TYPED, "value_known", "negative", "zero", "one", "power_of_two", "log2_value", "depth"],
}  # fmt: skip
EDGE_COLUMNS = (
    "log2_position", "first", *(f"mode_{name}" for name in v.ACCESS_MODES), "affine", "dim", "in_bytes", "log2_stride",
    "negative_stride",
)  # fmt: skip
"""Columns of every kind of edge; those that a kind does not have are 0."""


def columns_of(kind: str) -> tuple[str, ...]:
    """Names of the feature columns of a kind of node, in order."""
    return tuple(_COLUMNS[kind])


@dataclass(frozen=True, slots=True)
class GraphArrays:
    """A graph as arrays.

    ``nodes`` maps each kind to its features (number of nodes of the kind, number of its columns). ``edges`` maps (kind
    of the source, kind of edge, kind of the target) to the endpoints (2, number of edges), each counted within its
    kind, and ``edge_features`` to (number of edges, len(EDGE_COLUMNS)).
    """

    nodes: dict[str, Floats]
    edges: dict[tuple[str, str, str], Ints]
    edge_features: dict[tuple[str, str, str], Floats]


def featurise(graph: ProgramGraph) -> GraphArrays:
    """The features of a graph. Every kind of node is there, with no rows where the graph has none."""
    nodes = graph.nodes
    kinds = np.asarray(nodes["kind"].to_pylist(), dtype=object)
    first: dict[str, int] = {}
    matrices: dict[str, Floats] = {}
    codes = np.zeros(len(kinds), np.int64)
    bodies = {row["name"] for row in graph.of_kind("function") if row["role"] in ("top", "helper")}
    for code, kind in enumerate(NODE_KINDS):
        rows = np.flatnonzero(kinds == kind)
        codes[rows] = code
        first[kind] = int(rows[0]) if len(rows) else 0
        part = nodes.slice(first[kind], len(rows)) if len(rows) else nodes.slice(0, 0)
        columns = {name: part[name].to_pylist() for name in part.column_names}
        if kind == "instruction":
            columns["defined"] = [detail in bodies for detail in columns["detail"]]
        matrices[kind] = _MAKERS[kind](columns, len(rows))
    offsets = np.array([first[kind] for kind in NODE_KINDS], np.int64)
    edges, edge_features = _edges(graph, codes, offsets)
    return GraphArrays(matrices, edges, edge_features)


def _edges(
    graph: ProgramGraph, codes: Ints, offsets: Ints
) -> tuple[dict[tuple[str, str, str], Ints], dict[tuple[str, str, str], Floats]]:
    table = graph.edges
    source = table["source"].to_numpy().astype(np.int64)
    target = table["target"].to_numpy().astype(np.int64)
    kinds = np.asarray(table["kind"].to_pylist(), dtype=object)
    features = _edge_features({name: table[name].to_pylist() for name in table.column_names}, len(source))
    edges: dict[tuple[str, str, str], Ints] = {}
    attributes: dict[tuple[str, str, str], Floats] = {}
    names, inverse = np.unique(kinds.astype(str), return_inverse=True) if len(kinds) else (np.array([]), np.array([]))
    key = (inverse * len(NODE_KINDS) + codes[source]) * len(NODE_KINDS) + codes[target] if len(kinds) else np.array([])
    for number in np.unique(key):
        rows = np.flatnonzero(key == number)
        one, other = codes[source[rows[0]]], codes[target[rows[0]]]
        name = (NODE_KINDS[one], str(names[inverse[rows[0]]]), NODE_KINDS[other])
        edges[name] = np.stack([source[rows] - offsets[one], target[rows] - offsets[other]])
        attributes[name] = features[rows]
    return edges, attributes


def _edge_features(columns: dict[str, list[Any]], count: int) -> Floats:
    out = _zeros(count, len(EDGE_COLUMNS))
    for row, (position, mode, affine, dim, coefficient) in enumerate(
        zip(
            columns["position"], columns["mode"], columns["affine"], columns["dim"], columns["coefficient"], strict=True
        )
    ):
        if position is not None:
            out[row, 0] = _log(position)
            out[row, 1] = position == 0
        if mode is not None:
            out[row, 2 + _place(v.ACCESS_MODES, mode)] = 1
            out[row, 6] = bool(affine)
        if coefficient is not None:
            out[row, 7] = 0 if dim is None else dim
            out[row, 8] = dim is None
            out[row, 9] = _log(abs(coefficient))
            out[row, 10] = coefficient < 0
    return out


def _functions(columns: dict[str, list[Any]], count: int) -> Floats:
    return _one_hot(columns["role"], v.FUNCTION_ROLES)


def _loops(columns: dict[str, list[Any]], count: int) -> Floats:
    return _joined(
        count, _one_hot(columns["role"], v.LOOP_KEYWORDS), _known(columns["trip_count"]), _known(columns["trip_min"]),
        _known(columns["trip_max"]), _numbers(columns["depth"]), _numbers(columns["innermost"]),
        _numbers([reason is None for reason in columns["reason"]]),
    )  # fmt: skip


def _arrays(columns: dict[str, list[Any]], count: int) -> Floats:
    dims = [list(row or []) for row in columns["dims"]]
    sizes = _zeros(count, MAX_DIMS)
    total: list[int | None] = []
    for row, lengths in enumerate(dims):
        for at, length in enumerate(lengths[:MAX_DIMS]):
            sizes[row, at] = _log(length or 0)
        total.append(math.prod(lengths) if lengths and None not in lengths else None)
    return _joined(
        count, _one_hot(columns["role"], v.ARRAY_ROLES), _one_hot(columns["direction"], v.DIRECTIONS), _typed(columns),
        _numbers([len(lengths) for lengths in dims]), sizes, _known(total),
    )  # fmt: skip


def _sites(columns: dict[str, list[Any]], count: int) -> Floats:
    return _joined(
        count, _one_hot(columns["site_kind"], v.SITE_KINDS), _one_hot(columns["dialect"], v.DIALECTS),
        _numbers(columns["reduction"]), _numbers(columns["depth"]),
    )  # fmt: skip


def _blocks(columns: dict[str, list[Any]], count: int) -> Floats:
    roles = _zeros(count, len(v.BLOCK_ROLES))
    for row, text in enumerate(columns["role"]):
        for role in (text or "").split():
            if role in v.BLOCK_ROLES:
                roles[row, v.BLOCK_ROLES.index(role)] = 1
    return _joined(count, roles, _numbers(columns["depth"]))


def _instructions(columns: dict[str, list[Any]], count: int) -> Floats:
    opcodes = columns["opcode"]
    compares = [
        v.predicate_class(detail) if opcode in ("icmp", "fcmp") else None
        for opcode, detail in zip(opcodes, columns["detail"], strict=True)
    ]
    calls = [
        v.callee_class(detail, defined) if opcode in ("call", "invoke") else None
        for opcode, detail, defined in zip(opcodes, columns["detail"], columns["defined"], strict=True)
    ]
    return _joined(
        count, _one_hot(opcodes, v.OPCODES), _one_hot(compares, v.PREDICATES, absent=True),
        _one_hot(calls, v.CALLEES, absent=True), _typed(columns), _numbers(columns["depth"]),
    )  # fmt: skip


def _variables(columns: dict[str, list[Any]], count: int) -> Floats:
    return _joined(count, _one_hot(columns["role"], v.VARIABLE_ROLES), _typed(columns), _numbers(columns["depth"]))


def _constants(columns: dict[str, list[Any]], count: int) -> Floats:
    values = _zeros(count, 6)
    for row, value in enumerate(columns["value"]):
        if value is not None and math.isfinite(value):
            size = abs(value)
            values[row] = [1, value < 0, value == 0, value == 1, size > 0 and math.frexp(size)[0] == 0.5, _log(size)]
    return _joined(count, _typed(columns), values, _numbers(columns["depth"]))


_MAKERS = {
    "function": _functions, "loop": _loops, "array": _arrays, "site": _sites, "block": _blocks,
    "instruction": _instructions, "variable": _variables, "constant": _constants,
}  # fmt: skip


def _zeros(rows: int, columns: int) -> Floats:
    return np.zeros((rows, columns), np.float32)


def _log(number: float) -> float:
    return math.log2(1 + number)


def _place(words: Sequence[str], word: str | None) -> int:
    return words.index(word) if word in words else len(words) - 1


def _one_hot(values: Sequence[str | None], words: Sequence[str], *, absent: bool = False) -> Floats:
    """One column a word, the last for unknown ones; with ``absent`` a None sets none."""
    out = _zeros(len(values), len(words))
    places = {word: i for i, word in enumerate(words)}
    last = len(words) - 1
    for row, value in enumerate(values):
        if value is not None or not absent:
            out[row, places.get(value or "", last)] = 1
    return out


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([[0.0 if value is None else float(value)] for value in values], np.float32).reshape(-1, 1)


def _known(values: Sequence[float | None]) -> Floats:
    rows = [[0.0, 0.0] if value is None else [_log(value), 1.0] for value in values]
    return np.array(rows, np.float32).reshape(-1, 2)


def _typed(columns: dict[str, list[Any]]) -> Floats:
    classes: dict[tuple[str | None, int | None], str] = {}
    names = []
    for name, bits in zip(columns["type"], columns["bits"], strict=True):
        key = (name, bits)
        if key not in classes:
            classes[key] = v.type_class(name, bits)
        names.append(classes[key])
    return np.hstack([_one_hot(names, v.TYPES), _known(columns["bits"])])


def _joined(count: int, *parts: Floats) -> Floats:
    return np.hstack([part.reshape(count, part.shape[1]) for part in parts]).astype(np.float32)
