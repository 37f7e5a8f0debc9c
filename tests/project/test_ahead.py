"""Headers compiled ahead: kept for the next process, made anew where they do not fit, never taken from others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.project import ahead
from pipeline.project.compiler import CompilerRun, run
from pipeline.project.cpp import read_cpp

SOURCE = '#include "ap_int.h"\nint top(ap_int<7> a) { return a + 1; }\n'


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Which headers were compiled, under a cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made: list[str] = []

    def counted(command: Sequence[str], **rest: Any) -> CompilerRun:
        made.append(command[-1])
        return run(command, **rest)

    monkeypatch.setattr(ahead, "run", counted)
    _new_process()
    yield made
    _new_process()


def _new_process() -> None:
    ahead.compiled_ahead.cache_clear()
    ahead._shelf.cache_clear()


def _names(folder: Path) -> list[str]:
    _new_process()
    return [str(child.get("name")) for child in read_cpp(SOURCE, file=str(folder / "k.cpp")).root["inner"]]


def test_the_next_process_takes_what_the_last_one_compiled(runs: list[str], tmp_path: Path) -> None:
    first = _names(tmp_path)
    assert (_names(tmp_path), len(runs)) == (first, 1)
    assert not list((tmp_path / "cache").rglob("making-*"))


@pytest.mark.parametrize("damage", [b"", b"no such thing", None])
def test_what_the_compiler_does_not_take_is_made_anew(runs: list[str], tmp_path: Path, damage: bytes | None) -> None:
    first = _names(tmp_path)
    (kept,) = (tmp_path / "cache").rglob("*.pch")
    kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2] if damage is None else damage)
    assert _names(tmp_path)[-1] == first[-1] == "top"
    assert (_names(tmp_path), len(runs)) == (first, 2)


def test_headers_that_changed_since_are_not_taken_as_they_were(runs: list[str], tmp_path: Path) -> None:
    _names(tmp_path)
    (kept,) = (tmp_path / "cache").rglob("*.h")
    kept.write_text(kept.read_text() + "#include <cstdint>\n")
    assert _names(tmp_path)[-1] == "top"


def test_a_folder_that_others_can_write_is_not_read_from(runs: list[str], tmp_path: Path) -> None:
    _names(tmp_path)
    (tmp_path / "cache/hls-pipeline/headers").chmod(0o777)
    assert (_names(tmp_path)[-1], len(runs)) == ("top", 2)


def test_those_not_used_for_longest_are_forgotten(runs: list[str], tmp_path: Path) -> None:
    for number in range(ahead._MOST_KEPT + 2):
        ahead.compiled_ahead(("cstdint",), (*_plain(), f"-DN={number}", "-x", "c++-header"), tmp_path, "k.cpp")
    assert len(list((tmp_path / "cache").rglob("*.pch"))) == len(list((tmp_path / "cache").rglob("*.sum"))) == 12


def _plain() -> tuple[str, ...]:
    from pipeline.project.cpp import _command
    from pipeline.project.flags import NO_FLAGS

    return tuple(_command(NO_FLAGS, "/")[:-2])
