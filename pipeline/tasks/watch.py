"""Follows the runs of the tool: what is a result, what is to be run again, and when going on is hopeless."""

from __future__ import annotations

import errno
import json
import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, Label
from pipeline.synthesis import Outcome
from pipeline.synthesis.backends.base import SYNTHESIS, Fault
from pipeline.tasks.messages import duration, say
from pipeline.tasks.outputs import fingerprint
from pipeline.tasks.shared import briefly

if TYPE_CHECKING:
    from pipeline.design_space import Point
    from pipeline.synthesis.backends.tool import ToolBackend
    from pipeline.synthesis.executors import FinishedJob
    from pipeline.synthesis.vitis import ToolResult

IN_A_ROW = 3
"""So many runs of one flow in a row with one and the same fault, and no more are started."""
BELIEVED_S = 60.0
"""For how long after the last of them: what goes on longer is asked again, as the fault may have passed."""
NOT_STARTED = "not_started"
_SAY_EVERY_S = 30.0
_ROOM = 1 << 16


class _Rows:
    """Per flow the fault that its last runs all had; over all worker processes of a command.

    luigi runs each task in a forked child: what one kernel's runs show saves those of the next kernel. For that it has
    to be made before the first fork, with the import of this module.
    """

    def __init__(self) -> None:
        self._held: Any = multiprocessing.RawArray("c", _ROOM)
        self._lock = multiprocessing.Lock()

    def add(self, flow: str, fault: Fault | None) -> None:
        """The latest run of a flow: its fault, or None for one that other designs need not share."""
        with briefly(self._lock):
            rows = self._read()
            if fault is None or fault.alike is None:
                rows.pop(flow, None)
            else:
                alike = fault.alike[:1000]
                row = rows.get(flow, {"alike": alike, "runs": 0})
                runs = row["runs"] + 1 if row["alike"] == alike else 1
                rows[flow] = {"alike": alike, "runs": runs, "last": time.monotonic(), "status": str(fault.status),
                              "reason": fault.reason[:1000]}  # fmt: skip
            text = json.dumps(rows).encode()
            # More flows than there is room for: forgotten, and learned again.
            self._held.value = text if len(text) < _ROOM else b""

    def hopeless(self, flow: str) -> tuple[str, str] | None:
        """Status and reason of the fault that makes further runs of the flow hopeless; else None."""
        with briefly(self._lock):
            row = self._read().get(flow)
        if row is None or row["runs"] < IN_A_ROW or time.monotonic() - row["last"] > BELIEVED_S:
            return None
        return str(row["status"]), str(row["reason"])

    def _read(self) -> dict[str, Any]:
        text = self._held.value
        try:
            found: dict[str, Any] = json.loads(text) if text else {}
        except ValueError:
            # A process was killed while it wrote: forgotten, and learned again.
            found = {}
        return found


_rows = _Rows()


class LicenceWait:
    """Says that runs wait for a licence, seldom, and about how long: by what the runs of this call have taken."""

    def __init__(self, kernel: str, licences: int) -> None:
        self._kernel, self._licences = kernel, licences
        self._runs, self._seconds = 0, 0.0
        self._told = -_SAY_EVERY_S
        self._lock = threading.Lock()

    def done(self, seconds: float | None) -> None:
        """A run took so many seconds; None where that is not known."""
        with self._lock:
            self._runs, self._seconds = self._runs + (seconds is not None), self._seconds + (seconds or 0.0)

    def tell(self, waited: float) -> None:
        """Says that a run has waited for so many seconds, unless another has just said so."""
        with self._lock:
            if (now := time.monotonic()) - self._told < _SAY_EVERY_S:
                return
            self._told = now
            mean = self._seconds / self._runs if self._runs else None
        if mean is None:
            each = "how long a run takes is not known yet"
        else:
            # The runs that hold the licences began before this one waited.
            left = f"one should be free within {duration(mean - waited)}" if mean > waited else "those now take longer"
            each = f"a run has taken {duration(mean)} on average, {left}"
        licences = "the only licence is" if self._licences == 1 else f"all {self._licences} licences are"
        say(f"  {self._kernel}: {licences} in use, waiting for {duration(waited)}; {each}")


