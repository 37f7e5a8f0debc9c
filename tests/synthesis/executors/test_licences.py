"""Licences as locks on files."""

from __future__ import annotations

import os
import pickle
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis.executors import LicencePool, licences
from tests.synthesis.executors.commands import start_python
from tests.synthesis.executors.counting import processes_with, wait_until

HOLD = """
import subprocess, sys
from pathlib import Path
from pipeline.synthesis.executors import LicencePool
with LicencePool(Path(sys.argv[1]), 1).slot() as descriptor:
    nowhere = subprocess.DEVNULL
    tool = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(descriptor,), stdout=nowhere, stderr=nowhere)
    print(tool.pid, flush=True)
    tool.wait()
"""


class Impatient(Exception):
    pass


def give_up() -> None:
    raise Impatient


def give_up_second_time() -> Callable[[], None]:
    looks: list[None] = []

    def wanted() -> None:
        looks.append(None)
        if len(looks) > 1:
            raise Impatient

    return wanted


def free(pool: LicencePool) -> bool:
    try:
        with pool.slot(give_up_second_time()):
            return True
    except Impatient:
        return False


def test_more_runs_than_licences_would_be_refused_by_the_licence_server(tmp_path: Path) -> None:
    pool = LicencePool(tmp_path / "licences", 2)
    with pool.slot() as one, pool.slot() as other:
        assert one != other and not free(pool)
        assert not free(LicencePool(tmp_path / "licences", 1))
    assert free(pool)


def test_who_waits_for_a_licence_says_so_and_who_has_one_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences, "TELL_AFTER_S", 0.0)
    told: list[float] = []
    pool = LicencePool(tmp_path / "licences", 1, on_wait=told.append)
    with pool.slot():
        assert told == []
        assert not free(pool)
    assert told and pickle.loads(pickle.dumps(pool)).on_wait is None


def test_the_licence_of_a_killed_worker_is_free_when_its_tool_has_ended_and_not_before(tmp_path: Path) -> None:
    holder = start_python("-c", HOLD, str(tmp_path), "60.0625")
    assert holder.stdout is not None and holder.stderr is not None
    tool = int(holder.stdout.readline())
    holder.kill()
    holder.communicate()
    # A process has no command line for a moment while it is begun.
    wait_until(lambda: tool in processes_with("60.0625"), "the tool to go on")
    assert not free(LicencePool(tmp_path, 1)), "the tool still runs"
    os.kill(tool, 9)
    wait_until(lambda: free(LicencePool(tmp_path, 1)), "the licence of a killed tool")


def test_a_forked_luigi_worker_would_keep_licences_for_ever_if_it_inherited_them(tmp_path: Path) -> None:
    pool = LicencePool(tmp_path, 1)
    reader, writer = os.pipe()
    with pool.slot():
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    try:
        wait_until(lambda: free(pool), "the licence that a forked child may hold")
    finally:
        os.close(writer)
        os.waitpid(child, 0)
        os.close(reader)


def test_workers_that_see_another_folder_or_no_common_locks_would_over_use_licences(tmp_path: Path) -> None:
    with LicencePool(tmp_path / "here", 1).watched() as pool:
        assert free(pool)
    assert not [path for path in (tmp_path / "here").iterdir() if path.name.startswith("watch")]
    with LicencePool(tmp_path / "here", 1).watched() as pool:
        elsewhere = LicencePool(tmp_path / "there", 1, pool.watch)
        with pytest.raises(PipelineError, match="not the folder"), elsewhere.slot():
            pass
        # A mount without common locks: the file is there, and nobody seems to hold it.
        (tmp_path / "there").mkdir()
        (tmp_path / "there" / str(pool.watch)).touch()
        with pytest.raises(PipelineError, match="locks of other machines do not reach"), elsewhere.slot():
            pass


def test_what_killed_clients_left_is_removed_and_what_living_ones_hold_stays(tmp_path: Path) -> None:
    (tmp_path / "watch-0123").touch()
    with LicencePool(tmp_path, 1).watched() as first, LicencePool(tmp_path, 1).watched() as second:
        assert {path.name for path in tmp_path.glob("watch-*")} == {first.watch, second.watch}


def test_a_cancelled_job_would_wait_for_a_licence_it_no_longer_needs(tmp_path: Path) -> None:
    pool = LicencePool(tmp_path, 1)
    with pool.slot(), pytest.raises(Impatient), pool.slot(give_up):
        pass


def test_no_licence_and_an_unusable_folder_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="0 licences allow no run; set 1 or more"):
        LicencePool(tmp_path, 0)
    (tmp_path / "file").touch()
    with pytest.raises(PipelineError, match="cannot hold licences"), LicencePool(tmp_path / "file", 1).slot():
        pass


def test_threads_and_processes_together_stay_within_the_licences(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom pipeline.synthesis.executors import LicencePool\n"
        "pool = LicencePool(Path(sys.argv[1]), 3)\n"
        "for n in range(40):\n"
        "    with pool.slot() as fd:\n"
        "        print(Path(f'/proc/self/fd/{fd}').resolve().name)\n"
    )
    others = [start_python("-c", script, str(tmp_path)) for _ in range(2)]
    pool, holders, most, lock = LicencePool(tmp_path, 3), 0, 0, threading.Lock()

    def hold() -> None:
        nonlocal holders, most
        for _ in range(40):
            with pool.slot():
                with lock:
                    holders += 1
                    most = max(most, holders)
                with lock:
                    holders -= 1

    threads = [threading.Thread(target=hold) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        out, err = other.communicate(timeout=60)
        assert other.returncode == 0, err
        assert set(out.split()) <= {"slot-0000", "slot-0001", "slot-0002"}
    assert 1 <= most <= 3
