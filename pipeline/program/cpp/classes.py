"""Questions to classes: what they derive from, which methods others stand in for, which are handed over as values."""

from __future__ import annotations

from contextlib import suppress

from pipeline.program.cpp.index import Index, Node, Record, type_text
from pipeline.program.cpp.library_members import is_stream
from pipeline.program.cpp.nodes import inner
from pipeline.program.cpp.types import CppType, Unreadable

_SMALL = 8
"""A class of at most so many plain members is handed over as a value where a constant reference asks for it."""


class Classes:
    """The classes of a unit."""

    def __init__(self, index: Index) -> None:
        self.index = index

    def is_destroyed(self, kind: CppType, depth: int = 0) -> bool:
        """Whether a destructor with a body runs when an object of a type goes."""
        while kind.kind == "array" and kind.to is not None:
            kind = kind.to
        record = self.index.records.get(kind.name) if kind.kind == "record" else None
        if record is None or depth > 20:
            return False
        for name, owner in self.index.owner.items():
            if owner is record and self.index.functions[name]["kind"] == "CXXDestructorDecl":
                body = self.index.definitions.get(self.index.canonical[name])
                if body is not None and any(inner(part) for part in inner(body) if part.get("kind") == "CompoundStmt"):
                    return True
        below = [*record.bases, *(type_text(field) for field in record.fields)]
        with suppress(Unreadable):
            return any(self.is_destroyed(self.index.types.read(text), depth + 1) for text in below)
        return False

    def _namesakes(self, name: str, owners: list[Record]) -> list[Node]:
        """The methods of some classes with the name and the parameters of a method."""
        wanted = self.index.functions[name]
        return [
            node
            for other, node in self.index.functions.items()
            if node.get("name") == wanted.get("name")
            and any(self.index.owner.get(other) is owner for owner in owners)
            and str(node["type"]["qualType"]).partition(" (")[2] == str(wanted["type"]["qualType"]).partition(" (")[2]
        ]

    def bases(self, record: Record, depth: int = 0) -> list[Record]:
        """The classes that a class derives from, directly or not."""
        found: list[Record] = []
        for text in record.bases if depth < 20 else ():
            with suppress(Unreadable):
                base = self.index.records.get(self.index.types.read(text).name)
                found += [base, *self.bases(base, depth + 1)] if base is not None else []
        return found

    def is_virtual(self, name: str) -> bool:
        """Whether a method is virtual, by its own word or by that of a class below."""
        owner = self.index.owner.get(name)
        if self.index.functions[name].get("virtual"):
            return True
        if owner is None or not owner.bases:
            return False
        return any(node.get("virtual") for node in self._namesakes(name, self.bases(owner)))

    def is_overridden(self, name: str) -> bool:
        """Whether a class that derives from a method's own has another one in its place."""
        owner = self.index.owner.get(name)
        derived = [
            record for record in self.index.records.values() if owner is not None and owner in self.bases(record)
        ]
        return bool(self._namesakes(name, derived))

    def small(self, kind: CppType) -> bool:
        """Whether a class is handed over as a value where a constant reference to it is asked for."""
        record = self.index.records.get(kind.name)
        if record is None:
            return not is_stream(kind) and kind.name.startswith(
                ("hls::axis<", "hls::vector<", "std::complex", "hls::x_complex")
            )
        if record.bases or record.union or len(record.fields) > _SMALL:
            return False
        try:
            return all(self.index.types.read(type_text(field)).scalar for field in record.fields)
        except Unreadable:
            return False
