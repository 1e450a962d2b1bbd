"""The list for review: what somebody looks at again, and that somebody has."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Incident, ReviewItem
from dispatch.selectors.reviews import own_acts
from responders.models import Unit


def review_add(
    *,
    incident: Incident,
    kind: str,
    subject: UUID,
    by: User | None,
    at: datetime,
    unit: Unit | None = None,
    reason: str = "",
) -> None:
    """Put something on the list in the transaction of what it is about. The same subject is one row."""
    ReviewItem.objects.bulk_create(
        [
            ReviewItem(
                centre=incident.centre,
                kind=kind,
                subject=subject,
                incident=incident,
                unit=unit,
                reason=reason[:80],
                at=at,
                by=by,
            )
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def review_close(*, item: ReviewItem, note: str, by: User, at: datetime) -> ReviewItem:
    """A supervisor has looked at it and says what came of it. Once closed it stays so.

    Raises PermissionDenied without the role, Refused without a note, and Refused for what the reviewer did or agreed to
    themselves and for what another supervisor has reviewed.
    """
    require(by, Role.SUPERVISOR)
    if not note.strip():
        raise Refused("note_needed", "Say what came of it.", field="note")
    item = ReviewItem.objects.select_for_update(of=("self",)).select_related("centre", "reviewed_by").get(pk=item.pk)
    if item.pk in own_acts([item], by):
        raise Refused("own_act", "This was your own act: another supervisor reviews it.", field="note", status=409)
    if item.reviewed_by_id not in {None, by.pk}:
        raise Refused("reviewed", f"{item.reviewed_by} has reviewed it already: {item.note}", field="note", status=409)
    if item.reviewed_at is None:
        item.reviewed_at, item.reviewed_by, item.note = at, by, note.strip()[:400]
        item.save(update_fields=["reviewed_at", "reviewed_by", "note"])
        audit(
            action="review.close",
            at=at,
            by=by,
            centre=item.centre,
            entity="review",
            entity_id=item.pk,
            detail={"kind": item.kind, "subject": str(item.subject)},
        )
    return item
