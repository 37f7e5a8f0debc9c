"""The two tables of a program graph: what each column means, and the check that a table has them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import PipelineError

VERSION = 1
"""Grows when a column, kind or meaning changes."""

NODE_KINDS = ("function", "loop", "array", "site", "block", "instruction", "variable", "constant")
"""function, loop, array, site: from the syntax tree. block (HARP's pseudo node), instruction, variable (SSA value,
argument or global) and constant (one per basic block and value): from the IR."""

EDGE_KINDS = (
    "control", "data", "call", "member", "successor", "header", "within", "entry", "site", "access", "index", "storage",
    "binding",
)  # fmt: skip
"""What connects what, from -> to:

control   instruction -> the next one, and from a block's last one to the first of each successor (position = which)
data      instruction -> the variable it sets; variable or constant -> the instruction that uses it (position = operand)
call      call instruction -> function
member    block -> its instructions, variables and constants (position = order)
successor block -> block (position = which: taken branch first, then the other; default of a switch, then the cases)
header    block -> header block of the innermost loop around it; a header block -> header of the enclosing loop
within    block -> innermost loop, loop -> enclosing loop, or either -> function
entry     loop -> its header block, function -> its first block
site      site -> the loop it decides on
access    load or store -> array, with the index as C would write it
index     load or store -> loop whose variable the index uses: coefficient elements of dimension dim per iteration
storage   variable -> the array it is the address of
binding   array of a caller -> array parameter of the function that is called with it (position = argument)
"""

NODES = pa.schema(
    [
        pa.field("id", pa.int32(), nullable=False),  # row number
        pa.field("kind", pa.string(), nullable=False),  # one of NODE_KINDS
        pa.field("name", pa.string()),  # function, loop id, array, placeholder, label of a block, SSA name
        pa.field("text", pa.string()),  # printed instruction or constant, C text of a loop's head
        pa.field("opcode", pa.string()),  # LLVM's name of an instruction
        pa.field("detail", pa.string()),  # predicate of a comparison, name of the function called
        pa.field("type", pa.string()),  # LLVM type of IR nodes, C type of an array's element
        pa.field("bits", pa.int32()),  # width of a value or of an array's element
        pa.field("value", pa.float64()),  # a numeric constant
        pa.field("function", pa.string()),  # function the node belongs to
        pa.field("block", pa.int32()),  # node of the basic block
        pa.field("loop", pa.int32()),  # node of the innermost loop around it; of a loop, the enclosing one
        pa.field("depth", pa.int32()),  # loops around it
        pa.field("line", pa.int32()),  # in the source file, from 1
        pa.field("column", pa.int32()),
        pa.field("role", pa.string()),  # top/helper/external, for/while/do/goto, argument/local/..., header/latch/...
        pa.field("trip_count", pa.int64()),  # iterations of one execution of a loop, null where it varies
        pa.field("trip_min", pa.int64()),  # bounds, null where unknown
        pa.field("trip_max", pa.int64()),
        pa.field("innermost", pa.bool_()),
        pa.field("for_index", pa.int32()),  # position among the ``for`` loops of the file, from 0; null for others
        pa.field("dims", pa.list_(pa.int64())),  # of an array, outermost first; null entries are not constant
        pa.field("direction", pa.string()),  # of an array: in, out, inout, unused, local
        pa.field("site_kind", pa.string()),  # PIPELINE, PARALLEL, TILE
        pa.field("dialect", pa.string()),  # of a site: merlin or hls
        pa.field("reduction", pa.bool_()),  # a site with a reduction clause
        pa.field("reason", pa.string()),  # why a loop of the source has no loop in the IR
    ]
)

EDGES = pa.schema(
    [
        pa.field("source", pa.int32(), nullable=False),
        pa.field("target", pa.int32(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),  # one of EDGE_KINDS
        pa.field("position", pa.int32()),
        pa.field("mode", pa.string()),  # of an access: load, store or call
        pa.field("affine", pa.bool_()),  # of an access: whether its index is affine in loop variables and arguments
        pa.field("text", pa.string()),  # of an access: the index, null where it is not affine
        pa.field("dim", pa.int32()),  # of an index edge, from 0 for the outermost; null for an index in bytes
        pa.field("coefficient", pa.int64()),
    ]
)


def checked(table: pa.Table, schema: pa.Schema, what: str) -> pa.Table:
    """The table itself, where it has the columns of the schema in order and no null where none may be."""
    if not table.schema.equals(schema, check_metadata=False):
        have = {field.name: field.type for field in table.schema}
        wrong = [f.name for f in schema if have.get(f.name) != f.type] or [n for n in have if n not in schema.names]
        raise PipelineError(
            f"columns are not those of the schema ({', '.join(wrong) or 'their order'})",
            file=what,
            fix="build the graph anew",
        )
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise PipelineError(f"column {field.name} has nulls", file=what, fix="build the graph anew")
    return table


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """A table from a Parquet file, checked against its schema. Raises PipelineError for what is none."""
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise PipelineError("there is no such file", file=str(path), fix="build the graph") from error
    except (OSError, pa.ArrowException) as error:
        raise PipelineError(
            f"not a readable Parquet file: {error}", file=str(path), fix="build the graph anew"
        ) from error
    return checked(table, schema, str(path))


def metadata_of(table: pa.Table) -> dict[str, Any]:
    """The table's own metadata, keys and values as text."""
    return {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
