"""The suite lines up with what is known of HLSyn's kernels, so that published designs apply to it."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from functools import cache
from typing import Any

import pytest

from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import ALIASES, find_kernel, suite_names
from tests.shared_data import shared

# The published text of this kernel declares fewer elements than it writes (34 * 34 * 33 and more of 32768).
LARGER_ARRAYS = {("stencil-3d", "sol"): (39304,)}


@cache
def facts() -> dict[str, Any]:
    everything = json.loads(shared("facts", "kernels.json").read_text())
    return {name: entry for name, entry in everything.items() if entry["language"] == "C"}


@cache
def kernel(name: str) -> Kernel:
    return find_kernel(name)


def loop_id(fact: dict[str, Any]) -> str:
    """Facts number loops FUNCTION.INDEX; here a loop is FUNCTION_NAME/loop_INDEX."""
    return f"{fact['function']}/loop_{fact['id'].split('.')[1]}"


def test_all_kernels_with_facts_are_in_the_suite() -> None:
    assert len(facts()) == 42
    assert {ALIASES.get(name, name) for name in facts()} <= set(suite_names())


def test_loops_nest_and_count_as_in_the_published_kernels() -> None:
    for name, entry in facts().items():
        found = kernel(name)
        assert found.top == entry["top_function"], name
        loops = {loop.id: loop for loop in found.loops}
        ids = {fact["id"]: loop_id(fact) for fact in entry["loops"]}
        assert set(loops) == set(ids.values()), name
        for fact in entry["loops"]:
            loop = loops[ids[fact["id"]]]
            assert loop.parent == (ids[fact["parent"]] if fact["parent"] else None), (name, loop.id)
            assert loop.trip_count == fact["trip_count"], (name, loop.id)
            assert (loop.label, loop.depth, loop.innermost) == (fact["label"], fact["depth"], fact["innermost"])
            if fact["var"] is not None and fact["upper"] is not None:
                assert (loop.variable, loop.lower, loop.upper, loop.step, loop.inclusive) == (
                    fact["var"],
                    fact["lower"],
                    fact["upper"],
                    fact["step"],
                    fact["upper_inclusive"],
                ), (name, loop.id)


def test_triangular_loops_are_bounded_and_data_dependent_ones_are_not() -> None:
    ranges = {
        (name, loop.id): (loop.trip_min, loop.trip_max)
        for name in facts()
        for loop in kernel(name).loops
        if loop.trip_count is None
    }
    assert ranges == {
        ("correlation", "kernel_correlation/loop_7"): (1, 79),
        ("covariance", "kernel_covariance/loop_5"): (1, 80),
        ("spmv-crs", "spmv/loop_1"): (None, None),
    }


def test_sites_are_those_of_the_published_kernels() -> None:
    kinds: Counter[str] = Counter()
    for name, entry in facts().items():
        found = kernel(name)
        for fact in entry["loops"]:
            # A reduction clause without a variable is noted as true.
            expected = {
                (site["placeholder"], site["kind"], "" if site.get("reduction") is True else site.get("reduction"))
                for site in fact["sites"]
            }
            sites = found.sites_of(loop_id(fact))
            assert {(site.name, site.kind.value, site.reduction) for site in sites} == expected, (name, fact["id"])
        assert not any(site.proposed for site in found.sites)
        kinds.update(site.kind.value for site in found.sites)
    assert kinds == {"PIPELINE": 99, "PARALLEL": 152, "TILE": 95}
    assert sum(kinds.values()) == 346


def test_arguments_have_the_published_shapes_and_directions() -> None:
    for name, entry in facts().items():
        arguments = {argument.name: argument for argument in kernel(name).functions[0].arguments}
        assert list(arguments) == [fact["name"] for fact in entry["args"]], name
        for fact in entry["args"]:
            argument = arguments[fact["name"]]
            # A pointer is noted without dimensions; here it has one of unknown length.
            dims = LARGER_ARRAYS.get((name, argument.name), tuple(fact["dims"]))
            if fact["ctype"].endswith("*"):
                dims = (None, *dims)
            assert (argument.dims, argument.direction) == (dims, fact["direction"]), (name, argument.name)


def test_every_published_design_sets_exactly_the_sites_of_its_kernel() -> None:
    designs = 0
    with tarfile.open(shared("hlsyn", "HLSyn_designs.tar.gz")) as archive:
        for member in archive:
            if not member.name.endswith(".json"):
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            name = member.name.rsplit("/", 1)[1].removesuffix(".json")
            if ALIASES.get(name, name) not in suite_names():
                pytest.fail(f"{name} has designs and no kernel")
            sites = {site.name for site in kernel(name).sites}
            for key, design in json.load(stream).items():
                assert set(design["point"]) == sites, (member.name, key)
                designs += 1
    assert designs == 39019
