"""Commands of the call taker: new call, note, nature, place, answers, accept, send, another response."""

from typing import Any

from django.urls import reverse

from accounts.access import FLOOR
from accounts.models import Centre, Role
from desk.commands.grammar import Line, Unreadable
from desk.commands.plans import Context, Done, Plan, Verb, code_of, coded, incident_meant, needed
from dispatch.models import Call, Incident, LocationEntry
from dispatch.models.call import Channel
from dispatch.models.incident import RESPONSE_CLASSES
from dispatch.reasons import OVERRIDE_LESS, OVERRIDE_MORE
from dispatch.selectors.words import CLASS_WORDS
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_open, phone_set
from dispatch.services.decisions import decision_take
from dispatch.services.incidents import nature_set
from dispatch.services.locations import location_record
from dispatch.services.narrative import note_add
from people.models import Place
from people.selectors import places_search
from people.services import number_parse
from triage import natures, vocabulary
from triage.vocabulary import UNKNOWN_WORD, Question


def _nature(value: str) -> natures.Nature:
    table = natures.load()
    known = table.get(value.lower().replace("-", "_"))
    found = [known] if known is not None else list(table.search(value, limit=4))
    if len(found) == 1 or (found and found[0].slug.startswith(value.lower().replace("-", "_"))):
        return found[0]
    raise Unreadable(
        f"Which nature? {', '.join(one.slug for one in found)}." if found else f"No nature is called “{value}”."
    )


def _place(centre: Centre, value: str) -> tuple[Place | None, str]:
    """The gazetteer's place if the words name exactly one, and how it will be stored."""
    found = places_search(centre=centre, text=value, limit=5)
    exact = [place for place in found if place.label.lower() == value.lower()]
    if exact:
        return exact[0], f"{exact[0].label} (verified)"
    return None, f"{value} (unverified)"


def _locate(incident: Incident, call: Call | None, place: Place | None, text: str, context: Context) -> None:
    states = LocationEntry.State
    location_record(
        incident=incident,
        call=call,
        text=place.label if place else text,
        state=states.VERIFIED if place else states.UNVERIFIED,
        place=place,
        by=context.user,
        at=context.at,
    )


def _new_call(context: Context, line: Line) -> Plan:
    nature = _nature(line.fields["nat"]) if "nat" in line.fields else None
    where = _place(context.centre, line.fields["loc"]) if "loc" in line.fields else None
    if "ph" in line.fields:
        number_parse(line.fields["ph"])
    said = ["new call", *([f"at {where[1]}"] if where else []), *([nature.name] if nature else [])]

    def run() -> Done:
        call = call_open(
            centre=context.centre,
            id=context.id,
            channel=Channel.C911,
            by=context.user,
            at=context.at,
        )
        if "ph" in line.fields:
            # Typed, and not what the call came from: the history says so.
            phone_set(call=call, number=line.fields["ph"], confirmed=False, by=context.user, at=context.at)
        if where is not None:
            _locate(call.incident, call, where[0], line.fields["loc"], context)
        if nature is not None:
            nature_set(incident=call.incident, nature=nature.slug, by=context.user, at=context.at)
        if line.text:
            note_add(id=context.id, incident=call.incident, call=call, text=line.text, by=context.user, at=context.at)
        return Done(f"Call {code_of(call.incident)} is open.", go=f"{reverse('desk:console')}#{call.pk}")

    return Plan(", ".join(said), run)


