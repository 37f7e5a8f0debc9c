"""Array partitioning from the access pattern: as many banks as the parallel copies of the loops reach at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pipeline.kernels.loop_record import LoopRecord
from pipeline.kernels.symbols import Symbol
from pipeline.synthesis.lowering import directive
from pipeline.synthesis.lowering.directive import LoweredDirective
from pipeline.synthesis.lowering.plan import Plan
from pipeline.synthesis.lowering.prepare import Prepared

MOST_BANKS = 1024
"""Vitis HLS refuses to split an array into more parts (UG1399, array_partition)."""

_Needs = dict[int, set[tuple[int, int]]]
"""By dimension from 0: stride in elements and number of copies."""


@dataclass(frozen=True, slots=True)
class Split:
    """One dimension's banks: ``cyclic``, ``block`` or ``complete`` (then ``factor`` is the dimension's length)."""

    kind: str
    factor: int


@dataclass(slots=True)
class Partitions:
    """The splits of each array by dimension from 0, and what could not be served."""

    splits: dict[Symbol, dict[int, Split]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def directives(self, symbol: Symbol, name: str) -> list[LoweredDirective]:
        """The directives for an array that is called ``name`` in the text."""
        return [
            directive.partition(name, split.kind, None if split.kind == "complete" else split.factor, dim + 1)
            for dim, split in sorted(self.splits.get(symbol, {}).items())
        ]


def partitions(prepared: Prepared, plan: Plan) -> Partitions:
    """The partitions that a plan asks for."""
    needs: dict[Symbol, _Needs] = {}
    for found in prepared.accesses.values():
        for access in found:
            if access.symbol is None or access.indices is None:
                continue
            for dim, value in enumerate(access.indices):
                for key, by in (value.terms or {}).items() if value is not None else ():
                    if isinstance(key, LoopRecord) and key in plan.loops and plan.loops[key].factor > 1:
                        stride = abs(by * (key.step or 1))
                        needs.setdefault(access.symbol, {}).setdefault(dim, set()).add((stride, plan.loops[key].factor))
    _to_callers(prepared, needs)
    result = Partitions()
    for symbol in sorted(needs, key=lambda item: (item.function or "", item.line, item.name)):
        dims = symbol.ctype.dims
        if symbol.ctype.kind == "array" and all(size is not None for size in dims):
            _choose(symbol, [size or 0 for size in dims], needs[symbol], result)
    return result


def _to_callers(prepared: Prepared, needs: dict[Symbol, _Needs]) -> None:
    """What a called function needs of its argument, its caller's array needs."""
    for _ in prepared.calls:
        changed = False
        for calls in prepared.calls.values():
            for call, _loops in calls:
                given = call.args.exprs if call.args is not None else []
                for symbol, node in zip(prepared.program.functions[call.name.name].arguments, given, strict=False):
                    actual = prepared.program.symbols.get(id(node))
                    if actual is None or symbol not in needs or len(actual.ctype.dims) != len(symbol.ctype.dims):
                        continue
                    for dim, wanted in needs[symbol].items():
                        have = needs.setdefault(actual, {}).setdefault(dim, set())
                        changed = changed or not wanted <= have
                        have |= wanted
        if not changed:
            return


def _choose(symbol: Symbol, dims: list[int], needs: _Needs, result: Partitions) -> None:
    splits: dict[int, Split] = {}
    for dim, wanted in sorted(needs.items()):
        if dim >= len(dims) or dims[dim] < 2:
            continue
        size = dims[dim]
        unit = sorted(factor for stride, factor in wanted if stride == 1)
        apart = sorted((stride, factor) for stride, factor in wanted if stride > 1)
        if unit:
            split = Split("cyclic", _joined(unit, size))
            if apart:
                result.notes.append(f"{symbol.name} has banks for consecutive elements, none for those further apart")
        elif apart:
            split = max((_strided(stride, factor, size) for stride, factor in apart), key=lambda item: item.factor)
        else:
            continue
        splits[dim] = Split("complete", size) if split.factor >= size else split
    product = math.prod(split.factor for split in splits.values())
    if product > MOST_BANKS:
        result.notes.append(f"{symbol.name} would need {product} banks; the tool takes at most {MOST_BANKS}")
    while product > MOST_BANKS:
        largest = max(splits, key=lambda dim: (splits[dim].factor, -dim))
        splits[largest] = Split("block" if splits[largest].kind == "block" else "cyclic", splits[largest].factor // 2)
        product = math.prod(split.factor for split in splits.values())
    splits = {dim: split for dim, split in splits.items() if split.factor > 1}
    if splits:
        result.splits[symbol] = splits


def _joined(factors: list[int], size: int) -> int:
    """Banks that serve several factors: their common multiple where the array has as many."""
    multiple = math.lcm(*factors)
    return multiple if multiple <= min(size, MOST_BANKS) else factors[-1]


def _strided(stride: int, factor: int, size: int) -> Split:
    """Banks for elements that lie a stride apart: cyclic over the whole span, or a block each."""
    cyclic = Split("cyclic", stride * factor)
    if size % stride:
        return cyclic
    block = Split("block", size // stride)
    return block if block.factor < cyclic.factor else cyclic
