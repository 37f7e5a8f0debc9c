"""IR kept by content: never stale, never half, never in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.graphs import cache as cache_module
from pipeline.graphs.cache import cached_ir, headers_of
from pipeline.project.ir import compile_to_ir

SOURCE = '#include "size.h"\nvoid top(int a[N]) { for (int i = 0; i < N; i++) a[i] = i; }\n'


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were compiled."""
    compiled: list[str] = []

    def compile_and_count(source: str, **options: Any) -> str:
        compiled.append(str(options["file"]))
        return compile_to_ir(source, **options)

    monkeypatch.setattr(cache_module, "compile_to_ir", compile_and_count)
    return compiled


def test_a_changed_header_is_not_served_from_the_cache(tmp_path: Path, counted: list[str]) -> None:
    header, cache = tmp_path / "size.h", tmp_path / "cache"
    header.write_text("#define N 5\n")

    def ir() -> str:
        return cached_ir(SOURCE, file="k.c", include_folders=[tmp_path], cache=cache)

    first = ir()
    assert ir() == first and len(counted) == 1
    header.write_text("#define N 6\n")
    assert ir() != first and len(counted) == 2
    header.write_text("#define N 5\n")
    assert ir() == first and len(counted) == 2


def test_a_damaged_entry_is_made_again(tmp_path: Path, counted: list[str]) -> None:
    source, cache = "void top(int *a) { a[0] = 1; }\n", tmp_path / "cache"
    first = cached_ir(source, file="k.c", cache=cache)
    (entry,) = cache.iterdir()
    whole = entry.read_bytes()
    for broken in (b"", whole[:-5], whole[:60] + b"x" + whole[61:], b"other" + whole):
        entry.write_bytes(broken)
        assert cached_ir(source, file="k.c", cache=cache) == first
        assert entry.read_bytes() == whole
    assert len(counted) == 5
    assert [path.name for path in cache.iterdir()] == [entry.name]


def test_an_include_that_only_a_macro_names_is_compiled_each_time(tmp_path: Path, counted: list[str]) -> None:
    (tmp_path / "size.h").write_text("#define N 5\n")
    source = '#define H "size.h"\n#include H\nint top(void) { return N; }\n'
    assert headers_of(source.encode(), [tmp_path]) is None
    for _ in range(2):
        cached_ir(source, file="k.c", include_folders=[tmp_path], cache=tmp_path / "cache")
    assert len(counted) == 2


def test_what_the_compiler_refuses_is_not_kept(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(PipelineError, match=r"k\.c:1"):
            cached_ir("void top( {\n", file="k.c", cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_device_that_is_included_is_refused_before_the_compiler_reads_it(tmp_path: Path) -> None:
    source = '#include "/dev/zero"\nvoid k(int a[4]) { a[0] = 1; }\n'
    with pytest.raises(PipelineError, match="/dev/zero: is a device"):
        cached_ir(source, file="k.cpp", language="c++", cache=tmp_path)