def _note(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    text = line.text or " ".join(line.words)
    if not text:
        raise Unreadable("Type the note: n still on the line, calm now.")

    def run() -> Done:
        entry = note_add(id=context.id, incident=incident, text=text, by=context.user, at=context.at)
        return Done(f"Noted on {code_of(incident)}.", undo={"kind": "note", "id": str(entry.pk)})

    return Plan(f"note on {code_of(incident)}: “{text}”", run)


def _where(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    text = " ".join(line.words) or line.text
    if not text:
        raise Unreadable('Type where: loc "1200 Cedar Street".')
    place, words = _place(context.centre, text)

    def run() -> Done:
        _locate(incident, incident.calls.filter(state="open").order_by("-received_at").first(), place, text, context)
        return Done(f"{code_of(incident)} is at {words}.")

    return Plan(f"{code_of(incident)} at {words}", run)


def _set_nature(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    if not line.words:
        raise Unreadable("Type the nature: nat welfare_check.")
    nature, before = _nature(" ".join(line.words)), incident.nature

    def run() -> Done:
        nature_set(incident=incident, nature=nature.slug, by=context.user, at=context.at)
        undo = {"kind": "nature", "id": str(incident.pk), "from": nature.slug, "to": before} if before else None
        return Done(f"{code_of(incident)} is {nature.name}.", undo=undo)

    return Plan(f"{code_of(incident)} nature → {nature.name}", run)


def _answer(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    table = vocabulary.load()
    if not line.fields:
        raise Unreadable("Type question:answer, for example ans weapon:none violence:verbal.")
    answers: dict[str, Any] = {}
    said = []
    for key, value in line.fields.items():
        question = table.by_key.get(key)
        if question is None:
            raise Unreadable(f"There is no question “{key}”. Type ans and Tab for the list.")
        answers[key] = _value(question, value)
        said.append(f"{question.label}: {value}")
    source = incident.calls.order_by("-received_at").first()
    if source is None:
        raise Unreadable("This incident has no call to answer for.")

    def run() -> Done:
        answers_record(incident=incident, source=source, answers=answers, by=context.user, at=context.at)
        return Done(f"Answered on {code_of(incident)}: {'; '.join(said)}.")

    return Plan(f"{code_of(incident)} {'; '.join(said)}", run)


def _value(question: Question, value: str) -> Any:
    words = {"yes": True, "no": False, "true": True, "false": False}
    if value.lower() in {"unknown", "?"}:
        return UNKNOWN_WORD
    if question.kind == "boolean":
        if value.lower() not in words:
            raise Unreadable(f"{question.label}: yes, no or unknown.")
        return words[value.lower()]
    if question.kind in {"list", "text_list"}:
        return [] if value.lower() == "none" and "none" not in question.values else value.split(",")
    if question.kind == "integer":
        return int(value) if value.isdigit() else value
    if question.values:
        return coded({str(one): str(one) for one in question.values}, value, question.key)
    return value


def _decide(action: str, words: str, done: str) -> Any:
    def plan(context: Context, line: Line) -> Plan:
        incident = incident_meant(context, line)

        def run() -> Done:
            decision = decision_take(id=context.id, incident=incident, action=action, by=context.user, at=context.at)
            sent = CLASS_WORDS.get(decision.response_class, decision.response_class)
            return Done(f"{done} {code_of(incident)}: {sent}.")

        return Plan(f"{words} {code_of(incident)}", run)

    return plan


def _override(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    table = dict.fromkeys(RESPONSE_CLASSES, "")
    chosen = coded(table, needed(line, "class", "co_response"), "class")
    reason = coded({**OVERRIDE_MORE, **OVERRIDE_LESS}, needed(line, "why", "known_risk"), "why")
    second = reason in OVERRIDE_LESS

    def run() -> Done:
        decision = decision_take(
            id=context.id,
            incident=incident,
            action="override",
            response_class=chosen,
            program=line.fields.get("to", ""),
            reason=reason,
            reason_text=line.text,
            by=context.user,
            at=context.at,
        )
        waits = decision.state == "waiting_second"
        return Done(f"{code_of(incident)}: " + ("waits for a second person." if waits else f"{CLASS_WORDS[chosen]}."))

    return Plan(
        f"{code_of(incident)} → {CLASS_WORDS[chosen]}, because: {(OVERRIDE_MORE | OVERRIDE_LESS)[reason]}"
        + (" (needs a second person)" if second else ""),
        run,
    )


def _not_diverting(context: Context, line: Line) -> Plan:
    fields = {**line.fields, "class": "emergency"}
    return _override(context, Line(line.verb, line.words, fields, line.text, line.incident))


def _question_keys(_centre: Centre) -> list[str]:
    return [f"{question.key}:" for question in vocabulary.load().questions]


def _slugs(_centre: Centre) -> list[str]:
    return [nature.slug for nature in natures.load().natures]


def _more(_centre: Centre) -> list[str]:
    return list(OVERRIDE_MORE)


Verb(
    "nc",
    'nc loc:"1200 Cedar Street" nat:welfare_check ph:5550142 -- first words',
    "New call",
    frozenset({Role.CALL_TAKER}),
    _new_call,
    fields=("loc", "nat", "ph"),
    takes_text=True,
    choices={"nat": _slugs},
    does=("call_open",),
)
Verb(
    "n",
    "n #0412 still on the line, calm now",
    "Note",
    FLOOR,
    _note,
    aliases=("note",),
    takes_text=True,
    does=("call_notes", "incident_note"),
)
Verb(
    "loc",
    'loc #0412 "1200 Cedar Street"',
    "Say where",
    FLOOR,
    _where,
    takes_text=True,
    does=("call_location",),
)
Verb(
    "nat",
    "nat #0412 welfare_check",
    "Set the nature",
    FLOOR,
    _set_nature,
    choices={"": _slugs},
    does=("call_nature",),
)
Verb(
    "ans",
    "ans #0412 weapon:none violence:verbal",
    "Answer questions",
    FLOOR,
    _answer,
    fields=tuple(question.key for question in vocabulary.load().questions),
    choices={"": _question_keys},
    does=("call_answers", "asked_again"),
)
Verb(
    "a",
    "a #0412",
    "Accept the suggestion",
    FLOOR,
    _decide("accept", "accept the suggestion for", "Accepted"),
    does=("call_decision",),
)
Verb(
    "send",
    "send #0412",
    "Send now, also without triage",
    FLOOR,
    _decide("send", "send", "Sent"),
    does=("call_decision",),
)
Verb(
    "ov",
    "ov #0412 class:co_response why:known_risk to:program -- more",
    "Another response",
    FLOOR,
    _override,
    fields=("class", "why", "to"),
    takes_text=True,
    choices={"class": lambda _: list(RESPONSE_CLASSES), "why": lambda _: [*OVERRIDE_MORE, *OVERRIDE_LESS]},
    does=("call_decision", "incident_override"),
)
Verb(
    "nd",
    "nd #0412 why:caller_asked_police",
    "Not diverting: police, fire or EMS go",
    FLOOR,
    _not_diverting,
    fields=("why",),
    takes_text=True,
    choices={"why": _more},
)
