"""Sizes and alignments of a source's types, asked of the compiler."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.refusals import compile_c
from pipeline.project.source_text import plain_lines

_NAME = "hls_pipeline_sizes"
_ARRAY = re.compile(rf"@{_NAME} = [^\n]*?\[\d+ x i64\] (?:\[([^\]\n]*)\]|(zeroinitializer))")


def sizes_of(
    types: Mapping[str, Sequence[str]],
    source: str,
    *,
    file: str,
    flags: Flags = NO_FLAGS,
    folder: Path | None = None,
) -> Mapping[str, tuple[int, int, Mapping[str, int]]]:
    """Size and alignment in bytes of each type of file scope, named as C names it (``struct point``, ``word_t``), and
    the offsets of those of its members that ``types`` names with it.

    The compiler lays them out for the target that everything is read for; nothing is run. Raises PipelineError, with
    the place, where it refuses the source.
    """
    if not types:
        return {}
    asked = [f"sizeof({name}), _Alignof({name})" for name in types]
    asked += [f"__builtin_offsetof({name}, {member})" for name, members in types.items() for member in members]
    items = ", ".join(asked)
    text = f'{plain_lines(source)}\n#line 1 "sizes"\nunsigned long long {_NAME}[] = {{{items}}};\n'
    done, refusal = compile_c(text, ("-S", "-emit-llvm"), file=file, flags=flags, folder=folder)
    if refusal is not None:
        raise PipelineError(
            refusal.text, file=refusal.file, line=refusal.line, column=refusal.column, fix="mend the C source"
        )
    found = _ARRAY.search(done.output)
    if found is None:
        raise PipelineError("clang gives no sizes of its types", file=file, fix="check that it compiles")
    numbers = [int(item.split()[-1]) for item in found[1].split(",")] if found[1] else [0] * (len(asked) + len(types))
    sizes, places = iter(numbers), iter(numbers[2 * len(types) :])
    return {
        name: (next(sizes), next(sizes), {member: next(places) for member in members})
        for name, members in types.items()
    }
