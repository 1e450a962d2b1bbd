"""Units in the administration: what offers count on does not change under a unit that is on a call."""

from datetime import datetime

import pytest
from django.forms import modelform_factory

from accounts.models import Centre, User
from programs.models import ProgramVersion
from responders.admin import UnitForm
from responders.models import Unit
from tests import factories

FIELDS = ("armed", "exclusive", "unmarked")


def _errors(unit: Unit, **changed: bool) -> dict[str, list[str]]:
    values = {name: getattr(unit, name) for name in FIELDS} | changed
    sent = {name: "on" for name, value in values.items() if value}
    form = modelform_factory(Unit, form=UnitForm, fields=FIELDS)(sent, instance=Unit.objects.get(pk=unit.pk))
    return {name: [str(one) for one in said] for name, said in form.errors.items()}


@pytest.mark.parametrize("name", ["armed", "exclusive"])
def test_how_a_unit_can_be_sent_does_not_change_while_it_is_asked_or_on_a_call(
    centre: Centre, people: dict[str, User], programs: dict[str, ProgramVersion], at: datetime, name: str
) -> None:
    unit = factories.an_offer(centre, by=people["call_taker"], at=at).unit
    turned = {name: not getattr(unit, name)}
    assert _errors(unit, **turned) == {name: ["It is asked or on a call now: change this when it is free."]}
    assert _errors(unit, unmarked=True) == {}
    assert _errors(Unit.objects.exclude(pk=unit.pk).first() or unit, **turned) == {}
