from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.kernels.families import LEAST_ALIKE, families_text, family, folds, relatives
from pipeline.kernels.likeness import likeness, terms_of
from pipeline.kernels.read import read_kernel

_LOOPS = "int i, j, k; for (i = 0; i < 8; i++) for (j = 0; j < 8; j++) for (k = 0; k < 8; k++)"


def _alike(one: str, other: str) -> float:
    def terms(line: str) -> Mapping[str, float]:
        head = "void f(float A[8][8], float B[8][8], float C[8][8], float a)"
        return terms_of(read_kernel(f"{head} {{ {_LOOPS} {line} }}", file="f.c"))

    return likeness(terms(one), terms(other))


def test_names_scalars_and_the_order_of_factors_do_not_make_another_computation() -> None:
    product = "C[i][j] += a * A[i][k] * B[k][j];"
    assert _alike(product, "A[k][i] += C[j][i] * B[k][j];") == pytest.approx(1.0)
    assert _alike(product, "a = a + A[i][k] * B[k][j];") == pytest.approx(1.0)
    assert _alike("C[i][j] = (A[i][j+1] + A[1+i][j]) * a;", "C[i][j] = A[i+1][j] - A[i][1+j];") == pytest.approx(1.0)


def test_what_is_multiplied_with_what_makes_another_computation() -> None:
    product = "C[i][j] += A[i][k] * B[k][j];"
    assert _alike(product, "C[i][j] += A[i][k] * B[j][k];") == 0.0
    assert _alike("C[i][j] = A[i][j+1] + A[i][j-1];", "C[i][j] = A[i+1][j] + A[i][j-1];") == pytest.approx(0.5)
    assert _alike("C[i][j] = A[i][j];", "B[i][j] = A[i][j];") == 0.0, "handing on is no computation"


def test_twins_under_other_names_are_of_one_family_and_never_in_two_folds() -> None:
    for one, other in (("correlation", "covariance"), ("2mm", "3mm"), ("syrk", "syr2k"), ("gemm-p", "gemm-blocked")):
        assert family(one) == family(other)
        assert other in relatives([one])
    assert family("gemm-of-mine") == family("gemm-p"), "a variant by its name"
    assert family("fir") == family("fir-large") == "fir" and relatives(["fir"]) == ["fir"]
    assert family("gemver") != family("gemm-p")
    place = folds(["2mm", "3mm", "atax", "fir", "gemm-p", "nw"], 4)
    assert place["2mm"] == place["3mm"] == place["gemm-p"] and len(set(place.values())) == 4


def test_families_join_by_way_of_others_and_say_what_is_nearest_outside() -> None:
    near = {
        ("a", "b"): LEAST_ALIKE,
        ("a", "c"): 0.1,
        ("b", "c"): 0.9,
        ("a", "d"): 0.3,
        ("b", "d"): 0.74,
        ("c", "d"): 0.0,
    }
    text = families_text(near, "abcd")
    assert '{"family": "a", "kernels": ["a", "b", "c"], "nearest": ["b", "d", 0.74]}' in text
    assert '"kernels": ["d"]' in text
