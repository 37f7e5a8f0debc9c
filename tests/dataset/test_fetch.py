"""Fetching over a loopback server: what arrives is what was promised, or nothing arrives."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.dataset.fetch import HLSYN_SHA256, HLSYN_URL, fetch, known_checksum, sha256_of
from pipeline.errors import PipelineError

CONTENT = b"label set " * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.path == "/missing":
            self.send_error(404)
        else:
            self.send_response(200)
            if self.path != "/unsized":
                self.send_header("Content-Length", str(len(CONTENT) + (self.path == "/short")))
            self.end_headers()
            self.wfile.write(CONTENT)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("page", ["file", "unsized"])
def test_a_verified_file_arrives_whole_with_progress(address: str, page: str, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    target = tmp_path / "new" / "set.tar.gz"
    fetched = fetch(f"{address}/{page}", target, SHA256.upper(), progress=lambda now, total: seen.append((now, total)))
    assert (fetched.path, fetched.sha256, fetched.size) == (target, SHA256, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT) if page == "file" else None)
    again = fetch("http://127.0.0.1:9/nowhere", target, SHA256)
    assert again == sha256_of(target), "a file that is already right is not fetched again"


@pytest.mark.parametrize(
    ("page", "sha256", "options", "said"),
    [
        ("file", "0" * 64, {}, f"expected sha256 {'0' * 64}, .* bytes with {SHA256} came; .*--path"),
        ("missing", SHA256, {}, "404.*--path"),
        ("moved", None, {}, "redirect|file"),
        ("short", None, {}, "ended after|IncompleteRead"),
        ("file", None, {"max_bytes": 1000}, "larger than 1,000 bytes"),
        ("unsized", None, {"max_bytes": 1000}, "larger than 1,000 bytes"),
    ],
)
def test_anything_else_leaves_no_file_and_one_line(
    address: str, page: str, sha256: str | None, options: dict[str, int], said: str, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match=said) as caught:
        fetch(f"{address}/{page}", tmp_path / "set", sha256, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_no_network_says_what_was_expected_and_how_to_go_on(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=f"expected sha256 {SHA256}.*--path"):
        fetch("http://127.0.0.1:9/set.tar.gz", tmp_path / "set", SHA256)
    for address in ("file:///etc/passwd", "ftp://x/y", "nonsense", "http://", "http://[::1"):
        with pytest.raises(PipelineError):
            fetch(address, tmp_path / "set")


def test_only_the_published_archive_has_a_known_checksum(tmp_path: Path) -> None:
    assert known_checksum(HLSYN_URL) == HLSYN_SHA256
    assert known_checksum("https://example.org/own.tar.gz") is None
    with pytest.raises(PipelineError, match="--path"):
        sha256_of(tmp_path / "none")
