"""Live equals reload, for every kind of thing that writes an event.

What the frames of each change make of a page that was open before is what the page shows when it is loaded anew.

A frame is drawn from which entities changed, never from what was done to them (`live.registry.Changed` holds ids only):
so each entity, and each part of an incident whose changes are events of the incident, needs one case. Which there are
is read from the code: a new one fails here until it has a case.
"""

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from difflib import unified_diff
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Centre, DisplayDevice, DisplayLayout, User
from accounts.services import display_create
from desk.wall_views import turns_of
from dispatch.due import boards_aged
from dispatch.models import Assignment, Call, StageOrder
from dispatch.selectors.cues import proposals_of
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.call_care import handover_offer
from dispatch.services.crew_safety import help_request
from dispatch.services.cues import cue_dismiss
from dispatch.services.handoffs import handoff_request
from dispatch.services.incidents import owner_take
from dispatch.services.locations import location_record
from dispatch.services.narrative import note_add
from dispatch.services.staging import stage_acknowledge
from dispatch.services.transfers import transfer_offer
from dispatch.services.visits import visit_book
from live import registry
from live.models import Event
from live.renderer import _GIVE_NUMBERS, BATCH
from programs.models import ProgramVersion
from programs.services import suspension_set, version_withdraw
from responders.models import Unit
from responders.services import unit_service
from tests import factories
from tests.desk.conftest import SignedIn

PACKAGES = ("accounts", "people", "responders", "programs", "dispatch", "interop", "desk")
_FIELDS = "layout", "program", "seconds"
NOT_ON_BOARDS = {
    "protocol_version": "a new protocol changes suggestions of calls that are decided later, and no row",
    "person": "somebody on file is on no board; that a call is about them is a change of its incident",
}
"""Entities that write events and are drawn nowhere, each with the reason."""
_ROWS = "incident-|unit-|alarm-(?!count-region|end-form)|given-(?!rows)"
_NAMES = _ROWS + '|suspensions"|wall-board|seen-|phone-|display-|handed-'
_ELEMENT = re.compile(rf'(?=<\w+ id="(?:{_NAMES}))')


def _calls_in_code() -> Iterator[tuple[str, dict[str, ast.expr]]]:
    for package in PACKAGES:
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    yield called, {one.arg: one.value for one in node.keywords if one.arg}


def _constants(*functions: str) -> set[str]:
    """The entities that the code gives to these functions."""
    given = [named["entity"] for called, named in _calls_in_code() if called in functions and "entity" in named]
    assert all(isinstance(one, ast.Constant) for one in given), "an entity is named where it is written"
    return {str(one.value) for one in given if isinstance(one, ast.Constant)}


def _plain(html: str) -> str:
    """Without what changes by time alone, and without the number of the moment."""
    html = re.sub(r'data-v="\d+"|data-live-into="[^"]*"|"at": "[^"]+"', "", html)
    return re.sub(r">-?[\d:]+<", "><", html).strip()


class _Screen:
    """What open pages show: elements by id, kept by frames alone once they were loaded."""

    def __init__(self, addresses: Mapping[str, tuple[Client, str]]) -> None:
        self._addresses = addresses
        self.shown = self.loaded()

    def loaded(self) -> dict[str, str]:
        """Every element of every region as a reload brings it."""
        found: dict[str, str] = {}
        for audience, (client, address) in self._addresses.items():
            answer = client.get(address)
            assert answer.status_code == 200, address
            found.update(self._elements(audience, answer.content.decode()))
        return found

    @staticmethod
    def _elements(audience: str, html: str) -> dict[str, str]:
        elements: dict[str, str] = {}
        for piece in _ELEMENT.split(html):
            named = re.match(r'<(\w+) id="([^"]+)"', piece)
            if named is None:
                continue
            tag, name = named.groups()
            end = piece.rfind("</div>") if audience.startswith("wall") else piece.find(f"</{tag}>")
            whole = piece[: end + len(tag) + 3]
            if "data-live-gone" not in whole.partition(">")[0]:
                elements[name] = _plain(whole)
            else:
                elements.pop(name, None)
        return elements

    def apply(self, frames: list[registry.Frame]) -> None:
        for frame in frames:
            if frame.audience not in self._addresses:
                continue
            for piece in _ELEMENT.split(frame.html):
                named = re.match(r'<\w+ id="([^"]+)"', piece)
                if named is not None and "data-live-gone" in piece.partition(">")[0]:
                    self.shown.pop(named.group(1), None)
            kept = self._elements(frame.audience, frame.html)
            signals = ("seen-", "phone-", "display-", "handed-")
            self.shown.update({name: html for name, html in kept.items() if not name.startswith(signals)})


def _differing(shown: dict[str, str], loaded: dict[str, str]) -> dict[str, list[str]]:
    """By element what the page shows (-) and what a reload shows (+), where that is not the same."""
    names = [name for name in loaded.keys() | shown.keys() if loaded.get(name) != shown.get(name)]
    lines = {name: (shown.get(name, "").split("<"), loaded.get(name, "").split("<")) for name in names}
    return {name: list(unified_diff(*two, n=0, lineterm="")) for name, two in lines.items()}


def _numbered(after: int) -> list[Event]:
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_NUMBERS, {"centre": 0, "batch": BATCH})
    return list(Event.objects.filter(id__gt=after).order_by("id"))


