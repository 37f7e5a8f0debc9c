"""Where reports of one kernel and one flow live in the store; the design key names the one within."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.errors import PipelineError
from pipeline.synthesis.canonical import canonical_json, sha256_hex
from pipeline.synthesis.flow import Flow

KERNEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, eq=False)
class Address:
    """A kernel and a flow.

    ``kernel_hash`` is the SHA-256 of the kernel's normalised syntax tree, or empty for labels of a kernel that is
    known by its name alone. Where the hash is known the name is for people: two addresses are equal when their
    digests are. Raises PipelineError for a name or hash that could not safely reach a path.
    """

    kernel: str
    kernel_hash: str
    flow: Flow

    def __post_init__(self) -> None:
        if not KERNEL_NAME.fullmatch(self.kernel) or ".." in self.kernel:
            raise PipelineError(
                f"{self.kernel!r} is no name for a kernel",
                fix="use letters, digits, '_', '-', '+' and '.', at most 128, a letter, digit or '_' first",
            )
        if self.kernel_hash and not _HASH.fullmatch(self.kernel_hash):
            raise PipelineError(f"{self.kernel_hash!r} is no kernel hash", fix="give 64 hexadecimal digits or nothing")

    @property
    def source(self) -> str:
        """The flow's source."""
        return self.flow.source

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the kernel's hash (its name where there is none) and the flow."""
        kernel = {"hash": self.kernel_hash} if self.kernel_hash else {"name": self.kernel}
        return sha256_hex(canonical_json({"flow": self.flow.hash, "kernel": kernel}))

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {"kernel": self.kernel, "kernel_hash": self.kernel_hash, "flow": self.flow.to_json()}

    @staticmethod
    def from_json(value: object) -> Address:
        """The address written by :meth:`to_json`; ValueError or PipelineError for anything else."""
        if not isinstance(value, Mapping) or sorted(value) != ["flow", "kernel", "kernel_hash"]:
            raise ValueError("an address has the members kernel, kernel_hash and flow")
        if not isinstance(value["kernel"], str) or not isinstance(value["kernel_hash"], str):
            raise ValueError("kernel and kernel_hash of an address are texts")
        return Address(value["kernel"], value["kernel_hash"], Flow.from_json(value["flow"]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __str__(self) -> str:
        return f"{self.kernel} from {self.source}"
