"""A program graph as one page: loop nest, sites, blocks and arrays as a drawing, instructions on demand.

The page is one HTML file without anything from a network. The drawing and all lists stand in it as they are; a short
script only highlights what belongs together and opens the list of a block that is clicked.
"""

from __future__ import annotations

import html
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.files import made_whole
from pipeline.present.linker_names import readable
from pipeline.present.templates import asset, rendered

Row = dict[str, Any]

MAX_INSTRUCTIONS = 6000
"""Instructions listed on a page; the tables have them all."""
MAX_BLOCKS = 600
"""Blocks drawn per function; beyond, loops alone are drawn."""
MAX_FUNCTIONS = 80
MAX_OPEN = 24
"""Graphs of more blocks than this show the lists of blocks folded."""

_WIDTH, _LEFT, _NEST_RIGHT, _ARRAY_LEFT, _ARRAY_RIGHT = 1180, 70, 800, 930, 1160
_ROW, _LOOP_ROW, _CHIP_ROW, _GAP, _INDENT, _ARRAY_HEIGHT = 26, 28, 24, 6, 30, 44
_LINKED = re.compile(r"\b_Z\w+")
_TEXT = 6.9
"""Advance of the drawing's monospaced 11.5 px type."""


def graph_page(nodes: Any, edges: Any, *, title: str) -> str:
    """The page of one graph.

    ``nodes`` and ``edges`` are the graph's tables (pyarrow, in the schema of program graphs); ``title`` is the kernel's
    name. The same tables give the same text.
    """
    view = _View(nodes.to_pylist(), edges.to_pylist())
    counts = {**view.kinds, "function": len(view.functions)}
    return rendered(
        "graph_page.html",
        title=title,
        style=asset("graph_page.css"),
        script=asset("graph_page.js"),
        facts=[(counts.get(name, 0), name) for name in ("function", "loop", "site", "array", "block", "instruction")],
        sections=[_section(view, function) for function in view.functions[:MAX_FUNCTIONS]],
        hidden=len(view.functions) - MAX_FUNCTIONS,
        most_accesses=MAX_BLOCKS,
    )


def write_graph_page(path: Path, nodes: Any, edges: Any, *, title: str) -> Path:
    """Writes :func:`graph_page` to a file, which appears whole or not at all."""
    text = graph_page(nodes, edges, title=title)
    with made_whole(path) as aside:
        aside.write_text(text, encoding="utf-8", newline="\n")
    return path


class _View:
    """The rows of the tables, by what the page asks for."""

    def __init__(self, nodes: list[Row], edges: list[Row]) -> None:
        self.nodes = nodes
        self.kinds = Counter(node["kind"] for node in nodes)
        self.functions = [n for n in nodes if n["kind"] == "function" and n["role"] != "external"]
        self.loops: dict[str, list[Row]] = defaultdict(list)
        self.blocks: dict[str, list[Row]] = defaultdict(list)
        self.members: dict[int, list[Row]] = defaultdict(list)
        self.sites: dict[int, list[Row]] = defaultdict(list)
        self.arrays: dict[str, list[Row]] = defaultdict(list)
        for node in nodes:
            match node["kind"]:
                case "loop":
                    self.loops[node["function"]].append(node)
                case "block":
                    self.blocks[node["function"]].append(node)
                case "instruction":
                    self.members[node["block"]].append(node)
                case "site":
                    self.sites[node["loop"]].append(node)
                case "array" if node["function"]:
                    self.arrays[node["function"]].append(node)
        self.successors: dict[int, list[int]] = defaultdict(list)
        self.accesses: dict[int, list[Row]] = defaultdict(list)
        self.strides: dict[int, list[Row]] = defaultdict(list)
        self.bindings: dict[int, list[int]] = defaultdict(list)
        used: dict[str, set[int]] = defaultdict(set)
        names: dict[str | None, str] = {}
        for edge in edges:
            match edge["kind"]:
                case "successor":
                    self.successors[edge["source"]].append(edge["target"])
                case "access":
                    self.accesses[edge["source"]].append(edge)
                    array = nodes[edge["target"]]
                    if array["function"] is None:
                        used[nodes[edge["source"]]["function"]].add(array["id"])
                case "index":
                    self.strides[edge["source"]].append(edge)
                case "call":
                    names[nodes[edge["source"]]["detail"]] = nodes[edge["target"]]["name"]
                case "binding":
                    self.bindings[edge["source"]].append(edge["target"])
        for function, globals_used in used.items():
            self.arrays[function] += [nodes[i] for i in sorted(globals_used)]
        for member in (node for members in self.members.values() for node in members):
            # Instructions call C++ functions by the linker's names, as _ZN3dsp3dotEPi.
            member |= {name: _readable(member[name], names) for name in ("detail", "text")}
        self.listed = 0


