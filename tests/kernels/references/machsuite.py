"""The MachSuite kernels: matrix products, molecular dynamics, alignment, sparse products, stencils and AES."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from tests.kernels.harness import Argument, Arguments, Reference, double, integer

Integers = NDArray[np.int64]
Doubles = NDArray[np.float64]

AES_CONTEXT = np.dtype([("key", np.uint8, 32), ("enckey", np.uint8, 32), ("deckey", np.uint8, 32)])


def random_bytes(name: str, size: int) -> Argument:
    """An array of ``unsigned char`` over the whole range of the type."""
    return Argument(name, np.uint8, (size,), lambda generator: generator.integers(0, 256, size))


# --- aes: FIPS-197 by its own words, on field elements, columns and a whole key schedule ---


def gf_multiply(a: int, b: int) -> int:
    """The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 (FIPS-197, 4.2)."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x11B << (bit - 8)
    return product


def _substitution(value: int) -> int:
    """The S-box as the affine map of the inverse, which is the power of 254 = 2 + 4 + ... + 128 (FIPS-197, 5.1.1)."""
    inverse, square = 1, value
    for _ in range(7):
        square = gf_multiply(square, square)
        inverse = gf_multiply(inverse, square)
    bits = np.array([inverse >> n & 1 for n in range(8)])
    mapped = sum(np.roll(bits, turn) for turn in range(5)) + np.array([0x63 >> n & 1 for n in range(8)])
    return int(((mapped % 2) << np.arange(8)).sum())


SBOX = np.array([_substitution(value) for value in range(256)], dtype=np.uint8)
TIMES = np.array([[gf_multiply(factor, value) for value in range(256)] for factor in range(4)], dtype=np.uint8)
MIX = np.array([[2, 3, 1, 1], [1, 2, 3, 1], [1, 1, 2, 3], [3, 1, 1, 2]])


def key_schedule(key: NDArray[np.uint8], words: int = 64) -> NDArray[np.uint8]:
    """The words of the AES-256 key schedule (FIPS-197, 5.2), shape (words, 4); the cipher itself uses 60 of them."""
    schedule = [*key.reshape(8, 4)]
    constant = 1
    for number in range(8, words):
        word = schedule[-1]
        if number % 8 == 0:
            word = SBOX[np.roll(word, -1)] ^ np.array([constant, 0, 0, 0], dtype=np.uint8)
            constant = gf_multiply(constant, 2)
        elif number % 8 == 4:
            word = SBOX[word]
        schedule.append(schedule[-8] ^ word)
    return np.stack(schedule)


