"""The rooms import only what docs/architecture.md allows, and importing the package stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.terms import Dialect, SiteKind
from tests.imports import Package

ROOT = Path(__file__).resolve().parents[1]
BELOW_TASKS = {"present", "exploration", "training", "models", "dataset", "estimator", "graphs", "synthesis", "reports",
               "design_space", "kernels", "program", "project", "loop", "workspace"}  # fmt: skip
MAY_IMPORT = {
    "": {"tasks"},
    "__main__": {"tasks"},
    "tasks": BELOW_TASKS,
    "workspace": {"present", "synthesis"},
    "loop": BELOW_TASKS - {"loop", "program", "workspace"},
    "present": {"dataset"},
    "exploration": {"models", "design_space", "kernels"},
    "training": {"models", "graphs", "dataset", "kernels"},
    "models": set(),
    "dataset": {"kernels", "design_space", "reports"},
    "estimator": {"kernels", "program", "design_space", "graphs", "reports"},
    "graphs": {"kernels", "program", "project"},
    "synthesis": {"kernels", "program", "project", "design_space", "reports", "estimator"},
    "reports": set(),
    "design_space": {"kernels"},
    "kernels": {"program", "project"},
    "program": {"project"},
    "project": set(),
}
GROUND_FLOOR = {"before_luigi", "errors", "files", "last_words", "lazy", "registry", "resources", "terms"}
"""Modules beside the rooms, for all of them and of each other alone."""
KNOW_LUIGI = {"", "__main__", "tasks"}
BY_NAME = {"pipeline.before_luigi", "pipeline.lazy", "pipeline.registry", "pipeline.synthesis.executors.dask"}
"""Modules that import what a text names: what is behind a lazy name or in a registry, and what dask needs."""


@pytest.fixture(scope="module")
def package() -> Package:
    return Package()


def test_every_module_imports_only_what_its_room_may_and_only_the_tasks_know_luigi(package: Package) -> None:
    beyond = []
    for module, names in package.named().items():
        room = module.partition(".")[2].partition(".")[0]
        allowed = GROUND_FLOOR | (set() if room in GROUND_FLOOR else MAY_IMPORT[room] | {room, "__version__"})
        for name in names:
            top, place = [*name.split("."), ""][:2]
            if (top == "pipeline" and place not in allowed) or (top == "luigi" and room not in KNOW_LUIGI):
                beyond.append(f"{module} imports {name}")
    assert beyond == []


def test_the_clock_is_read_by_tasks_and_where_runs_are_waited_for(package: Package) -> None:
    reads = {module for module, names in package.named().items() if any(name.split(".")[0] == "time" for name in names)}
    waits = ("pipeline.tasks.", "pipeline.synthesis.vitis.", "pipeline.synthesis.executors.")
    assert [module for module in sorted(reads) if not module.startswith(waits)] == []


def test_no_import_hides_from_who_reads_the_sources(package: Package) -> None:
    names = package.named()
    assert [module for module, found in names.items() if any(name.endswith(".*") for name in found)] == []
    assert {module for module, found in names.items() if "importlib.import_module" in found} <= BY_NAME
    folders = {file.parent for file in (ROOT / "pipeline").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_start_of_a_command_would_be_slow_if_the_package_imported_heavy_libraries() -> None:
    heavy = "('torch', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'numpy', 'lxml', 'luigi', 'pycparser', 'islpy')"
    script = f"import sys, pipeline; print(' '.join(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("does", ["pass", "pipeline.tasks.ListKernels(workspace='nowhere').facts()"])
def test_a_command_loads_only_what_it_uses(does: str) -> None:
    heavy = {"torch", "pandas", "pyarrow", "scipy", "sklearn", "numpy", "lxml", "pycparser", "llvmlite", "attr",
             "urllib3", "tornado", "asyncio", "importlib.metadata"}  # fmt: skip
    start = "import sys; from pipeline.before_luigi import start_quickly; start_quickly(); import pipeline.tasks"
    # What luigi has been given to load when it needs it is whole by then.
    used = "import jsonschema, luigi.rpc; jsonschema.Draft4Validator({}); luigi.rpc.RequestsFetcher()"
    script = f"{start}; {does}; print(*sys.modules); {used}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not heavy & set(done.stdout.split())


LIGHT_WITHIN = {"__main__": 5}
"""Imports within functions that could stand at the top, by room: the start itself settles the streams first."""
KEPT_FOR_TASKS = {"Status", "Compare"}
"""Names of commands, which no class below the tasks takes."""


RECURSIVE = [
    [f"pipeline.program.cpp.{name}" for name in ("algorithm_loops", "expressions", "statements", "unit", "vendor")]
]
"""What lowers C++: an expression may hold statements (of a lambda), calls, loops of the library's
algorithms and operators of the vendor's types."""


