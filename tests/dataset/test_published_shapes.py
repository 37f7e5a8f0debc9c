"""Label sets that nobody has seen yet: other versions, kernels, containers, and damage."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dataset.archive import read_files
from pipeline.dataset.published import KernelLabels, read_label_set
from pipeline.dataset.published_record import parse_label_file
from pipeline.errors import PipelineError
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus
from tests.dataset.label_sets import entry, write_tar

KEY = "__PARA__L0-1"
SET = {KEY: entry(5000.0, (100, 50, 30000, 20000))}
TILED = {"__PARA__L0-1.__TILE__L0-1": entry(5000.0, (100, 50, 30000, 20000), __PARA__L0=1, __TILE__L0=1)}


def one(path: Path, **options: Any) -> KernelLabels:
    (labels,) = read_label_set(path, **options)
    return labels


def of(record: dict[str, Any], tmp_path: Path, **options: Any) -> KernelLabels:
    return one(write_tar(tmp_path / "set.tgz", {"designs/v9/mine.json": {KEY: record}}), **options)


def test_full_layout_with_sources_and_graphs_gives_the_designs_alone(tmp_path: Path) -> None:
    archive = write_tar(
        tmp_path / "full.tar.gz",
        {
            "HLSyn-main/README.json": b"not a label file",
            "HLSyn-main/data/sources/2mm_kernel.c": b"int x;",
            "HLSyn-main/data/graphs/2mm.gexf": b"<gexf/>",
            "HLSyn-main/data/designs/v21/2mm.json": SET,
            "HLSyn-main/data/designs/v21/own-kernel.json": TILED,
            "HLSyn-main/data/designs/v18/stencil_stencil2d.json": SET,
            "HLSyn-main/data/designs/v18/._2mm.json": b"\0\5",
        },
    )
    found = [(labels.source, labels.kernel, len(labels.designs)) for labels in read_label_set(archive)]
    assert found == [("hlsyn-v18", "stencil", 1), ("hlsyn-v21", "2mm", 1), ("hlsyn-v21", "own-kernel", 1)]
    assert one(write_tar(tmp_path / "x.tar.gz", {"designs/V7/a.json": SET}), source_prefix="mine").source == "mine-v7"


def test_every_container_gives_the_same_labels(tmp_path: Path) -> None:
    text = json.dumps(SET)
    folder = tmp_path / "folder" / "designs" / "v20"
    folder.mkdir(parents=True)
    (folder / "2mm.json").write_text(text)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("data/designs/v20/2mm.json", text)
    write_tar(tmp_path / "set.tar.gz", {"data/designs/v20/2mm.json": SET})
    plain_tar = tmp_path / "set.tar"
    plain_tar.write_bytes(gzip.decompress((tmp_path / "set.tar.gz").read_bytes()))
    places = ["folder", "folder/designs", "folder/designs/v20", "set.zip", "set.tar.gz", "set.tar"]
    found = [one(tmp_path / place) for place in places]
    assert len({(labels.source, labels.kernel) for labels in found}) == 1
    assert all(labels.designs == found[0].designs for labels in found)


def test_a_flat_set_without_a_source_is_refused_with_the_way_out(tmp_path: Path) -> None:
    flat = write_tar(tmp_path / "flat.tar.gz", {"designs/2mm.json": SET})
    with pytest.raises(PipelineError, match="--source NAME"):
        list(read_label_set(flat))
    assert one(flat, source="mine").source == "mine"
    single = tmp_path / "2mm.json"
    single.write_text(json.dumps(SET))
    assert (one(single, source="mine").kernel, one(single, source="mine").file) == ("2mm", str(single))
    both = write_tar(tmp_path / "both.tar.gz", {"designs/v1/a.json": SET, "designs/v2/a.json": SET})
    with pytest.raises(PipelineError, match="would mix"):
        list(read_label_set(both, source="mine"))
    for bad in ("../x", "A", "a/b", "", "a" * 65):
        with pytest.raises(PipelineError, match="source"):
            list(read_label_set(flat, source=bad))


@pytest.mark.parametrize(
    ("perf", "cycles", "status"),
    [
        (5000, 5000, DesignStatus.OK),
        (5000.0, 5000, DesignStatus.OK),
        ("5000", 5000, DesignStatus.OK),
        ("5000.0", 5000, DesignStatus.OK),
        (99.0, 99, DesignStatus.OK),
        (2.0**40, 2**40, DesignStatus.OK),
        (0.0, None, DesignStatus.OK),
        (float("inf"), None, DesignStatus.NO_VERDICT),
        ("Infinity", None, DesignStatus.NO_VERDICT),
        (float("nan"), None, DesignStatus.NO_VERDICT),
        (None, None, DesignStatus.NO_VERDICT),
        (-1, None, DesignStatus.NO_VERDICT),
        (12.5, None, DesignStatus.NO_VERDICT),
        (1e300, None, DesignStatus.NO_VERDICT),
        (10**400, None, DesignStatus.NO_VERDICT),
    ],
)
def test_a_perf_that_is_no_count_of_cycles_becomes_null_with_its_reason(
    perf: object, cycles: int | None, status: DesignStatus, tmp_path: Path
) -> None:
    label = of(entry(perf, (100, 0, 30000, 20000)), tmp_path).designs[0].label
    assert (label.cycles, label.status) == (cycles, status)
    assert (label.reason is None) == (cycles is not None)
    assert label.used == Resources(bram_18k=100, ff=30000, lut=20000)
    assert label.published_utilisation is not None
    assert label.published_utilisation.dsp == 0.0


def test_missing_fields_stay_unknown(tmp_path: Path) -> None:
    label = of({"perf": 700}, tmp_path).designs[0].label
    assert (label.cycles, label.used, label.available) == (700, Resources(), Resources())
    assert label.published_utilisation is None
    assert label.published_valid is None
    bare = of({}, tmp_path).designs[0]
    assert bare.label.status is DesignStatus.FAILED_UNSPECIFIED
    assert bare.point == {"__PARA__L0": 1}, "a point that is not given is read from the key"
    extra = of({**entry(700.0, (9, 9, 90000, 90000)), "notes": [1], "tool": {"a": None}}, tmp_path)
    assert extra.designs[0].label.used == Resources(9, 9, 90000, 90000)


def test_a_failed_design_has_no_measurement_at_all(tmp_path: Path) -> None:
    label = of(entry(0.0, (0, 0, 0, 0), valid=False), tmp_path).designs[0].label
    assert label.status is DesignStatus.FAILED_UNSPECIFIED
    assert (label.used, label.available, label.published_utilisation) == (Resources(), Resources(), None)
    assert label.published_valid is False


def test_the_capacity_of_another_device_is_not_guessed(tmp_path: Path) -> None:
    record = entry(700.0, (100, 50, 30000, 20000))
    record["res_util"]["util-LUT"] = 0.09
    assert of(record, tmp_path).designs[0].label.available == Resources()


def test_dialects_are_told_apart_by_what_only_one_of_them_has(tmp_path: Path) -> None:
    def dialect(point: dict[str, object], **resources: float) -> str:
        record = {"point": point, "perf": 500.0, "res_util": resources, "valid": True}
        return of(record, tmp_path).dialect

    assert dialect({"__PIPE__L0": "flatten"}) == "merlin"
    assert dialect({"__PIPE__L0": "", "__TILE__L0": 1}) == "merlin"
    assert dialect({"__PIPE__L0": "off", "__PARA__L0": 1}) == "merlin"
    assert dialect({"__PIPE__L0": "   "}) == "vitis-plain"
    assert dialect({"__PIPE__L0": ""}, **{"total-URAM": 0}) == "vitis-plain"
    assert dialect({"__PIPE__L0": ""}, **{"total-DSP": 14, "util-DSP": 14 / 5130}) == "vitis-plain"
    with pytest.raises(PipelineError, match="--dialect"):
        dialect({"__PIPE__L0": "   ", "__PIPE__L1": "flatten"})
    zero = of(entry(500.0, (0, 0, 0, 90)), tmp_path, dialect="vitis-plain").designs[0].label.used
    assert zero == Resources(0, 0, 0, 90), "a zero of the plain set is a count"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[1, 2]", "array"),
        (b'{"a": 3}', "'a'"),
        (b'{"a": {"perf": "fast"}}', "'fast'"),
        (b'{"a": {"perf": true}}', "not a number"),
        (b'{"a": {"perf": 1, "res_util": 5}}', "res_util"),
        (b'{"a": {"perf": 1, "valid": "maybe"}}', "maybe"),
        (b'{"a": {"perf": 1, "point": {"x": null}}}', "'x'"),
        (b'{"a": {"perf": 1}, "a": {"perf": 2}}', "twice"),
        (b"[" * 100_000, "nested|JSON|recursion"),
        (b'{"a": {"perf": ' + b"9" * 5000 + b"}}", "digits"),
    ],
)
def test_a_bad_file_is_named_and_the_others_still_arrive(content: bytes, said: str, tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "x.tar.gz", {"designs/v1/bad.json": content, "designs/v1/good.json": SET})
    problems: list[PipelineError] = []
    assert [labels.kernel for labels in read_label_set(archive, on_problem=problems.append)] == ["good"]
    (problem,) = problems
    assert "designs/v1/bad.json" in str(problem)
    assert "\n" not in str(problem)
    reader = read_label_set(archive)
    assert next(reader).kernel == "good"
    with pytest.raises(PipelineError, match=said):
        next(reader)


def test_links_and_names_that_lead_out_are_ignored(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(SET))
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind, target in (
            ("designs/v1/link.json", tarfile.SYMTYPE, str(secret)),
            ("designs/v1/hard.json", tarfile.LNKTYPE, "designs/v1/link.json"),
            ("designs/v1/pipe.json", tarfile.FIFOTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        for name in ("designs/v1/../../../up.json", "/designs/v1/../x.json", "designs/v1/good.json"):
            content = json.dumps(SET).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    before = sorted(tmp_path.iterdir())
    assert [labels.kernel for labels in read_label_set(path)] == ["good"]
    assert sorted(tmp_path.iterdir()) == before, "nothing is extracted"


def test_a_decompression_bomb_stops_at_the_limit(tmp_path: Path) -> None:
    bomb = write_tar(tmp_path / "bomb.tar.gz", {"designs/v1/a.json": b" " * 3_000_000})
    with pytest.raises(PipelineError, match="limit of 1,000,000 bytes"):
        list(read_files(bomb, lambda parts: True, max_file_bytes=1_000_000))


@pytest.mark.parametrize("kind", ["missing", "text", "truncated", "empty", "nothing"])
def test_an_unusable_path_gives_one_line(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "set.tar.gz"
    if kind == "text":
        path.write_text("version https://git-lfs.github.com/spec/v1\n")
    elif kind == "truncated":
        files: dict[str, object] = {f"designs/v1/k{i}.json": os.urandom(4000) for i in range(20)}
        path.write_bytes(write_tar(tmp_path / "whole", files).read_bytes()[:20_000])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "nothing":
        write_tar(path, {"readme.txt": b"x"})
    with pytest.raises(PipelineError) as caught:
        list(read_label_set(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["", "off", "flatten", "   ", "4", "1e3", "Infinity", "~0%", "\x00", "NA"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["util-BRAM", "total-BRAM", "total-DSP", "util-DSP", "total-URAM", "util_LUT", "total-LUT18", "x"]
)
NUMBERS = st.none() | st.integers(-5, 10**7) | st.floats(-1, 1e7) | JSON_VALUES
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "perf": NUMBERS,
        "valid": st.booleans() | JSON_VALUES,
        "point": st.dictionaries(st.sampled_from(["__PARA__L0", "__PIPE__L0", "__TILE__L1"]), NUMBERS) | JSON_VALUES,
        "res_util": st.dictionaries(FIELDS, NUMBERS) | JSON_VALUES,
        "other": JSON_VALUES,
    },
)


@settings(max_examples=150, deadline=None)
@given(
    document=st.dictionaries(st.text(max_size=12), RECORDS | JSON_VALUES, max_size=4),
    dialect=st.none() | st.just("merlin"),
)
def test_any_json_gives_labels_or_one_line(
    document: dict[str, Any], dialect: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        (labels,) = read_label_set(path, source="mine", dialect=dialect)
    except PipelineError as error:
        assert "\n" not in str(error)
        return
    assert [design.key for design in labels.designs] == list(document)
    for design in labels.designs:
        label = design.label
        assert label.cycles is None or 0 < label.cycles < 2**63
        assert label.cycles is not None or label.reason


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_records_or_one_line(content: bytes) -> None:
    try:
        parse_label_file(content, "set.json")
    except PipelineError as error:
        assert "\n" not in str(error)
        assert str(error).startswith("set.json")
