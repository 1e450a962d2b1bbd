"""live.js in a real browser: frames, gaps, frozen streams, hidden and many tabs, typing, holding still."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, expect

from live.renderer import PART
from live.tickets import session_hash
from tests.live.boards import SINCE, Board, OpenPage, expect_state, row, texts, top
from tests.live.rows import row_html

pytestmark = pytest.mark.browser


def test_frames_insert_replace_and_remove_rows_in_order(board: Board, open_page: OpenPage) -> None:
    board.begin("b")
    page = open_page()
    row(page, "b").to_have_text("b")
    expect(page.locator("[data-live-count]")).to_have_text("1")
    board.change("a", "first")
    board.change("c", "third <b>")
    row(page, "c").to_have_text("third <b>")
    assert texts(page) == ["first", "b", "third <b>"]
    board.change("b", "moved down", key="z")
    row(page, "b").to_have_text("moved down")
    assert texts(page) == ["first", "third <b>", "moved down"]
    for name in ("a", "b", "c"):
        board.remove(name)
    expect(page.locator("[data-live-empty]")).to_be_visible()
    expect(page.locator("[data-live-count]")).to_have_text("0")


def test_an_older_version_never_replaces_a_newer_one(board: Board, open_page: OpenPage) -> None:
    board.change("a", "one")
    page = open_page()
    old = board.change("a", "two", publish=False)
    board.change("a", "three")
    row(page, "a").to_have_text("three")
    board.number += 1
    board.publish(old)
    board.change("b", "mark")
    row(page, "b").to_have_text("mark")
    row(page, "a").to_have_text("three")


def test_rows_and_blocks_may_come_in_one_message(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    board.number += 1
    row_after = row_html("a", {"v": 1, "key": "a", "text": "row", "since": SINCE})
    block = '<div id="tray" data-v="1" data-live-into="region" data-live-key="x">alert</div>'
    board.publish(PART.join([block, row_after]))
    row(page, "a").to_have_text("row")
    expect(page.locator("#tray")).to_have_text("alert")


def test_a_gap_reloads_the_region(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    board.change("a", "one")
    row(page, "a").to_have_text("one")
    board.change("b", "never published", publish=False)
    board.sent = board.number
    board.change("c", "after the gap")
    row(page, "b").to_have_text("never published")
    row(page, "c").to_have_text("after the gap")
    assert texts(page) == ["one", "never published", "after the gap"]


def test_a_board_that_could_not_be_fetched_is_not_live_until_it_comes(board: Board, open_page: OpenPage) -> None:
    """The web process restarts just when a gap is found: later beats alone must not make the page look complete."""
    page = open_page()
    board.change("a", "one")
    row(page, "a").to_have_text("one")
    board.server.control(broken=True)
    board.change("b", "never published", publish=False)
    board.sent = board.number
    board.change("c", "after the gap")
    row(page, "c").to_have_text("after the gap")
    board.wire.beat(board.number)
    expect_state(page, "delayed")
    board.server.control(broken=False)
    row(page, "b").to_have_text("never published")
    expect_state(page, "live")
    assert texts(page) == ["one", "never published", "after the gap"]


def test_live_equals_reload(board: Board, open_page: OpenPage) -> None:
    board.begin("r0", "r9")
    page = open_page()
    for number in range(12):
        board.change(f"r{number % 5}", f"text {number}", key=f"{number * 7 % 10}")
    row(page, "r1").to_have_text("text 11")
    board.remove("r3")
    expect(page.locator("#r3")).to_have_count(0)
    shown = texts(page)
    page.reload()
    expect_state(page, "live")
    assert texts(page) == shown


def test_a_frozen_stream_is_said_and_heals_with_what_was_missed(board: Board, open_page: OpenPage) -> None:
    page = open_page(clock=True)
    board.change("a", "before")
    row(page, "a").to_have_text("before")
    expect(page.locator("#a [data-since]")).not_to_have_text("—")
    board.server.control(frozen=True, broken=True)
    page.clock.fast_forward(16_000)
    expect_state(page, "delayed")
    expect(page.locator("[data-live-state-text]")).to_contain_text("last update")
    page.clock.fast_forward(16_000)
    expect_state(page, "stale")
    expect(page.locator("#live-banner")).to_be_visible()
    expect(page.locator("#a [data-since]")).to_have_text("—")
    board.change("b", "missed one")
    board.change("c", "missed two")
    board.server.control(frozen=False, broken=False)
    page.clock.fast_forward(13_000)
    expect_state(page, "live")
    row(page, "c").to_have_text("missed two")
    assert texts(page) == ["before", "missed one", "missed two"]
    expect(page.locator("#live-banner")).to_be_hidden()
    expect(page.locator("#a [data-since]")).not_to_have_text("—")


def test_while_the_stream_is_silent_the_page_polls(board: Board, open_page: OpenPage) -> None:
    page = open_page(clock=True)
    board.server.control(frozen=True)
    board.change("a", "polled", publish=False)
    page.clock.fast_forward(16_000)
    expect_state(page, "delayed")
    row(page, "a").to_have_text("polled")


def test_offline_and_back(board: Board, open_page: OpenPage, context: BrowserContext) -> None:
    page = open_page(clock=True)
    board.server.control(frozen=True)
    context.set_offline(True)
    page.clock.fast_forward(31_000)
    expect_state(page, "stale")
    board.change("a", "while away")
    board.server.control(frozen=False)
    context.set_offline(False)
    page.clock.fast_forward(6_000)
    expect_state(page, "live")
    row(page, "a").to_have_text("while away")


def test_tabs_share_one_stream_and_survive_its_holder(board: Board, open_page: OpenPage) -> None:
    pages = [open_page() for _ in range(8)]
    board.server.wait_for_health(streams=1)
    board.change("a", "for all")
    for page in pages:
        row(page, "a").to_have_text("for all")
    pages.pop(0).close()
    board.change("b", "while nobody leads")
    for page in pages:
        row(page, "b").to_have_text("while nobody leads")
    board.server.wait_for_health(streams=1)
    ninth = open_page()
    assert texts(ninth) == ["for all", "while nobody leads"]


def test_a_tab_that_joins_late_gets_what_came_since_its_page_was_drawn(board: Board, open_page: OpenPage) -> None:
    leader = open_page()
    late = open_page()
    drawn_before = board.server.request("GET", "/page")[1].decode()
    late.route("**/page", lambda route: route.fulfill(body=drawn_before, content_type="text/html"))
    board.change("a", "came in between")
    row(leader, "a").to_have_text("came in between")
    late.reload()
    row(late, "a").to_have_text("came in between")
    board.server.wait_for_health(streams=1)


def test_a_hidden_tab_is_current_when_it_is_shown(board: Board, open_page: OpenPage, context: BrowserContext) -> None:
    page = open_page()
    session = context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    for number in range(5):
        board.change("a", f"change {number}")
    session.send("Page.setWebLifecycleState", {"state": "active"})
    row(page, "a").to_have_text("change 4")


def test_typing_is_never_touched(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    note = page.locator("#note")
    note.focus()
    text = "man on bridge, calm, no weapon seen"
    for number, letter in enumerate(text):
        board.change(f"r{number % 3}", f"update {number}")
        page.keyboard.type(letter)
    row(page, f"r{(len(text) - 1) % 3}").to_have_text(f"update {len(text) - 1}")
    assert note.input_value() == text
    assert page.evaluate("document.activeElement.id") == "note"
    assert note.evaluate("field => field.selectionStart") == len(text)


def test_a_list_in_use_keeps_its_order_until_asked(board: Board, open_page: OpenPage) -> None:
    board.begin("m", "n")
    page = open_page()
    page.locator("#n a").focus()
    before = top(page, "n")
    board.change("a", "new above")
    expect(page.locator(".live-pill")).to_have_text("1 new")
    board.change("n", "n changed")
    row(page, "n").to_have_text("n changed")
    board.remove("m")
    expect(page.locator("#m")).to_have_attribute("data-live-leaving", "")
    assert top(page, "n") == before
    # Also a reload of the whole region moves nothing while the list is in use.
    board.change("b", "in the snapshot only", publish=False)
    board.sent = board.number
    board.change("c", "after a gap")
    expect(page.locator(".live-pill")).to_have_text("3 new")
    assert top(page, "n") == before
    assert page.evaluate("document.activeElement.closest('tr').id") == "n"
    assert texts(page) == ["m", "n changed"]
    page.locator(".live-pill").click()
    row(page, "a").to_have_text("new above")
    assert texts(page) == ["new above", "in the snapshot only", "after a gap", "n changed"]
    expect(page.locator(".live-pill")).to_have_count(0)


def test_a_revoked_display_shows_nothing_and_comes_back_when_allowed(board: Board, open_page: OpenPage) -> None:
    page = open_page(clock=True)
    board.change("a", "secret")
    row(page, "a").to_have_text("secret")
    board.server.control(denied=True)
    board.wire.revoke(session_hash("session-1"))
    page.clock.run_for(2_000)
    expect_state(page, "denied")
    expect(page.locator("#live-banner")).to_contain_text("Display not authorised")
    assert "secret" not in page.content()
    board.server.control(denied=False)
    page.clock.fast_forward(13_000)
    row(page, "a").to_have_text("secret")
    expect_state(page, "live")


def test_a_silent_engine_is_shown_on_every_page(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("[data-engine-text]")).to_have_text("")
    board.server.control(engine_age=11)
    expect(page.locator("html")).to_have_attribute("data-engine", "stopped")
    expect(page.locator("[data-engine-text]")).to_have_text("OFFERS STOPPED")
    expect(page.locator("#live-banner")).to_contain_text("OFFERS STOPPED")
    board.server.control(engine_age=0)
    expect(page.locator("[data-engine-text]")).to_have_text("")
    expect(page.locator("#live-banner")).to_be_hidden()


def test_a_reload_tells_the_page_to_fetch_what_no_region_holds(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        "document.getElementById('region').remove();"
        "document.addEventListener('live:reloaded', () => { document.title = 'reloaded'; })"
    )
    board.change("a", "never published", publish=False)
    board.sent = board.number
    board.change("a", "after the gap")
    expect(page).to_have_title("reloaded")


def test_beats_without_a_renderer_are_not_live_and_the_page_polls(board: Board, open_page: OpenPage) -> None:
    page = open_page(clock=True)
    board.change("a", "only in the snapshot", publish=False)
    board.server.control(renderer_age=20, engine_age=0)
    expect_state(page, "delayed")
    page.clock.fast_forward(11_000)
    row(page, "a").to_have_text("only in the snapshot")
    board.wire.beat(board.number)
    expect_state(page, "live")


def test_a_new_epoch_starts_the_numbers_over(board: Board, open_page: OpenPage) -> None:
    page = open_page()
    for number in range(5):
        board.change("a", f"old {number}")
    row(page, "a").to_have_text("old 4")
    board.wire.epoch = "epoch-2"
    board.server.control(epoch="epoch-2")
    board.number = board.sent = 0
    board.change("b", "first of the restored database")
    row(page, "b").to_have_text("first of the restored database")
    board.wire.beat(board.number)
    board.change("c", "second")
    row(page, "c").to_have_text("second")
