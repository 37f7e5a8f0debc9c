"""The card of a finished dataset that ``--dataset`` names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.files import read_text


def dataset_card(dataset: Path) -> dict[str, Any]:
    """The card as JSON values. Raises PipelineError where the folder is none of a finished dataset."""
    try:
        card = json.loads(read_text(dataset / "card.json"))
    except (OSError, ValueError, RecursionError, PipelineError):
        card = None
    if not isinstance(card, dict) or "sources" not in card:
        raise PipelineError(
            "not the folder of a dataset", file=str(dataset), fix="name that of a finished GenerateDataset"
        )
    return card
