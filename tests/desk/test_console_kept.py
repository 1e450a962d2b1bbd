"""What a console kept while it could not send, and places that a centre's own geocoder knows."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import AuditRow, User
from dispatch.due.drafts import drafts_over
from dispatch.models import Call, CallDraft, ConsolePost, Decision, HistoryRow, LocationEntry, Transfer
from live.models import Event
from people import geocoding
from people.geocoding import Found, NoGeocoder, NominatimGeocoder, geocoder_at
from tests import factories
from tests.desk.conftest import SignedIn

pytestmark = pytest.mark.django_db


def test_without_a_geocoder_nothing_leaves_the_house(signed_in: SignedIn, call: Call) -> None:
    assert isinstance(geocoder_at(""), NoGeocoder)
    assert geocoder_at("").find("12 Main", limit=3) == []
    for wrong in ("nominatim:file:///etc/hostname", "http://geocoder:8080"):
        with pytest.raises(ValueError, match=r"http|begins with"):
            geocoder_at(wrong)
    assert NominatimGeocoder("http://127.0.0.1:9").find("12 Main", limit=3) == []
    client = signed_in("call_taker")
    assert "data-outside" not in client.get(reverse("desk:console")).content.decode()
    assert client.post(reverse("desk:places_outside"), {"text": "12 Main"}).content.strip() == b""


class _Geocoder(BaseHTTPRequestHandler):
    """Answers as Nominatim and Photon do, and counts what it was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """A match; a service error for words that say so."""
        self.asked.append(self.path)
        nominatim = [{"display_name": "12 <Main> Street, Dunmore", "lat": "36.05", "lon": "-79.1"}]
        photon = {
            "features": [
                {
                    "properties": {"housenumber": "12", "street": "Main Street", "city": "Dunmore"},
                    "geometry": {"coordinates": [-79.1, 36.05]},
                }
            ]
        }
        body = json.dumps(photon if self.path.startswith("/api") else nominatim).encode()
        self.send_response(503 if "broken" in self.path else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the test's output."""


def test_a_geocoder_is_asked_once_and_its_matches_stay_unverified(
    signed_in: SignedIn,
    call: Call,
    settings: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over HTTP: both kinds read, kept, escaped, labelled; a pick is unverified, with a point; nothing is logged."""
    # On a crowded test machine a healthy service may take longer than the product waits.
    monkeypatch.setattr(geocoding, "ASKING_S", 30.0)
    _Geocoder.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Geocoder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        root = f"http://127.0.0.1:{server.server_port}"
        photon = geocoder_at(f"photon:{root}")
        assert photon.find("12 main", limit=3) == [Found("12 Main Street, Dunmore", 36.05, -79.1)]
        settings.GEOCODER_URL = f"nominatim:{root}"
        client = signed_in("call_taker")
        assert 'data-outside="/console/places/outside/"' in client.get(reverse("desk:console")).content.decode()
        for text in ("12 main st", "12  MAIN st"):
            body = client.post(reverse("desk:places_outside"), {"text": text, "token": "picks"}).content.decode()
            assert "12 &lt;Main&gt; Street" in body
            assert "geocoder, stays unverified" in body
            assert 'data-lat="36.05"' in body
        assert len(_Geocoder.asked) == 2, "the second time was kept"
        caplog.clear()
        for _ in range(2):
            assert client.post(reverse("desk:places_outside"), {"text": "broken lane 7"}).content.strip() == b""
        assert len(_Geocoder.asked) == 3, "it rests after a failure"
        assert "geocoder failed" in caplog.text
        assert "lane" not in caplog.text
    finally:
        server.shutdown()
        server.server_close()
    picked = {"text": "12 Main Street", "lat": "36.05", "lon": "-79.1"}
    client.post(reverse("desk:call_location", args=[call.pk]), picked)
    entry = LocationEntry.objects.filter(incident=call.incident).latest("id")
    assert (entry.state, entry.lat, entry.lon) == ("unverified", 36.05, -79.1)


def test_what_a_console_kept_is_done_once_with_both_times(
    signed_in: SignedIn, call: Call, people: dict[str, User], now: datetime
) -> None:
    """The same post twice is one; late ones keep their order, and never win over what a colleague said since."""
    client, then = signed_in("call_taker"), datetime.now(UTC) - timedelta(minutes=9)
    answer, where = reverse("desk:call_answers", args=[call.pk]), reverse("desk:call_location", args=[call.pk])
    body = {"key": "weapon", "value": "none", "post": str(uuid4()), "device_at": then.isoformat()}
    for _ in range(2):
        assert client.post(answer, body).status_code == 200
    later = {"post": str(uuid4()), "device_at": (then + timedelta(minutes=1)).isoformat()}
    assert client.post(answer, {"key": "weapon", "value": "accessible", **later}).status_code == 200
    told = call.answers.filter(key="weapon").order_by("id").values_list("value", flat=True)
    assert list(told) == ["none", "accessible"], "one's own are never overtaken by one's own"
    post = call.posts.get(pk=body["post"])
    assert (post.device_at, post.at > then, post.overtaken) == (then, True, False)
    colleague = signed_in("dispatcher")
    colleague.post(answer, {"key": "violence", "value": "threats"})
    colleague.post(where, {"text": "behind the mill"})
    late = {"device_at": then.isoformat()}
    client.post(answer, {"key": "violence", "value": "none", "post": str(uuid4()), **late})
    client.post(where, {"text": "the old gate", "post": str(uuid4()), **late})
    assert call.answers.filter(key="violence").latest("id").value == "threats"
    assert LocationEntry.objects.filter(incident=call.incident).latest("id").text == "behind the mill"
    notes = list(call.incident.narrative.order_by("at").values_list("words__text", flat=True))
    assert [note.split(": ", 1)[1] for note in notes] == ["Harm to others: none", "where: the old gate"]
    client.post(answer, {"key": "violence", "value": "physical_now", "post": str(uuid4()), **late})
    assert call.answers.filter(key="violence").latest("id").value == "physical_now", (
        "more dangerous: recorded all the same"
    )
    other = factories.a_call(call.centre, by=people["call_taker"], at=now)
    refused = client.post(reverse("desk:call_answers", args=[other.pk]), body)
    assert refused.status_code == 409


def test_a_late_list_adds_its_danger_to_what_a_colleague_said(signed_in: SignedIn, call: Call) -> None:
    """A union where that adds a danger, with a note that says so; a note alone where it adds none."""
    client, colleague = signed_in("call_taker"), signed_in("dispatcher")
    then = datetime.now(UTC) - timedelta(minutes=9)
    answer = reverse("desk:call_answers", args=[call.pk])
    table = [
        ("medical_signs", ["seizure"], ["chest_pain"], ["chest_pain", "seizure"], "Late, added"),
        ("medical_signs", ["seizure"], [], ["seizure"], "Late, not applied"),
        ("need", ["transport"], ["shelter"], ["transport"], "Late, not applied"),
    ]
    for key, said_since, late, stands, words in table:
        colleague.post(answer, {"key": key, "value": json.dumps(said_since)})
        body = {"key": key, "value": json.dumps(late), "post": str(uuid4()), "device_at": then.isoformat()}
        for _ in range(2):
            assert client.post(answer, body).status_code == 200
        assert call.answers.filter(key=key).latest("id").value == stands
        note = call.incident.narrative.latest("at")
        assert note.words.text.startswith(words), key
    assert call.incident.narrative.count() == len(table)


def _late(then: datetime) -> dict[str, str]:
    return {"post": str(uuid4()), "device_at": then.isoformat()}


def test_what_acts_and_comes_late_is_done_only_in_the_situation_it_was_made_in(
    signed_in: SignedIn, call: Call, people: dict[str, User], now: datetime
) -> None:
    """A decision, an end and a transfer: done once where nothing has moved, else shown again, with a note."""
    client, colleague = signed_in("call_taker"), signed_in("dispatcher")
    then = datetime.now(UTC) - timedelta(minutes=9)
    url = {what: reverse(f"desk:call_{what}", args=[call.pk]) for what in ("answers", "decision", "end", "transfer")}
    step = reverse("desk:call_transfer_step", args=[call.pk, "back"])
    client.post(url["answers"], {"key": "weapon", "value": "none", **_late(then)})
    # Accepted on a screen that showed something else than what these answers suggest now.
    accept = {"id": str(uuid4()), "action": "accept", "seen": "outreach_followup", **_late(then)}
    for _ in range(2):
        response = client.post(url["decision"], accept)
        assert (response.status_code, "press again" in response.content.decode()) == (409, True)
    assert not Decision.objects.exists()
    colleague.post(url["answers"], {"key": "violence", "value": "threats"})
    acts = [
        (url["decision"], {"id": str(uuid4()), "action": "send"}),
        (url["transfer"], {"id": str(uuid4()), "whom": "clinician", "bridge": "on"}),
        (step, {}),
        (url["end"], {"ended_as": "completed"}),
    ]
    for address, data in acts:
        assert client.post(address, {**data, **_late(then)}).status_code == 409, address
    call.refresh_from_db()
    assert (Decision.objects.count(), Transfer.objects.count(), call.state) == (0, 0, "open")
    told = [one.words.text.split(": ", 1)[1] for one in call.incident.narrative.order_by("at")]
    assert told == [
        "accept the suggestion", "send to dispatch", "transfer to a clinician", "take the caller back",
        "end the call: completed",
    ]  # fmt: skip
    # Pressed again, with the situation in view; and a late one where nothing has moved since.
    fresh = {"post": str(uuid4()), "device_at": datetime.now(UTC).isoformat()}
    for _ in range(2):
        assert client.post(url["decision"], {"id": str(uuid4()), "action": "send", **fresh}).status_code == 200
    assert Decision.objects.count() == 1, "the same post twice is one decision"
    other = factories.a_call(
        call.centre,
        by=people["call_taker"],
        at=now - timedelta(minutes=20),
        where=factories.HOME,
        nature="welfare_check",
    )
    for what, data in (("decision", {"id": str(uuid4()), "action": "send"}), ("end", {"ended_as": "completed"})):
        assert client.post(reverse(f"desk:call_{what}", args=[other.pk]), {**data, **_late(then)}).status_code == 200
    other.refresh_from_db()
    assert (other.state, other.incident.sent_at is not None) == ("ended", True)
    assert set(ConsolePost.objects.filter(call=other).values_list("what", "overtaken")) == {
        ("decision", False),
        ("end", False),
    }


SECRET = "Quillfeather hides behind the"


def _typed(text: str, at: datetime, tab: object, field: str = "note") -> dict[str, str]:
    return {"field": field, "text": text, "tab": str(tab), "typed_at": at.isoformat()}


def test_unsent_words_are_kept_given_back_and_let_go(
    signed_in: SignedIn, call: Call, people: dict[str, User], caplog: pytest.LogCaptureFixture
) -> None:
    """The latest words come back, an overtaken post changes nothing, sending or ending lets go; no board ever hears."""
    client, tab, at = signed_in("call_taker"), uuid4(), datetime.now(UTC) - timedelta(seconds=50)
    url, events = reverse("desk:call_unsent", args=[call.pk]), Event.objects.count()
    rows = HistoryRow.objects.count()
    for text, typed in ((f"{SECRET} mill", at), (f"{SECRET} gate", at + timedelta(seconds=2)), ("late", at)):
        assert client.post(url, _typed(text, typed, tab)).status_code == 204
    assert client.post(url, _typed("12 Mai", at, tab, "where")).status_code == 204
    assert (Event.objects.count(), HistoryRow.objects.count()) == (events, rows)
    assert set(CallDraft.objects.values_list("field", "text")) == {("note", f"{SECRET} gate"), ("where", "12 Mai")}
    body = client.get(reverse("desk:console")).content.decode()
    assert f"{SECRET} gate" in body
    supervisor = signed_in("supervisor")
    for name in ("queue", "console", "overview", "wall"):
        assert SECRET not in supervisor.get(reverse(f"desk:{name}")).content.decode(), name
    assert SECRET not in client.get(reverse("desk:call", args=[call.pk])).content.decode(), "no part that is drawn anew"
    # Another machine counts whatever its clock says; a clock that is ahead is held back to the server's.
    assert client.post(url, _typed("from the other desk", at - timedelta(hours=1), uuid4())).status_code == 204
    assert client.post(url, _typed("again here", datetime.now(UTC) + timedelta(hours=1), tab)).status_code == 204
    kept = CallDraft.objects.get(field="note")
    assert (kept.text, kept.typed_at <= kept.at) == ("again here", True)
    note = {"id": str(uuid4()), "text": "again here", "device_at": datetime.now(UTC).isoformat()}
    client.post(reverse("desk:call_notes", args=[call.pk]), note)
    client.post(url, _typed("again her", kept.typed_at, tab))
    client.post(reverse("desk:call_location", args=[call.pk]), {"text": "12 Main", "post": str(uuid4())})
    assert list(CallDraft.objects.values_list("text", flat=True)) == ["", ""], "sent, and not brought back"
    client.post(url, _typed("one more", datetime.now(UTC), tab))
    client.post(reverse("desk:call_end", args=[call.pk]), {"ended_as": "completed"})
    assert not CallDraft.objects.exists()
    assert client.post(url, _typed(SECRET, datetime.now(UTC), tab)).status_code == 204, "after the call, for a day"
    assert SECRET not in caplog.text
    assert drafts_over(call.centre, datetime.now(UTC) + timedelta(hours=23)) == 0
    assert drafts_over(call.centre, datetime.now(UTC) + timedelta(hours=25)) == 1
    Call.objects.filter(pk=call.pk).update(ended_at=datetime.now(UTC) - timedelta(hours=25))
    assert client.post(url, _typed(SECRET, datetime.now(UTC), tab)).status_code == 409
    assert not CallDraft.objects.exists()


def test_who_takes_the_call_over_reads_what_was_left_and_that_is_audited(
    signed_in: SignedIn, call: Call, people: dict[str, User], now: datetime
) -> None:
    kim, taker, at = signed_in("call_taker"), signed_in("call_taker2"), datetime.now(UTC)
    url = {what: reverse(f"desk:call_{what}", args=[call.pk]) for what in ("unsent", "unsent_read", "unsent_settled")}
    kim.post(url["unsent"], _typed(SECRET, at, uuid4()))
    settled = {"ids": str(CallDraft.objects.get().pk)}
    stranger = factories.the_people(factories.a_centre(at=now, slug="otherton"))["call_taker"]
    for client, status in ((taker, 403), (signed_in("responder"), 403), (signed_in("supervisor"), 403)):
        assert client.post(url["unsent_read"]).status_code == status, "only who has the call"
        assert client.post(url["unsent_settled"], settled).status_code == status
    stranger_client = signed_in("call_taker")
    stranger_client.force_login(stranger)
    assert [stranger_client.post(one, {**_typed("x", at, uuid4()), **settled}).status_code for one in url.values()] == [
        404
    ] * 3
    assert signed_in("responder").post(url["unsent"], _typed("x", at, uuid4())).status_code == 403
    assert not AuditRow.objects.filter(action__startswith="draft.").exists()
    Call.objects.filter(pk=call.pk).update(owner=people["call_taker2"])
    body = taker.get(reverse("desk:console")).content.decode()
    assert f"Unsent words of {people['call_taker']}," in body
    assert SECRET not in body, "read by pressing, which is written down"
    assert taker.post(url["unsent_read"]).json()["words"][0]["text"] == SECRET
    row = AuditRow.objects.get(action="draft.read")
    assert (row.by, row.entity_id) == (people["call_taker2"], str(call.pk))
    assert SECRET not in json.dumps(row.detail)
    assert CallDraft.objects.get().text == SECRET, "an answer lost on its way costs nothing"
    assert taker.post(url["unsent_settled"], {"ids": "none"}).status_code == 422
    assert taker.post(url["unsent_settled"], settled).status_code == 204
    assert "Unsent words of" not in taker.get(reverse("desk:console")).content.decode()
    kim.post(url["unsent"], _typed("and more", datetime.now(UTC), uuid4()))
    line = {"text": f"unsent #{call.incident.number:04d}", "id": str(uuid4())}
    assert taker.post(reverse("desk:command_run"), line).status_code == 200
    assert "and more" in call.incident.narrative.get().words.text
    assert CallDraft.objects.get().text == ""
