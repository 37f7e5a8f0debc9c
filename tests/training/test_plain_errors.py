"""Errors in the units that people think in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.training.plain_errors import FOREST, MEAN, plain_errors, plain_header, plain_lines
from tests.training.small import made_up


def test_an_error_is_a_factor_of_cycles_and_points_of_the_device_on_designs_that_fit_and_were_not_learned_from() -> (
    None
):
    true = np.full((4, 5), 0.1)
    true[:, 0], true[:, 1] = [1.0, 2.0, 3.0, 1.5], [0.2, 0.4, 0.9, 0.3]
    designs = replace(made_up(count=4), targets=true.astype(np.float32), usable=np.ones(4, bool))
    learned = np.array([True, False, False, False])
    # Half as many and twice as many cycles; the third design does not fit, whatever is said of it.
    told = true + np.array([[9.0], [0.5], [9.0], [-0.5]]) * np.array([1.0, 0.02, 0.0, 0.0, 0.0])
    rows = plain_errors(designs, learned, {"model": told})
    assert [row["method"] for row in rows] == [MEAN, FOREST, "model"]
    assert rows[-1]["designs"] == 2 and rows[-1]["cycles_factor"] == pytest.approx(2.0)
    assert rows[-1]["LUT_points"] == pytest.approx(1.0) and rows[-1]["DSP_points"] == pytest.approx(0.0, abs=1e-5)
    # The mean of one design is that design: 2 and 1 doublings of perf's halves away.
    assert rows[0]["cycles_factor"] == pytest.approx(2.0 ** (2.0 * 0.75))
    assert len(plain_lines(rows)[0]) == len(plain_header())
    assert plain_errors(designs, np.ones(4, bool), {"model": told}) == []
    assert [row["method"] for row in plain_errors(designs, np.zeros(4, bool), {"model": told})] == ["model"]