@pytest.mark.django_db
def test_live_equals_reload_for_every_entity_and_part(
    signed_in: SignedIn,
    centre: Centre,
    people: dict[str, User],
    units: dict[str, Unit],
    programs: dict[str, ProgramVersion],
    accepted: Assignment,
    call: Call,
    now: datetime,
) -> None:
    taker, dispatcher = people["call_taker"], people["dispatcher"]
    # An hour ahead of the pages' clock: nothing becomes late by itself while a slow machine runs this.
    soon = now + timedelta(hours=1)
    talker = factories.a_triaged_call(
        centre, by=taker, at=soon, where=factories.LIBRARY, in_person_needed="no", caller="first_party"
    )
    fresh = factories.a_triaged_call(centre, by=taker, at=soon)
    device, _ = display_create(centre=centre, name="Wall", by=people["supervisor"], at=soon)
    for place, layout in enumerate(DisplayLayout.Layout):
        program = "star" if layout == "program" else ""
        DisplayLayout.objects.create(display=device, place=place, layout=layout, program=program)
    turns = {f"p{one.place}-{name}": getattr(one, name) for one in device.layouts.all() for name in _FIELDS}
    screen = _Screen(_addresses(signed_in, device))
    work = accepted.incident

    def say(**answers: Any) -> Callable[[], object]:
        return lambda: answers_record(incident=work, source=work.calls.get(), answers=answers, by=taker, at=soon)

    acts: dict[str, Callable[[], object]] = {
        "call": lambda: factories.a_call(centre, by=taker, at=soon, where=factories.LIBRARY, nature="welfare_check"),
        "caution": lambda: factories.a_caution(centre, at=soon, label=factories.HOME),
        "location": lambda: location_record(
            incident=call.incident, text="Behind the depot", state="unverified", by=taker, at=soon
        ),
        "note": lambda: note_add(
            id=uuid4(), incident=call.incident, call=call, text="He has a knife in his hand", by=taker, at=soon
        ),
        "cue": lambda: cue_dismiss(
            incident=call.incident, mark=proposals_of(call.incident).dangers({})[0].mark, by=taker, at=soon
        ),
        "answer": say(weapon="in_hand"),
        "stage_order": lambda: stage_acknowledge(
            order=StageOrder.objects.get(assignment=accepted), how="phone", by=people["responder"], at=soon
        ),
        "decision": lambda: factories.a_decision(fresh.incident, by=taker, at=soon),
        "incident": lambda: owner_take(incident=work, by=dispatcher, at=soon),
        "handoff": lambda: handoff_request(incident=work, service="ems", reason="cut", by=dispatcher, at=soon),
        "assignment": lambda: assignment_act(
            assignment=accepted, action="en_route", by=people["responder"], at=soon
        ),
        "transfer": lambda: transfer_offer(id=uuid4(), call=talker, kind="clinician", by=taker, at=soon),
        "call_handover": lambda: handover_offer(
            id=uuid4(), call=fresh, to=people["dispatcher"], by=taker, at=soon
        ),
        "alarm": lambda: help_request(unit=units["Star 2"], by=people["responder2"], at=soon),
        "unit": lambda: unit_service(unit=units["Star 2"], service="on_break", reason="", by=dispatcher, at=soon),
        "visit": lambda: visit_book(
            id=uuid4(), source=talker.incident, program="star", starts_at=soon + timedelta(days=1),
            ends_at=soon + timedelta(days=1, hours=1), purpose="outreach", by=dispatcher, at=soon,
        ),
        "suspension": lambda: suspension_set(
            centre=centre, scope="all", subject="", reason="Flood", by=people["supervisor"], at=soon
        ),
        "program_version": lambda: version_withdraw(
            version=programs["star"], words="Two vans off the road", by=people["program_administrator"], at=soon
        ),
        "display": lambda: signed_in("supervisor").post(
            reverse("desk:display_edit", args=[device.pk]),
            {"name": "Wall", "inches": 65, "width": 1920, "height": 1080, "distance": "5", "theme": "day", **turns},
        ),
    }  # fmt: skip
    # Nobody does anything, and boards change: the crew's shift ends, and the clock is all that says so.
    acts["clock"] = lambda: (units["Medic 1"].shifts.all().delete(), boards_aged(centre, soon))
    parts = _constants("record") | _constants("event_record") | {"alarm", "unit"}
    assert set(acts) | set(NOT_ON_BOARDS) == parts, "every entity and part has a case, or a reason why it has none"
    drawn = frozenset[str]().union(*(entities for _, entities in registry.renders()))
    assert drawn | set(NOT_ON_BOARDS) == _constants("event_record", "event_values") | {"call_handover"}
    last = max((one.pk for one in _numbered(0)), default=0)
    for part, act in acts.items():
        act()
        events = _numbered(last)
        last = events[-1].pk if events else last
        assert part in {one.kind.partition(".")[0] for one in events} | {one.entity for one in events}, part
        changed: dict[str, list[Any]] = {}
        for one in events:
            changed.setdefault(one.entity, []).append(one.entity_id)
        frames = []
        for render, entities in registry.renders():
            asked = {entity: ids for entity, ids in changed.items() if entity in entities}
            frames += list(render(centre.pk, asked)) if asked else []
        screen.apply(frames)
        loaded = screen.loaded()
        assert not (wrong := _differing(screen.shown, loaded)), f"{part}: {wrong}"


def _addresses(signed_in: SignedIn, device: DisplayDevice) -> dict[str, tuple[Client, str]]:
    """By audience, who loads what: the queue, the clinician's list, and every layout of a wall."""
    keeper = signed_in("supervisor")
    walls = {
        turn.view.audience: (keeper, reverse("desk:preview_board_at", args=[device.pk, place]))
        for place, turn in enumerate(turns_of(device))
    }
    return {
        "console": (keeper, reverse("desk:queue")),
        "clinician": (signed_in("clinician"), reverse("desk:clinician")),
        **walls,
    }
