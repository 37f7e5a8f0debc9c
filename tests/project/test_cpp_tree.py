"""clang's tree, read in pieces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.project.cpp_tree import Position, TreeReader, begin_of, end_of


def _declaration(number: int) -> dict[str, Any]:
    """One that names its file where it changes, every third time, and its line every other time."""
    begin: dict[str, object] = {"offset": 10 * number, "col": 1, "tokLen": 3}
    begin |= {"file": f"{number}.h"} if number % 3 == 0 else {}
    begin |= {"line": number} if number % 2 == 0 else {}
    end = {"spellingLoc": {"offset": 1, "col": 2, "tokLen": 1}, "expansionLoc": {**begin, "offset": 10 * number + 4}}
    inner = [{}, {"kind": "Text", "value": '\n    },\n    {"' + "x" * 9000}]
    return {"id": hex(number), "range": {"begin": begin, "end": end}, "inner": inner}


@pytest.mark.parametrize("size", [4_000, 40_000, 100_000, 10**7])
def test_a_tree_read_in_pieces_is_the_whole_with_every_place(size: int) -> None:
    declared = [_declaration(number) for number in range(40)]
    tree = {"kind": "TranslationUnitDecl", "loc": {}, "inner": declared}
    text = json.dumps(tree, indent=2).encode() + b"\n"
    reader = TreeReader()
    reader.take([b"{ 'of another run"])
    assert reader.root is None
    reader.take(text[at : at + size] for at in range(0, len(text), size))
    assert reader.root is not None
    found = reader.root["inner"]
    assert [node["id"] for node in found] == [hex(number) for number in range(40)]
    assert [node["inner"][1]["value"] for node in found] == [node["inner"][1]["value"] for node in declared]
    places = [Position(f"{n // 3 * 3}.h", n // 2 * 2, 1, 10 * n) for n in range(40)]
    assert [(begin_of(node), end_of(node)) for node in found] == [(place, place.offset + 7) for place in places]
    assert list(reader.files) == [f"{number}.h" for number in range(0, 40, 3)]
