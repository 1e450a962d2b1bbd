"""The call taker's console: the page, one call's parts, and the searches behind its two fields."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Role, User
from accounts.services import audit
from desk.actions import act, form_of
from desk.advice import class_words
from desk.call_card import CALL_ENDS, blank_card, call_card, program_names
from desk.call_care import care_statics, handed_to
from desk.cue_chips import chips
from desk.forms.call import DraftForm, PlaceSearchForm
from desk.keys import REASON_KEYS
from desk.pages import live_page
from desk.unsent import with_unsent
from desk.why import why_groups
from dispatch.access import call_for
from dispatch.models import Alarm, Call, Incident
from dispatch.models.target import LINE_KINDS
from dispatch.reasons import OVERRIDE_LESS, OVERRIDE_MORE
from dispatch.selectors.callbacks import OWED
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.targets import targets_of
from dispatch.selectors.triage import Judged, answers_at_place, judge
from live.selectors import live_position
from people.geocoding import geocoder_at
from people.selectors import places_search
from triage import natures, vocabulary

_MOST_PICKS = 8
_MOST_OUTSIDE = 4


def card_statics() -> dict[str, Any]:
    """What every card offers, whatever the call: classes, reasons, ends."""
    return {
        "classes": [(str(code), class_words(str(code))) for code in vocabulary.load().class_labels],
        "reasons_more": [(code, REASON_KEYS[code], said) for code, said in OVERRIDE_MORE.items()],
        "reasons_less": [(code, REASON_KEYS[code], said) for code, said in OVERRIDE_LESS.items()],
        "call_ends": CALL_ENDS,
        "geocoder": bool(settings.GEOCODER_URL),
    }


@require_GET
@role_required(Role.CALL_TAKER)
def console(request: HttpRequest) -> HttpResponse:
    """All open calls of this person, each in its card, and the blank card for the next one."""
    user = require(request.user, Role.CALL_TAKER)
    centre, at = centre_of(user), datetime.now(UTC)
    position = live_position(centre.pk)
    mine = Call.objects.filter(centre=centre, owner=user)
    # An ended call whose incident nobody has sent or closed still needs a person: it stays in sight.
    unsent = Incident.objects.filter(centre=centre, owner=user, state__in=["open", "triaged"])
    owed = Alarm.objects.filter(centre=centre, kind__in=OWED, owner=user, ended_at__isnull=True)
    called_back = [UUID(subject) for subject in owed.values_list("subject", flat=True)]
    # Two reads by index, and not one with an "or" that reads all calls that this person ever took.
    shown = (
        mine.filter(state="open")
        .values("pk")
        .union(mine.filter(incident__in=unsent).values("pk"), mine.filter(pk__in=called_back).values("pk"))
    )
    calls = list(
        Call.objects.filter(pk__in=shown)
        .select_related("incident__centre", "incident__program_version__program", "phone")
        .order_by("received_at")
    )
    for call in calls:
        # Reading notes and numbers is logged once a page view.
        audit(action="incident.read", at=at, by=user, centre=centre, entity="incident", entity_id=call.incident_id)
    context = {
        "cards": with_unsent([call_card(call, user, at) for call in calls], calls, user),
        "blank": blank_card(at, centre.time_zone),
        "transfer_targets": targets_of(centre, *LINE_KINDS),
        "handed": handed_to(user),
        "zone": centre.time_zone,
        **care_statics(user),
        **card_statics(),
    }
    return live_page(
        request, "desk/console/page.html", context, position=position, centre_id=centre.pk, audiences="console"
    )


def regions(
    request: HttpRequest, user: User, call: Call, at: datetime, *, judged: Judged | None = None, duplicates: bool = True
) -> HttpResponse:
    """All parts of a call's card that are not fields, from `call.incident` as it is now.

    Every post carries the note that is being typed, so that no answer makes the panel forget what its words hold.
    """
    card = call_card(call, user, at, judged=judged, draft=draft_of(request), duplicates=duplicates)
    return uncached(render(request, "desk/console/regions.html", {"card": card}))


def draft_of(request: HttpRequest) -> str:
    """The draft of a post; empty for one without it."""
    return str(form_of(DraftForm(request.POST)).cleaned_data["draft"])


def uncached(response: HttpResponse) -> HttpResponse:
    """A response with personal data: kept by no browser and no proxy."""
    response["Cache-Control"] = "no-store"
    return response


@require_GET
@role_required(*FLOOR)
def call_regions(request: HttpRequest, id: UUID) -> HttpResponse:
    """The parts of one call, after somebody else has changed something."""
    user = require(request.user, *FLOOR)
    return regions(request, user, call_for(user, id), datetime.now(UTC))


@require_GET
@role_required(*FLOOR)
def call_why(request: HttpRequest, id: UUID) -> HttpResponse:
    """Why, rule by rule. Read when somebody opens it, since it is long."""
    user = require(request.user, *FLOOR)
    call = call_for(user, id)
    judged = judge(incident=call.incident, at=datetime.now(UTC))
    groups = why_groups(judged, call=call, names=program_names(judged))
    return uncached(render(request, "desk/console/why.html", {"card": {"id": str(call.pk)}, "groups": groups}))


@act(*FLOOR)
def call_draft(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The words that matter in the note that is being typed. The suggestion comes along only when they change it."""
    data = form_of(DraftForm(request.POST)).cleaned_data
    call = call_for(user, id)
    if data["all"]:
        return regions(request, user, call, at)
    proposals = proposals_of(call.incident, draft=data["draft"])
    answers = answers_at_place(call.incident, at=at)
    shown = chips(proposals, answers)
    if {cue["mark"] for cue in shown if cue["danger"]} != set(data["seen"].splitlines()):
        return regions(request, user, call, at, duplicates=False)
    card = {
        "id": str(call.pk),
        "cues": shown,
        "cues_failed": not proposals.lexicon,
        "cues_phrases_only": proposals.phrases_only,
    }
    return uncached(render(request, "desk/console/cues.html", {"card": card}))


@act(*FLOOR)
def places(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Gazetteer matches. A POST, since what is typed here is an address and addresses do not belong in URLs."""
    form = form_of(PlaceSearchForm(request.POST))
    found = places_search(centre=centre_of(user), text=form.cleaned_data["text"], limit=_MOST_PICKS)
    return render(request, "desk/console/picks.html", {"places": found, "token": form.cleaned_data["token"]})


@act(*FLOOR)
def places_outside(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Matches of the centre's geocoder, asked for after the gazetteer's are shown; nothing where it has none."""
    form = form_of(PlaceSearchForm(request.POST))
    found = geocoder_at(settings.GEOCODER_URL).find(form.cleaned_data["text"], limit=_MOST_OUTSIDE)
    return render(request, "desk/console/outside.html", {"found": found, "token": form.cleaned_data["token"]})


@act(*FLOOR)
def nature_search(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Natures like the words typed; small typing errors are forgiven."""
    form = form_of(PlaceSearchForm(request.POST))
    found = natures.search(form.cleaned_data["text"], _MOST_PICKS)
    return render(request, "desk/console/nature_picks.html", {"natures": found, "token": form.cleaned_data["token"]})
