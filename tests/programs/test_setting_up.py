"""An empty database, the first administrator, presets and ground from the shell; the protocol's way to be signed."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Agency, AuditRow, Centre, User
from accounts.problems import Refused
from people.models import Area
from programs.models import ProgramVersion, ProtocolVersion
from programs.selectors import protocol_approved
from programs.services import protocol_draft, protocol_publish, protocol_submit, protocol_withdraw
from tests import factories
from triage.protocol import load_reference

STRONG = "lantern-harbor-41x"
GOOD = {"name": "Riverbend 911", "zone": "America/Denver", "username": "ada", "person": "Ada Quill"}


def set_up(monkeypatch: pytest.MonkeyPatch, password: str = STRONG, **changed: str) -> str:
    monkeypatch.setenv("SETUP_PASSWORD", password)
    out = StringIO()
    call_command("setup", stdout=out, **(GOOD | changed))
    return out.getvalue()


@pytest.mark.django_db
def test_setup_makes_centre_zone_and_first_administrator_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Riverbend 911 is there" in set_up(monkeypatch)
    centre, user = Centre.objects.get(), User.objects.get()
    assert (centre.slug, centre.simulated, centre.live_at) == ("riverbend-911", False, None)
    assert user.check_password(STRONG)
    assert set(user.role_grants.values_list("role", flat=True)) == {"system_administrator", "program_administrator"}
    assert ProtocolVersion.objects.get().state == "draft"
    assert (ProgramVersion.objects.count(), Area.objects.count()) == (0, 0)
    with pytest.raises(CommandError, match="already"):
        set_up(monkeypatch)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "changed", "words"),
    [
        ("short", {}, "too short"),
        (STRONG, {"zone": "Mars/Olympus"}, "no time zone"),
    ],
)
def test_setup_that_is_refused_makes_nothing(
    monkeypatch: pytest.MonkeyPatch, password: str, changed: dict[str, str], words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        set_up(monkeypatch, password, **changed)
    assert not Centre.objects.exists()


def test_presets_and_files_install_as_drafts(db: None, at: datetime, tmp_path: Path) -> None:
    centre = factories.a_centre(at=at, slug="realville", simulated=False)
    out = StringIO()
    call_command("program_install", "star", agency="behavioral", stdout=out)
    version = ProgramVersion.objects.get(program__centre=centre)
    assert (version.state, version.program.slug) == ("draft", "star")
    with pytest.raises(CommandError, match="neither a file nor a preset"):
        call_command("program_install", "moon", agency="behavioral")
    with pytest.raises(CommandError, match="--agency; there is"):
        call_command("program_install", "star")
    broken = tmp_path / "broken.yaml"
    broken.write_text("slug: x\nname: [", encoding="utf-8")
    with pytest.raises(CommandError, match="line 2"):
        call_command("program_install", str(broken), agency="behavioral")


def test_beats_are_loaded_from_a_file(db: None, at: datetime, tmp_path: Path) -> None:
    centre = factories.a_centre(at=at, slug="realville", simulated=False)
    feature = {"type": "Feature", "properties": {"name": "N1", "district": "North"}, "geometry": factories.TOWN}
    path = tmp_path / "beats.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    call_command("import_areas", str(path), stdout=StringIO())
    assert Area.objects.get(centre=centre, name="N1").district == "North"
    feature["properties"] = {}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    with pytest.raises(CommandError, match="Feature 1 has no name"):
        call_command("import_areas", str(path), stdout=StringIO())


def test_a_protocol_is_signed_with_a_review_date_by_two_people(db: None, at: datetime) -> None:
    centre = factories.a_centre(at=at, slug="realville", simulated=False)
    people = factories.the_people(centre)
    administrator, clinician = people["program_administrator"], people["clinician"]
    with pytest.raises(Refused, match="floors"):
        protocol_draft(centre=centre, data={"slug": "x"}, by=administrator, at=at)
    draft = protocol_draft(centre=centre, data=load_reference().to_dict(), by=administrator, at=at)
    protocol_submit(version=draft, reason="The first", by=administrator, at=at)
    signed = {"medical_director": "Dr. I. Okafor", "review_by": date(2026, 6, 1), "effective_from": None, "at": at}
    with pytest.raises(Refused, match="Name the medical director"):
        protocol_publish(version=draft, by=clinician, **(signed | {"medical_director": " "}))  # type: ignore[arg-type]  # from a table
    with pytest.raises(Refused, match="next review"):
        protocol_publish(version=draft, by=clinician, **(signed | {"review_by": date(2025, 1, 1)}))  # type: ignore[arg-type]  # from a table
    with pytest.raises(Refused, match="another person"):
        protocol_publish(version=draft, by=administrator, **signed)  # type: ignore[arg-type]  # from a table
    live = protocol_publish(version=draft, by=clinician, **signed)  # type: ignore[arg-type]  # from a table
    assert live.state == "published"
    assert live.proof is not None
    assert protocol_approved(centre, at)
    assert not protocol_approved(centre, at + timedelta(days=365))
    theirs = protocol_draft(centre=centre, data=load_reference().to_dict(), by=clinician, at=at)
    protocol_submit(version=theirs, reason="By another hand", by=administrator, at=at)
    with pytest.raises(Refused, match="You wrote part of it"):
        protocol_publish(version=theirs, by=clinician, **signed)  # type: ignore[arg-type]  # from a table
    second = protocol_draft(centre=centre, data=load_reference().to_dict(), by=clinician, at=at)
    assert protocol_withdraw(version=second, words="", by=clinician, at=at).state == "retired"
    assert AuditRow.objects.filter(action="protocol.publish", centre=centre).count() == 1
    assert Agency.objects.filter(centre=centre).exists()
