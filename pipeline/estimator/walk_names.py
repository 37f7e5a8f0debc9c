"""Names of a kernel during the walk: scopes, arrays, structs, constants."""

from __future__ import annotations

from typing import Any

from pycparser import c_ast

from pipeline.errors import PipelineError
from pipeline.estimator import linear
from pipeline.estimator.ctypes import Types
from pipeline.estimator.device import Device
from pipeline.estimator.nest import Index, Item, LoopNode, Memory
from pipeline.estimator.syntax import fold, literal
from pipeline.estimator.walk_values import Open, Place, Value
from pipeline.kernels.model import Kernel, Loop


class Names:
    """What names stand for at one place of the walk."""

    def __init__(self, kernel: Kernel, device: Device) -> None:
        self.kernel = kernel
        self.device = device
        self.types = Types(kernel.ast)
        self.functions = {item.decl.name: item for item in kernel.ast.ext if isinstance(item, c_ast.FuncDef)}
        self.loop_of = self._match_loops()
        self.arrays = {(array.function, array.name): array for array in kernel.arrays}
        self.enums: dict[str, int] = {}
        self.memories: dict[str, Memory] = {}
        self.nodes: dict[int, LoopNode] = {}
        self.scalars: dict[str, Value] = {}
        self.scopes: list[dict[str, Place]] = [{}]
        self.stack: list[int] = []
        self.calls: list[str] = []
        self.reads: list[tuple[str, Index, int]] = []
        self.open = Open()
        self.items: list[list[Item]] = [[]]
        self.touched: dict[str, str] = {}
        self.size = 0
        self.instances = 0
        self.guards = 0
        self.leaves = False

    def _match_loops(self) -> dict[int, Loop]:
        found: dict[int, Loop] = {}
        table = {(loop.function, loop.index): loop for loop in self.kernel.loops}
        for name, function in self.functions.items():
            counter = 0

            def visit(node: Any, name: str = name) -> None:
                nonlocal counter
                if isinstance(node, (c_ast.For, c_ast.While, c_ast.DoWhile)):
                    loop = table.get((name, counter))
                    if loop is None:
                        raise self._error(node, f"loop {counter} of function '{name}' is not in the kernel's table")
                    found[id(node)] = loop
                    counter += 1
                for child in node or ():
                    visit(child)

            visit(function.body)
        return found

    def _error(self, node: Any, problem: str, fix: str | None = None) -> PipelineError:
        place = getattr(node, "coord", None)
        return PipelineError(
            problem,
            file=self.kernel.file,
            line=getattr(place, "line", None),
            column=getattr(place, "column", None),
            fix=fix,
        )

    def _enumerators(self, node: Any) -> None:
        while isinstance(node, (c_ast.TypeDecl, c_ast.PtrDecl, c_ast.ArrayDecl)):
            node = node.type
        if not isinstance(node, c_ast.Enum) or node.values is None:
            return
        value = -1
        for item in node.values.enumerators:
            known = self._number(item.value) if item.value is not None else value + 1
            value = known if known is not None else value + 1
            self.enums[item.name] = value

    @staticmethod
    def _parameters(function: Any) -> list[Any]:
        arguments = function.decl.type.args
        return [item for item in (arguments.params if arguments else ()) if isinstance(item, c_ast.Decl)]

    def _dims(self, node: Any) -> tuple[tuple[int | None, ...], Any]:
        dims: list[int | None] = []
        node = self.types.shape(node)
        while isinstance(node, (c_ast.ArrayDecl, c_ast.PtrDecl)):
            size = self._number(node.dim) if isinstance(node, c_ast.ArrayDecl) and node.dim is not None else None
            dims.append(size)
            node = self.types.shape(node.type)
        return tuple(dims), node

    def _declare(self, decl: Any, function: str | None, role: str, value: Value | None) -> Place:
        dims, inner = self._dims(decl.type)
        ctype = self.types.of(inner)
        known = self.arrays.get((function, decl.name)) or (
            self.arrays.get((None, decl.name)) if role == "global" else None
        )
        key = decl.name if role in ("argument", "global") else f"{decl.name}@{self.instances}"
        if dims and isinstance(self.types.shape(decl.type), c_ast.PtrDecl) and ctype.kind == "struct":
            # A pointer to one struct: its fields are what is accessed.
            dims = dims[1:]
        place = Place(key, ctype, bool(dims), (), len(dims))
        self.scopes[-1][decl.name] = place
        if dims and ctype.kind != "struct":
            if known is not None and len(known.dims) == len(dims):
                dims = known.dims
            bits = (known.bits if known is not None else None) or max(ctype.bits, 1)
            static = "static" in (decl.storage or [])
            where = known.role if known is not None else ("static" if static else role)
            direction = known.direction if known is not None else ("inout" if role == "argument" else "local")
            self.memories[key] = Memory(key, bits, dims, where, direction)
        elif not dims and ctype.kind != "struct":
            self.scalars[key] = value or Value(ctype, linear.symbol(key), 0, {})
        return place

    def _find(self, name: str) -> Place | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def _is_argument(self, key: str) -> bool:
        root = key.split(".", 1)[0]
        return any(item.name == root for item in self.kernel.functions[0].arguments) if self.kernel.functions else False

    def _number(self, node: Any) -> int | None:
        """A constant expression's value, None where it is none."""
        if isinstance(node, c_ast.Constant):
            return literal(node)
        if isinstance(node, c_ast.ID):
            if node.name in self.enums:
                return self.enums[node.name]
            place = self._find(node.name)
            value = self.scalars.get(place.key) if place is not None and not place.array else None
            return value.line.constant if value is not None and linear.is_number(value.line) else None
        if isinstance(node, c_ast.UnaryOp):
            if node.op == "sizeof":
                ctype = self.types.of(node.expr)
                return max(ctype.bits // 8, 1) if ctype.kind != "struct" else None
            inner = self._number(node.expr)
            return None if inner is None else {"-": -inner, "+": inner, "~": ~inner}.get(node.op)
        if isinstance(node, c_ast.Cast):
            return self._number(node.expr)
        if isinstance(node, c_ast.BinaryOp):
            left, right = self._number(node.left), self._number(node.right)
            if left is None or right is None:
                return None
            return fold(node.op, left, right)
        return None
