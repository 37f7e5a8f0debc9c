"""The design space that belongs to a kernel: given by a file, lying beside its source, or derived from its loops."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.design_space.autodse import read_autodse
from pipeline.design_space.derive import derive_space
from pipeline.design_space.native import read_space
from pipeline.design_space.space import DesignSpace
from pipeline.design_space.value_lists import is_value_lists, read_value_lists
from pipeline.errors import PipelineError
from pipeline.files import read_text
from pipeline.kernels.model import Kernel
from pipeline.terms import SiteKind

BESIDE = ("space.toml", "ds_config.json")
"""Names of a space's file beside a kernel's source, the first found is taken."""
_MAX_BYTES = 50_000_000


def load_space(kernel: Kernel, file: Path | None = None) -> DesignSpace:
    """The design space of a kernel.

    From ``file`` (the native TOML form, an AutoDSE configuration or a JSON of value lists, told apart by content), else
    from ``space.toml`` or ``ds_config.json`` in the folder of ``kernel.file``, else from a JSON of value lists named
    like it, else derived from the loops. Raises :class:`PipelineError`
    where a file cannot be read or its sites are not the kernel's.
    """
    if file is None:
        folder = Path(kernel.file).parent
        file = next((folder / name for name in BESIDE if (folder / name).is_file()), None)
        if file is not None and _of_another(kernel, file):
            file = None
        if file is None:
            file = _value_lists_beside(kernel, folder)
    if file is None:
        return derive_space(kernel)
    kinds = {site.name: site.kind for site in kernel.sites} | {one.name: SiteKind.OPTION for one in kernel.options}
    space = read_space_file(file, kinds)
    _check_sites(kernel, space, file)
    return DesignSpace(space.sites, kernel=kernel.name, source=space.source)


def read_space_file(file: Path, kinds: Mapping[str, SiteKind] | None = None) -> DesignSpace:
    """The design space in a file of any form; raises :class:`PipelineError` where it holds none.

    ``kinds`` says what sites decide in a form that does not say it.
    """
    text = read_text(file, most=_MAX_BYTES, fix="give a TOML or JSON file with a design space")
    if text.lstrip().startswith("{") and is_value_lists(text):
        return read_value_lists(text, file=str(file), kinds=kinds)
    read = read_autodse if text.lstrip().startswith("{") else read_space
    return read(text, file=str(file))


def _value_lists_beside(kernel: Kernel, folder: Path) -> Path | None:
    """The JSON of values named like the kernel's file, where its sites are placeholders and it is one for them."""
    names = {site.name for site in kernel.sites if not site.proposed} | {
        option.name for option in kernel.options if not option.proposed
    }
    file = folder / f"{Path(kernel.file).stem}.json"
    if not names or not file.is_file():
        return None
    text = read_text(file, most=_MAX_BYTES, fix="give a JSON file with the values of each site")
    return file if is_value_lists(text) and names & json.loads(text).keys() else None


def _of_another(kernel: Kernel, file: Path) -> bool:
    """Whether a file beside the source says that it is the space of another kernel of the folder."""
    stated = read_space_file(file).kernel
    return stated is not None and stated not in (kernel.name, kernel.top, Path(kernel.file).stem)


def _check_sites(kernel: Kernel, space: DesignSpace, file: Path) -> None:
    own = {site.name: site.kind for site in kernel.sites} | {one.name: SiteKind.OPTION for one in kernel.options}
    given = {site.name: site.kind for site in space.sites}
    parts = []
    for names, what in (
        (sorted(own.keys() - given.keys()), "lacks the kernel's sites"),
        (sorted(given.keys() - own.keys()), "has sites that the kernel lacks:"),
        ([name for name in sorted(own.keys() & given.keys()) if own[name] is not given[name]], "has another kind for"),
    ):
        if names:
            parts.append(f"{what} {', '.join(names[:8])}" + (f" and {len(names) - 8} more" if len(names) > 8 else ""))
    if parts:
        raise PipelineError(
            f"the design space {'; it '.join(parts)}",
            file=str(file),
            fix=f"make it match the pragma sites of {kernel.name} ({kernel.file})",
        )
