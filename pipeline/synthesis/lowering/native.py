"""Kernels whose sites are ``#pragma HLS`` lines: values take the place of placeholders, nothing else is decided."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.pragmas import MASK, PLACEHOLDER, normal_text, pragma_text
from pipeline.kernels.read import read_kernel
from pipeline.synthesis.lowering.prepare import Prepared

_LINE = re.compile(
    r"^([ \t]*#[ \t]*pragma[ \t]+HLS[ \t]+)([A-Za-z_]+)((?:[^\n\\]|\\\n|\\.)*)$", re.MULTILINE | re.IGNORECASE
)
_MASKED = re.compile(rf"\b{MASK}([A-Za-z_]\w*)\b")
_SLOT = re.compile(rf"auto\s*\{{\s*([A-Za-z_]\w*)\s*\}}|\b{MASK}([A-Za-z_]\w*)\b", re.IGNORECASE)
_VALUE = re.compile(r"[A-Za-z0-9_.]*")


def read_hls_kernel(
    source: str,
    *,
    file: str,
    name: str | None = None,
    top: str | None = None,
    include_folders: Sequence[Path] = (),
) -> Kernel:
    """A kernel whose ``#pragma HLS`` lines may hold placeholders in any directive and option.

    ``auto{NAME}`` may stand for a value (``array_partition variable=A cyclic factor=auto{F}``, ``bind_op variable=s
    op=dadd impl=auto{I}``) or for what follows the directive (``inline auto{X}``, ``dataflow auto{X}``). Placeholders
    of ``pipeline`` and ``unroll`` alone become sites of the kernel; :func:`hls_sites` names all. Raises PipelineError
    as :func:`pipeline.kernels.read.read_kernel` does.
    """

    def masked(match: re.Match[str]) -> str:
        slots = PLACEHOLDER.findall(match[3])
        if match[2].lower() in ("pipeline", "unroll") and len(slots) < 2:
            return match[0]
        return match[1] + match[2] + PLACEHOLDER.sub(lambda slot: f"{MASK}{slot[1]}", match[3])

    text = _LINE.sub(masked, source)
    kernel = read_kernel(text, file=file, name=name, top=top, include_folders=include_folders)
    repeated = [site for site in _all_slots(kernel) if _all_slots(kernel).count(site) > 1]
    if repeated:
        raise PipelineError(f"placeholder {repeated[0]} is used twice", file=file, fix="keep one")
    return replace(kernel, source=text)


def hls_sites(kernel: Kernel) -> tuple[str, ...]:
    """The names of all placeholders in ``#pragma HLS`` lines, sorted."""
    return tuple(sorted(set(_all_slots(kernel))))


def _all_slots(kernel: Kernel) -> list[str]:
    found: list[str] = []
    for node in pragma_nodes(kernel.ast):
        text = pragma_text(node)
        if text.split()[:1] and text.split()[0].lower() == "hls":
            found += [match[1] or match[2] for match in _SLOT.finditer(text)]
    return found


def pragma_nodes(node: c_ast.Node) -> Iterator[c_ast.Pragma]:
    """All pragmas at or below a node, in the order of the text."""
    if isinstance(node, c_ast.Pragma):
        yield node
        return
    for _, child in node.children():
        yield from pragma_nodes(child)


def with_values(prepared: Prepared, text: str, point: Mapping[str, int | str]) -> str | None:
    """The words of a ``#pragma HLS`` with values for its placeholders and macros; None where a value takes it away.

    The empty value (and blanks, and ``flatten`` of a pipeline) leaves its option out, ``off`` for an option of
    ``pipeline`` turns the pragma into ``pipeline off``, ``none`` takes the pragma away.
    """
    words = normal_text(_SLOT.sub(lambda slot: f"{MASK}{slot[1] or slot[2]}", text)).split()
    directive = words[1].lower() if len(words) > 1 else ""
    text = re.sub(r"\s*=\s*", "=", " ".join(words))
    kept: list[str] = []
    for word in text.split():
        slot = _MASKED.search(word)
        if slot is None:
            kept.append(_expanded(prepared, word))
            continue
        value = str(point[slot[1]]).strip()
        if not _VALUE.fullmatch(value):
            raise PipelineError(
                f"{value[:60]!r} cannot be the value of {slot[1]}",
                file=prepared.kernel.file,
                fix="use a number or a word of letters, digits, '_' and '.'",
            )
        if value == "none":
            return None
        if directive == "pipeline" and value == "off":
            return "HLS pipeline off"
        if value == "" or (directive == "pipeline" and value == "flatten"):
            continue
        kept.append(word[: slot.start()] + value + word[slot.end() :])
    return " ".join(kept)


def _expanded(prepared: Prepared, word: str) -> str:
    """A word with the file's plain macros put in, as the tool's own preprocessor does in pragmas."""
    option, equals, value = word.rpartition("=")
    for _ in range(20):
        if value not in prepared.macros:
            break
        value = prepared.macros[value].strip("() ")
    return f"{option}{equals}{value}" if equals else word
