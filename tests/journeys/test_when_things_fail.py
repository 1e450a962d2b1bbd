"""Lost networks, killed processes, crews in trouble: nothing falls through, and every screen says what is true."""

import signal

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.acting import answer_open_questions, crew_of, divert, incident_of, new_call, phone_of_crew
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser
_LISTEN = """() => {
  document.addEventListener("input", () => { window.typed = Date.now(); }, true);
  document.addEventListener("sound:played", () => { window.quiet ??= Date.now() - window.typed; });
}"""
"""Notes how long after the last key the first tone came, in milliseconds."""

_NINE_MINUTES_AGO = """() => {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith("dd.outbox."))) {
    const items = JSON.parse(localStorage.getItem(key));
    for (const one of items) one.data.device_at = new Date(Date.now() - 540000).toISOString();
    localStorage.setItem(key, JSON.stringify(items));
  }
}"""
"""What waits in this browser was pressed nine minutes ago."""
_ANSWERS = """([url, body]) => fetch(url, {
  method: "POST",
  headers: {"X-CSRFToken": document.querySelector("meta[name=csrf-token]").content, "HX-Request": "true"},
  body: new URLSearchParams(body),
}).then((answer) => answer.status)"""


def _typing_until_due(queue: Page) -> bool:
    """Another key in the search field, unless an alarm has become due meanwhile."""
    if queue.evaluate("() => document.documentElement.dataset.soundDue !== '0'"):
        return True
    queue.locator("#queue-find").press("Space")
    return False


def test_without_broker_and_worker_an_accepted_call_is_still_offered(
    stack: Stack, person: Person, complaints: list[str]
) -> None:
    """kill -9 of worker and Redis in mid-run: the sweeper offers from the row alone."""
    console = person("calltaker1", "/console/")
    call = new_call(console, where="commons park", nature="mental")
    answer_open_questions(console, call)
    stack.signal("worker", signal.SIGKILL)
    stack.signal("valkey", signal.SIGSTOP)
    try:
        console.keyboard.press("F8")
        incident, _, _ = incident_of(stack, call)
        crew = crew_of(stack, incident)
    finally:
        stack.signal("valkey", signal.SIGCONT)
    assert crew
    assert stack.rows("SELECT count(*) FROM dispatch_assignment WHERE incident_id = %s", incident) == [(1,)]
    expect(console.locator("html")).to_have_attribute("data-live-state", "live")


def test_typed_words_survive_a_lost_network_and_are_sent_once(stack: Stack, person: Person) -> None:
    """The console goes on, says NOT SENT across its width, and sends everything once when the network is back."""
    console = person("calltaker2", "/console/")
    call = new_call(console, where="library", nature="welfare")
    context = console.context
    context.set_offline(True)
    note = console.locator("[data-note]:visible")
    note.fill("She is on the porch, calm, wearing a blue coat")
    note.press("Control+Enter")
    expect(console.locator("#not-sent")).to_be_visible()
    context.set_offline(False)
    rows = until(
        lambda: stack.rows(
            "SELECT w.text FROM dispatch_narrativetext w JOIN dispatch_narrativeentry e ON e.id = w.entry_id"
            " WHERE e.call_id = %s",
            call,
        ),
        "the note arrived",
    )
    assert rows == [("She is on the porch, calm, wearing a blue coat",)]
    expect(console.locator("#not-sent")).to_be_hidden()
    # A decision that waited for minutes, in a tab that died, while a colleague said otherwise: shown, and not done.
    colleague = person("dispatcher1", "/queue/")
    context.set_offline(True)
    console.keyboard.press("F9")
    expect(console.locator("#not-sent")).to_be_visible()
    console.evaluate(_NINE_MINUTES_AGO)
    again = context.new_page()
    console.close(run_before_unload=False)
    assert colleague.evaluate(_ANSWERS, [f"/console/calls/{call}/answers/", "key=violence&value=threats"]) == 200
    context.set_offline(False)
    again.goto(f"{stack.address}/console/")
    expect(again.locator("#said")).to_contain_text("press again if it still stands")
    decided = (
        "SELECT count(*) FROM dispatch_decision d JOIN dispatch_call c ON c.incident_id = d.incident_id WHERE c.id = %s"
    )
    assert stack.rows(decided, call) == [(0,)]
    again.locator(f"#tab-{call}").click()
    expect(again.locator(f"#notes-{call}")).to_contain_text("Late, not applied")
    again.keyboard.press("F9")
    until(lambda: stack.rows(decided, call) == [(1,)], "pressed again, it is done")


