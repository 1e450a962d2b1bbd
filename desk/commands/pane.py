"""Commands of the queue beside those about units: alarms, second person, stage orders, promise, hand-offs, stop key."""

from collections.abc import Callable
from functools import partial

from accounts.access import DISPATCHING, FLOOR, SECOND_PERSONS, may
from accounts.models import Role
from accounts.services import queue_map_set
from desk.commands.care import one_word, rest, these
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
from desk.commands.units import SERVICES, assignment_of
from dispatch.models import Alarm, Assignment, Decision, StageOrder
from dispatch.models.alarm import ENDS_WHEN_HEARD
from dispatch.reasons import (
    DECLINE,
    ESCALATION,
    EXTEND,
    HANDOFF_DECLINE,
    STAGE_LIFT,
    TRANSFER_DECLINE,
    TRANSFER_DISPOSITIONS,
    TRANSFER_DROP,
    TRANSFER_RETURN,
)
from dispatch.selectors.words import CLASS_WORDS
from dispatch.services.alarms import alarm_end, alarm_take
from dispatch.services.assignments import assignment_act
from dispatch.services.crew_safety import crew_heard
from dispatch.services.decisions import decision_second, decision_take
from dispatch.services.escalations import escalation_open
from dispatch.services.handoffs import handoff_decline, handoff_send
from dispatch.services.incidents import late_entry_confirm
from dispatch.services.pairs import scene_safe_say
from dispatch.services.primary import assignment_promote
from dispatch.services.promise import promise_extend
from dispatch.services.safety_checks import crew_ok
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.transfer_ends import transfer_decline, transfer_drop, transfer_resolve, transfer_return
from dispatch.services.transfers_in import transfer_tell
from dispatch.states import ASSIGNMENT_LIVE, TRANSFER_LIVE
from programs.models import Suspension
from programs.selectors import suspensions_standing
from programs.services import suspension_ask_resume, suspension_resume, suspension_set

_RETURNS = {code: said for code, said in TRANSFER_RETURN.items() if code != "withdrawn"}
_ENDS = {"resolve": TRANSFER_DISPOSITIONS, "return": _RETURNS, "decline": TRANSFER_DECLINE, "drop": TRANSFER_DROP}
_YES_NO = {"yes": "reached", "no": "not reached"}
_SCOPES = {str(code): str(said).lower() for code, said in Suspension.Scope.choices}


def _alarm(context: Context, line: Line) -> Alarm:
    """The first alarm as the tray shows them; of the incident that is named, where one is."""
    rows = Alarm.objects.filter(centre=context.centre, ended_at__isnull=True).select_related("incident", "unit")
    if line.incident is not None:
        rows = rows.filter(incident=incident_meant(context, line))
    found = rows.order_by("-urgent", "opened_at").first()
    if found is None:
        raise Unreadable("No alarm stands there.")
    return found


def _named(alarm: Alarm) -> str:
    return f"alarm “{alarm.get_kind_display()}”" + (f" of {code_of(alarm.incident)}" if alarm.incident else "")


def _alarm_take(context: Context, line: Line) -> Plan:
    alarm = _alarm(context, line)
    return simple(
        context, line, f"take the {_named(alarm)}", partial(alarm_take, alarm=alarm, by=context.user, at=context.at)
    )


def _alarm_end(context: Context, line: Line) -> Plan:
    alarm, note = _alarm(context, line), line.text or " ".join(line.words)
    if not note:
        raise Unreadable("How was it handled? al #0412 -- reached by telephone.")
    end = crew_heard if alarm.kind in ENDS_WHEN_HEARD else alarm_end
    run = partial(end, alarm=alarm, by=context.user, at=context.at, note=note)
    return simple(context, Line(line.verb), f"end the {_named(alarm)}: {note}", run)


def _second(agree: bool) -> Callable[[Context, Line], Plan]:
    def plan(context: Context, line: Line) -> Plan:
        incident = incident_meant(context, line, change=False)
        waiting = Decision.objects.filter(incident=incident, state="waiting_second").select_related("by")
        decision = waiting.order_by("-at").first()
        if decision is None:
            raise Unreadable(f"Nothing of {code_of(incident)} waits for a second person.")
        wanted = CLASS_WORDS.get(decision.response_class, decision.response_class)
        echo = f"{'agree to' if agree else 'refuse'} {wanted} for {code_of(incident)}, asked by {decision.by}"
        run = partial(decision_second, decision=decision, agree=agree, by=context.user, at=context.at)
        return simple(context, line, echo, run)

    return plan


