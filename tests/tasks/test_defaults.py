"""luigi's settings: the same in every folder, overridden key by key, a scheduler that is named is used."""

from __future__ import annotations

import configparser
import contextlib
import json
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.tasks.defaults import DEFAULTS, is_our_command
from tests.tasks.commands import BIN, ROOT, environment, luigi, one_error_line

FAILS = ("ImportReports", "--path", "nowhere", "--source", "mine", "--kernel", "atax")
WORKS = ("DescribeKernel", "--kernel", "atax")


def test_the_checkouts_luigi_cfg_shows_what_holds_without_it() -> None:
    shown = configparser.ConfigParser()
    shown.read(ROOT / "luigi.cfg")
    # Read when luigi is loaded, which is before this package: it silences a warning and can have no default here.
    del shown["core"]["autoload_range"]
    for section, values in DEFAULTS.items():
        assert {name: text.lower() for name, text in shown[section].items()} == {
            name: str(value).lower() for name, value in values.items()
        }


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("[vitis]\nclock_ns = 5\n", 35),
        ("[core]\nlog_level = DEBUG\n", 35),
        ("[retcode]\nscheduling_error = 77\n", 77),
        ("[retcode]\nscheduling_error = 0\n", 35),
    ],
)
def test_no_configuration_of_ones_own_turns_a_failure_into_success(settings: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text(settings)
    done = luigi("--module", "pipeline", *FAILS, cwd=tmp_path)
    assert done.returncode == code and "nowhere" in one_error_line(done)
    assert ("DEBUG" in done.stderr) == ("DEBUG" in settings)


def test_a_section_that_is_nearly_ours_is_named_and_one_of_others_is_left_alone(tmp_path: Path) -> None:
    for settings, meant in (
        ("[DescribeKernle]\nkernel = bicg\n", "[DescribeKernel]"),
        ("[vitus]\npart = x\n", "[vitis]"),
    ):
        (tmp_path / "luigi.cfg").write_text(settings)
        done = luigi("--module", "pipeline", *WORKS, cwd=tmp_path)
        assert done.returncode and f"is no section; did you mean {meant}?" in one_error_line(done)
    (tmp_path / "luigi.cfg").write_text("[training]\nepochs = 4\n[DescribeKernels]\nours = 1\n")
    assert luigi("--module", "pipeline", *WORKS, cwd=tmp_path).returncode == 0


def test_one_key_of_ones_own_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "luigi.cfg").write_text("[core]\nlog_level = INFO\n")
    done = luigi("--module", "pipeline", *WORKS, cwd=tmp_path)
    # A local scheduler, as nothing else is running, and the log that was asked for.
    assert done.returncode == 0 and "INFO: Done scheduling tasks" in done.stderr, done.stderr


def test_programs_of_others_that_use_our_tasks_keep_their_settings() -> None:
    assert is_our_command(["luigi", "--module", "pipeline", "Doctor"]) and is_our_command(["l", "--module=pipeline"])
    assert not is_our_command(["luigi", "--module", "theirs", "Nightly", "--name", "pipeline"])


def test_a_scheduler_that_is_not_there_is_said_at_once_and_not_after_luigis_retries(tmp_path: Path) -> None:
    # Nothing listens on a port that is bound only.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = luigi("--module", "pipeline", *WORKS, "--scheduler-url", url, cwd=tmp_path)
    assert done.returncode == 40 and url in one_error_line(done) and "Failed connecting" not in done.stderr


@pytest.fixture
def luigid(tmp_path: Path) -> Iterator[str]:
    """The port of a running luigid."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [str(BIN / "luigid"), "--address", "127.0.0.1", "--port", port]
    with (tmp_path / "luigid.log").open("w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=log, stderr=log)
    try:
        while True:
            assert process.poll() is None, (tmp_path / "luigid.log").read_text()
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(port)), timeout=60):
                break
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.mark.parametrize("by", ["command line", "luigi.cfg"])
def test_a_scheduler_that_is_named_is_used_and_its_page_shows_only_what_was_chosen(
    by: str, luigid: str, tmp_path: Path
) -> None:
    arguments = [*WORKS]
    if by == "command line":
        # The checkout's luigi.cfg says local_scheduler = true.
        (tmp_path / "luigi.cfg").write_bytes((ROOT / "luigi.cfg").read_bytes())
        arguments += ["--scheduler-host", "127.0.0.1", "--scheduler-port", luigid]
    else:
        (tmp_path / "luigi.cfg").write_text(f"[core]\nlocal_scheduler = false\nscheduler_port = {luigid}\n")
    done = luigi("--module", "pipeline", *arguments, "--workspace", "w", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    asked = urllib.parse.quote(json.dumps({"status": "DONE", "upstream_status": ""}))
    with urllib.request.urlopen(f"http://127.0.0.1:{luigid}/api/task_list?data={asked}") as answer:
        (row,) = json.load(answer)["response"].values()
    assert row["name"] == "DescribeKernel" and row["params"] == {"kernel": "atax", "workspace": "w"}
