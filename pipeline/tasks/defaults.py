"""luigi's settings where no luigi.cfg says otherwise, so that a command does the same in every folder.

luigi's own defaults suit a server: they wait minutes for a scheduler that nobody started, log everything and end with
exit code 0 when a task failed. The settings here stand below every configuration file that luigi reads and give way to
it key by key. luigid, which does not load this package, reads its settings from the luigi.cfg in its own folder.
"""

from __future__ import annotations

import itertools
import socket
import urllib.parse
from collections.abc import Sequence

import luigi.configuration
import luigi.interface

from pipeline.errors import PipelineError
from pipeline.last_words import write_error
from pipeline.tasks.ending import MEANINGS

DEFAULTS: dict[str, dict[str, bool | int | float | str]] = {
    "core": {
        "local_scheduler": True,
        "workers": 2,
        # Outputs appear whole or not at all and the report store takes several writers: equal commands may run at once.
        "no_lock": True,
        "log_level": "WARNING",
    },
    "worker": {"wait_interval": 0.1, "wait_jitter": 0.1, "check_complete_on_run": True},
    "scheduler": {"retry_count": 3, "retry_delay": 5, "disable_window": 3600},
    "resources": {"hls_kernel": 2},
    "retcode": {
        "already_running": 10,
        "missing_data": 20,
        "not_run": 25,
        "task_failed": 30,
        "scheduling_error": 35,
        "unhandled_exception": 40,
    },
}
"""By section. A checkout's luigi.cfg shows the same values to whoever wants others."""

_ANSWERS_WITHIN_S = 10.0
_SCHEDULER = ("scheduler_host", "scheduler_port", "scheduler_url")


def install(arguments: Sequence[str]) -> None:
    """Sets what no configuration file sets; to be called before luigi reads its settings.

    ``arguments`` is the command line without the program's name. Where it names a scheduler, that one is used whatever
    the files say; where only a file names one, it is used unless the file has ``local_scheduler`` as well. A failure's
    return code that a file sets to 0 is replaced by the default, and said.
    """
    config = luigi.configuration.get_config()
    _as_text(config)
    given = {argument.split("=")[0] for argument in arguments}
    named = any(f"--{name.replace('_', '-')}" in given for name in _SCHEDULER)
    if named and "--local-scheduler" not in given:
        _set("core", "local_scheduler", False)
    elif any(config.has_option("core", f"{prefix}{name}") for name in _SCHEDULER for prefix in ("", "default_")):
        _set_where_absent("core", "local_scheduler", False)
    for section, values in DEFAULTS.items():
        for name, value in values.items():
            _set_where_absent(section, name, value)
    for name in MEANINGS:
        if _is_success(config.get("retcode", name)):
            default = DEFAULTS["retcode"][name]
            write_error(f"luigi.cfg: [retcode] {name} would make a failure look like success; {default} is used\n")
            _set("retcode", name, default)


def check_core() -> None:
    """Raises PipelineError for what luigi would find out in a minute, or say no word of.

    That is a luigid that is to be used and does not answer, and no worker.
    """
    core = luigi.interface.core()
    if core.workers < 1:
        raise PipelineError(f"--workers {core.workers} runs nothing", fix="give 1 or more, here or in luigi.cfg")
    if core.local_scheduler:
        return
    url = core.scheduler_url or f"http://{core.scheduler_host}:{core.scheduler_port}"
    place = urllib.parse.urlsplit(url)
    if place.scheme not in ("http", "https") or not place.hostname:
        return
    try:
        port = place.port or {"http": 80, "https": 443}[place.scheme]
        socket.create_connection((place.hostname, port), timeout=_ANSWERS_WITHIN_S).close()
    except (OSError, ValueError) as error:
        raise PipelineError(
            f"no luigid answers at {url}: {error}", fix="start luigid there, or go without it by --local-scheduler"
        ) from error


def is_our_command(words: Sequence[str]) -> bool:
    """Whether ``luigi`` was started for this package: a program of others that imports our tasks keeps its settings."""
    return "--module=pipeline" in words or ("--module", "pipeline") in itertools.pairwise(words)


def _as_text(config: object) -> None:
    """Has numbers and truths of a TOML file read as the texts that parameters take; luigi's own sections stay typed."""
    if isinstance(config, luigi.configuration.LuigiTomlParser):
        for section, values in config.data.items():
            if section not in DEFAULTS:
                plain = {name: value for name, value in values.items() if isinstance(value, bool | int | float)}
                values |= {name: str(value).lower() for name, value in plain.items()}


def _is_success(code: object) -> bool:
    """Whether a shell would take the exit code for success: it sees the last eight bits."""
    try:
        return int(str(code)) % 256 == 0
    except ValueError:
        return False


def _set_where_absent(section: str, name: str, value: bool | int | float | str) -> None:
    if not luigi.configuration.get_config().has_option(section, name):
        _set(section, name, value)


def _set(section: str, name: str, value: bool | int | float | str) -> None:
    config = luigi.configuration.get_config()
    typed = isinstance(config, luigi.configuration.LuigiTomlParser)
    config.set(section, name, value if typed else str(value))
