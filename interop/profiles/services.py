"""Safety profiles of a registry into a centre. A file is loaded wholly or not at all; repeating it changes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from interop.profiles.reader import BadRow, ProfileRow, Row, WithdrawnRow
from people.models import Phone, SafetyProfile
from people.services import number_hash

_BATCH = 1000
_SOURCE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


class RowsRefused(ValueError):
    """Lines of the file are not understood, so nothing of it was loaded. `bad` names each."""

    def __init__(self, bad: Sequence[BadRow]) -> None:
        super().__init__(f"{len(bad)} lines are not understood: nothing was loaded.")
        self.bad = bad


@dataclass
class Loaded:
    """What loading did, or would do: counts of profiles."""

    made: int = 0
    changed: int = 0
    same: int = 0
    older: int = 0
    """Left as on file, which the resident has confirmed later."""
    withdrawn: int = 0
    unknown: int = 0
    """Withdrawn, and not on file."""


def profiles_import(
    *, centre: Centre, source: str, rows: Iterable[Row], by: User | None, at: datetime, dry_run: bool = False
) -> Loaded:
    """Bring what a centre has of one registry up to the rows of one file: new, changed, or withdrawn and deleted.

    What the file does not name stays. `dry_run` counts and writes nothing. Raises Refused for a name of a registry that
    is no short slug, and RowsRefused for rows that were not understood, or that name a profile twice.
    """
    if not _SOURCE.match(source):
        raise Refused("source_invalid", "Name the registry in small letters, digits and dashes.", field="source")
    good = _checked(rows)
    hashes = {row.external_id: number_hash(row.phone) for row in good if isinstance(row, ProfileRow)}
    if not dry_run:
        _phones_made(centre, sorted(set(hashes.values())), at)
    said = Loaded()
    with transaction.atomic():
        for some in _in_batches(good):
            _stored(centre, source, some, hashes, said, at, write=not dry_run)
        if not dry_run:
            detail = {"source": source, **asdict(said)}
            audit(
                action="profile.import",
                at=at,
                by=by,
                centre=centre,
                entity="centre",
                entity_id=centre.pk,
                detail=detail,
            )
    return said


def _checked(rows: Iterable[Row]) -> list[ProfileRow | WithdrawnRow]:
    good: list[ProfileRow | WithdrawnRow] = []
    bad: list[BadRow] = []
    lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, BadRow):
            bad.append(row)
        elif row.external_id in lines:
            bad.append(BadRow(row.line, "external_id", f"is that of line {lines[row.external_id]}, too"))
        else:
            lines[row.external_id] = row.line
            good.append(row)
    if bad:
        raise RowsRefused(bad)
    return good


def _phones_made(centre: Centre, hashes: Sequence[str], at: datetime) -> None:
    """Rows for numbers that nobody has called from, without the number itself: it comes with a call.

    Each statement on its own, ahead of the transaction: a call from such a number must not wait for a whole file.
    """
    for start in range(0, len(hashes), _BATCH):
        some = hashes[start : start + _BATCH]
        Phone.objects.bulk_create(
            [Phone(centre=centre, number="", number_hash=one, created_at=at) for one in some], ignore_conflicts=True
        )


def _in_batches(rows: Sequence[ProfileRow | WithdrawnRow]) -> Iterator[Sequence[ProfileRow | WithdrawnRow]]:
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH]


def _stored(
    centre: Centre,
    source: str,
    rows: Sequence[ProfileRow | WithdrawnRow],
    hashes: dict[str, str],
    said: Loaded,
    at: datetime,
    *,
    write: bool,
) -> None:
    ours = SafetyProfile.objects.filter(centre=centre, source=source, external_id__in=[row.external_id for row in rows])
    known = {one.external_id: one for one in (ours.select_for_update() if write else ours)}
    numbers = [hashes[row.external_id] for row in rows if isinstance(row, ProfileRow)]
    phones: dict[str, UUID] = dict(
        Phone.objects.filter(centre=centre, number_hash__in=numbers).values_list("number_hash", "pk")
    )
    made: list[SafetyProfile] = []
    changed: list[SafetyProfile] = []
    gone: list[UUID] = []
    for row in rows:
        one = known.get(row.external_id)
        if isinstance(row, WithdrawnRow):
            said.withdrawn += one is not None
            said.unknown += one is None
            gone += [one.pk] if one is not None else []
            continue
        phone = phones.get(hashes[row.external_id])
        details = [{"code": code, "text": text} for code, text in row.details]
        if one is None:
            said.made += 1
            one = SafetyProfile(centre=centre, source=source, external_id=row.external_id)
            made.append(one)
        elif row.confirmed_at < one.confirmed_at:
            said.older += 1
            continue
        elif (one.phone_id, one.details, one.confirmed_at) == (phone, details, row.confirmed_at):
            said.same += 1
            continue
        else:
            said.changed += 1
            changed.append(one)
        if phone is not None:
            one.phone_id = phone
        one.details, one.confirmed_at, one.received_at = details, row.confirmed_at, at
    if write:
        SafetyProfile.objects.bulk_create(made)
        SafetyProfile.objects.bulk_update(changed, ["phone", "details", "confirmed_at", "received_at"])
        SafetyProfile.objects.filter(pk__in=gone).delete()
