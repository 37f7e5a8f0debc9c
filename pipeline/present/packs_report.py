"""What packs of labels hold, as lines and as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.present.run_report import Grid, KeyFigure, RunReport, write_run_report
from pipeline.present.summary import ESTIMATE_NOTICE
from pipeline.terms import estimated

HOLDS = {
    "alone": "labels alone: hash of the kernel, points, figures; no name of the kernel, no source, no report",
    "reports": "reports, which name functions, files, loops and variables; no text of the source",
    "labels": "labels and the kernel's name; no source, no report",
}
"""What a pack of each kind holds."""


def packs_text(packs: Sequence[Mapping[str, Any]]) -> str:
    """Some lines a pack."""
    lines = []
    for pack in packs:
        lines += [
            f"{pack['file']}: {pack['kernel']}, {_designs(pack)}",
            f"  source {pack['source']}: {pack['tool']}, {pack['made_for']}"
            + (f"; {ESTIMATE_NOTICE}" if estimated(pack["source"]) else ""),
            f"  holds {HOLDS[pack['holds']]}",
            f"  terms: {pack['terms']}",
            f"  hash of the kernel: {pack['kernel_hash'] or 'not known, by its name alone'}",
        ]
    return "\n".join(lines)


def packs_page(packs: Sequence[Mapping[str, Any]], job: str) -> str:
    """The page: each pack with its kernel, designs, source, tool, part and clock, terms, and what is not in it."""
    held = sorted({pack["holds"] for pack in packs})
    sources = sorted({pack["source"] for pack in packs})
    designs = sum(pack["designs"] for pack in packs)
    report = RunReport(
        title="Packs of labels",
        job=job,
        sources=sources,
        summary=f"{len(packs):,} packs with {designs:,} designs. They hold {'; or '.join(HOLDS[one] for one in held)}.",
        warnings=[f"{source}: {ESTIMATE_NOTICE}" for source in sources if estimated(source)],
        key_figures=[
            KeyFigure("packs", len(packs)),
            KeyFigure("designs", designs),
            KeyFigure("labelled", sum(pack["labelled"] for pack in packs)),
            *([KeyFigure("different reports", reports)] if (reports := sum(one["reports"] for one in packs)) else []),
        ],
        grids=[
            Grid(
                "Packs",
                ("kernel", "designs", "labelled", "source", "tool", "part and clock", "terms"),
                [
                    [pack["kernel"], pack["designs"], pack["labelled"], pack["source"], pack["tool"], pack["made_for"],
                     pack["terms"]]
                    for pack in packs
                ],
                told_once=True,
            ),
            Grid(
                "Whom they serve",
                ("kernel", "file", "hash of its syntax tree", *(["holds"] * (len(held) > 1))),
                [
                    [pack["kernel"], pack["file"], pack["kernel_hash"] or None,
                     *([HOLDS[pack["holds"]]] * (len(held) > 1))]
                    for pack in packs
                ],
                note="A pack serves whoever has sources of that hash: ImportPacks --path PACK --kernels SOURCE.",
            ),
        ],
    )  # fmt: skip
    return write_run_report(report)


def _designs(pack: Mapping[str, Any]) -> str:
    return f"{pack['designs']:,} designs, {pack['labelled']:,} labelled"
