"""A report with every part that a page can have, its texts as hostile as a log can be."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pyarrow as pa

from pipeline.present.charts import (
    BestSoFar,
    Comparison,
    Distribution,
    ExpertUse,
    Front,
    GateWeights,
    LearningCurves,
    Predictions,
    SearchCurve,
)
from pipeline.present.run_report import Answer, BestDesign, Failure, Grid, KeyFigure, LoopRow, RunReport

EVIL = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">&amp;%{x}$1</title></script>'
CHARTS = 11

_KEYS = [f"__PARA__L0-{2**i}.__PIPE__L1-flatten.__TILE__L2-1" for i in range(6)]
_GATE = GateWeights("node", ["gemm-p", EVIL], ["a", "b"], [[0.25, 0.75], [1.0, None]])


def sample_report() -> RunReport:
    """The same report at every call."""
    front = Front(
        kernel="gemm-p",
        source="hlsyn-v20",
        origin="replayed",
        keys=[EVIL, *_KEYS[1:]],
        cycles=pa.chunked_array([[100, 900, None, 50_000, 2_000_000, 70]]),
        utilisations={"lut": [0.5, 0.1, 0.2, 0.05, 0.01, 9.0], "uram": [None] * 6},
        predicted_cycles=[120.0, 800.0, math.nan, 40_000.0, 1e6, 90.0],
    )
    search = BestSoFar(
        "gemm-p",
        "hlsyn-v20",
        [
            SearchCurve("this search", [None, 900, 100, 100], [None, 800, 90, 90], [None, 1000, 150, 150]),
            SearchCurve(EVIL, pd.Series([5e4, 900, 900, 900]), baseline=True),
        ],
        best_known=90,
        reference=2_000_000,
    )
    learning = LearningCurves(
        "Loss on hlsyn-v20",
        "summed MSE",
        [1, 2, 3],
        {"training": np.array([3.0, 1.0, 0.5]), "validation": [None, 2.0, math.nan]},
        {"stage 1": 1, EVIL: 2},
    )
    names = ["gemm-p", EVIL] * 3
    predictions = [
        Predictions("perf", "hlsyn-v20", [0, 1, 2, 3, None, 5], [0, 1.1, 2.2, 2.8, 4, 5], names, _KEYS),
        Predictions("cycles", "hlsyn-v20", [10, 100, 0], [12, 90, 5], unit="cycles", log=True),
    ]
    spread = Distribution("hlsyn-v20", {"gemm-p": [10, 20, None, 4000], EVIL: [7], "nothing": []})
    compared = Comparison(
        "50 shots on hlsyn-v20", "summed MSE", ["gemm-p", "mean"], {"forest": [0.4, 0.5], EVIL: [0.3, None]},
        {"forest": [0.1, 0.1]},
    )  # fmt: skip
    best = BestDesign(
        "gemm-p", _KEYS[0], "hlsyn-v20", "replayed", 100, {"lut": 0.5, "dsp": None},
        f"void f(int a[4]) {{\n#pragma ACCEL PIPELINE\n\tfor (int i = 0; i < 4; i++) // {EVIL}\n\t\ta[i] = 0;\n}}\n",
        [LoopRow(EVIL, 0, 3, 4, (1, 2), None, (4, None), True), LoopRow("elsewhere", 1, 99)], [EVIL],
    )  # fmt: skip
    return RunReport(
        title=f"Search for gemm-p {EVIL}",
        job="RunActiveLearningLoop",
        sources=("hlsyn-v20", EVIL),
        summary=EVIL,
        answers=[
            Answer(
                "gemm-p",
                EVIL,
                EVIL,
                [("cycles", 2_000_000, 100, EVIL), ("time", None, "1 us", "")],
                [EVIL],
                [(EVIL, "64 iterations, II 9: 576 cycles", EVIL, None)],
                f"--- a/x.c\n-{EVIL}\n+int\ta;\n",
                [EVIL],
            )
        ],
        key_figures=[KeyFigure("fewest cycles", 100, EVIL), KeyFigure("stopped", None), KeyFigure("tau", 0.91234567)],
        warnings=[EVIL],
        best=[best],
        fronts=[front],
        searches=[search],
        comparisons=[compared],
        learning=[learning],
        predictions=predictions,
        gates=[_GATE, GateWeights("granularities", ["gemm-p"], ["node", "block", "graph"], [[0.2, 0.3, 0.5]])],
        expert_use=[ExpertUse("node", ["a", EVIL], [0.4, 0.6]), ExpertUse("block", ["a"], [1.0])],
        distributions=[spread],
        grids=[Grid(EVIL, ["kernel", "cycles"], [["gemm-p", 1234567], [EVIL, None]], EVIL)],
        failures=[
            Failure("hlsyn-v20", "gemm-p", _KEYS[1], "timeout", f"ERROR: [XFORM 203-123] {EVIL}"),
            Failure("hlsyn-v20", EVIL, EVIL, EVIL),
        ],
        provenance={"seed": 12345, EVIL: EVIL, "packages": {"torch": "2.13.0", EVIL: [EVIL]}},
        reproduce=[f"luigi --module pipeline RunActiveLearningLoop --kernel '{EVIL}'"],
        files={"runs.csv": EVIL},
    )
