"""The command line by keyboard, and a practice call from its ring to its score."""

import pytest
from playwright.sync_api import expect

from tests.journeys.acting import answer_open_questions, divert, phone_of_crew
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser


def test_a_status_by_command_is_said_done_and_undone(stack: Stack, person: Person, complaints: list[str]) -> None:
    """Check 13: echo before Enter, a typo does nothing and says why, undo within ten seconds, both in the log."""
    console = person("calltaker1", "/console/")
    _, incident, number = divert(stack, console)
    phone = phone_of_crew(stack, person, incident)
    phone.get_by_role("button", name="Accept").click()
    state = "SELECT a.state, u.call_sign FROM dispatch_assignment a JOIN responders_unit u ON u.id = a.unit_id"
    state += " WHERE a.incident_id = %s AND a.ended_at IS NULL"
    held = "SELECT id::text FROM dispatch_assignment WHERE incident_id = %s AND ended_at IS NULL"
    until(lambda: stack.rows(state, incident)[0][0] == "accepted", "the crew has accepted")
    unit = str(stack.rows(state, incident)[0][1])
    queue = person("dispatcher1", "/queue/")
    queue.keyboard.press("Control+k")
    line = queue.locator("#command-text")
    expect(line).to_be_focused()
    queue.keyboard.type(f"st {unit.lower().replace(' ', '-')} flying")
    expect(queue.locator("#command-echo")).to_contain_text("is no status")
    queue.keyboard.press("Enter")
    expect(line).to_be_focused()
    queue.keyboard.press("Control+a")
    queue.keyboard.type(f"st {unit.lower().replace(' ', '-')} enr")
    expect(queue.locator("#command-picks li").first).to_have_text("enroute")
    queue.keyboard.press("Tab")
    expect(queue.locator("#command-echo")).to_contain_text(f"{unit} → EN ROUTE on #{number}")
    assert stack.rows(state, incident)[0][0] == "accepted"
    queue.keyboard.press("Enter")
    expect(queue.locator("#command-done")).to_contain_text(f"{unit} is EN ROUTE")
    until(lambda: stack.rows(state, incident)[0][0] == "en_route", "the status is stored")
    queue.locator("[data-command-undo]").click()
    expect(queue.locator("#command-done")).to_contain_text("ACCEPTED again")
    rows = stack.rows(
        "SELECT action FROM dispatch_historyrow WHERE incident_id = %s AND entity = 'assignment' ORDER BY id", incident
    )
    assert [row[0] for row in rows][-2:] == ["en_route", "undo"]
    # A call made by a command is in front at once, also where the page was the console already.
    console.keyboard.press("Control+k")
    console.locator("#command-text").fill('nc loc:"at the old gate" -- as said')
    expect(console.locator("#command-echo")).to_contain_text("new call")
    console.keyboard.press("Enter")
    expect(console.locator("[data-where]:visible")).to_have_value("at the old gate")
    console.keyboard.press("Control+k")
    console.locator("#command-text").fill("n not meant")
    expect(console.locator("#command-echo")).to_contain_text("not meant")
    console.keyboard.press("Enter")
    expect(console.locator("#command-done")).to_contain_text("Noted")
    console.keyboard.press("Control+k")
    console.locator("#command-text").fill("undo")
    expect(console.locator("#command-echo")).to_contain_text("take back")
    console.keyboard.press("Enter")
    expect(console.locator("#command-done")).to_contain_text("struck")
    # By one key; then by a key of one's own, a chord, which works with single keys switched off (check 14).
    queue.locator(f"#incident-{incident}").click()
    work = stack.rows(held, incident)[0][0]
    expect(queue.locator(f"#en_route-{work} kbd")).to_have_text("2")
    queue.keyboard.press("2")
    until(lambda: stack.rows(state, incident)[0][0] == "en_route", "one key said so")
    queue.goto(f"{stack.address}/keys/")
    queue.locator("[name='queue.3']").fill("Alt+4")
    queue.get_by_role("button", name="Keep these keys").click()
    usual = queue.get_by_role("button", name="Back to the usual keys")
    expect(usual).to_be_visible()
    queue.goto(f"{stack.address}/queue/#{incident}")
    expect(queue.locator(f"#stage-{work} kbd")).to_have_text("Alt+4")
    queue.evaluate("() => { document.body.dataset.singleKeys = 'off'; }")
    queue.keyboard.press("3")
    queue.keyboard.press("o")
    queue.keyboard.press("Alt+4")
    until(lambda: stack.rows(state, incident)[0][0] == "staged", "the chord said so")
    assert stack.rows(
        "SELECT count(*) FROM dispatch_historyrow WHERE incident_id = %s AND action = 'take'", incident
    ) == [(0,)]
    queue.goto(f"{stack.address}/keys/")
    usual.click()
    expect(usual).to_have_count(0)
    assert complaints == []


def test_a_practice_call_rings_answers_and_is_scored(stack: Stack, person: Person, complaints: list[str]) -> None:
    """A trainee sees what the caller says, asks by focusing a question, and reads how it went."""
    page = person("calltaker2", "/training/")
    page.get_by_role("button", name="Ring P02").click()
    page.wait_for_selector("html[data-live-state=live]")
    caller = page.locator("#practice")
    expect(caller).to_contain_text("bus station")
    call = page.locator("[data-call]:visible").get_attribute("data-call") or ""
    # The number that practice calls come from has a safety profile: shown once it is confirmed, taken over by one key.
    page.keyboard.press("Alt+c")
    expect(page.locator(f"#person-line-{call}")).to_contain_text("Safety profile")
    page.keyboard.press("F7")
    expect(page.locator(f"#person-line-{call}")).to_contain_text("taken over")
    page.locator("[data-where]:visible").fill("commons park")
    page.locator(f"#picks-{call} [role=option]").first.wait_for()
    page.locator("[data-where]:visible").press("Enter")
    page.locator("[data-what]:visible").fill("shelter")
    page.locator(f"#what-picks-{call} [role=option]").first.wait_for()
    page.locator("[data-what]:visible").press("Enter")
    page.wait_for_function("() => document.activeElement.closest('[data-question]')")
    expect(caller.locator("[data-practice-answer]")).not_to_be_empty()
    answer_open_questions(page, call)
    page.keyboard.press("F8")
    expect(caller.locator("[data-scored]")).to_contain_text("questions asked")
    assert stack.rows("SELECT count(*) FROM dispatch_practicerun WHERE scored_at IS NOT NULL") == [(1,)]
    assert complaints == []
