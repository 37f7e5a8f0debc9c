"""A headless Chromium, driven over its DevTools protocol with the web socket client that luigi brings along."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--mute-audio",
    "--remote-debugging-port=0", "--remote-allow-origins=*", "--allow-file-access-from-files",
)  # fmt: skip
PATIENCE_S = 60


@dataclass
class Seen:
    """What the browser found on a page."""

    problems: list[str] = field(default_factory=list)
    """Uncaught errors and console messages of level error."""
    requests: list[str] = field(default_factory=list)
    """Addresses asked for beside the page itself and what it holds in its own text."""
    answer: Any = None
    """Value of the expression that was asked for."""
    picture: bytes = b""
    """PNG of the whole page, where it was asked for."""


def chromium() -> str:
    """The browser's path; skips the test where there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("Chromium is not installed: apt-get install chromium")


def look(
    page: Path,
    expression: str,
    folder: Path,
    *,
    width: int,
    dark: bool = False,
    wait: str = "true",
    photo: bool = False,
) -> Seen:
    """Loads ``page`` at ``width`` pixels, waits until ``wait`` holds there, and evaluates ``expression``.

    ``folder`` takes the browser's profile. Widths below 600 are shown as a phone, with touch.
    """
    return asyncio.run(_look(chromium(), page, expression, folder, width, dark, wait, photo))


async def _look(
    program: str, page: Path, expression: str, folder: Path, width: int, dark: bool, wait: str, photo: bool
) -> Seen:
    seen = Seen()
    async with _browser(program, folder) as devtools:
        phone = width < 600
        await devtools.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=phone
        )
        await devtools.call("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await devtools.call("Emulation.setEmulatedMedia", features=[scheme])
        for domain in ("Runtime", "Log", "Network", "Page"):
            await devtools.call(f"{domain}.enable")
        await devtools.call("Page.navigate", url=page.resolve().as_uri())
        await devtools.until("Page.loadEventFired")
        poll = f"new Promise((ok) => {{ const look = () => ({wait}) ? ok(1) : setTimeout(look, 30); look(); }})"
        await devtools.evaluate(poll)
        seen.answer = await devtools.evaluate(expression)
        if photo:
            height = await devtools.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            shot = await devtools.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
            seen.picture = base64.b64decode(shot["data"])
        own = page.resolve().as_uri()
        for event in devtools.events:
            _note(event["method"], event.get("params", {}), own, seen)
    return seen


def _note(method: str, found: dict[str, Any], own: str, seen: Seen) -> None:
    match method:
        case "Runtime.exceptionThrown":
            seen.problems.append(json.dumps(found["exceptionDetails"])[:500])
        case "Log.entryAdded" if found["entry"]["level"] == "error":
            seen.problems.append(found["entry"]["text"])
        case "Runtime.consoleAPICalled" if found["type"] in ("error", "assert"):
            seen.problems.append(json.dumps(found["args"])[:500])
        case "Network.requestWillBeSent":
            address = found["request"]["url"]
            if address.partition("#")[0] != own and not address.startswith(("data:", "blob:")):
                seen.requests.append(address)


class _DevTools:
    """One page of the browser: calls with their answers, and the events in between."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._last = 0
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last += 1
        await self._socket.write_message(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            message = await self._message()
            if message.get("id") == self._last:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self.events.append(message)

    async def evaluate(self, expression: str) -> Any:
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def until(self, method: str) -> None:
        while not any(event["method"] == method for event in self.events):
            self.events.append(await self._message())

    async def _message(self) -> dict[str, Any]:
        text = await asyncio.wait_for(self._socket.read_message(), PATIENCE_S)
        assert text is not None, "the browser closed the connection"
        return dict(json.loads(text))


@contextlib.asynccontextmanager
async def _browser(program: str, folder: Path) -> AsyncIterator[_DevTools]:
    process = await asyncio.create_subprocess_exec(
        program, *FLAGS, f"--user-data-dir={folder}", "about:blank", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        assert process.stderr is not None
        address = ""
        while not address:
            line = (await asyncio.wait_for(process.stderr.readline(), PATIENCE_S)).decode(errors="replace")
            assert line, "the browser ended before it listened"
            if line.startswith("DevTools listening on "):
                address = line.removeprefix("DevTools listening on ").strip()
        drain = asyncio.create_task(process.stderr.read())
        browser = await websocket_connect(address, max_message_size=256 << 20)
        target = (await _DevTools(browser).call("Target.createTarget", url="about:blank"))["targetId"]
        host = address.split("/devtools/")[0]
        page = await websocket_connect(f"{host}/devtools/page/{target}", max_message_size=256 << 20)
        yield _DevTools(page)
        page.close()
        browser.close()
        drain.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
