"""What makes the phone page an app: manifest, worker, the page of an empty phone; and the crews' emergency line."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import centre_of, require, role_required
from accounts.models import Role
from accounts.services import crew_line_of, crew_line_set
from desk.forms.crew import CrewLineForm
from desk.phone_worker import worker_text

_KEEPERS = (Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR)


@require_GET
@never_cache
def manifest(request: HttpRequest) -> HttpResponse:
    """Lets a phone keep the page as an app. Nothing in it is about anybody, so it is there before signing in."""
    return render(request, "desk/phone/manifest.json", content_type="application/manifest+json")


@require_GET
@never_cache
def worker(_request: HttpRequest) -> HttpResponse:
    """The service worker; its own address bounds it to the phone's pages. It holds file names, and nothing personal."""
    return HttpResponse(worker_text(), content_type="text/javascript; charset=utf-8")


@require_GET
def nothing_kept(request: HttpRequest) -> HttpResponse:
    """What is shown without a network where nothing is kept. The worker stores it, so nobody's name is on it."""
    return render(request, "desk/phone/nothing_kept.html")


@role_required(*_KEEPERS)
def crew_line(request: HttpRequest) -> HttpResponse:
    """The number that a crew's phone offers when a call for help does not reach the server."""
    user = require(request.user, *_KEEPERS)
    centre = centre_of(user)
    form = CrewLineForm(request.POST or None, instance=crew_line_of(centre))
    if request.method == "POST" and form.is_valid():
        crew_line_set(line=form.save(commit=False), by=user, at=datetime.now(UTC))
        return redirect("desk:crew_line")
    context = {"form": form, "line": crew_line_of(centre)}
    return render(request, "desk/settings/crew_line.html", context, status=422 if form.errors else 200)
