"""Claims of designs in flight: one at a time, the kernel's to give back, and no file left."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import pytest

from pipeline.errors import PipelineError
from pipeline.synthesis import Address, estimator_flow
from pipeline.synthesis.claims import Claims
from pipeline.synthesis.executors import HeldElsewhere, held_descriptors
from tests.synthesis.executors.commands import start_python
from tests.synthesis.executors.counting import processes_with, wait_until

ADDRESS = Address("k", "a" * 64, estimator_flow("1"))
OTHER = Address("k", "b" * 64, estimator_flow("1"))
PREAMBLE = """
import subprocess, sys
from pathlib import Path
from pipeline.synthesis import Address, estimator_flow
from pipeline.synthesis.claims import Claims
from pipeline.synthesis.executors import HeldElsewhere, held_descriptors
address = Address("k", "a" * 64, estimator_flow("1"))
claims = Claims(Path(sys.argv[1]))
"""
HOLD = """
with claims.claim(address, "x"):
    nowhere = subprocess.DEVNULL
    tool = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=held_descriptors(), stdout=nowhere, stderr=nowhere)
    print(tool.pid, flush=True)
    tool.wait()
"""
TAKE_TURNS = """
import os
for n in range(200):
    try:
        with claims.claim(address, "x"):
            os.close(os.open(sys.argv[2], os.O_CREAT | os.O_EXCL))
            os.unlink(sys.argv[2])
    except HeldElsewhere:
        pass
"""


def free(claims: Claims, address: Address = ADDRESS, key: str = "x") -> bool:
    with contextlib.suppress(HeldElsewhere), claims.claim(address, key):
        return True
    return False


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


def test_a_design_that_is_claimed_is_claimed_at_its_address_alone_and_leaves_no_file(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    with claims.claim(ADDRESS, "x"):
        assert len(held_descriptors()) == 1, "the tool must hold the claim as well"
        assert not free(Claims(tmp_path)), "another thread or command"
        assert free(claims, OTHER) and free(claims, ADDRESS, "y")
    assert not held_descriptors() and free(claims) and not files(tmp_path)


def test_a_dead_owner_blocks_nobody_once_its_tool_has_ended_and_not_before(tmp_path: Path) -> None:
    owner = start_python("-c", PREAMBLE + HOLD, str(tmp_path), "60.03125")
    assert owner.stdout is not None
    tool = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    claims = Claims(tmp_path)
    wait_until(lambda: tool in processes_with("60.03125"), "the tool")
    assert not free(claims)
    claims.sweep(ADDRESS)
    assert not free(claims), "a claim that is held must not be swept away"
    os.kill(tool, 9)

    def swept() -> bool:
        claims.sweep(ADDRESS)
        return not files(tmp_path)

    wait_until(swept, "the end of the claim")
    assert free(claims)


def test_a_forked_luigi_task_would_keep_claims_for_ever_if_it_inherited_them(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with Claims(tmp_path).claim(ADDRESS, "x"):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    try:
        wait_until(lambda: free(Claims(tmp_path)), "the claim that a forked child may hold")
    finally:
        os.close(writer)
        os.waitpid(child, 0)
        os.close(reader)


def test_claims_whose_file_is_removed_and_made_again_all_the_time_still_exclude_each_other(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    others = [start_python("-c", PREAMBLE + TAKE_TURNS, str(tmp_path / "store"), str(mark)) for _ in range(2)]
    claims, inside, wrong = Claims(tmp_path / "store"), threading.Lock(), []

    def take_turns() -> None:
        for _ in range(200):
            with contextlib.suppress(HeldElsewhere), claims.claim(ADDRESS, "x"):
                if not inside.acquire(blocking=False):
                    wrong.append("two threads")
                    continue
                try:
                    os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
                    mark.unlink()
                except OSError as error:
                    wrong.append(str(error))
                inside.release()

    threads = [threading.Thread(target=take_turns) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        _, err = other.communicate(timeout=60)
        assert other.returncode == 0, err
    assert not wrong and free(claims) and not files(tmp_path)


def test_workers_without_common_locks_would_run_what_others_run(tmp_path: Path) -> None:
    with Claims(tmp_path / "here").watched() as claims:
        assert free(claims)
        elsewhere = Claims(tmp_path / "there", claims.watch)
        with pytest.raises(PipelineError, match="not the folder"):
            free(elsewhere)
        (tmp_path / "there" / ".watches").mkdir(parents=True)
        (tmp_path / "there" / ".watches" / str(claims.watch)).touch()
        with pytest.raises(PipelineError, match="locks of other machines do not reach"):
            free(elsewhere)
    assert not files(tmp_path / "here")


def test_a_store_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PipelineError, match="cannot hold designs in flight"):
        free(Claims(tmp_path / "file"))
