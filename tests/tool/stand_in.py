"""Stands in for vitis_hls, vitis-run, v++ and vivado_hls where there is no licence: for tests alone.

It takes the command lines of the real tools, reads the TCL or cfg it is given, prints a log in their form and leaves
a csynth.xml where they do, in the schema of its version. It synthesises nothing: the figures in the report are made
from a checksum of the source, and every version that it states ends in ``-stand-in``.

Its start is ``python -I -S stand_in.py NAME ARGUMENT...``. The environment decides what it does:

STAND_IN_VERSION    2020.2, 2022.2, 2023.2, 2024.1, 2025.2, 2026.1 or later; for vivado_hls also 2018.3, 2019.1
STAND_IN_SCENARIO   one of SCENARIOS; a comment ``stand-in: SCENARIO`` in a design file wins over it
STAND_IN_STATE      a folder for what outlives a run: counters, and who holds a licence
STAND_IN_OUTAGE     SCENARIO:N: from the start after the N-th on, every run goes as this scenario
STAND_IN_HEALS      after how many failures the scenario licence_heals goes well (2)
STAND_IN_SECONDS    how long the scenario slow takes (1)
STAND_IN_LICENCES   how many may run at once; one more fails for want of a licence, and is noted in STAND_IN_STATE
STAND_IN_RUNS       a folder where every synthesis notes its start, its end, and whether another of its design is at it
STAND_IN_PIDS       a folder where every process notes its number, for tests that look for survivors
"""

# ruff: noqa: PTH103, PTH106, PTH108, PTH109, PTH112, PTH113, PTH118, PTH123, PTH208, PTH100, PTH211, SIM105
# Plain os calls: the program starts without pathlib, hundreds of times in one test.

from __future__ import annotations

import fcntl
import os
import re
import signal
import sys
import time
import zlib
from typing import NoReturn

SCENARIOS = (
    "success", "slow", "hang", "stubborn", "daemon", "garbage", "half_xml", "garbage_xml", "error_exit0",
    "other_top", "other_part", "no_report", "licence", "licence_heals", "oom_line", "killed", "eat_memory",
    "compile_error", "pragma_conflict", "unroll_refused", "too_large", "source_failed", "crash", "disk_full",
    "disk_full_heals", "silent_failure", "unknown_setting", "warnings", "flood", "export_licence", "export_killed",
    "csim_fails", "part_missing", "cosim_fails", "export_fails", "pipe_report", "link_report", "cosim_differs",
    "clock_missed",
)  # fmt: skip

ENV = os.environ
VERSION = ENV.get("STAND_IN_VERSION", "2023.2")
STATED = f"{VERSION}-stand-in"
RELEASE = tuple(int(part) for part in VERSION.split(".")[:2])


class Failure(Exception):
    """A command of a script failed: the text has been printed."""


LOG_FILES: list[str] = []


def say(text: str) -> None:
    """One line on stdout and in the log files of the run."""
    data = (text + "\n").encode()
    os.write(1, data)
    for name in LOG_FILES:
        with open(name, "ab") as file:
            file.write(data)


def info(message: str) -> None:
    say(f"INFO: {message}")


def warning(message: str) -> None:
    say(f"WARNING: {message}")


def error(message: str) -> None:
    say(f"ERROR: {message}")


# What a script or cfg asks for


class Design:
    """The settings that a script has made so far."""

    def __init__(self) -> None:
        self.project = ""
        self.solution = ""
        self.top = ""
        self.part = ""
        self.period = 10.0
        self.uncertainty: float | None = None
        self.flow_target = "vivado"
        self.files: list[str] = []
        self.testbench: list[str] = []
        self.settings: list[str] = []
        self.directives: list[str] = []
        self.implemented = False

    @property
    def folder(self) -> str:
        return f"{self.project}/{self.solution}"

    def text(self) -> str:
        found = ""
        for name in self.files:
            if not os.path.isfile(name):
                error(f"[HLS 200-40] Cannot find design file '{name}'")
                raise Failure
            with open(name, encoding="utf-8") as file:
                found += file.read()
        return found

    def save(self) -> None:
        with open(f"{self.project}/hls.app", "w") as file:
            file.write(
                "\n".join((self.top, self.part, str(self.period), ",".join(self.files), ",".join(self.testbench)))
            )

    def load(self) -> None:
        path = f"{self.project}/hls.app"
        if not os.path.isfile(path):
            error(f"[HLS 200-102] Cannot open project '{self.project}'")
            raise Failure
        with open(path) as file:
            self.top, self.part, period, files, testbench = file.read().split("\n")
        self.period = float(period)
        self.files = [name for name in files.split(",") if name]
        self.testbench = [name for name in testbench.split(",") if name]


