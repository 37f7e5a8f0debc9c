"""MachSuite kernels against answers known beforehand: a standard's test vectors, and facts of the problem."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernels.harness import KERNELS, Arguments, random_arguments, run
from tests.kernels.references.machsuite import AES_CONTEXT, REFERENCES, aes256


def _bytes(digits: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(digits), np.uint8).copy()


# Key, plaintext and ciphertext of FIPS-197 appendix C.3, then of the four blocks of NIST SP 800-38A, F.1.5.
SP_800_38A_KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
VECTORS = (
    (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "00112233445566778899aabbccddeeff",
        "8ea2b7ca516745bfeafc49904b496089",
    ),
    (SP_800_38A_KEY, "6bc1bee22e409f96e93d7e117393172a", "f3eed1bdb5d2a03c064b5a7e3db181f8"),
    (SP_800_38A_KEY, "ae2d8a571e03ac9c9eb76fac45af8e51", "591ccb10d410ed26dc5ba74a31362870"),
    (SP_800_38A_KEY, "30c81c46a35ce411e5fbc1191a0a52ef", "b6ed21b99ca6f4f9f153e7b1beafed1d"),
    (SP_800_38A_KEY, "f69f2445df4f9b17ad2b417be66c3710", "23304b7a39f9f3ff067d8d8f9e24ecc7"),
)


@pytest.mark.parametrize(("key", "plain", "cipher"), VECTORS)
def test_aes_gives_the_published_ciphertext(key: str, plain: str, cipher: str) -> None:
    arguments: Arguments = {"ctx": np.zeros(1, AES_CONTEXT), "k": _bytes(key), "buf": _bytes(plain)}
    run("aes", "aes256_encrypt_ecb", arguments)
    assert arguments["buf"].tobytes().hex() == cipher
    assert aes256(_bytes(key), _bytes(plain)).tobytes().hex() == cipher, "the reference itself is wrong"


# FIPS-197 appendix A.3: the last four words of the expanded key.
def test_aes_leaves_the_published_last_round_key() -> None:
    arguments: Arguments = {"ctx": np.zeros(1, AES_CONTEXT), "k": _bytes(SP_800_38A_KEY), "buf": _bytes("00" * 16)}
    run("aes", "aes256_encrypt_ecb", arguments)
    context = arguments["ctx"][0]
    assert context["key"][:16].tobytes().hex() == "fe4890d1e6188d0b046df344706c631e"
    assert context["deckey"].tobytes() == context["key"].tobytes()
    assert context["enckey"].tobytes().hex() == SP_800_38A_KEY


def _traceback(a: NDArray[Any], b: NDArray[Any], moves: NDArray[Any]) -> int:
    """The score of the alignment that the moves spell out from the last corner to the edge and along it."""
    column, row, score = 128, 128, 0
    while column > 0 and row > 0:
        move = chr(int(moves[row, column]))
        if move == "\\":
            score += 1 if a[column - 1] == b[row - 1] else -1
            column, row = column - 1, row - 1
        else:
            score -= 1
            column, row = (column - 1, row) if move == "<" else (column, row - 1)
    return score - column - row


@pytest.mark.parametrize("seed", range(5))
def test_nw_moves_spell_an_alignment_of_the_score_they_come_with(seed: int) -> None:
    arguments = random_arguments(REFERENCES["nw"].signature, seed)
    run("nw", "needwun", arguments)
    scores, moves = (arguments[name].reshape(129, 129) for name in ("M", "ptr"))
    assert _traceback(arguments["SEQA"], arguments["SEQB"], moves) == scores[128, 128]


def test_nw_aligns_a_text_with_itself_letter_by_letter() -> None:
    arguments = random_arguments(REFERENCES["nw"].signature, 0)
    arguments["SEQB"][...] = arguments["SEQA"]
    run("nw", "needwun", arguments)
    assert arguments["M"].reshape(129, 129).diagonal().tolist() == list(range(129))
    assert set(arguments["ptr"].reshape(129, 129).diagonal()[1:].tolist()) == {ord("\\")}


def test_md_forces_vanish_at_the_minimum_of_the_potential_and_repel_below_it() -> None:
    # Pairs on the x axis far from every other pair; 2 r^-8 = 1.5 r^-14 at r = 0.75^(1/6).
    equilibrium = 0.75 ** (1 / 6)
    number = np.arange(256)
    for distance, sign in ((equilibrium, 0), (0.9 * equilibrium, 1), (1.1 * equilibrium, -1)):
        arguments = random_arguments(REFERENCES["md"].signature, 0)
        arguments["position_x"][...] = 100.0 * (number // 2) + distance * (number % 2)
        arguments["position_y"][...] = arguments["position_z"][...] = 0.0
        arguments["NL"][...] = np.repeat(number ^ 1, 16)
        run("md", "md_kernel", arguments)
        outward = np.where(number % 2, 1.0, -1.0) * arguments["force_x"]
        assert (np.sign(np.where(abs(outward) < 1e-9, 0.0, outward)) == sign).all()
        assert not arguments["force_y"].any() and not arguments["force_z"].any()


def test_aes_key_expansion_and_rounds_stay_the_fifth_and_sixth_for_loop() -> None:
    # The plain Vitis label set names their sites by this count over the whole file.
    lines = (KERNELS / "aes" / "aes.c").read_text().splitlines()
    loops = [line.split(":")[0].strip() for line in lines if ": for (" in line]
    assert loops == ["exp1", "exp2", "mix", "ecb1", "ecb2", "ecb3"]
