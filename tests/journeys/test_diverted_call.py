"""The main job, from the first key to the closed incident, on every screen at once and without a reload."""

import pytest
from playwright.sync_api import expect

from tests.journeys.acting import about_somebody_new, divert, incident_of, new_call, phone_of_crew
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser


def test_keyboard_only_call_is_diverted_answered_and_closed(
    stack: Stack, person: Person, complaints: list[str]
) -> None:
    """Checks 1, 2 and 3 of the acceptance list, and each step live on queue and wall.

    A hazard with the person whom it is about is in the offer; their name is on no board.
    """
    name, hazard = "Tomas Quillfeather", "His dog bites whoever comes in"
    queue = person("dispatcher1", "/queue/")
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    call, incident, number = divert(stack, console, then=lambda call: about_somebody_new(console, call, name, hazard))
    row = queue.locator(f"#incident-{incident}")
    expect(row).to_contain_text("OFFERED")
    expect(row).to_contain_text("hazard")
    staged = "SELECT 1 FROM dispatch_stageorder s JOIN dispatch_assignment a ON a.id = s.assignment_id"
    assert stack.rows(f"{staged} WHERE a.incident_id = %s", incident) == []
    expect(wall.locator("body")).to_contain_text(number)
    phone = phone_of_crew(stack, person, incident)
    expect(phone.locator("body")).to_contain_text("This page does not replace your radio")
    expect(phone.locator("body")).to_contain_text(hazard)
    phone.get_by_role("button", name="Accept").click()
    expect(row).to_contain_text("ACCEPTED")
    for page in (queue, wall, phone):
        expect(page.locator("body")).not_to_contain_text(name)
    for button, word in (("En route", "EN ROUTE"), ("On scene", "ON SCENE")):
        phone.get_by_role("button", name=button, exact=False).first.click()
        expect(row).to_contain_text(word)
        expect(wall.locator("body")).to_contain_text(word)
    console.keyboard.press("Alt+X")
    console.keyboard.press("c")
    phone.get_by_text("Clear: how did it end?").click()
    phone.get_by_role("button", name="Resolved on scene").click()
    until(lambda: incident_of(stack, call)[2] == "closed", "the incident closed by itself")
    expect(row).to_have_count(0)
    expect(wall.locator("body")).not_to_contain_text(number)
    assert complaints == []


def test_weapon_after_acceptance_stages_the_crew(stack: Stack, person: Person, complaints: list[str]) -> None:
    """Rising risk: full-screen order on the phone, alarm in the tray, no way onto the scene until a person lifts it."""
    queue = person("dispatcher2", "/queue/")
    console = person("calltaker2", "/console/")
    call, incident, _ = divert(stack, console)
    phone = phone_of_crew(stack, person, incident)
    phone.get_by_role("button", name="Accept").click()
    expect(queue.locator(f"#incident-{incident}")).to_contain_text("ACCEPTED")
    # The danger rises while the phone is in a dead spot: back in reach, the order comes before everything else.
    expect(phone.get_by_role("button", name="En route")).to_be_visible()
    expect(phone.locator("#waiting")).to_be_hidden()
    phone.context.set_offline(True)
    phone.get_by_role("button", name="En route").click()
    expect(phone.locator("#waiting-count")).to_have_text("1")
    # An answered question is folded to its answer; with the focus in it, the other answers' keys work again.
    console.locator(f"#q-weapon-{call} [aria-pressed=true]").focus()
    console.keyboard.press("2")
    expect(queue.locator("body")).to_contain_text("Crew has not read the stage order")
    phone.context.set_offline(False)
    order = phone.get_by_role("alertdialog")
    expect(order).to_contain_text("STOP, STAGE")
    expect(order).to_contain_text("In the hand")
    order.get_by_role("button", name="I have read this").click()
    expect(phone.get_by_role("alertdialog")).to_have_count(0)
    expect(phone.locator("body")).to_contain_text("STAGE: wait")
    expect(queue.locator("body")).not_to_contain_text("Crew has not read the stage order")
    ready = stack.rows("SELECT service, state FROM dispatch_handoff WHERE incident_id = %s ORDER BY service", incident)
    assert ("police", "ready") in ready
    under_way = "SELECT 1 FROM dispatch_historyrow WHERE incident_id = %s AND action = 'en_route'"
    until(lambda: len(stack.rows(under_way, incident)) == 1, "what was pressed in the dead spot arrived once")
    # What a browser says of a dead spot, and nothing else.
    assert [said for said in complaints if "net::ERR" not in said and "Failed to fetch" not in said] == []


def test_emergency_is_handed_off_and_acknowledged_with_a_number(
    stack: Stack, person: Person, complaints: list[str]
) -> None:
    """F9 with only a place sends; the hand-off waits on queue and wall until the receiver's number is in."""
    queue = person("dispatcher1", "/queue/")
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    call = new_call(console, where="station", nature="assault")
    console.keyboard.press("F9")
    incident, number, _ = incident_of(stack, call)
    until(lambda: incident_of(stack, call)[2] == "transferred", "the hand-off was requested")
    row = queue.locator(f"#incident-{incident}")
    expect(row).to_contain_text("POLICE requested")
    expect(wall.locator("body")).to_contain_text(number)
    row.click()
    expect(queue.locator("#detail-live")).to_contain_text(f"#{number}")
    for service, taken in (("police", "P-24-1187"), ("ems", "M-551")):
        form = queue.locator("#f-ack")
        form.locator("select[name=service]").select_option(service)
        form.locator("[name=receiver_number]").fill(taken)
        form.locator("[name=receiver_number]").press("Enter")
        expect(queue.locator("#detail-live")).to_contain_text(taken)
        # Emptied by the server's answer, which may come after the board's own news.
        expect(form.locator("[name=receiver_number]")).to_have_value("")
    console.keyboard.press("Alt+X")
    console.keyboard.press("c")
    until(lambda: incident_of(stack, call)[2] == "closed", "both acknowledged and the call over: nothing is open")
    taken_by = stack.rows(
        "SELECT service, receiver_number FROM dispatch_handoff WHERE incident_id = %s ORDER BY service", incident
    )
    assert taken_by == [("ems", "M-551"), ("police", "P-24-1187")]
    assert complaints == []
