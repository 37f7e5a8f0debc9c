"""The scopes of a text while it is read: what its names, type names and tags mean, innermost first."""

from __future__ import annotations

from pipeline.kernels.c_types import CType
from pipeline.kernels.symbols import Symbol


class Scopes:
    """Objects and functions, types and tags (``struct NAME``) by name, a dictionary a scope."""

    def __init__(self) -> None:
        self.names: list[dict[str, Symbol]] = [{}]
        self.types: list[dict[str, CType]] = [{}]
        self.tags: list[dict[str, CType]] = [{}]
        self.function: str | None = None
        """The function whose body is being read."""

    @property
    def of_file(self) -> bool:
        """Whether no scope is open but that of the file."""
        return len(self.names) == 1

    def open(self) -> None:
        """Begins a scope."""
        self.names.append({})
        self.types.append({})
        self.tags.append({})

    def close(self) -> None:
        """Ends the innermost scope."""
        self.names.pop()
        self.types.pop()
        self.tags.pop()

    def named(self, name: str) -> Symbol | None:
        """The object or function of a name."""
        return next((scope[name] for scope in reversed(self.names) if name in scope), None)

    def type_named(self, name: str) -> CType | None:
        """The type of a type name."""
        return next((scope[name] for scope in reversed(self.types) if name in scope), None)

    def tagged(self, tag: str) -> CType | None:
        """The type of a tag."""
        return next((scope[tag] for scope in reversed(self.tags) if tag in scope), None)
