"""The fixed words that features are made of. What is not among them counts as ``unknown``, so no kernel is ever
refused.

Models record the columns of :data:`pipeline.graphs.harp.FEATURES` that are made of them.
"""

from __future__ import annotations

import re

from pipeline.terms import SiteKind

UNKNOWN = "unknown"

OPCODES = (
    "ret", "br", "switch", "indirectbr", "invoke", "unreachable", "fneg", "add", "fadd", "sub", "fsub", "mul", "fmul",
    "udiv", "sdiv", "fdiv", "urem", "srem", "frem", "shl", "lshr", "ashr", "and", "or", "xor", "alloca", "load",
    "store", "getelementptr", "fence", "cmpxchg", "atomicrmw", "trunc", "zext", "sext", "fptoui", "fptosi", "uitofp",
    "sitofp", "fptrunc", "fpext", "ptrtoint", "inttoptr", "bitcast", "icmp", "fcmp", "phi", "call", "select",
    "extractelement", "insertelement", "shufflevector", "extractvalue", "insertvalue", "freeze", UNKNOWN,
)  # fmt: skip
"""LLVM's names of instructions; those of exceptions and of targets are unknown."""

CALLEES = (
    "defined", "memcpy", "memmove", "memset", "sqrt", "exp", "log", "pow", "sin", "cos", "tan", "fabs", "floor", "ceil",
    "round", "fma", "fmod", "abs", "max", "min", "bits", UNKNOWN,
)  # fmt: skip
"""What a call calls: a function of the same file, or a library function or intrinsic by family."""

TYPES = (
    "void", "i1", "i8", "i16", "i32", "i64", "integer", "half", "float", "double", "real", "ptr", "array", "struct",
    "vector", UNKNOWN,
)  # fmt: skip
"""Types of values; ``integer`` and ``real`` are those of other widths."""

SITE_KINDS = (SiteKind.PIPELINE, SiteKind.PARALLEL, SiteKind.TILE, UNKNOWN)

_FAMILIES = {
    "powi": "pow", "exp2": "exp", "exp10": "exp", "expm1": "exp", "log2": "log", "log10": "log", "log1p": "log",
    "sinh": "sin", "asin": "sin", "cosh": "cos", "acos": "cos", "tanh": "tan", "atan": "tan", "atan2": "tan",
    "trunc": "round", "rint": "round", "nearbyint": "round", "lround": "round", "roundeven": "round", "fmuladd": "fma",
    "remainder": "fmod", "labs": "abs", "llabs": "abs", "smax": "max", "umax": "max", "fmax": "max", "maxnum": "max",
    "maximum": "max", "smin": "min", "umin": "min", "fmin": "min", "minnum": "min", "minimum": "min", "ctlz": "bits",
    "cttz": "bits", "ctpop": "bits", "fshl": "bits", "fshr": "bits", "bswap": "bits", "bitreverse": "bits",
}  # fmt: skip
_C_INTEGERS = re.compile(
    r"(?:u?int(?:_least|_fast)?(\d+)_t)$|(?:unsigned |signed )*(?:_Bool|bool|char|short|int|long)\b"
)


def callee_class(name: str | None, defined: bool) -> str:
    """The family of the function that a call names; ``defined`` says that the graph has its body."""
    if defined:
        return "defined"
    stem = name or ""
    if stem.startswith("llvm."):
        stem = stem.split(".")[1]
    for candidate in (stem, stem.removesuffix("f"), stem.removesuffix("l")):
        family = _FAMILIES.get(candidate, candidate)
        if family in CALLEES and family != "defined":
            return family
    return UNKNOWN


def type_class(name: str | None, bits: int | None = None) -> str:
    """The class of an LLVM type, or of a C element type of ``bits`` bits."""
    text = name or ""
    if text in TYPES:
        return text
    if text.startswith("ptr") or text.endswith("*"):
        return "ptr"
    if text.startswith("["):
        return "array"
    if text.startswith(("{", "%", "<{")):
        return "struct"
    if text.startswith("<"):
        return "vector"
    if text in ("bfloat", "_Float16"):
        return "half"
    if text in ("x86_fp80", "fp128", "long double"):
        return "real"
    if re.fullmatch(r"i\d+", text) or _C_INTEGERS.match(text):
        width = f"i{bits}"
        return width if width in TYPES else "integer"
    return UNKNOWN
