"""Kinds of messages, one or a few lines each, in the place of a log where they stand; all written for these tests."""

from __future__ import annotations

import pytest

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.vitis import WarningKind, verdict

VITIS = "****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2024.1 (64-bit)\n"
VIVADO = "****** Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v2018.3 (64-bit)\n"
SETUP = "INFO: [HLS 200-1510] Running: open_project -reset p \nINFO: [SYN 201-201] Setting up clock 'default'\n"
SYNTHESIS = "INFO: [HLS 200-1510] Running: csynth_design \nINFO: [HLS 200-10] Analyzing design file 'k.cpp' ... \n"
WELL = (
    "INFO: [VLOG 209-307] Generating Verilog RTL for k.\nINFO: [HLS 200-790] **** Loop Constraint Status: All loop "
    "constraints were satisfied.\nINFO: [HLS 200-789] **** Estimated Fmax: 300.00 MHz\n"
    "INFO: [HLS 200-111] Finished Command csynth_design CPU user time: 1 seconds.\n"
)
CSIM = "INFO: [SIM 211-2] *************** CSIM start ***************\n"
COSIM = "INFO: [HLS 200-1510] Running: cosim_design \nINFO: [COSIM 212-47] Using XSIM for RTL simulation.\n"
EXPORT = "INFO: [HLS 200-1510] Running: export_design \nINFO: [IMPL 213-8] Exporting RTL as a Vivado IP.\n"
TRACE = '    while executing\n"source run.tcl"\n    ("uplevel" body line 1)\n    invoked from within\n"uplevel #0 x"\n'
S = DesignStatus

