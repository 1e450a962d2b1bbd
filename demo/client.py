"""The product's HTTP doors as the simulator uses them: one place that knows paths and field names.

The same sign-in form, session cookie, anti-forgery token and JSON API that people and other systems use. Requests that
fail on the way (server restarting, 429, 5xx) are repeated with growing pauses; a create carries an Idempotency-Key, so
that a repeat is harmless.
"""

from __future__ import annotations

import http.client
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

SIMULATOR_HEADER = "X-Simulated-By"
SIMULATOR_NAME = "demo.simulator"
TIMEOUT_S = 10.0
LONGEST_PAUSE_S = 8.0
GIVE_UP_AFTER = 8
"""Tries for one request (about half a minute of pauses) before `Unreachable` is raised."""

_TOKEN_FIELD = re.compile(r"""name=["']csrfmiddlewaretoken["']\s+value=["']([^"']+)["']""")

Json = dict[str, Any]


@dataclass(frozen=True)
class Advice:
    """Question keys that the server wants answered, best first, the class that accepting would send, and the marks of
    words that nobody has confirmed or dismissed."""

    ask: tuple[str, ...]
    recommended: str
    unconfirmed: tuple[str, ...] = ()


class Problem(Exception):
    """The server answered and said no (RFC 9457 problem or another 4xx)."""

    def __init__(self, status: int, code: str, detail: str, method: str, path: str) -> None:
        self.status, self.code, self.detail = status, code, detail
        super().__init__(f"{method} {path}: {status} {code} {detail}".strip())


class Unreachable(Exception):
    """No answer, or only failures, for as long as one request is worth repeating."""


class SignInRefused(Exception):
    """The sign-in form did not let this person in."""


