"""Practice calls: only in a simulated centre, from the first ring to the score."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.access import FLOOR, centre_of, require
from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from dispatch.models import Answer, Decision, LocationEntry, PracticeRun
from dispatch.services.calls import call_open
from people.models import Place
from programs.selectors import programs_published, protocol_of, protocol_published, rules_of
from triage import practice
from triage.vocabulary import UNKNOWN_WORD

_NUMBER = "+13085550199"
"""Of the range that is kept free for fiction."""


def _script(id: str) -> practice.PracticeCall:
    found = practice.load().get(id)
    if found is None:
        raise Refused("script_unknown", "There is no such practice call.", field="script")
    return found


@transaction.atomic
def practice_start(*, id: UUID, script: str, by: User, at: datetime) -> PracticeRun:
    """Ring: open a call at the person's console and choose the address that its caller will give.

    `id` is also the call's: started twice, it is one call. Raises Refused outside a simulated centre.
    """
    require(by, *FLOOR)
    centre = centre_of(by)
    if not centre.simulated:
        raise Refused("practice_simulated_only", "Practice calls ring only in a simulated centre.", status=409)
    known = PracticeRun.objects.filter(pk=id, user=by).first()
    if known is not None:
        return known
    call = call_open(centre=centre, id=id, channel=_script(script).channel, number=_NUMBER, by=by, at=at)
    places = Place.objects.filter(centre=centre, kind="address").order_by("label")
    count = places.count()
    where = places[id.int % count].label if count else "the place that your trainer gives you"
    run = PracticeRun.objects.create(
        pk=id, centre=centre, user=by, script=script, call=call, where=where, started_at=at
    )
    audit(action="practice.start", at=at, by=by, centre=centre, entity="call", entity_id=call.pk)
    return run


@transaction.atomic
def practice_ask(*, run: PracticeRun, key: str, by: User) -> str:
    """Put one question to the caller; their words come back. Counted once however often it is asked."""
    run = PracticeRun.objects.select_for_update(of=("self",)).get(pk=run.pk, user=by)
    try:
        words = _script(run.script).says(key)
    except ValueError as error:
        raise Refused("question_unknown", "There is no such question.", field="key") from error
    if key not in run.asked and run.scored_at is None:
        run.asked = [*run.asked, key]
        run.save(update_fields=["asked"])
    return words


@transaction.atomic
def practice_score(*, run: PracticeRun, at: datetime) -> PracticeRun:
    """Score the run from what the person stored: answers, place and first decision. Waits until it is decided."""
    run = PracticeRun.objects.select_for_update(of=("self",)).select_related("call__incident").get(pk=run.pk)
    decision = Decision.objects.filter(incident=run.call.incident, by=run.user).order_by("at", "id").first()
    if run.scored_at is not None or decision is None:
        return run
    script, incident = _script(run.script), run.call.incident
    published = programs_published(run.centre, at=at, lat=None, lon=None)
    rules = [rules_of(version) for version in published.versions]
    protocol = protocol_of(protocol_published(run.centre))
    rows = Answer.objects.filter(call=run.call).order_by("id").values_list("key", "value")
    entered = {key: value for key, value in rows if value != UNKNOWN_WORD}
    placed = LocationEntry.objects.filter(incident=incident, subject="incident").order_by("id").first()
    run.score = practice.score(
        script,
        chosen=decision.response_class,
        entered=entered,
        asked=len(run.asked),
        fewest=practice.fewest_questions(script, protocol, rules),
        where_s=round((placed.at - run.started_at).total_seconds()) if placed else None,
        decision_s=round((decision.at - run.started_at).total_seconds()),
    ).to_dict()
    run.scored_at = at
    run.save(update_fields=["score", "scored_at"])
    return run
