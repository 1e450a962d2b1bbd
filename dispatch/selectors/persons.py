"""Whom a call may be about, whom it is about, and what was here before: by person, by number, by place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Q

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.access import audiences_of
from dispatch.models import Answer, Call, HistoryRow, Incident, LocationEntry
from people.models import Caution, Phone
from people.selectors import PersonWords, persons_read, persons_search
from people.services import number_hash, number_parse

MOST_SUGGESTED = 3
MOST_FOUND = 6
MOST_EARLIER = 6
_LOOKED_AT = 40
"""The latest calls of a number or place that are looked at: a hospital's switchboard has thousands."""
_LEAST_DIGITS = 7
NUMBER, PLACE, PERSON = "same number", "same address", "same person"


@dataclass(frozen=True)
class Known:
    """A person on file for one reader: how they were found, when last met, how many hazards stand with them.

    `sure` is false where only a number that nobody has confirmed leads to them.
    """

    person: PersonWords
    why: str
    sure: bool
    last_at: datetime | None
    cautions: int


@dataclass(frozen=True)
class Earlier:
    """An incident of before, and what it has in common with this one."""

    incident: Incident
    why: tuple[str, ...]


def _place_of(place: LocationEntry | None) -> UUID | None:
    """The gazetteer's entry of a verified location: typed words are no place that anybody was met at."""
    return place.place_id if place is not None and place.state == LocationEntry.State.VERIFIED else None


def _phone_of(call: Call, audiences: Collection[str]) -> UUID | None:
    return call.phone_id if call.phone is not None and call.phone.audience in audiences else None


def _incidents_at(centre: Centre, place: UUID) -> list[UUID]:
    entries = LocationEntry.objects.filter(
        place=place, incident__centre=centre, subject=LocationEntry.Subject.INCIDENT
    ).order_by("-id")
    return list(dict.fromkeys(entries.values_list("incident_id", flat=True)[:_LOOKED_AT]))


def persons_suggested(*, call: Call, place: LocationEntry | None, viewer: User, at: datetime) -> list[Known]:
    """Persons whom calls of this number, or to this verified address, were about before; the latest first.

    Nobody who is linked to the incident already, and nobody whom somebody has unlinked from this call. Never acts.
    """
    centre, audiences = call.incident.centre, audiences_of(viewer)
    others = Call.objects.filter(centre=centre, person__isnull=False).exclude(incident=call.incident_id)
    found: dict[UUID, tuple[str, bool]] = {}
    phone, where = _phone_of(call, audiences), _place_of(place)
    if phone is not None:
        met = others.filter(phone=phone).order_by("-received_at").values_list("person_id", flat=True)
        found.update(dict.fromkeys((id for id in met[:_LOOKED_AT] if id), (NUMBER, call.phone_confirmed)))
    if where is not None:
        there = others.filter(incident__in=_incidents_at(centre, where)).order_by("-received_at")
        for id in there.values_list("person_id", flat=True)[:_LOOKED_AT]:
            if id is not None and not found.get(id, ("", False))[1]:
                found[id] = (PLACE, True)
    # What nobody has confirmed comes last, and so never gets the one key.
    known = sorted(found, key=lambda id: not found[id][1])
    gone = _unlinked(call) | set(Call.objects.filter(incident=call.incident_id).values_list("person_id", flat=True))
    return _known([id for id in known if id not in gone][:MOST_SUGGESTED], found, viewer, at)


def _unlinked(call: Call) -> set[UUID | None]:
    rows = HistoryRow.objects.filter(entity="call", entity_id=call.pk, action="person_unlink")
    return {UUID(detail["person"]) for detail in rows.values_list("detail", flat=True)}


