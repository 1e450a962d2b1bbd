"""Which hazards a sent call has been judged with, and which each crew was told: by their ids, never by times.

The clocks of the machines that file a hazard, take a decision and take a crew's yes differ, and a change that is
committed a moment later may carry the earlier time. Whatever is on file and not among these ids is news.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from dispatch.models import Assignment, Decision, HistoryRow, Incident
from dispatch.selectors.triage import hazards_at, place_of
from people.models import Caution

TOLD = "hazards"
"""The key in the detail of an assignment's history row: ids of the hazards that the crew has read, was told of, or has
to read since."""
COUNTED = "count"
"""The action of a hazard's history row on a call: triage has counted it since the call was sent."""
_SOURCE = "caution:"
_Ids = dict[UUID, set[UUID]]


@dataclass(frozen=True)
class Shown:
    """What stood on a phone when its crew pressed: the location entry, and the hazards on file."""

    place: int | None = None
    hazards: frozenset[UUID] = frozenset()

    @staticmethod
    def read(text: str) -> "Shown | None":
        """From `words`. None where the phone said nothing; what cannot be read was not shown."""
        if not text:
            return None
        place, hazards = None, set()
        for word in text.split():
            try:
                hazards.add(UUID(word))
            except ValueError:
                place = int(word) if word.isdecimal() else place
        return Shown(place, frozenset(hazards))


def shown_words(place: int | None, hazards: Collection[UUID]) -> str:
    """What a phone sends back with a press that says “read”: see Shown."""
    return " ".join(["-" if place is None else str(place), *(str(one) for one in hazards)])


def ids_told(cautions: Collection[Caution]) -> dict[str, Any]:
    """The part of an assignment's history row that keeps which hazards it told of; empty for none."""
    return {TOLD: sorted(str(one.pk) for one in cautions)} if cautions else {}


def hazards_met(
    incident: Incident, assignment: Assignment, shown: Shown | None, at: datetime
) -> tuple[list[Caution], list[Caution]]:
    """What is on file as a unit accepts: what its crew has read or has to be told, and what its phone has not shown.
    What comes to be on file later is news for it (dispatch.services.cautions), by whatever clock."""
    if assignment.unit.armed or assignment.by_phone:
        return [], []
    on_file = hazards_at(incident, place_of(incident), at=at)
    told = [one for one in on_file if shown is None or one.pk in shown.hazards]
    return told, [one for one in on_file if one not in told]


def hazards_counted(incidents: Collection[UUID]) -> _Ids:
    """By incident: hazards that its standing decision was taken with, or that were counted since it was sent."""
    found: _Ids = defaultdict(set)
    rows = HistoryRow.objects.filter(incident_id__in=incidents, entity="caution", action=COUNTED)
    for incident, caution in rows.values_list("incident_id", "entity_id"):
        if incident is not None:
            found[incident].add(caution)
    decisions = Decision.objects.filter(incident__in=incidents, state="standing")
    for incident, said in decisions.values_list("incident", "on_screen__said"):
        sources = (str(one.get("source", "")) for told in (said or {}).values() for one in told)
        found[incident].update(UUID(one.removeprefix(_SOURCE)) for one in sources if one.startswith(_SOURCE))
    return found


def hazards_told(assignments: Collection[UUID]) -> _Ids:
    """By assignment: hazards that its crew has read, was told of, or knows that it has to read."""
    found: _Ids = defaultdict(set)
    rows = HistoryRow.objects.filter(entity="assignment", entity_id__in=assignments, detail__has_key=TOLD)
    for assignment, detail in rows.values_list("entity_id", "detail"):
        found[assignment].update(UUID(one) for one in detail[TOLD])
    return found
