"""Writes: phones, persons, premises, cautions."""

import hashlib
import hmac
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import phonenumbers
from django.conf import settings
from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from people.models import Caution, Person, PersonDetail, Phone, Place, Premise
from people.models.person import name_key

OLDEST = 120
"""Years: whoever would be older was born in another year than was typed."""


def number_hash(number: str) -> str:
    """The salted hash by which a number is found again without being kept in an index or a log."""
    return hmac.new(settings.SECRET_KEY.encode(), number.encode(), hashlib.sha256).hexdigest()


def number_parse(text: str, *, region: str = "US", field: str = "number") -> str:
    """The number in E.164. Raises Refused at the `field` when it cannot be a number that can be called back."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise Refused(
            "phone_invalid", "This is not a telephone number. Type digits, with +country if abroad.", field=field
        ) from error
    if not phonenumbers.is_possible_number(parsed):
        raise Refused("phone_invalid", "This number has too few or too many digits.", field=field)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@transaction.atomic
def phone_record(*, centre: Centre, number: str, at: datetime, field: str = "number") -> Phone:
    """The centre's row for a number, made on first sight. Raises Refused at the `field` for what is no number.

    Best in a transaction of its own: whoever sees the same new number at this moment waits for that one's end.
    """
    parsed = number_parse(number, field=field)
    phone, _ = Phone.objects.get_or_create(
        centre=centre, number_hash=number_hash(parsed), defaults={"number": parsed, "created_at": at}
    )
    if not phone.number:
        phone.number = parsed
        phone.save(update_fields=["number"])
    return phone


@transaction.atomic
def person_add(
    *,
    centre: Centre,
    id: UUID,
    name: str,
    by: User,
    at: datetime,
    also: str = "",
    born: int | None = None,
    about: str = "",
) -> Person:
    """A person whom the centre knows from now on; one word is enough. The same id twice is one.

    `born`: year of birth. All of it is for everybody on the floor; what other audiences know comes from elsewhere.
    Raises Refused at the field for a name without a letter or digit, an impossible year, or an id of another centre.
    """
    if not name_key(name):
        raise Refused("person_without_name", "Give at least one word: a name, or what they are called.", field="name")
    if born is not None and not at.year - OLDEST <= born <= at.year:
        raise Refused("birth_year", f"The year of birth is {at.year - OLDEST} to {at.year}.", field="born")
    known = Person.objects.filter(pk=id).first()
    if known is not None:
        if known.centre_id != centre.pk:
            raise Refused("id_taken", "This person id is already in use.", field="id", status=409)
        return known
    person = Person.objects.create(id=id, centre=centre, created_at=at)
    fields = PersonDetail.Field
    given = {fields.NAME: name, fields.ALSO: also, fields.BORN: str(born or ""), fields.ABOUT: about}
    PersonDetail.objects.bulk_create(
        PersonDetail(
            person=person,
            field=field,
            text=text.strip(),
            search=name_key(text) if field in {fields.NAME, fields.ALSO} else "",
            at=at,
        )
        for field, text in given.items()
        if text.strip()
    )
    audit(action="person.add", at=at, by=by, centre=centre, entity="person", entity_id=person.pk)
    event_record(centre_id=centre.pk, entity="person", entity_id=person.pk, version=1, kind="person.add", at=at)
    return person


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
    id: UUID | None = None,
) -> Caution:
    """Add a caution about a premise or a person, one of both, that stands for `days` days. The same id twice is one.

    Raises Refused without text, without an end within two years, or for an id of another centre.
    """
    known = Caution.objects.filter(pk=id).first() if id is not None else None
    if known is not None:
        if known.centre_id != centre.pk:
            raise Refused("id_taken", "This id is already in use.", field="id", status=409)
        return known
    if not text.strip():
        raise Refused("caution_empty", "Say what the hazard is.", field="text")
    if not 1 <= days <= 730:
        raise Refused("caution_without_end", "Give an end between 1 day and 2 years from now.", field="days")
    caution = Caution.objects.create(
        id=id or uuid4(),
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
