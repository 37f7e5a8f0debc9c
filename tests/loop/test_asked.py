"""What a loop is asked for: an objective with limits, hours, and which loops and sites vary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.design_space import Point, load_space
from pipeline.design_space.narrowed import narrowed, spoken
from pipeline.errors import PipelineError
from pipeline.exploration import SearchOutcome
from pipeline.exploration.asked import objective_of
from pipeline.kernels import Kernel
from pipeline.kernels.suite import find_kernel
from pipeline.loop import ClosedLoop, KernelPlan, run_loop
from pipeline.loop.rounds import as_measured
from pipeline.project import Project
from pipeline.synthesis import EstimatorBackend, Outcome, ReportStore
from pipeline.tasks.parameters import names
from tests.loop.test_as_written import runs

KEPT = ("__TILE__L0", "__TILE__L1", "__PIPE__L0")


class Timed(EstimatorBackend):
    """Estimates that say how long a run took: an hour with an unrolled inner loop, else ten minutes."""

    def synthesize(self, kernel: Kernel, points: Sequence[Point]) -> Iterator[Outcome]:
        for outcome in super().synthesize(kernel, points):
            assert outcome.point is not None
            yield replace(outcome, seconds=600.0 if outcome.point["__PARA__L2"] == 1 else 3600.0)


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    return find_kernel("gemm-ncubed")


def loop_on(
    folder: Path, kernel: Kernel, backend: type[EstimatorBackend] = EstimatorBackend, **choices: Any
) -> ClosedLoop:
    store = ReportStore(folder / "store", fsync=False)
    made = backend(store)
    space, kept = narrowed(load_space(kernel), kernel, keep=KEPT)
    plan = KernelPlan(made, made.address_of(kernel), kernel, space, kept=kept)
    return ClosedLoop({kernel.name: plan}, store, folder / "rounds", **choices)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, kernel: Kernel) -> list[SearchOutcome]:
    (plan,) = loop_on(tmp_path_factory.mktemp("all"), kernel).plans.values()
    assert plan.space is not None and 100 < plan.space.size() < 1000
    return [
        as_measured(plan, one, "all").outcome() for one in plan.backend.synthesize(kernel, list(plan.space.points()))
    ]


@pytest.mark.parametrize(
    ("text", "limits"),
    [("cycles", "dsp=60"), ("dsp", "latency=0.5ms"), ("cycles + 100*dsp", "lut=20%"), ("lut", "cycles=100000")],
)
def test_the_best_of_a_loop_is_the_best_of_all_designs_under_what_is_asked(
    text: str, limits: str, tmp_path: Path, kernel: Kernel, everything: list[SearchOutcome]
) -> None:
    loop = loop_on(tmp_path, kernel, goal=objective_of(text, limits), warm_start="estimator")
    goal = loop.goal
    valid = [one for one in everything if goal.is_valid(one)]
    assert 0 < len(valid) < len(everything)
    facts = run_loop(loop, tmp_path / "found", budget=30, top_k=1)
    assert facts["best"]["value"] == pytest.approx(min(goal.value(one) for one in valid))
    assert (facts["objective"], facts["limits"]) == (text, [limits]) and facts["unit"] in ("cycles", goal.unit)
    told = (tmp_path / "found" / "best" / "README.txt").read_text(encoding="utf-8")
    assert text in told and f"at most {limits.replace('=', ' ')}" in told
    rows = runs(tmp_path / "found")
    fitting = {row["key"] for row in rows if row["fits"] == "True"}
    assert fitting == {row["key"] for row in rows} & {one.key for one in valid}
    assert float(rows[-1]["best_so_far"]) == facts["best"]["value"]


def test_a_target_ends_the_search_in_the_unit_of_the_objective(tmp_path: Path, kernel: Kernel) -> None:
    loop = loop_on(tmp_path, kernel, goal=objective_of("ms"), target=1.0, batch=5, warm_start="estimator")
    facts = run_loop(loop, tmp_path / "found", budget=30, top_k=0)
    assert facts["runs"] < 30 and facts["best"]["value"] <= 1.0
    assert "the target is reached" in facts["stopped"] and " ms against 1 asked for" in facts["stopped"]


def test_another_objective_or_limit_has_rounds_of_its_own_and_the_default_those_of_old(
    tmp_path: Path, kernel: Kernel
) -> None:
    goals = [
        objective_of(*asked) for asked in (("cycles",), ("ns",), ("dsp",), ("cycles", "dsp=5"), ("cycles", "dsp=6"))
    ]
    loops = [loop_on(tmp_path, kernel, goal=goal) for goal in goals] + [loop_on(tmp_path, kernel, hours=8.0)]
    assert len({loop.rounds_folder for loop in loops}) == len(loops)
    assert loops[0].identity["objective"] == ["cycles", 0.8, []] and "hours" not in loops[0].identity


def test_hours_end_a_search_and_long_runs_come_only_where_they_are_worth_it(tmp_path: Path, kernel: Kernel) -> None:
    choices = {"acquisition": "random", "warm_start": "none", "batch": 8}
    found = {}
    for hours in (None, 16.0):
        loop = loop_on(tmp_path / str(hours), kernel, Timed, hours=hours, **choices)
        facts = run_loop(loop, tmp_path / f"found-{hours}", budget=48, top_k=0)
        rows = runs(tmp_path / f"found-{hours}")
        long = [row for row in rows if "__PARA__L2-1." not in row["key"]]
        found[hours] = facts, len(long) / len(rows), 600.0 * (len(rows) - len(long)) + 3600.0 * len(long)
    assert found[None][0]["runs"] == 48 and found[None][2] > 16 * 3600
    facts, share, seconds = found[16.0]
    assert seconds <= 16 * 3600 and share < found[None][1]
    assert "of the 16 hours" in facts["stopped"] and f"{facts['runs']} runs took" in facts["stopped"]


def test_what_is_kept_is_as_written_and_names_are_those_that_people_use(kernel: Kernel) -> None:
    space = load_space(kernel)

    def varying(only: str = "", keep: str = "") -> set[str]:
        words = [[word for word in text.split(",") if word] for text in (only, keep)]
        found, kept = narrowed(space, kernel, *words)
        assert all(found.contains(point) and space.contains(point) for point in found.points())
        assert all(point[name] == space.default[name] for point in found.points() for name in kept)
        # Nothing that the options allow is lost.
        assert found.size() == sum(all(p[name] == space.default[name] for name in kept) for p in space.points())
        return set(space.names) - set(kept)

    assert varying() == set(space.names)
    assert varying(only="inner") == varying(only="GEMM/Loop_2") == varying(only="__para__l2") == {"__PARA__L2"}
    assert varying(only="middle") == {"__PARA__L1", "__PIPE__L1", "__TILE__L1", "__PARA__L2"}, "and what is within"
    assert varying(only="middle", keep="middle.pipeline,inner") == {"__PARA__L1", "__TILE__L1"}
    assert varying(keep="outer") == {"__PARA__L1", "__PIPE__L1", "__TILE__L1", "__PARA__L2"}, "and not what is within"


def test_a_site_without_a_placeholder_is_said_in_a_word_that_the_options_take(tmp_path: Path) -> None:
    (tmp_path / "f.c").write_text(
        "void f(int x[64], int y[64]) {\nA: for (int i = 0; i < 64; i++)\n"
        "  for (int j = 0; j < 8; j++) y[i] += x[j];\n}\n"
    )
    kernel = find_kernel(Project(str(tmp_path / "f.c")), explore=("partition",))
    space, words = load_space(kernel), spoken(kernel)
    assert set(words) == set(space.names) and {"A.pipeline", "f/loop_1.unroll", "x.array_partition"} <= set(
        words.values()
    )
    for site, word in words.items():
        varies = {name for name in space.names if name not in narrowed(space, kernel, keep=[word])[1]}
        assert site not in varies, "and it names that very site"
    assert not spoken(find_kernel("atax")), "a placeholder has the name that its author gave it"
    with pytest.raises(PipelineError, match=r"it is one of A, A\.parallel, A\.pipeline"):
        narrowed(space, kernel, ["nothing"])


def test_the_instances_of_a_template_share_the_names_of_its_loops_and_each_has_its_own(tmp_path: Path) -> None:
    (tmp_path / "k.cpp").write_text(
        "template <int A, int N> void scaled(int x[N]) { for (int i = 0; i < N; i++) x[i] *= A; }\n"
        "void k(int x[64], int y[16]) { scaled<3, 64>(x); scaled<5, 16>(y); }\n"
    )
    kernel = find_kernel(Project(str(tmp_path / "k.cpp")))
    space = load_space(kernel)
    (unroll,) = (site for site, word in spoken(kernel).items() if word == "scaled/loop_0.unroll")
    for loop in kernel.loops:
        (word,) = names(f"{loop.id}.unroll")
        assert narrowed(space, kernel, only=[word]) == narrowed(space, kernel, only=["scaled/loop_0.unroll"])
        assert unroll not in narrowed(space, kernel, only=[word])[1]


@pytest.mark.parametrize(
    ("only", "keep", "hint"),
    [
        (["iner"], [], "did you mean inner"), ([], ["middle.pipline"], "did you mean middle.pipeline"),
        ([], ["outer", "middle", "inner"], "nothing of gemm-ncubed is left"), (["inner"], ["inner"], "nothing"),
    ],
)  # fmt: skip
def test_a_name_that_is_nowhere_is_told_the_nearest(
    only: list[str], keep: list[str], hint: str, kernel: Kernel
) -> None:
    with pytest.raises(PipelineError, match=hint):
        narrowed(load_space(kernel), kernel, only, keep)
