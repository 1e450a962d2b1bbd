"""The map in a real browser: with software graphics, without WebGL, beside a call, and in the program editor."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import CHROMIUM_FLAGS, PATIENCE_MS
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
SOFTWARE = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
Opened = Callable[..., Page]


@pytest.fixture
def opened(stack: Stack, browser: Browser, complaints: list[str]) -> Iterator[Opened]:
    """`opened(flags, who, path)`: somebody's page in a browser of its own with these graphics."""
    kept: list[Browser] = []

    def one(flags: list[str], who: str, path: str) -> Page:
        engine = browser.browser_type
        own = engine.launch(executable_path=_program(), args=[*CHROMIUM_FLAGS, *flags])
        kept.append(own)
        page = own.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce").new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(f"{stack.address}/sign-in/?next={path}")
        page.fill("input[name=username]", who)
        page.fill("input[name=password]", stack.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield one
    for own in kept:
        own.close()


def _program() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


def _one(stack: Stack, role: str) -> str:
    return str(next(one["username"] for one in stack.city["people"] if role in one["roles"]))


def test_the_map_is_drawn_and_the_list_chooses_on_it(stack: Stack, opened: Opened, complaints: list[str]) -> None:
    page = opened(SOFTWARE, _one(stack, "supervisor"), "/map/")
    page.wait_for_selector("#map[data-ready=yes]")
    unit = page.locator("#map-units tr:not(:has([data-f=none]:not([hidden])))").first
    unit.focus()
    page.keyboard.press("Enter")
    expect(unit).to_have_attribute("aria-selected", "true")
    expect(page.locator("#map-chosen")).to_contain_text("Unit ")
    page.check("#show-coverage")
    page.select_option("#show-hot", "24")
    expect(page.locator("#map-said")).to_contain_text("hexagons")
    # Beside the queue it is one key away, and stays until it is put away.
    page.goto(f"{stack.address}/queue/")
    with page.expect_response("**/queue/map/"):
        page.keyboard.press("Alt+m")
    page.wait_for_selector("#queue-map .canvas[data-ready=yes]")
    page.reload()
    page.wait_for_selector("#queue-map .canvas[data-ready=yes]")
    with page.expect_response("**/queue/map/"):
        page.keyboard.press("Alt+m")
    expect(page.locator("#queue-map")).to_be_hidden()
    assert complaints == []


def test_without_webgl_the_list_and_a_picture_stand_in(stack: Stack, opened: Opened, complaints: list[str]) -> None:
    page = opened(["--disable-gpu", "--disable-3d-apis"], _one(stack, "supervisor"), "/map/")
    expect(page.locator("#map .notice")).to_contain_text("no WebGL")
    page.wait_for_function("document.querySelector('#map img.still').naturalWidth > 0")
    assert page.locator("#map-units tr").count() > 0
    assert complaints == []


def test_an_area_is_drawn_into_the_field_of_the_editor(stack: Stack, opened: Opened, complaints: list[str]) -> None:
    page = opened(SOFTWARE, _one(stack, "program_administrator"), "/programs/")
    page.locator("a[href^='/programs/']:has-text('CAHOOTS')").first.click()
    page.locator("form[action*='/draft/'] button").first.click()
    page.wait_for_url("**/tab/**")
    page.goto(page.url.rpartition("/tab/")[0] + "/tab/area/")
    page.click("[data-draw-open]")
    page.wait_for_selector("#draw-map .canvas[data-ready=yes]")
    box = page.locator("#draw-map canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for right, down in ((0, 0), (90, 0), (90, 80), (0, 80), (0, 0)):
        page.mouse.move(x + right, y + down)
        page.mouse.click(x + right, y + down)
    expect(page.locator("[data-draw-said]")).to_contain_text("1 drawn")
    assert '"Polygon"' in page.locator("#geo-text").input_value()
    page.click("[data-draw-delete]")
    expect(page.locator("#geo-text")).to_have_value("")
    # The proof beside it may take longer than htmx waits, on a busy machine; that is said on the page.
    assert [one for one in complaints if not one.startswith("htmx:")] == []
