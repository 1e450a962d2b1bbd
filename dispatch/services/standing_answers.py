"""Answers that counted in a sent incident count on where their call goes: leaving lowers nothing."""

from collections.abc import Sequence
from datetime import datetime

from accounts.models import User
from dispatch.models import Answer, Call, Incident
from dispatch.selectors.triage import UNKNOWN, answers_merged, lowers


def answers_stand_on(
    *, rows: Sequence[Answer], call: Call, old: Incident, new: Incident, by: User | None, at: datetime
) -> None:
    """Append what `rows`, moved from `old` to `new` with their call, said there and would not say any more.

    After sending, a danger that is clicked away still counts; where the other incident was not sent yet, or was sent
    later, only the last answer of a source would. Both incidents are locked by the caller.
    """
    if old.sent_at is None or (new.sent_at is not None and new.sent_at <= old.sent_at):
        return
    now = answers_merged(new, rows)
    Answer.objects.bulk_create(
        [
            Answer(
                incident=new, call=call, source=f"incident:{old.pk}", key=key, value=value, basis=Answer.Basis.ASSUMED,
                at=at, by=by,
            )
            for key, value in answers_merged(old, rows).items()
            if lowers(key, value, now.get(key, UNKNOWN))
        ]
    )  # fmt: skip