class Door:
    """One person's session. `pause` waits for seconds and may raise to end the program."""

    def __init__(self, url: str, username: str, password: str, pause: Callable[[float], None]) -> None:
        parts = urlsplit(url)
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self.username = username
        self._password = password
        self._pause = pause
        self._cookies: dict[str, str] = {}
        self.signed_in = False

    # -- transport ---------------------------------------------------------------------------------------------------

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, str, str]:
        """Status, Location header and text of one exchange."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=TIMEOUT_S)
        sent = {"Accept": "application/json, text/html;q=0.5", SIMULATOR_HEADER: SIMULATOR_NAME, **headers}
        sent |= {"Referer": f"{self._origin}/", "Origin": self._origin}
        if self._cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            for line in response.headers.get_all("Set-Cookie") or []:
                name, _, value = line.split(";", 1)[0].partition("=")
                if value.strip('"'):
                    self._cookies[name.strip()] = value
                else:
                    self._cookies.pop(name.strip(), None)
            return response.status, response.headers.get("Location", ""), text
        finally:
            connection.close()

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, str, str]:
        wait = 0.25
        # What is only looked at comes round again soon; what is written must not be lost for a restart.
        for left in reversed(range(3 if method == "GET" else GIVE_UP_AFTER)):
            try:
                status, location, text = self._once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as problem:
                failure = f"{type(problem).__name__}"
            else:
                if status < 500 and status != 429:
                    return status, location, text
                failure = f"status {status}"
            if left:
                self._pause(wait)
                wait = min(wait * 2, LONGEST_PAUSE_S)
        raise Unreachable(f"{method} {path}: {failure}")

    def sign_in(self) -> None:
        """Sign in by the form. Raises SignInRefused, Unreachable."""
        self._cookies.clear()
        status, _, page = self._send("GET", "/sign-in/", None, {})
        field = _TOKEN_FIELD.search(page)
        if status != 200 or field is None:
            raise SignInRefused(f"the sign-in page answered {status}")
        form = {"username": self.username, "password": self._password, "csrfmiddlewaretoken": field.group(1)}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        status, _, _ = self._send("POST", "/sign-in/", urlencode(form).encode(), headers)
        if status not in (302, 303):
            raise SignInRefused(f"{self.username} was not let in ({status})")
        self.signed_in = True

    def call(self, method: str, path: str, body: Json | None = None, *, create: bool = False) -> Any:
        """One API request; signs in first, and again once where the session has ended.

        Raises Problem for a 4xx, Unreachable when the server stays away, SignInRefused.
        """
        headers = {"Content-Type": "application/json"}
        if create:
            headers["Idempotency-Key"] = str(uuid.uuid4())
        data = None if body is None else json.dumps(body).encode()
        for attempt in (1, 2):
            if not self.signed_in:
                self.sign_in()
            token = next((value for name, value in self._cookies.items() if "csrf" in name), "")
            status, location, text = self._send(method, f"/api/v1{path}", data, {**headers, "X-CSRFToken": token})
            if attempt == 1 and (status in (401, 302) or (status == 403 and "sign" in text.lower())):
                self.signed_in = False
                continue
            break
        if 200 <= status < 300:
            return json.loads(text) if text.strip() else {}
        try:
            said = json.loads(text)
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        code = said.get("code") or said.get("type") or location
        raise Problem(status, str(code), str(said.get("detail") or said.get("title") or "")[:200], method, path)

    # -- intake ------------------------------------------------------------------------------------------------------

    def call_open(self, channel: str, number: str) -> tuple[str, str]:
        """Open a call; returns (call id, incident id)."""
        body = {"id": str(uuid.uuid4()), "channel": channel, "number": number}
        made = self.call("POST", "/calls", body, create=True)
        return identity(made["call"]), identity(made["incident"])

    def places(self, text: str) -> list[Json]:
        return rows(self.call("POST", "/places/search", {"text": text}))

    def location(self, call: str, body: Json) -> None:
        self.call("POST", f"/calls/{call}/location", body, create=True)

    def nature(self, call: str, nature: str) -> None:
        self.call("POST", f"/calls/{call}/nature", {"nature": nature}, create=True)

    def answers(self, call: str, answers: Mapping[str, object]) -> Advice:
        """Record answers; returns what follows from them."""
        return advice(self.call("POST", f"/calls/{call}/answers", {"answers": dict(answers)}, create=True))

    def advice(self, incident: str) -> Advice:
        return advice(self.call("GET", f"/incidents/{incident}/suggestion"))

    def cue_dismiss(self, incident: str, mark: str) -> Advice:
        """Say that words of the notes mean no danger."""
        return advice(self.call("POST", f"/incidents/{incident}/cues/dismiss", {"mark": mark}))

    def note(self, incident: str, text: str, *, callback_of: str = "") -> None:
        """Add a note; `callback_of` is the call whose lost caller was tried again."""
        body: Json = {"id": str(uuid.uuid4()), "text": text}
        if callback_of:
            body |= {"call": callback_of, "callback": True}
        self.call("POST", f"/incidents/{incident}/notes", body, create=True)

    def decide(self, incident: str, body: Json) -> Json:
        made: Json = self.call(
            "POST", f"/incidents/{incident}/decision", {"id": str(uuid.uuid4()), **body}, create=True
        )
        return made

    def call_end(self, call: str, ended_as: str) -> None:
        self.call("POST", f"/calls/{call}/end", {"as": ended_as}, create=True)

    def close(self, incident: str, outcome: str) -> None:
        self.call("POST", f"/incidents/{incident}/close", {"outcome": outcome}, create=True)

    def incidents_open(self) -> list[Json]:
        return rows(self.call("GET", "/incidents?open=1&limit=200"))

    def calls_of(self, incident: str) -> list[Json]:
        return rows(self.call("GET", f"/incidents/{incident}").get("calls"))

    # -- dispatch ----------------------------------------------------------------------------------------------------

    def units(self) -> list[Json]:
        return rows(self.call("GET", "/units"))

    def handoffs(self) -> list[Json]:
        return rows(self.call("GET", "/handoffs?open=1"))

    def handoff_acknowledge(self, handoff: str, name: str, number: str) -> None:
        body = {"receiver_name": name, "receiver_number": number}
        self.call("POST", f"/handoffs/{handoff}/acknowledge", body, create=True)

    def handoff_send(self, handoff: str) -> None:
        self.call("POST", f"/handoffs/{handoff}/send", {}, create=True)

    # -- crew --------------------------------------------------------------------------------------------------------

    def my_unit(self) -> Json:
        mine: Json = self.call("GET", "/my/unit")
        return mine

    def act(self, assignment: str, action: str, **more: str) -> None:
        self.call("POST", f"/assignments/{assignment}/{action}", dict(more), create=True)

    def position(self, unit: str, lat: float, lon: float) -> None:
        self.call("POST", f"/units/{unit}/position", {"lat": round(lat, 6), "lon": round(lon, 6)})

    def status(self, unit: str, status: str, reason: str) -> None:
        self.call("POST", f"/units/{unit}/status", {"status": status, "reason": reason}, create=True)


def identity(value: Any) -> str:
    """The id of an object that is given as the object or as the bare id."""
    return str(value["id"] if isinstance(value, dict) else value)


def rows(answer: Any) -> list[Json]:
    """The rows of a list answer, paged or not."""
    if isinstance(answer, dict):
        answer = answer.get("results")
    return [row for row in answer or [] if isinstance(row, dict)]


def advice(answer: Json) -> Advice:
    """What a suggestion answer means for the next step; no suggestion asks nothing and recommends nothing."""
    suggestion, plan = answer.get("suggestion") or {}, answer.get("plan") or {}
    ask = [str(item["key"]) for item in suggestion.get("ask") or []]
    # Until a safety question is answered nothing is recommended: it would be sent as the nature's standard response.
    recommended = str(plan.get("response_class") or "") if suggestion and plan.get("triaged") else ""
    unconfirmed = tuple(str(one["mark"]) for one in answer.get("unconfirmed") or [])
    return Advice(tuple(key for key in ask if key != "nature"), recommended, unconfirmed)
