"""Danger that rises after sending, whoever tells of it: an answer, a joined call, a corrected place or nature."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models import Role, User
from dispatch.models import Alarm, Incident, Transfer
from dispatch.plan import direction
from dispatch.selectors.triage import Judged, dangerous
from dispatch.services.alarms import alarm_raise, alarm_say
from dispatch.services.staging import crews_stage, risk_raise
from dispatch.states import ASSIGNMENT_LIVE, INCIDENT
from programs.selectors import protocol_of
from triage import engine, vocabulary
from triage.response import ResponseClass

_WORDS_KINDS = {"text", "text_list", "language"}


def retriage(*, incident: Incident, judged: Judged, at: datetime) -> list[str]:
    """Bring a locked incident's own fields up to a new suggestion; returns the fields to save. Raises urgency only.

    Without a suggestion the supervisor is alarmed: standard dispatch goes on.
    """
    suggestion = judged.suggestion
    if suggestion is None:
        engine_failed(incident=incident, at=at)
        return []
    fields: list[str] = []
    if suggestion.triaged and not incident.triaged:
        incident.triaged = True
        fields.append("triaged")
        if incident.state == "open":
            incident.state = "triaged"
            fields.append("state")
    undecided = incident.sent_at is None or not incident.response_class
    if incident.state == "held" and undecided and suggestion.response_class is ResponseClass.EMERGENCY:
        # What was calm enough to wait is not any more: nobody has sent it, so no stage order or alarm would say so.
        incident.state, incident.held_until = INCIDENT.to("hold_over", "held"), None
        fields += ["state", "held_until"]
        alarm_raise(
            centre=incident.centre,
            kind=Alarm.Kind.HOLD_OVER,
            subject=str(incident.pk),
            at=at,
            incident=incident,
            owner_role=incident.owner_role,
            owner=incident.owner,
            urgent=True,
        )
    if suggestion.priority < incident.priority:
        incident.priority = suggestion.priority
        fields.append("priority")
    return fields


def engine_failed(*, incident: Incident, at: datetime) -> None:
    """No suggestion could be made for a call: the supervisor is told, and standard dispatch goes on."""
    alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.ENGINE_ERROR,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner_role=Role.SUPERVISOR,
    )


def rise_check(*, incident: Incident, before: Mapping[str, Any], judged: Judged, by: User | None, at: datetime) -> None:
    """Stage orders and ready hand-offs when a sent incident has become more dangerous than what it was sent as.

    `before` are its merged answers before the change. The class counts against what was decided (and suggested then),
    so a choice that two people confirmed is not undone by an answer that changes nothing. A new danger answer reaches
    unarmed crews even where the class was already the highest, and where the engine has failed; where no crew is asked
    yet and less than suggested would be sent, it stops the asking. Where nobody here has decided the call, whoever owns
    it learns of the danger: to decide it now, or to tell the other centre that has it.
    """
    if incident.sent_at is None:
        return
    after = judged.answers
    changed = [key for key in after if after[key] != before.get(key)]
    dangers = [key for key in changed if dangerous(key, after[key])]
    if not incident.response_class:
        if dangers:
            reason, words = _said(judged, dangers)
            _owner_told(incident, reason, words, at)
            # Mostly there is no crew; whoever is with it all the same stops.
            crews_stage(incident=incident, reason=reason, words=words, by=by, at=at)
        return
    services = _services_of_rise(incident, before, judged)
    if not services:
        unarmed = incident.assignments.filter(state__in=ASSIGNMENT_LIVE, unit__armed=False)
        if not dangers or not (_would_send_less(incident, judged) or unarmed.exists()):
            return
        services = ("police",) if judged.suggestion is None else ()
    reason, words = _said(judged, dangers or changed)
    risk_raise(incident=incident, reason=reason, words=words, services=services, by=by, at=at)


def danger_said(
    *, incident: Incident, reason: str, words: str, services: Sequence[str], by: User | None, at: datetime
) -> None:
    """A danger of a locked incident, sent before, that is no answer to a question: another nature, for example. It acts
    like one: see `rise_check`."""
    if not incident.response_class:
        _owner_told(incident, reason, words, at)
        crews_stage(incident=incident, reason=reason, words=words, by=by, at=at)
        return
    highest = incident.response_class == str(ResponseClass.EMERGENCY)
    if not highest or incident.assignments.filter(state__in=ASSIGNMENT_LIVE, unit__armed=False).exists():
        # What is the most cautious response already asked for its services when it was sent.
        asked = () if highest else services
        risk_raise(incident=incident, reason=reason, words=words, services=asked, by=by, at=at)


def _owner_told(incident: Incident, reason: str, words: str, at: datetime) -> None:
    """A danger of a call that was sent before and that nobody here has decided now: given to another centre, come back,
    or reopened. Whoever owns it is told, and the supervisor after 30 s."""
    centre = _centre_with(incident)
    said = "Not decided yet" if centre is None else f"Tell the other centre ({centre})"
    alarm = alarm_raise(
        centre=incident.centre,
        kind=Alarm.Kind.RISING_RISK,
        subject=str(incident.pk),
        at=at,
        incident=incident,
        owner_role=incident.owner_role,
        owner=incident.owner,
        urgent=True,
        detail={"reason": reason, "words": f"{said}: {words}"},
    )
    if words not in alarm.detail["words"]:
        # An alarm that still stands says this, too.
        alarm_say(alarm=alarm, detail={"words": f"{alarm.detail['words']}; {words}"}, at=at)


def _centre_with(incident: Incident) -> str | None:
    """The name of the other centre that has taken the call and sends; None where the call is ours to decide."""
    if incident.state != "transferred":
        return None
    given = incident.transfers.filter(kind=Transfer.Kind.CENTRE, direction=Transfer.Direction.OUT, bridge=False)
    has = given.filter(state__in=("connected", "resolved")).select_related("target").order_by("-offered_at").first()
    if has is None:
        return None
    return has.target.name if has.target is not None else ""


def _would_send_less(incident: Incident, judged: Judged) -> bool:
    """Whether the engine looks for a unit of a class below what is suggested now, or nobody knows what is."""
    if not incident.offer_wanted:
        return False
    return (
        judged.suggestion is None or direction(str(judged.suggestion.response_class), incident.response_class) == "more"
    )


def _services_of_rise(incident: Incident, before: Mapping[str, Any], judged: Judged) -> tuple[str, ...]:
    """The services that a risen class asks for; none when the class did not rise."""
    if judged.suggestion is None or judged.protocol is None:
        return ()
    now = str(judged.suggestion.response_class)
    decided = incident.decisions.filter(state="standing").order_by("-at").first()
    known = [incident.response_class, decided.suggested_class if decided else ""]
    if not all(direction(now, one) == "more" for one in known if one):
        return ()
    if incident.risen_at is not None:
        earlier = str(engine.decide(protocol_of(judged.protocol), before).response_class)
        if direction(now, earlier) != "more":
            return ()
    return tuple(judged.suggestion.services) or ("police",)


def _said(judged: Judged, changed: list[str]) -> tuple[str, str]:
    """A code and the crew's words for the worst of the changed answers. A caller's own words stay out of the code."""
    fired = judged.suggestion.decision.fired if judged.suggestion is not None else ()
    certain = [floor for floor in fired if not floor.by_unknown] or list(fired)
    worst = next((key for floor in certain for key in changed if key in floor.values), changed[0] if changed else "")
    if not worst:
        return "class", "Danger has risen"
    question = vocabulary.load().get(worst)
    value = judged.answers[worst]
    if question.kind in _WORDS_KINDS:
        return worst, f"{question.label}: read the answers"
    code = f"{worst}={'+'.join(map(str, _as_list(value)))}"
    return code[:80], f"{question.label}: {question.label_of(value)}"[:160]


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple | frozenset) else [value]
