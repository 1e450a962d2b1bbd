"""The clocks of a call: quiet until they are over, then with colour, shape and word."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import CentreThresholds
from dispatch.models import Call

LATE = 4 / 3
"""Late a third after over: 15 s and 20 s, the two answer targets of NENA-STA-020.1, are one threshold."""


@dataclass(frozen=True)
class Clock:
    """A clock that runs, or one that stopped over its threshold. `until` is None while it runs."""

    key: str
    words: str
    since: datetime
    limit_s: int
    late_s: int
    until: datetime | None
    took_s: int
    level: str


def clocks_of(call: Call, *, placed: bool, accepted: bool, bounds: CentreThresholds, at: datetime) -> list[Clock]:
    """Answer (said only where it was over), entry until a place is known, decision until sent, waiting until a crew
    has accepted. `placed`: somebody has said where; `accepted`: a crew, or a receiver of a hand-off, has it."""
    incident = call.incident
    found = []
    if call.rang_at is not None:
        found.append(_clock("answer", "Answered after", call.rang_at, bounds.answer_s, call.received_at, at))
    if call.state == "open" and not placed:
        found.append(_clock("entry", "No place for", call.received_at, bounds.entry_s, None, at))
    if incident.sent_at is None and incident.state not in {"closed", "joined"}:
        found.append(_clock("decision", "Not decided for", call.received_at, bounds.decision_s, None, at))
    elif incident.sent_at is not None and not accepted and incident.state not in {"closed", "joined"}:
        began, promise = incident.promise_from or incident.sent_at, incident.promise_at
        limit = int((promise - began).total_seconds()) if promise is not None else bounds.waiting_s
        found.append(_clock("waiting", "Waits for", began, max(limit, 1), None, at))
    return [clock for clock in found if clock.until is None or clock.level]


def _clock(key: str, words: str, since: datetime, limit_s: int, until: datetime | None, at: datetime) -> Clock:
    passed = ((until or at) - since) / timedelta(seconds=1)
    late = int(limit_s * LATE)
    level = "serious" if passed >= late else "caution" if passed >= limit_s else ""
    return Clock(key, words, since, limit_s, late, until, int(passed), level)
