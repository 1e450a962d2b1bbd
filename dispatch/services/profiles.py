"""Taking a safety profile's notes over as an answer: by a person's press, in coded words, raising care only."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Call
from dispatch.selectors.profiles import FLAGS, flags_of, profiles_for, taken_over
from dispatch.selectors.triage import UNKNOWN
from dispatch.services.answers import answers_record
from dispatch.services.journal import call_locked


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
