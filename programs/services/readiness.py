"""Writes on the way to the first real call."""

from datetime import datetime

from django.db import transaction

from accounts.access import require
from accounts.models import Centre, Role, User
from accounts.problems import Refused
from accounts.services import audit
from programs.models import Readiness

OPENERS = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR})
"""Who may confirm points and open the centre."""


@transaction.atomic
def readiness_confirm(*, centre: Centre, item: str, by: User, at: datetime) -> Readiness:
    """Confirm by name a point that only a person can know. Confirming again names the newest person."""
    require(by, *OPENERS)
    if item not in Readiness.Item.values:
        raise Refused("item_unknown", "There is no such point on the list.", field="item")
    row, _ = Readiness.objects.update_or_create(centre=centre, item=item, defaults={"by": by, "at": at})
    audit(action="centre.confirm", at=at, by=by, centre=centre, entity="readiness", entity_id=item)
    return row


@transaction.atomic
def centre_open(*, centre: Centre, missing: list[str], by: User, at: datetime) -> Centre:
    """The centre takes real calls from now on. Raises Refused while anything of the go-live list is missing."""
    require(by, *OPENERS)
    if missing:
        raise Refused("not_ready", f"Still missing: {'; '.join(missing)}.", status=409)
    found = Centre.objects.select_for_update(no_key=True).get(pk=centre.pk)
    if found.live_at is None:
        found.live_at = at
        found.save(update_fields=["live_at"])
        audit(action="centre.open", at=at, by=by, centre=found, entity="centre", entity_id=found.pk)
    return found
