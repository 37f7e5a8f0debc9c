"""Which loop of the syntax tree is which loop of the IR: joined by function and the position of the loop keyword."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

from pipeline.graphs.ir import IrFunction
from pipeline.kernels.model import Loop

MISSING_FUNCTION = "the function is not in the IR: nothing calls it and no other file can"
IRREDUCIBLE = "not a natural loop in the IR: a goto enters its body from outside"
REMOVED = "not a loop in the IR: it never repeats or is never reached"


def join_loops(loops: Sequence[Loop], function: IrFunction | None) -> tuple[dict[str, int], dict[str, str]]:
    """Loop ids of one function to indices of its IR loops, and for the others the reason why there is none.

    Positions decide. Where several loops share one position (a macro made them), or positions differ (``#line``), what
    is left is paired by line, then by order below a parent that is joined already, and only where the numbers agree.
    """
    if function is None:
        return {}, {loop.id: MISSING_FUNCTION for loop in loops}
    found: dict[str, int] = {}
    ours = list(loops)
    theirs = list(range(len(function.loops)))

    def pair(own: Iterable[tuple[Hashable, str]], other: Iterable[tuple[Hashable, int]]) -> None:
        left, right = defaultdict(list), defaultdict(list)
        for key, loop_id in own:
            left[key].append(loop_id)
        for key, index in other:
            right[key].append(index)
        for key, ids in left.items():
            if len(ids) == len(right.get(key, [])):
                found.update(zip(ids, right[key], strict=True))

    def rest() -> tuple[list[Loop], list[int]]:
        taken = set(found.values())
        return [loop for loop in ours if loop.id not in found], [i for i in theirs if i not in taken]

    pair(
        (((loop.line, loop.column), loop.id) for loop in ours),
        (((function.loops[i].line, function.loops[i].column), i) for i in theirs),
    )
    left, right = rest()
    if left and right:
        pair(((loop.line, loop.id) for loop in left), ((function.loops[i].line, i) for i in right))
    left, right = rest()
    if left and right:
        below = {index: loop_id for loop_id, index in found.items()}
        pair(
            ((loop.parent, loop.id) for loop in left),
            ((None if (up := function.loops[i].parent) is None else below.get(up, "?"), i) for i in right),
        )
    return found, {
        loop.id: IRREDUCIBLE if function.irreducible and (loop.line, loop.column) in function.repeats else REMOVED
        for loop in ours
        if loop.id not in found
    }