class Watch:
    """Judges the outcomes of one call, and remembers beside the store what has no result."""

    def __init__(self, backend: ToolBackend) -> None:
        self.backend = backend
        self.flow = fingerprint(flow=backend.flow.to_json())
        self._held: list[Outcome] = []
        self._seen: set[str] = set()
        self._told: dict[str, float] = {}
        self._lock = threading.Lock()

    def goes_on(self) -> bool:
        """Whether another run may be started."""
        return _rows.hopeless(self.flow) is None

    def judged(self, done: FinishedJob[Point, Outcome]) -> Iterator[Outcome]:
        """What a run gave: a result, or an outcome that says why the design has none.

        A fault that looks like the flow's own is held back until it is clear whether every design has it: one that a
        single design has counts against that design.
        """
        outcome = done.result if done.result is not None else self._without(done)
        self._seen.add(outcome.key)
        _rows.add(self.flow, outcome.faults[0] if outcome.faults else None)
        if any(fault.counts and fault.alike is not None for fault in outcome.faults):
            self._held.append(outcome)
        else:
            yield self._settled(outcome)

    def rest(self, jobs: Mapping[str, Point]) -> Iterator[Outcome]:
        """What is left once no run is in flight: outcomes held back, and designs that were not started."""
        found = _rows.hopeless(self.flow)
        for outcome in self._held:
            yield self._settled(outcome, counting=found is None)
        left = {key: point for key, point in jobs.items() if key not in self._seen}
        if not left:
            return
        status, reason = found or ("", "")
        kernel = self.backend.address.kernel
        count = "1 design is" if len(left) == 1 else f"{len(left):,} designs are"
        say(f"  {kernel}: {count} not started: every run ends alike, {status} ({reason})")
        for key, point in left.items():
            fault = Fault(
                DesignStatus(status) if status else DesignStatus.NO_VERDICT, reason, alike=status, started=False
            )
            self._note(key, fault, NOT_STARTED)
            yield Outcome(key, point, Label(fault.status, f"not started: {reason}"), None, None, "synthesised", None,
                          faults=(fault,))  # fmt: skip

    def waits(self, key: str, result: ToolResult, tries: int, seconds: float) -> None:
        """Says what is waited for; seldom, as many runs may wait for the same."""
        with self._lock:
            now, status = time.monotonic(), str(result.status)
            if now - self._told.get(status, -_SAY_EVERY_S) < _SAY_EVERY_S:
                return
            self._told[status] = now
        say(f"  {self.backend.address.kernel} waits {seconds:.0f} s for another try, {tries} so far: {status} "
            f"({result.reason}): {key}")  # fmt: skip

    def _settled(self, outcome: Outcome, *, counting: bool = True) -> Outcome:
        for fault in outcome.faults:
            counts = fault.counts and counting
            ends = self._note(outcome.key, fault, str(fault.status), counts=counts)
            if counts and ends >= self.backend.ends:
                outcome = self.backend.give_up(outcome, fault, ends)
        return outcome

    def _note(self, key: str, fault: Fault, status: str, *, counts: bool = False) -> int:
        """Remembers a fault; returns how often the step has ended without a verdict."""
        from pipeline.synthesis.unsettled import Unsettled

        backend = self.backend
        address = backend.address if fault.step == SYNTHESIS else backend.step_address(fault.step)
        unsettled = Unsettled(backend.store, address)
        unsettled.note(key, status, fault.reason, counts=counts)
        return unsettled.ends()[key]

    def _without(self, done: FinishedJob[Point, Outcome]) -> Outcome:
        """What stands for a run that came to no outcome; raises what is no fault of the surroundings."""
        from pipeline.synthesis.executors import RunLost

        error = done.error
        if not isinstance(error, PipelineError):
            assert error is not None
            raise error
        lost = isinstance(error, RunLost)
        full = any(os.strerror(number) in error.problem for number in (errno.ENOSPC, errno.EDQUOT))
        status = DesignStatus.DISK_FULL if full else DesignStatus.NO_VERDICT
        fault = Fault(status, str(error), alike=None if lost else error.problem, counts=lost)
        label = Label(fault.status, fault.reason)
        return Outcome(done.job_id, done.job, label, None, None, "synthesised", None, faults=(fault,))
