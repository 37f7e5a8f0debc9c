"""A design in the user's own files as the terms of the kernel's sites write it: for a tool that reads pragmas."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import PipelineError
from pipeline.kernels.annotate import annotated_files
from pipeline.kernels.model import Kernel
from pipeline.synthesis.lowering.delivery import deliver
from pipeline.synthesis.lowering.result import LoweredSources
from pipeline.synthesis.lowering.user_files import user_files
from pipeline.terms import Dialect


def with_pragmas(kernel: Kernel, point: Mapping[str, int | str]) -> LoweredSources:
    """All files of the kernel below one folder with the pragmas of a design: ``#pragma HLS`` for sites in the tool's
    own terms, else the values in place of the placeholders (or Merlin's pragmas before their loops).

    Raises PipelineError where a site has no place in them, and where only a directive beside them can say a value.
    """
    if kernel.dialect == Dialect.VITIS_PLAIN:
        sources = deliver(kernel, point)
        if sources.directives:
            raise PipelineError(
                f"no pragma in the files says {sources.directives.splitlines()[0]}",
                file=kernel.file,
                fix="write that pragma into the source, or leave the site out with --keep",
            )
        return sources
    user = user_files(kernel)
    texts = dict(user.texts) | annotated_files(kernel, point)
    return LoweredSources({user.names[file]: texts[file] for file in user.texts}, kernel.top)
