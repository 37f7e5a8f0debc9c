"""Names of parts, as AMD writes them: family and size, package and pins, speed grade, temperature grade."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.errors import PipelineError, nearest

_PART = re.compile(r"x[aqc][a-z0-9]*[0-9][a-z0-9]*(?:[-_][a-z0-9]+)*", re.IGNORECASE)
"""``xcu200-fsgd2104-2-e``, ``xc7z020clg484-1``, ``xck26-sfvc784-2LV-c``; ``xa`` for automotive, ``xq`` for defence
grade (AMD DS890, DS180)."""
_MOST = 60
BOARDS: Mapping[str, str] = {
    "arty-a7-35": "xc7a35ticsg324-1l",
    "arty-a7-100": "xc7a100tcsg324-1",
    "basys3": "xc7a35tcpg236-1",
    "kc705": "xc7k325tffg900-2",
    "kcu105": "xcku040-ffva1156-2-e",
    "kr260": "xck26-sfvc784-2lv-c",
    "kv260": "xck26-sfvc784-2lv-c",
    "nexys-a7-100t": "xc7a100tcsg324-1",
    "pynq-z1": "xc7z020clg400-1",
    "pynq-z2": "xc7z020clg400-1",
    "u200": "xcu200-fsgd2104-2-e",
    "u250": "xcu250-figd2104-2l-e",
    "u280": "xcu280-fsvh2892-2l-e",
    "u50": "xcu50-fsvh2104-2-e",
    "u55c": "xcu55c-fsvh2892-2l-e",
    "ultra96": "xczu3eg-sbva484-1-e",
    "vc707": "xc7vx485tffg1761-2",
    "vck190": "xcvc1902-vsva2197-2mp-e-s",
    "vcu118": "xcvu9p-flga2104-2l-e",
    "vmk180": "xcvm1802-vsva2197-2mp-e-s",
    "zc702": "xc7z020clg484-1",
    "zc706": "xc7z045ffg900-2",
    "zcu102": "xczu9eg-ffvb1156-2-e",
    "zcu104": "xczu7ev-ffvc1156-2-e",
    "zcu106": "xczu7ev-ffvc1156-2-e",
    "zedboard": "xc7z020clg484-1",
    "zybo-z7-10": "xc7z010clg400-1",
    "zybo-z7-20": "xc7z020clg400-1",
}
"""The part on a board, as the boards' user guides and AMD's board store name it."""


def check_part(name: str, option: str) -> str:
    """The name of a part if it can be one. Raises PipelineError, naming the option, for text that cannot.

    Whether the part is installed is for the tool to say. The name of a board is answered with the part on it.
    """
    board = name.strip().lower().removeprefix("alveo").strip("-_ ").replace("_", "-")
    # The name of a platform or of a revision of a board holds the board's.
    if (named := next((one for one in (board, *re.split("[- ]", board)) if one in BOARDS), None)) is not None:
        raise PipelineError(
            f"{option} {name[:_MOST]!r} is a board, not a part", fix=f"name the part on it, {BOARDS[named]}"
        )
    if len(name) > _MOST or not _PART.fullmatch(name):
        raise PipelineError(
            f"{option} {name[:_MOST]!r} cannot be the name of a part",
            fix="name one such as xcu200-fsgd2104-2-e with --part"
            if (near := nearest(board, BOARDS)) is None
            else f"did you mean {BOARDS[near]}, the part on the board {near}?",
        )
    return name
