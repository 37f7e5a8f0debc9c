"""Random loop nests with known trip counts and indices: both views must find what was put in."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.graphs.induction import InductionAnalysis
from pipeline.graphs.ir import read_ir
from pipeline.graphs.layout import DataLayout
from pipeline.graphs.make import graph_of
from pipeline.project.ir import compile_to_ir


@dataclass
class Nest:
    """A loop and what is in it."""

    start: int
    stop: int
    step: int
    kind: str
    inner: list[Nest] = field(default_factory=list)

    @property
    def trips(self) -> int:
        count = len(range(self.start, self.stop, self.step))
        return max(count, 1) if self.kind == "do" else count


_LOOPS = st.builds(
    Nest, st.integers(-3, 6), st.integers(-5, 12), st.sampled_from([-3, -1, 1, 2]),
    st.sampled_from(["for", "while", "do", "unsigned char"]),
)  # fmt: skip
_NESTS = st.recursive(
    _LOOPS,
    lambda inner: st.builds(lambda loop, below: Nest(loop.start, loop.stop, loop.step, loop.kind, below), _LOOPS,
                            st.lists(inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


def c_text(nests: list[Nest], depth: int, trips: list[int]) -> list[str]:
    """C for the nests; ``trips`` receives the trip count of each loop in source order."""
    lines = []
    for nest in nests:
        if nest.kind == "unsigned char":
            nest = Nest(abs(nest.start), abs(nest.start) + abs(nest.stop), abs(nest.step), "unsigned char", nest.inner)
        trips.append(nest.trips)
        name, sign = f"v{len(trips)}", "<" if nest.step > 0 else ">"
        head, test, move = f"int {name} = {nest.start}", f"{name} {sign} {nest.stop}", f"{name} += {nest.step}"
        body = c_text(nest.inner, depth + 1, trips)
        body.append(f"a[(unsigned)({name} * 3 + 7) % 512u] += {name};")
        if nest.kind in ("for", "unsigned char"):
            lines += [
                f"for ({head.replace('int', 'unsigned char') if nest.kind != 'for' else head}; {test}; {move}) {{"
            ]
            lines += [*body, "}"]
        elif nest.kind == "while":
            lines += [f"{{ {head};", f"while ({test}) {{", *body, f"{move};", "} }"]
        else:
            lines += [f"{{ {head};", "do {", *body, f"{move};", f"}} while ({test}); }}"]
    return lines


@given(st.lists(_NESTS, min_size=1, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_nest_that_only_one_view_sees_cannot_be_joined(nests: list[Nest]) -> None:
    trips: list[int] = []
    source = "\n".join(["void top(int a[512]) {", *c_text(nests, 0, trips), "}"]) + "\n"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nest.c"
        path.write_text(source)
        graph = graph_of(path)
    rows = graph.of_kind("loop")
    joined = [row["reason"] is None for row in rows]
    assert [row["role"] for row in rows].count("goto") == 0
    # A loop that runs once at most may lose its back edge; any other must be there.
    assert all(found or count <= 1 for found, count in zip(joined, trips, strict=True)), source
    module = read_ir(compile_to_ir(source, file="nest.c"))
    (function,) = module.functions
    analysis = InductionAnalysis(function, DataLayout(module.structs))
    by_place = {(row["line"], row["column"]): (row, count) for row, count in zip(rows, trips, strict=True)}
    for number, loop in enumerate(function.loops):
        row, count = by_place[loop.line, loop.column]
        own = analysis.trip_at(number, row["role"])
        assert own.count in (None, count), source
        assert row["trip_count"] in (None, count), source


_SIZES = (7, 9, 11)


@given(
    st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=3, max_size=3),
    st.tuples(*[st.integers(1, 3)] * 3), st.booleans(),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_an_index_that_is_split_wrongly_would_misstate_the_ports_of_a_partition(
    coefficients: list[tuple[int, int, int]], steps: tuple[int, int, int], flat: bool
) -> None:
    """Affine indices over three loops, kept inside the array by an offset, as ``A[..][..][..]`` and flat."""
    ranges = [range(0, 4, step) for step in steps]
    names = ["x", "y", "z"]
    subscripts, dims, offsets = [], [], []
    for row in coefficients:
        low = sum(min(c * r[0], c * r[-1]) for c, r in zip(row, ranges, strict=True))
        high = sum(max(c * r[0], c * r[-1]) for c, r in zip(row, ranges, strict=True))
        subscripts.append(" + ".join(f"({c}) * {n}" for c, n in zip(row, names, strict=True)) + f" + {-low}")
        dims.append(high - low + 1)
        offsets.append(-low)
    index = "".join(f"[{s}]" for s in subscripts)
    declared = "".join(f"[{d}]" for d in dims)
    if flat:
        strides = [dims[1] * dims[2], dims[2], 1]
        index = "[" + " + ".join(f"({s}) * {stride}" for s, stride in zip(subscripts, strides, strict=True)) + "]"
        declared = f"[{dims[0] * dims[1] * dims[2]}]"
    heads = "".join(f"for (int {n} = 0; {n} < 4; {n} += {s}) " for n, s in zip(names, steps, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.c"
        path.write_text(f"void top(short A{declared}) {{ {heads} A{index} = 3; }}\n")
        graph = graph_of(path)
    (access,) = graph.links("access")
    assert access["affine"] and access["mode"] == "store"
    loops = {row["id"]: i for i, row in enumerate(graph.of_kind("loop"))}
    found = {(e["dim"], loops[e["target"]]): e["coefficient"] for e in graph.links("index")}
    if flat:
        expected = {
            (0, i): sum(row[i] * stride for row, stride in zip(coefficients, strides, strict=True)) * steps[i]
            for i in range(3)
        }
    else:
        expected = {(d, i): row[i] * steps[i] for d, row in enumerate(coefficients) for i in range(3)}
        # With one value a dimension, or one iteration a loop, there are several ways to say the same index.
        if 1 in dims or any(len(r) == 1 for r in ranges):
            return
    assert found == {key: value for key, value in expected.items() if value}
