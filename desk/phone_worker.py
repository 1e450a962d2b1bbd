"""The phone's service worker: the files that its page needs without a network, and their digest."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse

_SCRIPT = settings.BASE_DIR / "static/desk/phone_worker.js"
FILES = (
    "desk/mark.svg",
    "desk/shapes.svg",
    "desk/phone-192.png",
    "desk/phone-512.png",
    "desk/phone-maskable-512.png",
    "desk/desk.css",
    "desk/tokens.css",
    "desk/phone.css",
    "desk/desk.js",
    "desk/keep_up.js",
    "desk/outbox.js",
    "desk/phone.js",
    "desk/phone_away.js",
    "desk/phone_help.js",
    "desk/phone_position.js",
    "desk/phone_queue.js",
    "live/live.css",
    "live/live.js",
    "live/board.js",
    "live/clock.js",
    "live/focus.js",
    "live/holds.js",
    "live/shared_stream.js",
    "live/sse.js",
    "vendor/bootstrap.min.css",
    "vendor/fonts.css",
    "vendor/fonts/b612-400.woff2",
    "vendor/fonts/b612-700.woff2",
    "vendor/fonts/ibm-plex-sans-400.woff2",
    "vendor/fonts/ibm-plex-sans-500.woff2",
    "vendor/fonts/ibm-plex-sans-600.woff2",
    "vendor/htmx.min.js",
    "vendor/icons.svg",
)
"""All that the page loads, and nothing personal. Tests compare this list with what the page and its scripts name."""
_TEMPLATES = ("desk/phone/nothing_kept.html", "desk/phone/page.html", "base.html")


def _found() -> dict[str, Path]:
    """The files that are there. Those from npm are missing before the front end was fetched (make install)."""
    return {name: Path(path) for name in FILES if isinstance(path := finders.find(name), str)}


@lru_cache(maxsize=1)
def worker_text() -> str:
    """The worker as the browser gets it. One changed byte in any file is another worker, which replaces the old one."""
    found = _found()
    digest = hashlib.sha256()
    for name, path in found.items():
        digest.update(name.encode() + path.read_bytes())
    for template in _TEMPLATES:
        digest.update((settings.BASE_DIR / "templates" / template).read_bytes())
    code = _SCRIPT.read_text(encoding="utf-8")
    digest.update(code.encode())
    shell = [reverse("desk:phone_nothing_kept"), *(static(name) for name in found)]
    return f"const VERSION = {json.dumps(digest.hexdigest()[:16])};\nconst SHELL = {json.dumps(shell)};\n{code}"
