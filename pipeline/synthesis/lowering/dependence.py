"""Whether iterations of a loop touch separate elements. A proof or nothing.

Two arguments of the top function are taken to be separate arrays, as HLS takes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.kernels.loops import LoopRecord
from pipeline.kernels.values import Key, Value
from pipeline.synthesis.lowering.accesses import Access

_MOST_PAIRS = 20_000


def inside(loop: LoopRecord, record: LoopRecord | None) -> bool:
    """Whether ``record`` is ``loop`` or lies in it."""
    while record is not None:
        if record is loop:
            return True
        record = record.parent
    return False


def carries_none(loop: LoopRecord, accesses: Iterable[Access]) -> bool:
    """Whether no two different iterations of the loop touch one element with a write among the two.

    ``accesses`` are those of the loop's function; what lies outside the loop does not count.
    """
    mine = [access for access in accesses if loop in access.loops]
    writes = [access for access in mine if access.write]
    compared = 0
    for write in writes:
        for other in mine:
            if other.symbol is not write.symbol and other.symbol is not None and write.symbol is not None:
                continue
            compared += 1
            if compared > _MOST_PAIRS or not separate(loop, write, other):
                return False
    return True


def separate(loop: LoopRecord, first: Access, second: Access) -> bool:
    """Whether two accesses of one array never meet in two different iterations of the loop.

    Loops around it have the same iteration for both; loops inside run freely.
    """
    if first.symbol is None or first.indices is None or second.indices is None:
        return False
    if not loop.steady or not loop.step:
        return False
    return any(_apart(loop, a, b) for a, b in zip(first.indices, second.indices, strict=False))


def _apart(loop: LoopRecord, first: Value | None, second: Value | None) -> bool:
    if first is None or second is None or first.terms is None or second.terms is None:
        return False
    step = loop.step or 0
    factor = first.terms.get(loop, 0)
    if factor != second.terms.get(loop, 0) or factor == 0:
        return False
    # They meet where factor * (i - i') = second's rest - first's rest; |i - i'| is at least |step|.
    low = high = second.const - first.const
    for value, sign in ((second, 1), (first, -1)):
        for key, by in value.terms.items() if value.terms else ():
            if key is loop or not _free(loop, key):
                continue
            ends = _ends(key)
            if ends is None:
                return False
            corners = sorted((sign * by * ends[0], sign * by * ends[1]))
            low, high = low + corners[0], high + corners[1]
    fixed = {key for value in (first, second) for key in value.terms or {} if key is not loop and not _free(loop, key)}
    if any(first.terms.get(key, 0) != second.terms.get(key, 0) for key in fixed):
        return False
    stride = abs(factor * step)
    if -stride < low and high < stride:
        return True
    if loop.lo is not None and loop.hi is not None:
        span = abs(factor) * (loop.hi - loop.lo)
        if low > span or high < -span:
            return True
    return low == high and low % stride != 0


def _free(loop: LoopRecord, key: Key) -> bool:
    """Whether a key's value may differ between the two accesses though all loops around are in the same iteration."""
    return isinstance(key, LoopRecord) and key is not loop and inside(loop, key)


def _ends(key: Key) -> tuple[int, int] | None:
    return None if key.lo is None or key.hi is None else (key.lo, key.hi)


def enclosing(loop: LoopRecord) -> Sequence[LoopRecord]:
    """The loop and all around it, outermost first."""
    found = [loop]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found[::-1]
