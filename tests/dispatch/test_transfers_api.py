"""Transfers, promises and numbers over HTTP: one path each, and what the API says when it will not."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

from rest_framework.test import APIClient

from accounts.models import Centre, User
from dispatch.services.targets import target_set
from tests import factories
from tests.api.doors import get, post

ClientFor = Callable[[str], APIClient]


def test_a_caller_is_given_taken_and_resolved_and_the_row_says_so(
    floor: Centre, people: dict[str, User], client_for: ClientFor, at: datetime
) -> None:
    call = factories.a_triaged_call(floor, by=people["call_taker"], at=at, in_person_needed="no", caller="first_party")
    taker, clinician = client_for("call_taker"), client_for("clinician")
    id = str(uuid4())
    for status in (201, 200):
        made = post(taker, f"calls/{call.pk}/transfer", {"id": id, "kind": "clinician"}, expect=status)
    assert (made["state"], made["receiver"], made["bridge"]) == ("offered", "", False)
    refused = post(taker, f"calls/{call.pk}/transfer", {"kind": "carrier pigeon"}, expect=422)
    assert "kind" in refused["errors"]
    assert post(taker, f"transfers/{id}/ring")["state"] == "ringing"
    assert post(taker, f"transfers/{id}/connect", expect=403)["code"] == "forbidden"
    assert post(clinician, f"transfers/{id}/connect")["receiver"] == str(people["clinician"])
    [row] = get(taker, "incidents")["results"]
    assert [one["state"] for one in row["transfers"]] == ["connected"]
    assert (row["state_words"], row["must_decide"], row["top"]) == ("WITH CLINICIAN", False, False)
    ended = post(clinician, f"transfers/{id}/resolve", {"disposition": "resolved_by_phone"})
    assert ended["state"] == "resolved"
    wrong = post(clinician, f"transfers/{id}/decline", {"reason": "language"}, expect=409)
    assert (wrong["code"], wrong["state"]) == ("wrong_state", "resolved")
    assert get(taker, "transfers")["results"] == []


def test_a_sender_is_received_and_told_and_a_number_is_tried(
    floor: Centre, people: dict[str, User], client_for: ClientFor, at: datetime
) -> None:
    taker, chief = client_for("call_taker"), client_for("supervisor")
    line = target_set(centre=floor, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=at, by=None)
    [listed] = get(taker, "targets")["results"]
    assert (listed["phone"], listed["answered_at"]) == ("+1 308 555 0188", None)
    assert post(chief, f"targets/{line.pk}/tested", {"answered": True})["tested_by"] == str(people["supervisor"])
    bad = post(taker, "transfers/in", {"kind": "988", "sender_number": "none"}, expect=422)
    assert list(bad["errors"]) == ["sender_number"]
    made = post(taker, "transfers/in", {"kind": "988", "sender_number": "+13085550188", "sender_reference": "R-7"})
    assert (made["direction"], made["sender_reference"]) == ("in", "R-7")
    assert "+13085550188" not in str(made)
    assert post(taker, f"transfers/{made['id']}/tell", {"reached": True})["disposition"] == "reached"
