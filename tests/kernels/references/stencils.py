"""Time steps on grids (PolyBench "stencils")."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.kernels.harness import Arguments, Reference, double, integer

Grid = NDArray[Any]


def _adi(a: Arguments) -> Arguments:
    # With 60 points a side and 40 steps, a half step is implicit in one direction and explicit in the other.
    column = 2.0 * 60.0**2 / 40.0 / 2.0
    row = 1.0 * 60.0**2 / 40.0 / 2.0
    u, v, p, q = a["u"].copy(), a["v"].copy(), a["p"].copy(), a["q"].copy()
    for _ in range(40):
        v[[0, -1], 1:-1] = 1.0
        right = u[1:-1, 1:-1] + row * _second_difference(u[1:-1])
        v[1:-1, 1:-1] = _implicit(column) @ _with_unit_ends(right, column, axis=0)
        u[1:-1, [0, -1]] = 1.0
        right = v[1:-1, 1:-1] + column * _second_difference(v[:, 1:-1].T).T
        u[1:-1, 1:-1] = _with_unit_ends(right, row, axis=1) @ _implicit(row)
    p[1:-1, :-1], q[1:-1, :-1] = _elimination(right, row)
    return {"u": u, "v": v, "p": p, "q": q}


def _second_difference(grid: Grid) -> Grid:
    """Along the rows, at their inner points."""
    return np.diff(grid, n=2, axis=1)


def _implicit(weight: float) -> Grid:
    """The inverse of identity minus ``weight`` times the second difference, at 58 inner points."""
    return np.linalg.inv(np.eye(58) - weight * (np.eye(58, k=1) - 2.0 * np.eye(58) + np.eye(58, k=-1)))


def _with_unit_ends(right: Grid, weight: float, axis: int) -> Grid:
    """The right side with the known values 1 at both ends of each line taken over."""
    ends = np.zeros(58)
    ends[[0, -1]] = weight
    return right + (ends[:, None] if axis == 0 else ends)


def _elimination(right: Grid, weight: float) -> tuple[Grid, Grid]:
    """The factors x[j] = p[j] x[j + 1] + q[j] of each row's tridiagonal system, from p = 0 and q = 1 on."""
    p, q = [np.zeros(58)], [np.ones(58)]
    for column in right.T:
        pivot = 1.0 + 2.0 * weight - weight * p[-1]
        q.append((column + weight * q[-1]) / pivot)
        p.append(weight / pivot)
    return np.column_stack(p), np.column_stack(q)


def _fdtd_2d(a: Arguments) -> Arguments:
    ex, ey, hz = a["ex"].copy(), a["ey"].copy(), a["hz"].copy()
    for edge in a["_fict_"]:
        ey[0] = edge
        ey[1:] -= 0.5 * np.diff(hz, axis=0)
        ex[:, 1:] -= 0.5 * np.diff(hz, axis=1)
        hz[:-1, :-1] -= 0.7 * (np.diff(ex, axis=1)[:-1] + np.diff(ey, axis=0)[:, :-1])
    return {"ex": ex, "ey": ey, "hz": hz}


def _heat_3d(a: Arguments) -> Arguments:
    return _back_and_forth(a, 40, lambda grid: _inside(grid) + 0.125 * (_neighbours(grid) - 6.0 * _inside(grid)))


def _jacobi_1d(a: Arguments) -> Arguments:
    return _back_and_forth(a, 40, lambda grid: 0.33333 * (_inside(grid) + _neighbours(grid)))


def _jacobi_2d(a: Arguments) -> Arguments:
    return _back_and_forth(a, 40, lambda grid: 0.2 * (_inside(grid) + _neighbours(grid)))


def _back_and_forth(a: Arguments, steps: int, smooth: Any) -> Arguments:
    """The inside of B from A, then of A from B, a number of times; the border stays."""
    first, second = a["A"].copy(), a["B"].copy()
    for _ in range(steps):
        _inside(second)[...] = smooth(first)
        _inside(first)[...] = smooth(second)
    return {"A": first, "B": second}


def _inside(grid: Grid) -> Grid:
    return grid[(slice(1, -1),) * grid.ndim]


def _neighbours(grid: Grid) -> Grid:
    """The sum of the two neighbours in each direction, at the inner points."""
    return sum((_inside(np.roll(grid, by, axis)) for axis in range(grid.ndim) for by in (1, -1)), _inside(0.0 * grid))


def _seidel_2d(a: Arguments) -> Arguments:
    # A row's new values obey 9 x[j] - x[j - 1] = (all neighbours that are known before the row is done): one solve.
    grid = a["A"].copy()
    inverse = np.linalg.inv(9.0 * np.eye(118) - np.eye(118, k=-1))
    window = np.ones(3)
    for _ in range(40):
        for above, row, below in zip(grid, grid[1:], grid[2:], strict=False):
            known = np.convolve(above + below, window, "valid") + row[1:-1] + row[2:]
            known[0] += row[0]
            row[1:-1] = inverse @ known
    return {"A": grid}


def _fdtd_2d_of(steps: int, nx: int, ny: int) -> Reference:
    fields = (double("ex", nx, ny), double("ey", nx, ny), double("hz", nx, ny))
    sizes = map(integer, ("tmax", "nx", "ny"))
    return Reference("kernel_fdtd_2d", (*sizes, *fields, double("_fict_", steps)), _fdtd_2d)


_SIZES = (integer("tsteps"), integer("n"))

REFERENCES: dict[str, Reference] = {
    "adi": Reference("kernel_adi", (*_SIZES, *(double(name, 60, 60) for name in "uvpq")), _adi),
    "fdtd-2d": _fdtd_2d_of(40, 60, 80),
    "fdtd-2d-large": _fdtd_2d_of(100, 200, 240),
    "heat-3d": Reference("kernel_heat_3d", (*_SIZES, double("A", 20, 20, 20), double("B", 20, 20, 20)), _heat_3d),
    "jacobi-1d": Reference("kernel_jacobi_1d", (*_SIZES, double("A", 120), double("B", 120)), _jacobi_1d),
    "jacobi-2d": Reference("kernel_jacobi_2d", (*_SIZES, double("A", 90, 90), double("B", 90, 90)), _jacobi_2d),
    "seidel-2d": Reference("kernel_seidel_2d", (*_SIZES, double("A", 120, 120)), _seidel_2d),
}