def _known(ids: list[UUID], how: dict[UUID, tuple[str, bool]], viewer: User, at: datetime) -> list[Known]:
    """In the order of `ids`; three queries for any number."""
    if not ids:
        return []
    words = persons_read(ids, audiences=audiences_of(viewer))
    calls = Call.objects.filter(person__in=ids).values("person").annotate(last=Max("received_at"))
    last = dict(calls.values_list("person", "last"))
    standing = Caution.objects.filter(person__in=ids, added_at__lte=at, expires_at__gt=at)
    hazards = dict(standing.values("person").annotate(many=Count("pk")).values_list("person", "many"))
    return [Known(words[id], *how[id], last.get(id), hazards.get(id, 0)) for id in ids]


def persons_found(*, centre: Centre, text: str, viewer: User, at: datetime) -> list[Known]:
    """Persons of the centre by name, year of birth, or a number that calls about them came from; best first.

    What the viewer may not read finds nobody.
    """
    audiences, digits = audiences_of(viewer), sum(sign.isdigit() for sign in text)
    if digits >= _LEAST_DIGITS:
        ids = _persons_of_number(centre, text, audiences)
        return _known(ids, dict.fromkeys(ids, (NUMBER, True)), viewer, at)
    ids = persons_search(centre=centre, text=text, audiences=audiences, limit=MOST_FOUND)
    return _known(ids, dict.fromkeys(ids, ("", True)), viewer, at)


def _persons_of_number(centre: Centre, text: str, audiences: Collection[str]) -> list[UUID]:
    try:
        hashed = number_hash(number_parse(text))
    except Refused:
        return []
    phones = Phone.objects.filter(centre=centre, number_hash=hashed, audience__in=audiences)
    calls = Call.objects.filter(phone__in=phones, person__isnull=False).order_by("-received_at")
    met = calls.values_list("person_id", flat=True)[:_LOOKED_AT]
    return list(dict.fromkeys(id for id in met if id is not None))[:MOST_FOUND]


def persons_linked(*, incident_id: UUID, viewer: User) -> dict[UUID, PersonWords]:
    """Whom the calls of an incident are about, by call; one person may be named by several calls."""
    calls = dict(Call.objects.filter(incident=incident_id, person__isnull=False).values_list("pk", "person_id"))
    words = persons_read({id for id in calls.values() if id}, audiences=audiences_of(viewer))
    return {call: words[id] for call, id in calls.items() if id}


def answers_of_unlinked(call: Call) -> list[str]:
    """Keys of questions that still rest on somebody who was unlinked from this call; none once they are asked anew."""
    rows = HistoryRow.objects.filter(entity="call", entity_id=call.pk, action="person_unlink")
    kept = {key: row.at for row in rows.order_by("id") for key in row.detail["kept"]}
    if not kept:
        return []
    given = Answer.objects.filter(source=f"call:{call.pk}", incident=call.incident_id, key__in=kept).order_by("id")
    last = {row.key: row.at for row in given}
    return [key for key, at in kept.items() if last.get(key) == at]


def incidents_earlier(
    *, call: Call, place: LocationEntry | None, persons: Collection[UUID], viewer: User
) -> list[Earlier]:
    """What was before with the same person, from the same number, at the same verified address; the latest first."""
    centre = call.incident.centre
    why: dict[UUID, list[str]] = {}

    def note(ids: Collection[UUID], words: str) -> None:
        for id in ids:
            if id != call.incident_id and words not in why.setdefault(id, []):
                why[id].append(words)

    calls = Call.objects.filter(centre=centre).order_by("-received_at").values_list("incident_id", flat=True)
    if persons:
        note(calls.filter(person__in=persons)[:_LOOKED_AT], PERSON)
    phone, where = _phone_of(call, audiences_of(viewer)), _place_of(place)
    if phone is not None:
        said = NUMBER if call.phone_confirmed else f"{NUMBER} (not confirmed)"
        note(calls.filter(phone=phone)[:_LOOKED_AT], said)
    if where is not None:
        note(_incidents_at(centre, where), PLACE)
    found = Incident.objects.filter(Q(pk__in=why), centre=centre).exclude(state="joined").order_by("-opened_at")
    return [Earlier(one, tuple(why[one.pk])) for one in found[:MOST_EARLIER]]
