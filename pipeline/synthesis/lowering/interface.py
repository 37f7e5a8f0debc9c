"""The top function as the tool sees it: ports, local buffers with burst copies, and the kernel's own body inside."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pycparser import c_ast

from pipeline.kernels.bursts import handshake_ports
from pipeline.kernels.symbols import Symbol
from pipeline.synthesis.lowering import directive
from pipeline.synthesis.lowering.directive import LoweredDirective
from pipeline.synthesis.lowering.emit import Emitter
from pipeline.synthesis.lowering.prepare import Prepared, array_argument

_DROPPED = ("const", "volatile", "restrict", "register", "static", "_Atomic")


@dataclass(slots=True)
class Ports:
    """Which arguments of the top function are copied to buffers, and notes on those that are not."""

    buffers: dict[Symbol, str] = field(default_factory=dict)
    """The buffer's name by argument."""
    written: set[Symbol] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def ports(prepared: Prepared, *, buffers: bool) -> Ports:
    """The buffers of a kernel's top function; none where ``buffers`` is off or the file calls the top function."""
    result = Ports()
    kernel = prepared.kernel
    info = prepared.program.functions[kernel.top]
    called = any(call.name.name == kernel.top for calls in prepared.calls.values() for call, _ in calls)
    ways = {array.name: array.direction for array in kernel.arrays if array.function == kernel.top}
    streams = handshake_ports(kernel)
    for symbol in info.arguments:
        if symbol.ctype.kind not in ("array", "pointer"):
            continue
        way = ways.get(symbol.name, "inout")
        if not buffers or way == "unused":
            continue
        if called:
            result.notes.append(f"{symbol.name} has no buffer: the file itself calls {kernel.top}")
        elif symbol.name in streams:
            result.notes.append(
                f"{symbol.name} has no buffer: its port is {streams[symbol.name]}, read in order and once"
            )
        elif not array_argument(symbol):
            result.notes.append(f"{symbol.name} has no buffer: how many elements it has is not known")
        elif "volatile" in _qualifiers(_parameter(info.node, symbol.name)):
            result.notes.append(f"{symbol.name} has no buffer: it is volatile")
        else:
            result.buffers[symbol] = prepared.name(f"{symbol.name}_buffer")
            if way != "in":
                result.written.add(symbol)
    return result


def interface_directives(prepared: Prepared, flow_target: str, given: set[str]) -> list[LoweredDirective]:
    """Ports of the Vitis flow: an AXI master an array, everything else by registers (UG1399, "Interfaces")."""
    if flow_target != "vitis":
        return []
    result: list[LoweredDirective] = []
    for symbol in prepared.program.functions[prepared.kernel.top].arguments:
        if symbol.name in given:
            continue
        if symbol.ctype.kind in ("array", "pointer"):
            result.append(directive.interface("m_axi", symbol.name, offset="slave", bundle=f"gmem_{symbol.name}"))
        result.append(directive.interface("s_axilite", symbol.name))
    if "return" not in given:
        result.append(directive.interface("s_axilite", "return"))
    return result


def wrapper(
    emitter: Emitter,
    prepared: Prepared,
    found: Ports,
    inner: str,
    head: Sequence[LoweredDirective],
    moved: Sequence[str],
    partitions: dict[Symbol, list[LoweredDirective]],
) -> str:
    """The top function: copies in, the call of ``inner``, copies out.

    Arguments that are written are copied in as well, for the kernel may leave elements of theirs as they are.
    """
    info = prepared.program.functions[prepared.kernel.top]
    node = info.node
    emitter.function = prepared.kernel.top
    text = f"{emitter.visit(node.decl)}\n{{\n" + emitter.direct(head, None)
    text += "".join(f"#pragma {line}\n" for line in moved)
    emitter.indent_level = 2
    for symbol, name in found.buffers.items():
        text += f"  {emitter.visit(_buffer(_parameter(node, symbol.name), name))};\n"
        text += emitter.direct(partitions.get(symbol, []), None)
    for symbol, name in found.buffers.items():
        text += f"  memcpy({name}, {symbol.name}, sizeof({name}));\n"
    arguments = ", ".join(found.buffers.get(symbol, symbol.name) for symbol in info.arguments)
    call = f"{inner}({arguments})"
    result, kept = info.returns.kind != "void", ""
    if result:
        returned = copy.deepcopy(node.decl.type.type)
        kept = prepared.name("result_of_body")
        _rename(returned, kept)
        declared = c_ast.Decl(kept, [], [], [], [], returned, None, None)
        text += f"  {emitter.visit(declared)} = {call};\n"
    else:
        text += f"  {call};\n"
    for symbol, name in found.buffers.items():
        if symbol in found.written:
            text += f"  memcpy({symbol.name}, {name}, sizeof({name}));\n"
    if result:
        text += f"  return {kept};\n"
    emitter.indent_level = 0
    return text + "}\n"


def inner_declaration(node: Any, name: str) -> Any:
    """The top function's own declaration under another name, static."""
    decl = copy.deepcopy(node.decl)
    decl.name = name
    decl.storage, decl.funcspec = ["static"], []
    _rename(decl.type.type, name)
    return decl


def _parameter(node: Any, name: str) -> Any:
    return next(item for item in node.decl.type.args.params if getattr(item, "name", None) == name)


def _rename(declarator: Any, name: str) -> None:
    while not isinstance(declarator, c_ast.TypeDecl):
        declarator = declarator.type
    declarator.declname = name


def _qualifiers(declarator: Any) -> set[str]:
    found: set[str] = set()
    while declarator is not None and not isinstance(declarator, c_ast.IdentifierType | c_ast.Struct | c_ast.Union):
        found |= set(getattr(declarator, "quals", None) or [])
        declarator = getattr(declarator, "type", None)
    return found


def _buffer(parameter: Any, name: str) -> Any:
    """The declaration of an array like a parameter, without qualifiers."""
    decl = copy.deepcopy(parameter)
    decl.name, decl.init = name, None
    _rename(decl.type, name)
    part = decl
    while part is not None and not isinstance(part, c_ast.IdentifierType | c_ast.Struct | c_ast.Union):
        for attribute in ("quals", "storage", "dim_quals"):
            values = getattr(part, attribute, None)
            if values:
                setattr(part, attribute, [value for value in values if value not in _DROPPED])
        part = getattr(part, "type", None)
    return decl
