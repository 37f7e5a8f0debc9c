"""From a kernel, or the path of a source file, to its program graph in one call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.graphs.build import build_graph
from pipeline.graphs.cache import cached_ir
from pipeline.graphs.graph import ProgramGraph
from pipeline.graphs.ir import read_ir
from pipeline.graphs.ir_view import CPP_SUFFIXES, kernel_from_ir
from pipeline.kernels.model import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.project import Project
from pipeline.project.compiler import find_compiler
from pipeline.project.ir import linked


def graph_of(
    kernel: Kernel | str | Path,
    *,
    cache: Path | None = None,
    top: str | None = None,
    include_folders: Sequence[Path] = (),
) -> ProgramGraph:
    """The program graph of a kernel, of a suite kernel by name, or of a C or C++ file by path.

    ``cache`` is a folder for compiled IR, None to keep none; ``top`` names the top function where that is not clear;
    headers are looked for beside the file and in ``include_folders``. A C++ file gives the IR's view alone
    (:mod:`pipeline.graphs.ir_view`). Raises PipelineError with file and line for what cannot be read or compiled.
    """
    if isinstance(kernel, str | Path) and str(kernel).lower().endswith(CPP_SUFFIXES):
        return _cpp_graph(Path(kernel), cache, top, include_folders)
    if not isinstance(kernel, Kernel):
        kernel = find_kernel(str(kernel), top=top)
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


def _cpp_graph(path: Path, cache: Path | None, top: str | None, include_folders: Sequence[Path]) -> ProgramGraph:
    try:
        source = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise PipelineError(
            f"cannot be read: {error.strerror or error}", file=str(path), fix="check the path and its rights"
        ) from None
    compiler = find_compiler()
    text = cached_ir(
        source, file=str(path), include_folders=_folders(str(path), include_folders), language="c++",
        compiler=compiler, cache=cache,
    )  # fmt: skip
    module = read_ir(text, file=str(path))
    return build_graph(kernel_from_ir(source, module, file=str(path), top=top), module, compiler=compiler.version)


def _folders(file: str, more: Sequence[Path]) -> list[Path]:
    beside = Path(file).parent
    return [*([beside] if beside.is_dir() else []), *more]