def test_a_call_taken_without_a_network_survives_a_killed_tab(stack: Stack, person: Person) -> None:
    """Created, located, answered and noted while nothing can be sent; then the tab dies. The next one sends all of it
    once, in order and with both times, and what was only typed or marked is there again."""
    console = person("calltaker1", "/console/")
    context = console.context
    context.set_offline(True)
    console.keyboard.press("F2")
    expect(console.locator("[data-where]:visible")).to_be_focused()
    call = console.locator("[data-call]:visible").get_attribute("data-call") or ""
    console.keyboard.type("behind the old mill")
    console.keyboard.press("Enter")
    expect(console.locator("[data-phone]:visible")).to_be_focused()
    console.keyboard.type("919 555 0142")
    console.keyboard.press("Enter")
    console.keyboard.press("Alt+Q")
    console.locator(f"#q-weapon-{call} [data-value=none]").click()
    console.locator(f"#q-violence-{call} [data-value=none]").click()
    note = console.locator("[data-note]:visible")
    for words in ("first words", "second words"):
        note.fill(words)
        note.press("Control+Enter")
    marked = f"#q-medical_signs-{call} [data-opt-key='1']"
    console.locator(marked).click()
    # To 988, who join in: pressed here, and offered once the server has it.
    console.keyboard.press("Alt+T")
    line = console.locator("[data-transfer-whom]:visible")
    line.select_option(label=line.locator("option", has_text="988").first.inner_text().strip())
    console.locator("[name=bridge]:visible").check()
    line.press("Enter")
    console.locator("[name=receiver_name]:visible").fill("Nurse Ann")
    console.keyboard.press("F9")
    note.type("half a sentence about the")
    words = "() => JSON.stringify(localStorage).includes('half a sentence about the')"
    until(lambda: console.evaluate(words), "the draft is kept in this browser")
    expect(console.locator("[data-draft-state]:visible")).not_to_be_empty()
    expect(console.locator("#not-sent")).to_be_visible()
    # What cannot be sent stays to be read where it was said.
    for words in ("where: behind the old mill", "first words", "second words", "transfer to 988", "send"):
        expect(console.locator("[data-waiting]:visible")).to_contain_text(words)
    assert stack.rows("SELECT 1 FROM dispatch_call WHERE id = %s", call) == []
    again = context.new_page()
    console.close(run_before_unload=False)
    context.set_offline(False)
    again.goto(f"{stack.address}/console/")
    again.locator(f"#tab-{call}").click()
    expect(again.locator("[data-note]:visible")).to_have_value("half a sentence about the")
    expect(again.locator("[data-where]:visible")).to_have_value("behind the old mill")
    expect(again.locator("[data-phone]:visible")).to_have_value("+19195550142")
    expect(again.locator(marked)).to_have_attribute("aria-pressed", "true")
    sent = "SELECT what, device_at < at FROM dispatch_consolepost WHERE call_id = %s ORDER BY at"
    until(lambda: ("decision", True) in stack.rows(sent, call), "everything that waited is on the server")
    expect(again.locator("[name=receiver_name]:visible")).to_have_value("Nurse Ann")
    expect(again.locator("#not-sent")).to_be_hidden()
    expect(again.locator("[data-waiting]:visible")).to_have_count(0)
    offered = "SELECT kind, bridge FROM dispatch_transfer WHERE call_id = %s"
    assert stack.rows(offered, call) == [("988", True)]
    posts = stack.rows(sent, call)
    assert [what for what, _ in posts][:4] == ["location", "phone", "answer", "answer"]
    assert all(earlier for _, earlier in posts)
    notes = stack.rows(
        "SELECT t.text, e.device_at < e.at FROM dispatch_narrativetext t JOIN dispatch_narrativeentry e"
        " ON e.id = t.entry_id WHERE e.call_id = %s ORDER BY e.at",
        call,
    )
    assert notes == [("first words", True), ("second words", True)]
    answers = stack.rows(
        "SELECT key, count(*) FROM dispatch_answer WHERE call_id = %s AND key IN ('weapon', 'violence')"
        " GROUP BY key ORDER BY key",
        call,
    )
    assert answers == [("violence", 1), ("weapon", 1)]
    assert posts[-1][0] == "decision", "pressed without a network, done after all that was said before it"
    # The server has the unsent words too: they come back where this browser has kept nothing.
    unsent = "SELECT text FROM dispatch_calldraft WHERE call_id = %s AND field = 'note'"
    until(lambda: stack.rows(unsent, call) == [("half a sentence about the",)], "the draft is on the server")
    third = context.new_page()
    third.add_init_script("localStorage.clear()")
    again.close(run_before_unload=False)
    third.goto(f"{stack.address}/console/")
    third.locator(f"#tab-{call}").click()
    expect(third.locator("[data-note]:visible")).to_have_value("half a sentence about the")


