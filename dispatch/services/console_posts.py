"""What a console kept while it could not send: done once, in the order of its call, with both times.

A post that arrives late after somebody else has said otherwise does not win because it came last: it is kept as a note.
The one exception raises care: an answer that is more dangerous than the one that stands is recorded all the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Answer, Call, ConsolePost, HistoryRow
from dispatch.services.journal import call_locked
from dispatch.services.narrative import note_add
from triage.answers import most_dangerous
from triage.vocabulary import UNKNOWN_WORD

LATE = timedelta(seconds=60)
"""As a call that arrives late (design, section 6). Clocks of consoles differ by less."""
_HISTORY = {
    ConsolePost.What.LOCATION: ("location", "record"),
    ConsolePost.What.PHONE: ("call", "phone"),
    ConsolePost.What.NATURE: ("incident", "nature"),
}


@contextmanager
def console_post(
    *,
    id: UUID | None,
    call: Call,
    what: str,
    said: str,
    by: User,
    at: datetime,
    device_at: datetime | None = None,
    key: str = "",
    value: Any = None,
) -> Iterator[bool]:
    """One transaction around what was posted; yields whether it is still to be done.

    False for an id that was done before, and for a late one that others have overtaken (`said` then is a note). `key`
    and `value` are an answer's. Without an id there is nothing to recognise: it is done. Raises Refused for an id that
    belongs to another call.
    """
    if id is None:
        yield True
        return
    with transaction.atomic():
        incident, call = call_locked(call.pk)
        known = ConsolePost.objects.filter(pk=id).first()
        if known is not None:
            if known.call_id != call.pk:
                raise Refused("id_taken", "This id is already in use.", field="post", status=409)
            yield False
            return
        overtaken = (
            device_at is not None and at - device_at > LATE and _overtaken(call, what, by, device_at, key, value)
        )
        ConsolePost.objects.create(id=id, call=call, what=what, at=at, device_at=device_at, overtaken=overtaken, by=by)
        if overtaken:
            text = f"Late, not applied, since somebody has changed it meanwhile: {said}"
            note_add(id=uuid5(id, "late"), incident=incident, call=call, text=text, by=by, at=at, device_at=device_at)
        yield not overtaken


def _overtaken(call: Call, what: str, by: User, device_at: datetime, key: str, value: Any) -> bool:
    if what != ConsolePost.What.ANSWER:
        entity, action = _HISTORY[ConsolePost.What(what)]
        rows = HistoryRow.objects.filter(incident_id=call.incident_id, entity=entity, action=action, at__gt=device_at)
        return rows.exclude(by=by).exists()
    newer = Answer.objects.filter(call=call, key=key, at__gt=device_at).exclude(by=by).order_by("-id").first()
    if newer is None or newer.value == value:
        return False
    if UNKNOWN_WORD in (newer.value, value):
        return bool(value == UNKNOWN_WORD)
    return bool(most_dangerous(key, [newer.value, value]) != value)