@dataclass
class _Drawing:
    """Shapes of one function's drawing and where its blocks and arrays stand."""

    shapes: list[str] = field(default_factory=list)
    row_of: dict[int, tuple[float, float]] = field(default_factory=dict)
    """Block id to left edge and middle of its row."""
    right_of: dict[int, float] = field(default_factory=dict)
    y: float = 8


def _section(view: _View, function: Row) -> dict[str, Any]:
    """What the page says of one function."""
    name = function["name"]
    return {
        "function": function,
        "drawing": _draw(view, name),
        "accesses": list(itertools.islice(_accesses(view, name), MAX_BLOCKS + 1)),
        "passed": [
            f"{array['name']} \u2192 {view.nodes[other]['function']}.{view.nodes[other]['name']}"
            for array in view.arrays[name]
            for other in dict.fromkeys(view.bindings[array["id"]])
        ],
        "blocks": list(_blocks(view, name)),
        "open": view.kinds["block"] <= MAX_OPEN,
        "linked": len(view.blocks[name]) <= MAX_BLOCKS,
    }


# The drawing
# -----------------------------------------------------------------------------------------------------------


def _draw(view: _View, function: str) -> str:
    blocks, loops, arrays = view.blocks[function], view.loops[function], view.arrays[function]
    if not blocks and not loops:
        return ""
    drawing = _Drawing()
    with_blocks = len(blocks) <= MAX_BLOCKS
    own: dict[int | None, list[Row]] = defaultdict(list)
    first: dict[int, int] = {}
    parents = {loop["id"]: loop["loop"] for loop in loops}
    for block in blocks:
        own[block["loop"]].append(block)
        around = block["loop"]
        while around is not None:
            first.setdefault(around, block["id"])
            around = parents.get(around)
    inner: dict[int | None, list[Row]] = defaultdict(list)
    for loop in loops:
        inner[loop["loop"]].append(loop)

    def place(around: int | None, depth: int) -> None:
        # A loop without blocks (the compiler removed it) stands after what surrounds it.
        last = 1 << 40
        items = [(block["id"], 0, block) for block in own[around]] if with_blocks else []
        items += [(first.get(loop["id"], last), 1, loop) for loop in inner[around]]
        for _, is_loop, node in sorted(items, key=lambda item: (item[0], item[1], item[2]["id"])):
            if not is_loop:
                _draw_block(view, drawing, node, depth)
                continue
            top, left, at = drawing.y, _LEFT + depth * _INDENT, len(drawing.shapes)
            _draw_loop_head(view, drawing, node, depth, len(own[node["id"]]) if not with_blocks else 0)
            place(node["id"], depth + 1)
            drawing.y += _GAP
            right = _NEST_RIGHT - depth * 6
            style = "loop removed" if node["reason"] else f"loop d{min(depth, 4)}"
            drawing.shapes.insert(
                at,
                f'<rect class="{style}" x="{left}" y="{top:g}" width="{right - left}" '
                f'height="{drawing.y - top:g}" rx="6"/>',
            )
            drawing.y += _GAP

    place(None, 0)
    places = _draw_arrays(view, drawing, function, arrays)
    links = _links(view, blocks, drawing, places) if with_blocks else ""
    flow = _flow(view, blocks, drawing) if with_blocks else ""
    height = max(drawing.y, 60) + 8
    return (
        f'<figure><svg viewBox="0 0 {_WIDTH} {height:g}" role="img" aria-label="Loop nest, blocks and arrays of '
        f'{_text(function)}">{"".join(drawing.shapes)}{flow}{links}</svg></figure>'
    )


def _draw_loop_head(view: _View, drawing: _Drawing, loop: Row, depth: int, hidden_blocks: int) -> None:
    left = _LEFT + depth * _INDENT + 10
    y = drawing.y + 18
    text = loop["text"] or "loop made by goto"
    shapes = [f'<text class="head" x="{left}" y="{y}">{_text(_cut(text, 64))}</text>']
    x = left + len(_cut(text, 64)) * 7.6 + 14
    trip = _trip(loop)
    shapes.append(f'<text class="trip" x="{x:g}" y="{y}">{trip}</text>')
    x += len(trip) * _TEXT + 14
    note = f"line {loop['line']}" if loop["line"] else ""
    if hidden_blocks:
        note += f"  {hidden_blocks} blocks"
    if loop["reason"]:
        note += f"  {loop['reason']}"
    shapes.append(f'<text class="faint" x="{x:g}" y="{y}">{_text(note)}</text>')
    drawing.y += _LOOP_ROW
    sites = view.sites[loop["id"]]
    if sites:
        x = float(left)
        for site in sites:
            words = f"{site['site_kind']} {site['name']}" + (" reduction" if site["reduction"] else "")
            width = len(words) * 6.3 + 16
            if x + width > _NEST_RIGHT - depth * 6 and x > left:
                x = left
                drawing.y += _CHIP_ROW
            kind = str(site["site_kind"]).lower()
            shapes.append(
                f'<g class="chip {_text(kind)}"><rect x="{x:g}" y="{drawing.y:g}" width="{width:g}" height="18" '
                f'rx="9"/>'
                f'<text x="{x + 8:g}" y="{drawing.y + 13:g}">{_text(words)}</text></g>'
            )
            x += width + 6
        drawing.y += _CHIP_ROW
    drawing.shapes += shapes