def aes256(key: NDArray[np.uint8], block: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A block of 16 bytes encrypted under a key of 32 bytes (FIPS-197, 5.1)."""
    round_keys = key_schedule(key, 60).reshape(15, 4, 4).swapaxes(1, 2)
    state: NDArray[np.uint8] = block.reshape(4, 4).T ^ round_keys[0]
    for number in range(1, 15):
        state = np.stack([np.roll(row, -turn) for turn, row in enumerate(SBOX[state])])
        if number < 14:
            state = np.bitwise_xor.reduce(TIMES[MIX[:, :, None], state[None, :, :]], axis=1)
        state = state ^ round_keys[number]
    return state.T.reshape(16)


def _aes(arguments: Arguments) -> Arguments:
    key, block = arguments["k"], arguments["buf"]
    context = np.zeros(1, AES_CONTEXT)
    # Both working keys have made seven steps of 32 bytes, one more half step than the cipher needs.
    context["key"] = context["deckey"] = key_schedule(key)[56:].reshape(32)
    context["enckey"] = key
    return {"ctx": context, "buf": aes256(key, block)}


# --- dense matrix products ---


def _product(arguments: Arguments) -> Doubles:
    product: Doubles = arguments["m1"].reshape(64, 64) @ arguments["m2"].reshape(64, 64)
    return product.reshape(-1)


def _gemm_ncubed(arguments: Arguments) -> Arguments:
    return {"prod": _product(arguments)}


def _gemm_blocked(arguments: Arguments) -> Arguments:
    return {"prod": arguments["prod"] + _product(arguments)}


# --- md: the force of the potential as powers of the distance ---


def _lattice(axis: int) -> Any:
    """Coordinates of 256 particles near the points of an 8 x 8 x 4 lattice, so that no two come closer than 0.5."""
    points = np.stack(np.unravel_index(np.arange(256), (8, 8, 4)))[axis]
    return lambda generator: points + generator.uniform(-0.25, 0.25, 256)


def _neighbours(generator: np.random.Generator) -> Any:
    """16 neighbours of each of 256 particles, never the particle itself."""
    return ((np.arange(256)[:, None] + generator.integers(1, 256, (256, 16))) % 256).reshape(-1)


def _md(arguments: Arguments) -> Arguments:
    position = np.stack([arguments[f"position_{axis}"] for axis in "xyz"], axis=1)
    difference = position[:, None, :] - position[arguments["NL"].reshape(256, 16)]
    distance = np.linalg.norm(difference, axis=2)
    force = ((1.5 * distance**-14 - 2.0 * distance**-8)[:, :, None] * difference).sum(axis=1)
    return {f"force_{axis}": force[:, number].copy() for number, axis in enumerate("xyz")}


# --- nw: each row at once, gaps in the row as a running maximum ---


def _letters(generator: np.random.Generator) -> Any:
    return generator.choice(np.frombuffer(b"ACGT", np.int8), 128)


def _nw(arguments: Arguments) -> Arguments:
    a, b = arguments["SEQA"], arguments["SEQB"]
    place = np.arange(129)
    scores = np.empty((129, 129), dtype=np.int32)
    moves = arguments["ptr"].reshape(129, 129).copy()
    scores[0] = -place
    for row in range(1, 129):
        diagonal = scores[row - 1, :-1] + np.where(a == b[row - 1], 1, -1)
        up = scores[row - 1, 1:] - 1
        best = np.concatenate([[-row], np.maximum(diagonal, up)])
        # The best over all runs of gaps that end here: max over k <= a of best[k] - (a - k).
        scores[row] = np.maximum.accumulate(best + place) - place
        here = scores[row, 1:]
        moves[row, 1:] = np.select([here == scores[row, :-1] - 1, here == up], [ord("<"), ord("^")], ord("\\"))
    return {"M": scores.reshape(-1), "ptr": moves.reshape(-1)}


# --- sparse matrix times vector, by way of the dense matrix ---


def _dense(rows: Integers, columns: NDArray[Any], values: Doubles) -> Doubles:
    matrix = np.zeros((494, 494))
    np.add.at(matrix, (rows, columns), values)
    return matrix


def _columns(size: int) -> Any:
    return lambda generator: generator.integers(0, 494, size)


def _row_delimiters(generator: np.random.Generator) -> Any:
    """Starts of 494 rows, some of them empty, and the end at 1666."""
    return np.concatenate([[0], np.sort(generator.integers(0, 1667, 493)), [1666]])


def _spmv_crs(arguments: Arguments) -> Arguments:
    rows = np.repeat(np.arange(494), np.diff(arguments["rowDelimiters"]))
    return {"out": _dense(rows, arguments["cols"], arguments["val"]) @ arguments["vec"]}


def _spmv_ellpack(arguments: Arguments) -> Arguments:
    rows = np.repeat(np.arange(494), 10)
    return {"out": arguments["out"] + _dense(rows, arguments["cols"], arguments["nzval"]) @ arguments["vec"]}


# --- stencils ---


def _stencil(arguments: Arguments) -> Arguments:
    windows = sliding_window_view(arguments["orig"].reshape(128, 64), (3, 3))
    solution = arguments["sol"].reshape(128, 64).copy()
    solution[:126, :62] = np.einsum("rcij,ij->rc", windows, arguments["filter"].reshape(3, 3))
    return {"sol": solution.reshape(-1)}


def _large(name: str, *shape: int) -> Argument:
    """A ``long`` whose products need more than 32 bits and whose sums stay within 64."""
    return Argument(name, np.int64, shape, lambda generator: generator.integers(-(2**29), 2**29, shape))


def _stencil_3d(arguments: Arguments) -> Arguments:
    grid = arguments["orig"].reshape(34, 34, 34)
    core = slice(1, 33)
    faces = sum(np.roll(grid, turn, axis)[core, core, core] for axis in range(3) for turn in (1, -1))
    solution = arguments["sol"].reshape(34, 34, 34).copy()
    solution[core, core, core] = arguments["C0"] * grid[core, core, core] + arguments["C1"] * faces
    return {"sol": solution.reshape(-1)}


REFERENCES: dict[str, Reference] = {
    "aes": Reference(
        "aes256_encrypt_ecb",
        (Argument("ctx", AES_CONTEXT, (1,)), random_bytes("k", 32), random_bytes("buf", 16)),
        _aes,
    ),
    "gemm-blocked": Reference("bbgemm", (double("m1", 4096), double("m2", 4096), double("prod", 4096)), _gemm_blocked),
    "gemm-ncubed": Reference("gemm", (double("m1", 4096), double("m2", 4096), double("prod", 4096)), _gemm_ncubed),
    "md": Reference(
        "md_kernel",
        (
            *(double(f"force_{axis}", 256) for axis in "xyz"),
            *(Argument(f"position_{axis}", np.float64, (256,), _lattice(n)) for n, axis in enumerate("xyz")),
            Argument("NL", np.int32, (4096,), _neighbours),
        ),
        _md,
    ),
    "nw": Reference(
        "needwun",
        (
            *(Argument(name, np.int8, (128,), _letters) for name in ("SEQA", "SEQB")),
            *(Argument(name, np.int8, (256,)) for name in ("alignedA", "alignedB")),
            integer("M", 16641),
            Argument("ptr", np.int8, (16641,)),
        ),
        _nw,
    ),
    "spmv-crs": Reference(
        "spmv",
        (
            double("val", 1666),
            Argument("cols", np.int32, (1666,), _columns(1666)),
            Argument("rowDelimiters", np.int32, (495,), _row_delimiters),
            double("vec", 494),
            double("out", 494),
        ),
        _spmv_crs,
    ),
    "spmv-ellpack": Reference(
        "ellpack",
        (
            double("nzval", 4940),
            Argument("cols", np.int32, (4940,), _columns(4940)),
            double("vec", 494),
            double("out", 494),
        ),
        _spmv_ellpack,
    ),
    "stencil": Reference("stencil", (integer("orig", 8192), integer("sol", 8192), integer("filter", 9)), _stencil),
    "stencil-3d": Reference(
        "stencil3d",
        (_large("C0"), _large("C1"), _large("orig", 39304), _large("sol", 39304)),
        _stencil_3d,
    ),
}
