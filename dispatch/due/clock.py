"""The time that passes, as an event: boards also change when nobody does anything."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Centre
from live.services import event_record


def boards_aged(centre: Centre, at: datetime) -> int:
    """Tell the boards that some seconds have passed: a shift has ended, a program has closed, an age stands in words.

    The renderer draws what differs from what it last told (desk/aged_rows.py), and the walls.
    """
    with transaction.atomic():
        event_record(
            centre_id=centre.pk, entity="clock", entity_id=UUID(int=centre.pk), version=0, kind="clock.passed", at=at
        )
    return 1
