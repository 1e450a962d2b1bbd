"""Shift hand-over: offered, read, accepted; owners change only then, and nobody leaves open work behind unseen."""

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch.models import Alarm, Call, Handover, HistoryRow, Incident
from dispatch.selectors.handover import open_count, open_items
from dispatch.services.alarms import alarm_raise
from dispatch.services.handover import handover_accept, handover_end, handover_offer, handover_read, handover_take
from dispatch.services.incidents import owner_take
from tests import factories
from tests.desk.conftest import SignedIn


@pytest.fixture
def work(call: Call, people: dict[str, User], now: datetime) -> list[object]:
    """An open call with its incident, and an alarm, all of the call taker's."""
    by = people["call_taker"]
    alarm = alarm_raise(
        centre=call.incident.centre, kind=Alarm.Kind.CALL_BACK, subject="x", at=now, owner=by, incident=call.incident
    )
    return [alarm, call.incident, call]


def _owners(work: list[object]) -> set[int | None]:
    for one in work:
        one.refresh_from_db()  # type: ignore[attr-defined]  # rows of three models
    return {one.owner_id for one in work}  # type: ignore[attr-defined]  # rows of three models


def test_owners_change_only_when_the_relief_has_read_and_accepted(
    work: list[object], people: dict[str, User], now: datetime
) -> None:
    giver, relief = people["call_taker"], people["dispatcher"]
    assert [item.kind for item in open_items(giver)] == ["alarm", "incident", "call"]
    handover = handover_offer(by=giver, to=relief, note="Second caller rings at ten", at=now)
    assert _owners(work) == {giver.pk}
    with pytest.raises(Refused, match="Read the list first"):
        handover_accept(handover=handover, by=relief, at=now)
    handover_read(handover=handover, by=giver, at=now)
    with pytest.raises(Refused, match="Only the named relief"):
        handover_accept(handover=handover, by=people["dispatcher2"], at=now)
    handover_read(handover=handover, by=relief, at=now)
    assert _owners(work) == {giver.pk}
    handover_accept(handover=handover, by=relief, at=now)
    assert _owners(work) == {relief.pk}
    assert open_count(giver) == 0
    assert set(handover.items.values_list("moved_at", flat=True)) == {now}
    assert HistoryRow.objects.filter(action="own", by=relief).count() == 2
    assert list(AuditRow.objects.filter(entity="handover").order_by("id").values_list("action", flat=True)) == [
        "handover.offer",
        "handover.read",
        "handover.accept",
    ]
    assert "Second caller" not in str(list(AuditRow.objects.values_list("detail", flat=True)))
    with pytest.raises(Refused, match="accepted already"):
        handover_end(handover=handover, by=relief, at=now)


def test_what_changed_hands_meanwhile_stays_there(work: list[object], people: dict[str, User], now: datetime) -> None:
    giver, relief, third = people["call_taker"], people["dispatcher"], people["dispatcher2"]
    handover = handover_offer(by=giver, to=relief, note="", at=now)
    incident = work[1]
    assert isinstance(incident, Incident)
    owner_take(incident=incident, by=third, at=now)
    handover_read(handover=handover, by=relief, at=now)
    handover_accept(handover=handover, by=relief, at=now)
    assert _owners([incident]) == {third.pk}
    assert _owners([work[0], work[2]]) == {relief.pk}


@pytest.mark.parametrize(("who", "state"), [("call_taker", "withdrawn"), ("dispatcher", "declined")])
def test_withdrawn_or_declined_changes_nothing(
    work: list[object], people: dict[str, User], now: datetime, who: str, state: str
) -> None:
    handover = handover_offer(by=people["call_taker"], to=people["dispatcher"], note="", at=now)
    with pytest.raises(Refused, match="withdraw it first"):
        handover_offer(by=people["call_taker"], to=people["dispatcher2"], note="", at=now)
    assert handover_end(handover=handover, by=people[who], at=now).state == state
    assert _owners(work) == {people["call_taker"].pk}
    handover_offer(by=people["call_taker"], to=people["dispatcher2"], note="", at=now)


