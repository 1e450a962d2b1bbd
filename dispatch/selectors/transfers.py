"""Transfers as the clinicians' queue, the console and the incident's pane show them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import Centre, User
from dispatch.models import Assignment, Incident, LocationEntry, Transfer
from dispatch.reasons import TRANSFER_DECLINE, TRANSFER_DROP, TRANSFER_RETURN, words
from dispatch.states import ASSIGNMENT_LIVE, TRANSFER_LIVE
from responders.selectors import unit_of
from triage import natures

_LEVEL = {"offered": "serious", "ringing": "serious", "connected": "standby", "callback": "caution"}
_WORDS = {"offered": "OFFERED", "ringing": "RINGS", "connected": "CONNECTED", "callback": "CALL BACK"}
_RANK = {"ringing": 0, "offered": 1, "callback": 2, "connected": 3}
_REASONS = {**TRANSFER_DECLINE, **TRANSFER_DROP, **TRANSFER_RETURN}


@dataclass(frozen=True)
class ClinicianRow:
    """One call on the clinicians' queue. Its `state` is its transfer's; an offer to a clinician's unit is `offered`,
    and one whose caller has hung up meanwhile is `callback`."""

    id: str
    code: str
    priority: int
    nature: str
    where: str
    state: str
    words: str
    level: str
    since: datetime
    giver: str
    whom: str
    receiver: str
    bridge: bool
    gone: bool
    key: str


def transfers_listed(*, centre: Centre) -> list[Transfer]:
    """Live transfers of a centre, oldest first."""
    return list(
        Transfer.objects.filter(incident__centre=centre, state__in=TRANSFER_LIVE)
        .select_related("incident", "receiver", "target", "unit")
        .order_by("offered_at")
    )


def clinician_rows(*, centre: Centre, ids: Collection[UUID] | None = None) -> list[ClinicianRow]:
    """Calls that are with a clinician or on their way to one: what rings first, then by priority and age.

    Or just the incidents `ids`, those that are no matter of a clinician's as `gone`.
    """
    transfers = Transfer.objects.filter(kind=Transfer.Kind.CLINICIAN, direction="out", state__in=TRANSFER_LIVE)
    booked = Assignment.objects.filter(by_phone=True, state__in=ASSIGNMENT_LIVE)
    if ids is None:
        here = Q(incident__centre=centre)
        transfers, booked = transfers.filter(here), booked.filter(here)
    else:
        transfers, booked = transfers.filter(incident__in=ids), booked.filter(incident__in=ids)
    found: dict[UUID, Transfer | Assignment] = {
        one.incident_id: one for one in booked.select_related("incident", "unit")
    }
    shown = transfers.select_related("incident", "unit", "offered_by", "receiver")
    # Of several callers of one incident the one who waits, and of those the one who has waited longest.
    found |= {one.incident_id: one for one in sorted(shown, key=_waiting_first, reverse=True)}
    places = _places(found)
    rows = [_row(one, places.get(pk, "")) for pk, one in found.items()]
    rows += [_gone(pk) for pk in set(ids or ()) - set(found)]
    return sorted(rows, key=lambda row: row.key)


def _waiting_first(one: Transfer) -> tuple[int, datetime]:
    return _RANK[one.state], one.offered_at


def _places(incident_ids: Collection[UUID]) -> dict[UUID, str]:
    latest = LocationEntry.objects.filter(incident__in=incident_ids, subject="incident").order_by("incident", "-id")
    return dict(latest.distinct("incident").values_list("incident", "text")) if incident_ids else {}


def _row(one: Transfer | Assignment, where: str) -> ClinicianRow:
    incident: Incident = one.incident
    nature = natures.load().get(incident.nature or None)
    giver, receiver, bridge = "engine", "", False
    if isinstance(one, Transfer):
        state, since = one.state, one.connected_at or one.rung_at or one.offered_at
        giver = str(one.offered_by) if one.offered_by is not None else "engine"
        receiver, bridge = str(one.receiver or one.receiver_name), one.bridge
    else:
        state = "offered" if one.state == "offered" else "callback"
        since = one.accepted_at or one.offered_at
    return ClinicianRow(
        id=str(incident.pk),
        code=f"{incident.number:04d}",
        priority=incident.priority,
        nature=nature.name if nature else "Not said yet",
        where=where,
        state=state,
        words=_WORDS[state],
        level=_LEVEL[state],
        since=since,
        giver=giver,
        whom=one.unit.call_sign if one.unit is not None else "any clinician",
        receiver=receiver,
        bridge=bridge,
        gone=False,
        key=f"{_RANK[state]}-{incident.priority}-{since:%Y-%m-%dT%H:%M:%S.%fZ}",
    )


def _gone(incident_id: UUID) -> ClinicianRow:
    nothing = datetime.min.replace(tzinfo=UTC)
    return ClinicianRow(str(incident_id), "", 4, "", "", "", "", "", nothing, "", "", "", False, True, "9")


def clinician_work(
    incident: Incident, user: User, *, taking: bool = False
) -> tuple[Transfer | None, Assignment | None]:
    """What a clinician may act on: the incident's live transfer to a clinician, and their own unit's booking of it.

    Of several callers of one incident: `taking` (or declining), the one who waits, as the queue shows them; else the
    one whom this clinician has.
    """
    live = incident.transfers.filter(kind=Transfer.Kind.CLINICIAN, direction="out", state__in=TRANSFER_LIVE)
    transfers = sorted(live.select_related("receiver"), key=_waiting_first)
    if not taking:
        transfers.sort(key=lambda one: one.receiver_id != user.pk)
    transfer = transfers[0] if transfers else None
    unit = unit_of(user)
    booked = incident.assignments.filter(by_phone=True, state__in=ASSIGNMENT_LIVE, unit=unit).first() if unit else None
    return transfer, booked


def transfer_words(one: Transfer) -> str:
    """A transfer in a sentence, for the pane: to whom, who has the caller, why it ended."""
    if one.direction == Transfer.Direction.IN:
        named = ", ".join(part for part in (one.receiver_name, one.sender_reference) if part)
        return f"From {one.get_kind_display()}{f' ({named})' if named else ''}"
    receiver = one.target or one.unit
    whom = str(receiver) if receiver is not None else one.get_kind_display()
    said = f"To {whom}{' in addition' if one.bridge else ''}"
    who = str(one.receiver) if one.receiver is not None else one.receiver_name
    if who and one.state in {"connected", "resolved"}:
        said += f", {who} has the caller" if one.state == "connected" else f", {who}"
    if one.reason:
        said += f": {words(_REASONS, one.reason).lower()}"
    return said
