"""A backend of somebody else's, in one file: a program that takes annotated C and prints cycles and resources as JSON.

A package names it in its metadata, and `--backend acme` is there (docs/backends.md):

    [project.entry-points."hls_moe_pipeline.backends"]
    acme = "backend_of_another_tool:KIND"

In luigi.cfg, the section [acme] says how the program is called: `command = acme-hls --fast`.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

from pipeline.design_space import Point, design_key
from pipeline.errors import PipelineError
from pipeline.kernels import Kernel
from pipeline.reports.counts import Resources
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Address, BackendKind, BackendRequest, Entry, Flow, Outcome, ReportStore, ToolBackend
from pipeline.synthesis.lowering.with_pragmas import with_pragmas

VERSION = "1.0"
LIMIT_S = 600


class AcmeBackend(ToolBackend):
    """Runs ``COMMAND FILES TOP`` for each design."""

    name = "acme"

    def __init__(self, store: ReportStore, address: Address, command: list[str]) -> None:
        super().__init__(store, address)
        self.command = command

    def run_one(self, kernel: Kernel, point: Point) -> Outcome:
        """What the store does not hold yet. It serves what is there, and lets nobody run a design twice."""
        key = design_key(point)
        try:
            sources = with_pragmas(kernel, point)
        except PipelineError as error:
            # The tool never saw it: nothing is stored.
            unseen = Label(DesignStatus.NO_VERDICT, str(error))
            return Outcome(key, point, unseen, None, None, "synthesised", None)
        with tempfile.TemporaryDirectory() as folder:
            for name, text in sources.files.items():
                (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(folder) / name).write_text(text, encoding="utf-8")
            files = [str(Path(folder) / name) for name in sources.design_files]
            label = self._label([*self.command, *files, kernel.top])
        self.file(self.address, Entry(key, point, label, tool_version=VERSION))
        return Outcome(key, point, label, None, None, "synthesised", None)

    @staticmethod
    def _label(call: list[str]) -> Label:
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=LIMIT_S, check=True)
            said = json.loads(done.stdout)
            used, available = Resources(**said["used"]), Resources(**said["available"])
            return Label(DesignStatus.OK, cycles=int(said["cycles"]), used=used, available=available)
        except subprocess.TimeoutExpired:
            return Label(DesignStatus.TIMEOUT, f"no result within {LIMIT_S} s")
        except subprocess.CalledProcessError as error:
            return Label(DesignStatus.SOURCE_SYNTHESIS_FAILED, error.stderr.strip()[-500:])
        except (ValueError, LookupError, TypeError) as error:
            return Label(DesignStatus.REPORT_UNPARSABLE, f"{type(error).__name__}: {error}")


def make(request: BackendRequest) -> AcmeBackend:
    """The backend for one kernel; part and clock are part of where its labels lie."""
    command = shlex.split(request.settings.get("command", ""))
    if not command:
        raise PipelineError("acme: no command is named", file="luigi.cfg", fix="write command = ... in [acme]")
    target, kernel = request.target.complete, request.kernel
    flow = Flow(
        f"acme-{VERSION}", kernel.dialect, "Acme HLS", VERSION, target.part, target.clock_ns, target.uncertainty,
        target.flow_target,
    )  # fmt: skip
    return AcmeBackend(request.store, Address(kernel.name, kernel.ast_hash, flow), command)


KIND = BackendKind("acme", make, runs_tool=True)
