"""Which module of the package imports which, by reading the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

HEAVY = frozenset(
    {"dask", "dask_jobqueue", "distributed", "duckdb", "islpy", "jinja2", "lightning", "llvmlite",
      "lxml", "matplotlib", "numpy", "pandas", "plotly", "pyarrow", "pycparser", "pymoo", "safetensors",
     "scipy", "sklearn", "tenacity", "tensorboard", "torch", "torch_geometric", "tqdm", "ziglang"}
)  # fmt: skip
"""Packages whose loading a command can feel: these, and modules of ours that load them, may stand in functions."""
SLOW = frozenset(
    {f"pipeline.{name}" for name in
     ("dataset.labelled", "dataset.published_record", "design_space.rules", "present.charts", "present.descriptions",
      "present.graph_page", "project.compiler", "project.opened", "reports.report", "synthesis.design_names",
      "synthesis.executors.run_all", "synthesis.layout")}
)  # fmt: skip
"""Modules of ours that a command can feel by themselves: with what they load each takes 5 to 40 of the 500 ms that
``ListKernels`` takes. They, and modules that load them, may stand in functions too."""


@dataclass
class Imports:
    """What a module imports: at its top, for types alone, and within functions with the line."""

    top: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)
    within: list[tuple[int, str]] = field(default_factory=list)


class Package:
    """All modules of the package. What stands under TYPE_CHECKING is nothing that happens."""

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        found = {}
        for file in sorted((ROOT / "pipeline").rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(file.read_text("utf-8"))
        return found

    @cached_property
    def lazy(self) -> dict[str, dict[str, str]]:
        """The module that each name of a package's lazy imports comes from."""
        return {
            module: {
                name.asname or name.name: line.module or ""
                for block in tree.body
                if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING" and block.orelse
                for line in block.body
                if isinstance(line, ast.ImportFrom)
                for name in line.names
            }
            for module, tree in self.trees.items()
        }

    @cached_property
    def imports(self) -> dict[str, Imports]:
        # The package itself imports its tasks only where luigi has been loaded already.
        return {module: self._read(tree) for module, tree in self.trees.items() if module != "pipeline"}

    def _read(self, tree: ast.Module) -> Imports:
        found = Imports()
        waiting: list[tuple[ast.AST, bool]] = [(tree, False)]
        while waiting:
            node, within = waiting.pop()
            if isinstance(node, ast.Import | ast.ImportFrom):
                for target in self._targets(node):
                    if within:
                        found.within.append((node.lineno, target))
                    else:
                        found.top.add(target)
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                # With another branch they are the names that a package loads when they are used.
                lines = [] if node.orelse else node.body
                found.types.update(t for line in lines if isinstance(line, ast.ImportFrom) for t in self._targets(line))
                continue
            inside = within or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            waiting += [(child, inside) for child in ast.iter_child_nodes(node)]
        return found

    def _targets(self, node: ast.Import | ast.ImportFrom) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
            return
        for name in node.names:
            whole = f"{node.module}.{name.name}"
            yield whole if whole in self.trees else self._defined_in(node.module or "", name.name)

    def _defined_in(self, module: str, name: str) -> str:
        """Where a name of a module comes from, through the packages that load it when it is used."""
        while (behind := self.lazy.get(module, {}).get(name)) is not None:
            module = behind
        return module

    def named(self) -> dict[str, set[str]]:
        """By module all that its text imports, for types and within functions too, and the means to import by name."""
        found: dict[str, set[str]] = {}
        for module, tree in self.trees.items():
            names = found.setdefault(module, set())
            for node in ast.walk(tree):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    assert node.level == 0, f"{module}: relative import"
                    names |= {f"{node.module}.{alias.name}" for alias in node.names}
                elif getattr(node, "attr", getattr(node, "id", "")) in ("import_module", "__import__"):
                    names.add("importlib.import_module")
        return found

    def loads(self, module: str) -> set[str]:
        """Every module that is loaded when one is imported, with the packages around them."""
        seen: set[str] = set()
        waiting = [module]
        while waiting:
            one = waiting.pop()
            if one in seen:
                continue
            seen.add(one)
            waiting += self.imports[one].top if one in self.imports else ()
            if one.startswith("pipeline."):
                waiting.append(one.rpartition(".")[0])
        return seen

    def is_heavy(self, module: str) -> bool:
        """Whether importing it loads one of the heavy packages, or what is slow of ours."""
        return any(one in SLOW or one.split(".")[0] in HEAVY for one in self.loads(module))

    def light_within(self) -> dict[str, list[str]]:
        """By room, imports within functions that would cost nothing at the top."""
        found: dict[str, list[str]] = {}
        for module, imports in self.imports.items():
            for line, target in sorted(set(imports.within)):
                if target.startswith("pipeline") and not self.is_heavy(target):
                    found.setdefault(module.split(".")[1], []).append(f"{module}:{line} {target}")
        return found

    def circles(self) -> list[list[str]]:
        """Modules that import each other, for types and within functions too: each circle sorted."""
        graph = {
            module: {*imports.top, *imports.types, *(t for _, t in imports.within)} & self.imports.keys() - {module}
            for module, imports in self.imports.items()
        }
        reach = {module: _reached(graph, module) for module in graph}
        together = {
            module: tuple(sorted({module} | {other for other in reach[module] if module in reach[other]}))
            for module in graph
        }
        return sorted(list(circle) for circle in set(together.values()) if len(circle) > 1)

    def public_classes(self) -> dict[str, list[str]]:
        """The modules that define a public class of each name."""
        found: dict[str, list[str]] = {}
        for module, tree in self.trees.items():
            waiting: list[ast.AST] = [tree]
            while waiting:
                for node in ast.iter_child_nodes(waiting.pop()):
                    if isinstance(node, ast.ClassDef):
                        if not node.name.startswith("_"):
                            found.setdefault(node.name, []).append(module)
                    elif isinstance(node, ast.stmt | ast.excepthandler) and not hasattr(node, "args"):
                        waiting.append(node)
        return found


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
