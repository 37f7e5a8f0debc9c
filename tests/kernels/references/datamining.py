"""Statistics of the columns of a table (PolyBench "datamining")."""

from typing import Any

import numpy as np

from tests.kernels.harness import Argument, Arguments, Reference, double, integer

ROWS, COLUMNS = 100, 80


def _table(generator: np.random.Generator) -> Any:
    """Columns of different spread, some of them below the threshold under which correlation does not scale."""
    return generator.normal(size=(ROWS, COLUMNS)) * generator.choice([0.01, 1.0, 10.0], COLUMNS)


def _count(generator: np.random.Generator) -> Any:
    """The divisor is an argument of its own: any positive number goes."""
    return generator.uniform(50.0, 150.0)


def _correlation(a: Arguments) -> Arguments:
    mean = a["data"].sum(axis=0) / a["float_n"]
    centred = a["data"] - mean
    stddev = np.sqrt((centred**2).sum(axis=0) / a["float_n"])
    stddev = np.where(stddev <= 0.1, 1.0, stddev)
    standardised = centred / (np.sqrt(a["float_n"]) * stddev)
    corr = standardised.T @ standardised
    np.fill_diagonal(corr, 1.0)
    return {"data": standardised, "corr": corr, "mean": mean, "stddev": stddev}


def _covariance(a: Arguments) -> Arguments:
    mean = a["data"].sum(axis=0) / a["float_n"]
    centred = a["data"] - mean
    return {"data": centred, "cov": centred.T @ centred / (a["float_n"] - 1.0), "mean": mean}


_FLOAT_N = Argument("float_n", np.float64, draw=_count)
_DATA = Argument("data", np.float64, (ROWS, COLUMNS), draw=_table)

REFERENCES: dict[str, Reference] = {
    "correlation": Reference(
        "kernel_correlation",
        (_FLOAT_N, _DATA, double("corr", COLUMNS, COLUMNS), double("mean", COLUMNS), double("stddev", COLUMNS)),
        _correlation,
    ),
    "covariance": Reference(
        "kernel_covariance",
        (integer("m"), integer("n"), _FLOAT_N, _DATA, double("cov", COLUMNS, COLUMNS), double("mean", COLUMNS)),
        _covariance,
    ),
}
