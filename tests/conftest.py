"""For all tests: the same examples, and the same random numbers, in every run.

``make fuzz`` is for other examples (tests/fuzz.py).
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.tasks import commands, forked

PROFILE = "HYPOTHESIS_PROFILE"
"""The variable that names the profile: ``fixed`` (the default) or ``fuzz``."""
_SLOW = (HealthCheck.too_slow,)
# How long an example takes depends on the machine, so no profile judges it. A database of earlier failures would make
# a run depend on those before it.
settings.register_profile(
    "fixed", derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile("fuzz", derandomize=False, deadline=None, print_blob=True, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get(PROFILE, "fixed"))


def pytest_configure(config: pytest.Config) -> None:
    """One cache folder and one process that forks commands, for all processes of the run.

    What the user's own cache holds decides nothing.
    """
    if not hasattr(config, "workerinput"):
        folder = tempfile.mkdtemp(prefix="hls-pipeline-tests-")
        os.environ["XDG_CACHE_HOME"] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.environ[commands.FORKS] = f"{folder}/forks"
        config.add_cleanup(forked.started(commands.ROOT, Path(os.environ[commands.FORKS]), commands.environment()))


LONGEST = ("tests/test_wheel.py", "tests/docs/", "tests/tasks/", "tests/training/", "tests/loop/", "tests/exploration/")
"""Where the tests are that take longest: they begin first, so that no process ends with one of them alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts what takes longest in front; the rest stays as it is."""
    places = {prefix: place for place, prefix in enumerate(LONGEST)}

    def place(item: pytest.Item) -> int:
        return min((at for prefix, at in places.items() if item.nodeid.startswith(prefix)), default=len(places))

    items.sort(key=place)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Every test begins with the same state of the global generators, whichever ran before it in its process."""
    random.seed(0)
    # Only where they are loaded: importing them takes seconds.
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(0)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)
