"""Control-flow graphs: reverse postorder, dominators and natural loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

Successors = Sequence[Sequence[int]]
"""``successors[b]`` are the blocks that follow block ``b``; block 0 is the entry."""


@dataclass(frozen=True, slots=True)
class IrLoop:
    """A natural loop: ``blocks`` include those of inner loops. ``line`` is that of the loop keyword, 0 if unknown."""

    header: int
    latches: tuple[int, ...]
    blocks: frozenset[int]
    parent: int | None
    """Index of the enclosing loop in the function's ``loops``."""
    depth: int
    line: int
    column: int


def reverse_postorder(successors: Successors) -> list[int]:
    """The blocks that the entry reaches, each before those that only follow it (back edges aside)."""
    if not successors:
        return []
    order: list[int] = []
    seen = {0}
    stack: list[tuple[int, Iterator[int]]] = [(0, iter(successors[0]))]
    while stack:
        node, rest = stack[-1]
        following = next((s for s in rest if s not in seen), None)
        if following is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(successors[following])))
    order.reverse()
    return order


def _predecessors(successors: Successors, order: Sequence[int]) -> list[list[int]]:
    predecessors: list[list[int]] = [[] for _ in successors]
    for node in order:
        for successor in successors[node]:
            predecessors[successor].append(node)
    return predecessors


def immediate_dominators(successors: Successors) -> list[int]:
    """The immediate dominator of each block, itself for the entry, -1 for what the entry does not reach.

    The algorithm is that of Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm" (2001).
    """
    order = reverse_postorder(successors)
    position = {node: i for i, node in enumerate(order)}
    predecessors = _predecessors(successors, order)
    immediate = [-1] * len(successors)
    if order:
        immediate[0] = 0
    changed = True
    while changed:
        changed = False
        for node in order[1:]:
            chosen = -1
            for other in predecessors[node]:
                if immediate[other] == -1:
                    continue
                if chosen == -1:
                    chosen = other
                    continue
                while chosen != other:
                    while position[chosen] > position[other]:
                        chosen = immediate[chosen]
                    while position[other] > position[chosen]:
                        other = immediate[other]
            if immediate[node] != chosen:
                immediate[node] = chosen
                changed = True
    return immediate


class Dominance:
    """Answers "does ``a`` dominate ``b``" in constant time, by intervals of a walk over the dominator tree."""

    def __init__(self, successors: Successors) -> None:
        self.order = reverse_postorder(successors)
        self.immediate = immediate_dominators(successors)
        children: list[list[int]] = [[] for _ in successors]
        for node in self.order[1:]:
            children[self.immediate[node]].append(node)
        self._enter: dict[int, int] = {}
        self._leave: dict[int, int] = {}
        clock = 0
        walk: list[tuple[int, bool]] = [(0, False)] if self.order else []
        while walk:
            node, done = walk.pop()
            if done:
                self._leave[node] = clock
                continue
            self._enter[node] = clock = clock + 1
            walk.append((node, True))
            walk.extend((child, False) for child in reversed(children[node]))

    def dominates(self, above: int, below: int) -> bool:
        """Whether every way from the entry to ``below`` passes ``above``; False for unreachable blocks."""
        if above not in self._enter or below not in self._enter:
            return False
        return self._enter[above] <= self._enter[below] <= self._leave[above]


def is_irreducible(successors: Successors) -> bool:
    """Whether some cycle can be entered at more than one block."""
    dominance = Dominance(successors)
    position = {node: i for i, node in enumerate(dominance.order)}
    return any(
        position[successor] <= position[node] and not dominance.dominates(successor, node)
        for node in dominance.order
        for successor in successors[node]
    )


def natural_loops(
    successors: Successors,
    marks: Mapping[int, tuple[int, int]],
    headers_at: Mapping[int, tuple[int, int]] | None = None,
) -> list[IrLoop]:
    """The natural loops of a control-flow graph, in the order of their headers.

    ``headers_at`` gives the source position of the loop that a header belongs to, ``marks`` the position that the
    terminator of a block carries for the loop it closes; the former counts. Back edges to one header make one loop.
    Work grows with the number of edges times the depth of nesting.
    """
    dominance = Dominance(successors)
    order = dominance.order
    predecessors = _predecessors(successors, order)
    latches: dict[int, list[int]] = {}
    for node in order:
        for successor in successors[node]:
            if dominance.dominates(successor, node):
                latches.setdefault(successor, []).append(node)
    # Inner headers first: a header comes after those that dominate it, so the reverse of the order serves.
    inner_most: dict[int, int] = {}
    above: dict[int, int] = {}

    def outermost(header: int) -> int:
        while header in above:
            header = above[header]
        return header

    for header in (node for node in reversed(order) if node in latches):
        pending = list(latches[header])
        while pending:
            node = pending.pop()
            if node not in inner_most:
                inner_most[node] = header
                if node != header:
                    pending.extend(predecessors[node])
                continue
            sub = outermost(inner_most[node])
            if sub != header:
                above[sub] = header
                pending.extend(p for p in predecessors[sub] if p not in inner_most or outermost(inner_most[p]) != sub)
    bodies: dict[int, set[int]] = {header: set() for header in latches}
    for node, innermost in inner_most.items():
        at: int | None = innermost
        while at is not None:
            bodies[at].add(node)
            at = above.get(at)
    headers = sorted(latches)
    place = {header: i for i, header in enumerate(headers)}
    depth: dict[int, int] = {}
    for header in (node for node in order if node in latches):
        depth[header] = depth[above[header]] + 1 if header in above else 0
    loops = []
    for header in headers:
        position = (headers_at or {}).get(header)
        line, column = position or next((marks[end] for end in sorted(latches[header]) if end in marks), (0, 0))
        parent = above.get(header)
        loops.append(
            IrLoop(
                header,
                tuple(sorted(latches[header])),
                frozenset(bodies[header]),
                None if parent is None else place[parent],
                depth[header],
                line,
                column,
            )
        )
    return loops
