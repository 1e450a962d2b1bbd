"""The program administration as its people use it, over HTTP."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Centre, User
from desk.forms.programs.sections import FORMS, TABS
from desk.program_list import program_rows
from people.models import Area
from programs.models import Program, ProgramVersion, VersionState
from programs.preset_schema import all_presets
from programs.services import draft_begin, preset_install
from tests import factories
from tests.desk.conftest import SignedIn
from tests.desk.test_pages import _Inline

LAT, LON = factories.LAT, factories.LON
HTMX = {"HX-Request": "true", "HX-Source": "form#section-form"}


def square(south: float, north: float) -> dict[str, object]:
    west, east = LON - 0.01, LON + 0.01
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


@pytest.fixture
def draft(programs: dict[str, ProgramVersion], people: dict[str, User], now: datetime) -> ProgramVersion:
    star = programs["star"]
    return draft_begin(program=star.program, source=star, by=people["program_administrator"], at=now)


def posted(client: Client, name: str, *args: object, data: Mapping[str, object] | None = None) -> str:
    """Where a form leads, after following it; the page must not be a refusal."""
    response = client.post(reverse(name, args=args), dict(data or {}), follow=True)
    assert response.status_code == 200, response.content.decode()[-2000:]
    return response.content.decode()


def test_welfare_checks_in_the_north_district_too(
    signed_in: SignedIn, centre: Centre, programs: dict[str, ProgramVersion]
) -> None:
    """From the wish to published: six posts by the author, one by the clinician."""
    north = square(LAT + 0.01, LAT + 0.03)
    Area.objects.create(centre=centre, kind=Area.Kind.BEAT, name="N1", district="North", shape=north)
    star = programs["star"]
    without = [slug for slug in star.spec["rules"]["natures"] if slug != "welfare_check"]
    spec = {**star.spec, "rules": {**star.spec["rules"], "natures": without}}
    ProgramVersion.objects.filter(pk=star.pk).update(state="superseded")
    live = ProgramVersion.objects.create(
        program=star.program, number=2, state="published", spec=spec, area=star.area, created_at=star.created_at,
        published_at=star.created_at, effective_from=star.created_at,
    )  # fmt: skip
    author = signed_in("program_administrator")
    assert author.get("/").headers["Location"] == reverse("desk:programs")
    assert "Change" in author.get(reverse("desk:programs")).content.decode()
    posted(author, "desk:draft_begin", star.program_id, data={"source": live.pk})
    draft = ProgramVersion.objects.get(program=star.program, state="draft")
    posted(author, "desk:section_save", draft.pk, "natures", data={"natures": [*without, "welfare_check"], "lock": "0"})
    body = posted(author, "desk:area_ground", draft.pk, data={"name": "North", "kind": "district", "lock": "0"})
    assert "N1" in body
    assert 'class="include"' in body
    changes = author.get(reverse("desk:program_check", args=[draft.pk, "changes"])).content.decode()
    assert "natures: Welfare check added" in changes
    assert "area: North added" in changes
    difference = author.get(reverse("desk:program_check", args=[draft.pk, "difference"])).content.decode()
    assert "Taken now, was not before: Welfare check" in difference
    proof = author.get(reverse("desk:program_check", args=[draft.pk, "proof"])).content.decode()
    assert "Safe for every combination of answers" in proof
    body = posted(author, "desk:version_submit", draft.pk, data={"reason": "Welfare checks in the north too"})
    assert "another person must approve" in body
    refused = author.post(reverse("desk:version_publish", args=[draft.pk]))
    assert refused.status_code == 409
    body = posted(signed_in("clinician"), "desk:version_publish", draft.pk)
    assert "approved by Clinician" in body
    draft.refresh_from_db()
    assert draft.state == VersionState.PUBLISHED
    found = author.get(reverse("desk:program", args=[star.program_id])).content.decode()
    assert "Go back to v2" in found


def test_every_tab_opens_and_saves_what_it_shows(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("program_administrator")
    before = draft.spec
    for slug, title in TABS:
        response = client.get(reverse("desk:program_section", args=[draft.pk, slug]))
        assert response.status_code == 200
        body = response.content.decode()
        assert title in body
        parser = _Inline()
        parser.feed(body)
        assert parser.found == []
        ids = re.findall(r'\bid="([^"]+)"', body)
        assert len(ids) == len(set(ids)), slug
        if slug in FORMS:
            form = response.context["form"]
            data = {
                field.html_name: value
                for field in form
                if (
                    value := field.field.prepare_value(field.initial)
                    if hasattr(field.field, "prepare_value")
                    else field.initial
                )
                not in (None, False, "")
            }
            saved = client.post(reverse("desk:section_save", args=[draft.pk, slug]), data | {"lock": "0"}, headers=HTMX)
            assert saved.status_code == 200, (slug, saved.content.decode())
    draft.refresh_from_db()
    changed = {key for key in before if before[key] != draft.spec[key]}
    assert changed <= {"rules", "charter"}
    assert draft.spec["rules"]["exclusions"] == before["rules"]["exclusions"]
    assert draft.unsaved == {}


def test_what_is_wrong_is_said_at_its_field_and_kept(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("program_administrator")
    url = reverse("desk:section_save", args=[draft.pk, "hours"])
    typed = {"day_0": "9 to 5", "table": "yes", "notation": "24/7", "shown": "24/7", "lock": "0"}
    response = client.post(url, typed, headers=HTMX)
    assert response.status_code == 422
    assert response["HX-Retarget"] == "#section-said"
    assert re.search(r'id="p-day_0"[^>]*>Monday: write spans', response.content.decode())
    page = client.get(reverse("desk:program_section", args=[draft.pk, "hours"])).content.decode()
    assert "9 to 5" in page
    assert "not accepted yet" in page
    typed["day_0"] = "22:00-02:00"
    response = client.post(url, typed, headers=HTMX)
    assert response.status_code == 200
    assert response["HX-Trigger"] == "draft-saved"
    assert "Real hours" in response.content.decode()
    draft.refresh_from_db()
    assert (draft.spec["hours"], draft.unsaved) == ("Mo 22:00-02:00", {})


def test_two_administrators_see_both_values(signed_in: SignedIn, draft: ProgramVersion) -> None:
    url = reverse("desk:section_save", args=[draft.pk, "script"])
    assert signed_in("supervisor").post(url, {"caller_script": "One", "lock": "0"}, headers=HTMX).status_code == 200
    response = signed_in("program_administrator").post(url, {"caller_script": "Two", "lock": "0"}, headers=HTMX)
    body = response.content.decode()
    assert response.status_code == 409
    assert "One" in body
    assert "Two" in body
    assert 'name="lock" value="1"' in body
    again = signed_in("program_administrator").post(url, {"caller_script": "Two", "lock": "1"}, headers=HTMX)
    assert again.status_code == 200
    plain = signed_in("supervisor").post(url, {"caller_script": "Three", "lock": "0"})
    assert plain.status_code == 409
    assert "Somebody else saved this section" in plain.content.decode()


def test_areas_are_imported_turned_over_and_refused(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("program_administrator")
    url = reverse("desk:area_import", args=[draft.pk])
    bow = {
        "type": "Polygon",
        "coordinates": [[[-95.9, 41.5], [-95.8, 41.6], [-95.8, 41.5], [-95.9, 41.6], [-95.9, 41.5]]],
    }
    response = client.post(url, {"geojson": json.dumps(bow), "lock": "0"})
    assert response.status_code == 422
    assert "crosses itself at longitude -95.85000" in response.content.decode()
    big = client.post(url, b"x" * 2_300_000, content_type="application/x-www-form-urlencoded")
    assert big.status_code == 413
    assert "nothing of it was read" in big.content.decode()
    binary = SimpleUploadedFile("area.geojson", b"\xff\xfe\x00", content_type="application/json")
    assert "no text" in client.post(url, {"file": binary, "lock": "0"}).content.decode()
    good = SimpleUploadedFile("lake.geojson", json.dumps(square(LAT, LAT + 0.005)).encode())
    body = posted(client, "desk:area_import", draft.pk, data={"file": good, "mode": "exclude", "lock": "0"})
    assert "cut out" in body
    changes = client.get(reverse("desk:program_check", args=[draft.pk, "changes"])).content.decode()
    assert "area: lake.geojson" not in changes
    assert "area: Shape 1 cut out" in changes
    assert "Whole area removed" not in changes
    posted(client, "desk:area_turn", draft.pk, data={"nth": "1", "lock": "1"})
    posted(client, "desk:area_remove", draft.pk, data={"nth": "1", "lock": "2"})
    gone = client.post(reverse("desk:area_remove", args=[draft.pk]), {"nth": "9", "lock": "3"})
    assert gone.status_code == 409
    draft.refresh_from_db()
    assert [part["name"] for part in draft.spec["area_parts"]] == ["Whole area"]
    posted(client, "desk:area_remove", draft.pk, data={"nth": "0", "lock": "3"})
    changes = client.get(reverse("desk:program_check", args=[draft.pk, "changes"])).content.decode()
    assert "Whole area removed" in changes


def test_rules_and_duties_are_edited_row_by_row(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("program_administrator")
    new = reverse("desk:rule_new", args=[draft.pk, "exclusions"])
    assert "Choose a question" in client.get(new).content.decode()
    answers = client.get(new, {"key": "behavior"}, headers=HTMX).content.decode()
    assert "Let it pass" in answers
    assert "Let it pass" not in client.get(new, {"key": "weapon"}, headers=HTMX).content.decode()
    rule = {"key": "behavior", "values": ["confused"], "if_not_asked": "continue", "label": "Confused", "lock": "0"}
    body = posted(client, "desk:rule_save", draft.pk, "exclusions", data=rule)
    assert "Behaviour is confused" in body
    unsafe = client.post(
        reverse("desk:rule_save", args=[draft.pk, "exclusions"]),
        {"key": "weapon", "values": ["in_hand"], "if_not_asked": "continue", "label": "Armed", "lock": "1"},
    )
    assert unsafe.status_code == 422
    assert "unanswered is never a no" in unsafe.content.decode()
    posted(client, "desk:rule_move", draft.pk, "exclusions", "confused", data={"move": "up", "lock": "1"})
    draft.refresh_from_db()
    assert [rule["code"] for rule in draft.spec["rules"]["exclusions"]][2] == "confused"
    data = {"data": '{"key": "weapon", "is": "sword"}', "label": "X", "lock": "2"}
    bad = client.post(reverse("desk:rule_save", args=[draft.pk, "entry"]), data)
    assert "sword" in bad.content.decode()
    duty = {
        "title": "Call within a day", "trigger": "encounter", "clock_starts": "assignment cleared",
        "due_hours": "24, 168",
        "modes": ["phone"], "attempts": "2", "owner_role": "peer", "done_when": "Reached",
        "escalate_to": "supervisor",
        "lock": "0",
    }  # fmt: skip
    refused = client.post(reverse("desk:duty_save", args=[draft.pk]), duty | {"due_hours": "soon"})
    assert refused.status_code == 422
    assert "hours with commas" in refused.content.decode()
    assert "Call within a day" in posted(client, "desk:duty_save", draft.pk, data=duty)
    posted(client, "desk:duty_save", draft.pk, data={"code": "call_within_a_day", "move": "remove", "lock": "1"})
    draft.refresh_from_db()
    assert [one["code"] for one in draft.spec["follow_ups"]] == ["partner_referral"]


def test_one_call_is_tried(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("analyst")
    url = reverse("desk:program_tried", args=[draft.pk])
    calm = client.post(
        url, {"nature": "welfare_check", "rest": "safe", "location_type": "public_outdoor"}, headers=HTMX
    )
    assert "ASK" in calm.content.decode()
    armed = client.post(
        url, {"nature": "welfare_check", "rest": "safe", "weapon": "in_hand"}, headers=HTMX
    ).content.decode()
    assert "EXCLUDED" in armed
    assert 'class="matched"' in armed
    assert client.get(reverse("desk:program_try", args=[draft.pk])).status_code == 200


def test_the_panel_says_what_is_unsafe(signed_in: SignedIn, draft: ProgramVersion) -> None:
    client = signed_in("program_administrator")
    rule = {"key": "violence", "values": ["none"], "if_not_asked": "ask", "label": "Calm", "lock": "0"}
    posted(client, "desk:rule_save", draft.pk, "exclusions", data=rule)
    posted(client, "desk:rule_move", draft.pk, "exclusions", "violence", data={"move": "remove", "lock": "1"})
    body = client.get(reverse("desk:program_check", args=[draft.pk, "proof"])).content.decode()
    assert "Not safe: cannot be published" in body
    assert "A call" in body
    company = client.get(reverse("desk:program_check", args=[draft.pk, "company"])).content.decode()
    assert "No overlap" in company
    assert client.get(reverse("desk:program_check", args=[draft.pk, "nothing"])).status_code == 404


@pytest.mark.parametrize("spec", [{}, {"rules": None, "hours": "now and then"}])
def test_the_list_stands_where_a_version_cannot_be_read(
    signed_in: SignedIn, programs: dict[str, ProgramVersion], spec: dict[str, Any]
) -> None:
    """There is no suggestion then, and this is where it is mended."""
    star = programs["star"]
    ProgramVersion.objects.filter(pk=star.pk).update(state=VersionState.RETIRED)
    star.pk, star.number, star.spec = uuid4(), 2, spec
    star.save(force_insert=True)
    assert "STAR" in signed_in("program_administrator").get(reverse("desk:programs")).content.decode()


def test_a_program_goes_out_as_a_file_and_comes_in_again(
    signed_in: SignedIn, draft: ProgramVersion, centre: Centre
) -> None:
    client = signed_in("program_administrator")
    text = client.get(reverse("desk:program_export", args=[draft.pk])).content.decode()
    assert "slug: star" in text
    agency = draft.program.agency_id
    renamed = text.replace("slug: star", "slug: moon").replace("name: STAR", "name: MOON")
    upload = SimpleUploadedFile("moon.yaml", renamed.encode())
    body = posted(client, "desk:program_import", data={"file": upload, "agency": agency})
    assert "MOON" in body
    moon = ProgramVersion.objects.get(program__slug="moon", program__centre=centre)
    assert (moon.state, moon.spec["rules"]["natures"]) == ("draft", draft.spec["rules"]["natures"])
    assert moon.area == draft.area
    bad = SimpleUploadedFile("bad.yaml", renamed.replace("max_wait_s:", "max_weight_s:").encode())
    response = client.post(reverse("desk:program_import"), {"file": bad, "agency": agency})
    assert response.status_code == 422
    assert re.search(r"line \d+, max_weight_s: Extra inputs", response.content.decode())


def test_a_new_program_begins_with_questions_and_ends_on_one_page(
    signed_in: SignedIn, people: dict[str, User], centre: Centre
) -> None:
    client = signed_in("clinician")
    assert "STAR" in client.get(reverse("desk:program_presets")).content.decode()
    url = reverse("desk:program_start", args=["star"])
    form = client.get(url).context["form"]
    given = {name: value for name, value in form.initial.items() if value not in (None, "", False)}
    agency = centre.agencies.get(slug="behavioral").pk
    missing = client.post(url, given | {"agency": agency, "hours": "sometimes"})
    assert missing.status_code == 422
    assert "cannot be read" in missing.content.decode()
    response = client.post(
        url, given | {"agency": agency, "name": "Elmford Response", "funding": "County levy"}, follow=True
    )
    body = response.content.decode()
    assert response.status_code == 200
    assert "Elmford Response" in body
    assert "County levy" in body
    version = ProgramVersion.objects.get(program__slug="elmford_response")
    assert (version.state, version.author) == ("draft", people["clinician"])
    assert version.spec["area_parts"][0]["name"] == "Town"
    blank = client.post(
        reverse("desk:program_start_blank"),
        {
            "name": "Blank One", "agency": agency, "kind": "mobile_team", "response_class": "mobile_team",
            "hours": "24/7", "natures": ["welfare_check"], "exclusions": ["weapon"], "districts": ["Old Town"],
        },
    )  # fmt: skip
    assert blank.status_code == 302
    made = ProgramVersion.objects.get(program__slug="blank_one")
    assert [rule["code"] for rule in made.spec["rules"]["exclusions"]] == ["weapon"]
    installed = posted(client, "desk:preset_install", "cahoots", data={"agency": agency})
    assert "CAHOOTS" in installed


def test_who_may_look_and_who_may_change(signed_in: SignedIn, draft: ProgramVersion) -> None:
    pages = [
        reverse("desk:programs"),
        reverse("desk:program_section", args=[draft.pk, "hours"]),
        reverse("desk:protocol"),
    ]
    for role, sees in (("auditor", 200), ("analyst", 200), ("call_taker", 403), ("responder", 403)):
        client = signed_in(role)
        assert [client.get(url).status_code for url in pages] == [sees] * 3, role
        response = client.post(reverse("desk:section_save", args=[draft.pk, "script"]), {"caller_script": "x"})
        assert response.status_code == 403
    draft.refresh_from_db()
    assert draft.locks == {}


def test_the_list_costs_the_same_for_any_number_of_programs(
    programs: dict[str, ProgramVersion], centre: Centre, now: datetime, django_assert_num_queries: Any
) -> None:
    with CaptureQueriesContext(connection) as few:
        assert len(program_rows(centre, now)) == 4
    agency = programs["star"].program.agency
    for slug in ("cahoots", "steer", "aurora_amrt"):
        preset_install(centre=centre, agency=agency, preset=all_presets()[slug], by=None, at=now)
    with django_assert_num_queries(len(few)):
        assert len(program_rows(centre, now)) == 7


def test_programs_of_another_centre_are_not_there(signed_in: SignedIn, draft: ProgramVersion, now: datetime) -> None:
    other = factories.a_centre(at=now, slug="other")
    client = Client()
    client.force_login(factories.a_person(other, "admin", "program_administrator"))
    for name in ("desk:program_version", "desk:program_export", "desk:program_summary"):
        assert client.get(reverse(name, args=[draft.pk])).status_code == 404
    assert Program.objects.filter(centre=other).count() == 0
