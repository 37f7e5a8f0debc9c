"""What stands in a constant table: the initialiser of an element or member."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pycparser import c_ast

from pipeline.kernels.c_types import CType

_ZERO = c_ast.Constant("int", "0")


def initialiser(kind: CType, init: Any, path: Sequence[int | str], number: Callable[[Any], int | None]) -> Any:
    """The expression that gives the element or member at ``path`` its value, a zero where none does.

    ``number`` is the value of a constant expression. None where that cannot be told: braces that are left out, places
    that are no numbers, strings.
    """
    for step in path:
        inner = kind.element if isinstance(step, int) else dict(kind.members).get(step)
        if init is _ZERO:
            return init if inner is not None else None
        if not isinstance(init, c_ast.InitList) or inner is None or kind.union:
            return None
        if isinstance(step, int) and not 0 <= step < (kind.length or 0):
            return None
        names = [name for name, _ in kind.members]
        place, found = 0, _ZERO
        for item in init.exprs:
            value = item
            if isinstance(item, c_ast.NamedInitializer):
                at = item.name[0]
                known = names.index(at.name) if getattr(at, "name", None) in names else number(getattr(at, "expr", at))
                if known is None or len(item.name) > 1:
                    return None
                place, value = known, item.expr
            here = kind.element if isinstance(step, int) else kind.members[place][1] if place < len(names) else None
            if here is None or (here.kind in ("array", "struct") and not isinstance(value, c_ast.InitList)):
                return None
            if place == (step if isinstance(step, int) else names.index(step)):
                found = value
            place += 1
        kind, init = inner, found
    return init
