"""A source that would take for ever, or shows what is not its own, gives one line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.kernels.read import load_kernel
from pipeline.project import parse_flags
from pipeline.project.compiler import ReadingLimits, limit_reading

_BODY = "void top(int a[4]) { for (int i = 0; i < 4; i++) a[i]++; }\n"


@pytest.fixture
def little_time() -> Iterator[None]:
    limit_reading(lambda: ReadingLimits(seconds=0.5))
    yield
    limit_reading(ReadingLimits)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.usefixtures("little_time")
def test_a_header_that_never_ends_is_given_up_at_the_limit_of_reading(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.h")
    (tmp_path / name).write_text(f'#include "pipe.h"\n{_BODY}')
    with pytest.raises(PipelineError, match=r"did not finish within 0.5 s; .* raise seconds .* in \[reading\]") as said:
        load_kernel(tmp_path / name)
    assert "\n" not in str(said.value)


def test_a_source_that_needs_too_much_memory_is_given_up_at_the_limit_of_reading(tmp_path: Path) -> None:
    (tmp_path / "kernel.cpp").write_text(f"int big[100000000] = {{[99999999] = 1}};\n{_BODY}")
    limit_reading(lambda: ReadingLimits(seconds=60, memory_bytes=2**29))
    try:
        with pytest.raises(PipelineError, match=r"needs more than 0.5 GiB of memory; .* memory_gib in \[reading\]"):
            load_kernel(tmp_path / "kernel.cpp")
    finally:
        limit_reading(ReadingLimits)


@pytest.mark.parametrize("name", ["kernel.c", "kernel.cpp"])
@pytest.mark.parametrize("text", ["hidden:x:1\n", "int a = 1;;; struct {{ hidden\n", '"hidden" hidden = hidden;\n'])
@pytest.mark.parametrize("asked", [True, False])
def test_messages_quote_nothing_of_a_file_that_is_no_source(tmp_path: Path, name: str, text: str, asked: bool) -> None:
    (tmp_path / "shadow").write_text(text)
    (tmp_path / name).write_text(_BODY if asked else f'#include "shadow"\n{_BODY}')
    flags = parse_flags(f"-include {tmp_path / 'shadow'}" if asked else "")
    with pytest.raises(PipelineError, match=r"shadow:1:.*what stands there is no C") as said:
        load_kernel(tmp_path / name, flags=flags)
    assert "hidden" not in str(said.value)
