"""Offers that nobody answered or can answer, and calls that no nudge has offered."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import Centre
from dispatch.due.rows import each
from dispatch.models import Alarm, Assignment
from dispatch.services.offers import offer_expire, offer_lapse, offers_run
from dispatch.services.offers.locked import call_freed
from dispatch.services.offers.making import lapsed
from programs.models import Suspension
from responders.models import CrewMember, Unit


def offers_expired(centre: Centre, at: datetime) -> int:
    """End offers that nobody answered, and the engine's that nobody may or can answer any more: a stop key was pressed,
    or the unit has gone on a break, out of service or home. The next unit is asked at once. What a dispatcher asked of
    such a unit stays as they chose."""
    aboard = CrewMember.objects.filter(unit=OuterRef("unit"), until__isnull=True)
    gone = ~Q(unit__service=Unit.Service.IN_SERVICE) | ~Exists(aboard)
    stops = Suspension.objects.filter(centre=centre, lifted_at__isnull=True)
    over = Assignment.objects.filter(
        Q(offer_expires_at__lte=at) | Q(offered_by__isnull=True) & (gone | Exists(stops)),
        incident__centre=centre,
        state="offered",
    )
    return each(centre, over.select_related("incident", "unit", "program_version__program"), lambda one: _end(one, at))


def _end(offer: Assignment, at: datetime) -> bool:
    if offer.offer_expires_at <= at:
        return offer_expire(assignment=offer, at=at).state == "expired"
    # Most offers have nothing to do with a stop key somewhere: they are not locked for it.
    return bool(lapsed(offer, offer.incident)) and offer_lapse(assignment=offer, at=at).state == "cancelled"


def pending_offered(centre: Centre, at: datetime) -> int:
    """Offer what no nudge has offered."""
    return len(offers_run(centre=centre, at=at))


def calls_locked(centre: Centre, at: datetime) -> int:
    """Calls whose offers waited for a frozen process, and are free again."""
    standing = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.CALL_LOCKED, ended_at__isnull=True)
    return each(centre, standing, lambda alarm: call_freed(alarm, at))
