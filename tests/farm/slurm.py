"""A real Slurm of one node on the loopback interface, set up in a folder and taken down again.

Needs root and Debian's packages (installed with apt-get if they are not there). Nothing of the system's own
configuration is used: key, sockets, state and logs are in the folder, and only processes started here are ended.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "sinfo")
PATIENCE_S = 60.0
CPUS = 8
SBIN = "/usr/sbin:/sbin"


class NoSlurm(Exception):
    """Why there is none."""


@dataclass(frozen=True)
class Slurm:
    """A running Slurm. ``environment`` has what its commands need."""

    folder: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Runs one of Slurm's commands; returns what it prints."""
        done = subprocess.run(arguments, env=self.environment, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def jobs(self, states: str = "running") -> list[str]:
        """Ids of the jobs in these states."""
        return self.command("squeue", "--noheader", "--format=%i", f"--states={states}").split()


def install() -> None:
    """Makes the programs available. Raises NoSlurm, with the reason, where that cannot be."""
    if os.geteuid() != 0:
        raise NoSlurm("Slurm's daemons need root")
    path = f"{os.environ.get('PATH', '')}:{SBIN}"
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise NoSlurm(f"{', '.join(missing)} not installed, and there is no apt-get to install them")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # Under systemd Debian starts munge's own service, which is in nobody's way; Slurm's want a slurm.conf first.
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(
            ["apt-get", "-q", *command], env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode != 0:
            raise NoSlurm(f"apt-get {command[0]} failed: {done.stderr.strip().splitlines()[-1:]}")


@contextlib.contextmanager
def running_slurm(folder: Path) -> Iterator[Slurm]:
    """A Slurm with one node of CPUS processors in ``folder``, which is made. Raises NoSlurm where none can be had."""
    install()
    folder.mkdir(mode=0o755)
    environment = os.environ | {
        "PATH": f"{os.environ.get('PATH', '')}:{SBIN}",
        "SLURM_CONF": str(folder / "slurm.conf"),
    }
    slurm = Slurm(folder, environment)
    _configure(folder)
    daemons: list[subprocess.Popen[bytes]] = []
    try:
        munge = folder / "munge"
        daemons.append(
            _start(
                slurm,
                "munged",
                "--foreground",
                # The folder lies in /tmp, whose parents others may write to; the key itself is root's alone.
                "--force",
                f"--key-file={munge / 'key'}",
                f"--socket={munge / 'socket'}",
                f"--pid-file={munge / 'pid'}",
                f"--log-file={munge / 'log'}",
                f"--seed-file={munge / 'seed'}",
            )
        )
        _until((munge / "socket").exists, slurm, "munge's socket")
        daemons.append(_start(slurm, "slurmctld", "-D"))
        _until(lambda: "UP" in _quiet(slurm, "scontrol", "ping"), slurm, "slurmctld")
        daemons.append(_start(slurm, "slurmd", "-D", "-N", socket.gethostname().partition(".")[0]))
        _until(lambda: "idle" in _quiet(slurm, "sinfo", "--noheader", "--format=%T"), slurm, "an idle node")
        yield slurm
    finally:
        with contextlib.suppress(RuntimeError, OSError, subprocess.TimeoutExpired):
            for job in slurm.jobs("all"):
                slurm.command("scancel", "--signal=KILL", job)
            _until(lambda: not slurm.jobs(), slurm, "the end of all jobs")
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _configure(folder: Path) -> None:
    munge = folder / "munge"
    munge.mkdir(mode=0o711)
    for name in ("state", "spool", "logs"):
        (folder / name).mkdir()
    key = munge / "key"
    key.touch(mode=0o600)
    key.write_bytes(secrets.token_bytes(128))
    host = socket.gethostname().partition(".")[0]
    control, node = _free_ports(2)
    lines = {
        "ClusterName": "loopback",
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmUser": "root",
        "SlurmctldPort": str(control),
        "SlurmdPort": str(node),
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={munge / 'socket'}",
        "CredType": "cred/munge",
        "CommunicationParameters": "NoInAddrAny,NoCtldInAddrAny",
        # No control groups, no accounting database: what a machine without any of Slurm's own setup bears.
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "JobAcctGatherType": "jobacct_gather/none",
        "AccountingStorageType": "accounting_storage/none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_CPU",
        "SchedulerParameters": "sched_interval=1,batch_sched_delay=0",
        "KillWait": "2",
        "ReturnToService": "2",
        "MpiDefault": "none",
        "StateSaveLocation": str(folder / "state"),
        "SlurmdSpoolDir": str(folder / "spool"),
        "SlurmctldLogFile": str(folder / "logs" / "slurmctld"),
        "SlurmdLogFile": str(folder / "logs" / "slurmd"),
        "SlurmctldPidFile": str(folder / "slurmctld.pid"),
        "SlurmdPidFile": str(folder / "slurmd.pid"),
        # More processors than there may be: the tests' tools only sleep.
        "SlurmdParameters": "config_overrides",
    }
    text = "".join(f"{name}={value}\n" for name, value in lines.items())
    text += f"NodeName={host} NodeAddr=127.0.0.1 CPUs={CPUS} RealMemory=8000 State=UNKNOWN\n"
    text += f"PartitionName=tests Nodes={host} Default=YES MaxTime=INFINITE State=UP\n"
    (folder / "slurm.conf").write_text(text, encoding="ascii")


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def _start(slurm: Slurm, *command: str) -> subprocess.Popen[bytes]:
    with (slurm.folder / "logs" / f"{command[0]}.out").open("wb") as output:
        return subprocess.Popen(
            command, env=slurm.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )


def _quiet(slurm: Slurm, *command: str) -> str:
    try:
        return slurm.command(*command)
    except RuntimeError:
        return ""


def _until(true: object, slurm: Slurm, what: str) -> None:
    assert callable(true)
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        if time.monotonic() > deadline:
            logs = [path.read_text(errors="replace")[-500:] for path in sorted((slurm.folder / "logs").iterdir())]
            raise NoSlurm(f"waited {PATIENCE_S:g} s for {what}: {' | '.join(' '.join(log.split()) for log in logs)}")
        time.sleep(0.05)
