"""Small reports in the layouts of several tool versions, written for these tests."""

from __future__ import annotations

ONE_MODULE = b"""<profile>
<ReportVersion><Version>2018.2</Version></ReportVersion>
<UserAssignments>
<unit>ns</unit><ProductFamily>zynq</ProductFamily><Part>xc7z020clg484-1</Part><TopModelName>blur</TopModelName>
<TargetClockPeriod>10.00</TargetClockPeriod><ClockUncertainty>1.25</ClockUncertainty>
</UserAssignments>
<PerformanceEstimates>
<PipelineType>none</PipelineType>
<SummaryOfTimingAnalysis><unit>ns</unit><EstimatedClockPeriod>8.510</EstimatedClockPeriod></SummaryOfTimingAnalysis>
<SummaryOfOverallLatency>
<unit>clock cycles</unit>
<Best-caseLatency>11</Best-caseLatency><Average-caseLatency>undef</Average-caseLatency>
<Worst-caseLatency>5186481781</Worst-caseLatency>
<Interval-min>12</Interval-min><Interval-max>5186481782</Interval-max>
</SummaryOfOverallLatency>
<SummaryOfLoopLatency>
<rows>
  <TripCount>4</TripCount>
  <Latency><range><min>8</min><max>400</max></range></Latency>
  <IterationLatency><range><min>2</min><max>100</max></range></IterationLatency>
  <tap><TripCount>9</TripCount><Latency>12</Latency><PipelineII>1</PipelineII><PipelineDepth>4</PipelineDepth></tap>
  <tap><TripCount>3</TripCount><Latency>6</Latency><PipelineII>2</PipelineII><PipelineDepth>3</PipelineDepth></tap>
  <Latency><TripCount>5</TripCount><Latency>10</Latency><IterationLatency>2</IterationLatency></Latency>
</rows>
<Loop2><TripCount>undef</TripCount><Latency>?</Latency><IterationLatency>undef</IterationLatency></Loop2>
</SummaryOfLoopLatency>
</PerformanceEstimates>
<AreaEstimates>
<Resources><FF>738</FF><LUT>752</LUT><DSP48E>3</DSP48E><BRAM_18K>65536</BRAM_18K></Resources>
<AvailableResources><BRAM_18K>280</BRAM_18K><DSP48E>220</DSP48E><FF>106400</FF><LUT>53200</LUT></AvailableResources>
</AreaEstimates>
</profile>
"""


def module(name: str, loops: str = "", interval: str = "9", kind: str = "no") -> str:
    """An entry of ModuleInformation."""
    return f"""<Module><Name>{name}</Name><PerformanceEstimates>
<SummaryOfTimingAnalysis><TargetClockPeriod>4.00</TargetClockPeriod><ClockUncertainty>1.08</ClockUncertainty>
<EstimatedClockPeriod>2.920</EstimatedClockPeriod></SummaryOfTimingAnalysis>
<SummaryOfOverallLatency><Best-caseLatency>9</Best-caseLatency><Average-caseLatency>9</Average-caseLatency>
<Worst-caseLatency>9</Worst-caseLatency><PipelineInitiationInterval>{interval}</PipelineInitiationInterval>
<PipelineType>{kind}</PipelineType></SummaryOfOverallLatency>
<SummaryOfLoopLatency>{loops}</SummaryOfLoopLatency></PerformanceEstimates>
<AreaEstimates><Resources><DSP>2</DSP><AVAIL_DSP>6840</AVAIL_DSP><UTIL_DSP>~0</UTIL_DSP><FF>5</FF><LUT>6</LUT>
<BRAM_18K>0</BRAM_18K><AVAIL_BRAM>4320</AVAIL_BRAM><UTIL_BRAM>0</UTIL_BRAM><URAM>0</URAM></Resources></AreaEstimates>
</Module>"""


def loop(
    tag: str, *, name: str = "", inner: str = "", instances: tuple[str, ...] | None = (), pipelined: bool = False
) -> str:
    """A loop in the flavour of ModuleInformation; ``instances=None`` for versions before 2022.1."""
    metrics = (
        "<PipelineII>1</PipelineII><PipelineDepth>3</PipelineDepth><PipelineType>yes</PipelineType>"
        if pipelined
        else "<IterationLatency>6</IterationLatency><PipelineDepth>6</PipelineDepth><PipelineType>no</PipelineType>"
    )
    listed = "".join(f"<Instance>{instance}</Instance>" for instance in instances or ())
    instance_list = "" if instances is None else f"<InstanceList>{listed}</InstanceList>"
    return (
        f"<{tag}><Name>{name or tag}</Name><Slack>2.92</Slack><TripCount>8</TripCount><Latency>20 ~ 5210</Latency>"
        f"<AbsoluteTimeLatency>80.000 ns ~ 20.840 us</AbsoluteTimeLatency>{metrics}{instance_list}{inner}</{tag}>"
    )


def instance(name: str, of: str, *inner: str) -> str:
    """An instance of RTLDesignHierarchy."""
    listed = f"<InstancesList>{''.join(inner)}</InstancesList>" if inner else ""
    return f"<Instance><InstName>{name}</InstName><ModuleName>{of}</ModuleName><ID>1</ID>{listed}</Instance>"


def aggregate(top: str, hierarchy: str, modules: str, *, loops: str = "", tail: str = "") -> bytes:
    """An aggregate report of Vitis HLS."""
    return f"""<profile><ReportVersion><Version>2023.2</Version></ReportVersion>
<UserAssignments><unit>ns</unit><Part>xcu200-fsgd2104-2-e</Part><TopModelName>{top}</TopModelName>
<TargetClockPeriod>4.00</TargetClockPeriod><FlowTarget>vitis</FlowTarget></UserAssignments>
<PerformanceEstimates><PipelineType>no</PipelineType>
<SummaryOfOverallLatency><unit>clock cycles</unit><Worst-caseLatency>7</Worst-caseLatency></SummaryOfOverallLatency>
<SummaryOfLoopLatency>{loops}</SummaryOfLoopLatency></PerformanceEstimates>
<AreaEstimates><Resources><DSP>2</DSP><LUT>100</LUT></Resources></AreaEstimates>
<RTLDesignHierarchy><TopModule MAX_DEPTH="3"><ModuleName>{top}</ModuleName>
<InstancesList>{hierarchy}</InstancesList></TopModule></RTLDesignHierarchy>
<ModuleInformation>{modules}</ModuleInformation>{tail}</profile>""".encode()
