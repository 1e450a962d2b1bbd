"""What the web process and the renderer would do together, and what a page shows of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playwright.sync_api import Page, expect

from tests.live.rows import row_html
from tests.live.servers import Server

if TYPE_CHECKING:
    from tests.live.conftest import Wire

SINCE = "2026-03-01T12:00:00Z"
OpenPage = Callable[..., Page]


class Board:
    """What the web process and the renderer would do, together: change a row, number it, publish it."""

    def __init__(self, server: Server, wire: Wire) -> None:
        self.server = server
        self.wire = wire
        self.number = 0
        self.sent = 0
        self.versions: dict[str, int] = {}

    def change(self, name: str, text: str, *, key: str = "", publish: bool = True, since: str = SINCE) -> str:
        """Change a row for every later snapshot and publish its frame; returns the frame."""
        row = self.draw(name, text, key=key, since=since)
        self.server.control(rows={name: row}, number=self.number)
        drawn = row_html(name, row)
        if publish:
            self.publish(drawn)
        return drawn

    def draw(self, name: str, text: str, *, key: str = "", since: str = SINCE) -> dict[str, Any]:
        """The next state of a row, numbered; the server has not got it yet."""
        self.versions[name] = self.versions.get(name, 0) + 1
        self.number += 1
        return {"v": self.versions[name], "key": key or name, "text": text, "since": since}

    def begin(self, *names: str) -> None:
        """Rows that are there before any page opens; the renderer has told everybody of them."""
        for name in names:
            self.change(name, name, publish=False)
        self.sent = self.number
        self.wire.beat(self.number)

    def remove(self, name: str) -> None:
        self.versions[name] += 1
        self.number += 1
        self.server.control(rows={name: None}, number=self.number)
        self.publish(f'<tr id="{name}" data-v="{self.versions[name]}" data-live-gone></tr>')

    def publish(self, drawn: str) -> None:
        self.wire.send("console", self.number, self.sent, drawn)
        self.sent = self.number


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("html")).to_have_attribute("data-live-state", state)


def texts(page: Page) -> list[str]:
    return [text for text in page.locator("#rows tr[data-v] td:first-child").all_inner_texts() if text]


def top(page: Page, name: str) -> float:
    """Where a row begins on the screen."""
    return float(page.evaluate("id => document.getElementById(id).getBoundingClientRect().top", name))


def row(page: Page, name: str) -> Any:
    return expect(page.locator(f"#{name} td:first-child"))
