"""What long work shows while it runs: a bar on a terminal, nothing elsewhere, the same on luigi's page."""

from __future__ import annotations

import configparser
import errno
import io
import logging
import re
import threading
import time
import traceback
from pathlib import Path

import pytest
import tqdm

from pipeline.tasks import messages
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.ending import last_line
from pipeline.tasks.messages import say
from pipeline.tasks.watch import LicenceWait


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bars that show at once."""
    monkeypatch.setattr(tqdm, "tqdm", _Now)


class _Now(tqdm.tqdm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **{**kwargs, "delay": 0, "mininterval": 0})


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "file"])
def test_a_long_step_shows_its_progress_on_a_terminal_only_and_on_luigis_page_always(
    stream: io.StringIO, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    told: list[tuple[float, str]] = []
    task = PipelineTask()
    task.set_progress_percentage = lambda percentage: told.append((percentage, ""))
    task.set_status_message = lambda message: told.append((-1.0, message))
    assert list(task.follow(range(4), "kernels")) == [0, 1, 2, 3]
    with task.following(10, "training") as advance:
        advance(10, note="loss 0.25")
        say("a line")
    assert (100.0, "") in told and (-1.0, "kernels: 4 of 4") in told and told[-1][1] == "training: 10 of 10 (loss 0.25)"
    shown = stream.getvalue()
    assert "a line\n" in shown and ("kernels" in shown and "10/10" in shown) == stream.isatty()
    if not stream.isatty():
        assert shown == "a line\n"


def test_a_step_without_parts_is_not_silent_while_it_runs_and_says_nothing_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines, told = [], threading.Event()

    def say(text: str) -> None:
        lines.append(text)
        told.set()

    monkeypatch.setattr(messages, "say", say)
    monkeypatch.setattr(messages, "_SILENT_S", 0.0)
    before = threading.active_count()
    monkeypatch.setattr(messages, "_took", [0.0] * len(messages.ALIKE))
    like = messages.ALIKE[1]
    with pytest.raises(KeyError), messages.working("reading k", like):
        assert told.wait(60)
        raise KeyError
    assert lines == ["reading k: 0 s so far"] and threading.active_count() == before
    assert messages._took[1] == 0.0, "a step that failed says nothing of the next"
    with messages.working("reading k", like):
        pass
    assert 0.0 < messages._took[1] < 60.0
    messages._took[1] = 6000.4
    told.clear()
    with messages.working("learning", like):
        assert told.wait(60)
    assert lines[-1] == "learning: 0 s so far; about 1.7 h left, as the one before"


def test_a_long_step_tells_a_file_how_far_it_is_and_what_is_left_ever_more_seldom(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with messages.bar(100, "training") as advance:
        for done in range(1, 101):
            clock[0] = 100.0 + done
            advance(note="loss 1" if done == 5 else "")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training: 5 of 100 (loss 1); about 95 s left at this pace"
    assert [int(line.split()[1]) for line in lines] == [5, 10, 15, 23, 35, 53, 80]
    with messages.bar(None, "fits") as advance:
        for clock[0] in (300.0, 400.0):
            advance()
    assert capsys.readouterr().err.splitlines() == ["fits: 1", "fits: 2"]
    with messages.bar(None, "estimates") as advance:
        clock[0] = 440.0
        advance(0, more=300)
        clock[0] = 450.0
        advance(100, more=100)
    told = capsys.readouterr().err.splitlines()
    assert told == ["estimates: 100 of 400; about 30 s left at this pace"], "of the time since there were any"


def test_the_last_line_says_what_failed_and_where_to_look() -> None:
    assert last_line("BuildGraph", 2.06, 0, Path("w/page.html")) == (
        "BuildGraph: done in 2.1 s, exit code 0; to look at: w/page.html"
    )
    assert last_line("BuildGraph", 2.0, 7, None) == "BuildGraph: failed after 2.0 s, exit code 7"


def test_a_counter_says_what_is_left_at_the_pace_so_far_from_the_second_step_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    counter = messages.Progress()
    counter.expect(4)
    for clock[0] in (160.0, 220.0, 280.0, 281.0):
        counter.step("a kernel")
    assert capsys.readouterr().err.splitlines() == [
        "[1/4] a kernel",
        "[2/4] a kernel; about 2 min left at this pace",
        "[3/4] a kernel; about 60 s left at this pace",
        "[4/4] a kernel",
    ]


def test_who_waits_for_a_licence_is_told_until_when_as_far_as_runs_tell(capsys: pytest.CaptureFixture[str]) -> None:
    for runs, waited, said in (
        ((), 5.0, "how long a run takes is not known yet"),
        ((30.0, None, 50.0), 10.0, "a run has taken 40 s on average, one should be free within 30 s"),
        ((40.0,), 40.0, "a run has taken 40 s on average, those now take longer"),
    ):
        wait = LicenceWait("fir", 2)
        for seconds in runs:
            wait.done(seconds)
        wait.tell(waited)
        line = capsys.readouterr().err
        assert line == f"  fir: all 2 licences are in use, waiting for {waited:.0f} s; {said}\n"


def _of_luigi(cause: Exception) -> Exception:
    error = ValueError("core[args=(), kwargs={}]: Error when parsing the default value of 'log_level'")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (configparser.MissingSectionHeaderError("luigi.cfg", 1, "\ufeff[core]\n"), "luigi.cfg: .* without one"),
        (configparser.MissingSectionHeaderError("luigi.cfg", 1, "x = 1\n"), "luigi.cfg:1: a line stands before"),
        (_of_luigi(configparser.InterpolationMissingOptionError("log_level", "core", "%(x)s", "x")), "written twice"),
        (OSError("Error: Unable to locate specified logging configuration file!"), "logging_conf_file: no such file"),
        (OSError(errno.EFBIG, "File too large"), "file too large; raise the limit of a file"),
        (ImportError("Parser not installed yet. Please, install luigi with required parser"), "pip install toml"),
    ],
)
def test_what_luigi_or_the_system_refuses_is_one_line_with_a_next_step(error: Exception, line: str) -> None:
    assert re.search(line, messages.user_message(error) or "")


def test_an_error_of_several_lines_in_a_formatted_traceback_keeps_its_type_and_its_first_line() -> None:
    try:
        raise ValueError("first\n  second\n\nthird") from KeyError("cause")
    except ValueError:
        text = f"Will not run\n{traceback.format_exc()}"
    record = logging.LogRecord("luigi", logging.WARNING, "", 1, text, None, None)
    assert messages.OneLine().filter(record)
    assert re.match("a defect of .*, please report it: ValueError: first second third", record.getMessage())
