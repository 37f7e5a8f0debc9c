"""AutoDSE's ``ds_config.json`` (``ds_info.json``): options as Python list comprehensions, parsed and never run.

    {"design-space.definition": {"__PARA__L0": {
        "options": "[x for x in [1,2,4,8] if x==1 or __TILE__L0==1 and __PIPE__L0!='flatten']",
        "default": 1, "ds_type": "PARALLEL", "order": "0 if x&(x-1)==0 else 1"}, ...}, ...}

The definition may also stand under ``{"design-space": {"definition": ...}}`` or be the whole object. Other settings
of the file (search, time limits) are no part of the space. Format: AutoDSE (Sohrabizadeh et al., ACM TODAES 27, 2022),
github.com/UCLA-VAST/AutoDSE.
"""

from __future__ import annotations

import ast
import json
from typing import Any

from pipeline.design_space.rules import (
    TRUE,
    Const,
    Name,
    Rule,
    Undefined,
    all_of,
    any_of,
    compare,
    parse_expression,
    rule_from_ast,
)
from pipeline.design_space.space import MAX_CANDIDATES, DesignSpace, SiteSpace
from pipeline.errors import PipelineError
from pipeline.terms import SiteKind

_KINDS = {
    "PARALLEL": SiteKind.PARALLEL,
    "PIPELINE": SiteKind.PIPELINE,
    "TILING": SiteKind.TILE,
    "TILE": SiteKind.TILE,
}
_TYPES = {SiteKind.PARALLEL: "PARALLEL", SiteKind.PIPELINE: "PIPELINE", SiteKind.TILE: "TILING"}
_FLAT = "design-space.definition"


def read_autodse(text: str, *, file: str | None = None) -> DesignSpace:
    """The design space of an AutoDSE configuration; raises :class:`PipelineError` naming the site for anything else."""
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except _Twice as error:
        raise PipelineError(f"the entry '{error}' stands twice", file=file, fix="keep one") from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(f"not an AutoDSE configuration: {error}", file=file, fix="give a JSON file") from None
    definition = _definition(data, file)
    sites = [_read_site(name, entry, file) for name, entry in definition.items()]
    try:
        return DesignSpace(sites, source="AutoDSE configuration")
    except PipelineError as error:
        raise PipelineError(error.problem, file=file, fix=error.fix) from None


def write_autodse(space: DesignSpace) -> str:
    """The space as an AutoDSE configuration; ``read_autodse`` gives an equal space."""
    taken = set(space.names)
    variable = next(
        name for name in ("x", "value", *(f"x{number}" for number in range(len(taken) + 1))) if name not in taken
    )
    definition = {}
    for site in space.sites:
        options = ",".join(repr(value) for value in site.values)
        condition = "" if site.rule == TRUE else f" if {site.rule.substitute({site.name: Name(variable)})}"
        entry: dict[str, Any] = {
            "options": f"[{variable} for {variable} in [{options}]{condition}]",
            "default": site.default,
            "ds_type": _TYPES[site.kind],
        }
        if site.order is not None:
            entry["order"] = site.order
        definition[site.name] = entry
    return json.dumps({_FLAT: definition}, indent=2) + "\n"


