"""What version 0.1.0 called a kernel, and that its reports are found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.kernels.former import former_hash
from pipeline.kernels.read import load_kernel
from pipeline.synthesis import Address, ReportStore
from pipeline.synthesis.former import take_over
from tests.synthesis.samples import GEMM, reported

PI = "#include <math.h>\nvoid pi(double x[8]) { for (int i = 0; i < 8; i++) x[i] = M_PI * x[i] + sqrt(x[i]); }\n"
LIMITS = """#include <limits.h>
#include <float.h>
#include <stdint.h>
void limits(int x[8], float y[8], uint8_t z[8]) {
  for (int i = 0; i < 8; i++) {
    x[i] = x[i] == INT_MIN ? INT_MAX : x[i] - SHRT_MIN; y[i] = FLT_MAX; z[i] = UINT8_MAX - CHAR_BIT;
  }
}
"""
ATTRIBUTES = """static __attribute__((noinline)) int next(int v) { return v + 1; }
void attributes(int x[8]) { int t __attribute__((unused)) = 3; for (int i = 0; i < 8; i++) x[i] = next(x[i]); }
"""
PACKED = """struct __attribute__((packed)) r { char c; int v; };
void packed(struct r x[8]) { for (int i = 0; i < 8; i++) x[i].v = sizeof(struct r); }
"""
OTHER = "#include <stdlib.h>\nvoid other(int x[8]) { for (int i = 0; i < 8; i++) x[i] = RAND_MAX; }\n"


@pytest.mark.parametrize(
    ("text", "former"),
    [
        # As version 0.1.0 gave them, with pycparser's fake headers 2.21.
        (PI, "51d80342f60f7857e035f236b82636aa8510954070a7ac40d4da811e4b992c76"),
        (LIMITS, "26b575a910ef056d0df9c936b1e7749e347d9f0e8983e1f2b213b9452062b8ef"),
        (ATTRIBUTES, "95f733341bfad2538dae3a5a2c17247b85e4d00115e9f06b08ed84c3844bb6ad"),
        (PACKED, None),
        (OTHER, None),
        ("void plain(int x[8]) { for (int i = 0; i < 8; i++) x[i] = 0; }\n", None),
    ],
)  # fmt: skip
def test_a_former_hash_is_that_of_the_version_before_where_the_program_was_the_same(
    tmp_path: Path, text: str, former: str | None
) -> None:
    path = tmp_path / "kernel.c"
    path.write_text(text)
    assert former_hash(load_kernel(path)) == former


def test_reports_under_the_former_hash_are_found_once_and_no_newer_one_is_hidden(tmp_path: Path) -> None:
    path = tmp_path / "pi.c"
    path.write_text(PI)
    kernel = load_kernel(path)
    former = former_hash(kernel)
    assert former is not None
    store = ReportStore(tmp_path / "store", fsync=False)
    old = Address("pi", former, GEMM.flow)
    new = replace(old, kernel_hash=kernel.ast_hash)
    store.put(new, reported(1))
    for number in (1, 2, 3):
        store.put(old, reported(number))
    store.put(replace(old, kernel_hash="ef" * 32), reported(9))
    assert (take_over(store, kernel), take_over(store, kernel)) == (2, 0)
    assert store.keys(new) == sorted(reported(number).key for number in (1, 2, 3))
    assert store.count(old) == 3, "what is there stays"
