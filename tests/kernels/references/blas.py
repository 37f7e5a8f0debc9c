"""Matrix products and updates in the manner of BLAS (PolyBench "blas")."""

import numpy as np

from tests.kernels.harness import Arguments, Reference, double, integer


def _gemm(a: Arguments) -> Arguments:
    return {"C": a["alpha"] * (a["A"] @ a["B"]) + a["beta"] * a["C"]}


def _gemver(a: Arguments) -> Arguments:
    updated = a["A"] + np.outer(a["u1"], a["v1"]) + np.outer(a["u2"], a["v2"])
    x = a["x"] + a["beta"] * (updated.T @ a["y"]) + a["z"]
    return {"A": updated, "x": x, "w": a["w"] + a["alpha"] * (updated @ x)}


def _gesummv(a: Arguments) -> Arguments:
    image = a["A"] @ a["x"]
    return {"tmp": image, "y": a["alpha"] * image + a["beta"] * (a["B"] @ a["x"])}


def _symm(a: Arguments) -> Arguments:
    symmetric = np.tril(a["A"]) + np.tril(a["A"], -1).T
    return {"C": a["alpha"] * (symmetric @ a["B"]) + a["beta"] * a["C"]}


def _syrk(a: Arguments) -> Arguments:
    return _lower_triangle(a, a["A"] @ a["A"].T)


def _syr2k(a: Arguments) -> Arguments:
    product = a["A"] @ a["B"].T
    return _lower_triangle(a, product + product.T)


def _lower_triangle(a: Arguments, product: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Arguments:
    """``alpha * product + beta * C`` on and below the diagonal, C above it."""
    return {"C": np.tril(a["alpha"] * product + a["beta"] * a["C"]) + np.triu(a["C"], 1)}


def _trmm(a: Arguments) -> Arguments:
    unit_lower = np.tril(a["A"], -1) + np.eye(len(a["A"]))
    return {"B": a["alpha"] * (unit_lower.T @ a["B"])}


def _gemm_of(ni: int, nj: int, nk: int) -> Reference:
    sizes = tuple(map(integer, ("ni", "nj", "nk")))
    matrices = (double("C", ni, nj), double("A", ni, nk), double("B", nk, nj))
    return Reference("kernel_gemm", (*sizes, *_SCALARS, *matrices), _gemm)


def _gemver_of(n: int) -> Reference:
    vectors = (double(name, n) for name in ("u1", "v1", "u2", "v2", "w", "x", "y", "z"))
    return Reference("kernel_gemver", (integer("n"), *_SCALARS, double("A", n, n), *vectors), _gemver)


def _gesummv_of(n: int, *sizes: str) -> Reference:
    arrays = (double("A", n, n), double("B", n, n), double("tmp", n), double("x", n), double("y", n))
    return Reference("kernel_gesummv", (*map(integer, sizes), *_SCALARS, *arrays), _gesummv)


def _symm_of(m: int, n: int) -> Reference:
    matrices = (double("C", m, n), double("A", m, m), double("B", m, n))
    return Reference("kernel_symm", (*_SCALARS, *matrices), _symm)


_SCALARS = (double("alpha"), double("beta"))
_TRMM = Reference("kernel_trmm", (double("alpha"), double("A", 60, 60), double("B", 60, 80)), _trmm)

REFERENCES: dict[str, Reference] = {
    "gemm-p": _gemm_of(60, 70, 80),
    "gemm-p-large": _gemm_of(200, 220, 240),
    "gemver": _gemver_of(120),
    "gemver-medium": _gemver_of(400),
    "gesummv": _gesummv_of(90, "n"),
    "gesummv-medium": _gesummv_of(250),
    "symm": _symm_of(60, 80),
    "symm-opt": _symm_of(60, 80),
    "symm-opt-medium": _symm_of(200, 240),
    "syrk": Reference("kernel_syrk", (*_SCALARS, double("C", 80, 80), double("A", 80, 60)), _syrk),
    "syr2k": Reference(
        "kernel_syr2k", (*_SCALARS, double("C", 80, 80), double("A", 80, 60), double("B", 80, 60)), _syr2k
    ),
    "trmm": _TRMM,
    "trmm-opt": _TRMM,
}
