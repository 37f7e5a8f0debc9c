"""From a kernel, or the path of a source file, to its program graph in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pipeline.graphs.build import build_graph
from pipeline.graphs.cache import cached_ir
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.ir import read_ir
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.project import NO_FLAGS, Flags, Project
from pipeline.project.compiler import find_compiler
from pipeline.project.cpp import CPP_SUFFIXES
from pipeline.project.ir import linked


def graph_of(
    kernel: Kernel | str | Path,
    *,
    cache: Path | None = None,
    top: str | None = None,
    include_folders: Sequence[Path] = (),
    flags: Flags = NO_FLAGS,
) -> ProgramGraph:
    """The program graph of a kernel, of a suite kernel by name, or of a C or C++ file by path.

    ``cache`` is a folder for compiled IR, None to keep none; ``top`` names the top function where that is not clear;
    headers are looked for beside the file, in ``include_folders`` and in those of the compiler's ``flags`` (a
    :class:`Kernel` brings its own). Raises PipelineError with file and line for what cannot be read or compiled.
    """
    if not isinstance(kernel, Kernel):
        kernel = find_kernel(str(kernel), top=top, flags=flags)
    compiler = find_compiler()
    project = kernel.project or Project(kernel.file)
    sources = {kernel.file: kernel.source} | {file: kernel.texts[file] for file in project.further}
    modules = [
        cached_ir(
            text, file=file, include_folders=_folders(file, include_folders), flags=project.flags, compiler=compiler,
            language="c++" if file.lower().endswith(CPP_SUFFIXES) else "c", cache=cache,
        )
        for file, text in sources.items()
    ]  # fmt: skip
    module = read_ir(linked(modules, kernel.file), file=kernel.file)
    if kernel.linkage:  # what the library's headers define is no part of the kernel
        known = {kernel.linkage.get(function.name, function.name) for function in kernel.functions}
        module = replace(module, functions=tuple(found for found in module.functions if found.name in known))
    return build_graph(kernel, module, compiler=compiler.version)


def _folders(file: str, more: Sequence[Path]) -> list[Path]:
    beside = Path(file).parent
    return [*([beside] if beside.is_dir() else []), *more]
