"""The safety profile of a live call's confirmed number. The only way to read one: no list, no search."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from accounts.models import User
from dispatch.access import audiences_of
from dispatch.models import Answer, Call, HistoryRow
from people.models import PROFILE_DETAILS, SafetyProfile

ACCESS_FOR = timedelta(minutes=45)
"""After the end of the call, as Smart911 does (an `[M]` figure of the programs' reference: one source)."""
STALE_AFTER = timedelta(days=180)
"""Residents are asked to confirm about every six months; after that what is shown says that it may be out of date."""
FLAGS = "profile_flags"
"""The question that taking over answers. No rule of class or program reads it: it can tell people, and no more."""
_MOST_SHOWN = 4


def readable_until(call: Call) -> datetime | None:
    """Until when the profile of a call's number may be read; None while the call is open."""
    return None if call.ended_at is None else call.ended_at + ACCESS_FOR


def profiles_for(*, call: Call, viewer: User, at: datetime) -> list[SafetyProfile]:
    """Profiles of the number that the call came from, the last confirmed first; mostly one.

    None, exactly as where there is none, while nobody has confirmed the number, 45 minutes after the call has ended,
    and where the number itself is not for this viewer. The caller writes the audit row of whom it showed.
    """
    until, phone = readable_until(call), call.phone
    if (until is not None and at >= until) or not call.phone_confirmed or phone is None:
        return []
    if phone.audience not in audiences_of(viewer):
        return []
    rows = SafetyProfile.objects.filter(centre=call.centre_id, phone=phone).order_by("-confirmed_at", "pk")
    return list(rows[:_MOST_SHOWN])


def number_typed(call: Call) -> bool:
    """Whether somebody typed the call's number: it need not be the one that the call came from."""
    said = HistoryRow.objects.filter(entity="call", entity_id=call.pk, action="phone", detail__typed=True)
    return said.exists()


def flags_of(profiles: Sequence[SafetyProfile]) -> list[str]:
    """What the profiles tell of, in the words of the codes and in the table's order; never in the resident's words."""
    codes = {detail["code"] for one in profiles for detail in one.details}
    return [words for code, words in PROFILE_DETAILS.items() if code in codes]


def taken_over(call: Call) -> Answer | None:
    """The last answer of this call to what a profile tells of."""
    given = Answer.objects.filter(incident=call.incident_id, source=f"call:{call.pk}", key=FLAGS)
    return given.select_related("by").order_by("-id").first()
