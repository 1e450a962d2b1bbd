"""The pages of booked visits: the list, booking from a call, moving, cancelling; and reopening a call."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from dispatch.models import HistoryRow, Incident, Visit
from dispatch.selectors.triage import answers_merged
from dispatch.services.calls import call_end
from dispatch.services.closing import incident_close
from dispatch.services.offers import offers_run
from programs.models import ProgramVersion
from tests import factories
from tests.desk.conftest import SignedIn


@pytest.fixture
def over(centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], now: datetime) -> Incident:
    """A calm call in the park, closed as “follow-up booked”."""
    call = factories.a_triaged_call(centre, by=people["call_taker"], at=now)
    call_end(call=call, ended_as="completed", by=people["call_taker"], at=now)
    return incident_close(incident=call.incident, outcome="follow_up_booked", by=people["dispatcher"], at=now)


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_a_follow_up_is_offered_booked_moved_and_cancelled(
    signed_in: SignedIn, over: Incident, centre: Centre, now: datetime
) -> None:
    client = signed_in("dispatcher")
    page = client.get(_url("visits")).content.decode()
    assert "No visit is booked." in page
    assert _url("visit_form", over.pk) in page
    form = client.get(_url("visit_form", over.pk)).content.decode()
    assert (factories.PARK in form, "(None)" in form) == (True, True)
    day = (now.astimezone(centre.zone) + timedelta(days=1)).strftime("%Y-%m-%dT14:30")
    given = {
        "id": str(uuid4()), "starts_at": day, "minutes": "60", "program": "star", "purpose": "follow_up",
        "unit": "", "suicide": "past_only",
    }  # fmt: skip
    for wrong, field, said in (
        ({"program": ""}, "program", "Choose the program"),
        ({"starts_at": "2001-01-01T10:00"}, "starts_at", "from now on"),
        ({"starts_at": "2032-03-14T02:30"}, "starts_at", "does not exist"),
        ({"weapon": "in_hand"}, "program", "would not take it then"),
        ({"unit": "x"}, "unit", "Choose a unit"),
    ):
        response = client.post(_url("visit_form", over.pk), {**given, **wrong})
        body = response.content.decode()
        assert (response.status_code, f'id="p-{field}"' in body, said in body) == (422, True, True), wrong
        # What was typed is still there.
        assert 'value="follow_up" selected' in body
    assert client.post(_url("visit_form", over.pk), given).status_code == 302
    visit = Visit.objects.get()
    assert visit.starts_at.astimezone(centre.zone).strftime("%H:%M") == "14:30"
    assert (visit.answers["suicide"], answers_merged(over)["suicide"]) == ("past_only", "none")
    page = client.get(_url("visits")).content.decode()
    assert ("STAR" in page, factories.PARK in page, "in the queue from 14:00" in page) == (True, True, True)
    assert "Follow-up said, no visit booked" not in page

    when = {"starts_at": day.replace("14:30", "16:00"), "minutes": "30"}
    refused = client.post(_url("visit_move", visit.pk), {**when, "reason": ""})
    assert (refused.status_code, "Choose why it is moved." in refused.content.decode()) == (422, True)
    assert client.post(_url("visit_move", visit.pk), {**when, "reason": "person_asked"}).status_code == 302
    # A clinician who did not book it reads it, and does not change it.
    other = signed_in("clinician")
    assert "a dispatcher changes it" in other.get(_url("visits")).content.decode()
    assert other.post(_url("visit_cancel", visit.pk), {"reason": "done_otherwise"}).status_code == 403
    assert client.post(_url("visit_cancel", visit.pk), {"reason": "done_otherwise"}).status_code == 302
    again = client.post(_url("visit_move", visit.pk), {**when, "reason": "person_asked"})
    assert (again.status_code, "cannot be set to" in again.content.decode()) == (409, True)
    visit.refresh_from_db()
    assert (visit.state, AuditRow.objects.filter(action__startswith="visit.").count()) == ("cancelled", 3)


def test_visits_are_for_the_floor_of_the_centre(signed_in: SignedIn, over: Incident) -> None:
    for role in ("responder", "analyst", "program_administrator"):
        client = signed_in(role)
        assert client.get(_url("visits")).status_code == 403
        assert client.get(_url("visit_form", over.pk)).status_code == 403


def test_a_closed_call_is_reopened_with_a_reason_and_decided_anew(
    signed_in: SignedIn, over: Incident, centre: Centre, people: dict[str, User], now: datetime
) -> None:
    client = signed_in("dispatcher")
    assert "It is not over, because" in client.get(_url("incident", over.pk)).content.decode()
    refused = client.post(_url("incident_reopen", over.pk), {"reason": ""})
    assert (refused.status_code, refused["X-Problem-Field"]) == (422, "reason")
    assert signed_in("call_taker").post(_url("incident_reopen", over.pk), {"reason": "not_over"}).status_code == 403
    assert client.post(_url("incident_reopen", over.pk), {"reason": "not_over"}).status_code == 302
    over.refresh_from_db()
    assert (over.state, over.outcome, over.closed_at, over.owner) == ("triaged", "", None, people["dispatcher"])
    row = HistoryRow.objects.get(action="reopen")
    assert (row.from_state, row.to_state, row.reason) == ("closed", "triaged", "not_over")
    assert AuditRow.objects.filter(action="incident.reopen").count() == 1
    assert over.pk in {one.pk for one in Incident.objects.exclude(state="closed")}
    page = client.get(_url("queue")).content.decode()
    assert f"{over.number:04d}" in page
    factories.a_decision(over, by=people["dispatcher"], at=now)
    assert [one.incident_id for one in offers_run(centre=centre, at=now)] == [over.pk]


def test_a_call_that_was_sent_and_closed_is_reopened_and_sent_again(
    centre: Centre, people: dict[str, User], signed_in: SignedIn, over: Incident, now: datetime
) -> None:
    client = signed_in("supervisor")
    client.post(_url("incident_reopen", over.pk), {"reason": "called_again"})
    factories.a_decision(over, by=people["dispatcher"], at=now)
    Incident.objects.filter(pk=over.pk).update(offer_wanted=False)
    incident_close(incident=over, outcome="not_found", by=people["dispatcher"], at=now)
    client.post(_url("incident_reopen", over.pk), {"reason": "called_again"})
    over.refresh_from_db()
    assert (over.sent_at, over.response_class, over.state) == (now, "", "triaged")
    factories.a_decision(over, by=people["dispatcher"], at=now)
    over.refresh_from_db()
    assert (over.state, over.offer_wanted) == ("pending", True)


def test_visits_by_command(signed_in: SignedIn, over: Incident, people: dict[str, User]) -> None:
    def typed(text: str, role: str = "dispatcher") -> tuple[int, str]:
        data = {"id": uuid4(), "text": text, "selected": str(over.pk)}
        response = signed_in(role).post(reverse("desk:command_run"), data)
        return response.status_code, response.content.decode()

    number = f"#{over.number:04d}"
    assert "Add at:14:30" in typed(f"bv {number} prog:star")[1]
    assert "Type the time as 14:30" in typed(f"bv {number} at:noon prog:star")[1]
    assert typed(f"bv {number} at:14:30 for:90 prog:star unit:star-2")[0] == 200
    visit = Visit.objects.get()
    assert (visit.starts_at.astimezone(visit.centre.zone).strftime("%H:%M"), str(visit.unit)) == ("14:30", "Star 2")
    assert visit.ends_at - visit.starts_at == timedelta(minutes=90)
    assert typed(f"mv {number} at:16:15 why:person_asked")[0] == 200
    assert typed(f"cv {number} why:danger")[0] == 200
    assert "No visit is booked" in typed(f"cv {number} why:danger")[1]
    visit.refresh_from_db()
    assert (visit.state, str(visit.unit)) == ("cancelled", "Star 2")
