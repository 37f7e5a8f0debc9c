"""Which kernels are left out of what is learned from."""

from __future__ import annotations

from collections.abc import Iterable, Set

from pipeline.errors import PipelineError, nearest
from pipeline.kernels.suite import suite_names


def check_left_out(without: Iterable[str], known: Set[str]) -> None:
    """Raises PipelineError for a name of ``--without`` that is no kernel of the labels and none of the suite."""
    for name in sorted(without):
        if name not in known and name not in suite_names():
            meant = nearest(name, sorted(known))
            fix = f"did you mean {meant}?" if meant else f"there are {', '.join(sorted(known))}"
            raise PipelineError(f"--without {name[:60]!r} is no kernel of these labels", fix=fix)
