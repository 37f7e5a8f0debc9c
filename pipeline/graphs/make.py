"""From a kernel, or the path of a source file, to its program graph in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.graphs.build import build_graph
from pipeline.graphs.cache import cached_ir
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.ir import read_ir
from pipeline.graphs.ir_view import CPP_SUFFIXES, kernel_from_ir
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.project import NO_FLAGS, Flags, Project
from pipeline.project.compiler import find_compiler
from pipeline.project.ir import linked
from pipeline.project.source_text import read_source


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
    :class:`Kernel` brings its own). A C++ file gives the IR's view alone
    (:mod:`pipeline.graphs.ir_view`). Raises PipelineError with file and line for what cannot be read or compiled.
    """
    if isinstance(kernel, str | Path) and str(kernel).lower().endswith(CPP_SUFFIXES):
        return _cpp_graph(Path(kernel), cache, top, include_folders, flags)
    if not isinstance(kernel, Kernel):
        kernel = find_kernel(str(kernel), top=top, flags=flags)
    compiler = find_compiler()
    project = kernel.project or Project(kernel.file)
    sources = {kernel.file: kernel.source} | {file: kernel.texts[file] for file in project.further}
    modules = [
        cached_ir(
            text, file=file, include_folders=_folders(file, include_folders), flags=project.flags, compiler=compiler,
            cache=cache,
        )
        for file, text in sources.items()
    ]  # fmt: skip
    module = read_ir(linked(modules, kernel.file), file=kernel.file)
    return build_graph(kernel, module, compiler=compiler.version)


def _cpp_graph(
    path: Path, cache: Path | None, top: str | None, include_folders: Sequence[Path], flags: Flags
) -> ProgramGraph:
    source = read_source(path)
    compiler = find_compiler()
    text = cached_ir(
        source, file=str(path), include_folders=_folders(str(path), include_folders), language="c++",
        flags=flags, compiler=compiler, cache=cache,
    )  # fmt: skip
    module = read_ir(text, file=str(path))
    return build_graph(kernel_from_ir(source, module, file=str(path), top=top), module, compiler=compiler.version)


def _folders(file: str, more: Sequence[Path]) -> list[Path]:
    beside = Path(file).parent
    return [*([beside] if beside.is_dir() else []), *more]
