"""One row of a call log through intake, by the same services as a call that somebody types."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Call
from dispatch.services.calls import call_end, call_open
from dispatch.services.decisions import decision_take
from dispatch.services.handoffs import handoff_acknowledge
from dispatch.services.incidents import nature_set
from dispatch.services.locations import location_record
from interop.call_log.reader import LogRow

RECEIVER = "Call log"


@transaction.atomic
def row_replay(*, centre: Centre, log: str, row: LogRow, by: User, at: datetime, finish: bool) -> bool:
    """Take one row as a call: where, nature, the nature's standard response, end of the call. All of it or nothing.

    `finish` acknowledges the hand-offs under the number that the call had in its own system, so that the incident
    closes as it did there; otherwise they stay requested, and the floor has to do it. Returns False for a row that was
    taken before. Raises Refused outside a simulated centre, and for a row that a service refuses.
    """
    if not centre.simulated:
        raise Refused("centre_not_simulated", "Replay acts only in a centre that is marked simulated.", status=409)
    external_id = f"{log}:{row.external_id}"
    if Call.objects.filter(centre=centre, external_id=external_id).exists():
        return False
    call = call_open(centre=centre, id=uuid.uuid4(), channel=row.channel, by=by, at=at, external_id=external_id)
    location_record(
        incident=call.incident, call=call, text=row.place, state="unverified", lat=row.lat, lon=row.lon, by=by, at=at
    )
    call.local_nature = row.local_nature[:120]
    call.save(update_fields=["local_nature"])
    if row.nature is not None:
        nature_set(incident=call.incident, nature=row.nature, local=row.local_nature, call=call, by=by, at=at)
    decision_take(id=uuid.uuid4(), incident=call.incident, action="send", by=by, at=at)
    call_end(call=call, ended_as="completed", by=by, at=at)
    if finish:
        for handoff in call.incident.handoffs.filter(state="requested"):
            handoff_acknowledge(
                handoff=handoff, receiver_name=RECEIVER, receiver_number=row.external_id[:40], by=by, at=at
            )
    return True
