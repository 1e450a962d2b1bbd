"""Commands of the dispatcher: send a unit, its status, hazards relayed, take, hold, hand-offs, close."""

from datetime import timedelta
from functools import partial

from accounts.access import DISPATCHING, FLOOR
from accounts.models import Centre
from desk.commands.grammar import Line, Unreadable
from desk.commands.plans import (
    Context,
    Done,
    Plan,
    Verb,
    code_of,
    coded,
    incident_meant,
    needed,
    simple,
    unit_choices,
    unit_meant,
)
from dispatch.models import Assignment
from dispatch.models.assignment import Slot
from dispatch.reasons import CLEARED, OUTCOMES, REOPEN, RETURN, words
from dispatch.selectors.words import ASSIGNMENT_WORDS
from dispatch.services.assignments import assignment_act, cautions_relay
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.crew_safety import return_to_911
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_request
from dispatch.services.incidents import incident_hold, owner_take
from dispatch.services.offers import assignment_offer
from dispatch.services.step_back import BACK
from dispatch.services.unit_status import OUT_OF_ORDER, service_set
from dispatch.states import ASSIGNMENT_LIVE, assignment_step
from responders.models import Unit
from responders.selectors import status_mode

_STATUS = {
    "accept": "accept",
    "enroute": "en_route",
    "en_route": "en_route",
    "stage": "stage",
    "staged": "stage",
    "onscene": "on_scene",
    "on_scene": "on_scene",
    "with": "with_person",
    "with_person": "with_person",
    "transport": "transport",
    "clear": "clear",
    "cancel": "cancel",
}
_SERVICE = {"available": "in_service", "break": "on_break", "out": "out_of_service"}
SERVICES = {"police": "Police", "ems": "EMS", "fire": "Fire"}


def assignment_of(unit: Unit, context: Context, line: Line) -> Assignment:
    live = unit.assignments.filter(state__in=ASSIGNMENT_LIVE).select_related("incident__centre", "unit")
    if line.incident is not None:
        live = live.filter(incident__number=line.incident)
    found = list(live[:2])
    if not found:
        raise Unreadable(f"{unit.call_sign} is on no call.")
    if len(found) > 1:
        raise Unreadable(f"{unit.call_sign} is on several calls: add the number, #0412.")
    return found[0]


def _status(context: Context, line: Line) -> Plan:
    if len(line.words) != 2:
        raise Unreadable("Type unit and status: st star-2 onscene.")
    unit = unit_meant(context, line.words[0])
    word = line.words[1].lower().replace("-", "_")
    if word in _SERVICE:
        return _service(context, line, unit, _SERVICE[word])
    if word == "return":
        return _return(context, line, assignment_of(unit, context, line))
    if word not in _STATUS:
        raise Unreadable(f"“{line.words[1]}” is no status. One of: {', '.join(_words_of_status())}.")
    action, assignment = _STATUS[word], assignment_of(unit, context, line)
    after, unusual = assignment_step(action, assignment.state, status_mode(assignment.incident.centre))
    disposition = coded(CLEARED, needed(line, "out", "resolved_on_scene"), "out") if action == "clear" else ""
    reason = needed(line, "why", '"called off"') if action == "cancel" else ""

    def run() -> Done:
        assignment_act(
            assignment=assignment,
            action=action,
            reason=reason,
            disposition=disposition,
            by=context.user,
            at=context.at,
        )
        undo = {"kind": "step", "id": str(assignment.pk), "action": action} if action in BACK else None
        return Done(f"{unit.call_sign} is {_said(after)} on {code_of(assignment.incident)}.", undo=undo)

    order = ", out of order" if unusual else ""
    return Plan(f"{unit.call_sign} → {_said(after)} on {code_of(assignment.incident)}{order}", run)


def _said(state: str) -> str:
    return ASSIGNMENT_WORDS.get(state, state.replace("_", " ").upper())


def _words_of_status() -> list[str]:
    return ["accept", "enroute", "stage", "onscene", "with", "transport", "clear", "cancel", "return", *_SERVICE]


