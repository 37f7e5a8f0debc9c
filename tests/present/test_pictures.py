"""Pictures: the same bytes for the same values, readable by what reads SVG and PNG."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import matplotlib
import matplotlib.image
import pytest
from lxml import etree

from pipeline.errors import PipelineError
from pipeline.present import pictures
from pipeline.present.run_report import RunReport
from tests.present.sample_report import sample_report

DRAWN: dict[str, tuple[Callable[[Any], pictures.Picture], Callable[[RunReport], Any]]] = {
    "predicted": (pictures.predicted_against_true, lambda report: report.predictions),
    "gates": (pictures.gate_heat_maps, lambda report: report.gates),
    "experts": (pictures.expert_use, lambda report: report.expert_use),
    "learning": (pictures.learning_curves, lambda report: report.learning),
    "search": (pictures.best_so_far, lambda report: report.searches),
    "comparison": (pictures.comparison, lambda report: report.comparisons),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_made_again_has_the_same_bytes(name: str) -> None:
    draw, of = DRAWN[name]
    before = dict(matplotlib.rcParams)
    first, second = draw(of(sample_report())), draw(of(sample_report()))
    svg = first.svg()
    assert svg == first.svg() == second.svg()
    assert first.png(60) == second.png(60)
    assert dict(matplotlib.rcParams) == before, "a notebook's own settings are left alone"
    root = etree.fromstring(svg, etree.XMLParser(resolve_entities=False, no_network=True))
    assert etree.QName(root).localname == "svg"
    assert b"<script" not in svg and b"<dc:date>" not in svg
    image = matplotlib.image.imread(io.BytesIO(first.png(60)))
    assert image[..., :3].std() > 0.02, "something is drawn"


def test_nothing_to_draw_is_one_clear_line() -> None:
    with pytest.raises(PipelineError, match="nothing to draw"):
        pictures.predicted_against_true([])


def test_drawing_in_a_worker_or_a_notebook_does_not_start_pyplot() -> None:
    script = "import sys, pipeline.present.pictures; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
