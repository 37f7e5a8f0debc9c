"""Things of one kind by name: those of this package, those added in this process, and those that other packages bring.

Each is a module that ends in a ``KIND``, whose ``name`` is its own. A module of this package is found by the table that
the registry is made with, one of another package by an entry point in that package's metadata:

```
[project.entry-points."hls_moe_pipeline.backends"]
acme = "acme_hls.backend:KIND"
```

A name is known without its module being imported.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from pipeline.errors import PipelineError, nearest
from pipeline.last_words import OF_OTHERS

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_GROUPS = "hls_moe_pipeline."


class _Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str:
        """As commands and settings call it."""


T = TypeVar("T", bound=_Named)


def modules_of(package: str) -> dict[str, str]:
    """The modules in a package's folder by their last names, in alphabetical order; nothing is imported but it."""
    spec = find_spec(package)
    assert spec is not None and spec.submodule_search_locations is not None
    return {found.name: f"{package}.{found.name}" for found in pkgutil.iter_modules(spec.submodule_search_locations)}


@lru_cache
def _others_are_there(folders: tuple[str, ...]) -> bool:
    """Whether the metadata of any package in the folders names a group of ours.

    ``importlib.metadata`` takes a tenth of the start of a command to load and to read all of it.
    """
    if any(hasattr(finder, "find_distributions") for finder in sys.meta_path if finder is not PathFinder):
        return True
    lists = (found for folder in folders for found in Path(folder).glob("*.*-info/entry_points.txt"))
    return any(_GROUPS.encode() in found.read_bytes() for found in lists)


class Registry(Generic[T]):
    """The things of one kind.

    Args:
        what: one of them, as messages call it: ``backend``.
        kind: the class that a ``KIND`` is of.
        own: gives the module of each of this package's own, by name.
    """

    def __init__(self, what: str, kind: type[T], own: Callable[[], Mapping[str, str]]) -> None:
        self.what, self._kind, self._of_package = what, kind, own
        self._added: dict[str, T] = {}
        self._warned: set[str] = set()

    @property
    def group(self) -> str:
        """The group of entry points; the name of an entry is that of the thing."""
        return f"{_GROUPS}{self.what}s"

    def register(self, thing: T) -> T:
        """Adds one for this process, in front of any other of its name; a package of its own uses an entry point."""
        self._added[thing.name] = thing
        return thing

    def get(self, name: str) -> T | None:
        """The one of that name, None where nothing has it."""
        return self[name] if name in self else None  # noqa: SIM401 - this is what it would call

    def names(self) -> tuple[str, ...]:
        """The names of all."""
        return tuple(self)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._added, *self._own, *sorted(self._entries))))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self.has_own(name) or name in self._entries)

    def __getitem__(self, name: str) -> T:
        """The one of that name. Raises PipelineError for a name that nothing has, or that its package cannot give."""
        entries = self._entries.get(name, [])
        packages = sorted({entry.dist.name for entry in entries if entry.dist is not None})
        if self.has_own(name):
            if packages and name not in self._warned:
                self._warned.add(name)
                named = " and ".join(packages)
                warnings.warn(
                    f"the {self.what} {name} is not the one of {named}: that name is taken here", stacklevel=2
                )
            return self._added[name] if name in self._added else importlib.import_module(self._own[name]).KIND
        if not entries:
            names = self.names()
            meant = nearest(name, names)
            raise PipelineError(
                f"there is no {self.what} {name[:40]!r}",
                fix=(f"did you mean {meant}? " if meant else "") + f"use one of {', '.join(names)}",
            )
        if len(packages) > 1:
            raise PipelineError(
                f"{' and '.join(packages)} both give the {self.what} {name}",
                fix=f"remove one of them: python -m pip uninstall {packages[1]}",
            )
        return self._loaded(entries[0])

    def called(self, name: str) -> str:
        """What messages call one: ``the backend acme of acme-hls``, without a package where it is none of others."""
        packages = [] if self.has_own(name) else [self._package(entry) for entry in self._entries.get(name, [])]
        return f"the {self.what} {name}" + "".join(f" of {package}" for package in packages[:1])

    def has_own(self, name: str) -> bool:
        """Whether the name is one of this package or of this process, which goes before one of another package."""
        return name in self._added or name in self._own

    @cached_property
    def _own(self) -> Mapping[str, str]:
        return self._of_package()

    @cached_property
    def _entries(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = {}
        if not _others_are_there(tuple(sys.path)):
            return found
        from importlib.metadata import entry_points

        for entry in entry_points(group=self.group):
            found.setdefault(entry.name, []).append(entry)
        return found

    @staticmethod
    def _package(entry: EntryPoint) -> str:
        return entry.dist.name if entry.dist is not None else entry.value

    def _loaded(self, entry: EntryPoint) -> T:
        package, called = self._package(entry), self.called(entry.name)
        try:
            thing = entry.load()
        except (Exception, SystemExit) as error:  # whatever a package of others raises when it is imported
            raise PipelineError(
                f"{called} cannot be loaded: {type(error).__name__}: {error}",
                fix=f"mend or remove that package: python -m pip show {package}",
            ) from error
        if not isinstance(thing, self._kind) or thing.name != entry.name:
            raise PipelineError(
                f"the entry point {entry.name} of {package} is no {self._kind.__name__} of that name",
                fix=f"let {entry.value} be {self._kind.__name__}({entry.name!r}, ...)",
            )
        top = getattr(sys.modules[entry.module.partition(".")[0]], "__file__", None)
        place = Path(top or str(sys.modules[entry.module].__file__))
        OF_OTHERS[called] = str(place.parent if place.name == "__init__.py" else place)
        return thing
