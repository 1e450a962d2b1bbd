"""The call taker's actions. Each answers with the parts of the card as they now are."""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.access import FLOOR, centre_of
from accounts.models import Role, User
from accounts.problems import Refused
from desk.actions import act, form_of
from desk.advice import class_words
from desk.forms.call import (
    AnswerForm,
    CallForm,
    CueForm,
    DecisionForm,
    EndForm,
    JoinForm,
    LocationForm,
    NatureForm,
    NoteForm,
    PhoneForm,
)
from desk.views.console import draft_of, regions
from desk.views.posted import posted
from dispatch import choice
from dispatch.access import call_for, incident_for
from dispatch.models import Answer, ConsolePost, LocationEntry
from dispatch.models.call import Channel
from dispatch.models.call_draft import DRAFT_FIELDS
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.triage import judge
from dispatch.services.answers import answers_record
from dispatch.services.call_drafts import draft_sent
from dispatch.services.calls import call_end, call_open, phone_set
from dispatch.services.cues import cue_dismiss
from dispatch.services.decisions import decision_taken
from dispatch.services.incidents import call_join, nature_set
from dispatch.services.locations import location_record
from dispatch.services.narrative import note_add
from dispatch.services.parting import call_part, duplicate_apart
from people.models import Place
from people.services import phone_record
from triage import natures, vocabulary

_DECISIONS = {"accept": "accept the suggestion", "send": "send to dispatch", "override": "not as suggested: {}"}


