"""The words that each directive of the tool takes in a ``#pragma HLS``.

After the public front end of Vitis HLS (Xilinx/llvm-project, ``ParseXlxPragma.cpp``) and UG1399: the tool warns of a
word that is none of a directive's ("unexpected pragma parameter") and drops the whole pragma, as it does where a value
is none of those that an option has.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import nearest
from pipeline.project.directives import DIRECTIVES

_SPLIT = ("variable", "type", "cyclic", "block", "complete", "factor", "dim", "off", "dynamic", "object")
_MODES = (
    "ap_none", "ap_vld", "ap_ovld", "ap_ack", "ap_hs", "ap_memory", "bram", "ap_fifo", "ap_bus", "axis", "m_axi",
    "s_axilite", "ap_ctrl_none", "ap_ctrl_hs", "ap_ctrl_chain", "ap_stable", "hls_stream",
)  # fmt: skip
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "pipeline": ("ii", "off", "rewind", "style", "enable_flush"),
    "unroll": ("factor", "off", "skip_exit_check", "region", "complete", "partial"),
    "array_partition": _SPLIT,
    "array_reshape": _SPLIT,
    "inline": ("off", "recursive", "region", "self", "all", "type"),
    "loop_flatten": ("off",),
    "loop_merge": ("force",),
    "loop_tripcount": ("min", "max", "avg"),
    "dependence": ("variable", "cross_variables", "class", "type", "direction", "dependent", "distance", "array",
                   "pointer", "intra", "inter", "raw", "war", "waw", "true", "false"),
    "dataflow": ("interval", "disable_start_propagation", "off"),
    "stream": ("variable", "depth", "dim", "type", "off", "fifo", "pipo", "shared", "unsync"),
    "latency": ("min", "max"),
    "function_instantiate": ("variable",),
    "bind_op": ("variable", "op", "impl", "latency"),
    "bind_storage": ("variable", "type", "impl", "latency"),
    "resource": ("variable", "core", "latency", "metadata", "ecc_mode", "auto", "distribute", "block", "uram"),
    "interface": (*_MODES, "mode", "port", "bundle", "depth", "register", "register_mode", "offset", "clock", "name",
                  "latency", "num_read_outstanding", "num_write_outstanding", "max_read_burst_length",
                  "max_write_burst_length", "max_widen_bitwidth", "storage_type", "storage_impl", "channel",
                  "direct_io", "interrupt", "metadata", "off"),
}  # fmt: skip
"""By directive, in lower case; those that are not here are not looked at."""


def unknown_directive(name: str) -> str:
    """Why a word is no directive."""
    near = nearest(name, DIRECTIVES)
    said = f"{name[:40]!r} is no directive of the tool" if name else "names no directive"
    return said + (f" (did you mean {near}?)" if near else "")


def unknown_option(directive: str, name: str) -> str | None:
    """Why a word is none of a directive's; None for one that is, and where the directive's are not known."""
    known = OPTIONS.get(directive)
    if known is None or name.lower() in known:
        return None
    near = nearest(name, known)
    return f"{name[:40]!r} is no option of {directive}" + (f" (did you mean {near}?)" if near else "")
