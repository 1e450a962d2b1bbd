"""The life of calls, units and crews in any order: what must always hold is read from the database after each step.

Hypothesis draws what people, the engine and the clock do; the services refuse what is not allowed. A longer run by
hand: LIFE_EXAMPLES=200 LIFE_STEPS=60 LIFE_SEED=7 pytest tests/dispatch/test_life_model.py.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Centre, User
from dispatch import due
from dispatch.models import Alarm, Assignment, Call, Handoff, HistoryRow, Incident, StageOrder
from dispatch.models.alarm import ENDS_WHEN_HEARD
from dispatch.reasons import HANDOFF_DECLINE, RETURN
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from dispatch.services.answers import answers_record
from dispatch.services.assignments import ACTIONS, assignment_act
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.crew_safety import crew_heard, help_request, return_to_911
from dispatch.services.handoffs import handoff_acknowledge, handoff_cancel, handoff_decline
from dispatch.services.incidents import incident_hold, priority_set
from dispatch.services.offers import assignment_offer, offers_run
from dispatch.services.staging import stage_acknowledge, stage_lift
from dispatch.services.unit_status import status_report
from dispatch.states import ASSIGNMENT_LIVE, CALL_ENDS, INCIDENT_LIVE
from responders.models import Unit
from responders.services import unit_service
from tests import factories
from tests.dispatch.crews import crew_of
from tests.dispatch.impossible import ANY_FORBIDDEN, FORBIDDEN, UNEXPLAINED
from tests.dispatch.life import Callers, pick

MOST_CALLS = 4
SIGNS = ("Star 1", "Star 2", "CR 1")


class Life(Callers):
    """What may happen in one small centre. The clock only goes forward."""

    @initialize(accepted=st.integers(0, 2))
    def a_morning(self, accepted: int) -> None:
        """Two calls are decided and offered before anything else happens, and some of the crews have said yes."""
        for _ in range(2):
            call = factories.a_triaged_call(self.centre, by=self.people["call_taker"], at=self.at)
            factories.a_decision(call.incident, by=self.people["call_taker"], at=self.at)
        offers_run(centre=self.centre, at=self.at)
        for nth in range(accepted):
            self._act(nth, "accept")

    # The floor

    @precondition(lambda self: Incident.objects.count() < MOST_CALLS)
    @rule(where=st.sampled_from([factories.PARK, factories.HOME]), decided=st.sampled_from(["accept", "send", ""]))
    def a_call(self, where: str, decided: str) -> None:
        """Somebody calls; the questions are answered and it is decided, or just the first one is answered."""
        by, answers = self.people["call_taker"], None if decided else {"weapon": "none"}
        call = factories.a_triaged_call(self.centre, by=by, at=self.at, where=where, answers=answers)
        if decided:
            self.try_to(lambda: factories.a_decision(call.incident, by=by, at=self.at, action=decided))

    @rule(
        nth=pick,
        said=st.sampled_from(
            [
                {"weapon": "in_hand"},
                {"weapon": "none"},
                {"suicide": "now"},
                {"breathing": "absent"},
                {"violence": "physical_now"},
            ]
        ),
    )
    def an_answer(self, nth: int, said: dict[str, Any]) -> None:
        """A caller says something more."""
        call = self.one(
            Call.objects.filter(incident__state__in=INCIDENT_LIVE).order_by("received_at", "incident__number"), nth
        )
        if call is not None:
            by = self.people["call_taker"]
            self.try_to(lambda: answers_record(incident=call.incident, source=call, answers=said, by=by, at=self.at))

    @rule(nth=pick, action=st.sampled_from(["accept", "accept", "send"]))
    def a_decision(self, nth: int, action: str) -> None:
        """The suggestion is accepted, or the call sent."""
        incident = self.one(self.incidents(), nth)
        if incident is not None:
            by = self.people["call_taker"]
            self.try_to(lambda: factories.a_decision(incident, by=by, at=self.at, action=action))

    @rule(nth=pick, response=st.sampled_from(["emergency", "co_response", "mobile_team"]))
    def another_response(self, nth: int, response: str) -> None:
        """The dispatcher chooses a response."""
        incident = self.one(self.incidents(), nth)
        if incident is not None:
            choice = {"action": "override", "response_class": response, "reason": "known_risk"}
            by = self.people["dispatcher"]
            self.try_to(lambda: factories.a_decision(incident, by=by, at=self.at, **choice))

    @rule(nth=pick, seconds=st.sampled_from([60, 900]))
    def a_hold(self, nth: int, seconds: int) -> None:
        """A call is held until it is called back."""
        incident = self.one(self.incidents(), nth)
        if incident is not None:
            until, by = self.at + timedelta(seconds=seconds), self.people["dispatcher"]
            self.try_to(lambda: incident_hold(incident=incident, until=until, reason="no unit", by=by, at=self.at))

    @rule(nth=pick, ended_as=st.sampled_from(CALL_ENDS))
    def a_hanging_up(self, nth: int, ended_as: str) -> None:
        """A call ends."""
        call = self.one(Call.objects.filter(state="open").order_by("received_at", "incident__number"), nth)
        if call is not None:
            self.try_to(lambda: call_end(call=call, ended_as=ended_as, by=self.people["call_taker"], at=self.at))

    @rule(nth=pick, to=st.sampled_from(["acknowledge", "cancel", "decline"]))
    def a_handoff(self, nth: int, to: str) -> None:
        """Police, EMS or fire say yes or no, or the dispatcher withdraws it."""
        handoff = self.one(
            Handoff.objects.exclude(state="cancelled").order_by("opened_at", "incident__number", "service"), nth
        )
        if handoff is None:
            return
        by = self.people["dispatcher"]
        acts: dict[str, Callable[[], object]] = {
            "acknowledge": lambda: handoff_acknowledge(
                handoff=handoff, receiver_name="Ray", receiver_number="", by=by, at=self.at
            ),
            "cancel": lambda: handoff_cancel(handoff=handoff, reason="not needed", by=by, at=self.at),
            "decline": lambda: handoff_decline(
                handoff=handoff, reason=next(iter(HANDOFF_DECLINE)), receiver_name="Ray", by=by, at=self.at
            ),
        }
        self.try_to(acts[to])

    @rule(nth=pick, sign=st.sampled_from(SIGNS), slot=st.sampled_from(["primary", "assist", "officer"]))
    def a_unit_chosen(self, nth: int, sign: str, slot: str) -> None:
        """The dispatcher asks a unit of their own choice."""
        incident, unit = self.one(self.incidents(), nth), Unit.objects.get(call_sign=sign)
        if incident is not None:
            by = self.people["dispatcher"]
            self.try_to(lambda: assignment_offer(incident=incident, unit=unit, slot=slot, by=by, at=self.at))

    @rule(nth=pick)
    def a_close(self, nth: int) -> None:
        """The dispatcher closes."""
        incident = self.one(self.incidents(), nth)
        if incident is not None:
            by = self.people["dispatcher"]
            self.try_to(lambda: incident_close(incident=incident, outcome="no_response_needed", by=by, at=self.at))

    @rule(nth=pick, priority=st.integers(1, 4))
    def a_priority(self, nth: int, priority: int) -> None:
        """A person sets how urgent it is."""
        incident = self.one(self.incidents(), nth)
        if incident is not None:
            by = self.people["dispatcher"]
            self.try_to(lambda: priority_set(incident=incident, priority=priority, reason="x", by=by, at=self.at))

    # Crews

    @rule(nth=pick, action=st.sampled_from(ACTIONS))
    def a_crew_acts(self, nth: int, action: str) -> None:
        """A crew presses anything."""
        self._act(nth, action)

    @rule(nth=pick, action=st.sampled_from(ACTIONS), ago=st.sampled_from([0, 20, 600]))
    def a_phone_comes_back(self, nth: int, action: str, ago: int) -> None:
        """What was pressed in a dead spot arrives, whatever became of the call meanwhile."""
        work = self.one(Assignment.objects.select_related("unit").order_by("offered_at", "unit__call_sign"), nth)
        if work is not None:
            more: dict[str, dict[str, Any]] = {
                "decline": {"reason": "equipment"},
                "clear": {"disposition": "refused", "sent_class": "too_low"},
            }
            report = partial(status_report, assignment=work, action=action, by=crew_of(work), **more.get(action, {}))
            self.try_to(lambda: report(at=self.at, device_at=self.at - timedelta(seconds=ago)))

    @rule(nth=pick, times=st.integers(1, 3))
    def a_crew_goes_on(self, nth: int, times: int) -> None:
        """A crew presses the next step, and perhaps the one after it."""
        steps = {"offered": "accept", "accepted": "en_route", "en_route": "on_scene", "on_scene": "with_person"}
        for _ in range(times):
            assignment = self.one(self.live(), nth)
            if assignment is not None:
                self._act(nth, steps.get(assignment.state, "clear"))

    def _act(self, nth: int, action: str) -> None:
        assignment = self.one(self.live(), nth)
        if assignment is None:
            return
        reason = {"decline": "out_of_position", "cancel": "not needed"}.get(action, "")
        ends = "resolved_on_scene" if action == "clear" else ""
        by = crew_of(assignment)
        self.try_to(
            lambda: assignment_act(
                assignment=assignment, action=action, by=by, at=self.at, reason=reason, disposition=ends
            )
        )

    @rule(nth=pick, lifted=st.booleans())
    def a_stage_order(self, nth: int, lifted: bool) -> None:
        """The crew reads its stage order, or the dispatcher lifts it."""
        orders = StageOrder.objects.filter(lifted_at__isnull=True, assignment__ended_at__isnull=True)
        order = self.one(orders.select_related("assignment__unit").order_by("at", "assignment__unit__call_sign"), nth)
        if order is None:
            return
        if lifted:
            by, reason = self.people["dispatcher"], "scene_safe_police"
            self.try_to(lambda: stage_lift(order=order, reason=reason, by=by, at=self.at))
        else:
            self.try_to(lambda: stage_acknowledge(order=order, how="phone", by=crew_of(order.assignment), at=self.at))

    @rule(nth=pick, reason=st.sampled_from(sorted(RETURN)))
    def a_return(self, nth: int, reason: str) -> None:
        """A crew gives the call back."""
        assignment = self.one(self.live(), nth)
        if assignment is not None:
            by = crew_of(assignment)
            self.try_to(lambda: return_to_911(assignment=assignment, reason=reason, by=by, at=self.at))

    @precondition(lambda self: Incident.objects.count() < MOST_CALLS)
    @rule(sign=st.sampled_from(SIGNS[:2]))
    def a_panic(self, sign: str) -> None:
        """A crew needs help."""
        unit = Unit.objects.get(call_sign=sign)
        self.try_to(lambda: help_request(unit=unit, by=unit.crew.get(until__isnull=True).user, at=self.at))

    @rule(nth=pick)
    def a_crew_heard(self, nth: int) -> None:
        """Somebody has heard the crew."""
        alarm = self.one(
            Alarm.objects.filter(kind__in=ENDS_WHEN_HEARD, ended_at__isnull=True).order_by(
                "opened_at", "kind", "incident__number"
            ),
            nth,
        )
        if alarm is not None:
            self.try_to(lambda: crew_heard(alarm=alarm, by=self.people["dispatcher"], at=self.at, note="on the radio"))

    @rule(sign=st.sampled_from(SIGNS), service=st.sampled_from(Unit.Service.values))
    def a_break(self, sign: str, service: str) -> None:
        """A unit goes on a break, or comes back."""
        unit = Unit.objects.get(call_sign=sign)
        by = self.people["dispatcher"]
        self.try_to(lambda: unit_service(unit=unit, service=service, reason="meal", by=by, at=self.at))

    # The machine

    @rule()
    def a_round(self) -> None:
        """The engine looks at everything that waits."""
        offers_run(centre=self.centre, at=self.at)
        # What was taken away from under one round is found by the next, which follows within a second.
        offers_run(centre=self.centre, at=self.at)
        self._nothing(UNEXPLAINED, "pending with neither an offer nor a reason")

    @rule(seconds=st.sampled_from([1, 31, 61, 200, 1300, 4000]))
    def some_time(self, seconds: int) -> None:
        """Time passes, and whatever is due happens."""
        self.at += timedelta(seconds=seconds)
        due.run(self.centre, self.at)
        due.run(self.centre, self.at)
        self._nothing(UNEXPLAINED, "pending with neither an offer nor a reason, after a sweep")

    # What always holds

    def _nothing(self, query: str, what: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(query)
            rows = cursor.fetchall()
        assert not rows, "\n".join([f"{what}: {rows}", *self._told()])

    def _told(self) -> list[str]:
        return [
            f"{one.at:%H:%M:%S} {one.entity} {str(one.entity_id)[:8]} {one.action}: {one.from_state} > {one.to_state}"
            f" ({one.reason})"
            for one in HistoryRow.objects.order_by("id")
        ]

    @invariant()
    def the_database_holds_nothing_impossible(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(ANY_FORBIDDEN)
            found = [what for (what,) in cursor.fetchall()]
        for what in found:
            self._nothing(FORBIDDEN[what], what)

    @invariant()
    def every_row_has_an_owner_and_a_next_step(self) -> None:
        for row in incident_rows(centre=self.centre, at=self.at):
            assert row.next_step, row
            assert row.owner, row
            assert row.since, row

    @invariant()
    def the_status_of_a_unit_is_its_assignments(self) -> None:
        states: dict[str, set[str]] = {}
        for unit, state in self.live().values_list("unit__call_sign", "state"):
            states.setdefault(unit, set()).add(state)
        for row in unit_rows(centre=self.centre, at=self.at):
            mine = states.get(row.call_sign, set())
            if mine:
                assert row.status in mine | {"stage", "help", "not_answering"} or row.level == "critical", (row, mine)
            else:
                assert row.status not in ASSIGNMENT_LIVE, row


@pytest.mark.django_db
def test_any_order_of_events_keeps_what_must_always_hold(floor: Centre, people: dict[str, User], at: datetime) -> None:
    class Here(Life):
        centre, started = floor, at

    Here.people = people
    drawn = os.environ.get("LIFE_SEED")
    machine = seed(int(drawn))(Here) if drawn else Here
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(os.environ.get("LIFE_EXAMPLES", "12")),
            stateful_step_count=int(os.environ.get("LIFE_STEPS", "25")),
            deadline=None,
            derandomize=drawn is None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if drawn else (Phase.generate,),
        ),
    )
