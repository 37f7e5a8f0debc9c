"""Published label sets over HTTP, their checksum verified before anything is made of them."""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PipelineError
from pipeline.files import made_whole, open_plain

HLSYN_URL = "https://raw.githubusercontent.com/UCLA-DM/HLSyn/main/data/HLSyn_data.tar.gz"
"""The archive published with HLSyn (NeurIPS 2023)."""
HLSYN_SHA256 = "dfd9e2fc54d30f1ba23605a6ae2aac20ab5e2515fd73dae7b0a59a8c65faf821"
"""Of the 1,364,845 bytes published there."""

MAX_BYTES = 1 << 30
TIMEOUT_SECONDS = 60.0
"""For each wait on the network, not for the whole transfer."""

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is here now: where, its SHA-256 (hexadecimal) and its size in bytes."""

    path: Path
    sha256: str
    size: int


def known_checksum(url: str) -> str | None:
    """The SHA-256 that the file at ``url`` must have, where the project knows it."""
    return HLSYN_SHA256 if url == HLSYN_URL else None


def sha256_of(path: Path) -> Fetched:
    """A user's own file with its checksum. Raises :class:`PipelineError` where it cannot be read."""
    digest, size = hashlib.sha256(), 0
    try:
        with open_plain(path, fix="check --path") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise PipelineError(f"cannot be read: {error.strerror or error}", file=str(path), fix="check --path") from error
    return Fetched(path, digest.hexdigest(), size)


def fetch(
    url: str,
    target: Path,
    sha256: str | None = None,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_BYTES,
) -> Fetched:
    """Download ``url`` (http or https) to the file ``target``; the file appears only when whole and verified.

    ``progress(received, total)`` is called with bytes, total None where the server does not say. A ``target`` that
    already has the checksum ``sha256`` is not downloaded again. Raises :class:`PipelineError` without a network, for
    an answer other than success, for more than ``max_bytes`` and for another checksum than ``sha256``.
    """
    sha256 = sha256.lower() if sha256 else None
    if not _is_web(url):
        raise PipelineError("is not an http or https address", file=url, fix="give a local file with --path")
    if sha256 and target.is_file() and (present := sha256_of(target)).sha256 == sha256:
        return present
    try:
        with made_whole(target) as aside:
            fetched = _download(url, aside, progress, timeout, max_bytes)
            if sha256 and fetched.sha256 != sha256:
                raise PipelineError(
                    f"expected sha256 {sha256}, {fetched.size:,} bytes with {fetched.sha256} came",
                    file=url,
                    fix="download it yourself and give it with --path",
                )
    except (OSError, http.client.HTTPException, ValueError) as error:
        expected = f", expected sha256 {sha256}" if sha256 else ""
        raise PipelineError(
            f"cannot be fetched ({_cause(error)}){expected}",
            file=url,
            fix="check the network, or download it yourself and give it with --path",
        ) from error
    return Fetched(target, fetched.sha256, fetched.size)


def _is_web(url: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _cause(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP status {error.code} {error.reason}"[:160]
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    return f"{type(cause).__name__}: {cause}"[:160] if isinstance(cause, Exception) else str(cause)[:160]


class _NoFileRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects within http and https only, never from https to http."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """The request to follow, or an error for another scheme."""
        old, new = (urllib.parse.urlsplit(address).scheme for address in (req.full_url, newurl))
        if new not in ("http", "https") or (old, new) == ("https", "http"):
            raise urllib.error.URLError(f"redirected from {old} to {new}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _download(
    url: str, aside: Path, progress: Callable[[int, int | None], None] | None, timeout: float, max_bytes: int
) -> Fetched:
    request = urllib.request.Request(url, headers={"User-Agent": "hls-moe-pipeline"})
    opener = urllib.request.build_opener(_NoFileRedirects)
    digest, size = hashlib.sha256(), 0
    with opener.open(request, timeout=timeout) as answer, aside.open("wb") as stream:
        length = answer.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        while chunk := answer.read(_CHUNK):
            size += len(chunk)
            if size > max_bytes or (total is not None and total > max_bytes):
                raise PipelineError(f"is larger than {max_bytes:,} bytes", file=url, fix="check the address")
            digest.update(chunk)
            stream.write(chunk)
            if progress is not None:
                progress(size, total)
    if total is not None and size != total:
        raise PipelineError(f"ended after {size:,} of {total:,} bytes", file=url, fix="try again, or use --path")
    return Fetched(aside, digest.hexdigest(), size)