def test_crew_calls_for_help_and_returns_the_call(stack: Stack, person: Person, complaints: list[str]) -> None:
    """Hold one second: police are asked at once, the wall's first line says so, and a named person must have heard.

    It sounds where its owner sits and nowhere else, and there not while that person types.
    """
    signed_in = person("dispatcher1", "/queue/")
    queue = signed_in.context.new_page()
    signed_in.close()
    # A page in which nobody has pressed anything yet, as after a restart of the computer.
    queue.goto(f"{stack.address}/queue/")
    expect(queue.locator("#sound-state")).to_be_visible()
    queue.locator("#sound-state").click()
    expect(queue.locator("#sound-state")).to_be_hidden()
    queue.evaluate(_LISTEN)
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    _, incident, _ = divert(stack, console)
    phone = phone_of_crew(stack, person, incident)
    phone.get_by_role("button", name="Accept").click()
    expect(queue.locator(f"#incident-{incident}")).to_contain_text("ACCEPTED")
    queue.locator("#queue-find").press("Space")
    expect(queue.locator("html")).to_have_attribute("data-sound-due", "0")
    help_button = phone.get_by_role("button", name="NEED HELP")
    help_button.focus()
    phone.keyboard.down("Enter")
    expect(phone.locator("body")).to_contain_text("HELP ASKED")
    phone.keyboard.up("Enter")
    expect(wall.locator("body")).to_contain_text("CREW NEEDS HELP")
    expect(queue.locator("body")).to_contain_text("Crew needs help")
    until(lambda: _typing_until_due(queue), "the alarm is due at the dispatcher's position")
    until(lambda: queue.evaluate("() => window.quiet"), "the dispatcher's position sounds")
    assert queue.evaluate("() => window.quiet >= 5000"), "never within five seconds of typing"
    expect(console.locator("html")).to_have_attribute("data-sound-due", "0")
    assert wall.evaluate("() => document.documentElement.dataset.soundDue") is None
    asked = stack.rows(
        "SELECT state, reason FROM dispatch_handoff WHERE incident_id = %s AND service = 'police'", incident
    )
    assert asked == [("requested", "backup")]
    phone.get_by_text("Return to 911, why?").click()
    phone.get_by_role("button", name="Unsafe").click()
    until(
        lambda: stack.rows("SELECT 1 FROM dispatch_incident WHERE id = %s AND state = 'returned'", incident),
        "the call went back to 911",
    )
    expect(queue.locator(f"#incident-{incident}")).to_contain_text("RETURNED")
    assert complaints == []


def test_a_phone_in_flight_mode_through_a_whole_visit(stack: Stack, person: Person) -> None:
    """Check 30 and more: reloaded without a network, the phone shows the call and sends everything once, in order."""
    console = person("calltaker2", "/console/")
    _, incident, number = divert(stack, console)
    phone = phone_of_crew(stack, person, incident)
    kept = "() => caches.open('dd-phone-kept').then((kept) => kept.match('/phone/policy')).then(Boolean)"
    until(lambda: phone.evaluate(kept), "the worker has kept the page")
    expect(phone.locator("#offline")).to_be_hidden()
    pressed = (
        "SELECT action, at > device_at FROM dispatch_historyrow WHERE incident_id = %s AND device_at IS NOT NULL"
        " AND entity IN ('assignment', 'alarm', 'note') ORDER BY device_at"
    )
    phone.context.set_offline(True)
    # The proxy stands still as well: a browser's flight mode lets single requests of a worker's page through.
    stack.signal("caddy", signal.SIGSTOP)
    try:
        expect(phone.locator("#offline")).to_contain_text("OFFLINE since")
        phone.get_by_role("button", name="Accept").click()
        expect(phone.locator("body")).to_contain_text("Dispatch does not know that you go")
        phone.get_by_role("button", name="En route").click()
        phone.get_by_role("button", name="On scene").click()
        phone.get_by_label("Note to dispatch").fill("She is calm and has had water")
        phone.get_by_role("button", name="Send note").click()
        phone.get_by_role("button", name="NEED HELP").focus()
        phone.keyboard.down("Enter")
        unconfirmed = phone.locator("#help-away")
        expect(unconfirmed).to_be_visible()
        phone.keyboard.up("Enter")
        phone.reload()
        expect(phone.locator("#offline")).to_contain_text("last heard")
        expect(phone.locator("#waiting-count")).to_have_text("5")
        expect(unconfirmed.locator("a").first).to_have_attribute("href", "tel:911")
        unconfirmed.get_by_role("button", name="Hide this").click()
        expect(phone.locator("#phone-board")).to_contain_text(number)
        phone.get_by_text("Clear: how did it end?").click()
        phone.get_by_label("Food, water, clothes").check()
        phone.get_by_role("button", name="Resolved on scene").click()
        expect(phone.locator("#phone-board")).to_contain_text("is over for you")
        assert stack.rows(pressed, incident) == []
    finally:
        stack.signal("caddy", signal.SIGCONT)
    phone.context.set_offline(False)
    expect(phone.locator("#phone-board")).to_contain_text("No call.")
    expect(phone.locator("#offline")).to_be_hidden()
    expect(phone.locator("#waiting")).to_be_hidden()
    expect(phone.locator("#help-state")).to_contain_text("HELP ASKED")
    sent = ("accept", "en_route", "on_scene", "add", "panic", "clear")
    assert stack.rows(pressed, incident) == [(action, True) for action in sent]
    report = (
        "SELECT r.services FROM dispatch_crewreport r JOIN dispatch_assignment a ON a.id = r.assignment_id"
        " WHERE a.incident_id = %s"
    )
    assert stack.rows(report, incident) == [(["food_clothes"],)]
    assert "She is calm" not in phone.evaluate("() => JSON.stringify(localStorage)")
