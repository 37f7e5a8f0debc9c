from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.vitis import WarningKind, split_runs, stage, verdict
from tests.shared_data import shared

REAL = {
    "01": (DesignStatus.LICENCE, None, "implementation"),
    "02": (DesignStatus.PART_NOT_INSTALLED, DesignStatus.PART_NOT_INSTALLED, "setup"),
    "03": (DesignStatus.TOP_NOT_FOUND, DesignStatus.TOP_NOT_FOUND, "csynth"),
    "04": (DesignStatus.KILLED, DesignStatus.KILLED, "csynth"),
    "05": (DesignStatus.KILLED, None, "implementation"),
    "06": (DesignStatus.DESIGN_TOO_LARGE, DesignStatus.DESIGN_TOO_LARGE, "csynth"),
    "07": (DesignStatus.SOURCE_SYNTHESIS_FAILED, None, "setup"),
    "08": (DesignStatus.UNROLL_REFUSED, DesignStatus.UNROLL_REFUSED, "setup"),
    "09": (DesignStatus.OK, DesignStatus.OK, "csynth"),
    "10": (DesignStatus.TOP_NOT_FOUND, DesignStatus.TOP_NOT_FOUND, "csynth"),
    "11": (DesignStatus.PRAGMA_CONFLICT, DesignStatus.PRAGMA_CONFLICT, "csynth"),
    "12": (DesignStatus.COMPILE_ERROR, DesignStatus.COMPILE_ERROR, "csynth"),
    "13": (DesignStatus.OK, DesignStatus.OK, "csynth"),
    "14": (DesignStatus.OK, DesignStatus.OK, "csynth"),
    "15": (DesignStatus.SOURCE_SYNTHESIS_FAILED, DesignStatus.SOURCE_SYNTHESIS_FAILED, "csynth"),
    "16": (DesignStatus.NO_VERDICT, None, "setup"),
    "17": (DesignStatus.NO_VERDICT, None, "csim"),
    "18": (DesignStatus.COMPILE_ERROR, DesignStatus.COMPILE_ERROR, "csynth"),
    "19": (DesignStatus.NO_VERDICT, DesignStatus.NO_VERDICT, "csynth"),
    "20": (DesignStatus.TOP_NOT_FOUND, DesignStatus.TOP_NOT_FOUND, "csynth"),
}


def real_log(number: str) -> str:
    (path,) = shared("csynth", "logs").glob(f"{number}_*.log")
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize("number", sorted(REAL))
def test_a_real_log_is_told_wrongly(number: str) -> None:
    text = real_log(number)
    found = verdict(text)
    assert (found.status, found.csynth, found.step) == REAL[number]
    if found.status not in (DesignStatus.OK, DesignStatus.NO_VERDICT):
        assert found.reason and found.reason.removesuffix("...") in text
    assert "".join(split_runs(text)) == text


def test_the_place_of_a_real_compile_error_is_lost() -> None:
    found = verdict(real_log("18"))
    assert (found.file, found.line, found.column) == ("code_generated.cpp", 106, 103)
    found = verdict(real_log("12"))
    assert (found.file, found.line, found.column) == ("SpMV.cpp", 29, 38)
    earlier = [verdict(run) for run in split_runs(real_log("10"))]
    assert ("ParticleCoverHLS/src/parser.cxx", 2) in {(one.file, one.line) for one in earlier}


def test_warnings_that_change_a_real_label_are_lost() -> None:
    kinds = {warning.kind for warning in verdict(real_log("09")).warnings}
    assert kinds == {WarningKind.UNROLL_NOT_APPLIED, WarningKind.PIPELINE_NOT_APPLIED}
    found = verdict(real_log("14"))
    assert WarningKind.II_VIOLATION in {warning.kind for warning in found.warnings}
    assert found.estimated_fmax_mhz == 136.99
    assert found.tool_version == "2025.2"


SYNTHESIS = "INFO: [HLS 200-1510] Running: csynth_design \nINFO: [HLS 200-10] Analyzing design file 'k.c' ... \n"
ENDED = "INFO: [HLS 200-111] Finished Command csynth_design CPU user time: 1 seconds.\n"
WELL = "INFO: [HLS 200-789] **** Estimated Fmax: 300.00 MHz\n" + ENDED


