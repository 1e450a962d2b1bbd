"""The mending of forced addresses."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import AddressFollowUp, LocationEntry


@transaction.atomic
def forced_follow_up(*, location: LocationEntry, note: str, by: User, at: datetime) -> AddressFollowUp:
    """Somebody has looked into a forced address and says what was done. The first answer stands.

    Raises Refused at the field without words.
    """
    if not note.strip():
        raise Refused("note_needed", "Say what was done.", field="note")
    centre = location.incident.centre
    try:
        with transaction.atomic():
            made = AddressFollowUp.objects.create(
                location=location, centre=centre, note=note.strip(), done_at=at, done_by=by
            )
    except IntegrityError:
        return AddressFollowUp.objects.get(location=location)
    audit(action="location.follow_up", at=at, by=by, centre=centre, entity="location", entity_id=location.pk)
    return made
