"""One command is one family of processes, and no design is run twice, whoever is killed and whoever runs beside.

Three kills; as many as TEST_KILLS says under ``make test-kills``.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tasks.commands import BIN, ROOT, content, dataset, luigi
from tests.tasks.test_vitis_runs import processes_in, with_tool

ARGUMENTS = ("GenerateDataset", "--kernels", "atax,bicg", "--count", "4")
DESIGNS = 8
LICENCES = 2
GONE_WITHIN_S = 5.0
PATIENCE_S = 120.0
KILLS = int(os.environ.get("TEST_KILLS", "3"))
FARMS = (
    ("--farm-executor", "dask", "--workers", "2"),
    ("--farm-executor", "local", "--workers", "2"),
    ("--farm-executor", "local", "--workers", "1"),
    ("--farm-executor", "dask", "--workers", "1"),
    ("--farm-executor", "serial", "--workers", "2"),
)
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Place:
    """A workspace, and the stand-in with what it notes."""

    folder: Path
    env: dict[str, str]

    @staticmethod
    def make(folder: Path, seconds: float) -> Place:
        runs = folder / "runs"
        runs.mkdir(parents=True)
        settings = {"scenario": "slow", "seconds": str(seconds), "licences": str(LICENCES), "runs": str(runs)}
        return Place(folder, with_tool(folder / "tool", **settings))

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    @property
    def arguments(self) -> list[str]:
        return [*ARGUMENTS, "--workspace", str(self.workspace), "--farm-licences", str(LICENCES), "--farm-workers", "2"]

    def finish(self) -> None:
        """The same command to its end, on this machine's own processes."""
        done = luigi(*self.arguments, env=self.env)
        assert done.returncode == 0, done.stderr

    def start(self, *more: str) -> subprocess.Popen[str]:
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                # A shell starts a background job (``make test &``) with SIGINT ignored, and its children inherit that.
                ["env", "--default-signal=INT,HUP", str(BIN / "luigi"), *self.arguments, *more],
                cwd=ROOT, env=self.env, start_new_session=True, stdout=log, stderr=log, text=True,
            )  # fmt: skip

    def noted(self, what: str) -> Counter[str]:
        """How often each design was ``started``, ``finished`` or run ``twice`` at once."""
        return Counter(path.name.split(".")[0] for path in (self.folder / "runs").glob(f"*.{what}"))

    def check(self, expected: dict[str, str]) -> None:
        assert content(dataset(self.workspace)) == expected
        assert not self.noted("twice"), "two runs of one design were under way at once"
        assert not list((self.folder / "tool" / "state").glob("over-use*")), "more runs than licences"
        assert len(self.noted("finished")) == DESIGNS
        assert not list(self.workspace.rglob(".claim-*")), "claims pile up"

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")


def wait_until(true: Callable[[], object], what: str, seconds: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for: {what}"
        time.sleep(0.03)


def by_depth(family: list[int], root: int) -> list[list[int]]:
    """The processes by their distance from the command's first: tasks, workers and servers, supervisors, tools."""
    depth = {root: 0}
    parents = {}
    for pid in family:
        with contextlib.suppress(OSError, IndexError):
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    for _ in parents:
        depth |= {pid: depth[parent] + 1 for pid, parent in parents.items() if parent in depth and pid != root}
    levels: dict[int, list[int]] = {}
    for pid in sorted(depth):
        levels.setdefault(depth[pid], []).append(pid)
    return [levels[level] for level in sorted(levels)]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The tables of an undisturbed run."""
    place = Place.make(tmp_path_factory.mktemp("undisturbed"), 0.01)
    place.finish()
    return content(dataset(place.workspace))


@pytest.mark.parametrize("trial", range(KILLS))
def test_whichever_process_is_killed_nothing_lives_on_and_nothing_is_lost_or_run_twice(
    trial: int, tmp_path: Path, expected: dict[str, str]
) -> None:
    draw = random.Random(trial)
    farm = FARMS[trial % len(FARMS)]
    if "dask" in farm:
        pytest.importorskip("distributed", reason="distributed is not installed: pip install 'hls-moe-pipeline[farm]'")
    place = Place.make(tmp_path, 0.4)
    command = place.start(*farm)
    starts = draw.randrange(1, DESIGNS - 2)
    wait_until(lambda: place.noted("started").total() >= starts, f"{starts} starts; {place.log()}")
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(draw.uniform(0, 0.5))
    levels = by_depth(processes_in(place.env), command.pid)
    # Every other time the command's first process: a killed one takes all others with it.
    victim = command.pid if trial % 2 == 0 else draw.choice(draw.choice(levels))
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, draw.choice(SIGNALS))
    if victim != command.pid:
        command.wait(PATIENCE_S)
    wait_until(lambda: not processes_in(place.env), "the end of the family", GONE_WITHIN_S)
    command.wait()
    place.finish()
    place.check(expected)
    # Only what was in flight is run again.
    assert place.noted("started").total() <= DESIGNS + LICENCES
    assert not processes_in(place.env)


def test_equal_commands_at_once_run_each_design_once_and_a_killed_one_blocks_nobody(
    tmp_path: Path, expected: dict[str, str]
) -> None:
    place = Place.make(tmp_path, 0.2)
    commands = [place.start() for _ in range(3)]
    wait_until(lambda: place.noted("started").total() >= 3, "the first runs")
    commands[0].kill()
    assert [command.wait(PATIENCE_S) for command in commands] == [-signal.SIGKILL, 0, 0], place.log()
    place.check(expected)
    # What the killed one had in flight, and nothing else, is run again.
    assert place.noted("started").total() <= DESIGNS + LICENCES


def test_a_killed_task_is_told_in_one_line(tmp_path: Path) -> None:
    place = Place.make(tmp_path, 30)
    # One kernel: luigi tries a failed task again where another one is still under way after its delay.
    command = place.start("--workers", "2", "--kernels", "atax")
    wait_until(lambda: place.noted("started").total() == LICENCES, "the first runs")
    for task in by_depth(processes_in(place.env), command.pid)[1]:
        os.kill(task, signal.SIGKILL)
    assert command.wait(PATIENCE_S) == 30
    told = [line for line in place.log().splitlines() if line.startswith("ERROR")]
    said = "killed by signal 9; start again unless this command does: what is finished is kept"
    assert told and all(line.endswith(said) for line in told)
    assert "Traceback" not in place.log()
    wait_until(lambda: not processes_in(place.env), "the end of the family", GONE_WITHIN_S)
