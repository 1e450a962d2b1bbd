"""No hot query reads a growing table whole: what the services really send is explained against thousands of old rows.

Old rows are copies of one call's whole life, made in SQL, so that a new column or table needs no change here.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from accounts.models import Centre, User
from accounts.services import audit_seal
from desk.live_frames import board_frames
from dispatch import due
from dispatch.models import Call, Handoff, Incident, ReviewItem, StageOrder
from dispatch.selectors.incident import incident_detail
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.callbacks import callback_attempt
from dispatch.services.calls import call_end, call_open, phone_set
from dispatch.services.closing import incident_close
from dispatch.services.crew_reports import crew_clear
from dispatch.services.crew_safety import help_request
from dispatch.services.handoffs import handoff_acknowledge, handoff_request
from dispatch.services.incidents import call_join
from dispatch.services.narrative import note_add
from dispatch.services.offers import offers_run
from dispatch.services.parting import call_part
from dispatch.services.positions import position_report
from dispatch.services.review import review_close
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.transfer_ends import transfer_drop
from dispatch.services.transfers import transfer_connect, transfer_offer
from dispatch.services.unit_status import return_report, service_set, status_report
from dispatch.services.visits import visit_book, visit_cancel
from live.renderer import _ANY_WAITING, _GIVE_NUMBERS, BATCH
from live.selectors import events_after, live_position
from live.services import events_forget
from people.selectors import places_search
from programs.models import ProgramVersion
from responders.models import Unit
from tests import factories
from tests.dispatch.crews import crew_of

COPIES = 3000
_VALUE = re.compile(r"'[^']*'|\b\d+\b")
_OWN_ID, _OF_INCIDENT = "to_jsonb(md5('{table}' || n)::uuid)", "to_jsonb(md5('incident' || n)::uuid)"
_PART = {"id": _OWN_ID, "incident_id": _OF_INCIDENT}
_AGO = "to_jsonb((pattern.row->>'{name}')::timestamptz - n * interval '1 hour')"
_SERIAL = "to_jsonb(nextval(pg_get_serial_sequence('{table}', 'id')))"
_ANY_UNIT = "(SELECT to_jsonb((array_agg(id ORDER BY id))[1 + n %% count(*)]) FROM responders_unit)"
PLACES = 10_000
"""A gazetteer is large from the start; a small one is rightly read whole."""
_STREET = "n || (array[' birch st', ' cedar ave', ' river rd', ' union ln', ' sunset dr'])[1 + n %% 5]"
GROWING: Mapping[str, Mapping[str, str]] = {
    "people_place": {"id": _OWN_ID, "label": f"to_jsonb({_STREET})", "search": f"to_jsonb({_STREET})"},
    "dispatch_incident": {
        "id": _OF_INCIDENT,
        "number": "to_jsonb(100000 + n)",
        "opened_at": _AGO,
        "sent_at": _AGO,
        "closed_at": _AGO,
    },
    "dispatch_call": {**_PART, "phone_id": "to_jsonb(md5('people_phone' || n)::uuid)", "received_at": _AGO},
    "dispatch_answer": {"id": _SERIAL, "incident_id": _OF_INCIDENT},
    "dispatch_locationentry": {
        "id": _SERIAL,
        "incident_id": _OF_INCIDENT,
        "place_id": "to_jsonb(md5('people_place' || n)::uuid)",
    },
    "dispatch_narrativeentry": _PART,
    "dispatch_decision": _PART,
    "dispatch_assignment": {
        **_PART,
        "pair": "'null'::jsonb",
        "unit_id": _ANY_UNIT,
        "offered_at": _AGO,
        "offer_expires_at": _AGO,
        "ended_at": _AGO,
    },
    "dispatch_stageorder": {"id": _OWN_ID},
    "dispatch_transfer": {**_PART, "call_id": "to_jsonb(md5('dispatch_call' || n)::uuid)"},
    "dispatch_reviewitem": {**_PART, "subject": _OWN_ID, "at": _AGO, "reviewed_at": _AGO},
    "dispatch_callbackattempt": {"id": _OWN_ID, "call_id": "to_jsonb(md5('dispatch_call' || n)::uuid)"},
    "dispatch_crewreport": {"assignment_id": "to_jsonb(md5('dispatch_assignment' || n)::uuid)"},
    "dispatch_visit": {"id": _OWN_ID, "source_id": _OF_INCIDENT, "incident_id": "'null'::jsonb"},
    "responders_unithistory": {"id": _SERIAL, "unit_id": _ANY_UNIT, "device_at": _AGO},
    "people_phone": {
        "id": _OWN_ID,
        "number": "to_jsonb('+1308' || (5000000 + n))",
        "number_hash": "to_jsonb(md5('{table}' || n))",
    },
    "dispatch_handoff": _PART,
    "dispatch_alarm": {**_PART, "subject": _OF_INCIDENT},
    "dispatch_historyrow": {"id": _SERIAL, "incident_id": _OF_INCIDENT, "entity_id": _OF_INCIDENT},
    "live_event": {"id": _SERIAL, "number": "to_jsonb(100000 + n)", "entity_id": _OF_INCIDENT},
    "accounts_auditrow": {"id": _SERIAL, "seal": "to_jsonb(md5('seal' || n))", "entity_id": _OF_INCIDENT},
}
"""Tables that grow with every call (and the gazetteer), with what differs between the copies of a row."""


@dataclass(frozen=True)
class Found:
    """A plan that reads a growing table whole."""

    what: str
    node: str
    query: str

    def __str__(self) -> str:
        return f"{self.what}: {self.node}\n    {self.query[:600]}"


def _grow() -> None:
    """Copies of the row of each table that was written last, and what the planner knows of them."""
    with connection.cursor() as cursor:
        for table, changed in GROWING.items():
            parts = ", ".join(f"'{name}', {value.format(table=table, name=name)}" for name, value in changed.items())
            cursor.execute(
                "SELECT string_agg(attname, ', ') FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
                " AND NOT attisdropped AND attgenerated = ''",
                [table],
            )
            columns = cursor.fetchone()[0]
            cursor.execute(
                f"WITH pattern AS (SELECT to_jsonb(t) AS row FROM {table} t ORDER BY ctid DESC LIMIT 1)"
                f" INSERT INTO {table} ({columns}) SELECT {columns} FROM pattern, generate_series(1, %s) n,"
                f" jsonb_populate_record(NULL::{table}, pattern.row || jsonb_build_object({parts})) copy",
                [number := PLACES if table == "people_place" else COPIES],
            )
            assert cursor.rowcount == number, f"{table} has no row to copy"
            cursor.execute(f"ANALYZE {table}")
        # What vacuum does from time to time: until then the planner takes the trigram index for a slow one.
        cursor.execute(
            "SELECT gin_clean_pending_list(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid"
            " JOIN pg_am ON pg_am.oid = c.relam WHERE amname = 'gin' AND indrelid = 'people_place'::regclass"
        )


def _nodes(plan: dict[str, Any], limited: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    limited = limited or plan["Node Type"] == "Limit"
    yield plan, limited
    for part in plan.get("Plans", ()):
        yield from _nodes(part, limited)


def _whole(query: str, what: str, partial_indexes: set[str], parameters: Any = None) -> list[Found]:
    """The nodes of a query's plan that read a growing table from end to end."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", parameters)
        text = cursor.fetchone()[0]
    [top] = json.loads(text) if isinstance(text, str) else text
    found = []
    for node, limited in _nodes(top["Plan"]):
        table, index = node.get("Relation Name", ""), node.get("Index Name", "")
        if table not in GROWING or node["Node Type"] in {"ModifyTable", "LockRows"}:
            continue
        by_index = "Index Cond" in node or index in partial_indexes or node["Node Type"] == "Bitmap Heap Scan"
        in_order = limited and bool(index) and "Filter" not in node
        if node["Node Type"] == "Seq Scan" or not (by_index or in_order):
            found.append(Found(what, f"{node['Node Type']} on {table} {index}".strip(), query))
    return found