@pytest.mark.parametrize(
    ("text", "exit_code", "status"),
    [
        (SYNTHESIS + WELL, 0, DesignStatus.OK),
        (SYNTHESIS + WELL, 1, DesignStatus.NO_VERDICT),
        (SYNTHESIS + ENDED, 0, DesignStatus.NO_VERDICT),
        (SYNTHESIS + "ERROR: [HLS 200-4242] a new complaint\n" + WELL, 0, DesignStatus.SOURCE_SYNTHESIS_FAILED),
        (SYNTHESIS, -9, DesignStatus.KILLED),
        (SYNTHESIS, 137, DesignStatus.KILLED),
        (SYNTHESIS, -11, DesignStatus.SOURCE_SYNTHESIS_FAILED),
        ("", 127, DesignStatus.TOOL_MISSING),
        ("/bin/sh: 1: vitis_hls: not found\n", 127, DesignStatus.TOOL_MISSING),
        (SYNTHESIS + "ERROR: [HLS 299-1] Failed to check out a license for Vitis_HLS\n", 1, DesignStatus.LICENCE),
        ("ERROR: [Common 17-345] A valid license was not found for feature 'HLS'\n", 1, DesignStatus.LICENCE),
        (SYNTHESIS + "terminate called after throwing an instance of 'std::bad_alloc'\n", 134, DesignStatus.KILLED),
        (SYNTHESIS + "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.0\n", 1, DesignStatus.KILLED),
        (SYNTHESIS + "ERROR: [HLS 200-1] write failed: No space left on device\n", 1, DesignStatus.DISK_FULL),
        (SYNTHESIS + 'error writing "a.log": No space left on device\n', 1, DesignStatus.DISK_FULL),
        ("ERROR: [HLS 200-101] unknown part 'xc7z999'\n", 1, DesignStatus.PART_NOT_INSTALLED),
        ("ERROR: [SYN 201-102] whatever this version says\n", 1, DesignStatus.TOP_NOT_FOUND),
        ("@E [HLS-70] Cannot find the top function 'k' in the design.\n", 1, DesignStatus.TOP_NOT_FOUND),
        (
            SYNTHESIS + "ERROR: [HLS 214-7] Unable to unroll loop 'L' of 10^9 iterations\n",
            1,
            DesignStatus.UNROLL_REFUSED,
        ),
        (SYNTHESIS + "ERROR: [HLS 214-8] conflicting directives on loop 'L'\n", 1, DesignStatus.PRAGMA_CONFLICT),
        (SYNTHESIS + "ERROR: [HLS 200-9] The design is too large to be scheduled\n", 1, DesignStatus.DESIGN_TOO_LARGE),
        (
            SYNTHESIS + "ERROR: [HLS 200-70] Compilation errors found: k.c:3:5: error: x\n",
            1,
            DesignStatus.COMPILE_ERROR,
        ),
        (SYNTHESIS + "INFO: a license was found\nkilled time in licenses\n" + WELL, 0, DesignStatus.OK),
        (
            SYNTHESIS + WELL + "INFO: [COSIM 212-1] x\nERROR: [COSIM 212-4] failed\n",
            1,
            DesignStatus.COSIMULATION_FAILED,
        ),
        ("[12:30:01] ERROR: [HLS 214-157] Top function not found\n", 1, DesignStatus.TOP_NOT_FOUND),
    ],
)
def test_a_log_of_another_version_is_told_wrongly(text: str, exit_code: int, status: DesignStatus) -> None:
    found = verdict(text, exit_code)
    assert found.status is status
    assert (found.reason is None) == (status is DesignStatus.OK)


def test_a_failure_after_c_synthesis_throws_its_result_away() -> None:
    text = (
        SYNTHESIS
        + WELL
        + "INFO: [HLS 200-1510] Running: export_design \nERROR: [Common 17-345] A valid license was not found\n"
    )
    found = verdict(text, 1)
    assert (found.status, found.step, found.csynth) == (DesignStatus.LICENCE, "implementation", DesignStatus.OK)


