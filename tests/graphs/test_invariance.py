"""Names and layout do not change the graph; what the code does, does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.graphs.graph import ProgramGraph, write_graph
from pipeline.graphs.make import graph_of
from pipeline.kernels.suite import find_kernel
from tests.graphs.isomorphism import colours

Build = Callable[..., ProgramGraph]
_WORD = re.compile(r"0x[0-9a-fA-F]+|[A-Za-z_]\w*|\"[^\"]*\"|/\*.*?\*/|^[ \t]*#[^\n]*", re.MULTILINE | re.DOTALL)
_KEEP = {
    *("void", "int", "double", "float", "char", "long", "short", "unsigned", "signed", "const", "static", "struct"),
    *("for", "while", "do", "if", "else", "return", "typedef", "break", "continue", "sizeof", "auto"),
}


def renamed(source: str) -> str:
    """The source with every identifier of its own renamed; pragma lines only where they name a reduction variable."""
    names: dict[str, str] = {}

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        if word in _KEEP or not (word[0].isalpha() or word[0] == "_"):
            return word
        return names.setdefault(word, f"q{len(names) * 7 % 1000}_{len(names)}x")

    return _WORD.sub(swap, source)


def reformatted(source: str) -> str:
    """The source with other indentation, blank lines and one statement broken over lines."""
    lines = []
    for line in source.split("\n"):
        if line.lstrip().startswith("#"):
            lines.append(line)
        else:
            lines += ["", "      " + line.replace("  ", " ").replace(" = ", "\n=   ").replace("; ", " ;  ")]
    return "\n".join(lines)


@pytest.mark.parametrize("name", ["gemm-ncubed", "spmv-crs", "aes", "nw", "stencil-3d", "symm"])
def test_renaming_or_reformatting_the_c_would_need_new_training_data(build: Build, name: str) -> None:
    kernel = find_kernel(name)
    own = colours(build(kernel.source, top=kernel.top))
    assert colours(build(reformatted(kernel.source), top=kernel.top)) == own
    other = renamed(kernel.source)
    top = renamed_top(kernel.source, kernel.top)
    assert other != kernel.source
    assert colours(build(other, top=top)) == own


def renamed_top(source: str, top: str) -> str:
    """What :func:`renamed` calls the top function."""
    marked = re.sub(rf"\b{top}\b(?=\s*\()", f"{top}", source)
    match = re.search(r"([A-Za-z_]\w*)\s*\($", renamed(marked[: re.search(rf"\b{top}\s*\(", marked).end()]))  # type: ignore[union-attr]
    assert match is not None
    return match[1]


def test_a_changed_kernel_gives_another_graph(build: Build) -> None:
    source = find_kernel("gemm-ncubed").source
    own = colours(build(source))
    for old, new in (("k < 64", "k < 32"), ("sum += mult", "sum -= mult"), ("m2[k_col + j]", "m2[k_col + i]")):
        assert old in source
        assert colours(build(source.replace(old, new))) != own


def test_the_same_kernel_gives_the_same_bytes_anywhere(tmp_path: Path) -> None:
    source = find_kernel("aes").source
    written = []
    for folder in ("one", "another/deeper folder"):
        place = tmp_path / folder
        place.mkdir(parents=True)
        (place / "aes.c").write_text(source)
        paths = write_graph(place / "graph", graph_of(place / "aes.c", top="aes256_encrypt_ecb"))
        written.append([path.read_bytes() for path in paths])
    assert written[0] == written[1]
