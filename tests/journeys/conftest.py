"""One running product and one browser for all journeys; each journey has browser contexts of its own."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState
from playwright.sync_api import Error as PlaywrightError

from tests.conftest import PATIENCE_MS
from tests.journeys.stack import Stack

Person = Callable[..., Page]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The product with its own servers and the demo city, without the simulator."""
    running = Stack()
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained of; every journey ends by finding it empty."""
    return []


@pytest.fixture(scope="session")
def signed_in() -> dict[str, StorageState]:
    """The session cookie of everybody who has signed in so far: the password is hashed once, not for every journey."""
    return {}


@pytest.fixture
def person(
    stack: Stack, browser: Browser, complaints: list[str], signed_in: dict[str, StorageState]
) -> Iterator[Person]:
    """`person("calltaker1", "/console/")` signs somebody in, in a browser of their own, and returns the page.

    The session of an earlier journey is taken up again while it lasts; a second browser of the same person in one
    journey signs in by itself, as a person would.
    """
    contexts: list[BrowserContext] = []
    here: set[str] = set()

    def sign_in(username: str, path: str = "/", *, width: int = 1440, height: int = 900) -> Page:
        before = None if username in here else signed_in.get(username)
        here.add(username)
        context = browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", storage_state=before
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(f"{username}: {error}"))
        page.on(
            "console",
            lambda message: complaints.append(f"{username}: {message.text}") if message.type == "error" else None,
        )
        page.goto(f"{stack.address}{path}" if before else f"{stack.address}/sign-in/?next={path}")
        if "/sign-in" in page.url:
            page.fill("input[name=username]", username)
            page.fill("input[name=password]", stack.password)
            page.press("input[name=password]", "Enter")
            page.wait_for_url(lambda url: "/sign-in" not in url)
            signed_in[username] = {**context.storage_state(), "origins": []}
        page.wait_for_selector("html[data-live-state=live], body:not([data-live-audiences])")
        return page

    yield sign_in
    # Left blank and not closed: closing a context has no time-out, and waited for ever once in some sixty times.
    for page in [page for context in contexts for page in context.pages]:
        with suppress(PlaywrightError):
            page.goto("about:blank", timeout=5_000)
    stack.clear_floor()
