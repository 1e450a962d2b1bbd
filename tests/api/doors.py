"""Every address of the API with a body that is right, and who may use it: the table that the access tests walk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import Centre, User
from dispatch.models import Alarm, Handoff, ReviewItem, StageOrder
from dispatch.selectors.cues import proposals_of
from dispatch.services.answers import answers_record
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.crew_safety import help_request
from dispatch.services.incidents import call_join
from dispatch.services.narrative import note_add
from dispatch.services.persons import person_link
from dispatch.services.targets import target_set
from dispatch.services.transfers import transfer_offer
from dispatch.services.transfers_in import transfer_receive
from dispatch.services.visits import visit_book
from people.services import person_add
from programs.services import suspension_set
from responders.models import Unit
from tests import factories

API = "/api/v1/"
ROLES = (
    "call_taker",
    "dispatcher",
    "clinician",
    "responder",
    "supervisor",
    "program_administrator",
    "system_administrator",
    "analyst",
    "auditor",
)
EVERYBODY = frozenset(ROLES)
FLOOR = frozenset({"call_taker", "dispatcher", "supervisor", "clinician"})
INTAKE = FLOOR - {"clinician"}
DISPATCHING = frozenset({"dispatcher", "supervisor"})
CREW = frozenset({"responder"})


@dataclass(frozen=True)
class Entry:
    """One method of one address. `ids` names the object of the scene that the address is about."""

    name: str
    path: str
    method: str
    roles: frozenset[str]
    body: Mapping[str, Any] = field(default_factory=dict)


ENTRIES = (
    Entry("calls", "calls", "post", INTAKE, {"id": "{new}", "channel": "911", "number": "+13085550142"}),
    Entry("call_location", "calls/{call}/location", "post", FLOOR, {"text": "Elm Park", "state": "forced"}),
    Entry("call_nature", "calls/{call}/nature", "post", FLOOR, {"nature": "welfare_check"}),
    Entry("call_answers", "calls/{call}/answers", "post", FLOOR, {"answers": {"weapon": "none"}, "basis": "told"}),
    Entry("call_phone", "calls/{call}/phone", "post", FLOOR, {"number": "+13085550142", "confirmed": True}),
    Entry("call_end", "calls/{call}/end", "post", FLOOR, {"as": "completed"}),
    Entry("call_join", "calls/{waiting_call}/join", "post", INTAKE, {"incident": "{incident}"}),
    Entry("call_part", "calls/{joined}/part", "post", INTAKE),
    Entry("call_transfer", "calls/{talker}/transfer", "post", FLOOR, {"id": "{new}", "kind": "clinician"}),
    Entry(
        "call_transfer_in",
        "calls/{talker}/transfer/in",
        "post",
        INTAKE,
        {"id": "{new}", "kind": "988", "sender_number": "+13085550188", "sender_reference": "R-7"},
    ),
    Entry("call_person", "calls/{talker}/person", "post", FLOOR, {"person": "{person}"}),
    Entry("call_person_new", "calls/{talker}/person/new", "post", FLOOR, {"id": "{new}", "name": "Mouse"}),
    Entry("call_person_unlink", "calls/{call}/person/unlink", "post", FLOOR, {"reason": "wrong_person"}),
    Entry(
        "call_cautions",
        "calls/{call}/cautions",
        "post",
        FLOOR,
        {"id": "{new}", "about": "person", "text": "Large dog", "kind": "animal", "severity": "warn", "days": 30},
    ),
    Entry("persons_search", "persons/search", "post", FLOOR, {"text": "quilfether"}),
    Entry("transfers", "transfers", "get", FLOOR),
    Entry("transfers_in", "transfers/in", "post", INTAKE, {"kind": "988", "sender_number": "+13085550188"}),
    Entry("transfer_ring", "transfers/{transfer}/ring", "post", FLOOR),
    Entry("transfer_connect", "transfers/{transfer}/connect", "post", FLOOR, {"receiver_name": "Counsellor"}),
    Entry("transfer_resolve", "transfers/{transfer}/resolve", "post", FLOOR, {"disposition": "taken_over"}),
    Entry("transfer_decline", "transfers/{transfer}/decline", "post", FLOOR, {"reason": "nobody_free"}),
    Entry("transfer_withdraw", "transfers/{transfer}/withdraw", "post", FLOOR),
    Entry("transfer_drop", "transfers/{transfer}/drop", "post", FLOOR, {"reason": "line_lost", "caller_there": True}),
    Entry("transfer_return", "transfers/{transfer}/return", "post", FLOOR, {"reason": "out_of_scope"}),
    Entry("transfer_team", "transfers/{transfer}/ask-team", "post", FLOOR),
    Entry("transfer_tell", "transfers/{inward}/tell", "post", FLOOR, {"reached": True}),
    Entry("targets", "targets", "get", FLOOR | {"program_administrator", "system_administrator"}),
    Entry(
        "target_tested",
        "targets/{target}/tested",
        "post",
        DISPATCHING | {"program_administrator", "system_administrator"},
        {"answered": True},
    ),
    Entry("incidents", "incidents?open=1", "get", FLOOR | {"auditor"}),
    Entry("incident", "incidents/{incident}", "get", FLOOR | {"auditor"}),
    Entry("incident_suggestion", "incidents/{incident}/suggestion", "get", FLOOR | {"auditor"}),
    Entry("incident_recommendation", "incidents/{incident}/recommendation", "get", FLOOR),
    Entry("incident_decision", "incidents/{triaged}/decision", "post", FLOOR, {"id": "{new}", "action": "accept"}),
    Entry(
        "incident_notes", "incidents/{incident}/notes", "post", FLOOR | CREW, {"id": "{new}", "text": "On the bench"}
    ),
    Entry("incident_cue_dismiss", "incidents/{spoken}/cues/dismiss", "post", FLOOR, {"mark": "{mark}"}),
    Entry("incident_apart", "incidents/{incident}/apart", "post", INTAKE, {"other": "{triaged}"}),
    Entry("incident_own", "incidents/{incident}/own", "post", FLOOR),
    Entry(
        "incident_hold", "incidents/{triaged}/hold", "post", DISPATCHING, {"until": "{soon}", "reason": "asks us to"}
    ),
    Entry(
        "incident_extend",
        "incidents/{incident}/extend",
        "post",
        DISPATCHING,
        {"id": "{new}", "minutes": 5, "reason": "caller_agrees"},
    ),
    Entry("incident_callback", "incidents/{incident}/callback", "post", FLOOR, {"id": "{new}", "reached": False}),
    Entry("incident_close", "incidents/{triaged}/close", "post", DISPATCHING, {"outcome": "no_response_needed"}),
    Entry("incident_priority", "incidents/{incident}/priority", "post", FLOOR, {"priority": 1, "reason": "louder"}),
    Entry("incident_late_entry", "incidents/{incident}/late-entry-confirm", "post", FLOOR),
    Entry(
        "incident_handoffs", "incidents/{incident}/handoffs", "post", DISPATCHING, {"service": "ems", "reason": "cut"}
    ),
    Entry("incident_offers", "incidents/{incident}/offers", "post", DISPATCHING, {"unit": "{unit2}", "slot": "assist"}),
    Entry(
        "incident_escalations",
        "incidents/{incident}/escalations",
        "post",
        FLOOR,
        {"kind": "clinician_unavailable", "reason": "both are on calls"},
    ),
    Entry("incident_scene_safe", "incidents/{incident}/scene-safe", "post", DISPATCHING, {"said_by": "Officer Hale"}),
    Entry("reviews", "reviews", "get", frozenset({"supervisor"})),
    Entry("review_close", "reviews/{review}", "post", frozenset({"supervisor"}), {"note": "talked it over"}),
    Entry("decision_second", "decisions/{decision}/second", "post", FLOOR - {"call_taker"}, {"agree": False}),
    Entry("handoffs", "handoffs?open=1", "get", FLOOR),
    Entry("handoff_send", "handoffs/{handoff}/send", "post", DISPATCHING),
    Entry("handoff_acknowledge", "handoffs/{asked}/acknowledge", "post", FLOOR, {"receiver_number": "P-17"}),
    Entry(
        "handoff_decline",
        "handoffs/{asked}/decline",
        "post",
        FLOOR,
        {"reason": "no_unit", "receiver_name": "Sgt 4"},
    ),
    Entry("handoff_cancel", "handoffs/{handoff}/cancel", "post", DISPATCHING, {"reason": "not needed"}),
    Entry("units", "units", "get", FLOOR | CREW),
    Entry("unit_position", "units/{unit}/position", "post", DISPATCHING | CREW, {"lat": 41.5, "lon": -95.9}),
    Entry("unit_status", "units/{unit}/status", "post", DISPATCHING | CREW, {"status": "on_break", "reason": "Meal"}),
    Entry("unit_help", "units/{unit}/help", "post", DISPATCHING | CREW),
    Entry("my_unit", "my/unit", "get", CREW | {"clinician"}),
    Entry("assignment_action", "assignments/{assignment}/en_route", "post", DISPATCHING | CREW, {"reason": "going"}),
    Entry("assignment_action", "assignments/{assignment}/acknowledge_stage", "post", DISPATCHING | CREW),
    Entry("assignment_action", "assignments/{assignment}/return", "post", DISPATCHING | CREW, {"reason": "unsafe"}),
    Entry("assignment_action", "assignments/{assignment}/cancel", "post", DISPATCHING, {"reason": "not needed"}),
    Entry("assignment_action", "assignments/{assignment}/relay", "post", DISPATCHING),
    Entry("stage_acknowledge", "stage-orders/{order}/acknowledge", "post", DISPATCHING | CREW),
    Entry("stage_lift", "stage-orders/{order}/lift", "post", DISPATCHING, {"reason": "scene_safe_police"}),
    Entry("alarms", "alarms", "get", FLOOR),
    Entry("alarm_take", "alarms/{alarm}/take", "post", FLOOR),
    Entry("alarm_end", "alarms/{alarm}/end", "post", FLOOR, {"note": "talked to them"}),
    Entry("alarm_heard", "alarms/{panic}/heard", "post", DISPATCHING, {"note": "they are well"}),
    Entry("incident_reopen", "incidents/{over}/reopen", "post", DISPATCHING, {"reason": "not_over"}),
    Entry(
        "incident_visits",
        "incidents/{over}/visits",
        "post",
        FLOOR,
        {
            "id": "{new}",
            "program": "star",
            "starts_at": "{tomorrow}",
            "ends_at": "{tomorrow_end}",
            "purpose": "follow_up",
            "answers": {"weapon": "none"},
        },
    ),
    Entry("visits", "visits", "get", FLOOR),
    Entry(
        "visit_move",
        "visits/{visit}/move",
        "post",
        DISPATCHING,
        {"starts_at": "{tomorrow}", "ends_at": "{tomorrow_end}", "reason": "person_asked"},
    ),
    Entry("visit_cancel", "visits/{visit}/cancel", "post", DISPATCHING, {"reason": "person_declined"}),
    Entry("places", "places?q=Elm", "get", FLOOR | CREW),
    Entry("places_search", "places/search", "post", FLOOR | CREW, {"text": "elm prk", "limit": 3}),
    Entry("natures", "natures?q=welfare", "get", EVERYBODY),
    Entry("vocabulary", "vocabulary", "get", EVERYBODY),
    Entry("reasons", "reasons", "get", EVERYBODY),
    Entry("programs", "programs", "get", EVERYBODY),
    Entry("suspensions", "suspensions", "get", EVERYBODY),
    Entry(
        "suspensions",
        "suspensions",
        "post",
        frozenset({"supervisor"}),
        {"scope": "beat", "subject": "A1", "reason": "parade"},
    ),
    Entry(
        "suspension_ask_resume",
        "suspensions/{stop}/ask-resume",
        "post",
        frozenset({"supervisor", "program_administrator"}),
    ),
    Entry(
        "suspension_resume",
        "suspensions/{stop}/resume",
        "post",
        frozenset({"supervisor", "program_administrator", "dispatcher"}),
    ),
)


def a_scene(centre: Centre, people: Mapping[str, User], units: Mapping[str, Unit], *, at: datetime) -> dict[str, str]:
    """A busy minute: a crew under a stage order, a triaged call, a choice that waits for a second person, a panic."""
    taker = people["call_taker"]
    work = factories.an_accepted(centre, by=taker, at=at)
    call = work.incident.calls.get()
    later = at + timedelta(seconds=5)
    answers_record(incident=work.incident, source=call, answers=factories.WEAPON, by=taker, at=later)
    triaged = factories.a_triaged_call(centre, by=taker, at=at, where=factories.LIBRARY)
    waiting = factories.a_triaged_call(centre, by=taker, at=at, where=factories.LIBRARY, violence="threats")
    decision = factories.a_decision(
        waiting.incident,
        by=taker,
        at=at,
        action="override",
        response_class="mobile_team",
        program="star",
        reason="clinician_advice",
    )
    panic = help_request(unit=units["Star 2"], by=people["responder2"], at=later)
    stop = suspension_set(
        centre=centre, scope="nature", subject="alarm", reason="training", by=people["supervisor2"], at=at
    )
    line = target_set(centre=centre, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=at, by=None)
    phoned: dict[str, Any] = {"in_person_needed": "no", "caller": "first_party"}
    talker = factories.a_triaged_call(centre, by=taker, at=at, where=factories.LIBRARY, **phoned)
    away = factories.a_triaged_call(centre, by=taker, at=at, where=factories.LIBRARY, **phoned)
    words = note_add(id=uuid4(), incident=waiting.incident, text="He has a knife in his hand", by=taker, at=at)
    mark = proposals_of(words.incident).dangers({})[0].mark
    transfer = transfer_offer(id=uuid4(), call=away, kind="988", target=line, by=taker, at=at)
    inward = transfer_receive(
        id=uuid4(), centre=centre, kind="other_centre", sender_number="+13085550191", by=taker, at=at
    )
    over = factories.a_triaged_call(centre, by=taker, at=at)
    call_end(call=over, ended_as="completed", by=taker, at=at)
    incident_close(incident=over.incident, outcome="follow_up_booked", by=people["dispatcher"], at=at)
    person = person_add(centre=centre, id=uuid4(), name="Tomas Quillfeather", by=taker, at=at)
    person_link(call=call, person=person, by=taker, at=at)
    joined = factories.a_call(centre, by=taker, at=at, where=factories.LIBRARY)
    call_join(call=joined, into=triaged.incident, by=taker, at=at)
    # The doors look at the clock themselves.
    day = timezone.now() + timedelta(days=1)
    visit = visit_book(
        id=uuid4(),
        source=over.incident,
        program="star",
        starts_at=day,
        ends_at=day + timedelta(hours=1),
        purpose="outreach",
        by=people["dispatcher"],
        at=timezone.now(),
    )
    ready = Handoff.objects.get(incident=work.incident, service="police")
    asked = Handoff.objects.get(incident=panic.incident, service="police")
    return {
        "call": str(call.pk),
        "incident": str(work.incident_id),
        "spoken": str(waiting.incident_id),
        "mark": mark,
        "assignment": str(work.pk),
        "triaged": str(triaged.incident_id),
        "waiting_call": str(waiting.pk),
        "joined": str(joined.pk),
        "decision": str(decision.pk),
        "order": str(StageOrder.objects.get(assignment=work).pk),
        "handoff": str(ready.pk),
        "asked": str(asked.pk),
        "alarm": str(Alarm.objects.get(kind=Alarm.Kind.RISING_RISK, incident=work.incident).pk),
        "panic": str(panic.pk),
        "stop": str(stop.pk),
        "review": str(ReviewItem.objects.get(kind=ReviewItem.Kind.STAGE_ORDER).pk),
        "unit": str(work.unit_id),
        "unit2": str(units["Outreach 1"].pk),
        "talker": str(talker.pk),
        "transfer": str(transfer.pk),
        "inward": str(inward.pk),
        "target": str(line.pk),
        "over": str(over.incident_id),
        "visit": str(visit.pk),
        "person": str(person.pk),
        "tomorrow": day.isoformat(),
        "tomorrow_end": (day + timedelta(hours=2)).isoformat(),
        "soon": (at + timedelta(minutes=20)).isoformat(),
    }


def filled(value: Any, scene: Mapping[str, str]) -> Any:
    """A body or path with the scene's ids in it."""
    if isinstance(value, str):
        return value.format_map({**scene, "new": str(uuid4())}) if "{" in value else value
    if isinstance(value, Mapping):
        return {key: filled(inner, scene) for key, inner in value.items()}
    return value


