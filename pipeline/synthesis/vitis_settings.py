"""What one says of runs of Vitis HLS, beside part and clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from pipeline.reports.surroundings import DEFAULT_ENDS


@dataclass(frozen=True)
class VitisSettings:
    """The section [vitis] of luigi.cfg, which says of each what it means. All but limits and folders move labels."""

    settings: str = ""
    tool: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    buffers: bool = True
    unsupported: Literal["approximate", "refuse"] = "approximate"
    reassociate: Literal["clause", "never", "always"] = "clause"
    timeout_minutes: float = 180.0
    memory_gib: float = 0.0
    tries: int = 5
    ends: int = DEFAULT_ENDS
    scratch: str = ""
    keep: Literal["never", "failed", "always"] = "never"
    delivery: Literal["insert", "directives"] = "insert"
    testbench: str = ""
    further: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> VitisSettings:
        """Those among what is said; the defaults for the rest."""
        return cls(**{one.name: said[one.name] for one in fields(cls) if one.name in said})
