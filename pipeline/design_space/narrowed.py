"""A design space of which only some loops and sites vary; the others keep what is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.design_space.space import DesignSpace
from pipeline.errors import PipelineError, nearest
from pipeline.kernels.function_names import plain_name
from pipeline.kernels.model import Kernel, Loop
from pipeline.terms import SiteKind

KINDS = {
    "pipeline": SiteKind.PIPELINE,
    "parallel": SiteKind.PARALLEL,
    "unroll": SiteKind.PARALLEL,
    "tile": SiteKind.TILE,
}
"""What the sites of a loop are called behind its name."""


def narrowed(
    space: DesignSpace, kernel: Kernel | None, only: Sequence[str] = (), keep: Sequence[str] = ()
) -> tuple[DesignSpace, tuple[str, ...]]:
    """The space in which all sites but those of ``only``, and those of ``keep``, have their default alone; their names.

    A word names a site (``__PARA__L0``), a loop and all within it (its label ``SAMPLES``, ``fir/SAMPLES``, or its id
    ``fir/loop_0``), an array, a function, or what one decides: ``MAC.pipeline``, ``MAC.unroll``,
    ``buf.array_partition``. Words of ``keep`` mean the loop alone, not what is within. Raises PipelineError for a word
    that names nothing, with the nearest that does, and where nothing is left that varies.
    """
    table = _names(space, kernel, within=True)
    free = set(space.names) if not only else {name for word in only for name in _sites(word, table, "--only")}
    table = _names(space, kernel, within=False)
    free -= {name for word in keep for name in _sites(word, table, "--keep")}
    kept = tuple(name for name in space.names if name not in free)
    found = DesignSpace(
        [replace(site, values=(site.default,)) if site.name in kept else site for site in space.sites],
        kernel=space.kernel,
        source=space.source,
    )
    if not any(len(site.values) > 1 for site in found.sites):
        raise PipelineError(
            f"nothing of {space.kernel or 'the kernel'} is left to vary",
            fix="name fewer with --keep, or more with --only",
        )
    if not any(True for _ in found.points()):
        raise PipelineError(
            f"the rules of {space.kernel or 'the design space'} exclude what is written at {', '.join(kept[:4])}",
            fix="keep fewer sites",
        )
    return found, kept


def spoken(kernel: Kernel) -> dict[str, str]:
    """What people call the sites that the source has no placeholders for: ``SAMPLES.pipeline``, ``fir/loop_0.unroll``.

    A word of :func:`narrowed` each, by the site's name; sites with a placeholder keep the name that it gives them.
    """
    words = {SiteKind.PIPELINE: "pipeline", SiteKind.PARALLEL: "unroll", SiteKind.TILE: "tile"}
    plain = Counter((_plain_id(kernel.loop(site.loop)), site.kind) for site in kernel.sites)
    found: dict[str, str] = {}
    for site in kernel.sites:
        own = kernel.loop(site.loop)
        alone = own.label is not None and sum(loop.label == own.label for loop in kernel.loops) == 1
        if site.proposed:
            name = _plain_id(own) if plain[_plain_id(own), site.kind] == 1 else own.id
            found[site.name] = f"{own.label if alone else name}.{words[site.kind]}"
    for option in kernel.options:
        of = option.variable or plain_name(option.function)
        if option.proposed and of:
            found[option.name] = f"{of}.{option.directive}"
    return found


def _sites(word: str, table: dict[str, set[str]], option: str) -> set[str]:
    found = {name.lower(): sites for name, sites in table.items()}.get(word.strip().lower())
    if found is None:
        meant = nearest(word.strip(), table)
        # What people call things first, placeholders last.
        some = ", ".join(sorted(table, key=lambda name: (name.startswith("__"), "/" in name, name))[:12])
        raise PipelineError(
            f"{option} {word.strip()[:60]!r} is no loop or site here",
            fix=(f"did you mean {meant}? " if meant else "") + f"it is one of {some}; DescribeKernel lists all",
        )
    return found


def _names(space: DesignSpace, kernel: Kernel | None, *, within: bool) -> dict[str, set[str]]:
    """What can be said, in any case, with the sites that it means."""
    table: dict[str, set[str]] = {name: {name} for name in space.names}

    def add(word: str, site: str) -> None:
        if site in space.names:
            table.setdefault(word, set()).add(site)

    if kernel is None:
        return table
    for site in kernel.sites:
        own = kernel.loop(site.loop)
        kinds = [word for word, kind in KINDS.items() if kind is site.kind]
        # A template's instances share the loops of the source; each knows them under its own arguments.
        copies = [loop for loop in kernel.loops if _place(loop) == _place(own)]
        for loop in (around for copy in copies for around in _around(kernel, copy)) if within else copies:
            for name in _called(loop):
                add(name, site.name)
        for name in (name for copy in copies for name in _called(copy)):
            for kind in kinds:
                add(f"{name}.{kind}", site.name)
    for option in kernel.options:
        for name in filter(None, (option.variable, plain_name(option.function) if not option.variable else None)):
            add(name, option.name)
            add(f"{name}.{option.directive}", option.name)
    return table


def _called(loop: Loop) -> list[str]:
    """What people call a loop."""
    function = plain_name(loop.function)
    labels = [] if loop.label is None else [loop.label, f"{function}/{loop.label}"]
    return list(dict.fromkeys([loop.id, _plain_id(loop), *labels]))


def _place(loop: Loop) -> tuple[str | None, int, int]:
    return loop.file, loop.line, loop.column


def _plain_id(loop: Loop) -> str:
    """A loop's id without the arguments of its function's template, whose instances share its sites."""
    return f"{plain_name(loop.function)}/{loop.id.rpartition('/')[2]}"


def _around(kernel: Kernel, loop: Loop) -> Iterator[Loop]:
    """The loop and those around it, innermost first."""
    place: Loop | None = loop
    while place is not None:
        yield place
        place = kernel.loop(place.parent) if place.parent is not None else None