IN_SYNTHESIS = [
    # Facts of the design.
    ("ERROR: [SYNCHK 200-11] k.cpp:4: Argument 'p' has an unsynthesizable type.\n"
     "ERROR: [HLS 200-70] Synthesizability check failed.\n", S.SOURCE_SYNTHESIS_FAILED, "SYNCHK 200-11"),
    ("ERROR: [XFORM 203-103] Array 'a' (k.cpp:3): partitioned elements number (4096) has exeeded the threshold (1024)\n"
     "ERROR: [HLS 200-70] Pre-synthesis failed.\n", S.SOURCE_SYNTHESIS_FAILED, "XFORM 203-103"),
    ("ERROR: [HLS 200-779] Non-shared array 'v' (k.cpp:2) failed dataflow checking: it can only have a single reader\n"
     "ERROR: [HLS 200-1715] Encountered problem during source synthesis\nERROR: Pre-synthesis failed.\n",
     S.SOURCE_SYNTHESIS_FAILED, "HLS 200-779"),
    ("ERROR: [HLS 200-70] Compilation errors found: In file included from k.cpp:1:\n"
     "k.h:7:3: error: unknown type name 'constexpr'\nconstexpr int f(int x) { return x; }\n^\n"
     "2 errors generated.\nERROR: [HLS 200-70] Preprocessing failed.\n", S.COMPILE_ERROR, "k.h:7:3: error"),
    ("k.cpp:9:1: error: expected '}'\nC preprocessor failed.\n" + TRACE, S.COMPILE_ERROR, "k.cpp:9:1"),
    ("@E [XFORM-504] Stop unrolling loop 'L' (k.cpp:3) in function 'k'.\n@E [HLS-70] Pre-synthesis failed.\n",
     S.UNROLL_REFUSED, "XFORM-504"),
    ("ERROR: [XOCC 203-504] Stop unrolling loop 'L' (k.cpp:3)\nERROR: [XOCC 60-300] Failed to build kernel(ip) k\n",
     S.UNROLL_REFUSED, "203-504"),
    ("ERROR: [v++ 214-274] In 'L', Pragma conflict happens on 'UNROLL' and 'PIPELINE'\n"
     "ERROR: [v++ 60-599] Kernel compilation failed to complete\n", S.PRAGMA_CONFLICT, "214-274"),
    ("ERROR: [v++ 60-773] In 'x.log', caught Tcl error: ERROR: [HLS 207-3776] use of undeclared 'n' (k.cpp:3:1)\n"
     "ERROR: [v++ 60-599] Kernel compilation failed to complete\n", S.COMPILE_ERROR, "ERROR: [HLS 207-3776]"),
    ("ERROR: [SCHED 204-3] no schedule\nSynthesis failed.\n" + TRACE, S.SOURCE_SYNTHESIS_FAILED, "SCHED 204-3"),
    ("Segmentation fault (core dumped)\n", S.SOURCE_SYNTHESIS_FAILED, "Segmentation"),
    ("Stack dump:\n0. Program arguments: /opt/x/opt\nAbnormal program termination (11)\nPlease check 'hs_err.log'\n",
     S.SOURCE_SYNTHESIS_FAILED, "Stack dump"),
    ("opt: /b/x.cpp:12: void f(): Assertion `n > 0' failed.\nAbnormal program termination (6)\n",
     S.SOURCE_SYNTHESIS_FAILED, "Assertion"),
    ("ERROR: (fatal) something nobody knows\n", S.SOURCE_SYNTHESIS_FAILED, "(fatal)"),
    # The surroundings.
    ("LLVM ERROR: IO failure on output stream: Input/output error\n", S.DISK_FULL, "LLVM"),
    ("ERROR: [HLS 207-812] cannot write 'a.o': No space left on device (k.cpp:1:1)\n", S.DISK_FULL, "No space"),
    ("fatal error: error writing to /tmp/x.s: Disk quota exceeded\ncompilation terminated.\n", S.DISK_FULL, "quota"),
    ("couldn't open \"p/a.log\": read-only file system\n" + TRACE, S.DISK_FULL, "read-only"),
    ("ERROR: [HLS 200-101] p/.autopilot: Stale file handle\n", S.DISK_FULL, "Stale"),
    ("terminate called after throwing an instance of 'std::__ios_failure'\n  what(): basic_ios::clear: iostream\n",
     S.DISK_FULL, "basic_ios"),
    ("ERROR: unknown exception in database saving.\nSynthesis failed.\n" + TRACE, S.DISK_FULL, "database saving"),
    ("ERROR: [HLS 200-70] Out of memory\n", S.KILLED, "memory"),
    ("LLVM ERROR: out of memory\nStack dump:\n", S.KILLED, "out of memory"),
    ("terminate called after throwing an instance of 'std::bad_alloc'\nAbnormal program termination (6)\n",
     S.KILLED, "bad_alloc"),
    ("Abnormal program termination (9)\n", S.KILLED, "(9)"),
    ("make: *** [Makefile:12: csynth] Killed\n", S.KILLED, "make"),
    ("make[1]: *** [csynth] Error 137\n", S.KILLED, "137"),
    ("Command terminated by signal 9\n", S.KILLED, "signal 9"),
    ("child killed: kill signal\n" + TRACE, S.KILLED, "kill signal"),
    ("slurmstepd: error: *** JOB 7 ON n1 CANCELLED AT 2024-05-01T01:02:03 DUE TO TIME LIMIT ***\n", S.KILLED, "LIMIT"),
    ("[12345.678] Out of memory: Killed process 4711 (vitis_hls) total-vm:1kB\n", S.KILLED, "Killed process"),
    ("Killed\n", S.KILLED, "Killed"),
    ("ERROR: [HLS 200-72] License checking failed.\n", S.LICENCE, "License"),
    ("FLEXnet Licensing error:-15,570.  System Error: 115\n", S.LICENCE, "-15"),
    ("FlexNet Licensing error:-97,121\nERROR: [HLS 200-70] Pre-synthesis failed.\n", S.LICENCE, "-97"),
    ("Failed to check out license 'VIVADO_HLS'\nERROR: [HLS 200-70] Pre-synthesis failed.\n", S.LICENCE, "check out"),
    ("Cannot connect to license server system.\n The license server manager (lmgrd) has not been started yet\n",
     S.LICENCE, "Cannot connect"),
    ("ERROR: cannot rename 'a' to 'b': Permission denied\n", S.NO_VERDICT, "Permission"),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "status", "told"), IN_SYNTHESIS)
@pytest.mark.parametrize("banner", [VITIS, VIVADO], ids=["vitis", "vivado"])
def test_an_error_in_c_synthesis_has_its_status_and_its_most_telling_line(
    banner: str, lines: str, status: DesignStatus, told: str
) -> None:
    found = verdict(banner + SETUP + SYNTHESIS + lines, 1)
    assert (found.status, found.step, found.csynth) == (status, "csynth", status)
    assert found.reason is not None and told in found.reason


