"""Keystrokes and seconds of a scripted diverted call, by keyboard only, on a running product.

    make bench ARGS=keystrokes
    python -m bench.keystrokes --url http://127.0.0.1:PORT --user calltaker1 --password ...

One call at a known park: place, nature, each question that is asked answered by its key, the suggestion accepted, the
call ended. Every key press is counted, a letter of a word like any other; no mouse event is sent. Seconds are
the machine's: keys follow as soon as the screen is ready for them, so they bound what a practised person needs from
below. Without an address the whole product is started for it, on servers of its own, and ended.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from demo import narratives
from tests.journeys.stack import Stack

PLACE, NATURE = "commons park", "mental"
SCRIPT = narratives.SCRIPTS[0].truth
"""The answers of a calm call that a mobile team takes."""
MOST_QUESTIONS = 40
RESULT = Path(__file__).with_name("results") / "keystrokes.json"


class Keys:
    """A keyboard that counts."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        """One key or chord."""
        self._page.keyboard.press(key)
        self.pressed += 1

    def type(self, text: str) -> None:
        """Letter by letter."""
        self._page.keyboard.type(text)
        self.pressed += len(text)


def sign_in(page: Page, url: str, user: str, password: str) -> None:
    """Not counted: it happens once a shift."""
    page.goto(f"{url}/sign-in/?next=/console/")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("html[data-live-state=live]")


def _value_of(question: str) -> str:
    value = SCRIPT.get(question, "unknown")
    if isinstance(value, list):
        return str(value[0]) if value else "[]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def divert(page: Page) -> dict[str, Any]:
    """The scripted call; returns its figures. Raises RuntimeError where it was not sent."""
    keys, began = Keys(page), time.perf_counter()
    keys.press("F2")
    page.wait_for_selector("[data-where]:focus")
    call = page.locator("[data-call]:visible").get_attribute("data-call") or ""
    keys.type(PLACE)
    page.wait_for_selector(f"#picks-{call} [role=option]")
    keys.press("Enter")
    keys.press("Enter")
    keys.type(NATURE)
    page.wait_for_selector(f"#what-picks-{call} [role=option]")
    keys.press("Enter")
    page.wait_for_function("() => document.activeElement.closest('[data-question]')")
    first = time.perf_counter()
    asked = 0
    here = "() => document.activeElement.closest('[data-question]')?.dataset.question || ''"
    for _ in range(MOST_QUESTIONS):
        page.wait_for_function("() => document.activeElement !== document.body")
        question = page.evaluate(here)
        if not question:
            break
        fieldset = page.locator(f"#q-{question}-{call}")
        kind = fieldset.get_attribute("data-kind")
        option = fieldset.locator(f"[data-value='{_value_of(question)}']")
        keys.press(str(option.get_attribute("data-opt-key")) if option.count() else "0")
        if kind == "list" and _value_of(question) not in {"[]", "unknown"}:
            keys.press("Enter")
        asked += 1
        page.wait_for_function(f"was => ({here})() !== was", arg=question)
    keys.press("F8")
    page.wait_for_selector(f"#after-{call}[data-sent]")
    sent = time.perf_counter()
    keys.press("Alt+X")
    keys.press("c")
    page.wait_for_selector(f"#card-{call}", state="detached")
    return {
        "keystrokes": keys.pressed,
        "questions": asked,
        "seconds_to_first_question": round(first - began, 2),
        "seconds_to_sent": round(sent - began, 2),
        "seconds": round(time.perf_counter() - began, 2),
    }


def _measured(url: str, user: str, password: str) -> dict[str, Any]:
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    program = next((found for name in names if name and (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        sign_in(page, url, user, password)
        figures = divert(page)
        browser.close()
    return figures


def table(figures: dict[str, Any]) -> str:
    """The figures beside those that were kept last, in words."""
    kept = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    rows = [f"{name:<28}{value:>8}{kept.get(name, '-'):>12}" for name, value in figures.items()]
    return "\n".join([f"{'a diverted call, keys only':<28}{'now':>8}{'last kept':>12}", *rows])


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Sign in, divert one call, return the figures; keep them with --keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running product; without one it is started")
    parser.add_argument("--user", default="calltaker1")
    parser.add_argument("--password", default="")
    parser.add_argument("--keep", action="store_true", help="write bench/results/keystrokes.json")
    given = parser.parse_args(arguments)
    if given.url:
        figures = _measured(given.url, given.user, given.password)
    else:
        stack = Stack()
        try:
            running = stack.start()
            figures = _measured(running.address, given.user, running.password)
        finally:
            stack.stop()
    if given.keep:
        RESULT.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    print(table(main()))
