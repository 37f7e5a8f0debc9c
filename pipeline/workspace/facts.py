"""What stands in a workspace, as JSON values. Writes nothing, and works while commands write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import PipelineError
from pipeline.files import intact, read_own
from pipeline.workspace.commands import commands
from pipeline.workspace.loops import LOOP, loops
from pipeline.workspace.records import Tell, folders, whole


def workspace_facts(workspace: Path, version: str) -> dict[str, Any]:
    """Loops, other commands, datasets, models and studies, with what of them is damaged or of another version.

    Raises PipelineError where there is no such folder.
    """
    if not workspace.is_dir():
        raise PipelineError(
            "there is no such workspace", file=str(workspace), fix="name one with --workspace; every command makes one"
        )
    tell = Tell()
    ran = commands(workspace)
    found: dict[str, Any] = {
        "workspace": str(workspace),
        "version": version,
        "loops": loops(workspace, ran, tell),
        "commands": [
            {
                "task": command.task,
                "state": command.state,
                "subject": command.facts.get("subject"),
                "started": command.facts.get("started"),
                "exit_code": command.exit_code,
                "folder": command.facts.get("folder"),
                "next": command.facts.get("command") if command.state != "running" else None,
            }
            for command in ran
            if command.task != LOOP
        ],
        "datasets": _each(workspace / "datasets", _dataset, tell),
        "models": _each(workspace / "models", _model, tell),
        "studies": _each(workspace / "studies", _study, tell, but=("parts",)),
    }
    others: dict[str, int] = {}
    for kind in ("loops", "datasets", "models"):
        for one in found[kind]:
            if one["version"] not in (None, version):
                others[f"{kind} of version {one['version']}"] = others.get(f"{kind} of version {one['version']}", 0) + 1
    notes = [f"{count} {what}; this is version {version}, which makes its own" for what, count in others.items()]
    return {**found, "notes": notes, "damaged": tell.lines}


def _each(
    place: Path, read: Callable[[Path], dict[str, Any]], tell: Tell, but: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    found = []
    for folder in folders(place):
        if folder.name not in but:
            with tell.damaged():
                found.append({"name": folder.name, **read(folder)})
    return found


def _dataset(folder: Path) -> dict[str, Any]:
    card = folder / "card.json"
    told = read_own(card, "sources", "kernels", remove=folder)
    with intact(card, remove=folder):
        sources = dict(told["sources"])
        partial = told.get("partial")
        return {
            "sources": list(sources),
            "kernels": list(told["kernels"]),
            "designs": sum(one["designs"] for one in sources.values()),
            "ok": sum(one.get("status", {}).get("ok", 0) for one in sources.values()),
            "missing": partial["missing"] if partial else 0,
            "version": told.get("provenance", {}).get("version"),
            "page": whole(folder / "report.html"),
        }


def _model(folder: Path) -> dict[str, Any]:
    card = folder / "card.json"
    told = read_own(card, remove=folder)
    with intact(card, remove=folder):
        return {
            "title": told.get("title"),
            "sources": list(told.get("sources", [])),
            "best_epoch": told.get("best_epoch"),
            "version": told.get("versions", {}).get("hls-moe-pipeline"),
            "page": whole(folder / "report.html"),
        }


def _study(folder: Path) -> dict[str, Any]:
    summary = folder / "summary.json"
    told = read_own(summary, remove=folder)
    with intact(summary, remove=folder):
        return {
            "command": told.get("command"),
            "rows": len(told.get("rows", [])),
            "version": told.get("made_of", {}).get("version"),
            "page": whole(folder / "report.html"),
        }