def _partial_indexes() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE indpred IS NOT NULL")
        return {name for (name,) in cursor.fetchall()}


def _sent(act: Callable[[], object]) -> list[str]:
    """What an act sends to the database. The act itself is undone."""
    with transaction.atomic():
        with CaptureQueriesContext(connection) as caught:
            act()
        transaction.set_rollback(True)
    verbs = ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")
    return list(dict.fromkeys(one["sql"] for one in caught.captured_queries if one["sql"].startswith(verbs)))


def _a_caller(floor: Centre, people: Mapping[str, User], at: datetime) -> Call:
    """Who can be helped by telephone, and whose number is known."""
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at)
    phone_set(call=call, number="+13085550177", confirmed=True, by=people["call_taker"], at=at)
    return call


def _an_old_call(floor: Centre, people: Mapping[str, User], at: datetime) -> None:
    """A whole life: given to a clinician in addition, who drops out; decided, accepted, a weapon seen on scene, staged,
    lifted, dropped, called back, cleared, handed off, closed; a visit booked and cancelled."""
    call = _a_caller(floor, people, at)
    joined = transfer_offer(id=uuid4(), call=call, kind="clinician", bridge=True, by=people["call_taker"], at=at)
    transfer_drop(transfer=joined, reason="line_lost", by=people["clinician"], at=at, caller_there=True)
    factories.a_decision(call.incident, by=people["call_taker"], at=at)
    offered = next(one for one in offers_run(centre=floor, at=at) if one.incident_id == call.incident_id)
    crew, dispatcher = crew_of(offered), people["dispatcher"]
    assignment_act(assignment=offered, action="accept", by=crew, at=at)
    answers_record(incident=call.incident, source=call, answers=factories.WEAPON, by=people["call_taker"], at=at)
    order = StageOrder.objects.get(assignment=offered)
    stage_acknowledge(order=order, how="phone", by=crew, at=at)
    stage_lift(order=order, reason="scene_safe_police", by=dispatcher, at=at)
    factories.a_decision(
        call.incident, by=dispatcher, at=at, action="override", response_class="emergency", reason="known_risk"
    )
    note_add(id=uuid4(), incident=call.incident, call=call, text="All calm", by=crew, at=at, audience="general")
    call_end(call=call, ended_as="dropped", by=people["call_taker"], at=at)
    callback_attempt(id=uuid4(), call=call, reached=True, by=people["call_taker"], at=at)
    for handoff in Handoff.objects.filter(incident=call.incident, state="requested"):
        handoff_acknowledge(handoff=handoff, receiver_name="Ray", receiver_number="", by=dispatcher, at=at)
    crew_clear(
        assignment=offered, by=crew, at=at, device_at=at, disposition="handed_to_police", sent_class="too_low",
        taken_to="nobody",
    )  # fmt: skip
    incident = Incident.objects.get(pk=call.incident_id)
    if incident.state != "closed":
        incident_close(incident=incident, outcome="handed_to_police", by=dispatcher, at=at)
    calm = _a_caller(floor, people, at)
    call_end(call=calm, ended_as="completed", by=people["call_taker"], at=at)
    over = incident_close(incident=calm.incident, outcome="follow_up_booked", by=dispatcher, at=at)
    visit = visit_book(
        id=uuid4(), source=over, program="star", purpose="follow_up", by=dispatcher, at=at,
        starts_at=at + timedelta(hours=3), ends_at=at + timedelta(hours=4),
    )  # fmt: skip
    visit_cancel(visit=visit, reason="person_declined", by=dispatcher, at=at)
    for service in ("on_break", "in_service"):
        service_set(unit=offered.unit, service=service, reason="", by=crew, at=at, device_at=at)
    for item in ReviewItem.objects.all():
        review_close(item=item, note="right", by=people["supervisor"], at=at)
    with connection.cursor() as cursor:
        # What is copied is over: numbered by the renderer, sealed by the sealer, ended by its cause.
        cursor.execute(_GIVE_NUMBERS, {"centre": 0, "batch": BATCH})
        cursor.execute("UPDATE dispatch_alarm SET ended_at = %s, ended_by_id = %s", [at, dispatcher.pk])
    audit_seal()


