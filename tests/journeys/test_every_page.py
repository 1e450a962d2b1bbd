"""Every page in both themes: no accessibility fault, nothing personal where it must not be; and the pictures."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect

from launch.paths import ROOT
from tests.journeys.acting import answer_open_questions, divert, incident_of, new_call, phone_of_crew
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
PAGES = {
    "calltaker1": ["/console/", "/training/", "/downtime/cards/", "/keys/"],
    "dispatcher1": ["/queue/", "/map/", "/visits/", "/handover/"],
    "clinician1": ["/clinician/"],
    "supervisor1": ["/overview/", "/reviews/", "/displays/", "/wall/", "/phone/line/"],
    "programs1": ["/programs/", "/programs/new/star/", "/programs/protocol/", "/go-live/"],
    "star2": ["/phone/"],
}
SIZES = {"/wall/": (1920, 1080), "/phone/": (390, 844), "/console/": (1440, 900), "/queue/": (1440, 900)}
DARK_ONLY = {"/wall/"}
ON_PAPER = {"/downtime/cards/"}
WCAG = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']}"
COLOURS = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}"
"""What a theme changes: everything else of a page is the same in both."""


def _faults(page: Page, rules: str = WCAG) -> list[str]:
    """What axe finds of WCAG 2.2 A and AA. The page's CSP forbids injected scripts, so axe runs beside it."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found = page.evaluate(
        f"async () => (await axe.run(document, {rules}))"
        ".violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', ')}`)"
    )
    return [str(fault) for fault in found]


def _picture(page: Page, name: str) -> None:
    """The README's pictures are made here: DESK_SCREENSHOTS names the folder."""
    folder = os.environ.get("DESK_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def _map_toggled(page: Page) -> None:
    with page.expect_response("**/queue/map/"):
        page.keyboard.press("Alt+m")


def _map_beside(page: Page) -> None:
    """The map beside the queue follows its selection, also where the browser draws no map; a reload keeps it."""
    _map_toggled(page)
    row = page.locator("#queue-rows > tr.incident").first
    row.click()
    expect(page.locator("#queue-map-said")).to_contain_text(f"#{row.locator('td').nth(1).inner_text()}")
    page.reload()
    expect(page.locator("#queue-map-said")).to_contain_text("#")
    page.wait_for_selector("#queue-map .canvas[data-ready=yes], #queue-map img.still")


def test_no_page_has_an_accessibility_fault(stack: Stack, person: Person) -> None:
    """Check 26: zero faults in both themes, with work on the screens. The wall is dark here, paper has one theme."""
    call = ""
    found: dict[str, list[str]] = {}
    for username, paths in PAGES.items():
        page = person(username, paths[0])
        for path in paths:
            width, height = SIZES.get(path, (1280, 800))
            page.set_viewport_size({"width": width, "height": height})
            if path != paths[0]:
                page.goto(f"{stack.address}{path}")
            if path == "/console/":
                call = new_call(page, where="general", nature="mental")
                answer_open_questions(page, call, at_most=4)
            if path == "/queue/":
                _map_beside(page)
            faults = _faults(page)
            if path not in DARK_ONLY | ON_PAPER:
                page.evaluate("document.documentElement.setAttribute('data-bs-theme', 'light')")
                faults += [f"light: {fault}" for fault in _faults(page, COLOURS)]
            if path == "/queue/":
                _map_toggled(page)
                expect(page.locator("#queue-map")).to_be_hidden()
            if faults:
                found[path] = faults
    assert call
    assert found == {}


def test_the_wall_carries_nothing_personal(stack: Stack, person: Person) -> None:
    """Check 25: every seeded name, number, house number and note is looked for in page and stream of the wall."""
    console = person("calltaker2", "/console/")
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    bodies: list[str] = []

    def keep(response: Response) -> None:
        if "/live/stream" not in response.url and "javascript" not in response.headers.get("content-type", ""):
            bodies.append(response.text() if response.ok else "")

    wall.on("response", keep)
    wall.evaluate(
        "() => { window.heard = [];"
        " document.addEventListener('live:applied', () => heard.push(document.body.innerHTML)); }"
    )
    call = new_call(console, where="2142 willow", nature="mental")
    console.locator("[data-phone]:visible").fill("308-555-0142")
    note = console.locator("[data-note]:visible")
    note.fill("Zebulon keeps his rabbit in the cellar")
    note.press("Control+Enter")
    console.keyboard.press("Alt+q")
    answer_open_questions(console, call)
    console.keyboard.press("F8")
    number = incident_of(stack, call)[1]
    expect(wall.locator("body")).to_contain_text(number)
    expect(wall.locator("body")).to_contain_text("ASKED")
    wall.reload()
    expect(wall.locator("body")).to_contain_text(number)
    seen = "\n".join([*bodies, wall.content(), *(wall.evaluate("() => window.heard || []"))])
    names = [str(one["name"]) for one in stack.city["people"] if one["username"] != "supervisor1"]
    numbers = [str(one["number"]) for one in stack.city["phones"]]
    houses = [str(one["label"]) for one in stack.city["places"] if one["kind"] in {"address", "block"}]
    hazards = [str(one["text"]) for premise in stack.city["premises"] for one in premise["cautions"]]
    written = ["Zebulon", "555-0142", "5550142", "cellar"]
    leaked = [word for word in [*names, *numbers, *houses, *hazards, *written] if word in seen]
    assert leaked == []


def test_the_wall_fits_its_screen(stack: Stack, person: Person) -> None:
    """Check 24: no scroll bar at 1920x1080, and data rows of at least 52 px (20 minutes of arc at 5 m on 65 inches)."""
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    sizes = wall.evaluate(
        """() => ({
            high: document.documentElement.scrollHeight,
            wide: document.documentElement.scrollWidth,
            row: Math.min(...[...document.querySelectorAll(".wall-row")].map(
                row => parseFloat(getComputedStyle(row).fontSize)
            )),
        })"""
    )
    assert sizes["high"] <= 1080
    assert sizes["wide"] <= 1920
    assert sizes["row"] >= 52


def test_the_pictures_of_the_readme(stack: Stack, person: Person, complaints: list[str]) -> None:
    """A call with everything on screen, photographed where DESK_SCREENSHOTS asks for it."""
    queue = person("dispatcher1", "/queue/")
    wall = person("supervisor1", "/wall/", width=1920, height=1080)
    console = person("calltaker1", "/console/")
    _, incident, number = divert(stack, console)
    phone = phone_of_crew(stack, person, incident)
    expect(phone.get_by_role("button", name="Accept")).to_be_visible()
    _picture(phone, "phone")
    phone.get_by_role("button", name="Accept").click()
    second = new_call(console, where="2142 willow", nature="welfare")
    answer_open_questions(console, second)
    expect(console.locator(f"#suggest-{second}")).to_contain_text("STAR")
    _picture(console, "console")
    queue.locator(f"#incident-{incident}").click()
    expect(queue.locator("#detail-live")).to_contain_text(f"#{number}")
    expect(queue.locator(f"#incident-{incident}")).to_contain_text("ACCEPTED")
    _picture(queue, "queue")
    expect(wall.locator("body")).to_contain_text(number)
    _picture(wall, "wall")
    assert complaints == []
