"""Signing in and out, the way home, and a person's own settings."""

from datetime import UTC, datetime

from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.access import FLOOR, may, role_required, roles_of
from accounts.models import Role, User
from accounts.services import audit, presence_note
from desk.actions import act
from dispatch.reasons import HANDOVER_TAKEN
from dispatch.selectors.handover import open_count
from live.services import revoke_after_commit

# The first screen that fits decides; a person with several roles lands where work arrives first.
_HOMES: list[tuple[str, str]] = [
    (Role.CALL_TAKER, "desk:console"),
    (Role.DISPATCHER, "desk:queue"),
    (Role.SUPERVISOR, "desk:overview"),
    (Role.CLINICIAN, "desk:clinician"),
    (Role.RESPONDER, "desk:phone"),
    (Role.PROGRAM_ADMINISTRATOR, "desk:programs"),
    (Role.SYSTEM_ADMINISTRATOR, "desk:displays"),
]


class SignIn(LoginView):
    """The sign-in page. Failures say nothing about which half was wrong."""

    template_name = "desk/sign_in.html"
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponseRedirect:
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User):
            audit(
                action="session.sign_in",
                at=datetime.now(UTC),
                by=user,
                centre=user.centre,
                entity="user",
                entity_id=user.pk,
            )
        return response  # type: ignore[return-value]  # a redirect is a response


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and its live streams. A person of the floor with open work is asked for a relief first."""
    if isinstance(request.user, User):
        if may(request.user, *FLOOR) and open_count(request.user) and not _leaves_anyway(request):
            return redirect(f"{reverse('desk:handover')}?leaving=1")
        with transaction.atomic():
            key = request.session.session_key
            if key:
                revoke_after_commit(key)
            audit(
                action="session.sign_out", at=datetime.now(UTC), by=request.user, centre=request.user.centre,
                entity="user", entity_id=request.user.pk,
            )  # fmt: skip
    logout(request)
    # The sign-in page wipes what this browser kept of the floor (desk.js).
    return redirect(f"{reverse('desk:sign_in')}?out=1")


def _leaves_anyway(request: HttpRequest) -> bool:
    """A supervisor may leave open work behind, with a coded reason that goes to the audit trail."""
    reason = request.POST.get("reason", "")
    if not isinstance(request.user, User) or not may(request.user, Role.SUPERVISOR) or reason not in HANDOVER_TAKEN:
        return False
    audit(
        action="session.leave_open", at=datetime.now(UTC), by=request.user, centre=request.user.centre,
        entity="user", entity_id=request.user.pk, detail={"reason": reason, "open": open_count(request.user)},
    )  # fmt: skip
    return True


def home(request: HttpRequest) -> HttpResponse:
    """Send everybody to the screen of their role; a dispatcher who also takes calls starts at the queue."""
    if not request.user.is_authenticated:
        return redirect("desk:sign_in")
    roles = roles_of(request.user)
    if {Role.DISPATCHER, Role.CALL_TAKER} <= roles:
        return redirect("desk:queue")
    for role, view in _HOMES:
        if role in roles:
            return redirect(view)
    return render(request, "desk/no_screen.html")


@act(*FLOOR)
def heard(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """A console's sign of life. One that is silent for 60 s gives its open calls to the supervisor."""
    presence_note(user=user, page="console", at=at)
    return HttpResponse(status=204)


@role_required(*Role.values)
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme, density, sound and single-key shortcuts of the person, then back to where they were."""
    user = request.user
    if request.method == "POST" and isinstance(user, User):
        if request.POST.get("density") in {"comfortable", "compact"}:
            user.density = request.POST["density"]
        if request.POST.get("sound") in {"on", "off"}:
            user.sound = request.POST["sound"]
        if request.POST.get("volume") in {"2", "5", "9"}:
            user.sound_volume = int(request.POST["volume"])
        if request.POST.get("theme") in {"dark", "light"}:
            user.theme = request.POST["theme"]
        if request.POST.get("single_keys") in {"on", "off"}:
            user.single_key_shortcuts = request.POST["single_keys"] == "on"
        user.save(update_fields=["theme", "single_key_shortcuts", "density", "sound", "sound_volume"])
    back = request.POST.get("back", "/")
    return redirect(back if url_has_allowed_host_and_scheme(back, allowed_hosts=None) else "/")
