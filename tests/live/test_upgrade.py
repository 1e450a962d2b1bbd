"""Pages that outlive their server: a new version, a killed process, and clocks that do not agree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.conftest import PATIENCE_MS
from tests.live.boards import Board, OpenPage, expect_state, row, texts
from tests.live.conftest import Wire
from tests.live.servers import Server

pytestmark = pytest.mark.browser


def test_a_new_version_loads_the_page_anew_but_not_over_typed_text(board: Board, open_page: OpenPage) -> None:
    page, writing = open_page(), open_page()
    page.evaluate("window.mark = 1")
    writing.evaluate("window.mark = 1; document.forms[0].setAttribute('data-dirty', '')")
    board.server.control(version="2")
    page.wait_for_function("document.body.dataset.appVersion === '2' && !window.mark")
    assert writing.evaluate("window.mark") == 1
    writing.evaluate("document.forms[0].removeAttribute('data-dirty')")
    writing.wait_for_function("document.body.dataset.appVersion === '2' && !window.mark")


_JITTER = """
Math.random = () => 0.25;
const real = window.setTimeout;
window.setTimeout = (act, ms, ...more) => {
  sessionStorage.setItem("waits", `${sessionStorage.getItem("waits") || ""} ${ms}`);
  return real(act, ms, ...more);
};
"""


def test_a_server_killed_and_upgraded_under_open_pages(
    context: BrowserContext, wire: Wire, redis_url: str, channel: str
) -> None:
    """A wall comes back by itself with the new version, after a wait of its own; typed words hold a page back."""
    begin = {"redis_url": redis_url, "channel": channel, "silent": 5.0}
    with Server("tests.live.board_app:application") as old:
        old.control(begin=begin)
        old.wait_for_health(redis="ok")
        before = Board(old, wire)
        before.begin("a")
        wall, writing = context.new_page(), context.new_page()
        wall.add_init_script(_JITTER)
        for page in (wall, writing):
            page.goto(f"{old.url}/page")
            expect_state(page, "live")
            page.evaluate("window.mark = 1")
        writing.locator("#note").fill("half a sentence")
        old.kill()
    with Server("tests.live.board_app:application", port=old.port) as new:
        # In one order: a page that comes back before the second of two would have been told of it by a frame.
        after = Board(new, wire)
        rows = {"a": after.draw("a", "a"), "b": after.draw("b", "while it was away")}
        new.control(begin=begin, version="2", rows=rows, number=after.number)
        new.wait_for_health(redis="ok")
        wire.beat(after.number)
        wall.wait_for_function("document.body.dataset.appVersion === '2' && !window.mark", timeout=PATIENCE_MS)
        expect_state(wall, "live")
        assert texts(wall) == ["a", "while it was away"]
        # A quarter of the five seconds over which pages spread their return.
        assert "1250" in str(wall.evaluate("sessionStorage.getItem('waits')")).split()
        row(writing, "b").to_have_text("while it was away")
        expect_state(writing, "live")
        assert writing.evaluate("window.mark") == 1
        assert writing.locator("#note").input_value() == "half a sentence"
        writing.locator("#note").fill("")
        writing.wait_for_function("document.body.dataset.appVersion === '2' && !window.mark", timeout=PATIENCE_MS)
        for page in (wall, writing):
            page.goto("about:blank")


@pytest.mark.parametrize("hours", [-3, 3])
def test_ages_go_by_the_servers_clock(board: Board, context: BrowserContext, hours: int) -> None:
    """A browser whose clock is hours wrong shows the age that the server means, and is live."""
    page = context.new_page()
    page.clock.install(time=datetime.now(UTC) + timedelta(hours=hours))
    page.goto(f"{board.server.url}/page")
    expect_state(page, "live")
    begun = datetime.now(UTC) - timedelta(minutes=10)
    board.change("a", "ten minutes ago", since=begun.isoformat())
    row(page, "a").to_have_text("ten minutes ago")
    page.clock.run_for(2_000)
    expect(page.locator("#a [data-since]")).to_have_text(re.compile(r"1[01]:\d\d"))
    # What countdowns and the clock of a page go by (static/desk/desk.js).
    off = float(page.evaluate("document.documentElement.dataset.clockOff"))
    assert abs(off + hours * 3_600_000) < 600_000
    page.clock.run_for(1_000)
    expect_state(page, "live")