def _return(context: Context, line: Line, assignment: Assignment) -> Plan:
    reason = coded(RETURN, needed(line, "why", "unsafe"), "why")
    sign, code = assignment.unit.call_sign, code_of(assignment.incident)

    def run() -> Done:
        return_to_911(assignment=assignment, reason=reason, by=context.user, at=context.at)
        return Done(f"{sign} has given {code} back: {words(RETURN, reason).lower()}.")

    return Plan(f"{sign} gives {code} back: {words(RETURN, reason).lower()}", run)


def _service(context: Context, line: Line, unit: Unit, service: str) -> Plan:
    reason = needed(line, "why", '"flat tyre"') if service == "out_of_service" else line.fields.get("why", "")
    said = service.replace("_", " ")

    def run() -> Done:
        done = service_set(unit=unit, service=service, reason=reason, by=context.user, at=context.at)
        return Done(f"{unit.call_sign} is {said}{', out of order' if done == OUT_OF_ORDER else ''}.")

    return Plan(f"{unit.call_sign} → {said}", run)


def _dispatch(context: Context, line: Line) -> Plan:
    if len(line.words) != 1:
        raise Unreadable("Type the unit: d star-2 #0412.")
    unit, incident = unit_meant(context, line.words[0]), incident_meant(context, line)
    slot = coded(dict(Slot.choices), line.fields.get("as", Slot.PRIMARY), "as")

    def run() -> Done:
        made = assignment_offer(incident=incident, unit=unit, slot=slot, by=context.user, at=context.at)
        against = "; ".join(str(one["words"]) for one in made.why.get("shortfalls", []))
        return Done(
            f"{unit.call_sign} is asked for {code_of(incident)}." + (f" Against it: {against}." if against else "")
        )

    return Plan(f"ask {unit.call_sign} for {code_of(incident)}", run)


def _relayed(context: Context, line: Line) -> Plan:
    if len(line.words) != 1:
        raise Unreadable("Type the unit: rel star-2.")
    unit = unit_meant(context, line.words[0])
    assignment = assignment_of(unit, context, line)

    def run() -> Done:
        cautions_relay(assignment=assignment, by=context.user, at=context.at)
        return Done(f"Hazards of {code_of(assignment.incident)} relayed to {unit.call_sign}.")

    return Plan(f"hazards of {code_of(assignment.incident)} relayed to {unit.call_sign}", run)


def _take(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)

    def run() -> Done:
        owner_take(incident=incident, by=context.user, at=context.at)
        return Done(f"{code_of(incident)} is yours.")

    return Plan(f"take {code_of(incident)}", run)


