from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis.vitis import Further, Limits, Sources, ToolResult, render, run_tool
from pipeline.synthesis.vitis.backend import step_label
from pipeline.synthesis.vitis.process import Ended, run_supervised
from pipeline.synthesis.vitis.supervise import children, descendants
from tests.synthesis.vitis.support import alive, flow_of, job_of, noted, stand_in, wait_for
from tests.tool.install import NAMES
from tests.tool.stand_in import SCENARIOS

EXPECTED = {
    "success": (DesignStatus.OK, False),
    "slow": (DesignStatus.OK, False),
    "daemon": (DesignStatus.OK, False),
    "flood": (DesignStatus.OK, False),
    "warnings": (DesignStatus.OK, False),
    "export_licence": (DesignStatus.OK, False),
    "export_killed": (DesignStatus.OK, False),
    "csim_fails": (DesignStatus.OK, False),
    "cosim_fails": (DesignStatus.OK, False),
    "export_fails": (DesignStatus.OK, False),
    "clock_missed": (DesignStatus.OK, False),
    "part_missing": (DesignStatus.PART_NOT_INSTALLED, True),
    "garbage": (DesignStatus.REPORT_MISSING, False),
    "half_xml": (DesignStatus.REPORT_UNPARSABLE, False),
    "garbage_xml": (DesignStatus.REPORT_UNPARSABLE, False),
    "error_exit0": (DesignStatus.SOURCE_SYNTHESIS_FAILED, False),
    "other_top": (DesignStatus.REPORT_MISSING, False),
    "other_part": (DesignStatus.REPORT_MISSING, False),
    "no_report": (DesignStatus.REPORT_MISSING, False),
    "pipe_report": (DesignStatus.REPORT_MISSING, False),
    "link_report": (DesignStatus.REPORT_MISSING, False),
    "cosim_differs": (DesignStatus.OK, False),
    "licence": (DesignStatus.LICENCE, True),
    "licence_heals": (DesignStatus.LICENCE, True),
    "oom_line": (DesignStatus.KILLED, True),
    "killed": (DesignStatus.KILLED, True),
    "compile_error": (DesignStatus.COMPILE_ERROR, False),
    "pragma_conflict": (DesignStatus.PRAGMA_CONFLICT, False),
    "unroll_refused": (DesignStatus.UNROLL_REFUSED, False),
    "too_large": (DesignStatus.DESIGN_TOO_LARGE, False),
    "source_failed": (DesignStatus.SOURCE_SYNTHESIS_FAILED, False),
    "crash": (DesignStatus.SOURCE_SYNTHESIS_FAILED, False),
    "disk_full": (DesignStatus.DISK_FULL, True),
    "disk_full_heals": (DesignStatus.DISK_FULL, True),
    "silent_failure": (DesignStatus.NO_VERDICT, True),
    "unknown_setting": (DesignStatus.NO_VERDICT, True),
}


@pytest.mark.parametrize("scenario", sorted(EXPECTED))
def test_a_run_is_judged_wrongly(tmp_path: Path, scenario: str) -> None:
    tool = stand_in(tmp_path, seconds=0.1)
    result = run_tool(tool, job_of(tool, scenario), scratch=tmp_path / "scratch", limits=Limits(log_bytes=1 << 20))
    assert (result.status, result.transient) == EXPECTED[scenario], result.log_tail
    assert (result.reason is None) == (result.status is DesignStatus.OK)
    assert (result.label.cycles is not None) == (result.status is DesignStatus.OK)
    left = [path.name for path in (tmp_path / "scratch").iterdir()]
    assert [name for name in left if not name.endswith(".csynth.xml")] == []


def test_a_scenario_of_the_stand_in_is_not_tried() -> None:
    assert set(SCENARIOS) == {*EXPECTED, "hang", "stubborn", "eat_memory"}


@pytest.mark.parametrize(("version", "kind"), [(v, name) for v, names in NAMES.items() for name in names])
def test_a_version_of_the_tool_cannot_be_run(tmp_path: Path, version: str, kind: str) -> None:
    tool = stand_in(tmp_path, version, kind)
    job = job_of(tool, further=[Further.EXPORT])
    result = run_tool(tool, job, scratch=tmp_path / "scratch", keep="always")
    assert result.status is DesignStatus.OK and result.report is not None and result.folder is not None
    assert result.report.tool_version == f"{version}-stand-in"
    assert [(name, step.status, len(step.files)) for name, step in result.steps.items()] == [
        ("export", DesignStatus.OK, 1)
    ]
    # vitis-run writes no vitis_hls.log of its own (UCLA-VAST/tapa#273), so nothing may depend on it.
    assert (result.folder / "vitis_hls.log").exists() == (kind == "vitis_hls")


