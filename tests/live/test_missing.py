"""A page that lacks something never says LIVE: whatever was lost on the way, it says so and asks until it has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from live.renderer import PART
from tests.live.boards import SINCE, Board, OpenPage, expect_state, row, texts
from tests.live.rows import row_html

pytestmark = pytest.mark.browser
KEEP_UP = Path(__file__).resolve().parents[2] / "static/desk/keep_up.js"

_HOLD_HELLO = """
const post = BroadcastChannel.prototype.postMessage;
window.held = [];
BroadcastChannel.prototype.postMessage = function (message) {
  if (window.held && message.kind === "hello") window.held.push(() => post.call(this, message));
  else post.call(this, message);
};
window.release = () => {
  const held = window.held;
  window.held = null;
  held.forEach((say) => say());
};
"""


def _away(page: Page, pattern: str) -> None:
    page.route(pattern, lambda route: route.abort())


def test_a_beat_does_not_count_for_a_tab_that_the_stream_does_not_know_yet(board: Board, open_page: OpenPage) -> None:
    """The tab that reads the stream passes on that all is told, before it has heard of the tab that has just come."""
    leader = open_page()
    late = open_page()
    late.add_init_script(_HOLD_HELLO)
    drawn_before = board.server.request("GET", "/page")[1].decode()
    late.route("**/page", lambda route: route.fulfill(body=drawn_before, content_type="text/html"))
    board.change("a", "came in between")
    row(leader, "a").to_have_text("came in between")
    late.reload()
    late.wait_for_function("window.held.length > 0")
    board.wire.beat(board.number)
    expect_state(late, "live")
    late.evaluate("window.release()")
    row(late, "a").to_have_text("came in between")
    board.server.wait_for_health(streams=1)


def test_a_tab_that_may_now_watch_more_gets_a_stream_for_it(board: Board, open_page: OpenPage) -> None:
    leader = open_page()
    wider = board.server.request("GET", "/page")[1].decode().replace('="console"', '="console other"', 1)
    refused, allowed = open_page(), open_page()
    for page in (refused, allowed):
        page.route("**/page", lambda route: route.fulfill(body=wider, content_type="text/html"))
    refused.reload()
    expect_state(refused, "denied")
    board.server.control(granted=["console", "other"])
    allowed.reload()
    expect_state(allowed, "live")
    board.number += 1
    drawn = row_html("o", {"v": 1, "key": "o", "text": "for the wider", "since": SINCE})
    board.wire.send("other", board.number, board.sent, drawn)
    row(allowed, "o").to_have_text("for the wider")
    expect(leader.locator("#o")).to_have_count(0)


def test_a_reload_that_waits_its_turn_among_many_is_not_live(board: Board, open_page: OpenPage) -> None:
    """Redis was away: thousands of pages fetch their boards one after the other, and know it until then."""
    board.server.control(spread_per_stream=10)
    page = open_page(clock=True)
    page.evaluate("Math.random = () => 0.9")
    board.change("a", "missed", publish=False)
    board.sent = board.number
    with page.expect_event("console", lambda said: said.text == "reload heard"):
        page.evaluate(
            """() => { const real = setTimeout; window.setTimeout = (act, ms) => {
               if (ms > 8000) console.log("reload heard"); return real(act, ms); } }"""
        )
        board.wire.reload_all(board.number)
    board.wire.beat(board.number)
    page.clock.run_for(3_000)
    expect_state(page, "delayed")
    expect(page.locator("[data-live-state-text]")).to_contain_text("has not come")
    page.clock.run_for(8_000)
    row(page, "a").to_have_text("missed")
    expect_state(page, "live")


def test_a_frame_that_fails_half_way_brings_the_whole_region(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("window.htmx = { process() { delete window.htmx; throw new Error('half way'); } }")
    both = [board.change(name, f"row {name}", publish=False) for name in ("a", "b")]
    board.publish(PART.join(both))
    row(page, "b").to_have_text("row b")
    board.change("c", "and on")
    row(page, "c").to_have_text("and on")
    assert texts(page) == ["row a", "row b", "and on"]
    expect_state(page, "live")


def test_a_page_of_the_network_itself_is_no_board(board: Board, open_page: OpenPage) -> None:
    """A network that wants its terms accepted answers everything with 200 and words of its own."""
    board.begin("a")
    page = open_page()
    board.server.control(portal=True)
    board.change("b", "never published", publish=False)
    board.sent = board.number
    board.change("c", "after the gap")
    expect_state(page, "delayed")
    assert texts(page) == ["a", "after the gap"]
    board.server.control(portal=False)
    row(page, "b").to_have_text("never published")
    expect_state(page, "live")


def test_an_answer_that_was_overtaken_is_thrown_away(board: Board, open_page: OpenPage) -> None:
    board.begin("a")
    page = open_page()
    slow: list[Route] = []

    def first_waits(route: Route) -> None:
        if slow:
            route.continue_()
        else:
            slow.append(route)

    page.route("**/snapshot", first_waits)
    with page.expect_request("**/snapshot"):
        page.evaluate(
            "detail => document.dispatchEvent(new CustomEvent('live:refetch', { detail }))",
            {"region": page.locator("#region").element_handle()},
        )
    old = board.server.request("GET", "/snapshot")[1].decode()
    before = str(board.number)
    board.change("b", "never published", publish=False)
    board.sent = board.number
    board.change("c", "after the gap")
    row(page, "b").to_have_text("never published")
    with page.expect_event("requestfinished", lambda done: done.url.endswith("/snapshot")):
        slow[0].fulfill(body=old, headers={"X-Live-Number": before, "X-Live-Epoch": "epoch-1"})
    board.change("d", "last")
    row(page, "d").to_have_text("last")
    assert texts(page) == ["a", "never published", "after the gap", "last"]


def test_a_region_that_waits_for_somebody_who_types_is_not_live(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("document.getElementById('region').append(document.createElement('input'))")
    page.locator("#region input").focus()
    board.change("a", "never published", publish=False)
    board.sent = board.number
    board.change("b", "after the gap")
    expect_state(page, "delayed")
    expect(page.locator("[data-live-state-text]")).to_contain_text("stop typing")
    page.locator("#region input").blur()
    row(page, "a").to_have_text("never published")
    expect_state(page, "live")


def test_a_list_that_is_held_takes_over_a_restored_database(board: Board, open_page: OpenPage) -> None:
    """Numbers and versions began anew and are lower than what the screen shows."""
    board.begin("m")
    for number in range(3):
        board.change("m", f"before {number}")
    page = open_page()
    page.locator("#m a").focus()
    board.wire.epoch = "epoch-2"
    board.server.control(epoch="epoch-2")
    board.number = board.sent = board.versions["m"] = 0
    board.change("m", "as restored")
    row(page, "m").to_have_text("as restored")
    board.change("m", "and changed")
    row(page, "m").to_have_text("and changed")


def test_a_row_that_left_while_it_waited_is_not_brought_in(board: Board, open_page: OpenPage) -> None:
    board.begin("m")
    page = open_page()
    page.locator("#m a").focus()
    board.change("a", "new")
    expect(page.locator(".live-pill")).to_have_text("1 new")
    # Its end was missed: the page learns of it from the snapshot.
    board.number += 1
    board.server.control(rows={"a": None}, number=board.number)
    board.sent = board.number
    page.evaluate("document.addEventListener('live:reloaded', () => { document.title = 'reloaded'; })")
    board.change("b", "another")
    # Two would also be what waits before the snapshot has come.
    expect(page).to_have_title("reloaded")
    board.change("c", "and another")
    expect(page.locator(".live-pill")).to_have_text("2 new")
    page.locator(".live-pill").click()
    row(page, "b").to_have_text("another")
    assert texts(page) == ["another", "and another", "m"]


def test_a_part_that_the_page_fetches_by_itself_counts(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    said = "ok => document.dispatchEvent(new CustomEvent('live:part', { detail: { name: 'pane', ok } }))"
    page.evaluate(said, False)
    expect_state(page, "delayed")
    board.change("a", "a frame")
    row(page, "a").to_have_text("a frame")
    expect_state(page, "delayed")
    page.evaluate(said, True)
    expect_state(page, "live")


def test_a_part_that_did_not_come_is_asked_for_until_it_does(board: Board, open_page: OpenPage) -> None:
    """The pane of a call, a phone's board: the signal has come, and what it told of has not."""
    page = open_page(clock=True)
    script = KEEP_UP.read_text(encoding="utf-8").replace("export ", "")
    page.add_script_tag(type="module", content=f"{script}\nwindow.paneIsOld = paneIsOld; window.keepUp = keepUp;")
    page.wait_for_function("Boolean(window.keepUp)")
    page.evaluate(
        """() => {
          [window.part, window.seen] = ["b", "i"].map((name) => document.createElement(name));
          Object.assign(part.dataset, { version: "3", beside: "40" });
          Object.assign(seen.dataset, { v: "3", beside: "40" });
          window.asked = 0;
          window.looked = keepUp("pane", () => paneIsOld(part, seen), () => { window.asked += 1; });
        }"""
    )
    page.clock.run_for(5_000)
    assert page.evaluate("asked") == 0
    # A hazard at the place: no version of the incident, and yet the pane is old.
    page.evaluate("seen.dataset.beside = '41'")
    page.clock.run_for(5_000)
    expect_state(page, "delayed")
    assert page.evaluate("asked") > 0
    page.evaluate("part.dataset.beside = '41'; looked()")
    page.clock.run_for(1_000)
    expect_state(page, "live")
    page.evaluate("seen.dataset.v = '4'")
    page.clock.run_for(5_000)
    expect_state(page, "delayed")


