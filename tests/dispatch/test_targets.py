"""Numbers that the centre telephones: a number that nobody has called is a number that may be wrong."""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Centre, User
from dispatch.services.targets import target_set, target_tested

Later = Callable[[float], datetime]


def test_a_number_counts_as_answered_until_it_changes(
    floor: Centre, people: dict[str, User], at: datetime, later: Later
) -> None:
    by = people["supervisor"]
    line = target_set(centre=floor, kind="988", name="988 Lifeline", phone="+1 308 555 0188", at=at, by=None)
    assert target_tested(target=line, answered=False, by=by, at=later(1)).answered_at is None
    assert target_tested(target=line, answered=True, by=by, at=later(2)).answered_at == later(2)
    changed = target_set(centre=floor, kind="988", name="988 Lifeline", phone="+1 308 555 0189", at=later(3), by=by)
    assert (changed.pk, changed.answered_at, changed.tested_by) == (line.pk, None, None)
