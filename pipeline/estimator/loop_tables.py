"""The estimator's law for pipelined loops, against the loop tables of real reports."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.reports.latency_law import latency_law_residual
from pipeline.reports.report import Report


@dataclass(frozen=True, slots=True)
class LoopAgreement:
    """How many pipelined loops state all four figures, and how many of them the law meets."""

    loops: int
    exact: int
    within_one: int


def loop_agreement(reports: Iterable[Report]) -> LoopAgreement:
    """The law ``latency = II * (trip count - 1) + depth - 1`` from the stated II, trip count and depth."""
    found = [latency_law_residual(loop) for report in reports for loop in report.loops]
    known = [value for value in found if value is not None]
    return LoopAgreement(len(known), sum(value == 0 for value in known), sum(abs(value) <= 1 for value in known))
