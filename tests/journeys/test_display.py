"""A wall display's own life: its link, its size, what it is told, and the end of its permission."""

from collections.abc import Iterator
from contextlib import suppress
from math import hypot
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Error as PlaywrightError

from tests.conftest import PATIENCE_MS
from tests.journeys.acting import incident_of, new_call
from tests.journeys.conftest import Person
from tests.journeys.stack import Stack, until

pytestmark = pytest.mark.browser

_CAPS = """() => {
  const pen = document.createElement("canvas").getContext("2d");
  const data = ".wall-row > span, .more, .wall-empty, .columns h2, .headline .words";
  return Math.min(...[...document.querySelectorAll(data)].filter((one) => one.textContent.trim()).map((one) => {
    const style = getComputedStyle(one);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    return pen.measureText("H").actualBoundingBoxAscent;
  }));
}"""
_SCROLLS = (
    "() => document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth"
)
_HEAR = """
window.heard = "";
const Real = TextDecoderStream;
window.TextDecoderStream = class {
  constructor() {
    const real = new Real();
    this.writable = real.writable;
    this.readable = real.readable.pipeThrough(new TransformStream({
      transform(text, on) {
        window.heard += text;
        on.enqueue(text);
      },
    }));
  }
};
"""
"""Keeps what comes down the stream."""
_LAYOUTS = ("queue", "measures", "program", "county", "map")


def _seeded(stack: Stack) -> list[str]:
    """Every name, telephone number, address with a house number and hazard of the demo city."""
    city = stack.city
    addresses = [place["label"] for place in city["places"] if place["label"][:1].isdigit()]
    assert len(addresses) > 1000
    return [*addresses, *(one["name"] for one in city["people"]), *_texts([city["premises"], city["phones"]])]


def _texts(value: Any) -> Iterator[str]:
    """Whatever is written in the data, but for codes."""
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, str) and (" " in value or value.startswith("+")):
        yield value


_MM_PER_INCH, _ARCMIN = 25.4, 3437.75


def _arcmin(cap_px: Any, inches: float, distance_m: float) -> float:
    """Minutes of arc of capitals on a panel of 16:9, in a picture 1920 wide."""
    pitch = inches * _MM_PER_INCH / hypot(1920, 1080)
    return float(cap_px * pitch / (distance_m * 1000) * _ARCMIN)


def test_a_display_is_authorised_sized_told_and_revoked(
    stack: Stack, person: Person, browser: Browser, complaints: list[str]
) -> None:
    """Checks 24 and 27. The display's browser never signs in, and nobody touches it after its link."""
    keeper = person("supervisor1", "/displays/")
    keeper.fill("#display-name", "Floor east")
    keeper.get_by_role("button", name="Make its link").click()
    link = keeper.locator(".notice .data").inner_text()
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, reduced_motion="reduce")
    try:
        wall = context.new_page()
        wall.set_default_timeout(PATIENCE_MS)
        wall.add_init_script(_HEAR)
        wall.goto(link, wait_until="commit")
        wall.wait_for_selector("html[data-live-state=live]")
        assert "/wall/d/" in wall.url
        assert "#" not in wall.url
        call = new_call(person("calltaker1", "/console/"), where="commons park", nature="welfare")
        number = incident_of(stack, call)[1]
        expect(wall.locator(".wall-row.call", has_text=number)).to_be_visible()
        until(lambda: not wall.evaluate(_SCROLLS), "everything fits the screen")
        assert _arcmin(wall.evaluate(_CAPS), 65, 5) >= 16
        keeper.goto(keeper.url)
        keeper.get_by_role("link", name="Set up").first.click()
        keeper.fill("[name=inches]", "50")
        for place, layout in enumerate(_LAYOUTS):
            keeper.select_option(f"[name=p{place}-layout]", layout)
        keeper.select_option(f"[name=p{_LAYOUTS.index('program')}-program]", index=1)
        keeper.get_by_role("button", name="Save").click()
        expect(keeper.get_by_role("status")).to_contain_text("Saved")
        expect(wall.locator(".columns.tight").first).to_be_visible()
        wall.wait_for_selector("html[data-live-state=live]")
        until(lambda: not wall.evaluate(_SCROLLS), "everything fits the screen")
        assert _arcmin(wall.evaluate(_CAPS), 50, 5) >= 16
        assert wall.locator("[data-turn]").count() == len(_LAYOUTS)
        # Something changes: every layout is drawn anew by the stream, and nothing personal comes with it.
        again = new_call(person("calltaker2", "/console/"), where="commons park", nature="welfare")
        code = incident_of(stack, again)[1]
        expect(wall.locator(".wall-row.call", has_text=code).first).to_be_attached()
        heard = "() => window.heard"
        until(lambda: str(wall.evaluate(heard)).count("event: frames") > 1, "more than one frame came")
        received = (wall.content() + str(wall.evaluate(heard))).lower()
        assert [word for word in _seeded(stack) if word.lower() in received] == []
        keeper.goto(f"{stack.address}/displays/")
        keeper.get_by_role("button", name="Revoke").click()
        expect(wall.locator("body")).to_contain_text("not authorised")
        expect(wall.locator("body")).not_to_contain_text(number)
        until(lambda: wall.locator(".wall-row").count() == 0, "the board is empty")
    finally:
        # Not closed, as in conftest.py: that has no time-out.
        with suppress(PlaywrightError):
            context.pages[0].goto("about:blank", timeout=5_000)
    assert complaints == []