@act(Role.CALL_TAKER)
def call_opened(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """The row of a new call, before its first keystroke. The same id twice is one call."""
    data = form_of(CallForm(request.POST)).cleaned_data
    call = call_open(
        centre=centre_of(user), id=data["id"], channel=data["channel"] or Channel.C911, number=data["number"], by=user,
        at=at, device_at=data["device_at"], rang_at=data["rang_at"],
    )  # fmt: skip
    return regions(request, user, call_for(user, call.pk), at)


@act(*FLOOR)
def call_located(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Where: a pick is verified, typed words are unverified, forced words say so and are listed for follow-up."""
    data = form_of(LocationForm(request.POST)).cleaned_data
    call = call_for(user, id)
    place = None
    if data["place"]:
        place = Place.objects.filter(pk=data["place"], centre_id=call.centre_id).first()
        if place is None:
            raise Refused("place_unknown", "This place is not in the gazetteer any more. Search again.", field="where")
    states = LocationEntry.State
    state = states.VERIFIED if place else states.FORCED if data["force"] else states.UNVERIFIED
    carrier, moving = data["carrier"], data["moving"]
    text = place.label if place and not carrier else data["text"]
    typed = "carrier" if carrier else "where"
    with posted(request, call, ConsolePost.What.LOCATION, f"where: {text}", user, at, field=typed) as fresh:
        if fresh and carrier:
            # What the telephone network says of the caller: kept apart, and never verified by typing it.
            location_record(
                incident=call.incident, call=call, text=text, state=states.UNVERIFIED,
                subject=LocationEntry.Subject.CARRIER, by=user, at=at,
            )  # fmt: skip
        elif fresh:
            location_record(
                incident=call.incident, call=call, text=text, state=state, place=place, lat=data["lat"],
                lon=data["lon"], moving=moving, heading=data["heading"] if moving else "",
                seen_at=at - timedelta(minutes=data["seen_min"] or 0) if moving else None, by=user, at=at,
            )  # fmt: skip
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_phone(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The number to call back."""
    data = form_of(PhoneForm(request.POST)).cleaned_data
    call = call_for(user, id)
    # Before this post's own transaction: whoever is told the same new number now would wait for the whole of it.
    phone_record(centre=call.incident.centre, number=data["number"], at=at)
    with posted(request, call, ConsolePost.What.PHONE, f"call back {data['number']}", user, at, field="phone") as fresh:
        if fresh:
            phone_set(call=call, number=data["number"], confirmed=data["confirmed"], by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_nature(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """What happened."""
    call = call_for(user, id)
    nature = form_of(NatureForm(request.POST)).cleaned_data["nature"]
    known = natures.get(nature)
    said = f"what: {known.name if known else nature}"
    with posted(request, call, ConsolePost.What.NATURE, said, user, at, field="what") as fresh:
        if fresh:
            nature_set(incident=call.incident, nature=nature, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_answered(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """One answer to one question; the suggestion comes back with it."""
    data = form_of(AnswerForm(request.POST)).cleaned_data
    call = call_for(user, id)
    key, value = data["key"], data["value"]
    question, judged = vocabulary.load().by_key.get(key), None
    said = f"{question.label if question else key}: {value}"
    typed = key if key in DRAFT_FIELDS else ""
    with posted(
        request, call, ConsolePost.What.ANSWER, said, user, at, key=key, value=value, field=typed
    ) as fresh:  # fmt: skip
        if fresh:
            judged = answers_record(
                incident=call.incident, source=call, answers={key: fresh.value},
                basis=data["basis"] or Answer.Basis.TOLD, by=user, at=at,
            )  # fmt: skip
            call.incident = judged.facts.incident
    return regions(request, user, call, at, judged=judged, duplicates=False)


@act(*FLOOR)
def cue_dismissed(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Words in the notes, or in the one being typed, that do not mean what they were taken for."""
    call = call_for(user, id)
    mark = form_of(CueForm(request.POST)).cleaned_data["mark"]
    cue_dismiss(incident=call.incident, mark=mark, by=user, at=at, call=call, draft=draft_of(request))
    return regions(request, user, call_for(user, id), at, duplicates=False)


@act(*FLOOR)
def call_noted(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A note. Its id was made by the console: sent twice, it is one note."""
    data = form_of(NoteForm(request.POST)).cleaned_data
    call = call_for(user, id)
    note_add(
        id=data["id"], incident=call.incident, call=call, text=data["text"], by=user, at=at, device_at=data["device_at"]
    )
    draft_sent(call=call, field="note", by=user, typed_by=data["device_at"], at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_decided(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Accept, override or send. What waited for the network is not done in another situation than it was made in."""
    data = form_of(DecisionForm(request.POST)).cleaned_data
    seen, draft, judged = data.pop("seen"), draft_of(request), None
    call = call_for(user, id)

    def moved() -> bool:
        if data["action"] != "accept" or not seen:
            return False
        incident = call_for(user, id).incident
        now = judge(incident=incident, at=at)
        plan, _ = choice.held(choice.suggested(now, incident), now, proposals_of(incident, draft=draft))
        return bool(plan.response_class != seen)

    said = _DECISIONS[data["action"]].format(class_words(data["response_class"]) if data["response_class"] else "")
    with posted(request, call, ConsolePost.What.DECISION, said, user, at, moved=moved) as fresh:
        if fresh:
            taken = decision_taken(incident=call.incident, by=user, at=at, draft=draft, **data)
            call.incident, judged = taken.decision.incident, taken.judged
    return regions(request, user, call if judged else call_for(user, id), at, judged=judged)


@act(*FLOOR)
def call_ended(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """How the call ended."""
    call, ended_as = call_for(user, id), form_of(EndForm(request.POST)).cleaned_data["ended_as"]
    with posted(request, call, ConsolePost.What.END, f"end the call: {ended_as}", user, at) as fresh:
        if fresh:
            call_end(call=call, ended_as=ended_as, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_joined(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Join this call to another open incident."""
    into = incident_for(user, form_of(JoinForm(request.POST)).cleaned_data["incident"], change=True)
    call_join(call=call_for(user, id), into=into, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_apart(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Not the same: a suggested incident, or, named with its own incident, the call itself that was joined to it."""
    wanted = form_of(JoinForm(request.POST)).cleaned_data["incident"]
    call = call_for(user, id)
    if wanted == call.incident_id:
        call_part(call=call, by=user, at=at)
    else:
        duplicate_apart(incident=call.incident, other=incident_for(user, wanted, change=True), by=user, at=at)
    return regions(request, user, call_for(user, id), at)
