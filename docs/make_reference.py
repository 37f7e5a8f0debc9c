"""Writes what follows from the code: reference.md, tables in formats.md, completion, the index and kernel families.

Run ``python docs/make_reference.py`` after a change of tasks, parameters or schemas; a test says when it is needed.
"""

from __future__ import annotations

import inspect
import itertools
import re
from pathlib import Path
from typing import Any

import luigi
import pyarrow as pa

import pipeline.tasks
from pipeline.dataset.schemas import TABLES
from pipeline.design_space.suite_index import INDEX, index_row, index_text
from pipeline.graphs import schema as graph_schema
from pipeline.kernels import Kernel
from pipeline.kernels.families import families_text
from pipeline.kernels.likeness import likeness, terms_of
from pipeline.kernels.suite import find_kernel, suite_names

FOLDER = Path(__file__).resolve().parent
REFERENCE = FOLDER / "reference.md"
FORMATS = FOLDER / "formats.md"
COMPLETION = FOLDER / "examples" / "completion.bash"
SUITE = FOLDER.parent / "kernels"
FAMILIES = FOLDER.parent / "pipeline" / "kernels" / "families.json"
_BETWEEN = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_CHOICES = re.compile(r" Choices: \{.*\}$")
_GRAPH_FIELD = re.compile(r'pa\.field\("(?P<name>\w+)", .*?\),(?:  # (?P<says>.*))?$', re.MULTILINE)


def contents() -> dict[Path, str]:
    """Each generated file with the text that it must have."""
    kernels = [find_kernel(name) for name in suite_names()]
    return {
        REFERENCE: reference(),
        FORMATS: formats(FORMATS.read_text(encoding="utf-8")),
        COMPLETION: completion(),
        SUITE / INDEX: index_text(SUITE, [index_row(kernel) for kernel in kernels]),
        FAMILIES: families(kernels),
    }


def families(kernels: list[Kernel]) -> str:
    """What the suite's kernels share."""
    terms = {kernel.name: terms_of(kernel) for kernel in kernels}
    alike = {pair: likeness(terms[pair[0]], terms[pair[1]]) for pair in itertools.combinations(sorted(terms), 2)}
    return families_text(alike, terms)


def reference() -> str:
    """All tasks and sections of luigi.cfg with their parameters."""
    lines = [
        "# Tasks and parameters",
        "",
        "Made from the code by `docs/make_reference.py`. `luigi --module pipeline TASK --help` says the same. Every",
        "parameter can also be set in `luigi.cfg`, in a section with the task's name and with `_` for `-`.",
        "",
    ]
    shared = _shared()
    lines += ["All tasks take:", "", *_parameters(shared), ""]
    for task in pipeline.tasks.COMMANDS:
        own = {name: one for name, one in _all(task).items() if name not in shared}
        lines += [f"## {task.__name__}", "", _sentence(task), ""]
        writes = _writes(task)
        if writes:
            lines += [f"Writes: {writes}", ""]
        if own:
            lines += [*_parameters(own), ""]
    lines += ["## Sections of luigi.cfg", ""]
    for section in (pipeline.tasks.vitis, pipeline.tasks.farm, pipeline.tasks.reading):
        lines += [f"### [{section.__name__}]", "", _sentence(section), ""]
        lines += [*_parameters(_all(section), flag=""), ""]
    return "\n".join(lines).rstrip() + "\n"


def _shared() -> dict[str, Any]:
    """The parameters that every task has."""
    from pipeline.tasks.base import PipelineTask

    return _all(PipelineTask)


def _all(task: type[luigi.Task]) -> dict[str, Any]:
    """A task's parameters by name, in luigi's order."""
    return dict(task.get_params())  # type: ignore[no-untyped-call]


def _sentence(thing: type) -> str:
    return " ".join((inspect.getdoc(thing) or "").split("\n\n")[0].split()).replace("``", "`")


def _writes(task: type) -> str:
    """The first sentence of the docstring of ``output``, where the task has one of its own that names a place."""
    said = " ".join((inspect.getdoc(getattr(task, "output", None)) or "").split())
    return said.replace("``", "`") if said.startswith("``") else ""


def _parameters(parameters: dict[str, Any], flag: str = "--") -> list[str]:
    lines = ["| parameter | default | meaning |", "|---|---|---|"]
    for name, one in parameters.items():
        shown = name.replace("_", "-") if flag else name
        # luigi appends the choices of a choice parameter to its description, as a set in any order.
        meaning = " ".join(_CHOICES.sub("", one.description or "").split()).replace("|", "\\|")
        if isinstance(one, luigi.ChoiceParameter):
            meaning += f" (`{'`, `'.join(sorted(one._choices))}`)"
        lines.append(f"| `{flag}{shown}` | {_default(one)} | {meaning} |")
    return lines


def _default(one: Any) -> str:
    if one._default is luigi.parameter._no_value:
        return "needed"
    value = one._default
    return "" if value in ("", None, ()) else f"`{value}`"


def formats(text: str) -> str:
    """The text of formats.md with the parts between marks made anew."""
    parts = {"tables": _tables(), "nodes": _graph_table("NODES"), "edges": _graph_table("EDGES")}
    return _BETWEEN.sub(lambda match: match.group(1) + "\n" + parts[match.group(2)] + "\n" + match.group(3), text)


def _tables() -> str:
    lines: list[str] = []
    for spec in TABLES.values():
        lines += [f"### {spec.name}", "", f"Sorted by {', '.join(spec.key)}, which is unique.", ""]
        lines += ["| column | type | null | meaning |", "|---|---|---|---|"]
        for field in spec.schema:
            meaning = (field.metadata or {}).get(b"description", b"").decode().replace("|", "\\|")
            lines.append(f"| `{field.name}` | {field.type} | {'yes' if field.nullable else ''} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _graph_table(name: str) -> str:
    schema: pa.Schema = getattr(graph_schema, name)
    source = inspect.getsource(graph_schema).split(f"{name} = pa.schema(")[1].split("\n)\n")[0]
    says = {match["name"]: match["says"] or "" for match in _GRAPH_FIELD.finditer(source)}
    lines = ["| column | type | null | meaning |", "|---|---|---|---|"]
    for field in schema:
        lines.append(f"| `{field.name}` | {field.type} | {'yes' if field.nullable else ''} | {says[field.name]} |")
    return "\n".join([*lines, ""])


def completion() -> str:
    """A completion script for bash: tasks, then the parameters of the task that is named."""
    cases = []
    for task in pipeline.tasks.COMMANDS:
        flags = " ".join(f"--{name.replace('_', '-')}" for name in _all(task))
        cases.append(f"        {task.__name__}) words='{flags}' ;;")
    names = " ".join(task.__name__ for task in pipeline.tasks.COMMANDS)
    return f"""# Completion of tasks and parameters in bash: source docs/examples/completion.bash
# Made from the code by docs/make_reference.py.
_hls_pipeline() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} words='{names}' word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case $word in
{chr(10).join(cases)}
        esac
    done
    case ${{COMP_WORDS[COMP_CWORD-1]}} in
        --kernels|--path|--space|--settings) COMPREPLY=($(compgen -f -- "$current")) ;;
        --kernel) COMPREPLY=($(compgen -W "$(ls kernels 2>/dev/null)" -- "$current") $(compgen -f -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    esac
}}
complete -F _hls_pipeline luigi hls-pipeline
"""


def main() -> None:
    """Writes all of it."""
    for path, text in contents().items():
        path.write_text(text, encoding="utf-8")
        print(path)


if __name__ == "__main__":
    main()
