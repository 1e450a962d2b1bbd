"""What people do on the screens, by keyboard where they would."""

from collections.abc import Callable, Mapping

from playwright.sync_api import Page, expect

from tests.journeys.stack import Stack, until

CALM: Mapping[str, str] = {
    "medical_signs": "[]",
    "breathing": "normal",
    "conscious": "alert",
    "weapon": "none",
    "violence": "none",
    "domestic": "no",
    "crime": "none",
    "barricade": "no",
    "child_at_risk": "false",
    "suicide": "none",
    "hazard": "none",
    "ingestion": "none",
    "caller": "family",
    "caller_can_talk": "yes",
    "posture": "up",
    "behavior": "distressed",
    "engagement": "willing",
    "request": "none",
    "in_person_needed": "yes",
    "elapsed": "now",
    "age_band": "adult",
    "intoxication": "none",
    "need": "mental_health",
}
"""Answers of a call that a mobile team can take."""


def new_call(page: Page, *, where: str, nature: str) -> str:
    """F2, a place from the gazetteer, a nature; returns the call's id. Keys only."""
    page.keyboard.press("F2")
    where_field = page.locator("[data-where]:visible")
    expect(where_field).to_be_focused()
    call = page.locator("[data-call]:visible").get_attribute("data-call") or ""
    page.keyboard.type(where)
    page.locator(f"#picks-{call} [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    expect(page.locator("[data-phone]:visible")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-what]:visible")).to_be_focused()
    page.keyboard.type(nature)
    page.locator(f"#what-picks-{call} [role=option]").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('[data-question]')")
    return call


def answer_open_questions(page: Page, call: str, answers: Mapping[str, str] = CALM, *, at_most: int = 40) -> list[str]:
    """Answer whatever has the focus with one key each until nothing is open; returns the keys of the questions."""
    asked: list[str] = []
    for _ in range(at_most):
        page.wait_for_function("() => document.activeElement !== document.body")
        question = page.evaluate("() => document.activeElement.closest('[data-question]')?.dataset.question || ''")
        if not question:
            break
        value = answers.get(question, "unknown")
        key = page.locator(f"#q-{question}-{call} [data-value='{value}']").get_attribute("data-opt-key")
        page.keyboard.press(key or "0")
        if question == "need":
            page.keyboard.press("Enter")
        asked.append(question)
        page.wait_for_function(
            "question => document.activeElement.closest('[data-question]')?.dataset.question !== question", arg=question
        )
    return asked


def incident_of(stack: Stack, call: str) -> tuple[str, str, str]:
    """(id, four-figure number, state) of a call's incident."""
    found = until(
        lambda: stack.rows(
            "SELECT i.id::text, lpad(i.number::text, 4, '0'), i.state FROM dispatch_incident i"
            " JOIN dispatch_call c ON c.incident_id = i.id WHERE c.id = %s",
            call,
        ),
        "the call has a row",
    )
    return found[0][0], found[0][1], found[0][2]


def crew_of(stack: Stack, incident: str) -> str:
    """The sign-in of the crew that was offered the incident."""
    rows = until(
        lambda: stack.rows(
            "SELECT u.username FROM dispatch_assignment a JOIN responders_crewmember m ON m.unit_id = a.unit_id"
            " AND m.until IS NULL JOIN accounts_user u ON u.id = m.user_id"
            " WHERE a.incident_id = %s AND a.state = 'offered'"
            " ORDER BY length(u.username), u.username",
            incident,
        ),
        "a unit was offered the call",
    )
    return str(rows[0][0])


def about_somebody_new(page: Page, call: str, name: str, hazard: str) -> None:
    """Somebody new on file whom the call is about, with a danger that changes no class. The focus ends where it was."""
    page.keyboard.press("Alt+1")
    page.keyboard.type(name)
    page.locator(f"#who-picks-{call} [data-new]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator(f"#person-line-{call}")).to_contain_text(name)
    page.keyboard.press("Alt+1")
    form = page.locator("[data-hazard]:visible")
    form.locator("[name=kind]").select_option("animal")
    form.locator("[name=severity]").select_option("danger")
    form.locator("[name=text]").fill(hazard)
    page.keyboard.press("Enter")
    expect(page.locator(f"#cautions-{call}")).to_contain_text(hazard)
    expect(form).to_have_count(0)
    page.wait_for_function("() => document.activeElement.closest('[data-question]')")


def divert(
    stack: Stack, console: Page, nature: str = "mental", then: Callable[[str], None] | None = None
) -> tuple[str, str, str]:
    """A calm call accepted as suggested; returns (call, incident, number). `then` comes once the call is open."""
    call = new_call(console, where="commons park", nature=nature)
    if then is not None:
        then(call)
    answer_open_questions(console, call)
    expect(console.locator(f"#suggest-{call}")).to_contain_text("STAR")
    console.keyboard.press("F8")
    incident, number, _ = incident_of(stack, call)
    until(lambda: incident_of(stack, call)[2] == "pending", "the incident is queued")
    return call, incident, number
