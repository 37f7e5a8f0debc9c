"""What the functions of a unit are called: as short as tells them apart, or the same in every unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.program.cpp.index import Index, plain_scope, type_text
from pipeline.program.cpp.nodes import parameters
from pipeline.program.cpp.variables import Closure


@dataclass(frozen=True, eq=False)
class FunctionNames:
    """Names by the ids of functions."""

    index: Index
    made: Iterable[str]
    """Those of this unit."""
    called: Iterable[str]
    """Those that it calls, which have names too where it is one of several units."""
    lambdas: Mapping[str, str]
    """Names of lambdas' functions."""
    closures: Mapping[str, Closure]
    """Lambdas by the names of their types."""
    alone: bool
    """Whether it is the only unit."""

    def shown(self, root: str) -> str:
        """A function's own name, with its class and its template's arguments."""
        node = self.index.functions[root]
        name = str(node.get("name", "?"))
        if root in self.lambdas:
            return f"{self.index.scope[root]}{self.lambdas[root]}"
        owner = self.index.owner.get(root)
        if owner is not None:
            name = plain_scope(f"{owner.name}::{name}")
        if root in self.index.arguments:
            name += f"<{','.join(self.argument_shown(text) for text in self.index.arguments[root])}>"
        return name

    def whole_name(self, root: str, name: str) -> str:
        """A function's name, as it is shown, with all its namespaces."""
        scope = "" if root in self.index.owner or root in self.lambdas else self.index.scope.get(root, "")
        return name if name.startswith(scope) else f"{scope}{name}"

    def argument_shown(self, text: str) -> str:
        """A template argument; a lambda by its own name, not by its place."""
        closure = self.closures.get(text)
        if closure is None:
            return text
        return self.shown(closure.method)

    def all(self) -> dict[str, str]:
        """The name of each function that was lowered, by its id: as short as tells them apart."""
        if not self.alone:
            return self._names_everywhere()
        found = {root: self.shown(root) for root in self.made}

        def clashing() -> set[str]:
            count: dict[str, int] = {}
            for name in found.values():
                count[name] = count.get(name, 0) + 1
            return {root for root, name in found.items() if count[name] > 1}

        for root in clashing():
            scope = self.index.scope.get(root, "")
            if root not in self.index.owner:
                found[root] = f"{scope}{found[root]}"
        for root in clashing():
            given = ",".join(type_text(part).replace(" ", "") for part in parameters(self.index.functions[root]))
            found[root] += f"({given})"
        for root in clashing():
            found[root] = str(self.index.functions[root].get("mangledName", f"{found[root]}#{root}"))
        return found

    def _names_everywhere(self) -> dict[str, str]:
        """The names of functions, made here or elsewhere, with their namespaces, and their parameters' types where the
        unit declares others of that name: so another unit that sees the declarations has the same."""

        linked: dict[str, set[str]] = {}
        for root in dict.fromkeys(self.index.canonical.values()):
            if "mangledName" in self.index.functions.get(root, {}):
                linked.setdefault(self.whole_name(root, self.shown(root)), set()).add(
                    str(self.index.functions[root]["mangledName"])
                )
        found = {root: self.whole_name(root, self.shown(root)) for root in dict.fromkeys((*self.made, *self.called))}
        for root, name in list(found.items()):
            if len(linked.get(name, ())) > 1:
                given = ",".join(type_text(part).replace(" ", "") for part in parameters(self.index.functions[root]))
                found[root] += f"({given})"
        return found
