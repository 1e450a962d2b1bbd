"""The end of a crew's part: how it ended, and what the crew says of the visit, in one act."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from dispatch.models import Assignment, CrewReport
from dispatch.reasons import FOLLOW_UP_OWED, POLICE_ASKED, REFERRALS, SERVICES_ACCEPTED, TAKEN_TO
from dispatch.services.journal import incident_locked
from dispatch.services.unit_status import LATE, Reported, status_report


@transaction.atomic
def crew_clear(
    *,
    assignment: Assignment,
    disposition: str,
    by: User,
    at: datetime,
    sent_class: str = "",
    taken_to: str = "",
    referral: str = "",
    services: Sequence[str] = (),
    police_asked: str = "",
    follow_up: str = "",
    device_at: datetime | None = None,
) -> Reported:
    """Clear an assignment with its report; whatever is empty was not said. The first report stands.

    One that comes too late to clear anything is kept all the same: the visit took place. Raises Refused at the field
    for a code that is not known, and what dispatch.services.unit_status.status_report raises.
    """
    for field, value, known in (
        ("taken_to", taken_to, TAKEN_TO),
        ("referral", referral, REFERRALS),
        ("police_asked", police_asked, POLICE_ASKED),
        ("follow_up", follow_up, FOLLOW_UP_OWED),
    ):
        if value and value not in known:
            raise Refused("report_unknown", f"Choose one of {', '.join(known.values())}.", field=field)
    if not SERVICES_ACCEPTED.keys() >= set(services):
        raise Refused("report_unknown", f"Choose among {', '.join(SERVICES_ACCEPTED.values())}.", field="services")
    incident_locked(assignment.incident_id)
    done = status_report(
        assignment=assignment,
        action="clear",
        by=by,
        at=at,
        device_at=device_at,
        disposition=disposition,
        sent_class=sent_class,
    )
    said = any((taken_to, referral, services, police_asked, follow_up))
    if said and (done.said != LATE or done.assignment.accepted_at is not None):
        CrewReport.objects.get_or_create(
            assignment=done.assignment,
            defaults={
                "taken_to": taken_to,
                "referral": referral,
                "services": sorted(set(services)),
                "police_asked": police_asked,
                "follow_up": follow_up,
                "at": at,
                "by": by,
            },
        )
    return done
