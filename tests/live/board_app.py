"""The live process under test: the real hub, and beside it what the web process would serve to a page.

Run by granian as its own process. Tests steer it over POST /control; the page, its snapshot and its ticket follow the
state set there, so that browser tests need no database.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from live import hub as hub_module
from live import subscription
from live.hub import Hub
from live.streams import Receive, Scope, Send
from live.tickets import Ticket, session_hash, ticket_sign
from tests.live.rows import row_html

STATIC = Path(__file__).resolve().parents[2] / "static" / "live"
# What takes seconds in a control room takes less here; nothing else differs.
hub_module.BEAT, REAUTHORISE = 0.25, 0.5
SPREAD_PER_STREAM = hub_module.SPREAD_PER_STREAM
hub = Hub(redis_url="", app_version="1")
state: dict[str, Any] = {}
PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>Board</title>
<link rel="stylesheet" href="/static/live/live.css"><script type="module" src="/static/live/live.js"></script></head>
<body data-live-audiences="console" data-live-centre="1" data-live-epoch="epoch-1" data-live-number="{number}"
 data-app-version="{version}">
<p><span data-live-state-text></span> <span data-engine-text></span> <span data-live-count="rows"></span></p>
<form data-live-never><input id="typed"><textarea id="note"></textarea></form>
<section id="region" data-live-snapshot-url="/snapshot"></section>
</body></html>"""


def region() -> str:
    rows = sorted(state["rows"].items(), key=lambda row: str(row[1]["key"]))
    drawn = "".join(row_html(name, row) for name, row in rows)
    return (
        '<table><tbody id="rows" data-live-hold><tr data-live-empty><td>No calls</td></tr>' + drawn + "</tbody></table>"
    )


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http" or scope["path"] in {"/live/stream", "/live/healthz"}:
        await hub(scope, receive, _freezing(send) if scope["type"] == "http" else send)
        return
    path = scope["path"]
    if path == "/control":
        await _control(json.loads((await receive())["body"]))
        await _answer(send, 200, b"{}", "application/json")
    elif path == "/page":
        page = PAGE.replace("{number}", str(state["number"])).replace("{version}", state["version"])
        page = page.replace('"/snapshot"></section>', f'"/snapshot">{region()}</section>')
        await _answer(send, 200, page.encode(), "text/html")
    elif path == "/told":
        epoch, number = hub._feed.position(1)
        await _answer(send, 200, json.dumps({"epoch": epoch, "number": number}).encode(), "application/json")
    elif path.startswith("/static/live/"):
        file = STATIC / path.rpartition("/")[2]
        kind = "text/javascript" if file.suffix == ".js" else "text/css"
        await _answer(send, 200, file.read_bytes(), kind)
    elif state["broken"]:
        await _answer(send, 500, b"", "text/plain")
    elif state["denied"]:
        await _answer(send, 401, b"{}", "application/json")
    elif path == "/snapshot" and state["portal"]:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<p>Accept our terms</p>", "more_body": False})
    elif path == "/snapshot":
        await _answer(send, 200, region().encode(), "text/html", number=state["number"])
    elif path == "/live/ticket":
        ticket = Ticket(1, tuple(state["granted"]), session_hash("session-1"), int(time.time()) + 200)
        body = json.dumps({"ticket": ticket_sign(ticket), "audiences": state["granted"], "epoch": "epoch-1"})
        await _answer(send, 200, body.encode(), "application/json")
    else:
        await _answer(send, 404, b"", "text/plain")


async def _begin(*, redis_url: str, channel: str, silent: float) -> None:
    """A hub without a past, for the next test."""
    global hub
    await hub.stop()
    subscription.SILENT = silent
    hub = Hub(redis_url=redis_url, app_version="1", channel=channel)
    hub.start()
    hub._tasks.append(asyncio.create_task(_well(hub)))
    state.clear()
    state.update({"rows": {}, "number": 0, "denied": False, "frozen": False, "broken": False, "version": "1"})
    state.update({"portal": False, "granted": ["console"]})
    state["well"] = {"engine", "renderer"}
    hub_module.SPREAD_PER_STREAM = SPREAD_PER_STREAM
    hub_module.REAUTHORISE = REAUTHORISE


async def _well(own: Hub) -> None:
    """Engine and renderer are heard until a test says otherwise, however slowly it runs."""
    while own is hub:
        for role in state.get("well", ()):
            own._heard[(role, 0)] = time.monotonic()
        await asyncio.sleep(0.2)


async def _control(order: dict[str, Any]) -> None:
    if "begin" in order:
        await _begin(**order.pop("begin"))
    for name, row in order.pop("rows", {}).items():
        if row is None:
            state["rows"].pop(name, None)
        else:
            state["rows"][name] = row
    for role in ("engine", "renderer"):
        if f"{role}_age" in order:
            state["well"].discard(role)
            hub._redis_since = time.monotonic() - 1000
            hub._heard[(role, 0)] = time.monotonic() - order.pop(f"{role}_age")
    if "spread_per_stream" in order:
        hub_module.SPREAD_PER_STREAM = order.pop("spread_per_stream")
    # The rest of what a hub of the product is set to once, changed between two steps of a test.
    if "silent" in order:
        subscription.SILENT = order.pop("silent")
    if "reauthorise" in order:
        hub_module.REAUTHORISE = order.pop("reauthorise")
    if "version" in order:
        hub.app_version = order["version"]
    state.update(order)


def _freezing(send: Send) -> Send:
    async def held(message: Any) -> None:
        while state.get("frozen"):
            await asyncio.sleep(0.02)
        await send(message)

    return held


async def _answer(send: Send, status: int, body: bytes, kind: str, *, number: int = 0) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"x-live-number", str(number).encode()),
        (b"x-live-epoch", state.get("epoch", "epoch-1").encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
