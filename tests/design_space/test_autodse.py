from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.design_space import DesignSpace, parse_rule, read_autodse, read_space, write_autodse, write_space
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind
from tests.design_space.small_spaces import spaces

DEFINITION = {
    "__PARA__L0": {
        "options": "[x for x in [1,2,4,8,16,32] if x*__TILE__L0<=64 and (x==1 or __PIPE__L0!='flatten')]",
        "default": 1,
        "ds_type": "PARALLEL",
        "order": "0 if x&(x-1)==0 else 1",
    },
    "__PIPE__L0": {
        "options": "[x for x in ['off','','flatten']]",
        "default": "off",
        "ds_type": "PIPELINE",
        "order": "0 if x!='flatten' else 1",
    },
    "__TILE__L0": {"options": "[y for y in [1, 2, 4]]", "default": 1, "ds_type": "TILING"},
}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda definition: {
            "design-space.definition": definition,
            "timeout.hls": 80,
            "search.algorithm.name": "gradient",
        },
        lambda definition: {"design-space": {"definition": definition, "max-part-num": 4}},
        lambda definition: definition,
    ],
    ids=["dotted", "nested", "flat"],
)
def test_every_layout_of_a_configuration_gives_the_same_space(wrap: object) -> None:
    assert callable(wrap)
    space = read_autodse(json.dumps(wrap(DEFINITION)), file="ds_config.json")
    para, pipe, tile = space.sites
    assert (para.name, para.kind, para.values, para.default) == (
        "__PARA__L0",
        SiteKind.PARALLEL,
        (1, 2, 4, 8, 16, 32),
        1,
    )
    assert para.rule == parse_rule("__PARA__L0 * __TILE__L0 <= 64 and (__PARA__L0 == 1 or __PIPE__L0 != 'flatten')")
    assert pipe.values == ("off", "", "flatten") and tile.kind is SiteKind.TILE
    # 6 * 3 - (32 with 4) combinations of factor and tile where not flattened, one factor otherwise.
    assert space.size() == 2 * 17 + 3
    assert para.order == "0 if x&(x-1)==0 else 1"
    assert read_autodse(write_autodse(space)) == space


@settings(max_examples=30, deadline=None)
@given(spaces())
def test_spaces_survive_both_written_forms(space: DesignSpace) -> None:
    if space.sites:
        back = read_autodse(write_autodse(space))
        assert back == space and back.hash == space.hash
    native = read_space(write_space(space))
    assert native == space and native.hash == space.hash


def _options(options: object, default: object = 1) -> DesignSpace:
    definition = {"A": {"options": options, "default": default, "ds_type": "PARALLEL"}}
    definition["B"] = {"options": "[1, 2, 8]", "default": 1, "ds_type": "TILING"}
    return read_autodse(json.dumps(definition), file="ds_config.json")


def test_ranges_sums_and_powers_are_candidates() -> None:
    assert _options("[x for x in range(1, 5) + [16, 32]]").sites[0].values == (1, 2, 3, 4, 16, 32)
    assert _options("[x for x in list(range(1,4))+[8] if x!=2 if x<B+3]").sites[0].values == (1, 2, 3, 8)
    assert _options([1, 2, 4]).sites[0].values == (1, 2, 4)
    space = _options("[2**x for x in range(4) if x==0 or (2**x)*B<=8]")
    assert space.sites[0].values == (1, 2, 4, 8)
    assert [space.contains({"A": a, "B": 8}) for a in (1, 2, 8)] == [True, False, False]
    assert space.size() == 4 + 3 + 1


@pytest.mark.parametrize(
    "options",
    [
        "[x for x in [1,2] if x&1==0]",
        "[x for x in __import__('os').listdir('/')]",
        "[x for x in range(10**9)]",
        "[x for x in range(100000000)]",
        "[x for x in [1] for y in [2]]",
        "[x*B for x in [1,2]]",
        "[x for x in [1.5]]",
        "[1/x for x in [1, 2]]",
        "[[x] for x in [1]]",
        "[x for x in []]",
        "[x for x in [1, 2] if x*C<=4]",
        "[x for x in [2, 4]]",
        "[(yield) for x in [1]]",
        "x for x in [1]",
        "",
        None,
        [True],
        [[1]],
        "[" * 200,
        "+".join(["[1]"] * 5000),
    ],
)
def test_options_that_are_no_plain_candidates_are_one_error_naming_the_site(options: object) -> None:
    with pytest.raises(PipelineError) as caught:
        _options(options)
    line = str(caught.value)
    assert line.startswith("ds_config.json: ") and "A" in line and "\n" not in line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["design-space", "definition", "design-space.definition", "A", "options", "default", "ds_type"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=120, deadline=None)
@given(st.one_of(st.text(max_size=80), JSON.map(json.dumps)))
def test_any_text_is_a_space_or_one_error_in_both_forms(text: str) -> None:
    for read in (read_autodse, read_space):
        try:
            read(text, file="given")
        except PipelineError as error:
            assert str(error).startswith("given: ") and "\n" not in str(error)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, '{"A": {"options": "[1]"}, "A": 1}', "a = [" * 5_000]
)
def test_deep_or_repeated_entries_are_one_error(text: str) -> None:
    for read in (read_autodse, read_space):
        with pytest.raises(PipelineError):
            read(text, file="given")
