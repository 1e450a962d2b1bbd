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
    picked_for(page, f"picks-{call}", where)
    page.keyboard.press("Enter")
    expect(page.locator("[data-phone]:visible")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-what]:visible")).to_be_focused()
    page.keyboard.type(nature)
    picked_for(page, f"what-picks-{call}", nature)
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('[data-question]')")
    return call


def picked_for(page: Page, picks: str, words: str) -> None:
    """The list stands for all that was typed: one for the first letters picks nothing, or something else."""
    page.locator(f"#{picks}[data-searched='{words}'] [role=option]").first.wait_for()


_SETTLED = "() => document.activeElement !== document.body && !document.querySelector('[data-settling]')"
"""The console takes no answer for a moment after an answer that came back has moved the focus."""
_LOOK = """answers => {
  const question = document.activeElement.closest("[data-question]");
  if (!question) return [window.missed || "", "", ""];
  if (!("missed" in window)) {
    window.missed = "";
    window.addEventListener("keydown", (event) => {
      const now = document.activeElement.closest("[data-question]")?.dataset.question;
      const held = event.key.length === 1 && document.querySelector("[data-settling]");
      window.missed = window.meant && (held || now !== window.meant) ? window.meant : "";
      window.meant = "";
      if (!window.missed) return;
      event.stopImmediatePropagation();
      event.preventDefault();
    }, true);
  }
  const before = window.missed;
  window.missed = "";
  const { question: name } = question.dataset;
  window.meant = name;
  const option = question.querySelector(`[data-value="${CSS.escape(answers[name] ?? "unknown")}"]`);
  return [before, name, option?.dataset.optKey || "0"];
}"""
"""Which question has the focus, and the key of its answer. That key counts only while the focus is still there and no
key is held: an answer that comes back may move it between the look and the press. The first word says what was missed
that way."""
_PRESSED = (
    "question => window.missed || document.activeElement.closest('[data-question]')?.dataset.question !== question"
)
"""It went somewhere: the question was left, or the key did not count."""
_MARKED = "() => { window.meant = window.missed ? '' : 'need'; return !window.missed; }"
"""The key that marks one of several counted, so that Enter may finish the question."""


def answer_open_questions(page: Page, call: str, answers: Mapping[str, str] = CALM, *, at_most: int = 40) -> list[str]:
    """Answer whatever has the focus with one key each until nothing is open; returns the keys of the questions."""
    asked: list[str] = []
    for _ in range(at_most):
        page.wait_for_function(_SETTLED)
        missed, question, key = page.evaluate(_LOOK, dict(answers))
        if missed:
            asked.remove(missed)
        if not question:
            break
        page.keyboard.press(key)
        if question == "need" and page.evaluate(_MARKED):
            page.keyboard.press("Enter")
        asked.append(question)
        page.wait_for_function(_PRESSED, arg=question)
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
    return str(until(lambda: _offered_to(stack, incident), "a unit was offered the call"))


def _offered_to(stack: Stack, incident: str) -> str:
    rows = stack.rows(
        "SELECT u.username FROM dispatch_assignment a JOIN responders_crewmember m ON m.unit_id = a.unit_id"
        " AND m.until IS NULL JOIN accounts_user u ON u.id = m.user_id"
        " WHERE a.incident_id = %s AND a.state = 'offered'"
        " ORDER BY length(u.username), u.username",
        incident,
    )
    return str(rows[0][0]) if rows else ""


def phone_of_crew(stack: Stack, person: Callable[..., Page], incident: str) -> Page:
    """The phone of the crew that has the offer. Where it comes up too slowly the next crew is asked: then theirs."""
    while True:
        crew = crew_of(stack, incident)
        phone = person(crew, "/phone/", width=390, height=844)
        accept = phone.get_by_role("button", name="Accept")
        until(lambda: accept.is_visible() or _offered_to(stack, incident) != crew, "the offer is on the phone")  # noqa: B023 - waited for here
        if accept.is_visible():
            return phone


def about_somebody_new(page: Page, call: str, name: str, hazard: str) -> None:
    """Somebody new on file whom the call is about, with a danger that changes no class. The focus ends where it was."""
    page.keyboard.press("Alt+1")
    page.keyboard.type(name)
    page.locator(f"#who-picks-{call}[data-searched='{name}'] [data-new]").wait_for()
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
