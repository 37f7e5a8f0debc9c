"""What numbers texts of a unit stand for, of constants or as the compiler says: lengths that the tree forgets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pipeline.program.cpp.index import Index, Node, type_text
from pipeline.program.cpp.nodes import inner, parameters
from pipeline.program.cpp.types import arithmetic
from pipeline.project.cpp_tree import begin_of
from pipeline.project.cpp_values import CppAnswer, CppQuestion

_EXTENT = re.compile(r"^\s*\[([^][]*)\]")


class UnitConstants:
    """The constants of a unit, and what the compiler makes of expressions where the tree does not tell (``ask``)."""

    def __init__(self, index: Index, macros: Mapping[str, str]) -> None:
        self.index = index
        self.macros = macros
        self.ask: Callable[[list[CppQuestion]], list[CppAnswer]] | None = None
        self._values: dict[tuple[str, int, str], CppAnswer] = {}
        self._lengths: dict[tuple[str, int], CppAnswer] | None = None

    def extent(self, node: Node, root: str) -> int | None:
        """The outermost length of an array parameter, which the compiler forgets and the text says."""
        text = self.index.text_of(node)
        name = str(node.get("name", ""))
        found = re.search(rf"\b{re.escape(name)}\b\s*((?:\[[^][]*\]\s*)+)$", text) if name else None
        if found is None:
            return None
        first = _EXTENT.match(found[1])
        if first is None or not first[1].strip():
            return None
        length = self._constant_text(first[1], self.index.numbers_given(root, node))
        return length if length is not None else self._asked_length(node, root)

    def asked_value(self, text: str, node: Node, root: str) -> int | None:
        """What the compiler makes of an expression of a function's parameters."""
        definition = self.index.definitions.get(root)
        body = (
            next((part for part in inner(definition) if part.get("kind") == "CompoundStmt"), None)
            if definition
            else None
        )
        start = begin_of(body) if body is not None else None
        if definition is None or start is None or self.ask is None or not text:
            return None
        place = (start.file, start.offset, text)
        if place not in self._values:
            question = CppQuestion(
                self.index.names.get(start.file, start.file), start.offset + 1, start.offset + 1, text
            )
            self._values[place] = self.ask([question])[0]
        return self._values[place].of(str(definition.get("mangledName", "")))

    def _asked_length(self, node: Node, root: str) -> int | None:
        """A length that the text says in other ways, as the compiler has it: all of the unit's are asked at once."""
        if self._lengths is None:
            asked: dict[tuple[str, int], CppQuestion] = {}
            for name, function in self.index.definitions.items():
                body = next((part for part in inner(function) if part.get("kind") == "CompoundStmt"), None)
                start = begin_of(body) if body is not None else None
                for part in parameters(function) if start is not None else ():
                    place, text = begin_of(part), self.index.text_of(part)
                    found = re.search(r"\[([^][]*[A-Za-z_][^][]*)\]", text)
                    if place is None or start is None or found is None or not type_text(part).endswith("*"):
                        continue
                    if self._constant_text(found[1], self.index.numbers_given(name, part)) is None:
                        file, at = self.index.names.get(start.file, start.file), start.offset + 1
                        asked.setdefault((place.file, place.offset), CppQuestion(file, at, at, found[1]))
            answers = self.ask(list(asked.values())) if self.ask is not None and asked else []
            self._lengths = dict(zip(asked, answers, strict=False))
        place = begin_of(node)
        answer = self._lengths.get((place.file, place.offset)) if place is not None else None
        return answer.of(str(self.index.definitions[root].get("mangledName", ""))) if answer is not None else None

    def _constant_text(self, text: str, given: Mapping[str, int], depth: int = 0) -> int | None:
        """The value of an expression of literals, macros, constants and the numbers given; None where it is another."""
        if depth > 20 or len(text) > 400:
            return None

        def word(match: re.Match[str]) -> str:
            name = match.group()
            if name in self.macros:
                value = self._constant_text(self.macros[name], given, depth + 1)
                return str(value) if value is not None else name
            if name in given:
                return f"({given[name]})"
            known = self.known()
            among = [known[name]] if name in known else [known[key] for key in known if key.endswith(f"::{name}")]
            return str(among[0]) if len(set(among)) == 1 else name

        text = re.sub(r"(?<![\w.])(\d+)[uUlL]+\b", r"\1", text)
        text = re.sub(r"[A-Za-z_]\w*(?:::\w+)*", word, text)
        if not re.fullmatch(r"[\d\s()+\-*/%<>x]+", text) or re.search(r"\d\s+\d|\*\*", text):
            return None
        return arithmetic(text)

    def known(self) -> Mapping[str, int]:
        """The values of enumerators and of constants outside functions, by their names with and without namespaces."""
        if not hasattr(self, "_known_constants"):
            found: dict[str, int] = {}
            found |= {name: int(value) for name, value in self.index.enumerator_names.items()}
            for scope, node in self.index.variables:
                if "init" in node and str(node["type"].get("qualType", "")).startswith("const ") and node.get("name"):
                    value = _folded(inner(node)[-1], found) if inner(node) else None
                    if value is not None:
                        found[str(node["name"])] = found[f"{scope}{node['name']}"] = value
            self._known_constants = found
        return self._known_constants


def _folded(node: Node, known: Mapping[str, int]) -> int | None:
    """The value of a constant integer expression of the compiler's tree."""
    kind = node.get("kind")
    parts = inner(node)
    if kind in ("IntegerLiteral", "ConstantExpr", "CXXBoolLiteralExpr") and re.fullmatch(
        r"-?\d+", str(node.get("value", ""))
    ):
        return int(node["value"])
    if kind == "DeclRefExpr":
        return known.get(str(node["referencedDecl"].get("name")))
    if kind == "BinaryOperator" and len(parts) == 2:
        left, right = _folded(parts[0], known), _folded(parts[1], known)
        if left is None or right is None:
            return None
        return (
            arithmetic(f"({left}){node['opcode']}({right})")
            if node["opcode"] in ("+", "-", "*", "/", "%", "<<", ">>")
            else None
        )
    if (
        kind
        in (
            "ImplicitCastExpr",
            "ParenExpr",
            "ConstantExpr",
            "CStyleCastExpr",
            "CXXStaticCastExpr",
            "SubstNonTypeTemplateParmExpr",
        )
        and parts
    ):
        return _folded(parts[-1], known)
    return None
