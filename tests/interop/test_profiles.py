"""Safety profiles of a registry: read by line and field, loaded wholly or not at all, brought up to date, withdrawn."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditRow, Centre
from accounts.problems import Refused
from interop.profiles.reader import BadRow, ProfileRow, WithdrawnRow, read
from interop.profiles.services import profiles_import
from people.models import Phone, SafetyProfile
from people.services import number_hash
from tests import factories

NUMBER = "+13085550142"
WORDS = "Insulin in the blue Quillfeather box"
ROW: dict[str, Any] = {
    "external_id": "r-1",
    "phone": "(308) 555-0142",
    "confirmed_at": "2025-03-01",
    "details": [{"code": "medical", "text": WORDS}],
}


def _lines(*rows: dict[str, Any]) -> str:
    return "\n".join(map(json.dumps, rows))


def test_a_row_is_understood(at: datetime) -> None:
    rows = list(read([_lines(ROW), "", '{"external_id": "r-2", "withdrawn": true}'], zone=UTC, at=at))
    midnight = datetime(2025, 3, 1, tzinfo=UTC)
    assert rows == [ProfileRow(1, "r-1", NUMBER, midnight, (("medical", WORDS),)), WithdrawnRow(3, "r-2")]


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        ("{" + WORDS, "line", "JSON"),
        ("[1]", "line", "object"),
        ({"external_id": ""}, "external_id", "empty"),
        ({"external_id": "x" * 81}, "external_id", "longer than 80"),
        ({"withdrawn": False}, "withdrawn", "is true"),
        ({"photo": WORDS}, "line", "fields beside"),
        ({"phone": None}, "phone", "missing"),
        ({"phone": WORDS}, "phone", "no telephone number"),
        ({"confirmed_at": WORDS}, "confirmed_at", "no date"),
        ({"confirmed_at": 5}, "confirmed_at", "no date"),
        ({"confirmed_at": "2025-03-01T10:00:00"}, "confirmed_at", "without its zone"),
        ({"confirmed_at": "2025-06-04"}, "confirmed_at", "later than now"),
        ({"confirmed_at": "1999-01-01"}, "confirmed_at", "before 2000"),
        ({"details": []}, "details", "withdraw the profile"),
        ({"details": [{"code": "pets", "text": "x"}] * 41}, "details", "more than 40"),
        ({"details": [WORDS]}, "details 1", "code and text"),
        ({"details": [*ROW["details"], {"code": WORDS, "text": "x"}]}, "details 2 code", "is none of lives_here"),
        ({"details": [{"code": "pets", "text": " "}]}, "details 1 text", "empty"),
        ({"details": [{"code": "pets", "text": "x\x00"}]}, "details 1 text", "cannot be shown"),
    ],
)
def test_a_bad_line_is_named_by_line_and_field_and_never_repeated(
    line: str | dict[str, Any], field: str, says: str, at: datetime
) -> None:
    text = line if isinstance(line, str) else json.dumps({**ROW, **line})
    (bad,) = read([text], zone=UTC, at=at)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.field) == (1, field)
    assert says in bad.reason
    assert "Quillfeather" not in bad.reason


@pytest.mark.django_db
def test_a_file_brings_a_registry_up_to_date(tmp_path: Path, centre: Centre) -> None:
    file, other = tmp_path / "profiles.jsonl", {**ROW, "external_id": "r-2", "phone": "+13085550177"}

    def run(*rows: dict[str, Any], **options: Any) -> str:
        file.write_text(_lines(*rows), encoding="utf-8")
        out = StringIO()
        call_command("load_profiles", str(file), source="registry", centre=centre.slug, stdout=out, **options)
        return out.getvalue()

    assert run(ROW, other, dry_run=True).startswith("2 new, 0 changed")
    assert not SafetyProfile.objects.exists()
    assert not Phone.objects.exists()
    assert run(ROW, other).startswith("2 new, 0 changed")
    assert run(ROW).startswith("0 new, 0 changed, 1 as before")
    phone = Phone.objects.get(number_hash=number_hash(NUMBER))
    assert phone.number == "", "nobody has called: the number itself is not kept"
    moved = {**ROW, "phone": "+13085550143", "confirmed_at": "2025-04-01T08:00:00-05:00"}
    assert run(moved).startswith("0 new, 1 changed, 0 as before")
    profile = SafetyProfile.objects.get(external_id="r-1")
    assert profile.phone.number_hash == number_hash("+13085550143")
    assert profile.details == ROW["details"]
    assert "1 older than on file" in run(ROW)
    gone = [{"external_id": "r-1", "withdrawn": True}, {"external_id": "r-9", "withdrawn": True}]
    assert "1 withdrawn and deleted, 1 withdrawn that were not here" in run(*gone)
    assert list(SafetyProfile.objects.values_list("external_id", flat=True)) == ["r-2"]
    rows = AuditRow.objects.filter(action="profile.import")
    assert rows.count() == 5, "one a file, none for the dry run"
    assert rows.earliest("pk").detail == {
        "source": "registry", "made": 2, "changed": 0, "same": 0, "older": 0, "withdrawn": 0, "unknown": 0,
    }  # fmt: skip
    assert "Quillfeather" not in str(list(AuditRow.objects.values_list("detail", flat=True)))


@pytest.mark.django_db
def test_a_file_with_one_bad_line_changes_nothing(tmp_path: Path, centre: Centre) -> None:
    file, errors = tmp_path / "profiles.jsonl", StringIO()
    file.write_text(_lines(ROW, {**ROW, "external_id": "r-2", "phone": "x"}, ROW), encoding="utf-8")
    with pytest.raises(CommandError, match="2 lines are not understood: nothing was loaded"):
        call_command("load_profiles", str(file), source="registry", stderr=errors)
    assert "line 2, phone: is no telephone number" in errors.getvalue()
    assert "line 3, external_id: is that of line 1, too" in errors.getvalue()
    assert not SafetyProfile.objects.exists()
    assert not Phone.objects.exists()
    file.write_bytes(b"\xff")
    for source, wrong in (("registry", "cannot be read as UTF-8"), ("Registry!", "small letters")):
        with pytest.raises(CommandError, match=wrong):
            call_command("load_profiles", str(file), source=source)
        file.write_text("", encoding="utf-8")
    with pytest.raises(CommandError, match="Say which centre"):
        call_command("load_profiles", str(file), source="registry", centre="elsewhere")


@pytest.mark.django_db
def test_each_centre_and_registry_has_its_own(centre: Centre, at: datetime) -> None:
    elsewhere = factories.a_centre(at=at, slug="riverton")
    for where, source in ((centre, "one"), (centre, "two"), (elsewhere, "one")):
        profiles_import(centre=where, source=source, rows=read([_lines(ROW)], zone=UTC, at=at), by=None, at=at)
    gone = [WithdrawnRow(1, "r-1")]
    assert profiles_import(centre=elsewhere, source="one", rows=gone, by=None, at=at).withdrawn == 1
    assert set(SafetyProfile.objects.values_list("centre", "source")) == {(centre.pk, "one"), (centre.pk, "two")}
    with pytest.raises(Refused, match="small letters"):
        profiles_import(centre=centre, source="", rows=[], by=None, at=at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"details": []},
        {"details": {"code": "pets"}},
        {"external_id": ""},
        {"source": ""},
        {"confirmed_at": timezone.now() + timedelta(days=9)},
        {"external_id": "r-1"},
    ],
)
def test_the_database_refuses_what_cannot_be(wrong: dict[str, Any], centre: Centre, at: datetime) -> None:
    profiles_import(centre=centre, source="one", rows=read([_lines(ROW)], zone=UTC, at=at), by=None, at=at)
    known = SafetyProfile.objects.get()
    values = {
        "centre": centre, "phone": known.phone, "source": "one", "external_id": "r-2", "details": known.details,
        "confirmed_at": at, "received_at": at,
    }  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyProfile.objects.create(**{**values, **wrong})
