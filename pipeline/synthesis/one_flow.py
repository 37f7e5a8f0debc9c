"""Reports of one source are of one flow: the same top function, part, clock and version of the tool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice

from pipeline.errors import PipelineError
from pipeline.reports.labels import DesignStatus, bare_part
from pipeline.reports.report import Report
from pipeline.synthesis.address import Address
from pipeline.synthesis.collect import Collected, Tell
from pipeline.synthesis.flow import imported_flow
from pipeline.synthesis.store import ReportStore

_SHOWN = 3
_LOOKED_AT = 100
"""So many results of a source are looked at for one that tells what it was made with."""


@dataclass(frozen=True)
class Stated:
    """What a report states of how it was made; None where it does not."""

    top: str | None = None
    part: str | None = None
    clock_ns: float | None = None
    tool_version: str | None = None


_NAMES = {"top": "top function", "part": "part", "clock_ns": "clock in ns", "tool_version": "tool version"}
_OPTIONS = {"top": "--top", "part": "--part", "clock_ns": "--clock", "tool_version": "--tool-version"}
_PLAIN: dict[str, Callable[..., object]] = {
    "top": str,
    "part": bare_part,
    "clock_ns": lambda clock: round(clock, 3),
    "tool_version": lambda version: version.lower().removeprefix("v").strip("."),
}
"""What is compared: tool versions spell parts and periods differently."""


def stated_by(found: Collected | Report) -> Stated:
    """What a report states."""
    clock = found.clock_target_ns if isinstance(found, Report) else found.label.clock_target_ns
    return Stated(found.top, found.part, clock, found.tool_version)


def of_one_flow(found: Sequence[Collected], wanted: Stated, tell: Tell) -> list[Collected]:
    """Those of the reports that are not of another flow than is wanted; the others are told of, and why.

    A report that cannot be read, and one that does not state what is wanted, stays. Raises PipelineError where none
    that can be read is left.
    """
    kept = []
    others: dict[str, list[Collected]] = {}
    for item in found:
        unlike = _difference(wanted, stated_by(item)) if item.label.status is DesignStatus.OK else None
        if unlike is None:
            kept.append(item)
        else:
            others.setdefault(unlike, []).append(item)
    for unlike, items in others.items():
        paths = ", ".join(item.path for item in items[:_SHOWN]) + (" ..." if len(items) > _SHOWN else "")
        tell(f"{len(items):,} reports are left out, {unlike}: {paths}")
    if others and not any(item.label.status is DesignStatus.OK for item in kept):
        groups = ", ".join(f"{len(items):,} {unlike}" for unlike, items in list(others.items())[:_SHOWN])
        raise PipelineError(
            f"holds no report that can be taken: {groups}",
            file=str(found[0].folder),
            fix="name the kernel that they are of with --kernel and --top, or other settings",
        )
    return kept


def _difference(wanted: Stated, stated: Stated) -> str | None:
    for name, words in _NAMES.items():
        one, other = getattr(wanted, name), getattr(stated, name)
        if one is not None and other is not None and _PLAIN[name](one) != _PLAIN[name](other):
            return f"of the {words} {_short(other)} and not {_short(one)}"
    return None


def common_flow(found: Iterable[Collected]) -> Stated:
    """What all the reports state. Raises PipelineError, naming the groups, where two differ."""
    items = [item for item in found if item.label.status is DesignStatus.OK]
    common = Stated()
    for name, words in _NAMES.items():
        known = [value for item in items if (value := getattr(stated_by(item), name)) is not None]
        spelt = {_PLAIN[name](value): value for value in reversed(known)}
        if len(spelt) > 1:
            counts = Counter(_PLAIN[name](value) for value in known)
            groups = ", ".join(f"{_short(spelt[plain])} ({count:,})" for plain, count in counts.most_common(5))
            raise PipelineError(
                f"holds reports of {len(spelt)} flows; by {words}: {groups}",
                file=str(items[0].folder),
                fix=f"take those of one with {_OPTIONS[name]}, and the others under another --source",
            )
        common = replace(common, **{name: known[0] if known else None})
    return common


def address_for(store: ReportStore, kernel: str, kernel_hash: str, source: str, dialect: str, flow: Stated) -> Address:
    """Where imported reports of a kernel go: beside those that the source has of it, else to an address of their flow.

    Raises PipelineError where the source has reports of another flow, or runs of a tool.
    """
    new = imported_flow(source, dialect, part=flow.part, clock_ns=flow.clock_ns or None, tool_version=flow.tool_version)
    there: list[Address] = []
    for address in store.addresses(source=source):
        if address.flow.tool != new.tool:
            raise PipelineError(
                f"the source {source!r} holds what {address.flow.tool} gave here", fix="name another --source"
            )
        is_same = address.kernel_hash == kernel_hash and (kernel_hash or address.kernel == kernel)
        known = _stated_at(store, address)
        unlike = _difference(known if is_same else replace(known, top=None), flow)
        if unlike is not None:
            raise PipelineError(
                f"these reports are {unlike}, as those that source {source} has of {address.kernel} are",
                fix="name another --source for them",
            )
        if is_same and address.flow.dialect != dialect:
            raise PipelineError(
                f"the designs of {kernel} from source {source} are of dialect {address.flow.dialect}, not {dialect}",
                fix=f"give --dialect {address.flow.dialect}, or name another --source",
            )
        if is_same:
            there.append(address)
    return there[0] if there else Address(kernel, kernel_hash, new)


def _stated_at(store: ReportStore, address: Address) -> Stated:
    """What is known of the flow of an address, from itself or from the first of its reports that tells."""
    flow = address.flow
    stated = Stated(None, flow.part, flow.clock_ns, flow.tool_version)
    for key, _ in islice(store.designs(address), _LOOKED_AT):
        entry = store.get(address, key)
        report = entry.read()[1] if entry is not None and entry.status is DesignStatus.OK else None
        if report is not None:
            told = stated_by(report)
            return Stated(*(getattr(stated, one.name) or getattr(told, one.name) for one in fields(Stated)))
    return stated


def _short(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else ascii(value)[1:-1]
    return text if len(text) <= 60 else text[:57] + "..."
