"""The rooms import only what docs/architecture.md allows, and importing the package stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BELOW_TASKS = {"present", "exploration", "training", "models", "dataset", "estimator", "graphs", "synthesis", "reports",
               "design_space", "kernels", "program", "project", "loop"}  # fmt: skip
MAY_IMPORT = {
    "tasks": BELOW_TASKS,
    "loop": BELOW_TASKS - {"loop", "project", "program"},
    "present": {"dataset"},
    "exploration": {"models", "design_space"},
    "training": {"models", "graphs", "dataset"},
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
GROUND_FLOOR = {"errors", "files", "last_words", "lazy", "resources"}
"""Modules beside the rooms, for all of them."""


def _rooms_imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            module = node.module or ""
            modules = [f"{module}.{alias.name}" for alias in node.names] if module == "pipeline" else [module]
        else:
            continue
        found |= {module.split(".")[1] for module in modules if module.startswith("pipeline.")}
    return found


@pytest.mark.parametrize("room", sorted(p.name for p in (ROOT / "pipeline").iterdir() if (p / "__init__.py").exists()))
def test_a_room_that_reaches_into_another_cannot_be_used_as_a_library(room: str) -> None:
    allowed = MAY_IMPORT[room] | {room, "__version__"} | GROUND_FLOOR
    for file in sorted((ROOT / "pipeline" / room).rglob("*.py")):
        beyond = _rooms_imported(file) - allowed
        assert not beyond, f"{file.relative_to(ROOT)} imports {sorted(beyond)}"


@pytest.mark.parametrize("room", sorted(BELOW_TASKS))
def test_only_the_tasks_know_luigi(room: str) -> None:
    for file in sorted((ROOT / "pipeline" / room).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not {name for name in imported if name.split(".")[0] == "luigi"}, file


def test_every_start_of_a_command_would_be_slow_if_the_package_imported_heavy_libraries() -> None:
    heavy = "('torch', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'numpy', 'lxml', 'luigi', 'pycparser', 'islpy')"
    script = f"import sys, pipeline; print(' '.join(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("does", "loaded"), [("", ""), ("pipeline.tasks.ListKernels(workspace='nowhere').facts()", "lxml")]
)
def test_a_command_loads_only_what_it_uses(does: str, loaded: str) -> None:
    heavy = "('torch', 'pandas', 'pyarrow', 'scipy', 'sklearn', 'numpy', 'lxml', 'pycparser', 'pcpp', 'llvmlite')"
    script = f"import sys, pipeline.tasks; {does}\nprint(' '.join(m for m in {heavy} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert set(done.stdout.split()) <= {loaded}
