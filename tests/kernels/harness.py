"""Compiles a kernel of the suite and calls it with NumPy arrays.

An argument list is a mapping from argument name to NumPy array, in the order of the C parameters. An array of shape
``()`` is passed by value, every other one by pointer, so a pointer to one struct is an array of shape ``(1,)`` with a
structured dtype. C's ``char`` is ``np.int8``, ``unsigned char`` ``np.uint8``, ``int`` ``np.int32``, ``long``
``np.int64`` (LP64 machines), ``float`` ``np.float32``, ``double`` ``np.float64``.
"""

from __future__ import annotations

import ctypes
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

KERNELS = Path(__file__).resolve().parents[2] / "kernels"

FLAGS = ("-std=gnu11", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Wno-unused-parameter", "-Werror", "-O1")

GUARD_BYTES = 4096
GUARD = 0xA5

Arguments = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Argument:
    """A C parameter and how random values for it are drawn.

    ``draw`` gives what is cast to ``dtype`` and broadcast to ``shape``; without it, floating-point values are uniform
    in [-1, 1), integers uniform in [-100, 100] as far as the type holds them, and structs random bytes.
    """

    name: str
    dtype: Any
    shape: tuple[int, ...] = ()
    draw: Callable[[np.random.Generator], Any] | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A kernel's signature and an independent statement of what it computes.

    ``compute`` takes the arguments before the call, leaves them as they are, and returns the arguments that differ
    after the call, whole arrays of the same shape. What it does not return, the kernel must not change.
    """

    top: str
    signature: tuple[Argument, ...]
    compute: Callable[[Arguments], Arguments]


def double(name: str, *shape: int) -> Argument:
    """A ``double``, or an array of them."""
    return Argument(name, np.float64, shape)


def integer(name: str, *shape: int) -> Argument:
    """An ``int``, or an array of them."""
    return Argument(name, np.int32, shape)


def random_arguments(signature: Sequence[Argument], seed: int) -> Arguments:
    """Random values for a signature; the same seed gives the same values."""
    generator = np.random.default_rng(seed)
    return {argument.name: _random(argument, generator) for argument in signature}


def _random(argument: Argument, generator: np.random.Generator) -> NDArray[Any]:
    dtype = np.dtype(argument.dtype)
    values: Any
    if argument.draw is not None:
        values = np.asarray(argument.draw(generator))
    elif dtype.kind == "f":
        values = generator.uniform(-1.0, 1.0, argument.shape)
    elif dtype.kind in "iu":
        limits = np.iinfo(dtype)
        values = generator.integers(max(-100, limits.min), min(100, limits.max), argument.shape, endpoint=True)
    else:
        size = dtype.itemsize * int(np.prod(argument.shape, dtype=np.int64))
        values = np.frombuffer(generator.bytes(size), dtype).reshape(argument.shape)
    return np.array(np.broadcast_to(np.asarray(values).astype(dtype), argument.shape), order="C")


def run(kernel: str, top: str, arguments: Mapping[str, NDArray[Any]]) -> None:
    """Calls function ``top`` of ``kernels/KERNEL/KERNEL.c``; the arrays are changed in place.

    AssertionError if the source gives a warning or error, or the call writes just before or after an array.
    """
    function = getattr(ctypes.CDLL(str(compile_kernel(kernel))), top)
    function.restype = None
    guarded = {name: _guard(array) for name, array in arguments.items() if array.shape}
    function(
        *(
            ctypes.c_void_p(guarded[name].ctypes.data + GUARD_BYTES) if name in guarded else _by_value(value)
            for name, value in arguments.items()
        )
    )
    for name, memory in guarded.items():
        before, inside, after = np.split(memory, [GUARD_BYTES, memory.size - GUARD_BYTES])
        assert (before == GUARD).all(), f"{kernel}: {top} wrote before the start of {name}"
        assert (after == GUARD).all(), f"{kernel}: {top} wrote past the end of {name}"
        arguments[name][...] = inside.view(arguments[name].dtype).reshape(arguments[name].shape)


def _by_value(value: NDArray[Any]) -> Any:
    return np.ctypeslib.as_ctypes_type(value.dtype)(value.item())


def _guard(array: NDArray[Any]) -> NDArray[np.uint8]:
    """The array's bytes with guard bytes on both sides, to see a write outside of it."""
    memory = np.full(array.nbytes + 2 * GUARD_BYTES, GUARD, dtype=np.uint8)
    memory[GUARD_BYTES : GUARD_BYTES + array.nbytes] = np.frombuffer(array.tobytes(), dtype=np.uint8)
    return memory


@functools.cache
def compile_kernel(kernel: str) -> Path:
    """The shared object of a kernel; AssertionError with the compiler's words if there is a warning or an error."""
    source = KERNELS / kernel / f"{kernel}.c"
    target = Path(_build_folder().name) / f"{kernel}.so"
    command = [*compiler(), *FLAGS, "-fPIC", "-shared", "-o", str(target), str(source), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and not done.stderr, f"{source}: not clean under {command[0]}:\n{done.stderr}"
    return target


@functools.cache
def _build_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="kernels-")


@functools.cache
def compiler() -> tuple[str, ...]:
    """The command of the machine's C compiler, else of the clang in the ziglang wheel."""
    for name in ("cc", "gcc", "clang"):
        found = shutil.which(name)
        if found is not None:
            return (found,)
    # zig adds traps for undefined behaviour by default, which would end the test run instead of failing a test
    return (sys.executable, "-m", "ziglang", "cc", "-fno-sanitize=undefined")


def shared_object(source: Path, *flags: str) -> ctypes.CDLL:
    """A C file compiled by the clang that reads kernels, with ``flags`` in its folder, and loaded.

    The machine's own compiler links where there is one: the wheel's compiles its run-time library first.
    """
    made, library = source.with_suffix(".o"), source.with_suffix(".so")
    command = [sys.executable, "-m", "ziglang", "cc", "-w", "-fPIC", "-fno-sanitize=all", *flags, "-c", source.name]
    subprocess.run([*command, "-o", str(made)], check=True, cwd=source.parent)
    subprocess.run([*compiler(), "-shared", str(made), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))
