from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import PipelineError
from pipeline.synthesis.flow import Flow
from pipeline.synthesis.vitis import Further, Sources, Tool, ToolKind, render
from pipeline.synthesis.vitis.directives import parse_directives
from pipeline.synthesis.vitis.quoting import cfg_value, tcl_value

HOSTILE = "x; file delete -force ~"
TEXTS = st.lists(
    st.text(max_size=30)
    | st.sampled_from([HOSTILE, "[exec touch owned]", "$env(HOME)",
                       "{", "}", '"', "\\", "\\\n", "#", "a b", "é", "ß∑", "{*}"]),
    max_size=6,
).map("".join)  # fmt: skip

FLOW = Flow("vitis-2023.2", "hls", "Vitis HLS", "2023.2", "xcu200-fsgd2104-2-e", 4.0, "27%", "vitis",
            (("config_compile.unsafe_math_optimizations", "true"), ("config_compile.pipeline_loops", "0")))  # fmt: skip
SOURCES = Sources(
    {"k.c": "void k() {}", "k.h": "", "tb.c": "int main() {}"},
    "k",
    'set_directive_pipeline -II 2 "k/L0"\nset_directive_pipeline -off k/L1\n'
    "set_directive_array_partition -type cyclic -factor 4 -dim 1 k A",
    testbench=("tb.c",),
)


def tool(kind: ToolKind) -> Tool:
    return Tool(kind, f"/opt/bin/{kind}", "2023.2", {}, "/opt/bin/vitis-run")


def tclsh(script: str, folder: Path) -> str:
    program = shutil.which("tclsh") or pytest.skip("tclsh is not here")
    (folder / "script.tcl").write_text(script, encoding="ascii")
    done = subprocess.run([program, "script.tcl"], cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8")


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(TEXTS, min_size=1, max_size=40))
def test_a_value_could_run_commands_or_arrive_changed(tmp_path: Path, values: list[str]) -> None:
    accepted = []
    words = []
    for value in values:
        try:
            words.append(tcl_value(value))
        except PipelineError:
            continue
        accepted.append(value)
    # Only the codes of the letters are printed, so that the encoding of stdout plays no part.
    show = "foreach word $args {puts [join [lmap letter [split $word {}] {scan $letter %c}] ,]}"
    output = tclsh(f"proc show args {{{show}}}\nshow {' '.join(words)}\n", tmp_path)
    assert output.split("\n")[:-1] == [",".join(str(ord(letter)) for letter in value) for value in accepted]
    assert [path.name for path in tmp_path.iterdir()] == ["script.tcl"]


@given(TEXTS)
def test_a_value_could_add_a_line_to_a_cfg_file(value: str) -> None:
    try:
        text = cfg_value(value)
    except PipelineError:
        return
    assert text == value == value.strip() and not set(value) & set("\n\r#;[]\"'\\\0")


@pytest.mark.parametrize("kind", list(ToolKind))
def test_a_hostile_name_reaches_the_tool(kind: ToolKind) -> None:
    flow = replace(FLOW, flow_target=None, settings=())
    attempts: tuple[Callable[[], object], ...] = (
        lambda: Sources({"k.c": ""}, HOSTILE),
        lambda: Sources({HOSTILE + ".c": ""}, "k"),
        lambda: Sources({"../k.c": ""}, "k"),
        lambda: Sources({"-tb.c": ""}, "k"),
        lambda: render(tool(kind), flow, Sources({"k.c": ""}, "k", HOSTILE)),
        lambda: render(tool(kind), flow, Sources({"k.c": ""}, "k", f"set_directive_pipeline {HOSTILE}")),
        lambda: render(tool(kind), flow, Sources({"k.c": ""}, "k", "set_directive_pipeline [exec id]")),
        lambda: render(tool(kind), flow, Sources({"k.c": ""}, "k", 'set_directive_pipeline "$x"')),
        lambda: render(tool(kind), flow, Sources({"k.c": "", "run_hls.tcl": "", "hls_config.cfg": ""}, "k")),
        lambda: render(tool(kind), flow, Sources({"k.c": "", "project/solution/syn/report/csynth.xml": "",
                                                  "work/hls/syn/report/csynth.xml": ""}, "k")),
        lambda: render(tool(kind), replace(flow, part=HOSTILE), SOURCES),
        lambda: render(tool(kind), replace(flow, uncertainty=HOSTILE), SOURCES),
        lambda: render(tool(kind), replace(flow, flow_target=HOSTILE), SOURCES),
        lambda: render(tool(kind), replace(flow, settings=(("config_compile.x", HOSTILE),)), SOURCES),
        lambda: render(tool(kind), replace(flow, settings=(("config_x." + HOSTILE, "1"),)), SOURCES),
        lambda: render(tool(kind), replace(flow, settings=(("exec.rm", "1"),)), SOURCES),
        lambda: render(tool(kind), replace(flow, settings=(("cflags", f"-I. {HOSTILE}"),)), SOURCES),
    )  # fmt: skip
    for attempt in attempts:
        with pytest.raises(PipelineError):
            attempt()