def _orders(context: Context, line: Line) -> tuple[str, list[StageOrder]]:
    incident = incident_meant(context, line)
    standing = StageOrder.objects.filter(
        assignment__incident=incident, assignment__state__in=ASSIGNMENT_LIVE, lifted_at__isnull=True
    )
    found = list(standing.select_related("assignment__unit", "assignment__incident"))
    if not found:
        raise Unreadable(f"No crew of {code_of(incident)} is under a stage order.")
    return code_of(incident), found


def _stage_told(context: Context, line: Line) -> Plan:
    code, orders = _orders(context, line)
    unread = [one for one in orders if one.acknowledged_at is None]
    if not unread:
        raise Unreadable(f"Every crew of {code} has read its stage order.")
    first = unread[0]
    echo = f"{first.assignment.unit.call_sign} was told by radio to stage on {code}"
    return simple(
        context, line, echo, partial(stage_acknowledge, order=first, how="radio", by=context.user, at=context.at)
    )


def _lift(context: Context, line: Line) -> Plan:
    code, orders = _orders(context, line)
    reason = coded(STAGE_LIFT, needed(line, "why", "scene_safe_police"), "why")

    def run() -> None:
        for order in orders:
            stage_lift(order=order, reason=reason, by=context.user, at=context.at)

    return simple(context, line, f"lift the stage order of {code}: {STAGE_LIFT[reason]}", run)


