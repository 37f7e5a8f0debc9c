"""The short text at the end of a run: what there is, from where, what failed and why."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.terms import estimated

ESTIMATE_NOTICE = "these labels are estimates of an analytical model, not results of an HLS tool"


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a text table: the first column left-aligned, the others right-aligned, two blanks between."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [header, *rows]
    ]


def dataset_summary(
    labels: Sequence[Mapping[str, Any]], place: str, tables: Sequence[str], most: int = 12,
    targets: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """The summary of a dataset.

    ``labels`` are rows with at least source, kernel, status and cycles; ``place`` is the folder of the tables and
    ``tables`` their file names; ``targets`` says by source what part and clock the labels are for. At most ``most``
    kernels a source are listed, those with most designs first.
    """
    by_kernel: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in labels:
        by_kernel[row["source"], row["kernel"]].append(row)
    sources = sorted({source for source, _ in by_kernel})
    lines: list[str] = []
    for source in sources:
        kernels = sorted(
            ((kernel, rows) for (of, kernel), rows in by_kernel.items() if of == source),
            key=lambda item: (-len(item[1]), item[0]),
        )
        target = f", for {targets[source]}" if targets and source in targets else ""
        notice = f" ({ESTIMATE_NOTICE})" if estimated(source) else ""
        lines.append(f"Source {source}{target}{notice}")
        body = []
        for kernel, rows in kernels[:most]:
            labelled = [row for row in rows if row["status"] == "ok"]
            cycles = [row["cycles"] for row in labelled if row["cycles"] is not None]
            body.append(
                [f"  {kernel}", f"{len(rows):,}", f"{len(labelled):,}", f"{len(rows) - len(labelled):,}",
                 f"{min(cycles):,}" if cycles else "-", f"{max(cycles):,}" if cycles else "-"]
            )  # fmt: skip
        lines += aligned(["  kernel", "designs", "labelled", "failed", "fewest cycles", "most cycles"], body)
        if len(kernels) > most:
            lines.append(f"  and {len(kernels) - most} more kernels")
    statuses = Counter(row["status"] for row in labels)
    failed = {status: count for status, count in sorted(statuses.items()) if status != "ok"}
    reasons = ", ".join(f"{status} {count:,}" for status, count in failed.items())
    count = len({kernel for _, kernel in by_kernel})
    lines.append(
        f"{count} kernel{'' if count == 1 else 's'}, {len(labels):,} designs sampled, {statuses['ok']:,} labelled, "
        f"{sum(failed.values()):,} failed" + (f" ({reasons})" if reasons else "")
    )
    lines.append(f"Tables in {place}: {' '.join(tables)}")
    return "\n".join(lines)