LATER = [
    (COSIM, "ERROR: [COSIM 212-361] C TB post check failed\nERROR: [COSIM 212-4] finished: FAIL\n",
     S.COSIMULATION_FAILED, "212-361"),
    (COSIM, "ERROR: [COSIM 212-345] only these designs\nERROR: [COSIM 212-5] *** file generation failed. ***\n" + TRACE,
     S.COSIMULATION_FAILED, "212-345"),
    (COSIM, "../tb.cpp:3:9: error: 'x' was not declared\nmake: *** [obj/tb.o] Error 1\n"
     "ERROR: [COSIM 212-317] C++ compile error.\nERROR: [COSIM 212-5] file generation failed.\n",
     S.COSIMULATION_FAILED, "tb.cpp:3:9"),
    (COSIM, "ERROR: [VRFC 10-664] expression has 9 elements; expected 1 [k.vhd:6]\n"
     "ERROR: [XSIM 43-3321] Static elaboration failed.\nERROR: [COSIM 212-4] finished: FAIL\n",
     S.COSIMULATION_FAILED, "VRFC"),
    (COSIM, "//////////\n// ERROR!!! DEADLOCK DETECTED at 123 ns! SIMULATION WILL BE STOPPED! //\n"
     "ERROR: [COSIM 212-4] finished: FAIL\n", S.COSIMULATION_FAILED, "212-4"),
    (COSIM, "sim/run.sh: line 9:  4711 Segmentation fault      (core dumped) ./cosim.tv.exe \"$@\"\n"
     "ERROR: [COSIM 212-360] Aborting co-simulation: C TB simulation failed.\n", S.COSIMULATION_FAILED, "Segmentation"),
    (COSIM, "ERROR: [COSIM 212-67] Cannot find Questa. Make sure it is accessible through the PATH variable.\n"
     "ERROR: [COSIM 212-4] finished: FAIL\n", S.TOOL_MISSING, "Questa"),
    (COSIM, "# ** Error: Unable to checkout a license. Failed to check out license 'msimhdlsim'.\n"
     "Failed to check out license 'msimhdlsim'\nERROR: [COSIM 212-4] finished: FAIL\n", S.LICENCE, "msimhdlsim"),
    (COSIM, "ERROR: [COSIM 212-84] Cannot delete directory 'sim': it is being used by another program.\n",
     S.NO_VERDICT, "being used"),
    (COSIM, "ERROR: [XSIM 43-3409] Failed to compile C file: No space left on device\n", S.DISK_FULL, "space"),
    (EXPORT, "bad lexical cast: source type value could not be interpreted as target\n" + TRACE
     + "ERROR: [IMPL 213-28] Failed to generate IP.\n", S.EXPORT_FAILED, "bad lexical cast"),
    (EXPORT, "ERROR: '2201251806' is an invalid argument. Please specify an integer value.\n" + TRACE
     + "ERROR: [IMPL 213-28] Failed to generate IP.\n", S.EXPORT_FAILED, "2201251806"),
    (EXPORT, "missing operand at _@_\n" + TRACE + "ERROR: [IMPL 213-28] Failed to generate IP.\n",
     S.EXPORT_FAILED, "missing operand"),
    (EXPORT, "ERROR: [BD 5-390] IP definition not found for VLNV: a:b:c:1.0\nERROR: [Common 17-39] 'x' failed due to "
     "earlier errors.\nERROR: [HLS 200-478] vivado returned an error\n", S.EXPORT_FAILED, "BD 5-390"),
    (EXPORT, "ERROR: [Vivado 12-13638] Failed runs(s) : 'synth_1'\nERROR: [HLS 200-478] vivado returned an error\n",
     S.EXPORT_FAILED, ""),
    (EXPORT, "ERROR: [Place 30-640] Place Check : This design requires more LUT cells than are available\n"
     "ERROR: [Common 17-69] Command failed: Placer could not place all instances\n", S.DESIGN_TOO_LARGE, "30-640"),
    (EXPORT, "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis' and/or device 'x'.\n",
     S.LICENCE, "17-345"),
    (EXPORT, "WARNING: [Common 17-348] Failed to get the license for feature 'Synthesis'\nsynth_design failed\n"
     "ERROR: [Vivado 12-13638] Failed runs(s) : 'synth_1'\n", S.LICENCE, "17-348"),
    (EXPORT, "ERROR: [Common 17-49] Internal Data Exception: HDDMProto::writeMessage failed\n", S.DISK_FULL, "17-49"),
    (EXPORT, "/x/bin/rdiArgs.sh: line 352: 11056 Killed                  \"$RDI_PROG\" \"$@\"\n"
     "ERROR: [HLS 200-478] vivado returned an error\n", S.KILLED, "Killed"),
    (EXPORT, "Abnormal program termination (11)\n", S.EXPORT_FAILED, "termination"),
    (EXPORT, "application-specific initialization failed: couldn't load file \"libx.so\": libtinfo.so.5: cannot open "
     "shared object file: No such file or directory\n", S.TOOL_MISSING, "libtinfo"),
    ("INFO: [v++ 60-629] Linking for hardware target\n", "ERROR: [VPL 60-399] vivado failed, please see log file\n"
     "ERROR: [v++ 60-661] v++ link run 'run_link' failed\n", S.EXPORT_FAILED, ""),
]  # fmt: skip


