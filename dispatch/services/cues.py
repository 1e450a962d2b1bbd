"""Cues: what a person dismissed. Confirming one is an answer like any other (`answers_record`)."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Call, CueDismissal, Incident
from dispatch.selectors.cues import proposals_of
from dispatch.services.journal import incident_locked, record
from triage import cues


@transaction.atomic
def cue_dismiss(
    *, incident: Incident, mark: str, by: User, at: datetime, call: Call | None = None, draft: str = ""
) -> CueDismissal:
    """Record that words of the notes, or of the `draft` being typed, do not mean what they were taken for.

    The same mark twice is one dismissal. Only a mark that the words give can be dismissed, so nothing is dismissed in
    advance and no other text is stored. Raises Refused for another mark, or once the incident is closed.
    """
    incident = incident_locked(incident.pk)
    known = CueDismissal.objects.filter(incident=incident, mark=mark).first()
    if known is not None:
        return known
    if incident.state in {"closed", "joined"}:
        raise Refused("incident_closed", "The incident is closed.", status=409)
    found = proposals_of(incident, draft=draft)
    cue = next((one for one in found.cues if one.mark == mark), None)
    if cue is None:
        raise Refused("cue_unknown", "These words are not in the notes any more.", field="mark", status=409)
    row = CueDismissal.objects.create(
        incident=incident, call=call, mark=mark, key=cue.key, lexicon=cues.version(), at=at, by=by
    )
    record(
        incident=incident,
        entity="cue",
        row=incident,
        action="dismiss",
        by=by,
        at=at,
        reason=cue.key,
        detail={"key": cue.key, "value": cue.value, "dismissal": row.pk},
    )
    audit(
        action="cue.dismiss",
        at=at,
        by=by,
        centre=incident.centre,
        entity="incident",
        entity_id=incident.pk,
        detail={"key": cue.key, "value": cue.value},
    )
    return row
