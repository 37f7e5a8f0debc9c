"""A kernel and its design space as AutoDSE (ACM TODAES 27, 2022) takes them: C with ``auto{NAME}``, ds_config.json."""

from __future__ import annotations

import re

from pipeline.design_space import DesignSpace, write_autodse
from pipeline.errors import PipelineError
from pipeline.kernels.annotate import annotate
from pipeline.kernels.model import Kernel
from pipeline.terms import Dialect

CONFIGURATION = "ds_config.json"


def autodse_files(kernel: Kernel, space: DesignSpace) -> dict[str, str]:
    """File name to text. Raises PipelineError for a kernel with placeholders that AutoDSE has no kind for."""
    if kernel.options or any(site.dialect != Dialect.MERLIN for site in kernel.sites):
        raise PipelineError(
            "has #pragma HLS placeholders, which AutoDSE does not know",
            file=kernel.file,
            fix="export kernels with ACCEL pragmas",
        )
    return {CONFIGURATION: write_autodse(space), f"{kernel.name}.c": with_placeholders(kernel)}


def with_placeholders(kernel: Kernel) -> str:
    """The source with ``auto{NAME}`` at every site, also at those that were proposed and do not stand in the file."""
    if not any(site.proposed for site in kernel.sites):
        return kernel.source
    # A site's name is a word that a pragma may hold; braces come after, so that annotate's check stays as it is.
    source = annotate(kernel, {site.name: site.name for site in kernel.sites})
    for site in kernel.sites:
        source = re.sub(rf"(?<=[ =]){re.escape(site.name)}(?=\s)", f"auto{{{site.name}}}", source)
    return source
