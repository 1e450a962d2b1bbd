"""Writes: phones, premises, cautions."""

import hashlib
import hmac
from datetime import datetime, timedelta

import phonenumbers
from django.conf import settings
from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from people.models import Caution, Person, Phone, Place, Premise


def number_hash(number: str) -> str:
    """The salted hash by which a number is found again without being kept in an index or a log."""
    return hmac.new(settings.SECRET_KEY.encode(), number.encode(), hashlib.sha256).hexdigest()


def number_parse(text: str, *, region: str = "US") -> str:
    """The number in E.164. Raises Refused at the field when it cannot be a number that can be called back."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise Refused(
            "phone_invalid", "This is not a telephone number. Type digits, with +country if abroad.", field="number"
        ) from error
    if not phonenumbers.is_possible_number(parsed):
        raise Refused("phone_invalid", "This number has too few or too many digits.", field="number")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@transaction.atomic
def phone_record(*, centre: Centre, number: str, at: datetime) -> Phone:
    """The centre's row for a number, made on first sight. Raises Refused for what is no number."""
    parsed = number_parse(number)
    phone, _ = Phone.objects.get_or_create(
        centre=centre, number_hash=number_hash(parsed), defaults={"number": parsed, "created_at": at}
    )
    if not phone.number:
        phone.number = parsed
        phone.save(update_fields=["number"])
    return phone


@transaction.atomic
def caution_add(
    *,
    centre: Centre,
    text: str,
    kind: str,
    severity: str,
    source: str,
    days: int,
    by: User | None,
    at: datetime,
    premise: Premise | None = None,
    person: Person | None = None,
) -> Caution:
    """Add a caution about a premise or a person, one of both, that stands for `days` days.

    Raises Refused without text or without an end within two years.
    """
    if not text.strip():
        raise Refused("caution_empty", "Say what the hazard is.", field="text")
    if not 1 <= days <= 730:
        raise Refused("caution_without_end", "Give an end between 1 day and 2 years from now.", field="days")
    caution = Caution.objects.create(
        centre=centre,
        premise=premise,
        person=person,
        text=text.strip(),
        kind=kind,
        severity=severity,
        source=source,
        added_at=at,
        added_by=by,
        expires_at=at + timedelta(days=days),
    )
    audit(action="caution.add", at=at, by=by, centre=centre, entity="caution", entity_id=caution.pk)
    event_record(centre_id=centre.pk, entity="caution", entity_id=caution.pk, version=1, kind="caution.add", at=at)
    return caution


def premise_for(*, centre: Centre, place: Place) -> Premise:
    """The premise of a gazetteer entry, made when first needed."""
    premise, _ = Premise.objects.get_or_create(
        place=place, defaults={"centre": centre, "label": place.label, "lat": place.lat, "lon": place.lon}
    )
    return premise
