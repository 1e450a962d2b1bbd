"""What a console kept while it could not send: done once, in the order of its call, with both times.

A post that arrives late after somebody else has said otherwise does not win because it came last: it is kept as a note.
The one exception raises care: an answer that is more dangerous than the one that stands is recorded all the same, and
of a list what adds a danger joins what stands. What acts (a decision, the end of the call, a transfer) is then not
done: whoever pressed it looks again and presses again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection, transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Answer, Call, ConsolePost, HistoryRow
from dispatch.services.journal import call_locked
from dispatch.services.narrative import note_add
from triage import vocabulary
from triage.answers import is_lowering, most_dangerous
from triage.vocabulary import UNKNOWN_WORD

LATE = timedelta(seconds=60)
"""As a call that arrives late (design, section 6). Clocks of consoles differ by less."""
_HISTORY = {
    ConsolePost.What.LOCATION: ("location", "record"),
    ConsolePost.What.PHONE: ("call", "phone"),
    ConsolePost.What.NATURE: ("incident", "nature"),
    ConsolePost.What.PERSON: ("call", "person"),
}
"""What a late post is compared with: the entity of the history and how its action begins."""


ACTS = frozenset({ConsolePost.What.DECISION, ConsolePost.What.END, ConsolePost.What.TRANSFER})
"""What does something, and so is never done late in a situation that nobody has looked at."""
_MOVES = ("answer", "call", "decision", "incident", "location", "transfer")
"""Entities whose change by somebody else is another situation. A note is none: its dangers hold a decision anyway."""


@dataclass(frozen=True)
class Landed:
    """A post that has arrived. True in itself where it is still to be done.

    `value` is the answer to record: as sent, or joined with what somebody has said since.
    """

    fresh: bool
    overtaken: bool = False
    value: Any = None

    def __bool__(self) -> bool:
        return self.fresh


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
    moved: Callable[[], bool] | None = None,
) -> Iterator[Landed]:
    """One transaction around what was posted; yields whether it is still to be done.

    Not for an id that was done before, and not for a late one that others have overtaken (`said` then is a note). `key`
    and `value` are an answer's. `moved` is asked of a late act: whether it was pressed on something else than what
    stands. Without an id there is nothing to recognise: it is done. Raises Refused for an id that belongs to another
    call.
    """
    if id is None:
        yield Landed(True, value=value)
        return
    with transaction.atomic():
        landed, words = Landed(True, value=value), ""
        # A console whose clock is ahead must not look fresher than it is: no time of a device is later than ours.
        device_at = None if device_at is None else min(device_at, at)
        if device_at is not None and at - device_at > LATE:
            # Judged under the lock of whoever could change it. What comes in time is not judged, and the service that
            # does it takes the lock.
            _, call = call_locked(call.pk)
            landed, words = _late(call, what, by, device_at, key, value, moved)
        if not _first(id, call, what, by, at, device_at, landed.overtaken):
            known = ConsolePost.objects.get(pk=id)
            if known.call_id != call.pk or known.what != what:
                raise Refused("id_taken", "This id is already in use.", field="post", status=409)
            yield Landed(False, known.overtaken)
            return
        if words:
            text, note = f"{words}: {said}", uuid5(id, "late")
            note_add(id=note, incident=call.incident, call=call, text=text, by=by, at=at, device_at=device_at)
        yield landed


def _first(
    id: UUID, call: Call, what: str, by: User, at: datetime, device_at: datetime | None, overtaken: bool
) -> bool:
    """Whether this id comes for the first time. One statement: a second one at once waits here for the first to end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO dispatch_consolepost (id, call_id, what, at, device_at, overtaken, by_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING",
            [id, call.pk, what, at, device_at, overtaken, by.pk],
        )
        return bool(cursor.rowcount == 1)


_NOT_APPLIED = "Late, not applied, since somebody has changed it meanwhile"
_ADDED = "Late, added to what somebody has said meanwhile"
_OVERTAKEN = (Landed(False, overtaken=True), _NOT_APPLIED)


def _late(
    call: Call, what: str, by: User, device_at: datetime, key: str, value: Any, moved: Callable[[], bool] | None
) -> tuple[Landed, str]:
    """What becomes of a post that is late, and how its note begins; empty where it needs none."""
    fresh = (Landed(True, value=value), "")
    if what in ACTS:
        return _OVERTAKEN if _moved(call, what, by, device_at) or (moved is not None and moved()) else fresh
    if what != ConsolePost.What.ANSWER:
        entity, action = _HISTORY[ConsolePost.What(what)]
        rows = HistoryRow.objects.filter(
            incident_id=call.incident_id, entity=entity, action__startswith=action, at__gt=device_at
        )
        return _OVERTAKEN if rows.exclude(by=by).exists() else fresh
    newer = Answer.objects.filter(call=call, key=key, at__gt=device_at).exclude(by=by).order_by("-id").first()
    if newer is None or newer.value == value:
        return fresh
    if UNKNOWN_WORD in (newer.value, value):
        return _OVERTAKEN if value == UNKNOWN_WORD else fresh
    question = vocabulary.load().by_key.get(key)
    if question is not None and question.kind in ("list", "text_list"):
        both = [*newer.value, *(one for one in value if one not in newer.value)]
        return (Landed(True, value=both), _ADDED) if is_lowering(key, both, newer.value) else _OVERTAKEN
    return fresh if most_dangerous(key, [newer.value, value]) == value else _OVERTAKEN


def _moved(call: Call, what: str, by: User, device_at: datetime) -> bool:
    """Whether somebody else has changed the situation since, or oneself has pressed the like later elsewhere."""
    rows = HistoryRow.objects.filter(incident_id=call.incident_id, entity__in=_MOVES, at__gt=device_at)
    if rows.filter(by__isnull=False).exclude(by=by).exists():
        return True
    return ConsolePost.objects.filter(call=call, what=what, by=by, device_at__gt=device_at, overtaken=False).exists()
