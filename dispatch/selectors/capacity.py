"""How many responses of a program are under way, against the most that it is set up for."""

from typing import Any
from uuid import UUID

from django.db import connection

from programs.models import ProgramVersion
from programs.spec import setting


def program_full(version: ProgramVersion | None, incident_id: UUID) -> bool:
    """Whether other incidents take up all of the responses that the program gives at one time (its `capacity`).

    A response is an incident that a unit of the program is asked for or leads. One query, and none where the program
    names no limit. Under the centre's order (services.offers.rounds) the answer holds until the offer is made.
    """
    capacity: Any = setting(version.spec, "capacity") if version is not None else None
    if version is None or not isinstance(capacity, int):
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT a.incident_id) FROM dispatch_assignment a"
            " JOIN programs_programversion v ON v.id = a.program_version_id"
            " WHERE a.ended_at IS NULL AND a.slot = 'primary' AND v.program_id = %s AND a.incident_id <> %s",
            [version.program_id, incident_id],
        )
        return bool(cursor.fetchone()[0] >= capacity)
