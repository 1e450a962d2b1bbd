"""From draft to live: two people with both sides, a proof of exactly the content, the right base, the right time."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditRow, Centre, User
from accounts.problems import Refused
from dispatch.due import versions_live
from programs.checks.runner import program_proof
from programs.models import Check, ProgramVersion, VersionState, VersionStep
from programs.preset_schema import all_presets
from programs.selectors import programs_published
from programs.services import (
    LiveChanged,
    draft_begin,
    draft_discard,
    draft_rebase,
    draft_save,
    version_publish,
    version_send_back,
    version_submit,
    version_withdraw,
)
from tests.programs.drafting import changed, published
from triage.programs import ProgramRules
from triage.protocol import load_reference
from triage.prove import prove_program

NATURES = ["welfare_check", "panhandling"]


@pytest.fixture
def star(programs: dict[str, ProgramVersion]) -> ProgramVersion:
    return programs["star"]


def test_a_change_goes_live_by_two_people_and_the_old_one_stays(
    star: ProgramVersion, people: dict[str, User], centre: Centre, at: datetime
) -> None:
    draft = changed(star, people, at, rules__natures=NATURES)
    assert (draft.number, draft.base_id, draft.state) == (2, star.pk, "draft")
    live = published(draft, people, at)
    assert live.state == VersionState.PUBLISHED
    assert (live.author, live.approver) == (people["program_administrator"], people["clinician"])
    assert live.proof is not None
    assert live.proof.holds
    star.refresh_from_db()
    assert star.state == VersionState.SUPERSEDED
    assert star.spec["rules"]["natures"] != NATURES
    assert programs_published(centre, at=at, lat=None, lon=None).by_slug("star") == live
    steps = VersionStep.objects.filter(program_version=live).values_list("action", "from_state", "to_state")
    assert list(steps) == [("submit", "draft", "in_review"), ("publish", "in_review", "published")]
    assert AuditRow.objects.filter(action="program.publish", entity_id=str(live.pk), by=people["clinician"]).exists()


@pytest.mark.parametrize(
    ("author", "approver", "code"),
    [
        ("program_administrator", "program_administrator", "takes_two"),
        ("program_administrator", "supervisor", "clinical_needed"),
        ("clinician", "clinician", "takes_two"),
        ("program_administrator", "clinician", ""),
        ("clinician", "supervisor", ""),
    ],
)
def test_who_may_approve(
    star: ProgramVersion, people: dict[str, User], at: datetime, author: str, approver: str, code: str
) -> None:
    draft = changed(star, people, at, by=author, rules__natures=NATURES)
    if not code:
        assert published(draft, people, at, author=author, approver=approver).state == "published"
        return
    with pytest.raises(Refused) as refused:
        published(draft, people, at, author=author, approver=approver)
    assert refused.value.code == code


def test_somebody_who_changed_a_word_of_it_cannot_approve_it(
    star: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    draft = changed(star, people, at, rules__natures=NATURES)
    draft_save(
        version=draft, section="script", values={"caller_script": "Hello"}, lock=0, by=people["clinician"], at=at
    )
    with pytest.raises(Refused, match="wrote part"):
        published(draft, people, at)


def test_an_unsafe_draft_is_refused_with_a_call_in_words(
    star: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    opens = {"code": "calm", "label": "No weapon was seen", "if": {"key": "weapon", "in": ["none"]}}
    rules = star.spec["rules"]["exclusions"][1:]
    draft = changed(star, people, at, rules__exclusions=[*rules, opens])
    with pytest.raises(Refused, match="Not safe") as refused:
        published(draft, people, at)
    assert "weapon" in refused.value.detail.lower()
    draft.refresh_from_db()
    assert draft.state == VersionState.IN_REVIEW
    assert not Check.objects.get(kind="proof").holds


def test_contradictory_rules_are_refused_and_the_rule_to_blame_is_named(
    star: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    armed = {"code": "armed", "label": "Somebody is armed", "if": {"key": "weapon", "is": "in_hand"}}
    draft = changed(star, people, at, rules__entry=[armed])
    with pytest.raises(Refused, match=r"No call can meet its rules.*Somebody is armed"):
        published(draft, people, at)


@pytest.mark.parametrize("slug", [slug for slug, preset in all_presets().items() if preset.response_class])
def test_each_preset_can_be_sabotaged_and_is_then_refused(slug: str) -> None:
    """An exclusion that opens with more danger; that each preset is proven as it ships is tested with the solver."""
    calm = {"code": "calm", "label": "Calm", "if": {"key": "violence", "in": ["none"]}}
    bad = ProgramRules.from_dict({**all_presets()[slug].rules, "exclusions": [calm]})
    assert any(finding.blocks for finding in prove_program(load_reference(), bad))


def test_another_version_went_live_meanwhile(star: ProgramVersion, people: dict[str, User], at: datetime) -> None:
    draft = changed(star, people, at, rules__natures=NATURES)
    handed = version_submit(version=draft, reason="More", by=people["program_administrator"], at=at)
    ProgramVersion.objects.filter(pk=star.pk).update(state="superseded")
    other = ProgramVersion.objects.create(
        program=star.program, number=9, state="published", spec={**star.spec, "hours": "Mo 09:00-10:00"},
        area=star.area, created_at=at, published_at=at, effective_from=at,
    )  # fmt: skip
    with pytest.raises(LiveChanged, match="hours: was “24/7”, now “Mo 09:00-10:00”") as refused:
        version_publish(version=handed, effective_from=None, by=people["clinician"], at=at)
    assert refused.value.status == 409
    assert draft_rebase(version=handed, by=people["program_administrator"], at=at) == []
    handed.refresh_from_db()
    assert (handed.base_id, handed.state) == (other.pk, "draft")
    assert (handed.spec["hours"], handed.spec["rules"]["natures"]) == ("Mo 09:00-10:00", NATURES)
    assert published(handed, people, at).state == "published"


def test_a_rebase_names_what_both_sides_changed(star: ProgramVersion, people: dict[str, User], at: datetime) -> None:
    draft = changed(star, people, at, hours="Tu 09:00-10:00")
    ProgramVersion.objects.filter(pk=star.pk).update(state="superseded")
    ProgramVersion.objects.create(
        program=star.program, number=9, state="published", spec={**star.spec, "hours": "Mo 09:00-10:00"},
        area=star.area, created_at=at, published_at=at, effective_from=at,
    )  # fmt: skip
    assert draft_rebase(version=draft, by=people["program_administrator"], at=at) == ["hours"]
    draft.refresh_from_db()
    assert draft.spec["hours"] == "Tu 09:00-10:00"


def test_a_version_goes_live_at_its_time(
    star: ProgramVersion, people: dict[str, User], centre: Centre, at: datetime
) -> None:
    waiting = published(changed(star, people, at, rules__natures=NATURES), people, at, later=timedelta(hours=6))
    assert waiting.state == VersionState.SCHEDULED
    assert versions_live(centre, at + timedelta(hours=5)) == 0
    assert programs_published(centre, at=at, lat=None, lon=None).by_slug("star") == star
    then = at + timedelta(hours=6)
    assert versions_live(centre, then) == 1
    assert versions_live(centre, then) == 0
    found = programs_published(centre, at=then, lat=None, lon=None).by_slug("star")
    assert found is not None
    assert (found.number, found.state) == (2, "published")


def test_while_one_waits_no_other_is_approved_and_it_can_be_taken_back(
    star: ProgramVersion, people: dict[str, User], centre: Centre, at: datetime
) -> None:
    waiting = published(changed(star, people, at, rules__natures=NATURES), people, at, later=timedelta(hours=6))
    second = changed(star, people, at, hours="Mo 09:00-10:00")
    with pytest.raises(Refused, match="waits for its time"):
        published(second, people, at)
    with pytest.raises(Refused, match="Say why"):
        version_withdraw(version=waiting, words=" ", by=people["clinician"], at=at)
    version_withdraw(version=waiting, words="Too early", by=people["clinician"], at=at)
    assert versions_live(centre, at + timedelta(days=1)) == 0
    second.refresh_from_db()
    assert version_publish(version=second, effective_from=None, by=people["clinician"], at=at).state == "published"


def test_going_back_is_a_new_version_that_two_people_publish(
    star: ProgramVersion, people: dict[str, User], at: datetime
) -> None:
    published(changed(star, people, at, rules__natures=NATURES), people, at)
    star.refresh_from_db()
    back = draft_begin(program=star.program, source=star, by=people["clinician"], at=at)
    assert (back.number, back.spec) == (3, star.spec)
    live = published(back, people, at, author="clinician", approver="supervisor")
    assert live.spec["rules"]["natures"] == star.spec["rules"]["natures"]


def test_giving_back_laying_aside_and_wrong_states(star: ProgramVersion, people: dict[str, User], at: datetime) -> None:
    draft = changed(star, people, at, rules__natures=NATURES)
    administrator, clinician = people["program_administrator"], people["clinician"]
    with pytest.raises(Refused, match="why this changes"):
        version_submit(version=draft, reason=" ", by=administrator, at=at)
    version_submit(version=draft, reason="More", by=administrator, at=at)
    with pytest.raises(Refused, match="in review"):
        draft_save(version=draft, section="hours", values={"hours": "24/7"}, lock=0, by=administrator, at=at)
    with pytest.raises(Refused, match="should change"):
        version_send_back(version=draft, words="", by=clinician, at=at)
    version_send_back(version=draft, words="Not panhandling", by=clinician, at=at)
    draft_discard(version=draft, by=administrator, at=at)
    with pytest.raises(Refused, match="retired"):
        version_publish(version=draft, effective_from=None, by=clinician, at=at)
    again = draft_begin(program=star.program, source=draft, by=administrator, at=at)
    assert again.spec["rules"]["natures"] == NATURES


def test_the_history_is_append_only(star: ProgramVersion, people: dict[str, User], at: datetime) -> None:
    published(changed(star, people, at, rules__natures=NATURES), people, at)
    for rows in (VersionStep.objects.all(), Check.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        ProgramVersion.objects.filter(state="published", number=2).update(state="draft")


@pytest.mark.django_db
def test_a_check_that_cannot_be_run_says_so_and_keeps_nothing(at: datetime) -> None:
    with pytest.raises(Refused, match="could not be run") as refused:
        program_proof({"slug": "x"}, load_reference().to_dict(), at=at)
    assert refused.value.status == 503
    assert not Check.objects.exists()


def test_the_same_content_is_checked_once(programs: dict[str, ProgramVersion], at: datetime) -> None:
    rules, protocol = programs["star"].spec["rules"], load_reference().to_dict()
    first = program_proof(rules, protocol, at=at)
    assert program_proof(rules, protocol, at=at + timedelta(days=1)) == first
    other = {**protocol, "version": "another"}
    assert program_proof(rules, other, at=at) != first
