"""Unsent words: kept for the person who types them, given to whoever takes the call over, deleted when they are sent.

They are no part of the record and nobody's business but the two people's: no history row, no event, no board.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from accounts.access import FLOOR, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Call, CallDraft
from dispatch.models.call_draft import DRAFT_FIELDS, LONGEST_DRAFT
from dispatch.selectors.call_drafts import KEPT_FOR, unsent_of_others
from dispatch.services.narrative import note_add

_KEEP = (
    "INSERT INTO dispatch_calldraft (call_id, by_id, field, text, tab, typed_at, at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT ON CONSTRAINT call_draft_once"
    " DO UPDATE SET text = excluded.text, tab = excluded.tab, typed_at = excluded.typed_at, at = excluded.at"
    " WHERE dispatch_calldraft.tab <> excluded.tab OR dispatch_calldraft.typed_at < excluded.typed_at"
)


def draft_keep(*, call: Call, field: str, text: str, tab: UUID, typed_at: datetime, by: User, at: datetime) -> None:
    """Keep what `by` has typed so far into `field`; an empty text lets it go. One statement, no lock.

    `typed_at` is the browser's time: within one `tab` what was typed earlier changes nothing when it arrives later.
    Raises Refused for a field that a card does not have, and for a call that ended more than KEPT_FOR ago.
    """
    require(by, *FLOOR)
    if field not in DRAFT_FIELDS:
        raise Refused("field_unknown", "There is no such field.", field="field")
    if call.ended_at is not None and at - call.ended_at > KEPT_FOR:
        raise Refused("call_over", "This call ended long ago: send the words as a note.", status=409)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [call.pk, by.pk, field, text[-LONGEST_DRAFT:], tab, min(typed_at, at), at])


def draft_sent(*, call: Call, field: str, by: User, typed_by: datetime | None, at: datetime) -> None:
    """The words of a field have arrived: what was typed up to `typed_by` (the browser's time) is let go."""
    mine = CallDraft.objects.filter(call=call, by=by, field=field, typed_at__lte=typed_by or at)
    mine.exclude(text="").update(text="", typed_at=min(typed_by or at, at), at=at)


@transaction.atomic
def drafts_read(*, call: Call, by: User, at: datetime) -> list[CallDraft]:
    """What others typed into the call that `by` has taken over and did not send; that it was read is audited.

    They stay where they are until `drafts_settle`, so that an answer that is lost on its way costs nothing.
    Raises Refused for somebody who does not have the call.
    """
    found = _of_others(call, by)
    if found:
        _audited("draft.read", call, found, by, at)
    return found


@transaction.atomic
def drafts_settle(*, call: Call, ids: Iterable[int], by: User, at: datetime) -> int:
    """Let go of others' words that `by` has taken up into their own fields, or wants no more; returns how many.

    Raises Refused for somebody who does not have the call.
    """
    wanted = set(ids)
    found = [one for one in _of_others(call, by) if one.pk in wanted]
    if found:
        CallDraft.objects.filter(pk__in=[one.pk for one in found]).update(text="", at=at)
        _audited("draft.settle", call, found, by, at)
    return len(found)


@transaction.atomic
def drafts_to_note(*, id: UUID, call: Call, by: User, at: datetime) -> None:
    """Others' unsent words as one note by whoever has the call now; it names who typed them. Nothing where none is."""
    found = drafts_read(call=call, by=by, at=at)
    if not found:
        return
    said = "\n".join(f"{one.by}, {one.field.replace('_', ' ')}: {one.text}" for one in found)
    text = f"Unsent words taken over. {said}"[:LONGEST_DRAFT]
    note_add(id=id, incident=call.incident, call=call, text=text, by=by, at=at)
    drafts_settle(call=call, ids=[one.pk for one in found], by=by, at=at)


def drafts_forget(call: Call) -> None:
    """The call is over: nothing that anybody typed into it and did not send is kept here."""
    CallDraft.objects.filter(call=call).delete()


def drafts_expire(*, at: datetime) -> int:
    """Delete what is a day old, in every centre (a call that ends takes its own along); returns how many had words."""
    # By the draft's own time alone: asking the calls when they ended would read a table that grows.
    ids = list(CallDraft.objects.filter(at__lt=at - KEPT_FOR).values_list("pk", "text"))
    if ids:
        CallDraft.objects.filter(pk__in=[pk for pk, _ in ids]).delete()
    return sum(1 for _, text in ids if text)


def _of_others(call: Call, by: User) -> list[CallDraft]:
    require(by, *FLOOR)
    if call.centre_id != by.centre_id or call.owner_id != by.pk:
        raise Refused("not_yours", "Only who has the call reads what others left in it.", status=403)
    return unsent_of_others([call], by)


def _audited(action: str, call: Call, found: list[CallDraft], by: User, at: datetime) -> None:
    detail = {"of": sorted({one.by_id for one in found}), "fields": sorted({one.field for one in found})}
    audit(action=action, at=at, by=by, centre=call.centre, entity="call", entity_id=call.pk, detail=detail)
