"""Entries, reports and kernels that the tests of this room share."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline.design_space.keys import Point, design_key
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label, Utilisation
from pipeline.synthesis import Address, Entry, estimator_flow, imported_flow

GEMM = Address("gemm", "ab" * 32, estimator_flow("0.1"))
MINE = Address("gemm", "ab" * 32, imported_flow("mine", "hls", tool_version="2023.2"))


def report_xml(cycles: int, top: str = "gemm", version: str = "2023.2", padding: int = 0) -> bytes:
    """A small report of the current schema."""
    return f"""<profile>
<ReportVersion><Version>{version}</Version></ReportVersion>
<UserAssignments><unit>ns</unit><Part>xcu200-fsgd2104-2-e</Part><TopModelName>{top}</TopModelName>
<TargetClockPeriod>4.00</TargetClockPeriod></UserAssignments>
<PerformanceEstimates><SummaryOfOverallLatency><unit>clock cycles</unit>
<Best-caseLatency>{cycles}</Best-caseLatency><Average-caseLatency>{cycles}</Average-caseLatency>
<Worst-caseLatency>{cycles}</Worst-caseLatency>
</SummaryOfOverallLatency></PerformanceEstimates>
<AreaEstimates><Resources><DSP>{cycles % 97}</DSP></Resources><AvailableResources><DSP>6840</DSP></AvailableResources>
</AreaEstimates><!--{"x" * padding}-->
</profile>
""".encode()


def point(number: int) -> Point:
    return {"__PARA__L0": number, "__PIPE__L0": ("", "off", "flatten")[number % 3]}


def reported(number: int, *, seconds: float | None = None, padding: int = 0) -> Entry:
    """An entry with a report of ``number + 1`` cycles."""
    xml = report_xml(number + 1, padding=padding)
    return Entry(design_key(point(number)), point(number), xml=xml, seconds=seconds, tool_version="2023.2")


def published(number: int, *, cycles: int | None = None, seconds: float | None = None) -> Entry:
    """An entry with a label and no report, as published sets have them."""
    label = Label(DesignStatus.OK, cycles=cycles or number + 1, used=Resources(dsp=number), published_valid=True)
    return Entry(design_key(point(number)), point(number), label, seconds=seconds)


def failed(number: int, status: DesignStatus = DesignStatus.TIMEOUT) -> Entry:
    return Entry(design_key(point(number)), point(number), Label(status, "ERROR: [HLS 200-70] it took too long"))


_counts = st.none() | st.integers(0, 2**40)
_fractions = st.none() | st.floats(0, 10, allow_nan=False)
_resources = st.builds(Resources, *[_counts] * 5)
labels = st.builds(
    Label,
    status=st.sampled_from([status for status in DesignStatus if status is not DesignStatus.NOT_CACHED]),
    reason=st.none() | st.text(max_size=30),
    cycles=_counts,
    latency_best=_counts,
    latency_worst=_counts,
    clock_target_ns=_fractions,
    used=_resources,
    available=_resources,
    published_utilisation=st.none() | st.builds(Utilisation, *[_fractions] * 5),
    published_valid=st.none() | st.booleans(),
)
_sites = st.from_regex(r"__(PARA|PIPE|TILE)__L[0-9]{1,2}", fullmatch=True)
_points = st.dictionaries(_sites, st.sampled_from(["", "off", "flatten", "   "]) | st.integers(1, 512), max_size=5)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    chosen = draw(_points)
    xml = draw(st.none() | st.integers(0, 10**12).map(report_xml) | st.binary(max_size=40))
    return Entry(
        design_key(chosen),
        draw(st.sampled_from([None, chosen])),
        draw(labels),
        xml,
        seconds=draw(st.none() | st.floats(0, 1e6)),
        started=draw(st.none() | st.just("2026-01-02T03:04:05Z")),
        tool_version=draw(st.none() | st.just("2023.2")),
        notes=tuple(draw(st.lists(st.text(max_size=10), max_size=2))),
        made=draw(st.none() | st.integers(0, 3) | st.integers(0, 2**63 - 1)),
    )


def unique(found: list[Entry]) -> list[Entry]:
    return list({entry.key: entry for entry in found}.values())
