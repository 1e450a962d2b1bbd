"""What takes a second person, and what one person may do at once."""

import pytest
from playwright.sync_api import expect

from tests.journeys.acting import CALM, answer_open_questions, divert, incident_of, new_call
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser


def test_less_cautious_waits_for_another_person(stack: Stack, person: Person, complaints: list[str]) -> None:
    """The call taker's own word is not enough to send less than suggested; the dispatcher's agreement is."""
    queue = person("dispatcher1", "/queue/")
    console = person("calltaker1", "/console/")
    call = new_call(console, where="commons park", nature="mental")
    answer_open_questions(console, call, {**CALM, "domestic": "verbal_only"})
    expect(console.locator(f"#suggest-{call}")).to_contain_text("Co-response")
    console.keyboard.press("Alt+N")
    form = console.locator("[data-override]:visible")
    form.locator("[data-class]").select_option("mobile_team")
    form.locator("[data-class]").press("Enter")
    console.keyboard.press("1")
    incident, number, _ = incident_of(stack, call)
    until(
        lambda: stack.rows(
            "SELECT 1 FROM dispatch_decision WHERE incident_id = %s AND state = 'waiting_second'", incident
        ),
        "the choice waits",
    )
    assert stack.rows("SELECT sent_at FROM dispatch_incident WHERE id = %s", incident) == [(None,)]
    row = queue.locator(f"#incident-{incident}")
    row.click()
    expect(queue.locator("#detail-live")).to_contain_text(f"#{number}")
    queue.get_by_role("button", name="Agree").click()
    until(lambda: incident_of(stack, call)[2] in {"pending", "assigned"}, "two people sent a mobile team")
    assert complaints == []


def test_stop_key_holds_diversion_until_two_people_resume(stack: Stack, person: Person, complaints: list[str]) -> None:
    """One supervisor stops everything at once, every screen says so, and resuming takes another person."""
    first = person("supervisor1", "/queue/")
    wall = person("dispatcher2", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    first.locator("[data-stop-open]").first.click()
    first.locator("#f-stop [name=reason]").fill("Storm: two vans off the road")
    first.locator("#f-stop [name=reason]").press("Enter")
    expect(console.locator("#suspensions")).to_contain_text("DIVERSION STOPPED")
    expect(wall.locator("body")).to_contain_text("DIVERSION STOPPED")
    call = new_call(console, where="commons park", nature="mental")
    answer_open_questions(console, call)
    expect(console.locator(f"#suggest-{call}")).to_contain_text("Diversion is suspended")
    expect(console.locator(f"#suggest-{call}")).not_to_contain_text("Mobile team · STAR")
    first.reload()
    first.locator("[data-stop-open]").first.click()
    first.get_by_role("button", name="Ask to resume").click()
    asked = "SELECT 1 FROM programs_suspension WHERE resume_asked_at IS NOT NULL AND lifted_at IS NULL"
    until(lambda: stack.rows(asked), "one of two has asked")
    second = person("dispatcher1", "/queue/")
    second.locator("[data-stop-open]").first.click()
    second.get_by_role("button", name="Resume (second person").click()
    expect(console.locator("#suspensions")).not_to_contain_text("DIVERSION STOPPED")
    assert complaints == []


def test_declining_and_joining(stack: Stack, person: Person, complaints: list[str]) -> None:
    """A declined offer goes to the next unit; a second caller is joined by one key and both stay listed."""
    console = person("calltaker2", "/console/")
    _, incident, _ = divert(stack, console)
    offered = until(
        lambda: stack.rows(
            "SELECT u.username, a.unit_id::text FROM dispatch_assignment a JOIN responders_crewmember m ON"
            " m.unit_id = a.unit_id AND m.until IS NULL JOIN accounts_user u ON u.id = m.user_id"
            " WHERE a.incident_id = %s AND a.state = 'offered' ORDER BY length(u.username), u.username",
            incident,
        ),
        "a unit was offered the call",
    )
    phone = person(str(offered[0][0]), "/phone/", width=390, height=844)
    phone.get_by_text("Decline, why?").click()
    phone.get_by_role("button", name="Too far away").click()
    until(
        lambda: stack.rows(
            "SELECT 1 FROM dispatch_assignment WHERE incident_id = %s AND state = 'offered' AND unit_id <> %s",
            incident,
            offered[0][1],
        ),
        "the next unit was asked",
    )
    second = new_call(console, where="commons park", nature="welfare")
    own = incident_of(stack, second)[0]
    dups = console.locator(f"#dups-{second}")
    expect(dups.locator("[data-join]").first).to_be_in_viewport()
    console.keyboard.press("Alt+A")
    # Everybody who called is listed; joined by mistake, one key takes the caller out again.
    expect(dups).to_contain_text("2 callers, one incident", ignore_case=True)
    into = incident_of(stack, second)[0]
    assert into != own
    console.keyboard.press("Alt+K")
    expect(dups).not_to_contain_text("callers, one incident", ignore_case=True)
    apart = incident_of(stack, second)[0]
    assert apart not in {own, into}
    # Sent with whatever stands typed, wherever the caret is.
    console.locator("[data-note]:visible").fill("she waits at the gate")
    console.locator("[data-phone]:visible").fill("308 555 0150")
    console.keyboard.press("F9")
    expect(console.locator(f"#notes-{second}")).to_contain_text("she waits at the gate")
    expect(console.locator(f"#phone-state-{second}")).to_contain_text("not confirmed")
    decided = "SELECT count(*) FROM dispatch_decision WHERE incident_id = %s"
    assert stack.rows(decided, apart) == [(1,)]
    assert complaints == []
