"""Whom the centre telephones: kept with who last tried the number, and whether it was answered."""

from datetime import datetime

from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import HandoffTarget


@transaction.atomic
def target_set(*, centre: Centre, kind: str, name: str, phone: str, at: datetime, by: User | None) -> HandoffTarget:
    """Make a target, or give the one of that kind and name another number, which nobody has tried yet."""
    if kind not in HandoffTarget.Kind.values:
        raise Refused("kind_unknown", f"Choose one of {', '.join(HandoffTarget.Kind.values)}.", field="kind")
    if not name.strip() or not phone.strip():
        raise Refused("target_incomplete", "Give a name and a number.", field="phone")
    target = HandoffTarget.objects.select_for_update().filter(centre=centre, kind=kind, name=name.strip()).first()
    if target is None:
        target = HandoffTarget.objects.create(
            centre=centre, kind=kind, name=name.strip()[:80], phone=phone.strip()[:24]
        )
    elif target.phone != phone.strip():
        target.phone, target.tested_at, target.tested_by, target.answered_at = phone.strip()[:24], None, None, None
        target.save(update_fields=["phone", "tested_at", "tested_by", "answered_at"])
    else:
        return target
    audit(action="target.set", at=at, by=by, centre=centre, entity="target", entity_id=target.pk, detail={"kind": kind})
    return target


@transaction.atomic
def target_tested(*, target: HandoffTarget, answered: bool, by: User, at: datetime) -> HandoffTarget:
    """A person has called the number to try it. An answer counts until the number changes."""
    target = HandoffTarget.objects.select_for_update(of=("self",)).select_related("centre").get(pk=target.pk)
    target.tested_at, target.tested_by = at, by
    if answered:
        target.answered_at = at
    target.save(update_fields=["tested_at", "tested_by", "answered_at"])
    audit(
        action="target.tested",
        at=at,
        by=by,
        centre=target.centre,
        entity="target",
        entity_id=target.pk,
        detail={"answered": answered},
    )
    return target
