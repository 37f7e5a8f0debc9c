"""Copies of an iteration that hand on a value, followed one by one."""

from __future__ import annotations


def handed_on(factor: int, distance: int) -> tuple[list[int], int]:
    """Where ``factor`` copies stand side by side and each gives its value to the one ``distance`` copies later: how
    many it passes within an iteration each time before it is handed to a later one, until it is back in the first, and
    the iterations that this takes.
    """
    passed, iterations, copy = [0], 0, 0
    while True:
        passed[-1] += 1
        crossed, copy = divmod(copy + distance, factor)
        iterations += crossed
        if copy == 0 and crossed:
            return passed, iterations
        if crossed:
            passed.append(0)
