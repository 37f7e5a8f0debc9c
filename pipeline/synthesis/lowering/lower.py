"""A kernel and a design point to C and directives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.kernels.model import Kernel
from pipeline.kernels.pragmas import PLACEHOLDER, normal_text, pragma_text, read_pragma
from pipeline.kernels.symbols import Symbol
from pipeline.program import deep_recursion
from pipeline.synthesis.flow import DEFAULT_FLOW_TARGET
from pipeline.synthesis.lowering.asked import asked, check_names
from pipeline.synthesis.lowering.delivery import (
    DELIVERIES,
    Delivery,
    check_terms,
    deliver,
    deliver_placeholders,
    delivers,
    is_cpp,
)
from pipeline.synthesis.lowering.directive import INLINE, LoweredDirective
from pipeline.synthesis.lowering.emit import Emitter
from pipeline.synthesis.lowering.interface import (
    Ports,
    inner_declaration,
    interface_directives,
    ports,
    wrapper,
)
from pipeline.synthesis.lowering.merlin import Reassociate, decide
from pipeline.synthesis.lowering.native import hls_sites, pragma_nodes, with_values
from pipeline.synthesis.lowering.partition import Partitions, partitions
from pipeline.synthesis.lowering.plain import decide_plain
from pipeline.synthesis.lowering.plan import Plan
from pipeline.synthesis.lowering.prepare import Prepared, prepare
from pipeline.synthesis.lowering.proven import add_dependences
from pipeline.synthesis.lowering.result import Done, LoweredSources, SiteOutcome
from pipeline.terms import Dialect

_ABOUT_ARGUMENTS = (
    "array_partition",
    "array_reshape",
    "bind_storage",
    "resource",
    "stream",
    "aggregate",
    "disaggregate",
)


def lower(
    kernel: Kernel,
    point: Mapping[str, int | str],
    *,
    dialect: str = Dialect.MERLIN,
    unsupported: Literal["refuse", "approximate"] = "approximate",
    buffers: bool = True,
    flow_target: str = DEFAULT_FLOW_TARGET,
    placement: Literal["pragmas", "directives"] = "pragmas",
    reassociate: Reassociate = "clause",
    partition: bool = True,
    delivery: Delivery = "insert",
) -> LoweredSources:
    """The sources of a design point.

    Args:
        kernel: the kernel; its syntax tree is written back, it is not changed.
        point: a value per site. In the dialect ``vitis-plain`` sites are ``__PIPE__Li`` and ``__PARA__Li`` on the i-th
            ``for`` loop, and those left out ask for nothing; in ``hls`` they are all placeholders of ``#pragma HLS``.
        dialect: what the values mean, as in :class:`pipeline.synthesis.flow.Flow`.
        unsupported: what happens to a site whose value plain Vitis HLS cannot serve: the point is refused, or it is
            approximated and the outcome says how.
        buffers: whether array arguments are copied to local arrays at the start and back at the end (not in ``hls``).
        flow_target: ``vitis`` adds AXI interfaces, ``vivado`` leaves the ports to the tool.
        placement: directives as pragmas in the file, or as TCL in ``directives``.
        reassociate: when floating-point sums may be added up in another order (``merlin`` only).
        partition: whether arrays are partitioned by the access pattern (``merlin`` only).
        delivery: of a kernel whose own sites are in the tool's terms, which gets its files back as they are
            (:func:`pipeline.synthesis.lowering.delivery.deliver`); no other option but the dialect counts there.

    Raises:
        PipelineError: a value that is none, a site without a value, or a point that is refused.
    """
    for option, value, known in (
        ("dialect", dialect, tuple(Dialect)),
        ("unsupported", unsupported, ("refuse", "approximate")),
        ("flow_target", flow_target, ("vitis", "vivado")),
        ("placement", placement, ("pragmas", "directives")),
        ("reassociate", reassociate, ("never", "clause", "always")),
        ("delivery", delivery, DELIVERIES),
    ):
        if value not in known:
            raise PipelineError(f"{value!r} is no {option}", fix=f"use one of {', '.join(known)}")
    bare = not kernel.sites and not kernel.options
    if (dialect == Dialect.VITIS_PLAIN or bare) and delivers(kernel, dialect):
        return deliver(kernel, point, delivery)
    prepared = prepare(kernel)
    if is_cpp(kernel):
        # C++ is never written back from the tree.
        check_terms(kernel, dialect)
        check_names(kernel, point, set(hls_sites(kernel)))
        found = [pragma_text(node) for node in pragma_nodes(kernel.ast)]
        given = [text for text in found if PLACEHOLDER.search(text)]
        return deliver_placeholders(
            kernel, point, {normal_text(text): with_values(prepared, text, point) for text in given}
        )
    with deep_recursion():
        if dialect == Dialect.MERLIN:
            plan = decide(prepared, asked(prepared, point), reassociate)
        elif dialect == Dialect.VITIS_PLAIN:
            plan = decide_plain(prepared, point)
        else:
            plan = Plan()
            check_names(kernel, point, set(hls_sites(kernel)))
            plan.outcomes = [SiteOutcome(name, "", str(point[name]), Done.APPLIED, "") for name in hls_sites(kernel)]
        if unsupported == "refuse":
            _refuse(kernel, plan)
        _pragma_texts(prepared, plan, point, dialect)
        return _write(
            prepared, plan, point, dialect, buffers and dialect != Dialect.HLS, flow_target, placement, partition
        )


def _refuse(kernel: Kernel, plan: Plan) -> None:
    lost = [item for item in plan.outcomes if item.done is Done.APPROXIMATED]
    if lost:
        first = lost[0]
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise PipelineError(
            f"{first.site} = {first.value or 'NA'} cannot be had from plain Vitis HLS ({first.how}){more}",
            file=kernel.file,
            line=kernel.loop(first.loop).line if first.loop else None,
            fix="choose another value, or let it be approximated",
        )


def _pragma_texts(prepared: Prepared, plan: Plan, point: Mapping[str, int | str], dialect: str) -> None:
    """What each pragma of the source becomes; notes on those that the tool will pass over."""
    on_loops = {
        (pragma.file, pragma.line, pragma.column): record
        for reader in prepared.readers.values()
        for record in reader.records
        for pragma in record.pragmas
    }
    for node in pragma_nodes(prepared.kernel.ast):
        text = pragma_text(node)
        word = (text.split() or [""])[0].lower()
        if word == "hls":
            # Sites of the plain dialect are named after loops; a placeholder of the source's own has no value there.
            own = dialect != Dialect.VITIS_PLAIN or not re.search(r"auto\s*\{", text)
            pragma = read_pragma(node, prepared.kernel.file) if dialect == Dialect.MERLIN else None
            if pragma is not None and pragma.directive == "pipeline":
                own = on_loops.get((pragma.file, pragma.line, pragma.column)) not in plan.unpipelined
            plan.texts[id(node)] = with_values(prepared, text, point) if own else None
        elif word == "accel":
            pragma = read_pragma(node, prepared.kernel.file)
            attached = pragma.kind is not None and (pragma.file, pragma.line, pragma.column) in on_loops
            if pragma.directive == "kernel" or (attached and (dialect == Dialect.MERLIN or pragma.placeholder)):
                plan.texts[id(node)] = None
            else:
                plan.texts[id(node)] = pragma.text
                plan.notes.append(f"#pragma {pragma.text} (line {pragma.line}) is kept, the tool passes over it")
        elif word == "once":
            plan.texts[id(node)] = None


def _write(
    prepared: Prepared,
    plan: Plan,
    point: Mapping[str, int | str],
    dialect: str,
    buffers: bool,
    flow_target: str,
    placement: str,
    partition: bool,
) -> LoweredSources:
    kernel, program = prepared.kernel, prepared.program
    found = ports(prepared, buffers=buffers)
    split = partitions(prepared, plan) if partition and dialect == Dialect.MERLIN else Partitions()
    top = program.functions[kernel.top].node
    wrapped = bool(found.buffers)
    moved, given = _user_interface(prepared, plan, found, wrapped)
    head = interface_directives(prepared, flow_target, given) if dialect != Dialect.HLS else []
    arrays: dict[Symbol, list[LoweredDirective]] = {}
    body_head: list[LoweredDirective] = [INLINE] if wrapped else list(head)
    for symbol in split.splits:
        directives = split.directives(symbol, symbol.name)
        if symbol.role in ("local", "static"):
            arrays[symbol] = directives
        elif symbol.role == "global":
            body_head += directives
        elif symbol.function == kernel.top and symbol not in found.buffers:
            if flow_target == "vivado":
                body_head += directives
            else:
                split.notes.append(f"{symbol.name} is not split: it has no buffer")
    if dialect == Dialect.MERLIN:
        add_dependences(prepared, plan, found)
    emitter = Emitter(prepared, plan, pragmas=placement == "pragmas", arrays=arrays)
    inner = prepared.name(f"{kernel.top}_body") if wrapped else kernel.top
    text = _prologue(prepared, wrapped)
    for node in emitter._coalesce_defined_types(kernel.ast.ext):
        if not isinstance(node, c_ast.FuncDef):
            text += emitter.external(node)
        elif node is top:
            decl = inner_declaration(node, inner) if wrapped else node.decl
            text += emitter.definition(decl, node.body, inner, body_head)
            if wrapped:
                buffered = {symbol: split.directives(symbol, name) for symbol, name in found.buffers.items()}
                text += wrapper(emitter, prepared, found, inner, head, moved, buffered)
        else:
            text += emitter.definition(node.decl, node.body, node.decl.name, [])
    names = {kernel.top: inner}
    commands = [item.tcl(location) for location, item in emitter.placed] if placement == "directives" else []
    plan.notes += found.notes + split.notes
    plan.notes += [
        f"{item.site} = {item.value or 'NA'} on {item.loop}: {item.how}"
        for item in plan.outcomes
        if item.done is not Done.APPLIED
    ]
    return LoweredSources(
        files={f"{kernel.top}.c": text},
        top=kernel.top,
        directives="".join(f"{line}\n" for line in commands),
        notes=tuple(dict.fromkeys(plan.notes)),
        labels={
            loop: f"{names.get(rec.function, rec.function)}/{prepared.labels[rec]}"
            for rec, loop in prepared.ids.items()
        },
        locations=emitter.locations,
        sites=tuple(plan.outcomes),
        reassociated=tuple(prepared.ids[record] for record, loop in plan.loops.items() if loop.copies == "sum"),
    )


def _user_interface(prepared: Prepared, plan: Plan, found: Ports, wrapped: bool) -> tuple[list[str], set[str]]:
    """Pragmas of the source on the top function's ports: those that move to the function around the buffers, and the
    ports that they name."""
    moved: list[str] = []
    given: set[str] = set()
    buffers = {symbol.name: name for symbol, name in found.buffers.items()}
    for node in prepared.program.functions[prepared.kernel.top].node.body.block_items or []:
        text = plan.texts.get(id(node)) if isinstance(node, c_ast.Pragma) else None
        if text is None or not text.lower().startswith("hls "):
            continue
        words = re.sub(r"\s*=\s*", "=", text).split()
        options = {key.lower(): value for key, _, value in (word.partition("=") for word in words)}
        if words[1].lower() == "interface":
            given.add(options.get("port", ""))
            if wrapped:
                moved.append(" ".join(words))
                plan.texts[id(node)] = None
        elif wrapped and words[1].lower() in _ABOUT_ARGUMENTS and options.get("variable") in buffers:
            name = buffers[options["variable"]]
            moved.append(
                " ".join(f"variable={name}" if word.lower().startswith("variable=") else word for word in words)
            )
            plan.texts[id(node)] = None
    return moved, given


def _prologue(prepared: Prepared, copies: bool) -> str:
    includes = list(prepared.includes)
    if copies and "<string.h>" not in includes:
        includes.append("<string.h>")
    # Every loop has a label, so that reports and directives can name it; no goto uses most of them.
    return '#pragma GCC diagnostic ignored "-Wunused-label"\n' + "".join(f"#include {name}\n" for name in includes)
