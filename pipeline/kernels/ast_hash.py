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

_IGNORED = {"coord"}
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
            _feed(node, digest.update, labels)
            digest.update(b"\n")
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


def _feed(node: Any, put: Callable[[bytes], None], labels: dict[str, int]) -> None:
    if isinstance(node, c_ast.Pragma):
        put(f"(Pragma {normal_text(pragma_text(node))!r})".encode())
        return
    if _is_null(node):
        node = node.expr
    if isinstance(node, c_ast.FuncDef):
        labels = {}
    kind = type(node).__name__
    put(f"({kind}".encode())
    bodies = _BODIES.get(kind, ())
    for name in type(node).__slots__:
        if name in _IGNORED or name == "__weakref__":
            continue
        value = getattr(node, name)
        if value is None or value == []:
            continue
        if kind in ("Label", "Goto") and name == "name":
            value = labels.setdefault(value, len(labels))
        put(f" {name}=".encode())
        if name in bodies:
            items = value.block_items or [] if isinstance(value, c_ast.Compound) else [value]
            _feed_list([item for item in items if not isinstance(item, c_ast.EmptyStatement)], put, labels)
        elif isinstance(value, c_ast.Node):
            _feed(value, put, labels)
        elif isinstance(value, list):
            if name in _LIST_FIELDS and all(isinstance(item, str) for item in value):
                value = sorted(value)
            _feed_list(value, put, labels)
        else:
            put(repr(value).encode())
    put(b")")


def _feed_list(items: list[Any], put: Callable[[bytes], None], labels: dict[str, int]) -> None:
    put(b"[")
    for item in items:
        if isinstance(item, c_ast.Node):
            _feed(item, put, labels)
        else:
            put(repr(item).encode())
        put(b",")
    put(b"]")


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
