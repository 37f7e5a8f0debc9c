"""Puts the stand-in on a PATH of its own, under the names that an installation of its version has."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

PROGRAM = Path(__file__).with_name("stand_in.py")
NAMES = {
    "2018.3": ("vivado_hls",),
    "2019.1": ("vivado_hls",),
    "2020.2": ("vitis_hls",),
    "2022.2": ("vitis_hls",),
    "2023.2": ("vitis_hls", "vitis-run", "v++"),
    "2024.1": ("vitis_hls", "vitis-run", "v++"),
    "2025.2": ("vitis-run", "v++"),
    "2026.1": ("vitis-run", "v++"),
}
"""Which commands there are: vitis_hls up to 2024.2, vitis-run from 2023.2 with --tcl (UG1702)."""


def install(
    folder: Path, version: str = "2023.2", *, names: tuple[str, ...] | None = None, **settings: object
) -> dict[str, str]:
    """Writes the commands into ``folder/bin`` and a settings64.sh; returns the environment that finds them.

    ``settings`` become STAND_IN_ variables: ``install(f, scenario="hang")``.
    """
    commands = folder / "bin"
    commands.mkdir(parents=True, exist_ok=True)
    for name in NAMES[version] if names is None else names:
        script = commands / name
        script.write_text(f'#!/bin/sh\n{sys.executable} -I -S {PROGRAM} {name} "$@"\n')
        script.chmod(0o755)
    variables = {f"STAND_IN_{name.upper()}": str(value) for name, value in {"version": version, **settings}.items()}
    variables.setdefault("STAND_IN_STATE", str(folder / "state"))
    lines = [f"export {name}='{value}'" for name, value in variables.items()]
    (folder / "settings64.sh").write_text("\n".join([f"export PATH={commands}:$PATH", *lines]) + "\n")
    return stand_in_environment(os.environ, commands, variables)


def stand_in_environment(base: Mapping[str, str], commands: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """``base`` with the commands first on PATH and the variables set."""
    return {**base, **variables, "PATH": f"{commands}:{base.get('PATH', '')}"}