def _draw_block(view: _View, drawing: _Drawing, block: Row, depth: int) -> None:
    left = _LEFT + max(depth - 1, 0) * _INDENT + (_INDENT if depth else 0)
    right = _NEST_RIGHT - depth * 6 - (4 if depth else 0)
    y = drawing.y
    members = view.members[block["id"]]
    role = "" if block["role"] == "body" else block["role"]
    words = _cut(block["name"] or "", 24)
    summary = _summary(members)
    x = left + 10
    parts = [f'<rect x="{left}" y="{y:g}" width="{right - left}" height="{_ROW - 4}" rx="4"/>']
    parts.append(f'<text class="name" x="{x}" y="{y + 15:g}">{_text(words)}</text>')
    x += 182
    parts.append(f'<text class="faint" x="{x}" y="{y + 15:g}">{_text(role)}</text>')
    x += 100
    room = max(8, int((right - x - 10) / _TEXT))
    parts.append(f'<text class="ops" x="{x}" y="{y + 15:g}">{_text(_cut(summary, room))}</text>')
    drawing.shapes.append(
        f'<a class="block" href="#b{block["id"]}" data-b="{block["id"]}">{"".join(parts)}'
        f"<title>{_text(block['name'])}: {_text(summary)}</title></a>"
    )
    drawing.row_of[block["id"]] = (left, y + _ROW / 2 - 2)
    drawing.right_of[block["id"]] = right
    drawing.y += _ROW


def _draw_arrays(view: _View, drawing: _Drawing, function: str, arrays: list[Row]) -> dict[int, float]:
    """Boxes of the arrays, spread over the height of the nest; array id to the middle of its box."""
    places: dict[int, float] = {}
    if not arrays:
        return places
    step = max(_ARRAY_HEIGHT + 10.0, (drawing.y - 8) / len(arrays))
    for number, array in enumerate(arrays):
        y = 8 + number * step + (step - _ARRAY_HEIGHT - 10) / 2
        dims = "".join(f"[{'' if length is None else length}]" for length in array["dims"] or [])
        where = array["direction"] if array["role"] == "argument" else array["role"]
        lines = _cut(f"{array['type']}{dims}", 31)
        drawing.shapes.append(
            f'<g class="array" data-a="{array["id"]}"><rect x="{_ARRAY_LEFT}" y="{y:g}" '
            f'width="{_ARRAY_RIGHT - _ARRAY_LEFT}" height="{_ARRAY_HEIGHT}" rx="4"/>'
            f'<text class="name" x="{_ARRAY_LEFT + 10}" y="{y + 18:g}">{_text(_cut(array["name"], 20))}</text>'
            f'<text class="faint end" x="{_ARRAY_RIGHT - 10}" y="{y + 18:g}">{_text(where)}</text>'
            f'<text class="ops" x="{_ARRAY_LEFT + 10}" y="{y + 35:g}">{_text(lines)}</text></g>'
        )
        places[array["id"]] = y + _ARRAY_HEIGHT / 2
    drawing.y = max(drawing.y, 8 + len(arrays) * step)
    return places


def _links(view: _View, blocks: list[Row], drawing: _Drawing, places: dict[int, float]) -> str:
    """Curves between a block and the arrays it loads from or stores to."""
    found: dict[tuple[int, int, str], list[str]] = defaultdict(list)
    for block in blocks:
        for member in view.members[block["id"]]:
            for access in view.accesses[member["id"]]:
                if access["target"] in places:
                    text = access["text"] or "(index not affine)"
                    found[block["id"], access["target"], access["mode"]].append(text)
    shapes = []
    for (block_id, array, mode), texts in sorted(found.items()):
        x, y = drawing.right_of[block_id], drawing.row_of[block_id][1]
        end = places[array] + (-6 if mode == "load" else 6)
        middle = (x + _ARRAY_LEFT) / 2
        title = f"{mode} {', '.join(dict.fromkeys(texts))}"
        shapes.append(
            f'<path class="link {_text(mode)}" data-b="{block_id}" data-a="{array}" '
            f'd="M{x:g} {y:g}C{middle:g} {y:g} {middle:g} {end:g} {_ARRAY_LEFT} {end:g}">'
            f"<title>{_text(title)}</title></path>"
        )
    return "".join(shapes)


