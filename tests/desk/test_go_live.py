"""The go-live list, the protocol's page, and the admin for system administrators."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditRow, Centre, RoleGrant, User
from desk.readiness import missing, points
from dispatch.models import Call, HandoffTarget, Incident
from people.models import Place
from programs.models import ProgramVersion, ProtocolVersion
from programs.preset_schema import all_presets
from programs.services import program_install
from programs.spec import spec_of
from responders.models import Team
from tests import factories
from tests.desk.conftest import SignedIn

NOT_LIVE = "NOT LIVE"


@pytest.fixture
def real(db: None, now: datetime) -> Centre:
    """A centre that is not simulated, with people, units and programs that were made before."""
    centre = factories.a_centre(at=now, slug="realville", simulated=False)
    people = factories.the_people(centre)
    factories.the_units(centre, people, at=now)
    return centre


def client_of(centre: Centre, name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=f"{centre.slug}-{name}"))
    return client


def test_a_centre_opens_only_when_the_list_is_done(real: Centre, now: datetime) -> None:
    administrator = client_of(real, "program_administrator")
    body = administrator.get(reverse("desk:go_live")).content.decode()
    assert NOT_LIVE in body
    first = missing(real, now)
    assert {"Hand-off numbers called and answered", "Protocol signed by a medical director"} <= set(first)
    assert "People at every seat" not in first
    refused = administrator.post(reverse("desk:go_live_open"))
    assert refused.status_code == 409
    assert "Still missing" in refused.content.decode()
    empty = administrator.post(reverse("desk:target_set"), {"kind": "police", "name": "", "phone": ""})
    assert empty.status_code == 422
    for kind in ("police", "ems", "fire", "988"):
        number = {"kind": kind, "name": f"{kind} desk", "phone": "555 0100"}
        assert administrator.post(reverse("desk:target_set"), number).status_code == 302
    assert "Not called and answered yet" in administrator.get(reverse("desk:go_live")).content.decode()
    for target in HandoffTarget.objects.filter(centre=real):
        administrator.post(reverse("desk:target_tried", args=[target.pk]), {"answered": "yes"})
    for item in ("natures", "cards"):
        assert administrator.post(reverse("desk:go_live_confirm"), {"item": item}).status_code == 302
    assert administrator.post(reverse("desk:go_live_confirm"), {"item": "luck"}).status_code == 422
    _protocol_signed(real)
    _program_staffed(real, now)
    _test_call(real, now)
    assert missing(real, now) == []
    assert administrator.post(reverse("desk:go_live_open")).status_code == 302
    real.refresh_from_db()
    assert real.live_at is not None
    assert NOT_LIVE not in administrator.get(reverse("desk:go_live")).content.decode()
    assert AuditRow.objects.filter(action="centre.open", centre=real).count() == 1


def _protocol_signed(centre: Centre) -> None:
    administrator, clinician = client_of(centre, "program_administrator"), client_of(centre, "clinician")
    page = reverse("desk:protocol")
    assert "Draft from the reference protocol" in administrator.get(page).content.decode()
    administrator.post(reverse("desk:protocol_draft"))
    draft = ProtocolVersion.objects.get(centre=centre)
    proven = administrator.get(page).content.decode()
    assert "Proven safe" in proven
    assert "I4-breathing-exception: A call with" in proven
    administrator.post(reverse("desk:protocol_submit", args=[draft.pk]), {"reason": "The first"})
    unsigned = clinician.post(reverse("desk:protocol_publish", args=[draft.pk]), {"medical_director": "Dr. Okafor"})
    assert unsigned.status_code == 422
    assert "date of its next review" in unsigned.content.decode()
    ahead = (timezone.now() + timedelta(days=300)).date().isoformat()
    signed = {"medical_director": "Dr. Okafor", "review_by": ahead}
    assert clinician.post(reverse("desk:protocol_publish", args=[draft.pk]), signed).status_code == 302
    assert "Signed by Dr. Okafor" in clinician.get(page).content.decode()


def _program_staffed(centre: Centre, now: datetime) -> None:
    team = Team.objects.get(centre=centre, slug="star")
    version = program_install(
        centre=centre, agency=team.agency, spec=spec_of(all_presets()["star"], hours="24/7"), area=factories.TOWN,
        by=None, at=now,
    )  # fmt: skip
    version.program.teams.add(team)
    ProgramVersion.objects.filter(pk=version.pk).update(state="published", effective_from=now, published_at=now)


def _test_call(centre: Centre, now: datetime) -> None:
    by = User.objects.get(username="realville-call_taker")
    call = factories.a_call(centre, by=by, at=now)
    Call.objects.filter(pk=call.pk).update(state="ended", ended_as="test", ended_at=now)
    Incident.objects.filter(pk=call.incident_id).update(state="closed", closed_at=now, outcome="test")


def test_the_list_says_what_is_there_and_who_may_see_it(signed_in: SignedIn, centre: Centre, now: datetime) -> None:
    found = {point.title: point for point in points(centre, now)}
    assert found["Beats"].words == "1 beats."
    assert not found["Hand-off numbers called and answered"].done
    for role, status in (("system_administrator", 200), ("supervisor", 200), ("call_taker", 403)):
        assert signed_in(role).get(reverse("desk:go_live")).status_code == status


def test_the_admin_is_for_system_administrators_of_their_own_centre(signed_in: SignedIn, centre: Centre) -> None:
    other = factories.a_centre(at=timezone.now(), slug="other")
    stranger = factories.a_person(other, "stranger", "dispatcher")
    assert Client().get("/admin/")["Location"].startswith("/admin/login/")
    assert signed_in("supervisor").get("/admin/", follow=True).status_code == 403
    admin = signed_in("system_administrator")
    for page in ("", "accounts/user/", "accounts/agency/", "accounts/centre/", "accounts/displaydevice/",
                 "responders/team/", "responders/unit/", "people/area/", "people/place/",
                 "accounts/user/add/", "responders/unit/add/"):  # fmt: skip
        assert admin.get(f"/admin/{page}").status_code == 200, page
    listed = admin.get("/admin/accounts/user/").content.decode()
    assert "elmford-dispatcher" in listed
    assert "stranger" not in listed
    assert admin.get(f"/admin/accounts/user/{stranger.pk}/change/").status_code == 302
    own = User.objects.get(username="elmford-dispatcher")
    assert admin.get(f"/admin/accounts/user/{own.pk}/delete/").status_code == 403


def test_every_change_in_the_admin_is_audited_without_values(signed_in: SignedIn, centre: Centre) -> None:
    admin = signed_in("system_administrator")
    roles = {"role_grants-TOTAL_FORMS": "1", "role_grants-INITIAL_FORMS": "0", "role_grants-0-role": "dispatcher"}
    made = admin.post(
        "/admin/accounts/user/add/",
        {
            "username": "newcomer", "display_name": "New Comer", "password1": "lantern-harbor-41x",
            "password2": "lantern-harbor-41x", "usable_password": "true",
            "agency": str(centre.agencies.get(slug="ecc").pk), **roles,
        },
    )  # fmt: skip
    assert made.status_code == 302, made.content.decode()[-3000:]
    user = User.objects.get(username="newcomer")
    assert user.centre == centre
    assert RoleGrant.objects.get(user=user).role == "dispatcher"
    row = AuditRow.objects.get(action="admin.add", entity="user")
    assert (row.entity_id, row.by) == (str(user.pk), User.objects.get(username="elmford-system_administrator"))
    assert "New Comer" not in str(row.detail)
    place = Place.objects.filter(centre=centre).first()
    assert place is not None
    changed = {
        "kind": place.kind,
        "label": "Oak Court",
        "lat": "41.5",
        "lon": "-95.9",
        "beat": "A1",
        "location_type": "",
    }
    assert admin.post(f"/admin/people/place/{place.pk}/change/", changed).status_code == 302
    place.refresh_from_db()
    assert "oak" in place.search
    assert "Label" in AuditRow.objects.get(action="admin.change", entity="place").detail["fields"]
