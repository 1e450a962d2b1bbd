"""What a person and a centre set for the console: keys, thresholds, and the list of forced addresses."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import Role, User
from accounts.problems import Refused
from accounts.services import audit
from desk.actions import act, form_of
from desk.forms.call import FollowUpForm, ThresholdsForm
from desk.keys import KEYS, QUEUE, QUEUE_KEYS, keymap_of
from dispatch.access import KEEPERS, forced_location_for
from dispatch.selectors.forced import forced_addresses
from dispatch.selectors.thresholds import thresholds_of
from dispatch.services.forced import forced_follow_up

_ALL = KEYS | {QUEUE + key: words for key, words in QUEUE_KEYS.items()}


@role_required(*FLOOR)
def keys(request: HttpRequest) -> HttpResponse:
    """A person's own keys of console and queue. What clashes is refused beside its key; nothing typed is lost."""
    user = require(request.user, *FLOOR)
    chosen: dict[str, str] = user.keymap
    problem, at_key = "", ""
    if request.method == "POST":
        chosen = {} if "reset" in request.POST else {key: request.POST.get(key, "") for key in _ALL}
        try:
            user.keymap = keymap_of(chosen)
        except Refused as error:
            problem, at_key = error.detail, error.field
        else:
            user.save(update_fields=["keymap"])
            return redirect("desk:keys")
    rows = [
        (name, name.removeprefix(QUEUE), words, chosen.get(name) or name.removeprefix(QUEUE), at_key == name)
        for name, words in _ALL.items()
    ]
    pages = [("Console", rows[: len(KEYS)]), ("Queue", rows[len(KEYS) :])]
    context = {"pages": pages, "changed": bool(user.keymap), "problem": problem}
    return render(request, "desk/settings/keys.html", context, status=422 if problem else 200)


@role_required(Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR)
def thresholds(request: HttpRequest) -> HttpResponse:
    """When the clocks of the centre begin to matter."""
    user = require(request.user, Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR)
    centre = centre_of(user)
    form = ThresholdsForm(request.POST or None, instance=thresholds_of(centre))
    if request.method == "POST" and form.is_valid():
        form.save()
        audit(
            action="thresholds.set",
            at=datetime.now(UTC),
            by=user,
            centre=centre,
            entity="centre",
            entity_id=centre.pk,
            detail={name: form.cleaned_data[name] for name in form.changed_data},
        )
        return redirect("desk:thresholds")
    return render(request, "desk/settings/thresholds.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@role_required(*KEEPERS)
def forced(request: HttpRequest) -> HttpResponse:
    """Forced addresses that nobody has looked into, newest first."""
    centre = centre_of(require(request.user, *KEEPERS))
    found = forced_addresses(centre=centre)
    context = {"rows": found.rows, "more": found.more, "zone": centre.time_zone}
    return render(request, "desk/settings/forced.html", context)


@act(*KEEPERS)
def forced_done(request: HttpRequest, user: User, at: datetime, id: int) -> HttpResponse:
    """Looked into."""
    note = form_of(FollowUpForm(request.POST)).cleaned_data["note"]
    forced_follow_up(location=forced_location_for(user, id), note=note, by=user, at=at)
    return redirect("desk:forced")