def _flow(view: _View, blocks: list[Row], drawing: _Drawing) -> str:
    """Control flow: each edge runs in the gutter of the innermost loop that holds both blocks, back edges in colour."""
    order = {block["id"]: i for i, block in enumerate(sorted(blocks, key=lambda b: drawing.row_of[b["id"]][1]))}
    around: dict[int, list[int]] = {}
    for block in blocks:
        chain: list[int] = []
        loop = block["loop"]
        while loop is not None:
            chain.append(loop)
            loop = view.nodes[loop]["loop"]
        around[block["id"]] = chain[::-1]
    shapes = []
    for block in blocks:
        left, y = drawing.row_of[block["id"]]
        for target in view.successors[block["id"]]:
            to_left, to_y = drawing.row_of[target]
            common = sum(a == b for a, b in zip(around[block["id"]], around[target], strict=False))
            span = abs(order[target] - order[block["id"]])
            back = order[target] <= order[block["id"]]
            # Longer edges run further out; edges of one length share a lane.
            lane = _LEFT + (common - 1) * _INDENT + max(5, 24 - 4 * span)
            start, end = (y - 4, to_y + 4) if back else (y + 4, to_y - 4)
            bend = 4 if end > start else -4
            shapes.append(
                f'<path class="flow{" back" if back else ""}" data-b="{block["id"]}" '
                f'd="M{left:g} {start:g}H{lane + 4:g}'
                f"q-4 0 -4 {bend}V{end - bend:g}q0 {bend} 4 {bend}H{to_left - 1:g}m-4 -3l4 3l-4 3"
                f'"/>'
            )
    return "".join(shapes)


def _summary(members: list[Row]) -> str:
    """What a block does, memory and arithmetic first."""
    counts: Counter[str] = Counter()
    for member in members:
        opcode = member["opcode"] or ""
        if opcode in ("call", "invoke"):
            opcode = f"call {member['detail'] or '?'}"
        counts[opcode] += 1
    first: dict[str, int] = {}
    for number, member in enumerate(members):
        opcode = member["opcode"] or ""
        first.setdefault(f"call {member['detail'] or '?'}" if opcode in ("call", "invoke") else opcode, number)
    order = sorted(counts, key=lambda opcode: (_rank(opcode), first[opcode]))
    return ", ".join(f"{counts[opcode]} {opcode}" if counts[opcode] > 1 else opcode for opcode in order)


_PLAIN = {"br", "phi", "ret", "getelementptr", "sext", "zext", "trunc", "icmp", "switch", "unreachable"}
_FIRST = ("load", "store", "fadd", "fsub", "fmul", "fdiv", "fneg", "call ")


def _rank(opcode: str) -> int:
    return 0 if opcode.startswith(_FIRST) else 2 if opcode in _PLAIN else 1


def _trip(loop: Row) -> str:
    if loop["trip_count"] is not None:
        return f"\u00d7 {loop['trip_count']}"
    least, most = loop["trip_min"], loop["trip_max"]
    if least is None and most is None:
        return "\u00d7 ?"
    return f"\u00d7 {'?' if least is None else least} to {'?' if most is None else most}"


# The lists ----------------------------------------------------------------------------------------------------


def _accesses(view: _View, function: str) -> Iterator[Row]:
    """The accesses to arrays, in the order of the code."""
    for block in view.blocks[function]:
        for member in view.members[block["id"]]:
            for access in view.accesses[member["id"]]:
                strides = ", ".join(
                    f"{view.nodes[s['target']]['name'].rsplit('/', 1)[-1]}: {s['coefficient']}"
                    + (" bytes" if s["dim"] is None else f" in dim {s['dim']}")
                    for s in view.strides[member["id"]]
                )
                yield {**access, "array": view.nodes[access["target"]]["name"], "strides": strides, **_at(member)}


def _at(member: Row) -> Row:
    return {"line": member["line"] or ""}


def _blocks(view: _View, function: str) -> Iterator[Row]:
    """The blocks with their instructions; those beyond the bound without, where a drawing links to them."""
    for block in view.blocks[function]:
        members = view.members[block["id"]]
        listed = view.listed <= MAX_INSTRUCTIONS
        view.listed += len(members) * listed
        yield {
            **block,
            "count": len(members),
            "summary": _cut(_summary(members), 90),
            "listed": listed,
            "members": [{**_at(member), "text": member["text"]} for member in members[:MAX_INSTRUCTIONS] if listed],
            "after": [(target, view.nodes[target]["name"]) for target in view.successors[block["id"]]],
        }


def _readable(text: str | None, names: Mapping[str | None, str]) -> str | None:
    return text and _LINKED.sub(lambda found: readable(names.get(found[0], found[0])), text)


def _text(value: object) -> str:
    return html.escape("" if value is None else str(value))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "\u2026"