def words(line: str) -> list[str]:
    """The words of a TCL command of plain words, quoted words and \\uXXXX; anything livelier is refused."""
    found: list[str] = []
    position = 0
    while position < len(line):
        if line[position] in " \t":
            position += 1
            continue
        if line[position] == '"':
            end = line.index('"', position + 1)
            raw, position = line[position + 1 : end], end + 1
        else:
            match = re.compile(r"\S+").match(line, position)
            assert match
            raw, position = match[0], match.end()
        if re.search(r"[\[\]${};]", raw):
            error(f"stand-in: the script holds {raw!r}, which it does not evaluate")
            raise Failure
        found.append(re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), raw))
    return found


def seconds_of(text: str) -> float:
    """A clock period in nanoseconds, from ``4``, ``4ns`` or ``250MHz``."""
    if text.endswith("MHz"):
        return 1000 / float(text[:-3])
    return float(text.removesuffix("ns"))


def run_tcl(path: str, tool: str) -> None:
    if not os.path.isfile(path):
        error(f"[HLS 200-101] cannot read the script '{path}'")
        raise Failure
    say(f"Sourcing Tcl script '{path}'")
    design = Design()
    with open(path, encoding="ascii") as file:
        lines = file.read().split("\n")
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        command, *arguments = words(line)
        if command == "exit":
            if arguments and arguments[0] != "0":
                raise Failure
            return
        info(f"[HLS 200-1510] Running: {command} {' '.join(arguments)} ")
        tcl_command(design, command, arguments, tool)


def tcl_command(design: Design, command: str, arguments: list[str], tool: str) -> None:
    plain = [word for word in arguments if not word.startswith("-")]
    if command == "open_project":
        design.project = plain[0]
        if "-reset" in arguments:
            remove(design.project)
            os.makedirs(design.project)
            info(f"[HLS 200-10] Creating and opening project '{os.path.abspath(design.project)}'.")
        else:
            design.load()
            info(f"[HLS 200-10] Opening project '{os.path.abspath(design.project)}'.")
    elif command == "set_top":
        design.top = plain[0]
    elif command == "add_files":
        name = arguments[1] if arguments[0] == "-tb" else arguments[0]
        (design.testbench if arguments[0] == "-tb" else design.files).append(name)
        info(f"[HLS 200-10] Adding {'test bench' if arguments[0] == '-tb' else 'design'} file '{name}' to the project")
    elif command == "open_solution":
        if "-flow_target" in arguments:
            if tool == "vivado_hls":
                error("[HLS 200-101] 'open_solution': Unknown option '-flow_target'.")
                raise Failure
            design.flow_target = arguments[arguments.index("-flow_target") + 1]
            plain.remove(design.flow_target)
        design.solution = plain[0]
        os.makedirs(f"{design.folder}/syn/report", exist_ok=True)
        LOG_FILES.append(f"{design.folder}/{design.solution}.log")
    elif command == "set_part":
        set_part(design, plain[0])
    elif command == "create_clock":
        design.period = seconds_of(arguments[arguments.index("-period") + 1])
        info(f"[SYN 201-201] Setting up clock 'default' with a period of {design.period:g}ns.")
    elif command == "set_clock_uncertainty":
        design.uncertainty = uncertainty_of(plain[0], design.period)
    elif command.startswith("config_"):
        if scenario_of(design.text()) == "unknown_setting":
            error(f"[HLS 200-101] '{command}': Unknown option '{arguments[0]}'.")
            raise Failure
        design.settings.append(" ".join([command, *arguments]))
    elif command.startswith("set_directive_"):
        design.directives.append(" ".join([command, *arguments]))
    elif command == "csynth_design":
        csynth(design, tool)
        info("[HLS 200-111] Finished Command csynth_design CPU user time: 1 seconds. Elapsed time: 2 seconds;")
    elif command in ("csim_design", "cosim_design", "export_design"):
        if "-flow" in arguments:
            design.implemented = arguments[arguments.index("-flow") + 1] == "impl"
        further(design, command.removesuffix("_design"))
        info(f"[HLS 200-111] Finished Command {command} CPU user time: 1 seconds. Elapsed time: 2 seconds;")
    else:
        error(f'invalid command name "{command}"')
        raise Failure


