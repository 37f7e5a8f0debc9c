"""Many lowered variants of one kernel, compiled together and run on the same arguments."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.kernels.model import Kernel
from pipeline.synthesis.lowering import LoweredSources
from pipeline.synthesis.lowering.prepare import prepare
from tests.kernels.harness import FLAGS, GUARD, GUARD_BYTES, Arguments, compiler

# Without contraction every variant rounds alike on every machine.
_FLAGS = (*FLAGS, "-ffp-contract=off", "-fPIC", "-shared")


@dataclass
class Variants:
    """A shared object with one entry a variant, ``top_0`` being the source as it was written."""

    library: ctypes.CDLL
    folder: tempfile.TemporaryDirectory[str]
    top: str

    def run(self, number: int, arguments: Mapping[str, NDArray[Any]]) -> Arguments:
        """The arguments after the call of a variant; AssertionError where it writes just outside an array."""
        function = getattr(self.library, f"{self.top}_{number}")
        function.restype = None
        memory: dict[str, NDArray[np.uint8]] = {}
        passed: list[Any] = []
        for name, value in arguments.items():
            if value.shape:
                guarded = np.full(value.nbytes + 2 * GUARD_BYTES, GUARD, dtype=np.uint8)
                guarded[GUARD_BYTES:-GUARD_BYTES] = np.frombuffer(value.tobytes(), dtype=np.uint8)
                memory[name] = guarded
                passed.append(ctypes.c_void_p(guarded.ctypes.data + GUARD_BYTES))
            else:
                passed.append(np.ctypeslib.as_ctypes_type(value.dtype)(value.item()))
        function(*passed)
        after: Arguments = {}
        for name, value in arguments.items():
            if name not in memory:
                after[name] = value
                continue
            before, inside, behind = np.split(memory[name], [GUARD_BYTES, memory[name].size - GUARD_BYTES])
            assert (before == GUARD).all() and (behind == GUARD).all(), f"variant {number} wrote outside {name}"
            after[name] = inside.view(value.dtype).reshape(value.shape)
        return after


def compile_variants(kernel: Kernel, lowered: Sequence[LoweredSources], *, warnings: bool = True) -> Variants:
    """The kernel itself and its variants in one translation unit; AssertionError with the compiler's words.

    Names of file scope are told apart by ``#define``; the flags are those of the suite, every warning an error
    unless ``warnings`` is off.
    """
    texts = [kernel.source, *(item.files[item.design_files[0]] for item in lowered)]
    names = sorted(_file_scope(kernel))
    parts = []
    for number, text in enumerate(texts):
        parts.append("\n".join(f"#define {name} {name}_{number}" for name in names))
        parts.append(f'#line 1 "variant_{number}"')
        parts.append(text)
        parts.append("\n".join(f"#undef {name}" for name in names))
    folder = tempfile.TemporaryDirectory(prefix="lowered-")
    source, target = Path(folder.name) / "variants.c", Path(folder.name) / "variants.so"
    source.write_text("\n".join(parts) + "\n", encoding="utf-8")
    flags = _FLAGS if warnings else (*_FLAGS, "-w", "-fwrapv")
    command = [*compiler(), *flags, "-o", str(target), str(source), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{kernel.name}: a variant does not compile clean:\n{done.stderr[:4000]}"
    return Variants(ctypes.CDLL(str(target)), folder, kernel.top)


def _file_scope(kernel: Kernel) -> set[str]:
    program = prepare(kernel).program
    names = {*program.functions, *(symbol.name for symbol in program.globals)}
    for node in kernel.ast.ext:
        if getattr(node, "name", None):
            names.add(node.name)
        kind = getattr(node, "type", None)
        while kind is not None:
            if hasattr(kind, "decls") and kind.name:
                names.add(kind.name)
            kind = getattr(kind, "type", None)
    return names | {prepare(kernel).name(f"{kernel.top}_body")}