@pytest.mark.parametrize(("version", "kind"), [(v, name) for v, names in NAMES.items() for name in names])
def test_an_implementation_tells_the_figures_of_the_routed_design(tmp_path: Path, version: str, kind: str) -> None:
    tool = stand_in(tmp_path, version, kind)
    result = run_tool(tool, job_of(tool, further=[Further.IMPLEMENT]), scratch=tmp_path / "scratch")
    label = step_label("implement", result.steps["implement"])
    assert (label.status, label.used.lut, label.clock_estimated_ns) == (DesignStatus.OK, 187, 3.125)
    only = {path: text for path, text in result.steps["implement"].files.items() if path.endswith("_syn.xml")}
    lost = step_label("implement", replace(result.steps["implement"], files=only))
    assert lost.status is DesignStatus.REPORT_MISSING, "what was synthesised alone is not implemented"


def test_a_failed_step_after_synthesis_loses_the_report(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    for scenario, step, status in (
        ("export_licence", Further.EXPORT, DesignStatus.LICENCE),
        ("export_killed", Further.EXPORT, DesignStatus.KILLED),
        ("csim_fails", Further.CSIM, DesignStatus.NO_VERDICT),
        ("cosim_fails", Further.COSIM, DesignStatus.COSIMULATION_FAILED),
        ("export_fails", Further.EXPORT, DesignStatus.EXPORT_FAILED),
    ):
        text = f"/* stand-in: {scenario} */ void k(int a[4]) {{}}\n"
        sources = Sources({"k.c": text, "tb.c": "int main() {}\n"}, "k", testbench=("tb.c",))
        job = render(tool, flow_of(tool), sources, further=[step])
        result = run_tool(tool, job, scratch=tmp_path / "scratch")
        assert result.status is DesignStatus.OK and result.xml is not None
        assert result.steps[step].status is status and result.steps[step].reason


def test_a_failed_cosimulation_loses_the_figures_that_it_has(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    text = "/* stand-in: cosim_differs */ void k(int a[4]) {}\n"
    sources = Sources({"k.c": text, "tb.c": "int main() {}\n"}, "k", testbench=("tb.c",))
    result = run_tool(tool, render(tool, flow_of(tool), sources, further=[Further.COSIM]), scratch=tmp_path / "scratch")
    label = step_label("cosim", result.steps["cosim"])
    assert result.status is DesignStatus.OK and label.status is DesignStatus.COSIMULATION_FAILED
    assert (label.latency_best, label.cycles, label.interval_max) == (74, 76, 79)
    assert label.reason == result.steps["cosim"].reason


def test_a_compile_error_does_not_say_where(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    job = render(tool, flow_of(tool), Sources({"k.c": "void k() {}\n#error\n"}, "k"))
    said = run_tool(tool, job, scratch=tmp_path / "scratch").verdict
    assert (said.file, said.line, said.column) == ("k.c", 2, 3)


@pytest.mark.parametrize("scenario", ["hang", "stubborn"])
def test_a_run_that_hangs_is_not_ended_or_leaves_processes(tmp_path: Path, scenario: str) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    tool = stand_in(tmp_path, pids=pids)
    # The limit has to leave the stand-in the time to start its children on a loaded machine.
    limits = Limits(wall_s=3.0, grace_s=0.2)
    result = run_tool(tool, job_of(tool, scenario), scratch=tmp_path / "scratch", limits=limits)
    assert result.status is DesignStatus.TIMEOUT and not result.transient
    assert result.reason == "ended at the wall-clock limit of 3 s, last seen analysing k.c"
    assert len(noted(pids)) == (1 if scenario == "hang" else 3) + 1  # probing starts it once
    assert not any(alive(pid) for pid in noted(pids))


def test_a_run_that_eats_memory_is_not_ended(tmp_path: Path) -> None:
    tool = stand_in(tmp_path, bytes=300 * 2**20)
    limits = Limits(wall_s=60, memory_bytes=150 * 2**20, grace_s=0.2)
    result = run_tool(tool, job_of(tool, "eat_memory"), scratch=tmp_path / "scratch", limits=limits)
    assert result.status is DesignStatus.KILLED and not result.transient
    assert result.reason and result.reason.startswith("ended at the memory limit of 0.146 GiB")
    limits = Limits(wall_s=60, address_space_bytes=150 * 2**20)
    result = run_tool(tool, job_of(tool, "eat_memory"), scratch=tmp_path / "scratch", limits=limits)
    assert result.status not in (DesignStatus.OK, DesignStatus.TIMEOUT)


def test_a_tool_that_vanished_ends_the_night(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    job = job_of(tool)
    Path(tool.executable).unlink()
    result = run_tool(tool, job, scratch=tmp_path / "scratch")
    assert (result.status, result.transient) == (DesignStatus.TOOL_MISSING, True)
    assert result.reason == "the tool could not be started: No such file or directory"


def test_a_run_in_a_git_work_tree_hangs_some_versions(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    with pytest.raises(PipelineError, match="git work tree"):
        run_tool(tool, job_of(tool), scratch=tmp_path / "tree" / "deep")


def test_the_folder_of_a_failed_run_is_gone_before_it_can_be_looked_at(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    scratch = tmp_path / "scratch"
    failed = run_tool(tool, job_of(tool, "too_large"), scratch=scratch, keep="failed")
    assert failed.folder and (failed.folder / "csynth.log").is_file()
    good = run_tool(tool, job_of(tool), scratch=scratch, keep="failed")
    assert good.folder is None and list(scratch.iterdir()) == [failed.folder]


def test_a_stale_report_passes_for_a_fresh_one(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    job = job_of(tool, "no_report")
    with pytest.raises(PipelineError, match=r"csynth\.xml"):
        run_tool(tool, replace(job, files={**job.files, job.report: "<profile/>"}), scratch=tmp_path / "scratch")


def test_the_user_does_not_see_how_far_a_run_has_come(tmp_path: Path) -> None:
    tool = stand_in(tmp_path, seconds=1)
    told: list[str] = []
    run_tool(tool, job_of(tool, "slow"), scratch=tmp_path / "scratch", on_stage=told.append)
    assert told[0] == "analysing k.c" and told[-1] == "C synthesis ended" and "scheduling k_7" in told


def test_an_interrupt_leaves_a_tool_running(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    tool = stand_in(tmp_path, pids=pids)

    def interrupt(stage: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tool(
            tool, job_of(tool, "stubborn"), scratch=tmp_path / "scratch", limits=Limits(grace_s=0.2), on_stage=interrupt
        )
    assert not any(alive(pid) for pid in noted(pids))
    left = [path.name for path in (tmp_path / "scratch").iterdir()]
    assert [name for name in left if not name.endswith(".csynth.xml")] == []


PARENT = """
import sys
from pathlib import Path
from concurrent.futures import ThreadPoolExecutor
from pipeline.synthesis.vitis import Limits, run_tool
from tests.synthesis.vitis.support import job_of, stand_in
folder = Path(sys.argv[1])
tool = stand_in(folder, pids=folder / "pids", state=folder / "state")
(folder / "ready").touch()
with ThreadPoolExecutor(4) as pool:
    for scenario in ("stubborn", "hang", "stubborn", "hang"):
        pool.submit(run_tool, tool, job_of(tool, scenario), scratch=folder / "scratch", limits=Limits(grace_s=0.2))
"""


@pytest.mark.parametrize("victim", ["parent", "server", "supervisor", "parent and server"])
def test_a_kill_leaves_processes_of_the_tool_behind(tmp_path: Path, victim: str) -> None:
    (tmp_path / "pids").mkdir()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], cwd=Path(__file__).parents[3])
    try:
        expected = 1 + 2 * 3 + 2 * 1  # probing, and the runs
        wait_for(lambda: len(noted(tmp_path / "pids")) >= expected, "the runs did not start", 60)
        (server,) = children(parent.pid)
        supervisors = children(server)
        below = [pid for one in supervisors for pid in descendants(one) if alive(pid)]
        assert len(supervisors) == 4 and len(below) >= 8
        if victim == "supervisor":
            for pid in supervisors:
                os.kill(pid, signal.SIGKILL)
        if "server" in victim:
            os.kill(server, signal.SIGKILL)
        if "parent" in victim or victim == "server":
            parent.kill()
        wait_for(lambda: not any(alive(pid) for pid in below), "processes of the tool survived")
        wait_for(lambda: not any(alive(pid) for pid in supervisors), "supervisors survived")
        if "parent" in victim:
            parent.wait()
            wait_for(lambda: not alive(server), "the server survived")
            wait_for(lambda: list((tmp_path / "scratch").iterdir()) == [], "folders of runs are left")
    finally:
        parent.kill()
        parent.wait()


@pytest.mark.parametrize("seed", range(5))
def test_a_kill_at_some_other_moment_leaves_processes_behind(tmp_path: Path, seed: int) -> None:
    (tmp_path / "pids").mkdir()
    draw = random.Random(seed)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], cwd=Path(__file__).parents[3])
    started = draw.randint(1, 7)
    wait_for(lambda: (tmp_path / "ready").exists() and len(noted(tmp_path / "pids")) >= started, "no start", 60)
    below = descendants(parent.pid)
    parent.kill()
    parent.wait()
    wait_for(lambda: not any(alive(pid) for pid in below), "processes of the pipeline survived")
    # The server goes last, so nothing can start any more.
    assert not any(alive(pid) for pid in noted(tmp_path / "pids"))


def test_a_run_whose_supervisor_is_killed_is_tried_again_beside_what_is_left_of_it(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    tool = stand_in(tmp_path)
    # Started before its processes are noted.
    assert run_tool(tool, job_of(tool), scratch=tmp_path / "scratch").status is DesignStatus.OK
    noting = replace(tool, environment={**tool.environment, "STAND_IN_PIDS": str(pids)})
    results: list[ToolResult] = []
    left: list[int] = []

    def run() -> None:
        results.append(run_tool(noting, job_of(tool, "stubborn"), scratch=tmp_path / "scratch"))
        left.extend(pid for pid in noted(pids) if alive(pid))

    thread = threading.Thread(target=run)
    thread.start()
    wait_for(lambda: len(noted(pids)) >= 3, "the tool and its two children")
    servers = [pid for pid in children(os.getpid()) if children(pid)]
    supervisors = supervisors_of_this_process()
    # While it is stopped it ends nothing.
    for pid in servers:
        os.kill(pid, signal.SIGSTOP)
    for pid in supervisors:
        os.kill(pid, signal.SIGKILL)
    thread.join(0.5)
    for pid in servers:
        os.kill(pid, signal.SIGCONT)
    thread.join(30)
    assert [(result.status, result.transient) for result in results] == [(DesignStatus.KILLED, True)]
    assert not left, "the run was told to be over while processes of it lived"
    assert run_tool(tool, job_of(tool), scratch=tmp_path / "scratch").status is DesignStatus.OK


def test_a_run_whose_supervisor_is_told_to_end_passes_for_one_that_ended_by_itself(tmp_path: Path) -> None:
    ended: list[Ended] = []

    def run() -> None:
        polite = "trap 'exit 0' TERM; touch ready; while :; do sleep 0.1; done"
        command = ["/bin/sh", "-c", polite]
        environment = dict(os.environ)
        ended.append(
            run_supervised(command, environment=environment, folder=tmp_path, log=tmp_path / "log", limits=Limits())
        )

    thread = threading.Thread(target=run)
    thread.start()
    wait_for((tmp_path / "ready").exists, "the start of the tool")
    for pid in supervisors_of_this_process():
        os.kill(pid, signal.SIGTERM)
    thread.join(30)
    assert [(one.how, one.exit_code) for one in ended] == [("lost", 0)]


def supervisors_of_this_process() -> list[int]:
    return [pid for child in children(os.getpid()) for pid in children(child)]


def test_parallel_runs_lose_one_another(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    pids.mkdir()
    tool = stand_in(tmp_path, pids=pids, seconds=0.2)
    draw = random.Random(7)
    scenarios = [draw.choice(["success", "slow", "daemon", "killed", "compile_error", "half_xml"]) for _ in range(50)]
    with ThreadPoolExecutor(50) as pool:
        jobs = [pool.submit(run_tool, tool, job_of(tool, one), scratch=tmp_path / "scratch") for one in scenarios]
        statuses = [job.result().status for job in jobs]
    assert statuses == [EXPECTED[scenario][0] for scenario in scenarios]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not any(alive(pid) for pid in noted(pids))


def test_a_forked_worker_shares_the_supervisor_of_its_parent(tmp_path: Path) -> None:
    tool = stand_in(tmp_path)
    job = job_of(tool)
    assert run_tool(tool, job, scratch=tmp_path / "scratch").status is DesignStatus.OK
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if run_tool(tool, job, scratch=tmp_path / "scratch").status is DesignStatus.OK else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert run_tool(tool, job, scratch=tmp_path / "scratch").status is DesignStatus.OK
