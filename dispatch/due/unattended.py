"""The net under all other clocks: calls that nobody is on, whatever way they came there."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import Centre
from dispatch.due.rows import alarms_over, each
from dispatch.models import Alarm, Assignment, Call, Decision, Handoff, HistoryRow, Incident, Transfer
from dispatch.services.alarms import alarm_raise
from dispatch.services.journal import incident_locked
from dispatch.states import STUCK_AFTER_S

QUIET_S = 60
"""Nothing has happened to the call for so long: whoever has just ended something may be about to do the next."""
SAY_AGAIN_S = 600
"""A person who has ended the alarm and done nothing else is told again after this long."""
_NOT_OF_THE_CALL = (Alarm.Kind.UNATTENDED, Alarm.Kind.NOT_ANSWERING, Alarm.Kind.WORD_OWED)
"""Alarms of a call that ask for no act on it: its own, of a unit that is sought, of a sender who is owed a word."""
MOST_SAID = 50
"""Said in one round, most urgent first: an outage leaves many at once, and the loop has other clocks to keep."""
_LONG_TRANSFER_S = STUCK_AFTER_S["with_person"]
"""Somebody outside who has had the caller for so long may be done: nobody here has said how it ended."""


def calls_unattended(centre: Centre, at: datetime) -> int:
    """Live calls that no person, crew, service, engine or other clock is on: whoever has the call is told, and the
    supervisor where they do not take it. It ends when somebody is on it again.

    Each way to such a call should have its own alarm. Where one has none, or a person has ended it with a note and has
    gone, the call is found here: it never waits for nobody.
    """
    nobody = list(_nobody_on(centre, at).values_list("pk", flat=True))
    standing = Alarm.objects.filter(centre=centre, kind=Alarm.Kind.UNATTENDED, ended_at__isnull=True)
    told = set(standing.values_list("subject", flat=True))
    alarms_over(Alarm.Kind.UNATTENDED, told - {str(key) for key in nobody}, at, "somebody is on it")
    if not nobody:
        return 0
    lately = HistoryRow.objects.filter(incident_id__in=nobody, at__gt=at - timedelta(seconds=QUIET_S))
    ended = Alarm.objects.filter(
        kind=Alarm.Kind.UNATTENDED, subject__in=nobody, ended_at__gt=at - timedelta(seconds=SAY_AGAIN_S)
    )
    busy = {str(key) for key in lately.values_list("incident_id", flat=True)}
    busy |= told | set(ended.values_list("subject", flat=True))
    fresh = [key for key in nobody if str(key) not in busy][:MOST_SAID]
    return each(centre, Incident.objects.filter(pk__in=fresh), lambda one: _say(one, at))


def _nobody_on(centre: Centre, at: datetime) -> QuerySet[Incident]:
    """Live incidents on which nobody is and which no clock watches."""
    mine = OuterRef("pk")
    outward = Transfer.objects.filter(incident=mine, direction=Transfer.Direction.OUT)
    long_ago = at - timedelta(seconds=_LONG_TRANSFER_S)
    taken = Q(state="open", owner__isnull=False) | Q(promised_at__isnull=False)
    on_it = (
        Exists(Assignment.objects.filter(incident=mine, ended_at__isnull=True))
        | Exists(Call.objects.filter(taken, incident=mine))
        | Exists(Handoff.objects.filter(incident=mine, state="requested"))
        | Exists(outward.filter(Q(state__in=["offered", "ringing"]) | Q(state="connected", connected_at__gt=long_ago)))
        | Exists(Decision.objects.filter(incident=mine, state="waiting_second"))
        | Exists(Alarm.objects.filter(incident=mine, ended_at__isnull=True).exclude(kind__in=_NOT_OF_THE_CALL))
    )
    sought = Q(offer_wanted=True, late=False) | Q(state="held")
    live = Incident.objects.filter(centre=centre).exclude(state__in=["closed", "joined"])
    return live.exclude(sought).filter(~on_it).order_by("priority", F("top_at").asc(nulls_last=True), "opened_at")


def _say(incident: Incident, at: datetime) -> bool:
    incident = incident_locked(incident.pk)
    if not _nobody_on(incident.centre, at).filter(pk=incident.pk).exists():
        return False
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.UNATTENDED,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        urgent=incident.priority == 1,
        detail={"words": _words(incident)},
    )
    return True


def _words(incident: Incident) -> str:
    """Why nobody is on it, as far as its rows tell."""
    if incident.late:
        return "Late entry: nobody has said whether it is still live"
    if incident.calls.filter(state="open").exists():
        return "A call is open that nobody has taken"
    if incident.sent_at is None:
        return "The call has ended and nobody has decided it"
    if not incident.response_class:
        return "It is open again and nobody has decided it"
    if incident.handoffs.filter(state="ready").exists():
        return "A hand-off is ready and nobody has sent it"
    if incident.transfers.filter(direction="out", state="connected").exists():
        return "Given away long ago: record how it ended"
    return "Nobody is on the way, asked or sought"
