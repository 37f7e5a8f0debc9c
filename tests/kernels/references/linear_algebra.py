"""Chains of matrix and vector products (PolyBench "kernels")."""

import numpy as np

from tests.kernels.harness import Arguments, Reference, double, integer


def _two_products(a: Arguments) -> Arguments:
    product = a["alpha"] * (a["A"] @ a["B"])
    return {"tmp": product, "D": product @ a["C"] + a["beta"] * a["D"]}


def _three_products(a: Arguments) -> Arguments:
    left, right = a["A"] @ a["B"], a["C"] @ a["D"]
    return {"E": left, "F": right, "G": left @ right}


def _normal_product(a: Arguments) -> Arguments:
    image = a["A"] @ a["x"]
    return {"tmp": image, "y": a["A"].T @ image}


def _both_sides(a: Arguments) -> Arguments:
    return {"s": a["A"].T @ a["r"], "q": a["A"] @ a["p"]}


def _tensor_times_matrix(a: Arguments) -> Arguments:
    product = np.einsum("rqs,sp->rqp", a["A"], a["C4"])
    return {"A": product, "sum": product[-1, -1]}


def _two_updates(a: Arguments) -> Arguments:
    return {"x1": a["x1"] + a["A"] @ a["y_1"], "x2": a["x2"] + a["A"].T @ a["y_2"]}


def _atax(m: int, n: int, *sizes: str) -> Reference:
    arrays = (double("A", m, n), double("x", n), double("y", n), double("tmp", m))
    return Reference("kernel_atax", (*map(integer, sizes), *arrays), _normal_product)


def _bicg(n: int, m: int, *sizes: str) -> Reference:
    arrays = (double("A", n, m), double("s", m), double("q", n), double("p", m), double("r", n))
    return Reference("kernel_bicg", (*map(integer, sizes), *arrays), _both_sides)


def _doitgen(*sizes: str) -> Reference:
    arrays = (double("A", 25, 20, 30), double("C4", 30, 30), double("sum", 30))
    return Reference("kernel_doitgen", (*map(integer, sizes), *arrays), _tensor_times_matrix)


def _mvt(n: int) -> Reference:
    vectors = (double("x1", n), double("x2", n), double("y_1", n), double("y_2", n))
    return Reference("kernel_mvt", (*vectors, double("A", n, n)), _two_updates)


REFERENCES: dict[str, Reference] = {
    "2mm": Reference(
        "kernel_2mm",
        (
            *map(integer, ("ni", "nj", "nk", "nl")),
            double("alpha"),
            double("beta"),
            double("tmp", 40, 50),
            double("A", 40, 70),
            double("B", 70, 50),
            double("C", 50, 80),
            double("D", 40, 80),
        ),
        _two_products,
    ),
    "3mm": Reference(
        "kernel_3mm",
        (
            *map(integer, ("ni", "nj", "nk", "nl", "nm")),
            double("E", 40, 50),
            double("A", 40, 60),
            double("B", 60, 50),
            double("F", 50, 70),
            double("C", 50, 80),
            double("D", 80, 70),
            double("G", 40, 70),
        ),
        _three_products,
    ),
    "atax": _atax(116, 124, "m", "n"),
    "atax-medium": _atax(390, 410),
    "bicg": _bicg(124, 116, "m", "n"),
    "bicg-medium": _bicg(410, 390, "m", "n"),
    "bicg-large": _bicg(410, 390, "m", "n"),
    "doitgen": _doitgen("nr", "nq", "np"),
    "doitgen-red": _doitgen(),
    "mvt": _mvt(120),
    "mvt-medium": _mvt(400),
}
