"""Versions: what was live never changes, and nothing unproven goes live outside a simulation."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Agency, AuditRow, Centre, User
from accounts.problems import Refused
from programs.models import ProgramVersion, ProtocolVersion
from programs.preset_schema import all_presets
from programs.selectors import next_change, open_at, programs_published, spec_number
from programs.services import program_install, protocol_publish_simulated, version_publish_simulated
from programs.spec import spec_of
from tests import factories
from triage.protocol import load_reference


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE programs_programversion SET spec = '{}'", "never changes"),
        ("UPDATE programs_programversion SET area = '{}'", "never changes"),
        ("UPDATE programs_programversion SET effective_from = now()", "never changes"),
        ("DELETE FROM programs_programversion", "kept for ever"),
        ("UPDATE programs_protocolversion SET data = '{}'", "never changes"),
        ("DELETE FROM programs_protocolversion", "kept for ever"),
    ],
)
def test_what_was_live_never_changes(programs: dict[str, ProgramVersion], sql: str, words: str) -> None:
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_superseded_version_never_becomes_a_draft_again(programs: dict[str, ProgramVersion]) -> None:
    ProgramVersion.objects.update(state="superseded")
    with pytest.raises(DatabaseError, match="draft again"), transaction.atomic():
        ProgramVersion.objects.update(state="draft")


def test_a_draft_may_change_and_publishing_supersedes_the_one_before(
    centre: Centre, programs: dict[str, ProgramVersion], at: datetime
) -> None:
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    draft = program_install(
        centre=centre, agency=agency, spec=spec_of(all_presets()["star"]), area=factories.TOWN, by=None, at=at
    )
    assert (draft.number, draft.program_id) == (2, programs["star"].program_id)
    ProgramVersion.objects.filter(pk=draft.pk).update(reason="shorter hours")
    version_publish_simulated(version=draft, at=at)
    assert ProgramVersion.objects.get(pk=programs["star"].pk).state == "superseded"
    published = programs_published(centre, at=at, lat=None, lon=None)
    assert published.by_slug("star") == draft
    assert published.covers["star"] is None
    with pytest.raises(IntegrityError, match="one_published_version_per_program"), transaction.atomic():
        ProgramVersion.objects.filter(pk=programs["star"].pk).update(state="published")


def test_author_and_approver_are_two_people(
    centre: Centre, programs: dict[str, ProgramVersion], people: dict[str, User], at: datetime
) -> None:
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    by = people["program_administrator"]
    draft = program_install(
        centre=centre, agency=agency, spec=spec_of(all_presets()["star"]), area=factories.TOWN, by=by, at=at
    )
    with pytest.raises(IntegrityError, match="program_version_two_people"), transaction.atomic():
        ProgramVersion.objects.filter(pk=draft.pk).update(approver=by)


def test_nothing_is_published_by_one_person_outside_a_simulated_centre(db: None, at: datetime) -> None:
    real = factories.a_centre(at=at, slug="realville", simulated=False)
    agency = Agency.objects.get(centre=real, slug="behavioral")
    draft = program_install(
        centre=real, agency=agency, spec=spec_of(all_presets()["star"]), area=factories.TOWN, by=None, at=at
    )
    with pytest.raises(Refused, match="two people"):
        version_publish_simulated(version=draft, at=at)
    with pytest.raises(Refused, match="medical director"):
        protocol_publish_simulated(centre=real, data=load_reference().to_dict(), at=at)
    assert not ProtocolVersion.objects.filter(centre=real).exists()


def test_the_programs_of_the_tests_are_what_the_services_make(
    centre: Centre, programs: dict[str, ProgramVersion], at: datetime
) -> None:
    other = factories.a_centre(at=at, slug="riverton")
    agencies = {agency.slug: agency for agency in Agency.objects.filter(centre=other)}
    for preset, made in programs.items():
        spec, agency = factories.a_spec(preset), agencies[made.program.agency.slug]
        draft = program_install(centre=other, agency=agency, spec=spec, area=factories.TOWN, by=None, at=at)
        version_publish_simulated(version=draft, at=at)
    assert _rows(centre) == _rows(other)


def _rows(centre: Centre) -> list[list[tuple[object, ...]]]:
    """Programs, versions and audit rows, but for what names them."""
    versions = ProgramVersion.objects.filter(program__centre=centre).order_by("program__slug")
    fields = [field.name for field in ProgramVersion._meta.concrete_fields if field.name not in {"id", "program"}]
    programs = versions.values_list("program__slug", "program__name", "program__agency__slug", *fields)
    audited = AuditRow.objects.filter(centre=centre, entity="program_version").order_by("id")
    return [list(programs), list(audited.values_list("at", "by", "actor", "action", "detail", "seal"))]


def test_hours_are_local_wall_time_through_the_change_of_clocks() -> None:
    zone = ZoneInfo("America/Chicago")
    night = "Mo-Su 22:00-06:00"
    for at, is_open in (
        (datetime(2025, 11, 2, 6, 30, tzinfo=UTC), True),  # 01:30 before the clocks go back
        (datetime(2025, 11, 2, 11, 30, tzinfo=UTC), True),  # 05:30 after they have
        (datetime(2025, 11, 2, 12, 30, tzinfo=UTC), False),  # 06:30
        (datetime(2025, 3, 9, 10, 30, tzinfo=UTC), True),  # 05:30 after they went forward
    ):
        assert open_at(night, at, zone) is is_open
    change = next_change(night, datetime(2025, 6, 3, 18, tzinfo=UTC), zone)
    assert change is not None
    assert change.astimezone(UTC) == datetime(2025, 6, 4, 3, tzinfo=UTC)


def test_a_program_with_unreadable_hours_is_closed_not_open(
    centre: Centre, programs: dict[str, ProgramVersion], at: datetime
) -> None:
    agency = Agency.objects.get(centre=centre, slug="behavioral")
    spec = {**spec_of(all_presets()["star"]), "hours": "whenever"}
    version_publish_simulated(
        version=program_install(centre=centre, agency=agency, spec=spec, area=factories.TOWN, by=None, at=at), at=at
    )
    assert programs_published(centre, at=at, lat=None, lon=None).open_now["star"] is False


def test_a_number_of_a_spec_that_is_missing_or_senseless_has_its_default() -> None:
    for value, expected in ((45, 45), (None, 60), (0, 60), (-5, 60), ("soon", 60), (45.9, 45)):
        assert spec_number(ProgramVersion(spec={"offer_timeout_s": value}), "offer_timeout_s", 60) == expected
    assert spec_number(None, "offer_timeout_s", 60) == 60
