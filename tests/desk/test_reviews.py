"""The list for review: who sees it, what is on it, how it gets shorter; and what the queue's pane notes for crews."""

from django.urls import reverse

from accounts.models import User
from dispatch.models import Alarm, Assignment, ReviewItem
from responders.models import Unit
from tests.desk.conftest import SignedIn


def _url(name: str, *args: object) -> str:
    return reverse(f"desk:{name}", args=args)


def test_a_supervisor_works_through_the_list(signed_in: SignedIn, accepted: Assignment) -> None:
    client = signed_in("supervisor")
    assert "Nothing waits for review" in client.get(_url("reviews")).content.decode()
    signed_in("responder").post(_url("return", accepted.pk), {"reason": "unsafe"})
    body = client.get(_url("reviews")).content.decode()
    assert "Returned to 911" in body
    assert "Unsafe" in body
    assert "1 to review" in client.get(_url("overview")).content.decode()
    assert "Unsafe" not in client.get(f"{_url('reviews')}?kind=backup").content.decode()
    item = ReviewItem.objects.get()
    empty = client.post(_url("review_close", item.pk), {"note": ""})
    assert (empty.status_code, empty["X-Problem-Field"]) == (422, "note")
    done = client.post(_url("review_close", item.pk), {"note": "Talked to the crew"}, headers={"HX-Request": "true"})
    assert f'id="review-{item.pk}"' in done.content.decode()
    assert "Returned to 911" not in client.get(_url("reviews")).content.decode().partition("<tbody>")[2]


def test_only_supervisors_review(signed_in: SignedIn, accepted: Assignment) -> None:
    signed_in("responder").post(_url("return", accepted.pk), {"reason": "unsafe"})
    client = signed_in("dispatcher")
    assert client.get(_url("reviews")).status_code == 403
    assert client.post(_url("review_close", ReviewItem.objects.get().pk), {"note": "x"}).status_code == 403


def test_what_a_dispatcher_is_told_is_noted_in_the_pane(
    signed_in: SignedIn, people: dict[str, User], units: dict[str, Unit], accepted: Assignment
) -> None:
    client = signed_in("dispatcher")
    id = accepted.incident_id
    unheard = client.post(_url("incident_escalate", id), {"kind": "return:tired", "reason": "x"})
    assert (unheard.status_code, unheard["X-Problem-Field"]) == (422, "kind")
    assert "The crew gives it back: unsafe" in client.get(_url("incident_pane", id)).content.decode()
    assert "gives it back" not in signed_in("call_taker").get(_url("incident_pane", id)).content.decode()
    refused = client.post(_url("incident_escalate", id), {"kind": "clinician_unavailable", "reason": ""})
    assert (refused.status_code, refused["X-Problem-Field"]) == (422, "reason")
    told = client.post(_url("incident_escalate", id), {"kind": "clinician_unavailable", "reason": "all busy"})
    assert (told.status_code, Alarm.objects.get().kind) == (200, "clinician_unavailable")
    assert client.post(_url("scene_safe", id), {"said_by": ""}).status_code == 422
    assert client.post(_url("scene_safe", id), {"said_by": "Officer Hale"}).status_code == 200
    for action in ("en_route", "on_scene"):
        client.post(_url("assignment_radio", accepted.pk, action))
    pane = client.get(_url("incident_pane", id)).content.decode()
    assert f'id="ok-{accepted.pk}"' in pane
    assert client.post(_url("assignment_ok", accepted.pk)).status_code == 200
    Assignment.objects.filter(pk=accepted.pk).update(slot="assist")
    assert "Leads now" in client.get(_url("incident_pane", id)).content.decode()
    assert client.post(_url("assignment_promote", accepted.pk)).status_code == 200
    accepted.refresh_from_db()
    assert accepted.slot == "primary"
    back = {"kind": "return:medical", "reason": "Chest pain"}
    assert signed_in("call_taker").post(_url("incident_escalate", id), back).status_code == 403
    assert client.post(_url("incident_escalate", id), back).status_code == 200
    accepted.refresh_from_db()
    assert (accepted.disposition, accepted.end_reason) == ("returned_to_911", "medical")
    assert client.post(_url("incident_escalate", id), back).status_code == 409
