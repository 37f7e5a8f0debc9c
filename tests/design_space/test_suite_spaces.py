"""The spaces of the kernel suite against the published facts and designs."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipeline.design_space import DesignSpace, design_key, parse_key, read_space
from tests.shared_data import shared

KERNELS = Path(__file__).resolve().parents[2] / "kernels"

SIZES = {
    "2mm": 492_787_501,
    "3mm": 17_658_216_447_701,
    "aes": 45,
    "correlation": 513_641_633_988,
    "fdtd-2d": 18_329_692_529,
    "gemm-blocked": 2_314,
    "mvt": 2_385_796,
    "nw": 15_288,
    "seidel-2d": 8_016,
    "stencil": 7_591,
}
"""Numbers of valid points of the spaces published with HLSyn (NeurIPS 2023)."""


def _space(name: str) -> DesignSpace:
    file = KERNELS / name / "space.toml"
    return read_space(file.read_text(encoding="utf-8"), file=str(file))


@pytest.mark.parametrize("name", sorted(SIZES))
def test_known_sizes(name: str) -> None:
    assert _space(name).size() == SIZES[name]


def test_small_suite_spaces_equal_enumeration_and_large_ones_rank_back() -> None:
    for name in ("aes", "atax", "nw", "stencil", "doitgen-red"):
        space = _space(name)
        rows = np.concatenate(list(space.batches(1000)))
        assert len(rows) == space.size() and space.contains_rows(rows).all()
    space = _space("3mm")
    for rank in (0, 1, 999_999_999_999, space.size() - 1):
        point = space.unrank(rank)
        assert space.rank(point) == rank and space.contains(point)
        assert next(space.points(rank)) == point


def test_sizes_candidates_and_defaults_of_all_kernels_equal_the_facts() -> None:
    facts = json.loads(shared("facts", "kernels.json").read_text(encoding="utf-8"))
    published = {("stencil" if name == "stencil_stencil2d" else name): fact for name, fact in facts.items()}
    names = [name for name, fact in published.items() if fact["language"] == "C"]
    assert len(names) == 42
    for name in names:
        space, fact = _space(name), published[name]
        assert space.kernel == name and space.size() == fact["design_space"]["valid_points"], name
        given = {
            site: (options["ds_type"].replace("TILING", "TILE"), tuple(options["candidates"]), options["default"])
            for site, options in fact["site_options"].items()
        }
        assert {site.name: (site.kind.value, site.values, site.default) for site in space.sites} == given


OUTSIDE = {
    "v18": {
        "seidel-2d": 747,
        "nw": 259,
        "atax": 162,
        "mvt": 115,
        "stencil": 49,
        "bicg": 32,
        "gemm-ncubed": 28,
        "gesummv": 22,
        "trmm": 4,
    },
    "v20": {
        "atax": 142,
        "mvt": 130,
        "nw": 80,
        "trmm": 53,
        "gemm-ncubed": 37,
        "stencil": 32,
        "gesummv": 21,
        "bicg": 2,
    },
}
"""Published designs outside their space, counted on the HLSyn archive."""


def test_published_designs_outside_the_spaces_are_those_known() -> None:
    found: dict[str, Counter[str]] = {"v18": Counter(), "v20": Counter()}
    designs: Counter[str] = Counter()
    with tarfile.open(shared("hlsyn", "HLSyn_designs.tar.gz")) as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.endswith(".json") else None
            if stream is None:
                continue
            version, name = Path(member.name).parts[-2], Path(member.name).stem
            space = _space(name)
            for key in json.load(stream):
                point = parse_key(key)
                assert design_key(point) == key and point.keys() == set(space.names)
                designs[version] += 1
                if not space.contains(point):
                    found[version][name] += 1
                    assert space.violations(point)
    assert designs == {"v18": 26_345, "v20": 12_674}
    assert {version: dict(counts) for version, counts in found.items()} == OUTSIDE