def _late(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    run = partial(late_entry_confirm, incident=incident, by=context.user, at=context.at)
    return simple(context, line, f"{code_of(incident)} is still live", run)


def _ready(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    ready = incident.handoffs.filter(state="ready").order_by("opened_at")
    if line.words:
        ready = ready.filter(service=coded(SERVICES, line.words[0], "service"))
    handoff = ready.first()
    if handoff is None:
        raise Unreadable(f"No hand-off of {code_of(incident)} stands ready.")
    echo = f"send the hand-off to {SERVICES[handoff.service]} for {code_of(incident)}"
    return simple(context, rest(line), echo, partial(handoff_send, handoff=handoff, by=context.user, at=context.at))


def _service_says_no(context: Context, line: Line) -> Plan:
    incident, service = incident_meant(context, line), coded(SERVICES, one_word(line, "hd police"), "service")
    handoff = incident.handoffs.filter(service=service, state="requested").order_by("opened_at").last()
    if handoff is None:
        raise Unreadable(f"{SERVICES[service]} have not been asked for {code_of(incident)}.")
    reason = coded(HANDOFF_DECLINE, needed(line, "why", "no_unit"), "why")
    name = needed(line, "name", "Kim")
    echo = f"{SERVICES[service]} decline {code_of(incident)}: {HANDOFF_DECLINE[reason]} ({name})"
    run = partial(handoff_decline, handoff=handoff, reason=reason, receiver_name=name, by=context.user, at=context.at)
    return simple(context, rest(line), echo, run)


def _extend(context: Context, line: Line) -> Plan:
    incident, minutes = incident_meant(context, line), one_word(line, "ext 10")
    if not minutes.isdigit():
        raise Unreadable("By how many minutes? ext 10 why:unit_free_soon.")
    reason = coded(EXTEND, needed(line, "why", "unit_free_soon"), "why")
    told = coded({"yes": "", "no": ""}, line.fields.get("told", "no"), "told") == "yes"
    echo = f"extend {code_of(incident)} by {minutes} min: {EXTEND[reason]}{', caller told' if told else ''}"
    run = partial(
        promise_extend, id=context.id, incident=incident, minutes=int(minutes), reason=reason, caller_told=told,
        by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, rest(line), echo, run)


def _more_cautious(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    chosen = "emergency" if incident.response_class == "co_response" else "co_response"
    run = partial(
        decision_take, id=context.id, action="override", incident=incident, response_class=chosen,
        reason="promise_ends", by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, line, f"{code_of(incident)} more cautious: {CLASS_WORDS[chosen]}", run)


def _transfer_ended(context: Context, line: Line) -> Plan:
    incident, how = incident_meant(context, line), coded(dict.fromkeys(_ENDS, ""), one_word(line, "te return"), "te")
    code = coded(_ENDS[how], needed(line, "why", next(iter(_ENDS[how]))), "why")
    live = incident.transfers.filter(direction="out", state__in=TRANSFER_LIVE)
    transfer = live.order_by("offered_at").last()
    if transfer is None:
        raise Unreadable(f"Nobody else has the caller of {code_of(incident)}.")
    user, at = context.user, context.at
    run = {
        "resolve": partial(transfer_resolve, transfer=transfer, disposition=code, by=user, at=at),
        "return": partial(transfer_return, transfer=transfer, reason=code, by=user, at=at),
        "decline": partial(transfer_decline, transfer=transfer, reason=code, by=user, at=at),
        "drop": partial(
            transfer_drop, transfer=transfer, reason=code, caller_there=transfer.connected_at is None, by=user, at=at
        ),
    }[how]
    return simple(context, rest(line), f"transfer of {code_of(incident)} ended, {how}: {_ENDS[how][code]}", run)


def _sender(context: Context, line: Line) -> Plan:
    incident, reached = incident_meant(context, line), coded(_YES_NO, one_word(line, "word yes"), "word")
    transfer = incident.transfers.filter(direction="in", state="connected").first()
    if transfer is None:
        raise Unreadable(f"Nobody waits for word on {code_of(incident)}.")
    run = partial(transfer_tell, transfer=transfer, reached=reached == "yes", by=context.user, at=context.at)
    return simple(context, rest(line), f"the sender of {code_of(incident)} was told: {_YES_NO[reached]}", run)


def _crew_says_no(context: Context, line: Line) -> Plan:
    incident = incident_meant(context, line)
    reason = coded(DECLINE, needed(line, "why", "out_of_position"), "why")
    offer = incident.assignments.filter(state="offered").select_related("unit").order_by("offered_at").last()
    if offer is None:
        raise Unreadable(f"No unit is being asked for {code_of(incident)}.")
    echo = f"{offer.unit.call_sign} declines {code_of(incident)}: {DECLINE[reason]}"
    run = partial(assignment_act, assignment=offer, action="decline", reason=reason, by=context.user, at=context.at)
    return simple(context, line, echo, run)


def _of_unit(context: Context, line: Line, example: str) -> Assignment:
    return assignment_of(unit_meant(context, one_word(line, example)), context, line)


def _leads(context: Context, line: Line) -> Plan:
    one = _of_unit(context, line, "lead star-2")
    echo = f"{one.unit.call_sign} leads on {code_of(one.incident)}"
    return simple(
        context, rest(line), echo, partial(assignment_promote, assignment=one, by=context.user, at=context.at)
    )


def _crew_well(context: Context, line: Line) -> Plan:
    one = _of_unit(context, line, "ok star-2")
    run = partial(crew_ok, assignment=one, by=context.user, at=context.at, note="said so by radio")
    return simple(context, rest(line), f"{one.unit.call_sign} is OK, said so by radio", run)


def _safe(context: Context, line: Line) -> Plan:
    incident, said_by = incident_meant(context, line), needed(line, "by", '"Sgt Lee"')
    run = partial(scene_safe_say, incident=incident, said_by=said_by, by=context.user, at=context.at)
    return simple(context, line, f"scene of {code_of(incident)} is safe, said by {said_by}", run)


def _told(context: Context, line: Line) -> Plan:
    incident, kind = incident_meant(context, line), coded(ESCALATION, one_word(line, "told police_no_release"), "told")
    if not line.text:
        raise Unreadable("Say why: told police_no_release -- warrant stands.")
    run = partial(escalation_open, incident=incident, kind=kind, reason=line.text, by=context.user, at=context.at)
    return simple(context, rest(line), f"{code_of(incident)}: {ESCALATION[kind]}", run)


def _stop(context: Context, line: Line) -> Plan:
    scope = coded(_SCOPES, line.words[0] if line.words else "all", "stop")
    subject = " ".join(line.words[1:])
    if not line.text:
        raise Unreadable("Say why: stop all -- radio is down.")
    echo = f"stop {_SCOPES[scope]}{' ' + subject if subject else ''} NOW: {line.text}"
    run = partial(
        suspension_set, centre=context.centre, scope=scope, subject=subject, reason=line.text,
        by=context.user, at=context.at,
    )  # fmt: skip
    return simple(context, Line(line.verb), echo, run)


def _resume(context: Context, line: Line) -> Plan:
    """The first person asks to resume, another one resumes: each time the oldest stop that waits for that."""
    stops, wanted = suspensions_standing(context.centre), " ".join(line.words)
    asked = [one for one in stops if one.resume_asked_by_id not in {None, context.user.pk}]
    fresh = [one for one in stops if one.resume_asked_by_id is None] if may(context.user, Role.SUPERVISOR) else []
    found = next((one for one in [*asked, *fresh] if wanted in {"", one.subject, str(one.scope)}), None)
    if found is None:
        raise Unreadable("No stop waits for you.")
    said = f"{_SCOPES[str(found.scope)]}{' ' + found.subject if found.subject else ''}"
    if found.resume_asked_by_id is None:
        run = partial(suspension_ask_resume, suspension=found, by=context.user, at=context.at)
        return simple(context, Line(line.verb), f"ask to resume: {said}", run)
    run = partial(suspension_resume, suspension=found, by=context.user, at=context.at)
    return simple(context, Line(line.verb), f"resume as second person: {said}", run)


def _map(context: Context, line: Line) -> Plan:
    """Without a word the other way round."""
    word = "".join(line.words).lower() or ("off" if context.user.queue_map else "on")
    if word not in {"on", "off"}:
        raise Unreadable("Type map on or map off.")

    def run() -> Done:
        queue_map_set(user=context.user, shown=word == "on")
        return Done(f"{echo[:1].upper()}{echo[1:]}.", show="queue-map" if word == "on" else "no-queue-map")

    echo = "show the map beside the queue" if word == "on" else "put the map beside the queue away"
    return Plan(echo, run)


_WHY = ("why",)
Verb("at", "at #0412", "Take the first alarm: mine", FLOOR, _alarm_take, does=("alarm_take",))
Verb(
    "al", "al #0412 -- reached by telephone", "End the first alarm: how it was handled", FLOOR, _alarm_end,
    takes_text=True, does=("alarm_end",),
)  # fmt: skip
Verb("yes", "yes #0412", "Agree as second person", SECOND_PERSONS, _second(True), does=("decision_second",))
Verb("no", "no #0412", "Refuse as second person", SECOND_PERSONS, _second(False), does=("decision_second",))
Verb("sto", "sto #0412", "Crew was told by radio to stage", DISPATCHING, _stage_told, does=("stage_told",))
Verb(
    "lift", "lift #0412 why:scene_safe_police", "Lift the stage order", DISPATCHING, _lift,
    fields=_WHY, choices={"why": lambda _: list(STAGE_LIFT)}, does=("stage_lift",),
)  # fmt: skip
Verb("map", "map on", "Map beside the queue, or away", FLOOR, _map, choices=these("on", "off"), does=("queue_map",))
Verb("live", "live #0412", "Late entry: still live", FLOOR, _late, does=("late_confirm",))
Verb(
    "hs", "hs police #0412", "Send the hand-off that is ready", DISPATCHING, _ready,
    choices=these(*SERVICES), does=("handoff_send",),
)  # fmt: skip
Verb(
    "hd", "hd police #0412 why:no_unit name:Kim", "A service declines the hand-off", FLOOR, _service_says_no,
    fields=("why", "name"), choices={**these(*SERVICES), "why": lambda _: list(HANDOFF_DECLINE)},
    does=("handoff_decline",),
)  # fmt: skip
Verb(
    "ext", "ext 10 #0412 why:unit_free_soon told:yes", "Extend the promise", DISPATCHING, _extend,
    fields=("why", "told"), choices={"why": lambda _: list(EXTEND)}, does=("promise_extend",),
)  # fmt: skip
Verb("mc", "mc #0412", "More cautious, as the promise ends", DISPATCHING, _more_cautious, does=("more_cautious",))
Verb(
    "te", "te return #0412 why:rescue_needed", "How the transfer ended", FLOOR, _transfer_ended,
    fields=_WHY, choices=these(*_ENDS), does=("transfer_ended",),
)  # fmt: skip
Verb(
    "word", "word yes #0412", "The sender was told: reached, or not", FLOOR, _sender,
    choices=these(*_YES_NO), does=("sender_told",),
)  # fmt: skip
Verb(
    "cn", "cn #0412 why:out_of_position", "The crew that is asked says no", DISPATCHING, _crew_says_no,
    fields=_WHY, choices={"why": lambda _: list(DECLINE)}, does=("offer_declined",),
)  # fmt: skip
Verb(
    "lead",
    "lead star-2",
    "This unit leads now",
    DISPATCHING,
    _leads,
    choices={"": unit_choices},
    does=("assignment_promote",),
)
Verb(
    "ok",
    "ok star-2",
    "Crew said by radio it is OK",
    DISPATCHING,
    _crew_well,
    choices={"": unit_choices},
    does=("assignment_ok",),
)
Verb(
    "safe",
    'safe #0412 by:"Sgt Lee"',
    "Scene safe, said by whom",
    DISPATCHING,
    _safe,
    fields=("by",),
    does=("scene_safe",),
)
Verb(
    "told", "told police_no_release #0412 -- warrant stands", "What others told the dispatcher", FLOOR, _told,
    takes_text=True, choices=these(*ESCALATION), does=("incident_escalate",),
)  # fmt: skip
Verb(
    "stop", "stop beat 23 -- radio is down", "Stop diversion, at once", frozenset({Role.SUPERVISOR}), _stop,
    takes_text=True, choices=these(*_SCOPES), does=("stop_set",),
)  # fmt: skip
Verb(
    "resume", "resume", "Ask to resume diversion; another person resumes", DISPATCHING, _resume,
    does=("stop_ask", "stop_resume"),
)  # fmt: skip
