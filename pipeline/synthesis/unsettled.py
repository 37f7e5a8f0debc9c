"""What is remembered of designs that were begun and have no result: an append-only list beside an address's entries.

A line is a JSON object: the design key, the status and reason of the fault, and whether it was an end without a verdict
that counts against the design. A line is appended in one write, so several processes may write, and a line that a
kill or a full disk cut short is skipped when the file is read.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.synthesis.address import Address
from pipeline.synthesis.canonical import canonical_json
from pipeline.synthesis.layout import address_folder
from pipeline.synthesis.store import ReportStore

FILE = "unsettled.jsonl"


class Unsettled:
    """The designs at one address of a store that were begun and have no result."""

    def __init__(self, store: ReportStore, address: Address) -> None:
        self.store = store
        self.address = address

    @property
    def file(self) -> Path:
        """Where the list is; it need not be there."""
        return address_folder(self.store.root, self.address) / FILE

    def note(self, key: str, status: str, reason: str, *, counts: bool) -> None:
        """Adds a line. One that cannot be written is left out: the design has no result all the same."""
        line = canonical_json({"key": key, "status": status, "reason": reason, "counts": counts})
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                # A line that was cut short ends here.
                os.write(descriptor, f"\n{line}\n".encode())
            finally:
                os.close(descriptor)

    def ends(self) -> Counter[str]:
        """How often each design ended without a verdict."""
        return Counter(line["key"] for line in self._lines() if line["counts"])

    def open(self) -> dict[str, str]:
        """The designs without an entry in the store, by key, with the status of the fault that each met last."""
        last = {line["key"]: line["status"] for line in self._lines()}
        held = self.store.stored(self.address, last) if last else set()
        return {key: status for key, status in sorted(last.items()) if key not in held}

    def _lines(self) -> Iterator[dict[str, Any]]:
        try:
            text = self.file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        for line in text.splitlines():
            with contextlib.suppress(ValueError):
                found = json.loads(line)
                if (
                    isinstance(found, dict)
                    and isinstance(found.get("key"), str)
                    and isinstance(found.get("status"), str)
                    and isinstance(found.get("counts"), bool)
                ):
                    yield found
