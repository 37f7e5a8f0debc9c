"""A user with the tool on PATH: the same commands run it. The tool here is the stand-in of the tests."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.design_space import load_space
from pipeline.design_space.keys import Point, design_key
from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus
from pipeline.synthesis import BackendRequest, ReportStore, make_backend
from pipeline.synthesis.claims import Claims
from pipeline.tasks.outcomes import run_designs
from pipeline.tasks.plan import kernel_of as open_kernel
from pipeline.tasks.validate import ValidateTopDesigns
from tests.synthesis.vitis.support import kernel_of, stand_in
from tests.synthesis.vitis.test_backend import backend_of
from tests.tasks import commands
from tests.tasks.commands import BIN, ROOT, content, dataset, environment
from tests.tool.install import install

ARGUMENTS = ("GenerateDataset", "--kernels", "atax,bicg", "--count", "5")


def with_tool(folder: Path, version: str = "2023.2", **settings: str) -> dict[str, str]:
    """A user's environment with the stand-in installed."""
    installed = install(folder, version, names=None, **settings)
    added = {k: v for k, v in installed.items() if k == "PATH" or k.startswith("STAND_IN")}
    return environment(**added)


def luigi(env: dict[str, str], workspace: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command, with the tool there."""
    return commands.luigi(*ARGUMENTS, "--workspace", str(workspace), *more, env=env)


def processes_in(env: dict[str, str]) -> list[int]:
    """Processes that carry the stand-in's state folder in their environment."""
    mark = f"STAND_IN_STATE={env['STAND_IN_STATE']}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_the_tool_on_path_is_run_and_its_labels_carry_its_own_source(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool")
    done = luigi(env, tmp_path / "w")
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert len(labels) == 10 and set(labels["source"]) == {"stand-in"} and set(labels["status"]) == {"ok"}
    assert set(labels["origin"]) == {"synthesised"} and labels["cycles"].notna().all()
    runs = pq.read_table(dataset(tmp_path / "w") / "runs.parquet").to_pandas()
    assert len(runs) == 10 and (runs["seconds"] > 0).all() and runs["started"].notna().all()
    assert not processes_in(env)


def test_what_the_tool_refuses_is_a_label_with_the_line_of_its_log(tmp_path: Path) -> None:
    done = luigi(with_tool(tmp_path / "tool", scenario="compile_error"), tmp_path / "w")
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert set(labels["status"]) == {"compile_error"} and labels["reason"].str.contains("HLS 207").all()
    assert labels["cycles"].isna().all() and "compile_error 10" in done.stderr


def test_a_night_of_runs_survives_kill_9_and_runs_no_finished_design_again(tmp_path: Path) -> None:
    undisturbed = with_tool(tmp_path / "tool-0")
    assert luigi(undisturbed, tmp_path / "w0").returncode == 0
    expected = content(dataset(tmp_path / "w0"))
    env = with_tool(tmp_path / "tool")
    moments = random.Random(3)
    for _ in range(3):
        process = subprocess.Popen(
            [str(BIN / "luigi"), *ARGUMENTS, "--workspace", str(tmp_path / "w")], cwd=ROOT, env=env,
            start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(timeout=moments.uniform(0.5, 4.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert luigi(env, tmp_path / "w").returncode == 0
    assert content(dataset(tmp_path / "w")) == expected
    deadline = time.monotonic() + 30
    while processes_in(env) and time.monotonic() < deadline:
        os.sched_yield()
    assert not processes_in(env), "a killed run must leave no process of the tool"


def test_a_tool_that_hangs_ends_at_the_limit(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool", scenario="hang")
    done = luigi(env, tmp_path / "w", "--kernels", "atax", "--count", "1", "--vitis-timeout-minutes", "0.02")
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas()
    assert set(labels["status"]) == {"timeout"} and not processes_in(env)


def test_further_steps_have_labels_of_their_own_beside_those_of_c_synthesis(tmp_path: Path) -> None:
    env = with_tool(tmp_path / "tool")
    bench = tmp_path / "bench.c"
    bench.write_text("int main(void) { return 0; }\n")
    arguments = ("--kernels", "atax", "--count", "2")
    # Designs that were synthesised without the steps get them when they are asked for later.
    assert luigi(env, tmp_path / "w", *arguments).returncode == 0
    done = luigi(
        env, tmp_path / "w", *arguments, "--vitis-further", "cosim,export", "--vitis-testbench", str(bench)
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    more = ("--backend", "replay", "--source", "stand-in,stand-in-cosim,stand-in-export", "--kernels", "atax")
    done = luigi(env, tmp_path / "w", *more)
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(dataset(tmp_path / "w") / "labels.parquet").to_pandas().set_index("source")
    assert len(labels) == 6 and set(labels["status"]) == {"ok"}
    assert set(labels.loc["stand-in-cosim", "cycles"]) == {76}
    assert set(labels.loc["stand-in-export", "lut"]) == {212} and labels.loc["stand-in-export", "cycles"].isna().all()


def test_a_validation_runs_afresh_what_is_stored_and_never_beside_another_run_of_the_design(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool, kernel = stand_in(tmp_path / "tool"), kernel_of()
    designs: list[Point] = [{"__N__L0": number} for number in range(3)]
    runs: list[str] = []
    # The workspace's store has the results, and the validation files into one of its own.
    [*_] = backend_of(tmp_path / "workspace", tool).synthesize(kernel, designs)
    fresh = backend_of(tmp_path / "validation", tool, on_result=lambda key, result: runs.append(key))
    first = design_key(designs[0])
    owner = contextlib.ExitStack()
    owner.enter_context(Claims(tmp_path / "workspace" / "store").claim(fresh.address, first))
    said: list[str] = []

    class Terminal(io.StringIO):
        """Who is told of the waiting lets go of the design."""

        def write(self, text: str) -> int:
            said.append(text)
            assert first not in runs
            owner.close()
            return len(text)

    monkeypatch.setattr(sys, "stderr", Terminal())
    outcomes = list(run_designs(fresh, kernel, designs, tmp_path / "workspace", lambda key, stage: None))
    assert [text.strip() for text in said] == ["k: waiting for 1 design that others have in flight"]
    assert {one.label.status for one in outcomes} == {DesignStatus.OK}
    assert sorted(runs) == sorted(design_key(point) for point in designs) and runs[-1] == first


def test_a_simulation_without_a_test_bench_is_refused_before_the_first_run() -> None:
    plan = SimpleNamespace(name="mine", kernel=kernel_of())
    loop = SimpleNamespace(backend=SimpleNamespace(steps=("cosim",)), plans={"mine": plan})
    asked: Any = SimpleNamespace(steps=("cosim",), top_k=3, loop=loop)
    with pytest.raises(PipelineError, match=r"^--cosim: mine has no test bench; name one: --vitis-testbench.*tb\.file"):
        ValidateTopDesigns.check(asked)


def test_the_test_bench_of_a_project_reaches_runs_that_simulate_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in install(tmp_path / "tool", "2023.2", names=None).items():
        monkeypatch.setenv(name, value)
    kernel, store = open_kernel(str(ROOT / "docs/examples/fir/hls_config.cfg")), ReportStore(tmp_path / "store")
    backend = make_backend("vitis", BackendRequest(store, kernel))
    point = load_space(kernel).default
    handed = {step: backend.afresh(store, step).sources(kernel, point) for step in ("cosim", "export")}
    assert handed["cosim"] is not None and handed["cosim"].testbench == ("testbench_fir_test.cpp",)
    assert handed["export"] is not None and handed["export"].testbench == ()