def uncertainty_of(text: str, period: float) -> float:
    return period * float(text[:-1]) / 100 if text.endswith("%") else float(text.removesuffix("ns"))


def set_part(design: Design, part: str) -> None:
    if part.startswith("xcnone"):
        error(f"[HLS 200-1023] Part '{part}' is not installed.")
        raise Failure
    design.part = re.sub(r"^(xc7[a-z]\d+t?)([a-z])", r"\1-\2", part)
    info(f"[HLS 200-1611] Setting target device to '{design.part}'")


def run_cfg(path: str, work: str, step: str) -> None:
    """What v++ -c --mode hls and vitis-run --csim and so on do with a cfg file."""
    design = Design()
    design.project, design.solution = work, "hls"
    os.makedirs(f"{work}/hls/syn/report", exist_ok=True)
    os.makedirs(f"{work}/logs", exist_ok=True)
    name = "hls_compile" if step == "csynth" else f"hls_run_{step}"
    LOG_FILES.extend((f"{work}/logs/{name}.log", f"{work}/hls/hls.log"))
    info(f"[HLS 200-2005] Using work_dir {os.path.abspath(work)} ")
    with open(path, encoding="utf-8") as file:
        lines = file.read().split("\n")
    section = ""
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip()
            continue
        key, _, value = line.partition("=")
        info(f"[HLS 200-1465] Applying config ini '{line}' from {path}({number})")
        try:
            cfg_entry(design, section, key, value)
        except Failure:
            error(f"[HLS 200-1912] Problem with config ini entry '{line}' from {path}({number}): command failed")
            raise
    if step == "csynth":
        os.makedirs(f"{work}/reports", exist_ok=True)
        csynth(design, "v++")
    else:
        if not os.path.isfile(f"{work}/hls/syn/report/csynth.xml") and step != "csim":
            error("[HLS 200-1462] the component has not been compiled")
            raise Failure
        further(design, step)


def cfg_entry(design: Design, section: str, key: str, value: str) -> None:
    if key == "part" and not section:
        set_part(design, value)
    elif section != "[hls]":
        error(f"unrecognised option '{key}'")
        raise Failure
    elif key == "clock":
        design.period = seconds_of(value)
    elif key == "clock_uncertainty":
        design.uncertainty = uncertainty_of(value, design.period)
    elif key == "flow_target":
        design.flow_target = value
    elif key == "syn.file":
        design.files.append(value)
    elif key == "tb.file":
        design.testbench.append(value)
    elif key == "syn.top":
        design.top = value
    elif key.startswith("syn.directive."):
        design.directives.append(f"{key}={value}")
    elif key == "vivado.flow":
        design.implemented = value == "impl"
    elif re.match(r"(syn|tb|vivado|package|csim|cosim)\.[a-z_.]+$", key):
        design.settings.append(f"{key}={value}")
    else:
        error(f"unrecognised option '{key}'")
        raise Failure


# Scenarios


def state(name: str) -> str:
    folder = ENV.get("STAND_IN_STATE", "")
    if not folder:
        raise SystemExit("stand-in: STAND_IN_STATE names no folder")
    os.makedirs(folder, exist_ok=True)
    return f"{folder}/{name}"


def count(name: str) -> int:
    """How often this was called, this time included, over all processes that share the state."""
    number = 1
    while True:
        try:
            os.close(os.open(state(f"{name}.{number}"), os.O_CREAT | os.O_EXCL))
            return number
        except FileExistsError:
            number += 1