@pytest.mark.parametrize(("begin", "lines", "status", "told"), LATER)
def test_a_failure_beyond_c_synthesis_is_no_refusal_of_the_design(
    begin: str, lines: str, status: DesignStatus, told: str
) -> None:
    step = "cosim" if begin is COSIM else "implementation"
    alone = verdict(VITIS + SETUP + begin + lines, 1)
    assert (alone.status, alone.step, alone.csynth) == (status, step, None)
    beyond = verdict(VITIS + SETUP + SYNTHESIS + WELL + begin + lines, 1)
    assert (beyond.status, beyond.step, beyond.csynth) == (status, step, S.OK)
    appended = verdict(VITIS + SETUP + SYNTHESIS + WELL + VITIS + SETUP + begin + lines, 1)
    assert (appended.status, appended.csynth) == (status, S.OK)
    for found in (alone, beyond, appended):
        assert found.reason is not None and told in found.reason


OUTSIDE = [
    ("bash: line 1: vitis_hls: command not found\n", S.TOOL_MISSING),
    ("vitis-run: Command not found.\n", S.TOOL_MISSING),
    ("zsh: command not found: v++\n", S.TOOL_MISSING),
    ("env: \u2018vitis_hls\u2019: No such file or directory\n", S.TOOL_MISSING),
    ("bash: vitis_hls: Kommando nicht gefunden.\n", S.TOOL_MISSING),
    ("bash: vivado_hls：未找到命令\n", S.TOOL_MISSING),
    ("'vitis_hls' is not recognized as an internal or external command,\n", S.TOOL_MISSING),
    ("/x/loader: line 9: lsb_release: command not found\n", S.NO_VERDICT),
    ("ERROR: [HLS 200-1023] Part 'xc7z999' is not installed.\n", S.PART_NOT_INSTALLED),
    ("ERROR: [v++ 60-1258] No valid platform was found for 'u999'\n", S.PART_NOT_INSTALLED),
    ("ERROR: [HLS 200-101] 'config_rtl': Unknown option '-deadlock_detection'.\n", S.NO_VERDICT),
    ("couldn't read file \"run.tcl\": no such file or directory\n" + TRACE, S.NO_VERDICT),
    ("invalid command name \"csynth\"\n" + TRACE, S.NO_VERDICT),
    ("Segmentation fault (core dumped)\n", S.NO_VERDICT),
    ("ERROR: [v++ 60-602] Source file does not exist: /x/k.cpp\n", S.COMPILE_ERROR),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "status"), OUTSIDE)
def test_before_c_synthesis_an_error_says_nothing_of_the_design(lines: str, status: DesignStatus) -> None:
    found = verdict(VITIS + SETUP + lines, 1)
    assert found.status is status
    assert found.reason == lines.splitlines()[0] or lines.startswith("/x/loader")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("line 312: 30638 Killed", S.KILLED),
        ("Zeile 312: 30638 Getötet", S.KILLED),
        ("ligne 312 : 30638 Processus arrêté", S.KILLED),
        ("línea 312: 30638 Terminado (killed)", S.KILLED),
        ("linha 312: 30638 Morto", S.KILLED),
        ("riga 312: 30638 Ucciso", S.KILLED),
        ("строка 312: 30638 Убито", S.KILLED),
        ("行 312:  4711 已杀死", S.KILLED),
        ("列 312:  4711 已砍掉", S.KILLED),
        ("312 行:  4711 強制終了", S.KILLED),
        ("312: 줄: 4711 죽었음", S.KILLED),
        ("Zeile 312: 30638 Beendet", S.KILLED),
        ("Zeile 312: 30638 Speicherzugriffsfehler  (Speicherabzug geschrieben)", S.SOURCE_SYNTHESIS_FAILED),
        ("行 312:  4711 段错误               (核心已转储)", S.SOURCE_SYNTHESIS_FAILED),
        ("baris 312:  4711 Entahlah", S.NO_VERDICT),
    ],
)
def test_a_shell_of_another_language_says_how_the_tool_ended(said: str, status: DesignStatus) -> None:
    line = f'/x/bin/loader: {said}               "$RDI_PROG" "$@"'
    for text in (line + "\n", line):
        found = verdict(VITIS + SYNTHESIS + text)
        assert (found.status, found.csynth) == (status, status)


