"""Jobs that run the counting tool, and what the tool measured."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.synthesis.executors import check_cancelled, held_descriptors

TOOL = Path(__file__).with_name("counting_tool.sh")
PATIENCE_S = 60.0


@dataclass(frozen=True)
class Counted:
    """A job: one run of the tool."""

    folder: Path
    job_id: str
    seconds: float
    linger: float = 0.0
    """Seconds that the tool lives on when its worker is killed, as under a slow supervisor; 0: it dies at once."""


def run_counted(job: Counted) -> str:
    """Runs the tool as a backend does: it dies with its worker, ends when cancelled, and holds its licence."""
    tie = [] if job.linger else ["setpriv", "--pdeathsig", "KILL"]
    command = [*tie, str(TOOL), str(job.folder), job.job_id, str(job.seconds), str(job.linger)]
    nowhere = subprocess.DEVNULL
    tool = subprocess.Popen(
        command, pass_fds=held_descriptors(), stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True
    )
    try:
        while True:
            try:
                if (status := tool.wait(0.1)) != 0:
                    raise RuntimeError(f"the tool ended with {status}")
                return job.job_id
            except subprocess.TimeoutExpired:
                check_cancelled()
    except BaseException:
        if tool.poll() is None:
            os.killpg(tool.pid, signal.SIGKILL)
            tool.wait()
        raise


def new_folder(folder: Path) -> Path:
    """The tool's folder."""
    for name in ("running", "seen", "started", "finished"):
        (folder / name).mkdir(parents=True)
    return folder


def counted_jobs(
    folder: Path, count: int, seconds: float, prefix: str = "job", *, linger: float = 0.0
) -> dict[str, Counted]:
    """Jobs by id."""
    names = [f"{prefix}-{n:03d}" for n in range(count)]
    return {name: Counted(folder, name, seconds, linger) for name in names}


def most_at_once(folder: Path) -> int:
    """The highest number of tools that ran at once."""
    return max((int(path.name) for path in (folder / "seen").iterdir()), default=0)


def runs_of(folder: Path, what: str) -> Counter[str]:
    """How often each job was ``started`` or ``finished`` by the tool."""
    return Counter(path.name.rpartition(".")[0] for path in (folder / what).iterdir())


def processes_with(text: str) -> list[int]:
    """Processes whose command line has the text, other than this one."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if text.encode() in command:
                found.append(int(folder.name))
    return found


def wait_until(true: Callable[[], object], what: str) -> None:
    """Polls until it is true; fails, saying what was waited for, when patience is out."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:g} s for: {what}"
        time.sleep(0.01)
