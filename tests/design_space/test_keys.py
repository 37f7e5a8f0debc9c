from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.design_space import Point, design_key, parse_key
from pipeline.errors import PipelineError

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}\Z")
TEXTS = st.one_of(st.sampled_from(["off", "", "flatten", "   ", "a-b", "-", "1.5", "x.y-", "NAN"]), st.text(max_size=6))
POINTS = st.dictionaries(NAMES, st.one_of(st.integers(), TEXTS), max_size=6)


@given(POINTS)
def test_a_key_gives_its_point_back(point: Point) -> None:
    try:
        key = design_key(point)
    except PipelineError:
        return
    back = parse_key(key)
    assert list(back) == sorted(point)
    assert {name: str(value) for name, value in back.items()} == {name: str(value) for name, value in point.items()}
    assert design_key(back) == key


@given(st.one_of(st.text(max_size=40), st.from_regex(r"([a-z]{1,2}-[a-z0-9.-]{0,4}\.?){0,4}\Z")))
def test_any_text_is_a_key_or_one_error(text: str) -> None:
    try:
        point = parse_key(text)
    except PipelineError as error:
        assert "\n" not in str(error)
        return
    assert parse_key(design_key(point)) == point


def test_the_published_grammar() -> None:
    key = "__PARA__L0-4.__PARA__L10-2.__PARA__L2-1.__PIPE__L0-flatten.__PIPE__L1-NA.__PIPE__L2-   .__TILE__L0-1"
    point = parse_key(key)
    assert point["__PARA__L10"] == 2 and point["__PIPE__L1"] == "" and point["__PIPE__L2"] == "   "
    assert list(point)[:3] == ["__PARA__L0", "__PARA__L10", "__PARA__L2"]
    assert design_key(point) == key
    assert design_key({}) == "" and parse_key("") == {}


@pytest.mark.parametrize("key", ["x", "-1", "a-", ".a-1", "a-1.a-2", "a-1..", "1a-2", "a-1\nb-2", "a b-1"])
def test_malformed_keys_are_refused(key: str) -> None:
    if key == "a-1..":
        # Dots belong to the value where no site starts after them.
        assert parse_key(key) == {"a": "1.."}
        return
    with pytest.raises(PipelineError, match="malformed design key"):
        parse_key(key)
