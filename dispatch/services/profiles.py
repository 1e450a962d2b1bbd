"""Safety profiles that were shown, for the record; and their notes taken over as an answer, by a person's press."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid5

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Call, ReviewItem
from dispatch.selectors.profiles import FLAGS, flags_of, number_typed, profiles_for, taken_over
from dispatch.selectors.triage import UNKNOWN
from dispatch.services.answers import answers_record
from dispatch.services.journal import call_locked
from dispatch.services.review import review_add
from people.models import SafetyProfile


@transaction.atomic
def profiles_shown(*, call: Call, profiles: Sequence[SafetyProfile], by: User, at: datetime) -> None:
    """Somebody reads the profiles of a call's number: a row of the audit trail for each reading.

    For a number that somebody typed it is the one way to look a profile up unasked, so it is for review as well: once
    for each reader and number of a call.
    """
    typed = number_typed(call)
    audit(
        action="profile.read",
        at=at,
        by=by,
        centre=call.incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"profiles": sorted(str(one.pk) for one in profiles), "typed": typed},
    )
    if typed:
        subject = uuid5(call.pk, f"profile read {by.pk} {call.phone_id}")
        review_add(incident=call.incident, kind=ReviewItem.Kind.PROFILE_READ, subject=subject, by=by, at=at)


def flags_to_take(*, call: Call, by: User, at: datetime) -> list[str]:
    """What taking over would answer: what the call says already, and what the profiles tell of.

    Raises Refused, in the same words, where there is no profile and where it may not be read.
    """
    profiles = profiles_for(call=call, viewer=by, at=at)
    if not profiles:
        raise Refused(
            "no_profile",
            "No safety profile to take over: one shows only on a live call, once its number is confirmed.",
            status=409,
        )
    return sorted({*_said(call), *flags_of(profiles)})


def _said(call: Call) -> list[str]:
    """What the call has answered so far: it stays, since this raises care and takes nothing back."""
    last = taken_over(call)
    return list(last.value) if last is not None and last.value != UNKNOWN else []


@transaction.atomic
def profile_take(*, call: Call, by: User, at: datetime) -> None:
    """Record what the profiles of the call's number tell of, as the call's answer. Where it says so already, nothing.

    Raises what `flags_to_take` and `answers_record` raise.
    """
    _, call = call_locked(call.pk)
    flags = flags_to_take(call=call, by=by, at=at)
    if flags != _said(call):
        answers_record(incident=call.incident, source=call, answers={FLAGS: flags}, by=by, at=at)
