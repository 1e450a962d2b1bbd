"""The person line of a card: whom the call is about, who it may be, and what was here before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Centre, User
from accounts.services import audit
from dispatch.models import Call, Incident, LocationEntry
from dispatch.reasons import CAUTION_KINDS, CAUTION_SOURCES, OUTCOMES, PERSON_UNLINK, words
from dispatch.selectors.persons import (
    Known,
    answers_of_unlinked,
    incidents_earlier,
    persons_found,
    persons_linked,
    persons_suggested,
)
from dispatch.selectors.profiles import STALE_AFTER, flags_of, profiles_for, readable_until, taken_over
from dispatch.selectors.triage import place_of
from dispatch.services.profiles import profiles_shown
from people.models import PROFILE_DETAILS, Caution, SafetyProfile
from triage import natures, vocabulary

UNLINK_KEYS = {"wrong_person": "W", "not_about_them": "S", "chosen_by_mistake": "M", "known_twice": "T"}
"""Reason for unlinking to the letter that names it once the reasons have the focus."""


def person_statics() -> dict[str, Any]:
    """What every card offers, whatever the call."""
    return {
        "unlink_reasons": [(code, UNLINK_KEYS[code], said) for code, said in PERSON_UNLINK.items()],
        "caution_kinds": list(CAUTION_KINDS.items()),
        "caution_severities": Caution.Severity.choices,
        "caution_sources": list(CAUTION_SOURCES.items()),
    }


def person_key(call: Call, place: LocationEntry | None, flags: Sequence[str], at: datetime) -> str:
    """What the person line rests on: while it is the same the line is. Opaque ids, and empty where it would be empty.

    `flags`: what was taken over from a safety profile. One query.
    """
    where = place.place_id if place is not None and place.state == LocationEntry.State.VERIFIED else None
    linked = Call.objects.filter(incident=call.incident_id, person__isnull=False).order_by("pk")
    parts = [call.phone_id or "", where or "", *linked.values_list("person_id", flat=True)]
    if not any(parts):
        return ""
    until = readable_until(call)
    live = "open" if until is None else "ended" if at < until else "over"
    return ".".join(str(part) for part in (*parts, int(call.phone_confirmed), live, len(flags)))


def person_part(call: Call, viewer: User, at: datetime) -> dict[str, Any]:
    """Context of the line and of what was before. Reading it is one row of the audit trail where it shows anybody."""
    incident, place = call.incident, place_of(call.incident)
    linked = persons_linked(incident_id=call.incident_id, viewer=viewer)
    own = linked.get(call.pk)
    others = {one.id: one for one in linked.values() if own is None or one.id != own.id}
    known = [] if own is not None else persons_suggested(call=call, place=place, viewer=viewer, at=at)
    shown = {one.id for one in linked.values()} | {one.person.id for one in known}
    if shown:
        audit(
            action="person.read",
            at=at,
            by=viewer,
            centre=incident.centre,
            entity="call",
            entity_id=call.pk,
            detail={"persons": sorted(str(one) for one in shown)},
        )
    earlier = incidents_earlier(call=call, place=place, persons={one.id for one in linked.values()}, viewer=viewer)
    table = vocabulary.load()
    return {
        "id": str(call.pk),
        "zone": incident.centre.time_zone,
        "own": own,
        "others": list(others.values()),
        "first": known[0] if known else None,
        "more": known[1:],
        "kept": [table.get(key).label for key in answers_of_unlinked(call)],
        "profiles": _profiles(call, viewer, at),
        "earlier": [_earlier(one.incident, ", ".join(one.why)) for one in earlier],
    }


def _profiles(call: Call, viewer: User, at: datetime) -> dict[str, Any] | None:
    """Safety profiles of the call's number, to read and to take over. Reading them is a row of the audit trail."""
    found = profiles_for(call=call, viewer=viewer, at=at)
    if not found:
        return None
    profiles_shown(call=call, profiles=found, by=viewer, at=at)
    flags, taken = flags_of(found), taken_over(call)
    return {
        "rows": [_profile(one, at) for one in found],
        "until": readable_until(call),
        "taken": taken if taken is not None and set(flags) <= set(taken.value) else None,
    }


def _profile(one: SafetyProfile, at: datetime) -> dict[str, Any]:
    return {
        "id": one.pk,
        "confirmed_at": one.confirmed_at,
        "stale": at - one.confirmed_at > STALE_AFTER,
        "flags": flags_of([one]),
        "details": [(PROFILE_DETAILS.get(row["code"], row["code"]), row["text"]) for row in one.details],
    }


def _earlier(incident: Incident, why: str) -> dict[str, Any]:
    nature = natures.get(incident.nature or None)
    return {
        "id": incident.pk,
        "code": f"{incident.number:04d}",
        "at": incident.opened_at,
        "nature": nature.name if nature else "nature not said",
        "outcome": words(OUTCOMES, incident.outcome).lower() if incident.outcome else incident.state.replace("_", " "),
        "why": why,
    }


def persons_looked_up(centre: Centre, text: str, viewer: User, at: datetime) -> list[Known]:
    """A search, with its row of the audit trail where it finds anybody: whom was found, never what was typed."""
    found = persons_found(centre=centre, text=text, viewer=viewer, at=at)
    if found:
        ids = sorted(str(one.person.id) for one in found)
        audit(action="person.search", at=at, by=viewer, centre=centre, entity="person", detail={"persons": ids})
    return found
