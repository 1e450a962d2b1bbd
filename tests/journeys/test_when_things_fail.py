"""Lost networks, killed processes, crews in trouble: nothing falls through, and every screen says what is true."""

import signal

import pytest
from playwright.sync_api import expect

from tests.journeys.acting import answer_open_questions, crew_of, divert, incident_of, new_call
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser


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
    expect(console.locator("html")).to_have_attribute("data-live-state", "live", timeout=30_000)


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


def test_a_note_draft_survives_a_killed_tab(stack: Stack, person: Person, complaints: list[str]) -> None:
    """Words that were never sent are back when the console is opened again."""
    console = person("calltaker1", "/console/")
    call = new_call(console, where="station", nature="welfare")
    note = console.locator("[data-note]:visible")
    note.type("half a sentence about the")
    expect(console.locator("[data-draft-state]:visible")).not_to_be_empty()
    again = console.context.new_page()
    console.close(run_before_unload=False)
    again.goto(f"{stack.address}/console/")
    again.locator(f"#tab-{call}").click()
    expect(again.locator("[data-note]:visible")).to_have_value("half a sentence about the")
    assert complaints == []


def test_crew_calls_for_help_and_returns_the_call(stack: Stack, person: Person, complaints: list[str]) -> None:
    """Hold one second: police are asked at once, the wall's first line says so, and a named person must have heard."""
    queue = person("dispatcher1", "/queue/")
    queue.locator(".clock").click()
    queue.evaluate("() => document.addEventListener('sound:played', () => { window.sounded = true; })")
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    _, incident, _ = divert(stack, console)
    phone = person(crew_of(stack, incident), "/phone/", width=390, height=844)
    phone.get_by_role("button", name="Accept").click()
    expect(queue.locator(f"#incident-{incident}")).to_contain_text("ACCEPTED")
    help_button = phone.get_by_role("button", name="NEED HELP")
    help_button.focus()
    phone.keyboard.down("Enter")
    expect(phone.locator("body")).to_contain_text("HELP ASKED")
    phone.keyboard.up("Enter")
    expect(wall.locator("body")).to_contain_text("CREW NEEDS HELP")
    expect(queue.locator("body")).to_contain_text("Crew needs help")
    until(lambda: queue.evaluate("() => window.sounded"), "the dispatcher's position sounds")
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
