from __future__ import annotations

from pipeline.reports import Range, Report, parse_report
from tests.reports.samples import aggregate, instance, loop, module


def tree(report: Report) -> list[tuple[str, str, str | None, int]]:
    return [
        (item.name, item.module, None if item.parent is None else report.loops[item.parent].name, item.depth)
        for item in report.loops
    ]


def test_outlined_loops_hang_below_the_loop_that_instantiates_them() -> None:
    hierarchy = (
        instance("grp_a", "mod_a") + instance("grp_b", "mod_b", instance("grp_c", "mod_c")) + instance("grp_d", "mod_d")
    )
    top = loop("outer", inner=loop("middle", instances=("grp_b",)), instances=("grp_a",))
    modules = (
        module("mod_a", loop("a", pipelined=True))
        + module("mod_c", loop("c", pipelined=True))
        + module("mod_b")
        + module("mod_d", loop("d", pipelined=True))
        + module("k", top)
    )
    assert tree(parse_report(aggregate("k", hierarchy, modules))) == [
        ("outer", "k", None, 0),
        ("middle", "k", "outer", 1),
        ("c", "mod_c", "middle", 2),
        ("a", "mod_a", "outer", 1),
        ("d", "mod_d", None, 0),
    ]


def test_loop_of_a_function_called_from_two_loops_is_listed_once_without_a_parent() -> None:
    hierarchy = instance("grp_f_1", "f") + instance("grp_f_2", "f")
    top = loop("one", instances=("grp_f_1",)) + loop("two", instances=("grp_f_2",))
    report = parse_report(aggregate("k", hierarchy, module("f", loop("x")) + module("k", top)))
    assert tree(report) == [("one", "k", None, 0), ("two", "k", None, 0), ("x", "f", None, 0)]


def test_loop_of_a_function_called_twice_in_one_loop_keeps_that_parent() -> None:
    hierarchy = instance("grp_f_1", "f") + instance("grp_f_2", "f")
    top = loop("one", instances=("grp_f_1", "grp_f_2"))
    report = parse_report(aggregate("k", hierarchy, module("f", loop("x")) + module("k", top)))
    assert tree(report) == [("one", "k", None, 0), ("x", "f", "one", 1)]


def test_innermost_of_the_loops_that_name_an_instance_is_the_parent() -> None:
    top = loop("one", inner=loop("two", instances=("grp_f",)), instances=("grp_f",))
    report = parse_report(aggregate("k", instance("grp_f", "f"), module("f", loop("x")) + module("k", top)))
    assert tree(report)[2] == ("x", "f", "two", 2)


def test_names_that_look_like_a_nest_join_nothing_where_the_tool_does_not_say() -> None:
    # 2021.1 has no InstanceList, so any loop of the caller may be the one around the instance.
    hierarchy = instance("grp_k_Pipeline_inner_fu_9", "k_Pipeline_inner")
    modules = module("k_Pipeline_inner", loop("inner", instances=None)) + module("k", loop("outer", instances=None))
    report = parse_report(aggregate("k", hierarchy, modules))
    assert tree(report) == [("outer", "k", None, 0), ("inner", "k_Pipeline_inner", None, 0)]


def test_hierarchy_that_calls_itself_still_gives_every_loop_once() -> None:
    hierarchy = instance("grp_f", "f", instance("grp_g", "g", instance("grp_f2", "f")), instance("grp_k", "k"))
    modules = (
        module("f", loop("x", instances=("grp_g",)))
        + module("g", loop("y", instances=("grp_f2",)))
        + module("k", loop("z", instances=("grp_f",)))
    )
    report = parse_report(aggregate("k", hierarchy, modules))
    assert sorted(item.name for item in report.loops) == ["x", "y", "z"]


def test_table_of_the_top_module_in_both_flavours_gives_one_loop_with_what_either_knows() -> None:
    at_root = "<a><TripCount>8</TripCount><Latency>undef</Latency><IterationLatency>6</IterationLatency></a>"
    entry = "<a><Name>a</Name><TripCount>undef</TripCount><Latency>4 ~ ?</Latency><PipelineType>no</PipelineType></a>"
    report = parse_report(aggregate("k", "", module("k", entry), loops=at_root))
    (only,) = report.loops
    assert only.trip_count == Range(8, 8)
    assert only.latency == Range(4, None)
    assert only.iteration_latency == Range(6, 6)


def test_loops_that_only_the_root_states_are_not_lost() -> None:
    at_root = "<a><TripCount>8</TripCount><Latency>48</Latency><IterationLatency>6</IterationLatency></a>"
    report = parse_report(aggregate("k", "", module("f", loop("x")), loops=at_root))
    assert tree(report) == [("a", "k", None, 0), ("x", "f", None, 0)]