ERROR = "ERROR: [HLS 207-812] 'k.h' file not found (k.cpp:1:10)"


@pytest.mark.parametrize(
    "line",
    [
        f"[09:15:03] {ERROR}",
        f"2024-05-01T09:15:03.1234567Z {ERROR}",
        f"2024-05-01 09:15:03,123 - hls.run - INFO - {ERROR}",
        f"INFO:hls4ml:{ERROR}",
        f"build\tRun synthesis\t2024-05-01T09:15:03.1234567Z {ERROR}",
        f"2024-05-01T09:15:03.123456Z 01O {ERROR}",
        f"May  1 09:15:03 host hls[4711]: {ERROR}",
        f"[1,0]<stdout>: {ERROR}",
        f"0: {ERROR}",
        f"[gemm] {ERROR}",
        f"gemm\t{ERROR}",
        f"worker_1  | {ERROR}",
        f"#12 34.56 {ERROR}",
        f"make[2]: {ERROR}",
        f"vitis_hls: {ERROR}",
        f"....{ERROR}",
        f"  10%\r  20%\r{ERROR}",
        f"\x1b[1m\x1b[31mERROR: \x1b[0m\x1b[31m{ERROR[7:]}\x1b[0m",
        f"\x1b]0;title\x07{ERROR}",
        f"\x9b31m{ERROR}\x9b0m",
        f"{ERROR}\r\n\r",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_colours_times_and_tags_hide_no_message(line: str, end: str) -> None:
    found = verdict(end.join([*(VITIS + SYNTHESIS).splitlines(), line, *WELL.splitlines()]), 0)
    assert (found.status, found.file, found.line, found.column) == (DesignStatus.COMPILE_ERROR, "k.cpp", 1, 10)
    assert found.reason == ERROR


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-16-le"])
def test_a_log_from_windows_is_read(encoding: str) -> None:
    text = (VITIS + SYNTHESIS + ERROR + "\n").replace("\n", "\r\n").encode(encoding).decode("utf-8", errors="replace")
    found = verdict(text)
    assert (found.status, found.reason, found.tool_version) == (DesignStatus.COMPILE_ERROR, ERROR, "2024.1")


def test_control_characters_reach_neither_reason_nor_warnings() -> None:
    hostile = "".join(map(chr, [*range(9), *range(14, 28), *range(127, 133), 0x202E, 0xFEFF, 0xDC80]))
    text = VITIS + SYNTHESIS + f"ERROR: [HLS 200-4242] a{hostile}b\nWARNING: [HLS 200-880] II{hostile} Violation\n"
    found = verdict(text)
    assert found.reason == "ERROR: [HLS 200-4242] ab"
    for sentence in (*found.errors, *(warning.text for warning in found.warnings)):
        assert sentence.isprintable()


@pytest.mark.parametrize(
    "line",
    [
        "INFO: [HLS 200-10] the last run said ERROR: [HLS 200-70] Pre-synthesis failed.",
        'INFO: [HLS 200-1510] Running: puts "ERROR: [HLS 200-70] no license, No space left on device"',
        '# puts "ERROR: [HLS 207-1] x (k.c:1:2)"',
        '## if {$x} { error "ERROR: [HLS 200-70] Out of memory" }',
        '+ echo "ERROR: Killed"',
        'echo "FLEXnet Licensing error:-15,570"',
        'puts "Segmentation fault"',
        '    if {[catch {exec vitis_hls}]} { puts "vitis_hls: command not found" }',
        '  printf("write: No space left on device\\n");',
        "WARNING: [HLS 200-40] No license is needed",
        "CRITICAL WARNING: [HLS 200-1] out of memory soon",
        "Successfully checked out a license",
        "INFO: [Common 17-349] Got license for feature 'Synthesis'",
        "INFO: [HLS 200-10] For user 'killed' on host 'Out of memory'",
    ],
)
def test_what_is_quoted_or_echoed_is_no_error(line: str) -> None:
    assert verdict(f"{VITIS}{SETUP}{line}\n{SYNTHESIS}{line}\n{WELL}{line}\n", 0).status is DesignStatus.OK


def test_a_setting_that_was_not_applied_is_named_and_the_design_is_judged() -> None:
    wrong = "ERROR: [HLS 200-642] The 'config_array_partition -maximum_size' command is not supported."
    found = verdict(VITIS + SETUP + wrong + "\n" + SYNTHESIS + WELL, 0)
    assert (found.status, found.csynth, found.reason, found.errors) == (S.OK, S.OK, wrong, ())
    assert [(one.kind, one.id) for one in found.warnings] == [(WarningKind.SETTING_NOT_APPLIED, "HLS 200-642")]
    failed = verdict(VITIS + SETUP + wrong + "\n" + SYNTHESIS + "Synthesis failed.\n" + TRACE, 1)
    assert (failed.status, failed.reason) == (S.SOURCE_SYNTHESIS_FAILED, "Synthesis failed.")


def test_only_the_end_of_c_synthesis_makes_it_ok() -> None:
    written = "INFO: [HLS 200-111] Finished Generating all RTL models: CPU user time: 1 seconds.\n"
    generating = "INFO: [VHDL 208-304] Generating VHDL RTL for k.\nINFO: [VLOG 209-307] Generating Verilog RTL for k.\n"
    assert verdict(VITIS + SYNTHESIS + written).status is S.NO_VERDICT
    assert verdict(VITIS + SYNTHESIS + written + generating).status is S.NO_VERDICT
    old = SYNTHESIS.replace("INFO: [HLS 200-1510] Running: csynth_design \n", "")
    assert verdict(VIVADO + old + written).status is S.NO_VERDICT
    assert verdict(VIVADO + old + written + generating).status is S.OK
    for number in range(len(WELL)):
        cut = verdict(VITIS + SYNTHESIS + WELL[:number])
        assert (cut.status is S.OK) == ("Loop Constraint Status:" in WELL[:number])


def test_errors_after_c_synthesis_do_not_refuse_the_design() -> None:
    script = 'invalid command name "report"\n' + TRACE
    found = verdict(VITIS + SYNTHESIS + WELL + script, 1)
    assert (found.status, found.csynth) == (S.NO_VERDICT, S.OK)
    assert found.reason == 'invalid command name "report"'
    full = verdict(VITIS + SYNTHESIS + WELL + 'error writing "x": No space left on device\n', 1)
    assert (full.status, full.csynth) == (S.DISK_FULL, S.OK)


def test_c_simulation_says_nothing_of_c_synthesis() -> None:
    failing = CSIM + "tb.cpp:3:1: error: no\nERROR: [SIM 211-100] 'csim_design' failed: compilation error(s).\n"
    found = verdict(VITIS + failing, 1)
    assert (found.status, found.step, found.csynth) == (S.NO_VERDICT, "csim", None)
    assert found.reason == "tb.cpp:3:1: error: no"
    assert verdict(VITIS + failing + SYNTHESIS + WELL, 0).status is S.OK
    begun = verdict(VITIS + CSIM + "ERROR: value 3 differs\nINFO: [SIM 211-1] CSim done with 0 errors.\n" + SYNTHESIS)
    assert (begun.status, begun.csynth) == (S.NO_VERDICT, S.NO_VERDICT)
    assert begun.reason is not None and "breaks off" in begun.reason
    killed = verdict(VITIS + CSIM + "make: *** [csim] Killed\n", 1)
    assert (killed.status, killed.csynth) == (S.KILLED, None)


def test_a_later_run_decides_over_an_earlier_success() -> None:
    good = VITIS + SYNTHESIS + WELL
    assert verdict(good + VITIS + "ERROR: [HLS 200-72] License checking failed.\n", 1).status is S.LICENCE
    assert verdict(good + VITIS + SYNTHESIS, 1).status is S.NO_VERDICT
    assert verdict(good + VITIS + SYNTHESIS, None).status is S.OK


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("****** Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2026.1 (64-bit)", "2026.1"),
        ("****** v++ v2023.2 (64-bit)", "2023.2"),
        ("****** vitis-run v2024.2.2 (64-bit)", "2024.2.2"),
        ("****** xocc v2018.2 (64-bit)", "2018.2"),
        ("****** xocc v2017.4_sdx (64-bit)", "2017.4_sdx"),
        ("  **** HLS Build v2025.2 6295257", "2025.2"),
        ("Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2030.10 (64-bit)", "2030.10"),
        ("INFO: [v++ 74-74] Compiler Version string: 2020.2", "2020.2"),
        ("Option Map File Used: '/opt/Xilinx/Vitis/2021.1/data/vitis/vpp/optMap.xml'", "2021.1"),
        ("source C:/Xilinx/Vitis_HLS/2022.2/scripts/vitis_hls/hls.tcl -notrace", "2022.2"),
        ("INFO: [v++ 60-1453] Command Line: /opt/2026.1/Vitis/bin/v++ -c", "2026.1"),
        ("Resolution: For help see docs.amd.com/access?Doc_Version=2025.1%20English&url=x", "2025.1"),
        ("Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC Version 2015.4", "2015.4"),
        ("INFO: [HLS 200-10] Adding design file 'data/2021.1/k.cpp' to the project", None),
    ],
)
def test_the_tool_version_is_found_in_every_form_of_a_log(line: str, version: str | None) -> None:
    assert verdict(f"{line}\n{SYNTHESIS.replace('HLS ', 'v++ ')}").tool_version == version


