"""Whom a call is about: linked by a person's word, never by itself, and unlinked without lowering anything silently.

A third party who calls is not the person of concern: their number and their answers are kept, they are not linked.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Answer, Call, Incident, NarrativeEntry, NarrativeText
from dispatch.reasons import PERSON_UNLINK
from dispatch.selectors.triage import CAUTION_ANSWERS, facts_of, judge
from dispatch.services.cautions import cautions_arrive, not_known_before
from dispatch.services.journal import call_locked, record
from dispatch.services.rising import retriage, rise_check
from people.models import Caution, Person
from people.services import person_add
from triage import vocabulary
from triage.answers import most_dangerous


@transaction.atomic
def person_link(*, call: Call, person: Person, by: User, at: datetime) -> Call:
    """The call is about this person: what is on file with them counts from now on, like what is on file for the place.

    After sending, triage runs anew: a danger is a stage order, any other hazard is unread again for every crew. Linking
    the same person twice changes nothing. Raises Refused for a person of another centre, where somebody else is linked
    already, and for an incident that was joined to another.
    """
    incident, call = call_locked(call.pk)
    if person.centre_id != incident.centre_id:
        raise Refused("person_elsewhere", "This person belongs to another centre.", field="person")
    if call.person_id == person.pk:
        return call
    if call.person_id is not None:
        raise Refused(
            "person_linked", "Somebody else is linked: unlink them first, with a reason.", field="person", status=409
        )
    facts = facts_of(incident, at=at, known=by)
    call.person = person
    call.save(update_fields=["person"])
    over = incident.state in {"closed", "joined"}
    judged = judge(incident=incident, at=at, known=by)
    record(
        incident=incident,
        entity="call",
        row=call,
        action="person_link",
        by=by,
        at=at,
        detail={"person": str(person.pk)},
        # A file answers no safety question for a person: what nobody has triaged stays not triaged.
        fields=retriage(incident=incident, judged=judged, at=at) if incident.triaged and not over else [],
    )
    audit(
        action="call.person_link",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"person": str(person.pk)},
    )
    if not over:
        rise_check(incident=incident, before=facts.answers, judged=judged, by=by, at=at)
        cautions_arrive(
            incident=incident, cautions=not_known_before(judged.facts.cautions, facts.cautions), by=by, at=at
        )
    return call


@transaction.atomic
def person_link_new(
    *, call: Call, id: UUID, name: str, by: User, at: datetime, also: str = "", born: int | None = None, about: str = ""
) -> Call:
    """The call is about somebody whom nobody knows yet. Raises what `person_add` and `person_link` raise."""
    incident, call = call_locked(call.pk)
    person = person_add(centre=incident.centre, id=id, name=name, also=also, born=born, about=about, by=by, at=at)
    return person_link(call=call, person=person, by=by, at=at)


@transaction.atomic
def person_unlink(*, call: Call, reason: str, by: User, at: datetime) -> Call:
    """The call is not about this person, with a coded reason. What their file answered stays, as an assumed answer of
    this call, until somebody asks that question anew: nothing falls because a name was wrong. A note says so.

    Raises Refused for an unknown reason, or where nobody is linked.
    """
    if reason not in PERSON_UNLINK:
        raise Refused("reason_unknown", f"Choose one of {', '.join(PERSON_UNLINK)}.", field="reason")
    incident, call = call_locked(call.pk)
    person_id = call.person_id
    if person_id is None:
        raise Refused("no_person", "Nobody is linked to this call.", status=409)
    over = incident.state in {"closed", "joined"}
    before = facts_of(incident, at=at, known=by)
    call.person = None
    call.save(update_fields=["person"])
    gone = not_known_before(before.cautions, facts_of(incident, at=at, known=by).cautions)
    kept = [] if over else _answers_kept(incident, call, gone, by, at)
    record(
        incident=incident,
        entity="call",
        row=call,
        action="person_unlink",
        by=by,
        at=at,
        reason=reason,
        detail={"person": str(person_id), "kept": kept},
    )
    audit(
        action="call.person_unlink",
        at=at,
        by=by,
        centre=incident.centre,
        entity="call",
        entity_id=call.pk,
        detail={"person": str(person_id), "reason": reason},
    )
    if gone and not over:
        _said(incident, call, reason, kept, at)
    return call


def _answers_kept(incident: Incident, call: Call, gone: Sequence[Caution], by: User, at: datetime) -> list[str]:
    """As the call's own answers, so that asking the question again replaces them; returns the questions."""
    told: dict[str, str] = {}
    for caution in reversed(gone):
        # Worst first: the last one written of a question is the worst.
        key, value = CAUTION_ANSWERS.get((caution.kind, caution.severity), ("", ""))
        if key:
            told[key] = value
    standing = facts_of(incident, at=at, known=by).answers
    # Never over something worse that the call itself has said.
    told = {
        key: value
        for key, value in told.items()
        if standing.get(key) != value
        and most_dangerous(key, [value, standing[key]] if key in standing else [value]) == value
    }
    Answer.objects.bulk_create(
        Answer(
            incident=incident,
            call=call,
            source=f"call:{call.pk}",
            key=key,
            value=value,
            basis=Answer.Basis.ASSUMED,
            at=at,
            by=by,
        )
        for key, value in told.items()
    )
    return sorted(told)


def _said(incident: Incident, call: Call, reason: str, kept: Sequence[str], at: datetime) -> None:
    """For everybody who read the hazards on this call, crews included: whose they were not. No name."""
    labels = ", ".join(vocabulary.load().get(key).label for key in kept)
    text = f"Unlinked from the person on file ({PERSON_UNLINK[reason].lower()}): their hazards are not of this call."
    text += f" Still counted until asked again: {labels}." if labels else ""
    entry = NarrativeEntry.objects.create(incident=incident, call=call, kind=NarrativeEntry.Kind.SYSTEM, at=at, by=None)
    NarrativeText.objects.create(entry=entry, text=text)
