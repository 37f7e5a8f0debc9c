"""A training's curves: a row per epoch."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.files import made_whole

COLUMNS = ("epoch", "stage", "learning_rate", "train_loss", "validation_loss")
"""``stage`` is separate or joint; ``validation_loss`` that of the joint model, empty where the epoch was not
validated."""


def write_curves(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The curves as CSV; the file appears whole or not at all."""
    with made_whole(path) as aside, aside.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
