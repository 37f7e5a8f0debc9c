"""IR kept by content, so that a kernel that was compiled once is not compiled again."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.files import made_whole, open_plain
from pipeline.project.compiler import Compiler, find_compiler
from pipeline.project.flags import NO_FLAGS, Flags
from pipeline.project.ir import compile_to_ir, ir_digest

_FORMAT = b"ir-1\n"
_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*(?:include|include_next|import|embed)\b[ \t]*(.*)$", re.MULTILINE)
_NAMED = re.compile(rb'"([^"\n]+)"|<([^>\n]+)>')
_CONTINUED = re.compile(rb"\\\r?\n")


def headers_of(source: bytes, include_folders: Sequence[Path]) -> list[tuple[str, bytes]] | None:
    """Name and content of each header under the folders that the source may include, directly or not.

    Conditions are not looked at, so a header may be listed that the compiler skips. None where an include's name is
    made by a macro, or a header cannot be read: then what the source includes is not known.
    """
    found: dict[str, bytes] = {}
    pending: list[tuple[bytes, tuple[Path, ...]]] = [(source, ())]
    while pending:
        text, own = pending.pop()
        for include in _INCLUDE.finditer(_CONTINUED.sub(b"", text)):
            match = _NAMED.match(include[1].strip())
            if match is None:
                return None
            name = (match[1] or match[2]).decode("utf-8", "replace")
            # Every folder that has the name, not the first alone: which one the compiler takes depends on the quotes.
            for folder in (*own, *include_folders, *([Path(name).parent] if Path(name).is_absolute() else [])):
                path = folder / name
                key = os.path.relpath(path, include_folders[0]) if include_folders else str(path)
                if key in found or path.is_dir() or not path.exists():
                    continue
                # A device or FIFO that is included would keep the compiler reading.
                open_plain(path, fix="include a header").close()
                try:
                    found[key] = path.read_bytes()
                except OSError:
                    return None
                pending.append((found[key], (path.parent,)))
    return sorted(found.items())


def cached_ir(
    source: str,
    *,
    file: str,
    include_folders: Sequence[Path] = (),
    flags: Flags = NO_FLAGS,
    language: str = "c",
    compiler: Compiler | None = None,
    cache: Path | None,
) -> str:
    """The IR of a source as :func:`pipeline.project.ir.compile_to_ir` gives it, from the folder ``cache`` if it is
    there.

    The key is the SHA-256 of the source, its headers, the flags, the language and what of the compiler decides the IR.
    An entry that is not whole is made again; entries appear whole or not at all. ``cache=None`` keeps nothing. Raises
    PipelineError as the compiler does; refusals are not kept.
    """
    compiler = compiler or find_compiler()

    def compiled() -> str:
        return compile_to_ir(
            source, file=file, include_folders=include_folders, flags=flags, language=language, compiler=compiler
        )

    headers = headers_of(source.encode(), [*include_folders, *flags.folders]) if cache is not None else None
    if cache is None or headers is None or flags.includes:
        return compiled()
    digest = hashlib.sha256()
    for part in (ir_digest(compiler), language, source, *flags.reading):
        digest.update(hashlib.sha256(part.encode()).digest())
    for name, content in headers:
        digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
    path = cache / f"{digest.hexdigest()}.irz"
    kept = _read(path)
    if kept is not None:
        return kept
    text = compiled()
    _write(path, text)
    return text


def _read(path: Path) -> str | None:
    try:
        data = path.read_bytes()
        if not data.startswith(_FORMAT):
            return None
        check, body = data[len(_FORMAT) : len(_FORMAT) + 32], data[len(_FORMAT) + 32 :]
        if hashlib.sha256(body).digest() != check:
            return None
        return zlib.decompress(body).decode("utf-8")
    except (OSError, zlib.error, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    body = zlib.compress(text.encode("utf-8"), 1)
    with made_whole(path) as aside:
        aside.write_bytes(_FORMAT + hashlib.sha256(body).digest() + body)