def hold_licence() -> None:
    most = ENV.get("STAND_IN_LICENCES")
    if not most:
        return
    os.makedirs(state("holders"), exist_ok=True)
    with open(state(f"holders/{os.getpid()}"), "w"):
        pass
    holders = [pid for pid in os.listdir(state("holders")) if is_alive(pid)]
    if len(holders) > int(most):
        count("over-use")
        release_licence()
        error("[HLS 200-1500] Failed to obtain a license: all licenses are in use")
        raise Failure


def is_alive(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def note_run(crc: int, what: str) -> None:
    folder = ENV.get("STAND_IN_RUNS")
    if folder:
        with open(f"{folder}/{crc:08x}.{os.getpid()}.{what}", "w"):
            pass


def note_start(crc: int) -> None:
    """The lock is held to the end of this process."""
    folder = ENV.get("STAND_IN_RUNS")
    if not folder:
        return
    lock = os.open(f"{folder}/{crc:08x}.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        note_run(crc, "twice")
    note_run(crc, "started")


def release_licence() -> None:
    if ENV.get("STAND_IN_LICENCES"):
        try:
            os.unlink(state(f"holders/{os.getpid()}"))
        except FileNotFoundError:
            pass


def note_pid() -> None:
    folder = ENV.get("STAND_IN_PIDS")
    if folder:
        with open(f"{folder}/{os.getpid()}", "w"):
            pass


def sleep_for_ever() -> NoReturn:
    while True:
        time.sleep(3600)


def fork_child(*, ignore_term: bool, own_session: bool) -> None:
    """A child that hangs, as tools leave them."""
    told, tell = os.pipe()
    if os.fork() == 0:
        if own_session:
            os.setsid()
            if os.fork():
                os._exit(0)
        if ignore_term:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note_pid()
        os.write(tell, b".")
        sleep_for_ever()
    os.read(told, 1)


def scenario_of(text: str) -> str:
    """The scenario that a design asks for, else that of the environment."""
    asked = re.search(r"stand-in: (\w+)", text)
    return asked[1] if asked else ENV.get("STAND_IN_SCENARIO", "success")


def csynth(design: Design, tool: str) -> None:
    text = design.text()
    scenario = scenario_of(text)
    outage, _, after = ENV.get("STAND_IN_OUTAGE", "").partition(":")
    if outage and count("outage") > int(after):
        scenario = outage
    if scenario not in SCENARIOS:
        raise SystemExit(f"stand-in: there is no scenario {scenario!r}")
    hold_licence()
    try:
        synthesise(design, tool, text, scenario)
    finally:
        release_licence()
    design.save()


def synthesise(design: Design, tool: str, text: str, scenario: str) -> None:
    crc = zlib.crc32("\n".join([text, *design.directives, *design.settings]).encode())
    note_start(crc)
    name = design.files[0]
    report = f"{design.folder}/syn/report"
    if scenario == "licence" or (
        scenario == "licence_heals" and count(f"licence-{crc}") <= int(ENV.get("STAND_IN_HEALS", "2"))
    ):
        error("[HLS 200-1500] A valid license was not found for feature 'Vitis_HLS'. Check the license server.")
        raise Failure
    if scenario == "part_missing":
        error(f"[HLS 200-1023] Part '{design.part}' is not installed.")
        raise Failure
    info(f"[HLS 200-10] Analyzing design file '{name}' ... ")
    if scenario == "hang":
        sleep_for_ever()
    if scenario == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        fork_child(ignore_term=True, own_session=False)
        fork_child(ignore_term=True, own_session=True)
        sleep_for_ever()
    if scenario == "daemon":
        fork_child(ignore_term=False, own_session=True)
    if scenario == "garbage":
        os.write(1, bytes(range(256)) * 64)
        raise SystemExit(0)
    if scenario == "flood":
        line = b"INFO: [HLS 214-186] Unrolling loop 'L' completely with a factor of 2\n"
        for _ in range(200):
            os.write(1, line * 1000)
    if scenario == "eat_memory":
        held = bytearray(int(ENV.get("STAND_IN_BYTES", str(600 * 2**20))))
        for place in range(0, len(held), 4096):
            held[place] = 1
        sleep_for_ever()
    if scenario == "compile_error" or "#error" in text:
        row = 1 + text[: max(text.find("#error"), 0)].count("\n")
        error(f"[HLS 207-3776] use of undeclared identifier 'nothing' ({name}:{row}:3)")
        failed_in_source("")
    if not re.search(rf"\b{design.top}\s*\(", text):
        if tool == "vivado_hls":
            error(f"[SYN 201-102] Cannot find the top function '{design.top}' in the design.")
        else:
            warning("[HLS 200-1986] Could not apply TOP directive, invalid function, label, or variable (:0)")
            error(f"[HLS 214-157] Top function not found: there is no function named '{design.top}'")
        say("Error in opt")
        raise Failure
    info("[HLS 200-111] Finished Source Code Analysis and Preprocessing: CPU user time: 1 seconds.")
    info(f"[HLS 200-777] Using interface defaults for '{design.flow_target.title()}' flow target.")
    if scenario == "pragma_conflict":
        error(
            "[HLS 214-274] In 'L0', Pragma conflict happens on 'UNROLL' and 'PIPELINE' pragmas: loop is gone (k.c:3:2)"
        )
        failed_in_source("[HLS 200-1715] Encountered problem during source synthesis")
    if scenario == "too_large":
        warning("[HLS 200-1995] There were 4,107,862 instructions in the design after the 'Array/Struct' phase.")
        failed_in_source("[HLS 200-1715] Encountered problem during source synthesis")
    if scenario == "unroll_refused":
        error(
            "[XFORM 203-504] Stop unrolling loop 'L0' (k.c:3) in function 'top' because of the increase in code size."
        )
        failed_in_source("[HLS 200-70] Pre-synthesis failed.")
    if scenario == "source_failed":
        failed_in_source("[HLS 200-1715] Encountered problem during source synthesis")
    info("[HLS 200-10] Starting code transformations ...")
    info("[HLS 200-10] Checking synthesizability ...")
    if scenario == "oom_line":
        say(f'/opt/stand-in/bin/loader: line 312: {os.getpid()} Killed                  "$RDI_PROG" "$@"')
        raise SystemExit(137)
    if scenario == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if scenario == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if scenario == "disk_full" or (scenario == "disk_full_heals" and count(f"disk-{crc}") <= 1):
        error("[HLS 200-101] cannot write the database: No space left on device")
        raise Failure
    if scenario == "silent_failure":
        raise SystemExit(1)
    info("[HLS 200-10] Starting hardware synthesis ...")
    info(f"[HLS 200-42] -- Implementing module '{design.top}' ")
    info("[SCHED 204-11] Starting scheduling ...")
    if scenario == "slow":
        steps = 20
        for step in range(steps):
            info(f"[HLS 200-42] -- Implementing module '{design.top}_{step}' ")
            time.sleep(float(ENV.get("STAND_IN_SECONDS", "1")) / steps)
    if scenario == "warnings":
        warning(
            "[HLS 200-880] The II Violation in module 'k' (loop 'L0'): Unable to enforce a carried dependence (II = 1)."
        )
        warning(
            "[HLS 214-187] Cannot unroll loop 'L1' (k.c:5:3) in function 'k' as it has a variable trip count (k.c:5:3)"
        )
        warning("[HLS 207-5516] unexpected pragma argument 'factr', the pragma is ignored (k.c:4:9)")
        warning("[HLS 200-871] Estimated clock period (4.112 ns) exceeds the target (target clock period: 4.000 ns).")
    if scenario == "error_exit0":
        error("[HLS 200-999] something went wrong and nobody told the exit status")
    info(f"[HLS 200-10] -- Generating RTL for module '{design.top}' ")
    info(f"[VLOG 209-307] Generating Verilog RTL for {design.top}.")
    xml = csynth_xml(design, crc, tool, scenario)
    if scenario == "half_xml":
        xml = xml[: len(xml) // 2]
    if scenario == "garbage_xml":
        xml = bytes(range(256)).decode("latin-1")
    if scenario == "pipe_report":
        os.mkfifo(f"{report}/csynth.xml")
    elif scenario == "link_report":
        with open(f"{os.getcwd()}.csynth.xml", "w") as file:
            file.write(xml)
        os.symlink(f"{os.getcwd()}.csynth.xml", f"{report}/csynth.xml")
    elif scenario != "no_report":
        for file_name in ("csynth.xml", f"{design.top}_csynth.xml"):
            with open(f"{report}/{file_name}", "w", encoding="latin-1") as file:
                file.write(xml)
        if RELEASE >= (2023, 1):
            with open(f"{report}/csynth_design_size.xml", "w") as file:
                file.write("<profile/>\n")
    note_run(crc, "finished")
    satisfied = "NOT satisfied" if scenario == "warnings" else "satisfied"
    if tool != "vivado_hls":
        info(f"[HLS 200-790] **** Loop Constraint Status: All loop constraints were {satisfied}.")
        info("[HLS 200-789] **** Estimated Fmax: 342.47 MHz")


def failed_in_source(message: str) -> NoReturn:
    if message:
        error(message)
    say("Pre-synthesis failed.")
    # Printed after failures too, as the tools do.
    info("[HLS 200-111] Finished Command csynth_design CPU user time: 1 seconds. Elapsed time: 2 seconds;")
    raise Failure


def further(design: Design, step: str) -> None:
    text = design.text()
    scenario = scenario_of(text)
    if step == "csim":
        info("[SIM 211-2] *************** CSIM start ***************")
        if scenario == "csim_fails":
            error("[SIM 211-100] 'csim_design' failed: nonzero return value.")
            raise Failure
        os.makedirs(f"{design.folder}/csim/report", exist_ok=True)
        with open(f"{design.folder}/csim/report/{design.top}_csim.log", "w") as file:
            file.write("passed\n")
        info("[SIM 211-3] *************** CSIM finish ***************")
    elif step == "cosim":
        info("[COSIM 212-47] Using XSIM for RTL simulation.")
        if scenario == "cosim_fails":
            error("[COSIM 212-361] C TB post check failed, nonzero return value '1'.")
            error("[COSIM 212-4] *** C/RTL co-simulation finished: FAIL ***")
            raise Failure
        os.makedirs(f"{design.folder}/sim/report", exist_ok=True)
        with open(f"{design.folder}/sim/report/{design.top}_cosim.rpt", "w") as file:
            status = "Fail" if scenario == "cosim_differs" else "Pass"
            row = f"|   Verilog|      {status}|  74|  75|  76|  77|  78|  79|  152|"
            file.write(
                f"|   RTL    |  Status  | min| avg| max| min| avg| max|\n|      VHDL|        NA| NA| NA| NA|\n{row}\n"
            )
        if scenario == "cosim_differs":
            error("[COSIM 212-361] Co-simulation output mismatch.")
            error("[COSIM 212-4] *** C/RTL co-simulation finished: FAIL ***")
            raise Failure
        info("[COSIM 212-1000] *** C/RTL co-simulation finished: PASS ***")
    else:
        info("[IMPL 213-8] Exporting RTL as a Vivado IP.")
        if scenario == "export_licence":
            error("[Common 17-345] A valid license was not found for feature 'Synthesis' and/or device 'xcvc1902'.")
            error("[HLS 200-478] vivado returned an error ")
            raise Failure
        if scenario == "export_fails":
            say("bad lexical cast: source type value could not be interpreted as target")
            say('    while executing\n"rdi::set_property core_revision 2601010101 {component component_1}"')
            error("[IMPL 213-28] Failed to generate IP.")
            raise Failure
        if scenario == "export_killed":
            say('/opt/stand-in/bin/rdiArgs.sh: line 352: 11056 Killed                  "$RDI_PROG" "$@"')
            raise Failure
        os.makedirs(f"{design.folder}/impl/report/verilog", exist_ok=True)
        # Vivado leaves what its synthesis said beside what the routed design came to.
        figures = {"syn": (212, "2.500"), "impl": (187, "4.250" if scenario == "clock_missed" else "3.125")}
        for flow in ("syn", "impl") if design.implemented else ("syn",):
            lut, achieved = figures[flow]
            with open(f"{design.folder}/impl/report/verilog/export_{flow}.xml", "w") as file:
                area = f"<BRAM>2</BRAM><CLB>31</CLB><DSP>5</DSP><FF>266</FF><LUT>{lut}</LUT><SRL>0</SRL><URAM>0</URAM>"
                timing = (
                    f"<TargetClockPeriod>4.000</TargetClockPeriod><AchievedClockPeriod>{achieved}</AchievedClockPeriod>"
                )
                file.write(
                    f"<profile><TimingReport>{timing}</TimingReport>"
                    f"<AreaReport><Resources>{area}</Resources></AreaReport></profile>\n"
                )


# The report


def csynth_xml(design: Design, crc: int, tool: str, scenario: str) -> str:
    """A csynth.xml in the schema of the version; every figure is made up from the checksum."""
    vivado = tool == "vivado_hls"
    cycles = 100 + crc % 1_000_000
    trip = 1 + crc % 97
    dsp = "DSP48E" if vivado or RELEASE < (2020, 2) else "DSP"
    pipeline_type = "none" if vivado or RELEASE < (2021, 1) else "no"
    default = 0.125 if vivado else 0.27
    uncertainty = design.uncertainty if design.uncertainty is not None else design.period * default
    top = "some_other_top" if scenario == "other_top" else design.top
    part = "xc7z020-clg400-1" if scenario == "other_part" else design.part
    flow = "" if vivado else f"<FlowTarget>{design.flow_target}</FlowTarget>\n"
    used = {"BRAM_18K": crc % 500, dsp: crc % 700, "FF": crc % 90_000, "LUT": crc % 80_000, "URAM": 0}
    available = {"BRAM_18K": 4320, dsp: 6840, "FF": 2_364_480, "LUT": 1_182_240, "URAM": 960}
    real_time = (
        ""
        if vivado and RELEASE < (2020, 1)
        else "".join(
            f"<{case}-caseRealTimeLatency>{cycles * design.period / 1000:.3f} us</{case}-caseRealTimeLatency>\n"
            for case in ("Best", "Average", "Worst")
        )
    )
    latency = "".join(f"<{case}-caseLatency>{cycles}</{case}-caseLatency>\n" for case in ("Best", "Average", "Worst"))
    loop = (
        f"<L0>\n<TripCount>{trip}</TripCount>\n<Latency>{trip * 5}</Latency>\n"
        "<IterationLatency>5</IterationLatency>\n</L0>\n"
    )
    performance = (
        f"<PipelineType>{pipeline_type}</PipelineType>\n<SummaryOfTimingAnalysis>\n<unit>ns</unit>\n"
        f"<EstimatedClockPeriod>{design.period * 0.73:.3f}</EstimatedClockPeriod>\n</SummaryOfTimingAnalysis>\n"
        f"<SummaryOfOverallLatency>\n<unit>clock cycles</unit>\n{latency}{real_time}"
        f"<Interval-min>{cycles + 1}</Interval-min>\n<Interval-max>{cycles + 1}</Interval-max>\n"
        f"</SummaryOfOverallLatency>\n<SummaryOfLoopLatency>\n{loop}</SummaryOfLoopLatency>\n"
    )
    if RELEASE >= (2023, 2) and not vivado:
        performance += (
            "<SummaryOfViolations>\n<IssueType>-</IssueType>\n<ViolationType>-</ViolationType>\n"
            "<SourceLocation>-</SourceLocation>\n</SummaryOfViolations>\n"
        )
    body = (
        f"<ReportVersion>\n<Version>{STATED}</Version>\n</ReportVersion>\n<UserAssignments>\n<unit>ns</unit>\n"
        f"<ProductFamily>virtexuplus</ProductFamily>\n<Part>{part}</Part>\n<TopModelName>{top}</TopModelName>\n"
        f"<TargetClockPeriod>{design.period:.2f}</TargetClockPeriod>\n"
        f"<ClockUncertainty>{uncertainty:.2f}</ClockUncertainty>\n{flow}</UserAssignments>\n"
        f"<PerformanceEstimates>\n{performance}</PerformanceEstimates>\n"
        f"<AreaEstimates>\n<Resources>\n{elements(used)}</Resources>\n"
        f"<AvailableResources>\n{elements(available)}</AvailableResources>\n</AreaEstimates>\n"
    )
    if not vivado:
        depth = "" if RELEASE < (2021, 1) else ' MAX_DEPTH="1"'
        body += (
            f"<RTLDesignHierarchy>\n<TopModel{depth}>\n<ModuleName>{top}</ModuleName>\n</TopModel>\n</RTLDesignHierarchy>\n"
            f"<ModuleInformation>\n<Module>\n<Name>{top}</Name>\n<PerformanceEstimates>\n<SummaryOfOverallLatency>\n"
            f"{latency}<PipelineInitiationInterval>{cycles + 1}</PipelineInitiationInterval>\n"
            f"<PipelineType>{pipeline_type}</PipelineType>\n</SummaryOfOverallLatency>\n<SummaryOfLoopLatency>\n"
            + loop.replace("<L0>\n", "<L0>\n<Name>L0</Name>\n", 1)
            + f"</SummaryOfLoopLatency>\n</PerformanceEstimates>\n<AreaEstimates>\n<Resources>\n{elements(used)}"
            "</Resources>\n</AreaEstimates>\n</Module>\n</ModuleInformation>\n"
        )
    return f"<profile>\n{body}</profile>\n"


def elements(values: dict[str, int]) -> str:
    return "".join(f"<{name}>{value}</{name}>\n" for name, value in values.items())


# The commands


def banner(tool: str) -> None:
    title = {
        "vitis_hls": f"Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v{STATED} (64-bit)",
        "vivado_hls": f"Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v{STATED} (64-bit)",
    }.get(tool, f"{tool} v{STATED} (64-bit)")
    say("")
    say(f"****** {title}")
    say("  **** stand-in for tests: it synthesises nothing")


def remove(folder: str) -> None:
    for place, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(place, name))
        for name in folders:
            os.rmdir(os.path.join(place, name))
    if os.path.isdir(folder):
        os.rmdir(folder)


def option(arguments: list[str], name: str) -> str | None:
    return arguments[arguments.index(name) + 1] if name in arguments[:-1] else None


def main(tool: str, arguments: list[str]) -> int:
    note_pid()
    banner(tool)
    if "-version" in arguments or "--version" in arguments:
        return 0
    if tool == "vitis-run" and "--help" in arguments:
        say(
            "  --mode hls\n  --csim\n  --cosim\n  --package\n  --impl\n"
            + ("  --tcl arg\n" if RELEASE >= (2023, 2) else "")
        )
        return 0
    try:
        if tool in ("vitis_hls", "vivado_hls"):
            script = option(arguments, "-f") or arguments[0]
            LOG_FILES.append(f"{tool}.log")
            info(f"[HLS 200-10] For user 'nobody' on host 'nowhere'\nINFO: [HLS 200-10] In directory '{os.getcwd()}'")
            if tool == "vitis_hls" and RELEASE >= (2023, 2):
                say(
                    ("WARNING" if RELEASE >= (2024, 1) else "INFO")
                    + ": [HLS 200-2053] The vitis_hls executable is deprecated. Consider using vitis-run"
                )
            run_tcl(script, tool)
        elif option(arguments, "--mode") != "hls":
            error(f"[{tool} 60-602] the mode is not hls")
            return 1
        elif tool == "vitis-run" and (wanted := option(arguments, "--tcl")):
            run_tcl(wanted, tool)
        else:
            steps = {"--csim": "csim", "--cosim": "cosim", "--impl": "export"}
            step = "csynth" if tool == "v++" else next(steps[word] for word in arguments if word in steps)
            config, work = option(arguments, "--config"), option(arguments, "--work_dir")
            if config is None or work is None:
                error(f"[{tool} 60-602] --config and --work_dir are needed")
                return 1
            run_cfg(config, work, step)
    except Failure:
        say("    while executing")
        info(
            "[HLS 200-112] Total CPU user time: 1 seconds. Total elapsed time: 2 seconds; peak allocated memory: 1 MB."
        )
        if tool in ("v++", "vitis-run"):
            error(f"[{tool} 60-599] Kernel compilation failed to complete")
        return 1
    info("[HLS 200-112] Total CPU user time: 1 seconds. Total elapsed time: 2 seconds; peak allocated memory: 1 MB.")
    if tool in ("v++", "vitis-run"):
        info(f"[{tool} 60-791] Total elapsed time: 0h 0m 2s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