def test_v_plus_plus_messages_are_known_as_those_of_the_tool() -> None:
    text = (
        "****** v++ v2021.1 (64-bit)\nINFO: [v++ 60-242] Creating kernel: 'k'\nINFO: [v++ 204-61] Pipelining 'L'.\n"
        "WARNING: [v++ 200-880] The II Violation in module 'k'\n"
        "INFO: [v++ 200-790] **** Loop Constraint Status: All loop constraints were NOT satisfied.\n"
        "INFO: [v++ 200-789] **** Estimated Fmax: 411.00 MHz\nINFO: [v++ 60-594] Finished kernel compilation\n"
    )
    found = verdict(text, 0)
    assert (found.status, found.csynth, found.estimated_fmax_mhz) == (S.OK, S.OK, 411.0)
    second = verdict(text + "INFO: [v++ 60-242] Creating kernel: 'b'\nERROR: [v++ 200-70] Pre-synthesis failed.\n", 1)
    assert (second.status, second.tool_version) == (S.SOURCE_SYNTHESIS_FAILED, "2021.1")
    assert {one.kind for one in found.warnings} == {WarningKind.II_VIOLATION, WarningKind.CONSTRAINT_NOT_MET}


@pytest.mark.parametrize(
    "line",
    [
        "ERROR: " + "pragma " * 40_000 + "!",
        "WARNING: " + "pipeline partition " * 40_000,
        "." * 1_000_000 + " ERROR: [HLS 200-1] x",
        "\x1b[" * 300_000,
        "\x1b]" * 300_000,
        "\u2028" * 300_000,
        "[" * 300_000,
        "a: " * 300_000,
        "ERROR: [HLS 200-70] " + "design is too " * 50_000,
        "make: *** " + "x " * 300_000,
        "/x: 1: " * 200_000 + '"$RDI_PROG"',
    ],
    ids=str.__len__,
)
def test_a_long_line_is_read_as_far_as_it_can_matter(line: str) -> None:
    found = verdict(VITIS + SYNTHESIS + line + "\n" + ERROR + "\n", 1)
    assert ERROR in found.errors
    assert all(len(sentence) <= 600 for sentence in found.errors)


def test_what_is_kept_of_a_log_does_not_grow_with_it() -> None:
    lines = (f"ERROR: [HLS 200-70] odd {n}\nWARNING: [HLS 200-880] II Violation {n}\n" for n in range(2000))
    found = verdict(VITIS + SYNTHESIS + "".join(lines), 1)
    assert (len(found.errors), len(found.warnings), found.warnings_seen) == (200, 200, 2000)
    assert found.reason == "ERROR: [HLS 200-70] odd 0"
