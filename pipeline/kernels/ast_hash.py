"""The hash of a kernel: what its text means, not how it is laid out.

The serialisation is this project's own (node class, attributes, named children), so that it does not move with the
parser's version as long as the tree's classes keep their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from pycparser import c_ast

from pipeline.kernels.pragmas import normal_text, pragma_text
from pipeline.program.tree import walk

_IGNORED = {"coord", "__weakref__"}
_BODIES = {"For": ("stmt",), "While": ("stmt",), "DoWhile": ("stmt",), "If": ("iftrue", "iffalse"), "Switch": ("stmt",)}
_LIST_FIELDS = {"storage", "funcspec", "align", "quals"}


def ast_hash(ast: c_ast.FileAST, top: str, layout: Sequence[str] = (), beside: Sequence[str] = ()) -> str:
    """SHA-256 in hex of the normalised tree and the top function's name.

    Layout, comments, braces around single statements, the spelling of labels and where headers lie do not enter;
    neither do prototypes and unused types. Pragmas (with single spaces), names, types and operations do, and compiler
    flags that decide how types are laid out (``layout``) and directives that stand ``beside`` the source; what other
    flags decide, the tree shows.
    """
    labels: dict[str, int] = {}
    digest = hashlib.sha256()
    used = _used_names(ast)
    digest.update(f"top {top}\n".encode())
    if layout:
        digest.update(f"flags {' '.join(layout)}\n".encode())
    for text in beside:
        digest.update(f"beside {text}\n".encode())
    for node in ast.ext:
        if _counts(node, used):
            said: list[str] = []
            _feed(node, said.append, labels)
            digest.update("".join(said).encode() + b"\n")
    return digest.hexdigest()


def _counts(node: Any, used: set[str]) -> bool:
    if isinstance(node, c_ast.Typedef):
        return node.name in used
    if isinstance(node, c_ast.Decl):
        return not isinstance(node.type, c_ast.FuncDecl)
    return not isinstance(node, c_ast.EmptyStatement)


def _used_names(ast: c_ast.FileAST) -> set[str]:
    """Names of types that occur outside their own typedef."""
    return {name for node in walk(*ast.ext) if isinstance(node, c_ast.IdentifierType) for name in node.names}


def _feed(node: Any, put: Callable[[str], None], labels: dict[str, int]) -> None:
    kind = type(node)
    if kind is c_ast.Pragma:
        put(f"(Pragma {normal_text(pragma_text(node))!r})")
        return
    if kind is c_ast.Cast and _is_null(node):
        node, kind = node.expr, c_ast.Constant
    elif kind is c_ast.FuncDef:
        labels = {}
    if kind not in _FIELDS:
        _FIELDS[kind] = _fields(kind)
    word, fields = _FIELDS[kind]
    put(word)
    for name, said, body, named, listed in fields:
        value = getattr(node, name)
        if value is None or value == []:
            continue
        if named:
            value = labels.setdefault(value, len(labels))
        put(said)
        if body:
            items = value.block_items or [] if isinstance(value, c_ast.Compound) else [value]
            _feed_list([item for item in items if not isinstance(item, c_ast.EmptyStatement)], put, labels)
        elif isinstance(value, str):
            put(repr(value))
        elif isinstance(value, c_ast.Node):
            _feed(value, put, labels)
        elif isinstance(value, list):
            if listed and all(isinstance(item, str) for item in value):
                value = sorted(value)
            _feed_list(value, put, labels)
        else:
            put(repr(value))
    put(")")


_Fields = tuple[str, list[tuple[str, str, bool, bool, bool]]]
"""How a node of a class begins; each field: its name, how it begins, whether it is a body, a label, a set."""
_FIELDS: dict[type, _Fields] = {}


def _fields(kind: type) -> _Fields:
    name = kind.__name__
    return f"({name}", [
        (field, f" {field}=", field in _BODIES.get(name, ()), name in ("Label", "Goto") and field == "name",
         field in _LIST_FIELDS)
        for field in kind.__slots__  # type: ignore[attr-defined]
        if field not in _IGNORED
    ]  # fmt: skip


def _feed_list(items: list[Any], put: Callable[[str], None], labels: dict[str, int]) -> None:
    put("[")
    for item in items:
        if isinstance(item, c_ast.Node):
            _feed(item, put, labels)
        else:
            put(repr(item))
        put(",")
    put("]")


def _is_null(node: Any) -> bool:
    """Whether a node is ``((void *)0)``, which headers write for NULL; ``0`` says the same."""
    if not (isinstance(node, c_ast.Cast) and isinstance(node.expr, c_ast.Constant) and node.expr.value == "0"):
        return False
    pointer = node.to_type.type
    return (
        isinstance(pointer, c_ast.PtrDecl)
        and isinstance(pointer.type, c_ast.TypeDecl)
        and isinstance(pointer.type.type, c_ast.IdentifierType)
        and pointer.type.type.names == ["void"]
    )
