"""What is no report: one clear error, nothing followed, memory bounded."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.reports import MAX_BYTES, parse_report
from tests.reports.samples import ONE_MODULE, aggregate, module

ROOT = Path(__file__).resolve().parents[2]
TEXT = ONE_MODULE.decode()
LAUGHS = "<!DOCTYPE profile [<!ENTITY a0 'ha'>" + "".join(
    f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)
)

HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "blank": (b" \n\t ", "empty"),
    "text": (b"latency: 12 cycles", "not well-formed"),
    "binary": (bytes(range(256)) * 4, "binary"),
    "compressed": (gzip.compress(ONE_MODULE), "not well-formed|binary"),
    "utf-32": (TEXT.encode("utf-32-be"), "binary"),
    "document type in utf-16": (f"<!DOCTYPE profile>{TEXT}".encode("utf-16"), "document type"),
    "unknown encoding": (b'<?xml version="1.0" encoding="none"?>' + ONE_MODULE, "not well-formed"),
    "late zero byte": (ONE_MODULE.replace(b"65536", b"65\x00536"), "not well-formed"),
    "wrong root": (b"<html><body/></html>", "root element is 'html'"),
    "nothing known": (
        b"<profile><AreaEstimates><Resources><LUT>-1</LUT><DSP>many</DSP></Resources></AreaEstimates></profile>",
        "holds no figure.*Resources/DSP.*many",
    ),
    "bare root": (b"<profile/>", "no synthesis report"),
    "two reports": (ONE_MODULE + ONE_MODULE, "not well-formed"),
    "truncated": (ONE_MODULE[:1500], "not well-formed"),
    "unclosed": (ONE_MODULE.replace(b"</Resources>", b""), "not well-formed"),
    "undefined entity": (ONE_MODULE.replace(b"blur", b"&top;"), "not well-formed"),
    "deep": (b"<profile>" + b"<a>" * 200_000 + b"</a>" * 200_000 + b"</profile>", "depth"),
    "deep instances": (
        aggregate("k", "<Instance><InstancesList>" * 500 + "</InstancesList></Instance>" * 500, module("k")),
        "depth",
    ),
    "laughing entities": ((LAUGHS + "]>" + TEXT.replace("blur", "&a11;")).encode(), "document type"),
    "entities in an attribute": (
        (LAUGHS + "]>" + TEXT.replace("<Loop2>", "<Loop2 x='&a11;'>")).encode(),
        "document type",
    ),
    "quiet document type": (b"<!DOCTYPE profile SYSTEM 'http://localhost/x.dtd'>" + ONE_MODULE, "document type"),
    "hidden document type": (
        b"<?xml version='1.0' encoding='UTF-7'?>+ADwAIQ-DOCTYPE profile+AD4-<profile/>",
        "document type|not well-formed",
    ),
    "endless text": (b"<profile>" + b"x" * 11_000_000 + b"</profile>", "not well-formed"),
    "too many tags": (b"<profile>" + b"<a/>" * 3_000_000 + b"</profile>", "tags and attributes"),
    "too large": (b"<profile>" + b" " * MAX_BYTES + b"</profile>", "bytes that a report may have"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_report_gives_one_line_that_says_what_to_do(name: str) -> None:
    data, expected = HOSTILE[name]
    with pytest.raises(PipelineError, match=expected) as caught:
        parse_report(data, file="runs/csynth.xml")
    message = str(caught.value)
    assert message.startswith("runs/csynth.xml") and caught.value.fix
    assert "\n" not in message and len(message) < 500 and message.isascii()


def test_no_file_is_read_through_an_entity(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read me")
    for declaration in (
        f"<!ENTITY top SYSTEM '{secret.as_uri()}'>",
        f"<!ENTITY % top SYSTEM '{secret.as_uri()}'> %top;",
        "<!ENTITY top SYSTEM 'file:///etc/passwd'>",
    ):
        data = f"<!DOCTYPE profile [{declaration}]>{TEXT.replace('blur', '&top;')}".encode()
        with pytest.raises(PipelineError) as caught:
            parse_report(data)
        assert "document type" in str(caught.value)
        assert "do not read" not in str(caught.value) and "root:" not in str(caught.value)


MEASURE = """
import resource, sys
from pathlib import Path
from pipeline.errors import PipelineError
from pipeline.reports import read_report

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_report(Path(sys.argv[1]))
    said = "a report"
except PipelineError as error:
    said = str(error)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
scale = 1 if sys.platform == "darwin" else 1024
print((after - before) * scale)
print(said)
"""


def measured(path: Path) -> tuple[int, str]:
    """Peak memory in bytes that reading the file added in a fresh process, and what came out."""
    run = subprocess.run([sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    grown, said = run.stdout.splitlines()
    return int(grown), said


def test_hundred_megabytes_are_refused_without_being_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "csynth.xml"
    entry = module("f").encode()
    start, end = aggregate("k", "", "").split(b"</ModuleInformation>")
    with path.open("wb") as stream:
        stream.write(start)
        for _ in range(100 * 2**20 // len(entry)):
            stream.write(entry)
        stream.write(b"</ModuleInformation>" + end)
    assert path.stat().st_size > 99 * 2**20
    grown, said = measured(path)
    assert "bytes that a report may have" in said and said.startswith(str(path))
    assert grown < 2 * MAX_BYTES


def test_densest_input_below_the_limits_keeps_memory_bounded(tmp_path: Path) -> None:
    path = tmp_path / "csynth.xml"
    path.write_bytes(b"<profile>" + b'<a b=""/>' * 1_490_000 + b"</profile>")
    grown, said = measured(path)
    assert "no synthesis report" in said
    assert grown < 1024 * 2**20
