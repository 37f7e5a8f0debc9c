"""The property tests over and over with random examples: ``python -m tests.fuzz --minutes 5 [PYTEST ARGUMENT...]``.

A test that fails is left out of further rounds. At the end each failure is printed as a decorator that, put on the
test, keeps the example: ``@example(...)`` where its arguments can be written down, and ``@reproduce_failure(...)``.
The exit status is 1 where there was a failure.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence

import pytest

_BLOCK = re.compile(r"^E?\s*(?:Falsifying|Failing) [\w ]+: \w+\($")
"""What hypothesis writes above the arguments; the words differ between its versions."""
_BLOB = re.compile(r"@reproduce_failure\(.*\)")


class Fuzz:
    """Plugin: the selected property tests in random order, again and again, until the time is up."""

    def __init__(self, minutes: float, rounds: int | None = None) -> None:
        self._seconds = 60 * minutes
        self._most = rounds
        self._failed: dict[str, str] = {}
        self._rounds = 0
        self._runs = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of pytest's own loop, which runs each test once."""
        if session.config.option.collectonly:
            return True
        end = time.monotonic() + self._seconds
        while True:
            items = [item for item in session.items if item.nodeid not in self._failed]
            random.SystemRandom().shuffle(items)
            for item in items:
                if time.monotonic() >= end:
                    return True
                # Without a next item everything is torn down, as the next round begins from nothing.
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                self._runs += 1
            self._rounds += 1
            if not items or self._rounds == self._most:
                return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remembers what a failing test says."""
        if report.failed:
            self._failed[report.nodeid] = report.longreprtext

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The failures in a form that becomes a test."""
        terminalreporter.section("fuzz")
        terminalreporter.line(f"{self._runs} runs of property tests, {self._rounds} whole rounds")
        for name, said in self._failed.items():
            terminalreporter.line(f"\n# {name}: put one of these on it")
            for line in as_decorators(said):
                terminalreporter.line(line)


def as_decorators(said: str) -> Iterator[str]:
    """The decorators that keep the failing examples of a report of pytest, a line at a time."""
    lines = iter(said.splitlines())
    for line in lines:
        if _BLOCK.match(line.rstrip()):
            yield "@example("
            for inner in lines:
                inner = inner[1:] if inner.startswith("E") else inner
                if inner.strip() == ")":
                    yield ")"
                    break
                yield f"    {inner.strip()}"
        elif blob := _BLOB.search(line):
            yield blob[0]


def main(arguments: Sequence[str]) -> int:
    """Runs; returns the exit status of pytest."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__, add_help=True)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to go on")
    parser.add_argument("--rounds", type=int, help="how often each test runs at most")
    options, rest = parser.parse_known_args(arguments)
    os.environ["HYPOTHESIS_PROFILE"] = "fuzz"
    return int(
        pytest.main(["-m", "hypothesis", "-p", "no:xdist", *rest], plugins=[Fuzz(options.minutes, options.rounds)])
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
