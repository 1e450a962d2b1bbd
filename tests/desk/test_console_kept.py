"""What a console kept while it could not send, and places that a centre's own geocoder knows."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import User
from dispatch.models import Call, LocationEntry
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
    signed_in: SignedIn, call: Call, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Over HTTP: both kinds read, kept, escaped, labelled; a pick is unverified, with a point; nothing is logged."""
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
