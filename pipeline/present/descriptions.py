"""Kernels and designs for a person at a terminal: facts in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import clock_text
from pipeline.present.summary import ESTIMATE_NOTICE, aligned
from pipeline.terms import LEARNED, Resource, estimated

Facts = Mapping[str, Any]
"""JSON values as the tasks ``ListKernels``, ``DescribeKernel`` and ``DescribeDesign`` write them."""

_SHOWN_VALUES = 12
_RESOURCES = (*LEARNED, Resource.URAM)


def kernels_text(facts: Facts) -> str:
    """One line a kernel of the suite: loops, sites, size of the space, and how many labels of which source."""
    sources = list(facts["sources"])
    header = ["kernel", "top", "loops", "sites", "points", *sources]
    rows = [
        [
            kernel["kernel"],
            kernel["top"],
            str(kernel["loops"]),
            str(kernel["sites"]),
            size(kernel["space_size"]),
            *(f"{kernel['labels'][source]:,}" if source in kernel["labels"] else "-" for source in sources),
        ]
        for kernel in facts["kernels"]
    ]
    lines = aligned(header, rows)
    lines.append(f"{len(rows)} kernels in {facts['folder']}; the last columns count cached labels by their source.")
    if any(estimated(source) for source in sources):
        lines.append(f"estimator: {ESTIMATE_NOTICE}.")
    lines.append("Next: DescribeKernel --kernel NAME; a kernel of your own is the path of its C file.")
    return "\n".join(lines)


def kernel_text(facts: Facts) -> str:
    """Loops with their sites, arrays, sites with their values, the space's size, labels that are there."""
    lines = [f"{facts['kernel']} ({facts['file']}), top function {facts['top']}", *_project(facts), "", "Loops"]
    lines += _table(
        ["  loop", "line", "trip count", "sites"],
        [[_loop_name(loop), _line(loop), trip_count(loop), " ".join(loop["sites"])] for loop in facts["loops"]],
    )
    lines += ["", "Arrays"]
    lines += _table(
        ["  array", "element", "role", "direction"],
        [
            [
                f"  {array['name']}{_dimensions(array['dims'])}"
                + (f" in {array['function']}" if array["function"] not in (None, facts["top"]) else ""),
                array["element"],
                array["role"],
                array["direction"],
            ]
            for array in facts["arrays"]
        ],
    )
    lines += ["", "Sites"]
    lines += _table(
        ["  site", "kind", "of", "in --only and --keep", "default", "values"],
        [
            [
                f"  {site['name']}",
                site["kind"],
                site["loop"] or "-",
                site["said"],
                value(site["default"]),
                _values(site["values"]),
            ]
            for site in facts["sites"]
        ],
    )
    rules = sum(site["rule"] is not None for site in facts["sites"])
    lines += [
        *_blank_values(facts["sites"]),
        "",
        f"Design space: {size(facts['space_size'])} valid points"
        + (f" of {facts['combinations']:,} combinations" if facts["combinations"] is not None else "")
        + f"; {rules} of {len(facts['sites'])} sites have a rule; {facts['space_source']}",
        *_without_sites(facts["loops_without_sites"]),
        *(f"Note: {notice}" for notice in facts["notices"]),
        *_known_labels(facts["labels"], facts["kernel"]),
        f"Default design: {facts['default_key'] or 'the one without any site'}",
        f"Next: DescribeDesign --kernel {facts['argument']} --key KEY, "
        f"or GenerateDataset --kernels {facts['argument']} --backend estimator",
    ]
    return "\n".join(lines)


def _blank_values(sites: Sequence[Facts]) -> list[str]:
    """A line on what values of blanks mean, in the tool's own terms, where there are any."""
    blanks = {choice for site in sites for choice in site["values"] if isinstance(choice, str) and choice.isspace()}
    return [f"  '' is no pragma: the tool decides; {one!r} is HLS pipeline without an interval" for one in blanks]


def _without_sites(loops: list[str]) -> list[str]:
    """A line on the loops that nothing is decided of, where there are any."""
    if not loops:
        return []
    more = f" and {len(loops) - 5} more" if len(loops) > 5 else ""
    return [f"Loops without a site: {', '.join(loops[:5])}{more}"]