def test_only_the_floor_can_relieve(work: list[object], people: dict[str, User], now: datetime) -> None:
    giver = people["call_taker"]
    for relief in (giver, people["responder"], people["analyst"]):
        with pytest.raises(Refused):
            handover_offer(by=giver, to=relief, note="", at=now)
    with pytest.raises(Refused, match="nothing to hand over"):
        handover_offer(by=people["dispatcher"], to=giver, note="", at=now)
    assert not Handover.objects.exists()


def test_a_supervisor_takes_over_with_a_reason(work: list[object], people: dict[str, User], now: datetime) -> None:
    giver, supervisor = people["call_taker"], people["supervisor"]
    offered = handover_offer(by=giver, to=people["dispatcher"], note="", at=now)
    with pytest.raises(Refused, match="Only a supervisor"):
        handover_take(person=giver, reason="ill", by=people["dispatcher"], at=now)
    with pytest.raises(Refused, match="Choose a reason"):
        handover_take(person=giver, reason="bored", by=supervisor, at=now)
    handover_take(person=giver, reason="ill", by=supervisor, at=now)
    offered.refresh_from_db()
    assert offered.state == "withdrawn"
    assert _owners(work) == {supervisor.pk}


def test_the_pages_lead_from_offer_to_acceptance(
    signed_in: SignedIn, work: list[object], people: dict[str, User]
) -> None:
    giver, relief = signed_in("call_taker"), signed_in("dispatcher")
    page = giver.get(reverse("desk:handover")).content.decode()
    assert "Yours, open: 3" in page
    empty = giver.post(reverse("desk:handover_offer"), {"relief": "", "note": ""})
    assert empty.status_code == 422
    assert "Choose who relieves you" in empty.content.decode()
    done = giver.post(reverse("desk:handover_offer"), {"relief": people["dispatcher"].pk, "note": "Dog in yard"})
    assert done.status_code == 302
    handover = Handover.objects.get()
    assert "Not read yet" in giver.get(reverse("desk:handover")).content.decode()
    assert signed_in("dispatcher2").get(reverse("desk:handover_list", args=[handover.pk])).status_code == 403
    assert signed_in("analyst").get(reverse("desk:handover")).status_code == 403
    listed = relief.get(reverse("desk:handover_list", args=[handover.pk])).content.decode()
    assert "Dog in yard" in listed
    assert "call back" in listed
    assert relief.get(reverse("desk:handover_sheet", args=[handover.pk])).status_code == 200
    assert relief.post(reverse("desk:handover_accept", args=[handover.pk])).status_code == 302
    assert "Nothing open is yours" in giver.get(reverse("desk:handover")).content.decode()
    taken = signed_in("supervisor").post(
        reverse("desk:handover_take"), {"person": people["dispatcher"].pk, "reason": "left"}
    )
    assert taken.status_code == 302
    assert _owners(work) == {people["supervisor"].pk}


def test_signing_out_with_open_work_asks_for_a_relief(
    signed_in: SignedIn, work: list[object], people: dict[str, User], now: datetime
) -> None:
    client = signed_in("call_taker")
    kept = client.post(reverse("desk:sign_out"), {"reason": "ill"}, follow=True)
    assert "who has them when you leave" in kept.content.decode()
    assert client.get(reverse("desk:console")).status_code == 200
    handover_take(person=people["call_taker"], reason="ill", by=people["supervisor"], at=now)
    assert client.post(reverse("desk:sign_out"))["Location"] == "/sign-in/?out=1"
    supervisor = signed_in("supervisor")
    assert "handover" in supervisor.post(reverse("desk:sign_out"))["Location"]
    assert supervisor.post(reverse("desk:sign_out"), {"reason": "called_away"})["Location"] == "/sign-in/?out=1"
    assert AuditRow.objects.get(action="session.leave_open").detail == {"reason": "called_away", "open": 3}


def test_lists_cost_the_same_queries(
    work: list[object], centre: Centre, people: dict[str, User], now: datetime
) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            open_items(people["call_taker"])
        return len(queries)

    one = count()
    for _ in range(3):
        factories.a_call(centre, by=people["call_taker"], at=now)
    assert count() == one
