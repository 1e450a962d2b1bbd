"""Safety profiles from a registry's export: JSON lines, each one profile of one number, or its withdrawal.

What cannot be read is named by line and field. No reason repeats what stood there: it is a resident's own.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from accounts.problems import Refused
from people.models import PROFILE_DETAILS
from people.services import number_parse

LONGEST_TEXT = 300
MOST_DETAILS = 40
_LONGEST_ID = 80
_FIELDS = frozenset({"external_id", "phone", "confirmed_at", "details"})
_EARLIEST_YEAR = 2000


@dataclass(frozen=True)
class ProfileRow:
    """One understood profile. `line` counts from 1; `phone` is E.164; `details` are code and text, as given."""

    line: int
    external_id: str
    phone: str
    confirmed_at: datetime
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class WithdrawnRow:
    """The resident has taken the profile back."""

    line: int
    external_id: str


@dataclass(frozen=True)
class BadRow:
    """One line that was not understood: at which field, and why."""

    line: int
    field: str
    reason: str


Row = ProfileRow | WithdrawnRow | BadRow


class _Wrong(ValueError):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field


def read(lines: Iterable[str], *, zone: tzinfo, at: datetime) -> Iterator[Row]:
    """Understand an export line by line; empty lines are passed over.

    `zone`: where a bare date begins. `at`: now, which no confirmation is later than.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _row(number, line, zone, at)
        except _Wrong as wrong:
            yield BadRow(number, wrong.field, str(wrong))


def _row(number: int, line: str, zone: tzinfo, at: datetime) -> Row:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        raise _Wrong("line", "not readable as JSON") from None
    if not isinstance(data, dict):
        raise _Wrong("line", "not a JSON object")
    external_id = _text(data.get("external_id"), "external_id", _LONGEST_ID)
    if "withdrawn" in data:
        if data["withdrawn"] is not True:
            raise _Wrong("withdrawn", "is true, or is left out")
        return WithdrawnRow(number, external_id)
    if set(data) - _FIELDS:
        raise _Wrong("line", f"holds fields beside {', '.join(sorted(_FIELDS))} or withdrawn")
    phone = _phone(data.get("phone"))
    confirmed_at = _time(data.get("confirmed_at"), zone, at)
    return ProfileRow(number, external_id, phone, confirmed_at, _details(data.get("details")))


def _text(value: Any, field: str, longest: int) -> str:
    """One line of text, without signs that no form could have sent."""
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(field, "is missing, empty or no text")
    text = " ".join(value.split())
    if len(text) > longest:
        raise _Wrong(field, f"is longer than {longest} characters")
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
        raise _Wrong(field, "holds signs that cannot be shown")
    return text


def _phone(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("phone", "is missing or no text")
    try:
        return number_parse(value)
    except Refused:
        raise _Wrong("phone", "is no telephone number: digits, with +country if abroad") from None


def _time(value: Any, zone: tzinfo, at: datetime) -> datetime:
    """A bare date is its first minute: a profile is rather taken for older than for younger."""
    try:
        when = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Wrong("confirmed_at", "is no date like 2026-09-12, nor a time with its zone") from None
    if when.tzinfo is None:
        if len(value) > len("2026-09-12"):
            raise _Wrong("confirmed_at", "is a time without its zone")
        when = when.replace(tzinfo=zone)
    if when.year < _EARLIEST_YEAR or when > at:
        raise _Wrong("confirmed_at", f"is later than now, or before {_EARLIEST_YEAR}")
    return when


def _details(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, list) or not value:
        raise _Wrong("details", "is no list, or an empty one: withdraw the profile instead")
    if len(value) > MOST_DETAILS:
        raise _Wrong("details", f"are more than {MOST_DETAILS}")
    found = []
    for nth, one in enumerate(value, start=1):
        if not isinstance(one, dict) or set(one) != {"code", "text"}:
            raise _Wrong(f"details {nth}", "is no object of code and text")
        if not isinstance(one["code"], str) or one["code"] not in PROFILE_DETAILS:
            raise _Wrong(f"details {nth} code", f"is none of {', '.join(PROFILE_DETAILS)}")
        found.append((one["code"], _text(one["text"], f"details {nth} text", LONGEST_TEXT)))
    return tuple(found)