class _Twice(Exception):
    """A name stands twice in one JSON object."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Twice(key[:80])
        result[key] = value
    return result


def _definition(data: object, file: str | None) -> dict[str, Any]:
    definition = data
    if isinstance(data, dict):
        if _FLAT in data:
            definition = data[_FLAT]
        elif isinstance(data.get("design-space"), dict) and "options" not in data["design-space"]:
            definition = data["design-space"].get("definition")
        elif isinstance(data.get("definition"), dict) and "options" not in data["definition"]:
            definition = data["definition"]
    if not isinstance(definition, dict) or not definition:
        raise PipelineError(
            "no design space definition found", file=file, fix=f"give the sites under '{_FLAT}', NAME to options"
        )
    return definition


def _read_site(name: str, entry: object, file: str | None) -> SiteSpace:
    if not isinstance(entry, dict):
        raise PipelineError(f"site {name[:80]} is no object with options", file=file)
    for key in ("options", "default"):
        if key not in entry:
            raise PipelineError(f"site {name[:80]} has no '{key}'", file=file, fix="give options, default and ds_type")
    values, rule = _read_options(name, entry["options"], file)
    order = entry.get("order")
    default = entry["default"]
    if not isinstance(default, int | str):
        raise PipelineError(f"site {name}: the default {default!r} is neither a whole number nor text", file=file)
    kind = _kind(name, entry.get("ds_type"), values, file)
    return SiteSpace(name, kind, values, default, rule, order if isinstance(order, str) else None)


def _kind(name: str, ds_type: object, values: tuple[int | str, ...], file: str | None) -> SiteKind:
    if ds_type is None:
        # AutoDSE lets ds_type be absent; its generator puts the kind into the name.
        for part, kind in (("PARA", SiteKind.PARALLEL), ("PIPE", SiteKind.PIPELINE), ("TILE", SiteKind.TILE)):
            if part in name.upper():
                return kind
        if any(isinstance(value, str) for value in values):
            return SiteKind.PIPELINE
    elif isinstance(ds_type, str) and ds_type.upper() in _KINDS:
        return _KINDS[ds_type.upper()]
    raise PipelineError(
        f"site {name}: the ds_type {ds_type!r} is none of {', '.join(_KINDS)}", file=file, fix="give one of these"
    )


def _read_options(name: str, options: object, file: str | None) -> tuple[tuple[int | str, ...], Rule]:
    place = f"options of {name}"
    if isinstance(options, list):
        return tuple(options), TRUE
    if not isinstance(options, str):
        raise PipelineError(f"{place} are neither text nor a list", file=file)
    tree = parse_expression(options, file=file, place=place)
    if not isinstance(tree, ast.ListComp):
        return _unrepeated(_items(tree, place, file)), TRUE
    if len(tree.generators) != 1 or tree.generators[0].is_async:
        raise PipelineError(f"{place}: more than one 'for'", file=file, fix="write [x for x in [...] if ...]")
    loop = tree.generators[0]
    if not isinstance(loop.target, ast.Name):
        raise PipelineError(f"{place}: the variable of the comprehension is no name", file=file)
    variable = loop.target.id
    candidates = _items(loop.iter, place, file)
    condition = all_of(*(rule_from_ast(test, file=file, place=place) for test in loop.ifs))
    element = rule_from_ast(tree.elt, file=file, place=place)
    if element == Name(variable):
        return _unrepeated(candidates), condition.substitute({variable: Name(name)})
    return _mapped(name, variable, candidates, element, condition, place, file)


def _mapped(
    name: str,
    variable: str,
    candidates: list[int | str],
    element: Rule,
    condition: Rule,
    place: str,
    file: str | None,
) -> tuple[tuple[int | str, ...], Rule]:
    """Options such as ``[2**x for x in range(7) if ...]``: the condition is stated per value of the element."""
    if element.names() - {variable}:
        raise PipelineError(f"{place}: the element {element} reads other names than {variable}", file=file)
    values: list[int | str] = []
    cases: list[Rule] = []
    for candidate in candidates:
        try:
            value = element.evaluate({variable: candidate})
        except Undefined as error:
            raise PipelineError(f"{place}: {element} has no answer for {candidate!r} ({error})", file=file) from None
        if isinstance(value, bool | float):
            raise PipelineError(f"{place}: {element} gives {value!r}, no whole number or text", file=file)
        values.append(value)
        if condition != TRUE:
            here = compare(Name(name), "==", Const(value))
            cases.append(all_of(here, condition.substitute({variable: Const(candidate)})))
    return _unrepeated(values), any_of(*cases) if cases else TRUE


def _items(tree: ast.expr, place: str, file: str | None) -> list[int | str]:
    """The values of a list, a tuple, a set, ``range(...)``, ``list(...)``, or a sum of these."""
    if isinstance(tree, ast.List | ast.Tuple | ast.Set):
        rules = [rule_from_ast(item, file=file, place=place) for item in tree.elts]
        values = [rule.value if isinstance(rule, Const) else None for rule in rules]
        whole = [value for value in values if isinstance(value, int | str) and not isinstance(value, bool)]
        if len(whole) != len(values):
            raise PipelineError(f"{place}: a candidate is neither a whole number nor text", file=file)
        return whole
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        items: list[int | str] = []
        # A long sum leans to the left: walked, not recursed into.
        parts: list[ast.expr] = []
        node: ast.expr = tree
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts.append(node.right)
            node = node.left
        for part in (node, *reversed(parts)):
            if isinstance(part, ast.BinOp):
                break
            items += _items(part, place, file)
        else:
            return items
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.keywords:
        if tree.func.id in ("list", "tuple", "sorted") and len(tree.args) == 1:
            inner = _items(tree.args[0], place, file)
            return inner if tree.func.id != "sorted" else _sorted(inner, place, file)
        if tree.func.id == "range" and 1 <= len(tree.args) <= 3:
            numbers = _items(ast.List(elts=tree.args), place, file)
            bounds = [number for number in numbers if isinstance(number, int)]
            if len(bounds) == len(numbers) and (len(bounds) < 3 or bounds[2] != 0):
                found = range(*bounds)
                if len(found) <= MAX_CANDIDATES:
                    return list(found)
    raise PipelineError(
        f"{place}: the candidates are no list of values", file=file, fix="write [x for x in [...] if ...]"
    )


def _sorted(items: list[int | str], place: str, file: str | None) -> list[int | str]:
    numbers = [item for item in items if isinstance(item, int)]
    if len(numbers) != len(items):
        raise PipelineError(f"{place}: text cannot be sorted with numbers", file=file)
    return [*sorted(numbers)]


def _unrepeated(values: list[int | str]) -> tuple[int | str, ...]:
    return tuple(dict.fromkeys(values))
