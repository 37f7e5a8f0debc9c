"""What functions do that do one thing alone: name a place, give a value, set members."""

from __future__ import annotations

from pipeline.program.cpp.index import Index, Node
from pipeline.program.cpp.nodes import TRANSPARENT, inner, nodes_below, parameters


class Bodies:
    """The bodies of a unit's functions."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def named_place(self, root: str) -> Node | None:
        """The place that a function names which returns a reference and does nothing else; None for other functions."""
        node = self.index.definitions.get(root)
        body = next((part for part in inner(node) if part.get("kind") == "CompoundStmt"), None) if node else None
        statements = inner(body) if body is not None else []
        if node is None or len(statements) != 1 or statements[0].get("kind") != "ReturnStmt":
            return None
        if not str(node["type"].get("qualType", "")).partition("(")[0].rstrip().endswith("&") or not inner(
            statements[0]
        ):
            return None
        value = inner(statements[0])[0]
        steady = all(_names_only(part) for part in nodes_below(value))
        return value if steady and value.get("kind") in ("MemberExpr", "ArraySubscriptExpr") else None

    def named_value(self, root: str) -> Node | None:
        """The member whose plain value a method returns that does nothing else (``int size() const { return n; }``).

        Of a ``constexpr`` method without parameters it is any expression of members that changes nothing.
        """
        node = self.index.definitions.get(root)
        body = next((part for part in inner(node) if part.get("kind") == "CompoundStmt"), None) if node else None
        statements = inner(body) if body is not None else []
        if (
            node is None
            or len(statements) != 1
            or statements[0].get("kind") != "ReturnStmt"
            or not inner(statements[0])
        ):
            return None
        value = inner(statements[0])[0]
        if node.get("constexpr") and not parameters(node) and all(map(_names_only, nodes_below(value))):
            return value
        if value.get("kind") != "ImplicitCastExpr" or value.get("castKind") != "LValueToRValue":
            return None
        place = inner(value)[0]
        below = inner(place) if place.get("kind") == "MemberExpr" else []
        return place if below and below[0].get("kind") == "CXXThisExpr" else None

    def members_made(self, constructor: Node) -> list[tuple[Node, Node]] | None:
        """The members that a constructor gives plain values, with these, where it does nothing else; else None."""
        made: list[tuple[Node, Node]] = []
        for part in inner(constructor):
            if part.get("kind") == "CompoundStmt" and inner(part):
                return None
            if part.get("kind") == "CXXCtorInitializer":
                field = self.index.fields.get(part.get("anyInit", {}).get("id", ""))
                values = inner(part)
                if field is None or len(values) != 1 or not all(_given_only(one) for one in nodes_below(values[0])):
                    return None
                made.append((field[1], values[0]))
        return made

    def returns_this(self, node: Node) -> bool:
        """Whether a method returns its own object, wherever it returns."""
        returned = [inner(part) for part in nodes_below(node) if part.get("kind") == "ReturnStmt"]
        own = [
            value[0].get("opcode") == "*" and inner(value[0])[0].get("kind") == "CXXThisExpr"
            for value in returned
            if value and value[0].get("kind") == "UnaryOperator"
        ]
        return bool(own) and len(own) == len(returned) and all(own)


def _names_only(node: Node) -> bool:
    """Whether a part of an expression changes nothing and calls nothing but a number's conversion."""
    kind = node.get("kind", "")
    if kind in ("BinaryOperator", "UnaryOperator"):
        return node.get("opcode") not in ("=", ",", "++", "--", "&&", "||")
    if kind == "CXXMemberCallExpr":
        return str(inner(node)[0].get("name", "")).startswith("operator ") and len(inner(node)) == 1
    return kind in TRANSPARENT or kind in {
        "DeclRefExpr", "MemberExpr", "ArraySubscriptExpr", "CXXThisExpr", "ImplicitCastExpr", "IntegerLiteral",
        "ConstantExpr", "CStyleCastExpr", "CXXStaticCastExpr", "CXXFunctionalCastExpr", "CXXBoolLiteralExpr",
        "NonTypeTemplateParmDecl",
    }  # fmt: skip


def _given_only(node: Node) -> bool:
    """Whether a part of an expression is a parameter or a literal as it is."""
    kind = node.get("kind")
    if kind == "DeclRefExpr":
        return bool(node["referencedDecl"].get("kind") == "ParmVarDecl")
    return kind in ("IntegerLiteral", "CXXBoolLiteralExpr") or (
        kind == "ImplicitCastExpr"
        and node.get("castKind") in ("LValueToRValue", "NoOp", "IntegralCast", "IntegralToBoolean")
    )
