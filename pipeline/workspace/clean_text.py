"""What goes and what stays of a workspace, as lines."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.workspace.cleaning import Item

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def size_text(size: float) -> str:
    """Bytes in the unit that fits: ``1.2 MB``."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:,.0f} {_UNITS[unit]}" if unit == 0 else f"{size:,.1f} {_UNITS[unit]}"


def cleaning_text(workspace: str, found: Sequence[Item], *, removed: bool = False) -> str:
    """A line a kind for what can go, and one for each reason why others stay; ``removed`` where it has been done."""
    going: dict[str, list[int]] = {}
    staying: dict[tuple[str, str], list[int]] = {}
    for item in found:
        if item.stays:
            staying.setdefault((item.kind, item.stays), []).append(item.size)
        else:
            going.setdefault(item.kind, []).append(item.size)
    lines = []
    if not removed:
        whole = sum(map(sum, going.values()))
        lines.append(f"{workspace}: {size_text(whole)} can be made again without a run of a tool")
        lines += [f"  goes   {kind}: {len(sizes):,}, {size_text(sum(sizes))}" for kind, sizes in going.items()]
    lines += [
        f"  stays  {kind}: {len(sizes):,}, {size_text(sum(sizes))} ({why})" for (kind, why), sizes in staying.items()
    ]
    if not removed:
        lines.append("Nothing is removed yet; --yes does it" if going else "There is nothing to remove")
    return "\n".join(lines) or f"{workspace}: nothing stays"
