"""Reports damaged 20,000 times: a clean report or one PipelineError, never anything else."""

from __future__ import annotations

import copy
import functools
import itertools
import random
import re

import pytest
from lxml import etree

from pipeline.errors import PipelineError
from pipeline.reports import Report, parse_report, write_report
from tests.reports.samples import ONE_MODULE, aggregate, instance, loop, module
from tests.shared_data import shared

ROUNDS = 20
PER_ROUND = 1_000
SMALL = 20_000
LARGE_SHARE = 0.01

GARBAGE = (
    *("", " ", "-", "?", "undef", "nan", "inf", "-1", "+5", "1e999", "1.5", "0x10", "1_000", "07", "9" * 5000),
    *("5 ~ 7", "5 ~ ?", "? ~ 5", "5 ~", "~ 5", "~0", "1 ~ 2 ~ 3", "undef ~ undef", "18446744073709551616", "true"),
    *("\u0663", "\u2028", "a\nb", "no", "yes", "dataflow", "ps", "x" * 100_000),
)
LEAF = re.compile(rb"<([A-Za-z_][\w.-]*)>([^<]*)</\1>")
VALUE = re.compile(
    rb"<(\S*(?:atency|Count|II|Depth|Period|Interval\S*|BRAM_18K|DSP|FF|min|max|Type|Name))>([^<]*)</\1>"
)


@functools.cache
def originals() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """Small reports and large ones: the real ones, else those of the tests, as they are and written anew."""
    try:
        files = sorted(shared("csynth", "reports").glob("*.xml"))
        data = [file.read_bytes() for file in files]
    except pytest.skip.Exception:
        nest = aggregate(
            "k",
            instance("grp_a", "mod_a", instance("grp_b", "mod_b")),
            module("mod_b", loop("b", pipelined=True))
            + module("mod_a", loop("a", instances=("grp_b",)))
            + module("k", loop("outer", inner=loop("inner", instances=("grp_a",)))),
        )
        wide = aggregate("k", "", "".join(module(f"f{n}", loop(f"l{n}")) for n in range(100)))
        data = [ONE_MODULE, nest, wide, *(write_report(parse_report(item)) for item in (ONE_MODULE, nest, wide))]
    small = tuple(item for item in data if len(item) <= SMALL)
    return small, tuple(item for item in data if SMALL < len(item) <= 1_500_000) or small


def flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def truncate(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def cut(rng: random.Random, data: bytes) -> bytes:
    start = rng.randrange(len(data))
    return data[:start] + data[start + rng.choice((1, 5, 50, 500)) :]


def splice(rng: random.Random, data: bytes) -> bytes:
    other = rng.choice(originals()[0])
    start = rng.randrange(len(other))
    place = rng.randrange(len(data))
    return data[:place] + other[start : start + rng.randrange(400)] + data[place:]


def graft(rng: random.Random, data: bytes) -> bytes:
    """The start of one report and the end of another, cut at tags."""
    other = rng.choice(originals()[0])
    return data[: data.find(b"<", rng.randrange(len(data)))] + other[other.find(b"<", rng.randrange(len(other))) :]


def retext(rng: random.Random, data: bytes) -> bytes:
    leaves = list(itertools.islice(rng.choice((LEAF, VALUE, VALUE)).finditer(data), 400))
    if not leaves:
        return data
    leaf = rng.choice(leaves)
    return data[: leaf.start(2)] + rng.choice(GARBAGE).encode() + data[leaf.end(2) :]


def restructure(rng: random.Random, data: bytes) -> bytes:
    """Elements deleted, doubled, moved, renamed or emptied, so that the XML stays well-formed."""
    root = etree.fromstring(data)
    for _ in range(rng.choice((1, 1, 2, 5))):
        elements = list(root.iterdescendants())
        if not elements:
            break
        element, other = rng.choice(elements), rng.choice(elements)
        parent = element.getparent()
        assert parent is not None
        match rng.randrange(6):
            case 0:
                parent.remove(element)
            case 1:
                element.addnext(copy.deepcopy(element))
            case 2:
                element.tag = other.tag
            case 3:
                element.clear()
            case 4:
                element.append(copy.deepcopy(other))
            case 5:
                element.text = rng.choice([text for text in GARBAGE if text.isprintable()])
    return etree.tostring(root)


MUTATIONS = (flip, flip, truncate, cut, splice, graft, retext, retext, restructure, restructure)


def check(report: Report) -> None:
    """What holds of every report that is let through."""
    for index, item in enumerate(report.loops):
        assert item.parent is None or item.parent < index
        assert item.depth == (0 if item.parent is None else report.loops[item.parent].depth + 1)
        for value in (item.trip_count, item.latency, item.initiation_interval, item.iteration_latency):
            assert all(end is None or 0 <= end < 2**63 for end in (value.minimum, value.maximum))
    for cycles in (report.latency.best, report.latency.average, report.latency.worst):
        assert cycles is None or 0 <= cycles < 2**63
    for text in (report.top, report.part, report.tool_version):
        assert text is None or text == text.strip() != ""


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damaged_report_gives_a_report_or_one_error_and_never_a_traceback(seed: int) -> None:
    rng = random.Random(seed)
    small, large = originals()
    read = 0
    for number in range(PER_ROUND):
        data = rng.choice(large if rng.random() < LARGE_SHARE else small)
        mutation = rng.choice(MUTATIONS)
        damaged = mutation(rng, data)
        try:
            check(parse_report(damaged, file="damaged.xml"))
            read += 1
        except PipelineError as error:
            message = str(error)
            assert message.startswith("damaged.xml") and "\n" not in message and len(message) < 600
        except Exception as error:
            raise AssertionError(f"seed {seed}, mutation {number} ({mutation.__name__})") from error
    assert 0 < read < PER_ROUND
