"""Every kind of alarm has an owner, an action and an end, and goes to the supervisor where nobody takes it."""

import ast
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch.alarm_book import BOOK, Ends, Owner
from dispatch.due import alarms_unowned, crew_alarms_unanswered
from dispatch.models import Alarm
from dispatch.services.alarms import alarm_end, alarm_raise, alarm_take

_ROLE = {Owner.OF_CALL: "dispatcher"}
_WRITTEN = {None: Owner.DISPATCHER, "Role.DISPATCHER": Owner.DISPATCHER, "Role.SUPERVISOR": Owner.SUPERVISOR,
            "Role.CALL_TAKER": Owner.CALL_TAKER, "incident.owner_role": Owner.OF_CALL}  # fmt: skip


def test_every_kind_stands_in_the_book_with_something_to_do() -> None:
    assert set(BOOK) == set(Alarm.Kind.values)
    assert all(line.action for line in BOOK.values())
    assert {kind for kind, line in BOOK.items() if line.supervisor_s is None} == {
        kind for kind, line in BOOK.items() if line.owner == Owner.SUPERVISOR
    }


def test_the_book_names_the_owner_that_the_code_gives() -> None:
    """Read from where alarms are raised, as far as the kind is written there by name."""
    found: set[str] = set()
    for path in (settings.BASE_DIR / "dispatch").rglob("*.py"):
        for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "alarm_raise"):
                continue
            named = {one.arg: ast.unparse(one.value) for one in node.keywords if one.arg}
            kind = named.get("kind", "")
            if kind.startswith("Alarm.Kind.") and kind.removeprefix("Alarm.Kind.") in Alarm.Kind.names:
                value = Alarm.Kind[kind.removeprefix("Alarm.Kind.")].value
                raised = _WRITTEN[named.get("owner_role")]
                # A danger that rises is the dispatcher's once the call was sent; before that it is whose the call is.
                assert raised in {BOOK[value].owner, Owner.OF_CALL}, (kind, path.name)
                found.add(value)
    assert len(found) > len(BOOK) / 2


@pytest.mark.django_db
def test_whoever_is_called_takes_it_or_the_supervisor_has_it_and_it_ends_as_the_book_says(
    floor: Centre, people: dict[str, User], at: datetime, later: Callable[[float], datetime]
) -> None:
    dispatcher = people["dispatcher"]
    left, taken = (
        {
            kind: alarm_raise(
                centre=floor, kind=kind, subject=name, at=at, owner_role=_ROLE.get(line.owner, line.owner.value)
            )
            for kind, line in BOOK.items()
        }
        for name in ("left", "taken")
    )
    for alarm in taken.values():
        alarm_take(alarm=alarm, by=dispatcher, at=at)

    def escalated(seconds: float) -> set[str]:
        for job in (crew_alarms_unanswered, alarms_unowned):
            job(floor, later(seconds))
        return set(Alarm.objects.filter(subject="left", escalated_at__isnull=False).values_list("kind", flat=True))

    crews = {kind for kind, line in BOOK.items() if line.supervisor_s == 30}
    assert escalated(29) == set()
    # The orders' and hand-offs' own clocks run on their own rows and are tested there.
    assert escalated(31) == crews - {"stage_unacknowledged", "handoff_unacknowledged", "transfer_unanswered"}
    assert escalated(61) == {kind for kind, line in BOOK.items() if line.supervisor_s is not None}
    assert set(Alarm.objects.filter(subject="left").values_list("owner_role", flat=True)) == {"supervisor"}
    for kind, alarm in {**left, **taken}.items():
        line = BOOK[kind]
        if line.ends == Ends.NOTE:
            with pytest.raises(Refused):
                alarm_end(alarm=alarm, by=dispatcher, at=later(70), note=" ")
        else:
            with pytest.raises(Refused) as refused:
                alarm_end(alarm=alarm, by=dispatcher, at=later(70), note="done")
            wanted = "alarm_ends_when_heard" if line.ends == Ends.HEARD else "alarm_ends_by_acknowledgement"
            assert refused.value.code == wanted
        if line.ends != Ends.ACKNOWLEDGED:
            ended = alarm_end(alarm=alarm, by=dispatcher, at=later(71), note="done", heard=line.ends == Ends.HEARD)
            assert (ended.ended_by, ended.end_note) == (dispatcher, "done")
