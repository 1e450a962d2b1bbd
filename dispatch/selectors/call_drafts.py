"""Unsent words as a console reads them back."""

from collections.abc import Sequence
from datetime import timedelta

from accounts.models import User
from dispatch.models import Call, CallDraft

KEPT_FOR = timedelta(days=1)
"""After the last key, and after the end of the call. An own choice: a shift and its relief, no longer."""


def unsent_of(calls: Sequence[Call], user: User) -> list[CallDraft]:
    """What this person typed into these calls; with the emptied ones, which say that nothing older counts."""
    return list(CallDraft.objects.filter(call__in=calls, by=user).order_by("field"))


def unsent_of_others(calls: Sequence[Call], user: User) -> list[CallDraft]:
    """What others typed and did not send into those of these calls that are now this person's, oldest first."""
    mine = [call for call in calls if call.owner_id == user.pk]
    found = CallDraft.objects.filter(call__in=mine).exclude(by=user).exclude(text="")
    return list(found.select_related("by").order_by("typed_at"))
