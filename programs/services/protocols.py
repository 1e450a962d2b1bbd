"""Protocol versions: drafted from the reference or a file, signed by a medical director, published by two people."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.access import require
from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import audit
from live.services import event_record
from programs.access import EDITORS
from programs.checks.runner import digest_of, kept, protocol_proof
from programs.models import Check, ProtocolVersion, VersionState
from programs.services.proofs import locked, programs_hold, programs_prove, programs_ready
from programs.services.reviews import two_people
from programs.services.steps import step
from triage.protocol import Protocol


@transaction.atomic
def protocol_draft(*, centre: Centre, data: dict[str, Any], by: User, at: datetime) -> ProtocolVersion:
    """A draft from protocol data. Raises Refused that lists what cannot be read, each with its place."""
    require(by, *EDITORS)
    try:
        Protocol.from_dict(data)
    except ValueError as error:
        raise Refused("protocol_unreadable", str(error)[:1000], field="data") from None
    Centre.objects.select_for_update(no_key=True).get(pk=centre.pk)
    last = ProtocolVersion.objects.filter(centre=centre).aggregate(last=Max("number"))["last"] or 0
    version = ProtocolVersion.objects.create(
        centre=centre,
        number=last + 1,
        data=data,
        author=by,
        editors=[by.pk],
        base=ProtocolVersion.objects.filter(centre=centre, state=VersionState.PUBLISHED).first(),
        created_at=at,
    )
    audit(action="protocol.draft", at=at, by=by, centre=centre, entity="protocol_version", entity_id=version.pk)
    return version


def protocol_publish(
    *,
    version: ProtocolVersion,
    medical_director: str,
    review_by: date | None,
    effective_from: datetime | None,
    by: User,
    at: datetime,
) -> ProtocolVersion:
    """Approve a protocol in review, as the second person, with the director's name and the date of its next review.

    Raises Refused as publishing a program does, when the name is missing or the date is not ahead, and when a program
    that is live or approved would not be safe under it.
    """
    require(by, *EDITORS)
    if not medical_director.strip():
        raise Refused("director_needed", "Name the medical director who signed it.", field="medical_director")
    if review_by is None or review_by <= at.astimezone(version.centre.zone).date():
        raise Refused("review_date_needed", "Give the date of its next review; it lies ahead.", field="review_by")
    # Outside the transaction: processes of their own, and no row locked for them.
    protocol_proof(version.data, at=at)
    programs_prove(version.centre, version.data, at=at)
    with transaction.atomic():
        locked(version.centre)
        found = (
            ProtocolVersion.objects.select_for_update(of=("self",), no_key=True)
            .select_related("centre", "author", "base")
            .get(pk=version.pk)
        )
        later = effective_from is not None and effective_from > at
        if found.state == VersionState.IN_REVIEW:
            two_people(found.author, by, found.editors)
            found.proof = _proof(found)
            programs_hold(found.centre, found.data)
            _base_checked(found)
        step(found, "schedule" if later else "publish", by=by, at=at)
        found.approver, found.published_at = by, at
        found.medical_director, found.review_by = medical_director.strip(), review_by
        found.effective_from = effective_from if later else at
        if not later:
            _supersede_others(found, by, at)
        found.save(
            update_fields=[
                "approver", "published_at", "medical_director", "review_by", "effective_from", "proof", "state",
            ]
        )  # fmt: skip
        if not later:
            _told(found, at)
    return found


def _proof(version: ProtocolVersion) -> Check:
    found = kept(Check.Kind.PROOF, digest_of(version.data))
    if found is None or not found.holds:
        failing = [one for one in found.findings if one["kind"] == "invariant" and not one["holds"]] if found else []
        words = failing[0]["label"] if failing else "it is not proven yet; try again"
        example = failing[0]["example"]["words"] if failing and failing[0].get("example") else ""
        raise Refused("not_safe", f"Not safe: {words}. {example}".strip(), field="approve", status=409)
    return found


def _base_checked(version: ProtocolVersion) -> None:
    live = ProtocolVersion.objects.filter(centre=version.centre, state=VersionState.PUBLISHED).first()
    if live is not None and live.pk != version.base_id:
        raise Refused(
            "live_changed", f"Protocol {live.number} went live meanwhile. Draft it again from there.",
            field="approve", status=409,
        )  # fmt: skip
    if ProtocolVersion.objects.filter(centre=version.centre, state=VersionState.SCHEDULED).exists():
        raise Refused(
            "one_waits", "Another protocol is approved and waits for its time: withdraw it first.",
            field="approve", status=409,
        )  # fmt: skip


def _supersede_others(version: ProtocolVersion, by: User | None, at: datetime) -> None:
    for live in ProtocolVersion.objects.select_for_update(no_key=True).filter(
        centre=version.centre, state=VersionState.PUBLISHED
    ):
        step(live, "supersede", by=by, at=at)
        live.save(update_fields=["state"])


def _told(version: ProtocolVersion, at: datetime) -> None:
    event_record(
        centre_id=version.centre_id,
        entity="protocol_version",
        entity_id=version.pk,
        version=version.number,
        kind="protocol.publish",
        at=at,
    )


def protocol_go_live(*, version: ProtocolVersion, at: datetime) -> ProtocolVersion:
    """An approved protocol whose time has come. It stays as it is while a proof that it needs is still being made.

    Raises Refused when a program that was published meanwhile would not be safe under it: it goes on waiting.
    """
    if version.state != VersionState.SCHEDULED or version.effective_from is None or version.effective_from > at:
        return version
    return _go_live(version, at) if programs_ready(version.centre, version.data, at=at) else version


@transaction.atomic
def _go_live(version: ProtocolVersion, at: datetime) -> ProtocolVersion:
    locked(version.centre)
    found = (
        ProtocolVersion.objects.select_for_update(of=("self",), no_key=True).select_related("centre").get(pk=version.pk)
    )
    if found.state != VersionState.SCHEDULED or found.effective_from is None or found.effective_from > at:
        return found
    programs_hold(found.centre, found.data)
    _supersede_others(found, None, at)
    step(found, "go_live", by=None, at=at)
    found.save(update_fields=["state"])
    _told(found, at)
    return found


@transaction.atomic
def protocol_withdraw(*, version: ProtocolVersion, words: str, by: User, at: datetime) -> ProtocolVersion:
    """Take back an approved protocol before its time, or lay a draft aside. A live one is only ever replaced."""
    require(by, *EDITORS)
    found = (
        ProtocolVersion.objects.select_for_update(of=("self",), no_key=True).select_related("centre").get(pk=version.pk)
    )
    step(found, "withdraw" if found.state == VersionState.SCHEDULED else "discard", by=by, at=at, words=words.strip())
    found.save(update_fields=["state"])
    return found


@transaction.atomic
def protocol_publish_simulated(*, centre: Centre, data: dict[str, Any], at: datetime) -> ProtocolVersion:
    """Publish a protocol in a simulated centre. Raises Refused elsewhere."""
    if not centre.simulated:
        raise Refused(
            "needs_medical_director",
            "A protocol goes live with a named medical director and a review date.",
            status=409,
        )
    last = ProtocolVersion.objects.filter(centre=centre).aggregate(last=Max("number"))["last"] or 0
    ProtocolVersion.objects.filter(centre=centre, state=VersionState.PUBLISHED).update(state=VersionState.SUPERSEDED)
    version = ProtocolVersion.objects.create(
        centre=centre, number=last + 1, state=VersionState.PUBLISHED, data=data, created_at=at, published_at=at
    )
    audit(action="protocol.publish", at=at, centre=centre, entity="protocol_version", entity_id=version.pk)
    return version