def design_text(facts: Facts) -> str:
    """A design: its values, whether the space allows it, labels by source, the estimate, the annotated source."""
    lines = [f"{facts['kernel']}: {facts['key'] or 'the design without any site'}"]
    if facts["in_space"] is None:
        lines.append(f"Design space: there are no rules for the dialect {facts['dialect']}")
    elif facts["in_space"]:
        lines.append("Design space: this design is in it")
    else:
        lines += ["Design space: this design is NOT in it:", *(f"  {why}" for why in facts["violations"])]
    lines += ["", "Values"]
    lines += _table(
        ["  site", "value", "loop"],
        [[f"  {site['name']}", value(site["value"]), site["loop"] or "-"] for site in facts["point"]],
    )
    lines += ["", "Labels"]
    results = [[f"  {label['source']}", _target(label), *_result(label)] for label in facts["labels"]]
    estimate = facts["estimate"]
    if estimate["status"] == "ok":
        results.append(["  (estimate, made now)", _target(estimate), *_result(estimate)])
    if results:
        lines += _table(["  source", "for", "status", "cycles", *(one.short for one in _RESOURCES)], results)
    if estimate["assumed"]:
        lines.append(f"  estimate: {estimate['assumed']}")
    if estimate.get("assumed_cycles") is not None:
        lines.append(
            f"  estimate: {estimate['assumed_cycles']:,} cycles under {estimate['assumed_trips']} iterations of each "
            "loop without a known bound; state it by #pragma HLS loop_tripcount"
        )
    lines += [
        f"  {label['source']}: {label['reason']}" for label in [*facts["labels"], estimate] if label.get("reason")
    ]
    if not facts["labels"]:
        lines.append("  none cached; run it with GenerateDataset, or import reports with ImportReports")
    lines += ["", "Source", *facts["source_code"].rstrip("\n").split("\n")]
    return "\n".join(lines)


def _target(label: Facts) -> str:
    """Part and clock that a label is for; a question mark for what is not recorded."""
    clock = clock_text(label["clock_ns"]) if label["clock_ns"] else "?"
    return f"{label['part'] or '?'} at {clock}"


def size(number: int | None) -> str:
    """A number of points; ``uncounted`` where the rules tie too many sites together."""
    return "uncounted" if number is None else f"{number:,}"


def value(of: int | str) -> str:
    """A site's value as it is shown: the empty text and blanks in quotes."""
    return str(of) if str(of).strip() else repr(of)


def trip_count(loop: Facts) -> str:
    """Iterations of one execution, or what bounds them."""
    if loop["trip_count"] is not None:
        return f"{loop['trip_count']:,}"
    low, high = loop["trip_min"], loop["trip_max"]
    if low is None and high is None:
        return "varies"
    return f"{'?' if low is None else f'{low:,}'} to {'?' if high is None else f'{high:,}'}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Left-aligned columns; ``none`` for no rows."""
    if not rows:
        return ["  none"]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]


def _line(loop: Facts) -> str:
    file = loop.get("file")
    return f"{file.replace(chr(92), '/').rpartition('/')[2]}:{loop['line']}" if file else str(loop["line"])


def _project(facts: Facts) -> list[str]:
    """A project's own words: what it is made for, how it is compiled, tested and directed."""
    project = facts.get("project")
    if project is None:
        return []
    clock = project["clock_ns"]
    target = [project["part"], clock_text(clock) if clock else None, project["uncertainty"], project["flow_target"]]
    settings = [f"{name}={value}" for name, value in project["settings"].items()]
    directives = [
        " ".join([one["name"], one["location"], *one["operands"], *_options(one["options"])])
        for one in project["directives"]
    ]
    said = {
        "for": ", ".join(filter(None, target)),
        "sources": " ".join(project["sources"]),
        "flags": project["cflags"],
        "test bench": " ".join(project["testbench"]),
        "settings": " ".join(settings),
        "directives": "; ".join(directives),
    }
    return [f"Project {project['script']}", *(f"  {name}: {text}" for name, text in said.items() if text)]


def _options(options: Mapping[str, str | None]) -> list[str]:
    return [name if value is None else f"{name}={value}" for name, value in options.items()]


def _loop_name(loop: Facts) -> str:
    label = f" ({loop['label']})" if loop["label"] else ""
    variable = f" {loop['variable']}" if loop["variable"] else ""
    return f"  {'  ' * loop['depth']}{loop['loop']}{label} {loop['keyword']}{variable}"


def _dimensions(dims: Sequence[int | None]) -> str:
    return "".join(f"[{'' if extent is None else extent}]" for extent in dims)


def _values(values: Sequence[int | str] | None) -> str:
    if values is None:
        return "-"
    shown = " ".join(value(one) for one in values[:_SHOWN_VALUES])
    return shown + (f" ... ({len(values)})" if len(values) > _SHOWN_VALUES else "")


def _known_labels(labels: Mapping[str, int], kernel: str) -> list[str]:
    if not labels:
        return ["Labels: none cached; estimate some with --backend estimator, or import reports"]
    return ["Labels: " + ", ".join(f"{source} {count:,}" for source, count in labels.items())]


def _result(label: Facts) -> list[str]:
    cycles = "-" if label["cycles"] is None else f"{label['cycles']:,}"
    uses = label["utilisation"]
    return [label["status"], cycles, *("-" if uses[name] is None else f"{uses[name]:.1%}" for name in _RESOURCES)]
