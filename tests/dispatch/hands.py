"""Two people, or a person and the clock, who change the same call at the same moment: a floor, and what must hold."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Count

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.models import Assignment, Handoff, HistoryRow, Incident, Transfer
from dispatch.services.answers import answers_record
from dispatch.services.assignments import assignment_act
from dispatch.services.calls import call_end
from dispatch.services.offers import offers_run
from dispatch.services.transfers import transfer_offer
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT_LIVE, TransitionRefused
from responders.models import CrewMember, Unit
from responders.services import crew_sign_on
from tests import factories
from tests.dispatch.impossible import FORBIDDEN, UNEXPLAINED
from tests.dispatch.parallel import failures, in_parallel

CALLED: dict[str, Any] = {"in_person_needed": "no", "caller": "first_party"}
"""Answers of a calm caller who can be helped by telephone."""


@dataclass
class Floor:
    """A small floor and the time on it."""

    centre: Centre
    people: dict[str, User]
    units: dict[str, Unit]
    at: datetime

    def tick(self, seconds: float = 1) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at

    def offered(self, **more: Any) -> Assignment:
        return factories.an_offer(self.centre, by=self.people["call_taker"], at=self.at, **more)

    def accepted(self, **more: Any) -> Assignment:
        work = factories.an_accepted(self.centre, by=self.people["call_taker"], at=self.at, **more)
        self.tick(2)
        return work

    def act(self, work: Assignment, action: str, who: str = "") -> Assignment:
        # Also somebody who has just signed off: their telephone still shows the offer.
        by = self.people[who] if who else CrewMember.objects.filter(unit=work.unit).latest("since").user
        reason = {"decline": "equipment", "cancel": "not needed"}.get(action, "")
        ends = "refused" if action == "clear" else ""
        return assignment_act(assignment=work, action=action, by=by, at=self.at, reason=reason, disposition=ends)

    def on_scene(self) -> Assignment:
        return self.act(self.act(self.accepted(), "en_route"), "on_scene", "dispatcher")

    def knife(self, incident: Incident) -> None:
        call = incident.calls.get()
        by = self.people["call_taker"]
        answers_record(incident=incident, source=call, answers=factories.WEAPON, by=by, at=self.at)

    def clean(self) -> None:
        """Whatever the pair left, the units are free again for the next."""
        self.tick(5)
        for work in Assignment.objects.filter(state__in=ASSIGNMENT_LIVE).select_related("unit"):
            work.refresh_from_db()
            if work.state in ASSIGNMENT_LIVE:
                self.act(work, "cancel", "dispatcher")
        Unit.objects.update(service="in_service", not_answering_since=None, not_answering_reason="")
        for sign, who in (("Star 1", "responder"), ("Star 2", "responder2")):
            crew_sign_on(unit=self.units[sign], user=self.people[who], by=None, at=self.at)
        Incident.objects.filter(state__in=INCIDENT_LIVE).update(offer_wanted=False, priority=4)


def asked(f: Floor) -> Handoff:
    """A hand-off that waits for its acknowledgement; the caller has gone."""
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, breathing="absent")
    factories.a_decision(call.incident, by=f.people["call_taker"], at=f.at)
    call_end(call=call, ended_as="completed", by=f.people["call_taker"], at=f.at)
    return call.incident.handoffs.filter(state="requested").get()


def ringing(f: Floor) -> Transfer:
    """A caller who is offered to the floor's clinicians."""
    call = factories.a_triaged_call(f.centre, by=f.people["call_taker"], at=f.at, **CALLED)
    return transfer_offer(id=uuid4(), call=call, kind="clinician", by=f.people["call_taker"], at=f.at)


Acts = tuple[Callable[[], object], Callable[[], object]]
Pairs = Mapping[Callable[[Floor], Acts], str]
"""What two hands do at once, with the transitions that they race for: `assignment.accept`, or `incident:held` for a
state of an incident."""


def _found() -> Iterator[tuple[str, list[Any]]]:
    with connection.cursor() as cursor:
        for what, query in {**FORBIDDEN, "no unit and no reason": UNEXPLAINED}.items():
            cursor.execute(query)
            yield what, cursor.fetchall()


def raced(here: Floor, pairs: Pairs) -> None:
    """Each pair at once, on connections of their own. Whoever comes first, the other one is told clearly or finds it
    done; each transition is one row; the rows fit together, and the engine goes on from them."""
    for pair, names in pairs.items():
        acts = pair(here)
        before = HistoryRow.objects.order_by("-id").values_list("id", flat=True).first() or 0
        for one in failures(in_parallel(*acts)):
            assert isinstance(one, Refused | TransitionRefused | PermissionDenied), (pair, one)
            assert not isinstance(one, Refused) or (one.status == 409 and one.code and one.detail), (pair, one.detail)
        done = HistoryRow.objects.filter(id__gt=before)
        wrote = {f"{entity}.{action}" for entity, action in done.values_list("entity", "action")}
        wrote |= {f"incident:{state}" for state in done.filter(entity="incident").values_list("to_state", flat=True)}
        assert wrote & set(names.split()), (pair, wrote)
        rows = done.exclude(entity="incident").values("incident_id", "entity", "entity_id", "action")
        twice = rows.annotate(n=Count("id"))
        assert not twice.filter(n__gt=1), (pair, list(twice.filter(n__gt=1)))
        for _ in range(2):
            here.tick()
            offers_run(centre=here.centre, at=here.at)
        for what, wrong in _found():
            assert wrong == [], (pair, what)
        here.clean()
