"""What a reader must know of the user's own ``#pragma HLS``: those that are not followed, or not as they read."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.kernels.model import Kernel
from pipeline.kernels.own_pragmas import NotRead, OwnPragma, Pipeline, Unroll, in_force
from pipeline.kernels.propose import reachable

_OF_VIVADO = ("region", "complete", "partial")


def pragma_notices(kernel: Kernel) -> tuple[str, ...]:
    """A line for each, with its place and what is made of it, in the order of the text."""
    followed = {id(pragma) for pragma in in_force(kernel.pragmas)}
    varying = frozenset(loop.id for loop in kernel.loops if loop.trip_count is None)
    last = {_place(pragma): pragma for pragma in in_force(kernel.pragmas)}
    told = [
        (pragma, said)
        for pragma in kernel.pragmas
        for said in _said(pragma, varying, None if id(pragma) in followed else last.get(_place(pragma)))
    ]
    lines = [
        f"{place_of(pragma)}: {pragma.text if pragma.beside else f'#pragma {pragma.text}'}: {said}"
        for pragma, said in (*told, *_of_instances(kernel))
    ]
    return tuple(dict.fromkeys(lines))


def _of_instances(kernel: Kernel) -> Iterator[tuple[OwnPragma, str]]:
    """Pragmas that have a value in each instance of a template: what stands where one is shown for all."""
    places: dict[tuple[str, int, int], list[OwnPragma]] = {}
    reached = set(reachable(kernel))
    for pragma in kernel.pragmas:
        if not pragma.beside and pragma.function in reached:
            places.setdefault((pragma.file, pragma.line, pragma.column), []).append(pragma)
    for here in places.values():
        if len({pragma.options for pragma in here}) < 2:
            continue
        moved = [name for name, text in here[0].options if any((name, text) not in one.options for one in here)]
        each = [f"{one.function}: {', '.join(f'{n}={t}' for n, t in one.options if n in moved)}" for one in here]
        more = f" and {len(each) - 4} more" if len(each) > 4 else ""
        yield (
            here[0],
            f"it differs by instance ({'; '.join(each[:4])}{more}); the site that they share shows one of these",
        )


def place_of(pragma: OwnPragma) -> str:
    """``file:line``."""
    return f"{pragma.file}:{pragma.line}"


def _place(pragma: OwnPragma) -> tuple[object, ...]:
    return pragma.directive, pragma.function, pragma.loop, pragma.variable, getattr(pragma.value, "dim", None)


def _said(pragma: OwnPragma, varying: frozenset[str], instead: OwnPragma | None) -> Iterator[str]:
    given = dict(pragma.options)
    names = [name for name, value in pragma.options if value is not None]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"{name} stands {names.count(name)} times; the last one counts, {given[name]}"
    if isinstance(pragma.value, NotRead):
        # A label may come from where only the tool sees it: what the user wrote is not taken away.
        kept = ", and stays in what the tool is handed" if pragma.beside else ""
        yield f"{pragma.value.why}; it is not followed{kept}"
    elif instead is not None:
        yield f"{place_of(instead)} says another of the same, which is followed instead"
    elif "." in (pragma.variable or ""):
        yield "a member of a struct: the tool is handed it, the estimator does not follow it"
    elif isinstance(pragma.value, Pipeline) and given.get("ii") in ("0", "-1"):
        yield "II=0 is off" if given["ii"] == "0" else "II=-1 asks for no interval: the least is taken"
    elif isinstance(pragma.value, Unroll):
        if given.get("factor") == "0":
            yield "factor=0 unrolls the whole loop"
        if pragma.value.factor is None and not pragma.value.off and pragma.loop in varying:
            # UG1399, "pragma HLS unroll".
            yield "the tool unrolls whole only a loop whose number of iterations is fixed; give this one a factor"
        if older := [name for name in _OF_VIVADO if name in given]:
            yield f"Vitis HLS refuses {older[0]}, which Vivado HLS knew; read without it"
