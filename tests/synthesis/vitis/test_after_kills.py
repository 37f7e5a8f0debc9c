"""What a killed worker leaves: its licence stays taken while the tool lives, its scratch folder goes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from pipeline.synthesis.executors import LicencePool
from pipeline.synthesis.vitis.scratch import run_folder
from tests.synthesis.vitis.support import alive, wait_for

WORKER = """
import os, sys
from pathlib import Path
from pipeline.synthesis.executors import LicencePool
from pipeline.synthesis.vitis.process import Limits, run_supervised
place = Path(sys.argv[1])
with LicencePool(place / "licences", 1).slot() as slot:
    run_supervised(
        ["/bin/sh", "-c", "trap '' TERM; echo $$ > pid.part; mv pid.part pid; while :; do sleep 0.1; done"],
        environment=dict(os.environ), folder=place, log=place / "log", limits=Limits(), hold=(slot,),
    )
"""


def test_a_killed_workers_licence_is_not_given_away_while_its_tool_still_runs(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)])
    try:
        wait_for(lambda: (tmp_path / "pid").exists(), "the start of the tool")
        tool = int((tmp_path / "pid").read_text())
    finally:
        worker.kill()
        worker.wait()
    with LicencePool(tmp_path / "licences", 1).slot():
        assert not alive(tool)


def test_scratch_folders_of_killed_processes_do_not_fill_the_disk(tmp_path: Path) -> None:
    host = "".join(letter if letter.isalnum() else "_" for letter in socket.gethostname())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, living, foreign = (
        tmp_path / name for name in (f"hls-{host}-{gone.pid}-x", f"hls-{host}-{os.getppid()}-x", "hls-elsewhere-1-x")
    )
    for folder in (left, living, foreign):
        (folder / "project").mkdir(parents=True)
    kept = run_folder(tmp_path, stays=True)
    assert left.exists(), "a folder that is to stay removes nothing"
    mine = run_folder(tmp_path)
    assert not left.exists() and all(folder.exists() for folder in (living, foreign, kept, mine))