def _hold(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    minutes = needed(line, "min", "30")
    if not minutes.isdigit() or not 1 <= int(minutes) <= 240:
        raise Unreadable("min: is minutes, 1 to 240.")
    reason = line.text or needed(line, "why", '"calls back after work"')

    def run() -> Done:
        until = context.at + timedelta(minutes=int(minutes))
        incident_hold(incident=incident, until=until, reason=reason, by=context.user, at=context.at)
        return Done(f"{code_of(incident)} is held for {minutes} min.")

    return Plan(f"hold {code_of(incident)} for {minutes} min, then call back", run)


def _ask(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    service = coded(SERVICES, line.words[0] if line.words else "", "service")

    def run() -> Done:
        handoff_request(incident=incident, service=service, reason="dispatcher", by=context.user, at=context.at)
        return Done(f"{SERVICES[service]} are asked for {code_of(incident)}: get it acknowledged.")

    return Plan(f"ask {SERVICES[service]} for {code_of(incident)}", run)


def _acknowledged(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    service = coded(SERVICES, line.words[0] if line.words else "", "service")
    handoff = incident.handoffs.filter(service=service, state="requested").first()
    if handoff is None:
        raise Unreadable(f"{SERVICES[service]} have not been asked for {code_of(incident)}.")
    name, number = line.fields.get("name", ""), line.fields.get("no", "")
    if not name and not number:
        raise Unreadable("Who has it? name:Kim or no:26-1188.")

    def run() -> Done:
        handoff_acknowledge(handoff=handoff, receiver_name=name, receiver_number=number, by=context.user, at=context.at)
        return Done(f"{SERVICES[service]} have {code_of(incident)}.")

    return Plan(f"{SERVICES[service]} have {code_of(incident)}: {name or number}", run)


def _withdraw(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    if len(line.words) != 1:
        raise Unreadable("Type the service: hw police -- asked twice.")
    service = coded(SERVICES, line.words[0], "service")
    handoff = incident.handoffs.filter(service=service, state__in=["ready", "requested"]).order_by("opened_at").last()
    if handoff is None:
        raise Unreadable(f"{SERVICES[service]} have not been asked for {code_of(incident)}.")
    if not line.text:
        raise Unreadable("Say why: hw police -- asked twice.")

    def run() -> Done:
        handoff_cancel(handoff=handoff, reason=line.text, by=context.user, at=context.at)
        return Done(f"{SERVICES[service]} are no longer asked for {code_of(incident)}.")

    return Plan(f"withdraw {SERVICES[service]} from {code_of(incident)}: {line.text}", run)


def _close(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    outcome = coded(OUTCOMES, needed(line, "out", "resolved_on_scene"), "out")

    def run() -> Done:
        incident_close(incident=incident, outcome=outcome, by=context.user, at=context.at)
        return Done(f"{code_of(incident)} is closed: {words(OUTCOMES, outcome)}.")

    return Plan(f"close {code_of(incident)}: {words(OUTCOMES, outcome)}", run)


def _reopen(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    reason = coded(REOPEN, needed(line, "why", next(iter(REOPEN))), "why")
    echo = f"reopen {code_of(incident)}: {words(REOPEN, reason)}"
    run = partial(incident_reopen, incident=incident, reason=reason, by=context.user, at=context.at)
    return simple(context, line, echo, run)


def _status_words(_centre: Centre) -> list[str]:
    return _words_of_status()


Verb(
    "st",
    "st star-2 onscene",
    "Status of a unit",
    DISPATCHING,
    _status,
    fields=("out", "why"),
    choices={"": unit_choices, "2": _status_words, "out": lambda _: list(CLEARED)},
    does=("assignment_radio",),
)
Verb(
    "d",
    "d star-2 #0412 as:assist",
    "Ask a unit",
    DISPATCHING,
    _dispatch,
    fields=("as",),
    choices={"": unit_choices, "as": lambda _: list(Slot.values)},
    does=("unit_offer",),
)
Verb(
    "rel",
    "rel star-2",
    "Hazards relayed by radio",
    DISPATCHING,
    _relayed,
    choices={"": unit_choices},
    does=("cautions_relay",),
)
Verb(
    "tk",
    "tk #0412",
    "Take: mine",
    FLOOR,
    _take,
    does=("incident_take",),
)
Verb(
    "hold",
    'hold #0412 min:30 why:"calls back after work"',
    "Hold with a call-back time",
    DISPATCHING,
    _hold,
    fields=("min", "why"),
    takes_text=True,
    does=("incident_hold",),
)
Verb(
    "ask",
    "ask police #0412",
    "Ask police, EMS or fire",
    DISPATCHING,
    _ask,
    choices={"": lambda _: list(SERVICES)},
    does=("handoff_request",),
)
Verb(
    "ack",
    "ack police #0412 no:26-1188",
    "They have it",
    FLOOR,
    _acknowledged,
    fields=("name", "no"),
    choices={"": lambda _: list(SERVICES)},
    does=("handoff_ack",),
)
Verb(
    "hw",
    "hw police #0412 -- asked twice",
    "Withdraw a hand-off that nobody has acknowledged",
    DISPATCHING,
    _withdraw,
    takes_text=True,
    choices={"": lambda _: list(SERVICES)},
    does=("handoff_decline",),
)
Verb(
    "x",
    "x #0412 out:resolved_on_scene",
    "Close with an outcome",
    DISPATCHING,
    _close,
    fields=("out",),
    aliases=("close",),
    choices={"out": lambda _: list(OUTCOMES)},
    does=("incident_close",),
)
Verb(
    "ro",
    "ro #0412 why:called_again",
    "Reopen a closed call",
    DISPATCHING,
    _reopen,
    fields=("why",),
    choices={"why": lambda _: list(REOPEN)},
    does=("incident_reopen",),
)
