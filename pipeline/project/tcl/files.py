"""What a script may ask about files: how paths are put together, and which are there."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from pipeline.project.tcl.lists import list_of, text_of
from pipeline.project.tcl.text_commands import matches
from pipeline.project.tcl.unknown import Raised, Unknown

ENTRIES = 50_000
"""Most entries of folders that a script may look at."""


class Budget:
    """How many entries are left to look at."""

    def __init__(self) -> None:
        self.left = ENTRIES

    def entries(self, folder: Path) -> list[str]:
        """The names in a folder, sorted; none where it cannot be read."""
        found = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    self.left -= 1
                    if self.left < 0:
                        raise Raised(f"glob looks at more than {ENTRIES:,} files")
                    found.append(entry.name)
        except OSError:
            return []
        return sorted(found)


def file_command(words: list[str], folder: Path) -> str:
    """``file NAME WORD ...``; what would change files does nothing."""
    name, given = words[0], words[1:]
    path = given[0] if given else ""
    if name == "join":
        return str(Path(*given)) if given else ""
    if name == "dirname":
        return posixpath.dirname(path.rstrip("/")) or ("/" if path.startswith("/") else ".")
    if name == "tail":
        return posixpath.basename(path.rstrip("/"))
    if name == "rootname":
        return posixpath.splitext(path)[0]
    if name == "extension":
        return posixpath.splitext(path)[1]
    if name in ("normalize", "nativename"):
        return posixpath.normpath(folder.absolute() / posixpath.expanduser(path)) if name == "normalize" else path
    if name == "split":
        return text_of(Path(path).parts)
    if name == "separator":
        return "/"
    if name == "pathtype":
        return "absolute" if path.startswith("/") else "relative"
    whole = folder / posixpath.expanduser(path)
    try:
        asked = {
            "exists": posixpath.exists, "isfile": posixpath.isfile, "isdirectory": posixpath.isdir,
            "readable": posixpath.exists, "executable": posixpath.isfile,
        }.get(name)  # fmt: skip
        if asked is not None:
            return str(int(asked(whole)))
    except ValueError:
        return "0"
    if name in ("mkdir", "delete", "copy", "rename", "link", "attributes"):
        return ""
    return Unknown(f"file {name[:40]} is not done")


def glob_command(words: list[str], folder: Path, budget: Budget) -> list[str]:
    """The paths that ``glob`` finds, sorted. Raises Raised where there are none and none were not allowed for."""
    none_is_fine, tails, base, begins, kinds = False, False, "", "", ""
    given = list(words)
    while given and given[0].startswith("-"):
        option = given.pop(0)
        if option == "--":
            break
        if option == "-nocomplain":
            none_is_fine = True
        elif option == "-tails":
            tails = True
        elif option in ("-directory", "-dir"):
            base = given.pop(0)
        elif option == "-path":
            base, slash, begins = given.pop(0).rpartition("/")
            base += slash
        elif option in ("-types", "-type"):
            kinds = given.pop(0)
        elif option == "-join":
            given = [*given[:0], "/".join(given)]
    found: list[str] = []
    for pattern in given:
        for one in _alternatives(pattern):
            found += _found(_literal(begins) + one, base, folder, budget)
    if kinds and set(list_of(kinds)) <= {"f", "d"}:
        wanted = {"f": posixpath.isfile, "d": posixpath.isdir}
        found = [path for path in found if any(wanted[kind](folder / path) for kind in list_of(kinds))]
    if tails and base:
        found = [posixpath.relpath(path, base) for path in found]
    if not found and not none_is_fine:
        raise Raised(f"no files match {' '.join(given)[:80]!r}")
    return sorted(dict.fromkeys(found))


def _found(pattern: str, base: str, folder: Path, budget: Budget) -> list[str]:
    """The paths below ``base``, which is a path as it is, that a pattern matches."""
    whole = pattern if base else posixpath.expanduser(pattern)
    base = posixpath.expanduser(base) or ("/" if whole.startswith("/") else "")
    found = [base] if posixpath.lexists(folder / base) else []
    for part in filter(None, whole.split("/")):
        if re.search(r"[*?\[]", part):
            found = [
                posixpath.join(place, name)
                for place in found
                for name in budget.entries(folder / place)
                if matches(part, name) and (not name.startswith(".") or part.startswith("."))
            ]
        else:
            name = re.sub(r"\\(.)", r"\1", part)
            found = [made for place in found if posixpath.lexists(folder / (made := posixpath.join(place, name)))]
    return found


def _literal(text: str) -> str:
    """The pattern that matches a text alone."""
    return re.sub(r"([][*?\\{}])", r"\\\1", text)


def _alternatives(pattern: str) -> list[str]:
    """The patterns that ``{a,b}`` stands for."""
    match = re.search(r"\{([^{}]*)\}", pattern)
    if match is None:
        return [pattern]
    parts = match[1].split(",")
    if len(parts) > 100 or pattern.count("{") > 3:
        raise Raised("a pattern with too many alternatives")
    return [one for part in parts for one in _alternatives(pattern[: match.start()] + part + pattern[match.end() :])]
