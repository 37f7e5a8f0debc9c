"""The type of an expression, by C's conversions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycparser import c_ast

from pipeline.kernels.c_types import INT, UNKNOWN, CType, array_of, basic, integer, pointer_to, promote, usual

if TYPE_CHECKING:
    from pipeline.kernels.resolved import Program


def expression_type(node: Any, program: Program) -> CType:
    """The type of an expression; ``unknown`` where it is not needed or not derivable."""
    match node:
        case c_ast.ID():
            symbol = program.symbol(node)
            return symbol.ctype if symbol else UNKNOWN
        case c_ast.Constant():
            if node.type == "string":
                return array_of(integer("char"), None)
            if node.type == "char":
                return INT
            return basic(node.type.split())
        case c_ast.Cast():
            return program.ctype(node.to_type)
        case c_ast.ArrayRef():
            return expression_type(node.name, program).element or UNKNOWN
        case c_ast.UnaryOp(op="*"):
            return expression_type(node.expr, program).element or UNKNOWN
        case c_ast.UnaryOp(op="&"):
            return pointer_to(expression_type(node.expr, program))
        case c_ast.UnaryOp(op="sizeof"):
            return integer("size_t")
        case c_ast.UnaryOp(op="!"):
            return INT
        case c_ast.UnaryOp():
            kind = expression_type(node.expr, program)
            return kind if node.op in ("p++", "p--", "++", "--") else promote(kind) or kind
        case c_ast.BinaryOp():
            if node.op in ("<", "<=", ">", ">=", "==", "!=", "&&", "||"):
                return INT
            left, right = expression_type(node.left, program), expression_type(node.right, program)
            if node.op in ("<<", ">>"):
                return promote(left) or left
            if left.kind == "float" or right.kind == "float":
                return max(left, right, key=lambda kind: (kind.kind == "float", kind.bits or 0))
            for kind in (left, right):
                if kind.kind in ("pointer", "array"):
                    return kind
            return usual(left, right) or UNKNOWN
        case c_ast.Assignment():
            return expression_type(node.lvalue, program)
        case c_ast.TernaryOp():
            yes, no = expression_type(node.iftrue, program), expression_type(node.iffalse, program)
            return usual(yes, no) or (yes if yes.kind != "unknown" else no)
        case c_ast.StructRef():
            kind = expression_type(node.name, program)
            if node.type == "->":
                kind = kind.element or UNKNOWN
            return program.members(kind).get(node.field.name, UNKNOWN)
        case c_ast.ExprList():
            return expression_type(node.exprs[-1], program) if node.exprs else UNKNOWN
        case c_ast.FuncCall(name=c_ast.ID()):
            info = program.functions.get(node.name.name)
            if info is not None:
                return info.returns
            return program.returned.get(node.name.name, UNKNOWN)
    return UNKNOWN