@pytest.mark.django_db
def test_no_hot_query_reads_a_growing_table_whole(
    floor: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    client_for: Callable[[str], APIClient],
    at: datetime,
    later: Callable[[float], datetime],
) -> None:
    _an_old_call(floor, people, at)
    _grow()
    taker, dispatcher = people["call_taker"], people["dispatcher"]
    waiting = factories.a_triaged_call(floor, by=taker, at=later(1))
    factories.a_decision(waiting.incident, by=taker, at=later(1))
    going = factories.an_accepted(floor, by=taker, at=later(2))
    asked = next(iter(offers_run(centre=floor, at=later(3))), None) or going
    fresh = factories.a_triaged_call(floor, by=taker, at=later(3))
    pending = factories.a_triaged_call(floor, by=taker, at=later(3))
    factories.a_decision(pending.incident, by=taker, at=later(3))
    known, second, ringing = (_a_caller(floor, people, later(3)) for _ in range(3))
    call_join(call=second, into=known.incident, by=taker, at=later(3))
    rings = transfer_offer(id=uuid4(), call=ringing, kind="clinician", bridge=True, by=taker, at=later(3))
    changed = {"incident": [fresh.incident_id, going.incident_id], "unit": [going.unit_id]}

    def page(role: str, path: str) -> None:
        assert client_for(role).get(path).status_code == 200, path

    acts: dict[str, Callable[[], object]] = {
        "offers_run": partial(offers_run, centre=floor, at=later(4)),
        "due.run": partial(due.run, floor, later(4)),
        "due.run, everything late": partial(due.run, floor, later(3600)),
        "queue rows": partial(incident_rows, centre=floor, at=later(4)),
        "queue rows of one": partial(incident_rows, centre=floor, at=later(4), ids=[fresh.incident_id]),
        "unit rows": partial(unit_rows, centre=floor, at=later(4)),
        "incident detail": partial(incident_detail, incident=fresh.incident, viewer=dispatcher, at=later(4)),
        "board frames": lambda: list(board_frames(floor.pk, changed)),
        "call_open": partial(call_open, centre=floor, id=uuid4(), channel="911", by=taker, at=later(4), number=""),
        "answers_record": partial(
            answers_record, incident=fresh.incident, source=fresh, answers={"weapon": "none"}, by=taker, at=later(4)
        ),
        "answers_record, danger": partial(
            answers_record, incident=going.incident, source=_call_of(going.incident), answers=factories.WEAPON,
            by=taker, at=later(4),
        ),
        "decision_take": partial(factories.a_decision, fresh.incident, by=taker, at=later(4)),
        "assignment_act": partial(
            assignment_act, assignment=going, action="en_route", by=crew_of(going), at=later(4)
        ),
        "assignment_act, decline": partial(
            assignment_act, assignment=asked, action="decline" if asked != going else "en_route",
            by=crew_of(asked), at=later(4), reason="out_of_position",
        ),
        "help_request": partial(help_request, unit=units["Star 1"], by=people["responder"], at=later(4)),
        "note_add": partial(
            note_add, id=uuid4(), incident=fresh.incident, call=fresh, text="x", by=taker, at=later(4),
            audience="general",
        ),
        "live_position": partial(live_position, floor.pk),
        "events_after": lambda: list(events_after(99_990, centre_id=floor.pk)),
        "events_forget": partial(events_forget, at=later(4)),
        "audit_seal": audit_seal,
        "places_search": partial(places_search, centre=floor, text="14 aldre street"),
        "phone_set": partial(
            phone_set, call=fresh, number="+13085550199", confirmed=True, by=taker, at=later(4)
        ),
        "call_end": partial(call_end, call=fresh, ended_as="dropped", by=taker, at=later(4)),
        "call_join": partial(call_join, call=fresh, into=waiting.incident, by=taker, at=later(4)),
        "call_part": partial(call_part, call=second, by=taker, at=later(4)),
        "transfer_offer": partial(
            transfer_offer, id=uuid4(), call=fresh, kind="clinician", bridge=True, by=taker, at=later(4)
        ),
        "transfer_connect": partial(transfer_connect, transfer=rings, by=people["clinician"], at=later(4)),
        "transfer_drop": partial(transfer_drop, transfer=rings, reason="line_lost", by=taker, at=later(4)),
        "handoff_request": partial(
            handoff_request, incident=going.incident, service="ems", reason="cut", by=dispatcher, at=later(4)
        ),
        "status_report": partial(
            status_report, assignment=going, action="en_route", by=crew_of(going), at=later(60), device_at=later(4)
        ),
        "return_report": partial(
            return_report, assignment=going, reason="unsafe", by=crew_of(going), at=later(60), device_at=later(4)
        ),
        "service_set": partial(
            service_set, unit=units["Star 2"], service="on_break", reason="", by=dispatcher, at=later(60),
            device_at=later(4),
        ),
        "position_report": partial(
            position_report, unit=going.unit, lat=41.5, lon=-95.9, by=None, at=later(60), tracker=True
        ),
        "person line": partial(page, "call_taker", f"/console/calls/{known.pk}/person/"),
        "clinician page": partial(page, "clinician", "/clinician/"),
        "clinician pane": partial(page, "clinician", f"/clinician/incidents/{rings.incident_id}/"),
        "handover page": partial(page, "dispatcher", "/handover/"),
        "reviews page": partial(page, "supervisor", "/reviews/"),
        "visits page": partial(page, "dispatcher", "/visits/"),
        "overview page": partial(page, "supervisor", "/overview/"),
        "downtime snapshot": partial(page, "dispatcher", "/downtime/snapshot/"),
        "map page": partial(page, "dispatcher", "/map/"),
        "alarm line": partial(page, "dispatcher", "/frame/alarms/"),
        "API transfers": partial(page, "dispatcher", "/api/v1/transfers"),
        "API reviews": partial(page, "supervisor", "/api/v1/reviews"),
        "API visits": partial(page, "dispatcher", "/api/v1/visits"),
        "API ended handoffs": partial(page, "dispatcher", "/api/v1/handoffs?open=0"),
        "queue page": partial(page, "dispatcher", "/queue/"),
        "queue pane": partial(page, "dispatcher", f"/queue/incidents/{going.incident_id}/"),
        "console page": partial(page, "call_taker", "/console/"),
        "call regions": partial(page, "call_taker", f"/console/calls/{fresh.pk}/"),
        "phone board": partial(page, "responder", "/phone/board/"),
        "wall page": partial(page, "dispatcher", "/wall/"),
        "overview figures": partial(page, "supervisor", "/overview/figures/"),
        "API my unit": partial(page, "responder", "/api/v1/my/unit"),
        "API incidents": partial(page, "dispatcher", "/api/v1/incidents"),
        "API closed incidents": partial(page, "dispatcher", "/api/v1/incidents?open=0"),
        "API incident": partial(page, "dispatcher", f"/api/v1/incidents/{going.incident_id}"),
        "API alarms": partial(page, "dispatcher", "/api/v1/alarms"),
        "API handoffs": partial(page, "dispatcher", "/api/v1/handoffs"),
        "API units": partial(page, "dispatcher", "/api/v1/units"),
    }  # fmt: skip
    partials = _partial_indexes()
    assert _whole("SELECT * FROM dispatch_answer WHERE value = '1'", "planted", partials)
    found = _whole(_ANY_WAITING, "numbering", partials, {"centre": 0})
    found += _whole(_GIVE_NUMBERS, "numbering", partials, {"centre": 0, "batch": BATCH})
    seen: set[str] = set()
    for what, act in acts.items():
        for query in _sent(act):
            # The same but for its values has the same plan: pages have many in common.
            shape = _VALUE.sub("?", query)
            if shape not in seen:
                seen.add(shape)
                found += _whole(query, what, partials)
    # The copies refer to rows that do not exist: nothing of this is ever committed, nor its references checked.
    transaction.set_rollback(True)
    assert not found, "\n".join(["", *map(str, found)])


def _call_of(incident: Incident) -> Call:
    return Call.objects.get(incident=incident)
