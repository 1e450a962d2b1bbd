"""Decisions: a person accepts the suggestion, chooses another class with a reason, or sends at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.access import SECOND_PERSONS, require
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from dispatch import choice
from dispatch.models import Alarm, Decision, HistoryRow, Incident, ReviewItem
from dispatch.models.assignment import Slot
from dispatch.not_diverted import not_diverted
from dispatch.nudge import offer_after_commit
from dispatch.on_screen import on_screen
from dispatch.plan import Plan, direction
from dispatch.reasons import OVERRIDE_LESS
from dispatch.selectors.around_decision import Around, around_of
from dispatch.selectors.cues import Proposals, proposals_of
from dispatch.selectors.triage import Judged, judge
from dispatch.services.alarms import alarm_raise, alarms_end
from dispatch.services.closing import sent_before_reopening
from dispatch.services.handoffs import handoff_open
from dispatch.services.journal import incident_locked, insert_audited, record
from dispatch.services.offers import offers_withdraw
from dispatch.services.promise_clock import PROMISE_FIELDS, promise_again, promise_start
from dispatch.services.review import review_add
from dispatch.services.rising import engine_failed
from dispatch.services.staging import crews_stage
from dispatch.states import ASSIGNMENT_ACCEPTED, ASSIGNMENT_LIVE, INCIDENT, SECOND_PERSON_WAIT_S
from programs.models import ProgramVersion
from triage.engine import priority

ACTIONS = ("accept", "override", "send")
_SETTLED_BY_DECIDING = (
    Alarm.Kind.NO_UNIT,
    Alarm.Kind.RISING_RISK,
    Alarm.Kind.PROMISE_WARNING,
    Alarm.Kind.PROMISE_BROKEN,
    Alarm.Kind.HOLD_OVER,
    Alarm.Kind.TRANSFER_BACK,
    Alarm.Kind.CALL_BACK,
    Alarm.Kind.VISIT_DUE,
    Alarm.Kind.UNATTENDED,
)


@dataclass(frozen=True)
class Taken:
    """A decision with what it was made from; `judged` is None where the decision was known already."""

    decision: Decision
    judged: Judged | None = None


def decision_take(*, id: UUID, incident: Incident, action: str, by: User | None, at: datetime, **more: str) -> Decision:
    """Take and apply a decision: see `decision_taken`, which takes the same and also gives what was judged."""
    return decision_taken(id=id, incident=incident, action=action, by=by, at=at, **more).decision


@transaction.atomic
def decision_taken(
    *,
    id: UUID,
    incident: Incident,
    action: str,
    by: User | None,
    at: datetime,
    response_class: str = "",
    program: str = "",
    reason: str = "",
    reason_text: str = "",
    draft: str = "",
) -> Taken:
    """Take and apply a decision. The same id twice is one decision.

    `accept` sends what is suggested, by another `program` that takes the call where one is named. `send` sends what is
    suggested too, and for a call that is not triaged its nature's standard response: it needs only WHERE. `override`
    needs a class and a reason; more cautious applies at once, less cautious waits for a second person and changes
    nothing until then. Danger in the notes, or in the `draft` that is being typed, that nobody has confirmed or
    dismissed keeps what is suggested at co-response. Raises Refused at the field.
    """
    if action not in ACTIONS:
        raise Refused("action_unknown", f"Choose one of {', '.join(ACTIONS)}.", field="action")
    incident = incident_locked(incident.pk)
    around = around_of(incident, id, settled=_SETTLED_BY_DECIDING)
    if around.known:
        known = Decision.objects.get(pk=id)
        if known.incident_id != incident.pk:
            raise Refused("id_taken", "This decision id is already in use.", field="id", status=409)
        return Taken(known)
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed: reopen it first.", status=409)
    judged = judge(incident=incident, at=at, known=by)
    if judged.facts.place is None:
        raise Refused("where_needed", "Say where first: nobody can be sent without a place.", field="where")
    proposals = proposals_of(incident, draft=draft)
    suggested, holding = choice.held(choice.suggested(judged, incident), judged, proposals)
    chosen = suggested
    if action == "override":
        chosen = choice.chosen(judged, suggested, incident, response_class, program, reason)
    elif action == "accept" and (judged.suggestion is None or not suggested.triaged):
        raise Refused(
            "not_triaged", "There is no suggestion to accept yet: answer a safety question, or send.", status=409
        )
    elif action == "accept" and program not in {"", suggested.program}:
        chosen = choice.accepted(judged, suggested, program)
    way = _way(incident, judged, action, chosen, suggested)
    if way == "less" and reason not in OVERRIDE_LESS:
        raise Refused(
            "reason_needed",
            "Less cautious than suggested, or than it was sent before, needs a reason and a second person.",
            field="reason",
        )
    if way == "less":
        _refuse_unconfirmed(proposals, chosen.response_class, judged)
    version = judged.published.by_slug(chosen.program) if judged.published and chosen.program else None
    waits = way == "less"
    why_not = not_diverted(judged, suggested, chosen, incident, reason)
    decision = Decision(
        id=id,
        incident=incident,
        at=at,
        by=by,
        action=action,
        state="waiting_second" if waits else "standing",
        response_class=chosen.response_class,
        suggested_class=suggested.response_class if judged.suggestion is not None else "",
        direction=way,
        reason=reason,
        reason_text=reason_text[:200],
        program_version=version,
        protocol_version=judged.protocol,
        services=list(chosen.services),
        answers=judged.answers,
        trace=judged.suggestion.to_dict() if judged.suggestion else {},
        on_screen=on_screen(judged, suggested, proposals, [cue.key for cue in holding], why_not),
        engine_version=judged.suggestion.engine_version if judged.suggestion else "none",
        second_due_at=at + timedelta(seconds=SECOND_PERSON_WAIT_S) if waits else None,
    )
    said = {"class": chosen.response_class, "suggested": suggested.response_class, "action": action, "reason": reason}
    insert_audited(decision, action="decision.take", centre_id=incident.centre_id, by=by, at=at, detail=said)
    if action == "override":
        review_add(incident=incident, kind=ReviewItem.Kind.OVERRIDE, subject=decision.pk, reason=reason, by=by, at=at)
    if judged.suggestion is None:
        engine_failed(incident=incident, at=at)
    if around.undone:
        _others_superseded(incident, decision, by, at)
    if waits:
        record(incident=incident, entity="decision", row=decision, action="wait_second", by=by, at=at, reason=reason)
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.SECOND_PERSON,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=Role.SUPERVISOR,
            detail={"decision": str(decision.pk)},
        )
    else:
        _apply(incident, decision, chosen, version, why_not.code, around, by, at)
    return Taken(decision, judged)


def _way(incident: Incident, judged: Judged, action: str, chosen: Plan, suggested: Plan) -> str:
    """ "same", "more" or "less" cautious, than suggested and than sent. Raises Refused for a second accept or send."""
    way = direction(chosen.response_class, suggested.response_class)
    # A call that was given to another centre and came back was sent, and nobody here has decided it yet.
    if incident.sent_at is not None and incident.response_class:
        since_sent = direction(chosen.response_class, incident.response_class)
        if action != "override" and since_sent != "more":
            raise Refused(
                "already_sent",
                "This incident is already sent. Choose a more cautious response, or note what changed.",
                status=409,
            )
        way = "less" if since_sent == "less" else way
    elif incident.sent_at is not None and (before := sent_before_reopening(incident)):
        way = "less" if direction(chosen.response_class, before) == "less" else way
    if action == "override" and chosen.program and not choice.takes_it(judged, chosen):
        # A program whose own rules shut the call out, or are not answered yet, is a step down whatever its class.
        return "less"
    return way


def _refuse_unconfirmed(proposals: Proposals, response_class: str, judged: Judged) -> None:
    """Two people cannot step over words that nobody has looked at: confirming or dismissing them is one key."""
    holding = proposals.hold(response_class, judged.answers)
    if holding:
        raise Refused("cue_unconfirmed", proposals.sentence(holding), field="cues", status=409)


def _others_superseded(incident: Incident, decision: Decision, by: User | None, at: datetime) -> None:
    """A later choice ends one that still waits; a standing one ends only when the later one stands."""
    ends = ["waiting_second"] if decision.state == "waiting_second" else ["waiting_second", "standing"]
    others = Decision.objects.filter(incident=incident, state__in=ends).exclude(pk=decision.pk)
    states = set(others.values_list("state", flat=True))
    if "waiting_second" in states:
        alarms_end(Alarm.Kind.SECOND_PERSON, subject=str(incident.pk), at=at, by=by, note="chosen anew")
    if states:
        others.update(state="superseded")


def _apply(
    incident: Incident,
    decision: Decision,
    plan: Plan,
    version: ProgramVersion | None,
    why_not: str,
    around: Around,
    by: User | None,
    at: datetime,
) -> None:
    """Make a standing decision real: hand-offs requested, or the incident queued for a unit."""
    first = incident.sent_at is None
    before = incident.state
    rises = bool(incident.response_class) and direction(plan.response_class, incident.response_class) == "more"
    same_program = version is not None and incident.program_version_id == version.pk
    if around.offers and (rises or not same_program):
        offers_withdraw(incident, by, at, reason="plan_changed")
    # Read anew where offers were withdrawn: they were live until then.
    live = around.live and incident.assignments.filter(state__in=ASSIGNMENT_LIVE).exists()
    # Deciding ends a hold, also where a unit that assists was left on the incident.
    stays = live and before != "held"
    incident.response_class = plan.response_class
    incident.not_diverted_reason = why_not
    incident.priority = min(incident.priority, _priority(incident, plan))
    stopped = incident.risen_at is not None
    incident.held_until = incident.risen_at = incident.top_at = None
    incident.no_unit_reason, incident.no_unit_detail = "", []
    incident.program_version = version
    if first:
        incident.sent_at = at
        incident.owner_role, incident.owner = Role.DISPATCHER, None
    if version is None:
        incident.offer_wanted = False
        incident.promise_at = None
        incident.state = before if stays else INCIDENT.to("transfer", before)
    elif not (stays and same_program):
        incident.offer_wanted = not incident.late
        promise_start(incident, version, at)
        incident.state = before if stays else INCIDENT.to("queue", before)
    elif stopped and not incident.assignments.filter(slot=Slot.PRIMARY, state__in=ASSIGNMENT_ACCEPTED).exists():
        # The danger had stopped the asking: whoever is asked now may still say no, and then the next is asked.
        incident.offer_wanted = not incident.late
        promise_again(incident, at)
    record(
        incident=incident,
        entity="decision",
        row=decision,
        action=decision.action,
        by=by,
        at=at,
        from_state=before,
        to_state=incident.state,
        reason=decision.reason,
        detail={"class": plan.response_class},
        fields=[
            "state",
            "response_class",
            "not_diverted_reason",
            "priority",
            "held_until",
            "risen_at",
            "no_unit_reason",
            "no_unit_detail",
            "sent_at",
            "owner_role",
            "owner",
            "program_version",
            "offer_wanted",
            *PROMISE_FIELDS,
            "top_at",
        ],
    )
    if around.alarms:
        alarms_end(*_SETTLED_BY_DECIDING, subject=str(incident.pk), at=at, by=by, note="decided anew")
    if rises and live:
        crews_stage(
            incident=incident,
            reason=f"class={plan.response_class}",
            words="A more cautious response was chosen",
            by=by,
            at=at,
            renew=False,
        )
    for service in plan.services:
        handoff_open(incident=incident, service=service, reason="decision", by=by, at=at)
    if incident.offer_wanted:
        offer_after_commit(incident.centre_id)


def _priority(incident: Incident, plan: Plan) -> int:
    return priority(incident.nature or None, plan.response_class if plan.triaged else None, {})


@transaction.atomic
def decision_second(*, decision: Decision, agree: bool, by: User, at: datetime) -> Decision:
    """The second person agrees to a less cautious choice, or not; never oneself. Raises Refused once it is settled.

    Agreeing applies the choice; the floors are judged again first, so a danger that appeared meanwhile stops it.
    """
    require(by, *SECOND_PERSONS)
    incident = incident_locked(decision.incident_id)
    decision = (
        Decision.objects.select_for_update(of=("self",)).select_related("program_version__program").get(pk=decision.pk)
    )
    if decision.state != "waiting_second":
        raise Refused("already_settled", "This choice is already settled.", status=409)
    if decision.second_due_at is not None and decision.second_due_at <= at:
        raise Refused("too_late", "Nobody answered in time: the more cautious response stands.", status=409)
    if decision.by_id == by.pk:
        raise Refused("never_oneself", "A second person must confirm: not the one who chose.", status=409)
    decision.second_by, decision.second_at = by, at
    decision.state = "standing" if agree else "refused"
    if agree:
        judged = judge(incident=incident, at=at)
        slug = decision.program_version.program.slug if decision.program_version else ""
        if judged.answers != decision.answers or judged.suggestion is None or _overtaken(incident, decision):
            raise Refused("answers_changed", "Answers have changed since: the choice must be made again.", status=409)
        if judged.published is not None and slug in judged.published.suspended:
            raise Refused("suspended", "Diversion to this program is stopped.", status=409)
        _refuse_unconfirmed(proposals_of(incident), decision.response_class, judged)
    decision.save(update_fields=["state", "second_by", "second_at"])
    alarms_end(Alarm.Kind.SECOND_PERSON, subject=str(incident.pk), at=at, by=by, note="agreed" if agree else "refused")
    audit(
        action="decision.second",
        at=at,
        by=by,
        centre=incident.centre,
        entity="decision",
        entity_id=decision.pk,
        detail={"agree": agree},
    )
    if agree:
        _others_superseded(incident, decision, by, at)
        plan = Plan(
            decision.response_class,
            decision.program_version.program.slug if decision.program_version else "",
            tuple(decision.services),
            True,
        )
        around = around_of(incident, decision.pk, settled=_SETTLED_BY_DECIDING)
        why_not = str(decision.on_screen.get("not_diverted", {}).get("code", ""))
        _apply(incident, decision, plan, decision.program_version, why_not, around, by, at)
    else:
        record(incident=incident, entity="decision", row=decision, action="refuse_second", by=by, at=at)
    return decision


_OVERTAKES = ("nature", "risk_rise", "return_to_911", "rescue")
"""Changes of an incident that are no answers and that a choice which still waits did not know of."""


def _overtaken(incident: Incident, decision: Decision) -> bool:
    """Whether something of _OVERTAKES has happened since the choice was made."""
    rows = HistoryRow.objects.filter(incident_id=incident.pk)
    asked = rows.filter(entity="decision", entity_id=decision.pk, action="wait_second").values_list("id", flat=True)
    return rows.filter(action__in=_OVERTAKES, id__gt=max(asked, default=0)).exists()


@transaction.atomic
def decision_expire(*, decision: Decision, at: datetime) -> Decision:
    """Nobody answered in time: the more cautious class stands, and says so. Idempotent."""
    incident = incident_locked(decision.incident_id)
    decision = Decision.objects.select_for_update().get(pk=decision.pk)
    if decision.state == "waiting_second" and decision.second_due_at is not None and decision.second_due_at <= at:
        decision.state = "refused"
        decision.save(update_fields=["state"])
        alarms_end(Alarm.Kind.SECOND_PERSON, subject=str(incident.pk), at=at, note="no answer: suggestion stands")
        record(
            incident=incident,
            entity="decision",
            row=decision,
            action="expire_second",
            by=None,
            at=at,
            reason="no_answer",
        )
    return decision
