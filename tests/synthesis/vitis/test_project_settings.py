"""What a project says beside its sources reaches the tool as it was: what is written for it reads the same again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.design_space import derive_space
from pipeline.kernels.propose import propose_sites
from pipeline.kernels.read import load_kernel
from pipeline.project import Project
from pipeline.project.component import SETTING_COMMANDS
from pipeline.project.opened import open_project
from pipeline.synthesis.backends.vitis import sources_of
from pipeline.synthesis.vitis import Tool, ToolKind, render, tool_flow
from pipeline.synthesis.vitis.templates import CONFIG, CONFIG_COMMANDS, SCRIPT

OF_SYNTHESIS = """config_compile -pipeline_loops 6 -unsafe_math_optimizations -no_signed_zeros=false
config_interface -m_axi_addr64 -m_axi_offset slave -register_io off -clock_enable=true
config_rtl -reset all -reset_level low -module_auto_prefix
config_dataflow -default_channel fifo -fifo_depth 4
config_array_partition -complete_threshold 8 -throughput_driven auto
config_array_stencil -throughput_driven
config_op mul -impl dsp -latency 2
config_op fadd -precision high
config_storage fifo -impl srl
config_schedule -effort high
config_unroll -tripcount_threshold 0
"""
OF_VIVADO_HLS = "config_bind -effort high\nconfig_core DAddSub -latency 3\n"
OF_LATER_STEPS = """config_export -format ip_catalog -vendor lab -version 1.0.1 -vivado_optimization_level 2 -flow impl
config_cosim -tool xsim -trace_level all
config_csim -code_analyzer
config_debug -enable
config_sdx -target none
"""
LATER_KEYS = """package.output.format=ip_catalog
package.ip.description=scales its data
vivado.optimization_level=2
vivado.flow=impl
cosim.trace_level=all
csim.code_analyzer=1
"""
REST = """open_project -reset p
set_top top
add_files top.c -cflags "-DN=3 -std=c99"
add_files -tb "tb.c in.dat" -cflags "-DTB"
open_solution -reset s -flow_target vivado
set_part xc7z020-clg484-1
create_clock -period 300MHz
set_clock_uncertainty 0.9ns
set_directive_unroll -factor 2 top/L
set_directive_unroll -factor 2 top/NONE
set_directive_interface -mode ap_memory -storage_type ram_1p top x
csim_design -argv "a 'b c'" -ldflags "-lm"
csynth_design
"""


def _written(project: Project, kind: ToolKind, folder: Path) -> Project:
    """The project that the tool's script or configuration file describes."""
    kernel = propose_sites(load_kernel(Path(project.file), project=project))
    tool, asked = Tool(kind, str(kind), "2025.2", {}), project.tool
    assert asked.part is not None and asked.clock_ns is not None
    flow = tool_flow(
        tool, dialect=kernel.dialect, part=asked.part, clock_ns=asked.clock_ns, uncertainty=asked.uncertainty,
        flow_target=asked.flow, settings=asked.settings,
    )  # fmt: skip
    bench = {
        f"testbench_{Path(file).name}": "int main() {}\n" for file in project.testbench.files if file.endswith(".c")
    }
    point = derive_space(kernel).default
    sources = sources_of(kernel, point, dialect=kernel.dialect, options={"delivery": "insert"}, testbench=bench)
    for name, text in render(tool, flow, sources).files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    opened = open_project(folder / (CONFIG if kind is ToolKind.VPP else SCRIPT))
    assert not opened.unread
    return opened.project


@pytest.mark.parametrize("kind", [ToolKind.VITIS_HLS, ToolKind.VITIS_RUN, ToolKind.VPP])
def test_every_setting_of_a_script_reaches_the_tool_as_it_was(kind: ToolKind, tmp_path: Path) -> None:
    said = OF_SYNTHESIS + ("" if kind is ToolKind.VPP else OF_VIVADO_HLS) + OF_LATER_STEPS
    tested = {line.split()[0] for line in (OF_SYNTHESIS + OF_VIVADO_HLS + OF_LATER_STEPS).splitlines()}
    assert tested == set(CONFIG_COMMANDS) >= set(SETTING_COMMANDS)
    (tmp_path / "top.c").write_text("void top(int x[N]) {\nL: for (int i = 0; i < N; i++) x[i]++;\n}\n")
    for name in ("tb.c", "in.dat"):
        (tmp_path / name).write_text("int main() {}\n")
    (tmp_path / "run.tcl").write_text(REST.replace("set_directive_unroll", f"{said}set_directive_unroll", 1))
    mine = open_project(tmp_path / "run.tcl").project
    found = _written(mine, kind, tmp_path / "handed")
    for name in ("part", "clock_ns", "uncertainty", "flow"):
        assert getattr(found.tool, name) == getattr(mine.tool, name)
    assert dict(found.tool.settings) == dict(mine.tool.settings)
    assert [(one.name, one.options, one.operands) for one in found.directives] == [
        (one.name, one.options, one.operands) for one in mine.directives
    ]
    assert [Path(file).name for file in found.testbench.files] == ["testbench_tb.c", "in.dat"]
    assert "-DN=3" in found.flags.text and "-std=c99" in found.flags.text and "-DTB" in found.testbench.flags.text
    if kind is ToolKind.VPP:
        assert (found.testbench.arguments, found.testbench.link) == (("a", "b c"), ("-lm",))
        assert dict(found.tool.further) == {
            "package.output.format": "ip_catalog", "package.ip.vendor": "lab", "package.ip.version": "1.0.1",
            "vivado.optimization_level": "2", "cosim.tool": "xsim", "cosim.trace_level": "all",
            "csim.code_analyzer": "true", "syn.debug.enable": "true",
        }  # fmt: skip
    else:
        assert dict(found.tool.further) == dict(mine.tool.further)


@pytest.mark.parametrize("kind", [ToolKind.VITIS_RUN, ToolKind.VPP])
def test_every_key_of_a_configuration_file_reaches_one_as_it_was(kind: ToolKind, tmp_path: Path) -> None:
    (tmp_path / "top.c").write_text("void top(int x[8]) { for (int i = 0; i < 8; i++) x[i]++; }\n")
    (tmp_path / "hls.cfg").write_text(
        "part=xc7z020-clg484-1\n[hls]\nclock=5ns\nsyn.top=top\nsyn.file=top.c\nsyn.compile.pipeline_loops=6\n"
        "syn.op=op:mul impl:dsp latency:2\nsyn.storage=fifo impl=srl\nsyn.rtl.reset=all\n" + LATER_KEYS
    )
    mine = open_project(tmp_path / "hls.cfg").project
    found = _written(mine, kind, tmp_path / "handed")
    assert dict(found.tool.settings) == dict(mine.tool.settings)
    # Which flow is exported is for the step that asks for it; a script has no place for keys.
    kept = {name: value for name, value in mine.tool.further if name != "vivado.flow"}
    assert dict(found.tool.further) == (kept if kind is ToolKind.VPP else {})