def test_an_old_failure_in_an_appended_log_hides_the_last_success() -> None:
    failed = SYNTHESIS + "ERROR: [HLS 207-1] expected ';' (k.c:1:2)\n" + ENDED
    good = "INFO: [SYN 201-201] Setting up clock 'default' with a period of 4ns.\n" + SYNTHESIS + WELL
    assert verdict(failed + good, 0).status is DesignStatus.OK
    assert verdict(good + failed, 1).status is DesignStatus.COMPILE_ERROR
    assert [verdict(run).status for run in split_runs(failed + good + failed)] == [
        DesignStatus.COMPILE_ERROR, DesignStatus.OK, DesignStatus.COMPILE_ERROR]  # fmt: skip


LINES = st.sampled_from(
    [*SYNTHESIS.splitlines(True), *WELL.splitlines(True), "ERROR: [HLS 207-1] x (k.c:1:2)\n", "\r\n", "=====\n",
     "Vitis HLS - High-Level Synthesis from C v2024.1\n", "****** vitis-run v2024.2 (64-bit)\n", "\x0c\x85 \u2028\n",
     "INFO: [HLS 200-112] Total elapsed time: 1 seconds\n", "INFO: [SIM 211-2] CSIM start\n", "INFO: [SIM 211-3] end\n",
     "INFO: [HLS 200-1510] Running: export_design \n", "/bin/loader: line 312: 7 Killed   x\n"]
)  # fmt: skip


@given(st.lists(LINES | st.text(max_size=40), max_size=30).map("".join), st.none() | st.integers(-15, 255))
def test_a_strange_log_breaks_the_reader(text: str, exit_code: int | None) -> None:
    assert "".join(split_runs(text)) == text
    found = verdict(text, exit_code)
    assert (found.status is DesignStatus.OK) == (found.reason is None)
    if found.status is DesignStatus.OK:
        assert "Estimated Fmax" in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("INFO: [HLS 200-10] Analyzing design file 'gemm.c' ... ", "analysing gemm.c"),
        ("INFO: [HLS 200-42] -- Implementing module 'gemm_Pipeline_L2' ", "scheduling gemm_Pipeline_L2"),
        ("INFO: [HLS 200-10] -- Generating RTL for module 'gemm' ", "generating RTL of gemm"),
        ("INFO: [HLS 200-1510] Running: export_design ", "exporting"),
        ("INFO: [HLS 214-186] Unrolling loop 'L' completely", None),
    ],
)
def test_the_progress_shown_is_wrong(line: str, expected: str | None) -> None:
    assert stage(line) == expected


CASES = {
    "01": {DesignStatus.OK},
    "02": {DesignStatus.DISK_FULL, DesignStatus.NO_VERDICT},
    "03": {DesignStatus.DISK_FULL, DesignStatus.NO_VERDICT},
    "04": {DesignStatus.COMPILE_ERROR},
    "07": {DesignStatus.SOURCE_SYNTHESIS_FAILED},
    "09": {DesignStatus.COMPILE_ERROR},
    "10": {DesignStatus.COMPILE_ERROR},
    "11": {DesignStatus.DESIGN_TOO_LARGE},
    "12": {DesignStatus.COSIMULATION_FAILED},
    "13": {DesignStatus.EXPORT_FAILED, DesignStatus.NO_VERDICT},
    "14": {DesignStatus.COMPILE_ERROR},
    "17": {DesignStatus.COMPILE_ERROR},
    "18": {DesignStatus.COMPILE_ERROR},
    "20": {DesignStatus.KILLED},
    "26": {DesignStatus.DISK_FULL, DesignStatus.NO_VERDICT},
    "27": {DesignStatus.TOOL_MISSING},
    "28": {DesignStatus.NO_VERDICT},
    "33": {DesignStatus.NO_VERDICT},
}


@pytest.mark.parametrize("number", sorted(CASES))
def test_a_case_that_was_told_wrongly_once_is_told_rightly(number: str) -> None:
    (path,) = shared("cases", "logs").glob(f"log_{number}_*.log")
    found = verdict(path.read_text(encoding="utf-8", errors="replace"))
    assert found.status in CASES[number]
    if number == "01":
        assert found.reason is not None and "-maximum_size" in found.reason
