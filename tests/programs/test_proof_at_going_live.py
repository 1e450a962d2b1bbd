"""What is live was proven under the protocol that is live: whichever of the two goes live later."""

import copy
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.due import versions_live
from dispatch.models import Alarm
from programs.models import ProgramVersion, ProtocolVersion, VersionState
from programs.selectors import programs_published
from programs.services import protocol_draft, protocol_publish, protocol_publish_simulated, protocol_submit
from tests.programs.drafting import changed, published
from triage.protocol import load_reference


def stricter() -> dict[str, Any]:
    """The reference protocol, but nobody is diverted below co-response: no program of a lighter class fits any call."""
    data = copy.deepcopy(load_reference().to_dict())
    for rule in data["base"]:
        rule["then"] = "co_response"
    return data


def settled(centre: Centre, at: datetime) -> int:
    """How many versions went live, once no proof is being made any more: as the loop, which asks each second."""
    live = versions_live(centre, at)
    while threads := [one for one in threading.enumerate() if one.name == "proof"]:
        for thread in threads:
            thread.join(timeout=60)
        live += versions_live(centre, at)
    return live


def test_a_protocol_that_a_live_program_does_not_hold_under_is_refused_in_words(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime
) -> None:
    draft = protocol_draft(centre=centre, data=stricter(), by=people["program_administrator"], at=at)
    protocol_submit(version=draft, reason="Stricter", by=people["program_administrator"], at=at)
    with pytest.raises(
        Refused, match=r"Crisis Call.*version 1, under it\. Not safe: No call can meet its rules"
    ) as said:
        protocol_publish(
            version=draft, medical_director="Dr. I. Okafor", review_by=date(2027, 6, 1), effective_from=None,
            by=people["clinician"], at=at,
        )  # fmt: skip
    assert (said.value.status, said.value.field) == (409, "approve")
    draft.refresh_from_db()
    assert draft.state == VersionState.IN_REVIEW
    assert ProtocolVersion.objects.get(centre=centre, state="published").number == 1


def test_an_approved_version_is_proven_again_when_the_protocol_changed_and_does_not_go_live_unproven(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime
) -> None:
    changed_rules = changed(programs["star"], people, at, rules__natures=["welfare_check"])
    published(changed_rules, people, at, later=timedelta(hours=6))
    protocol_publish_simulated(centre=centre, data=stricter(), at=at)
    then = at + timedelta(hours=6)
    assert settled(centre, then) == 0
    found = programs_published(centre, at=then, lat=None, lon=None).by_slug("star")
    assert found == programs["star"]
    alarm = Alarm.objects.get(kind="version_not_live")
    assert (alarm.subject, alarm.owner_role) == (str(changed_rules.pk), "supervisor")
    assert "No call can meet its rules" in alarm.detail["words"]
    assert versions_live(centre, then + timedelta(seconds=1)) == 0
    assert Alarm.objects.filter(kind="version_not_live").count() == 1
    protocol_publish_simulated(centre=centre, data=load_reference().to_dict(), at=then)
    assert settled(centre, then + timedelta(seconds=2)) == 1
    alarm.refresh_from_db()
    assert alarm.ended_at is not None


def test_a_protocol_whose_time_has_come_waits_when_a_program_would_not_hold_under_it(
    centre: Centre, programs: dict[str, ProgramVersion], at: datetime
) -> None:
    waiting = ProtocolVersion.objects.create(
        centre=centre, number=2, state="scheduled", data=stricter(), created_at=at, effective_from=at
    )
    # Several proofs are missing: the loop begins them all and waits for none.
    assert versions_live(centre, at) == 0
    assert not Alarm.objects.exists()
    assert [thread.name for thread in threading.enumerate()].count("proof") >= 2
    assert settled(centre, at) == 0
    waiting.refresh_from_db()
    assert waiting.state == VersionState.SCHEDULED
    assert "under it. Not safe" in Alarm.objects.get(kind="version_not_live", subject=str(waiting.pk)).detail["words"]
