"""Dominators and natural loops against their definitions, on random control-flow graphs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.graphs.cfg import immediate_dominators, is_irreducible, natural_loops, reverse_postorder


@st.composite
def flow_graphs(draw: st.DrawFn) -> list[tuple[int, ...]]:
    size = draw(st.integers(1, 12))
    return [tuple(draw(st.lists(st.integers(0, size - 1), max_size=3, unique=True))) for _ in range(size)]


def reached(graph: list[tuple[int, ...]], without: int | None = None) -> set[int]:
    seen: set[int] = set()
    pending = [0] if without != 0 else []
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += [s for s in graph[node] if s != without]
    return seen


def dominates(graph: list[tuple[int, ...]], above: int, below: int) -> bool:
    return below in reached(graph) and (above == below or below not in reached(graph, above))


@given(flow_graphs())
def test_loops_are_those_of_the_definition(graph: list[tuple[int, ...]]) -> None:
    alive = reached(graph)
    expected: dict[int, set[int]] = {}
    for tail in alive:
        for head in graph[tail]:
            if dominates(graph, head, tail):
                body, pending = {head}, [tail]
                while pending:
                    node = pending.pop()
                    if node not in body:
                        body.add(node)
                        pending += [p for p in alive if node in graph[p]]
                expected.setdefault(head, set()).update(body)
    loops = natural_loops(graph, {})
    assert {loop.header: set(loop.blocks) for loop in loops} == expected
    for loop in loops:
        above = [o for o in loops if o is not loop and loop.blocks < o.blocks]
        assert loop.depth == len(above)
        smallest = min(above, key=lambda o: len(o.blocks), default=None)
        assert (None if loop.parent is None else loops[loop.parent]) is smallest


@given(flow_graphs())
def test_dominators_are_those_of_the_definition(graph: list[tuple[int, ...]]) -> None:
    immediate = immediate_dominators(graph)
    alive = reached(graph)
    for node in range(len(graph)):
        if node not in alive:
            assert immediate[node] == -1
            continue
        strict = [other for other in alive if other != node and dominates(graph, other, node)]
        nearest = [other for other in strict if all(dominates(graph, further, other) for further in strict)]
        assert immediate[node] == (nearest[0] if node else 0)
    assert set(reverse_postorder(graph)) == alive


def test_a_cycle_with_two_entries_is_no_natural_loop() -> None:
    graph: list[tuple[int, ...]] = [(1, 2), (2,), (1, 3), ()]
    assert is_irreducible(graph) and natural_loops(graph, {}) == []
    assert not is_irreducible([(1,), (1, 2), ()])
    assert natural_loops([], {}) == []