def send(client: APIClient, entry: Entry, scene: Mapping[str, str], body: Any = None) -> Any:
    """The entry's request, with its own body unless another is given."""
    path = API + filled(entry.path, scene)
    if entry.method == "get":
        return client.get(path)
    return client.post(path, filled(entry.body, scene) if body is None else body, format="json")


def post(
    client: APIClient,
    path: str,
    body: Any = None,
    *,
    expect: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """POST JSON and read the answer; `expect` is its status, any 2xx by default."""
    response = client.post(API + path, {} if body is None else body, format="json", headers=dict(headers or {}))
    wanted = {expect} if expect is not None else {200, 201}
    assert response.status_code in wanted, (path, response.status_code, response.content.decode())
    return response.json()


def get(client: APIClient, path: str, *, expect: int = 200, headers: Mapping[str, str] | None = None) -> Any:
    """GET and read the answer."""
    response = client.get(API + path, headers=dict(headers or {}))
    assert response.status_code == expect, (path, response.status_code, response.content.decode())
    return response.json()


def is_problem(response: Any) -> bool:
    """Whether an answer is a whole problem: its type, its code, and its status the same in header and body."""
    if response["Content-Type"] != "application/problem+json":
        return False
    body = response.json()
    return bool(
        body["type"] == f"urn:diversion-desk:{body['code']}"
        and body["status"] == response.status_code
        and body["title"]
    )
