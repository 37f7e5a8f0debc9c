"""What the task Doctor found, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKS = {"ok": "ok", "missing": "--", "problem": "!!"}


def doctor_text(facts: Mapping[str, Any]) -> str:
    """A line a check, what to do below it, then what will be used."""
    checks, uses = facts["checks"], facts["will_use"]
    width = max(len(check["name"]) for check in [*checks, *uses])
    lines = ["Found"]
    for check in checks:
        lines += _lines(check, width)
    lines += ["", "Will be used"]
    for check in uses:
        lines += _lines(check, width)
    problems = sum(check["state"] == "problem" for check in [*checks, *uses])
    counted = f"{problems} problem{'' if problems == 1 else 's'}"
    lines += ["", f"{counted}; -- marks what is not there; what will be used does without."]
    return "\n".join(lines)


def _lines(check: Mapping[str, Any], width: int) -> list[str]:
    lines = [f"  {_MARKS[check['state']]}  {check['name'].ljust(width)}  {check['found']}"]
    if check["next"] and check["state"] != "ok":
        lines.append(f"      {' ' * width}  -> {check['next']}")
    return lines