def test_a_template_that_forgets_to_quote_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "run_hls.tcl.j2").write_text("set_top {{ top }}\n")
    with pytest.raises(PipelineError, match="without a filter"):
        render(tool(ToolKind.VITIS_HLS), FLOW, SOURCES, templates=tmp_path)
    (tmp_path / "hls_config.cfg.j2").write_text("syn.top={{ tpo|cfg }}\n")
    with pytest.raises(PipelineError, match="tpo"):
        render(tool(ToolKind.VPP), FLOW, SOURCES, templates=tmp_path)


def test_a_script_reaches_tcl_with_other_commands_than_meant(tmp_path: Path) -> None:
    job = render(tool(ToolKind.VITIS_RUN), FLOW, SOURCES, further=[Further.EXPORT])
    recorder = 'rename exit quit\nproc unknown args {puts [join $args |]}\nproc exit code {puts "exit|$code"; quit 0}\n'
    assert tclsh(recorder + job.files["run_hls.tcl"], tmp_path).splitlines() == [
        "open_project|-reset|project",
        "set_top|k",
        "add_files|k.c",
        "add_files|-tb|tb.c",
        "open_solution|-reset|solution|-flow_target|vitis",
        "set_part|xcu200-fsgd2104-2-e",
        "create_clock|-period|4|-name|default",
        "set_clock_uncertainty|27%",
        "config_compile|-pipeline_loops|0",
        "config_compile|-unsafe_math_optimizations",
        "set_directive_pipeline|-II|2|k/L0",
        "set_directive_pipeline|-off|k/L1",
        "set_directive_array_partition|-type|cyclic|-factor|4|-dim|1|k|A",
        "csynth_design",
        "exit|0",
    ]
    assert job.commands[0].argv == ("/opt/bin/vitis-run", "--mode", "hls", "--tcl", "run_hls.tcl")
    assert tclsh(recorder + job.files["run_export.tcl"], tmp_path).splitlines()[-2:] == [
        "export_design|-flow|syn|-rtl|verilog|-format|ip_catalog",
        "exit|0",
    ]


def test_a_cfg_says_something_else_than_the_tcl() -> None:
    job = render(tool(ToolKind.VPP), FLOW, SOURCES, further=[Further.COSIM])
    assert job.files["hls_config.cfg"].splitlines() == [
        "part=xcu200-fsgd2104-2-e",
        "",
        "[hls]",
        "clock=4ns",
        "clock_uncertainty=27%",
        "flow_target=vitis",
        "syn.file=k.c",
        "tb.file=tb.c",
        "syn.top=k",
        "syn.compile.pipeline_loops=0",
        "syn.compile.unsafe_math_optimizations=true",
        "syn.directive.pipeline=k/L0 II=2",
        "syn.directive.pipeline=k/L1 off",
        "syn.directive.array_partition=k A type=cyclic factor=4 dim=1",
    ]
    assert job.commands[1].argv[3:5] == ("--cosim", "--config")
    assert job.report == "work/hls/syn/report/csynth.xml"


@given(st.text(max_size=80) | TEXTS.map(lambda text: f"set_directive_pipeline {text}"))
def test_a_strange_directive_breaks_the_reader(text: str) -> None:
    try:
        directives = parse_directives(text)
    except PipelineError:
        return
    for directive in directives:
        assert all(set(word).isdisjoint(' ;$[]{}"\\\n') for word in directive.operands)