def test_no_module_imports_one_that_imports_it_in_turn_not_even_for_its_types(package: Package) -> None:
    assert package.circles() == RECURSIVE


def test_only_what_loads_a_heavy_package_is_imported_within_a_function(package: Package) -> None:
    for room, light in package.light_within().items():
        assert len(light) <= LIGHT_WITHIN.get(room, 0), "move to the top: " + "; ".join(light)


def test_a_public_class_has_a_name_of_its_own(package: Package) -> None:
    classes = package.public_classes()
    assert {name: modules for name, modules in classes.items() if len(modules) > 1} == {}
    taken = {module for name in KEPT_FOR_TASKS for module in classes.get(name, ())}
    assert not {module for module in taken if not module.startswith("pipeline.tasks.")}


def test_kinds_of_sites_and_dialects_are_written_as_enumerations(package: Package) -> None:
    """But for AutoDSE's files, whose words are its own; ``hls`` is a word of others too."""
    kinds, dialects = {one.value for one in SiteKind}, {Dialect.MERLIN.value, Dialect.VITIS_PLAIN.value}
    found = []
    for module, tree in package.trees.items():
        if module in ("pipeline.terms", "pipeline.design_space.autodse"):
            continue
        for node in ast.walk(tree):
            compared = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
            texts = {getattr(one, "value", None) for one in compared if isinstance(one, ast.Constant)}
            if texts & dialects or (isinstance(node, ast.Constant) and node.value in kinds):
                found.append(f"{module}: {ast.unparse(node)}")
    assert found == []


def test_who_reads_the_imports_sees_circles_lazy_names_and_what_stands_within_functions() -> None:
    package = Package()
    package.trees = {
        name: ast.parse(text)
        for name, text in {
            "pipeline.a": "from pipeline.b import x\nimport numpy\n",
            "pipeline.b": "def f():\n    from pipeline.c import Y\n    import pipeline.d\n",
            "pipeline.c": "if TYPE_CHECKING:\n    from pipeline.a import Y\nelse:\n    lazy()\n",
            "pipeline.f": "from pipeline.g import x\n",
            "pipeline.g": "if TYPE_CHECKING:\n    from pipeline.f import x\n",
            "pipeline.d": "import importlib\nclass K: ...\ndef f():\n    importlib.import_module('pipeline.a')\n",
            "pipeline.e": "from x import *\nif TYPE_CHECKING:\n    from pipeline.a import x\nelse:\n    class K: ...\n",
        }.items()
    }
    assert package.circles() == [["pipeline.a", "pipeline.b"], ["pipeline.f", "pipeline.g"]]
    assert package.light_within() == {"b": ["pipeline.b:3 pipeline.d"]}, "a loads numpy"
    assert package.public_classes() == {"K": ["pipeline.d", "pipeline.e"]}
    assert package.named()["pipeline.d"] == {"importlib", "importlib.import_module"}
    assert package.named()["pipeline.e"] == {"x.*", "pipeline.a.x"}
