"""Tables are checked when written and when read, and equal rows are equal bytes."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.schemas import TABLES, checked, make_table, read_table, table_bytes, write_table
from pipeline.errors import PipelineError

NAMES = sorted(TABLES)


def rows_of(name: str) -> st.SearchStrategy[list[dict[str, object]]]:
    """Rows that fit the table, their keys distinct."""
    spec = TABLES[name]
    values: dict[pa.DataType, st.SearchStrategy[object]] = {
        pa.string(): st.text(st.characters(codec="utf-8"), max_size=4),
        pa.int64(): st.integers(-(2**63), 2**63 - 1),
        pa.int32(): st.integers(-(2**31), 2**31 - 1),
        pa.float64(): st.floats(allow_nan=False),
        pa.bool_(): st.booleans(),
    }
    row = st.fixed_dictionaries(
        {f.name: values[f.type] | st.none() if f.nullable else values[f.type] for f in spec.schema}
    )
    return st.lists(row, max_size=6, unique_by=lambda row: tuple(row[name] for name in spec.key))


def table_of(name: str, rows: list[dict[str, object]]) -> pa.Table:
    return make_table(name, {column: [row[column] for row in rows] for column in TABLES[name].schema.names})


@settings(max_examples=100, deadline=None)
@given(data=st.data(), name=st.sampled_from(NAMES), seed=st.integers(0, 99))
def test_rows_come_back_as_written_and_their_order_does_not_change_the_bytes(
    data: st.DataObject, name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rows = data.draw(rows_of(name))
    path = tmp_path_factory.getbasetemp() / "t.parquet"
    table = table_of(name, rows)
    write_table(path, name, table)
    assert read_table(path, name).equals(table)
    keys = [tuple(row[column] for column in TABLES[name].key) for row in table.to_pylist()]
    assert keys == sorted(keys, key=lambda key: [v.encode() if isinstance(v, str) else v for v in key])
    random.Random(seed).shuffle(rows)
    assert table_bytes(name, table_of(name, rows)) == path.read_bytes()
    assert not list(path.parent.glob(".*.part"))


def test_every_column_says_what_it_means() -> None:
    for spec in TABLES.values():
        assert set(spec.key) <= set(spec.schema.names)
        for field in spec.schema:
            assert field.metadata[b"description"], f"{spec.name}.{field.name}"
            assert not (field.name in spec.key and field.nullable)


def run(**changes: object) -> dict[str, list[object]]:
    row = {"source": "s", "kernel": "k", "key": "a-1", "seconds": 1.5, "started": None} | changes
    return {name: [value] for name, value in row.items()}


def test_wrong_tables_are_refused_when_made() -> None:
    good = make_table("runs", run())
    with pytest.raises(PipelineError, match="runs lacks seconds"):
        make_table("runs", {name: value for name, value in run().items() if name != "seconds"})
    with pytest.raises(PipelineError, match="unknown colour"):
        make_table("runs", run() | {"colour": ["red"]})
    with pytest.raises(PipelineError, match="kernel must not be null"):
        make_table("runs", run(kernel=None))
    with pytest.raises(PipelineError, match="seconds"):
        make_table("runs", run(seconds="long"))
    with pytest.raises(PipelineError, match="two rows for source s, kernel k, key a-1"):
        checked("runs", pa.concat_tables([good, good]))
    with pytest.raises(PipelineError, match="no table 'run'"):
        make_table("run", {})


def test_wrong_files_are_refused_in_one_line_when_read(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    good = make_table(
        "runs",
        run()
        | {n: ["a", "b"] for n in ("source", "kernel", "key")}
        | {"seconds": [1.0, None], "started": [None, None]},
    )
    write_table(path, "runs", good)
    whole = path.read_bytes()
    schema = TABLES["runs"].schema

    def refused(match: str, name: str = "runs") -> None:
        with pytest.raises(PipelineError, match=match) as caught:
            read_table(path, name)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)

    refused("holds the table runs, not labels", "labels")
    path.write_bytes(whole[: len(whole) // 2])
    refused("not a readable Parquet file")
    path.write_bytes(b"")
    refused("not a readable Parquet file")
    pq.write_table(good.replace_schema_metadata(None), path)
    refused("did not write")
    pq.write_table(good.replace_schema_metadata({**schema.metadata, b"hls.schema_version": b"0"}), path)
    refused("schema version 0, this version reads 1")
    pq.write_table(good.take([1, 0]), path)
    refused("row 2 is not above row 1")
    pq.write_table(good.take([0, 0]), path)
    refused("row 2 is not above row 1")
    pq.write_table(good.drop_columns(["seconds"]), path)
    refused("lacks seconds")
    pq.write_table(good.set_column(3, "seconds", pa.array([1, 2])), path)
    refused("seconds is int64, not double")
    path.unlink()
    refused("no table runs here")


def test_damage_to_a_file_never_changes_a_value_silently(tmp_path: Path) -> None:
    path = tmp_path / "runs.parquet"
    good = make_table("runs", run())
    write_table(path, "runs", good)
    whole = path.read_bytes()
    chance = random.Random(1)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        path.write_bytes(bytes(damaged))
        try:
            assert read_table(path, "runs").equals(good)
        except PipelineError as error:
            assert "\n" not in str(error)