def test_boards_that_are_drawn_late_are_not_live(board: Board, open_page: OpenPage) -> None:
    """The renderer lives, and what it draws is of half a minute ago."""
    page = open_page()
    board.server.control(renderer_age=0)
    board.wire.beat(board.number, behind=20)
    expect_state(page, "delayed")
    board.wire.beat(board.number)
    expect_state(page, "live")


def test_a_region_of_sums_replaces_only_what_has_changed(board: Board, open_page: OpenPage) -> None:
    """A link that somebody is about to press stays under the pointer, whatever else of the overview is counted anew."""
    board.begin("a")
    page = open_page()
    page.evaluate(
        """() => {
          window.filled = 0;
          const region = document.getElementById("region");
          region.dataset.liveParts = "";
          new MutationObserver((records) => { window.filled += records.length; }).observe(region, { childList: true });
        }"""
    )

    def refetch() -> int:
        with page.expect_event("requestfinished", lambda done: done.url.endswith("/snapshot")):
            page.evaluate(
                "detail => document.dispatchEvent(new CustomEvent('live:refetch', { detail }))",
                {"region": page.locator("#region").element_handle()},
            )
        return int(page.evaluate("() => new Promise((done) => setTimeout(() => done(window.filled)))"))

    filled = refetch()
    assert filled > 0
    assert refetch() == filled
    board.change("a", "changed", publish=False)
    assert refetch() > filled
    row(page, "a").to_have_text("changed")


def test_no_page_is_loaded_anew_from_a_server_that_does_not_answer(board: Board, context: BrowserContext) -> None:
    """The live process is up in its new version while the web process still restarts: a wall that loaded its page now
    would stand on the browser's error page for ever."""
    page = context.new_page()
    page.add_init_script("Math.random = () => 0.01")
    page.goto(f"{board.server.url}/page")
    expect_state(page, "live")
    _away(page, "**/snapshot")
    _away(page, "**/page")
    with page.expect_request("**/snapshot"):
        board.server.control(version="2")
    expect_state(page, "delayed")
    page.unroute("**/snapshot")
    page.unroute("**/page")
    page.wait_for_function("document.body.dataset.appVersion === '2'", timeout=30_000)
    expect_state(page, "live")
