"""The command line of every floor page: what a line would do, doing it, undoing it. Posted, since lines hold notes."""

from datetime import datetime
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from accounts.access import FLOOR, centre_of
from accounts.models import User
from accounts.problems import Refused
from desk.actions import act, form_of
from desk.commands.completion import completions, verbs_for
from desk.commands.grammar import Unreadable
from desk.commands.plans import Context
from desk.commands.running import carry_out, plan_of, undo
from desk.forms.command import CommandForm, UndoForm
from dispatch.states import TransitionRefused

_UNDO = ["undo", "Take the last command back, within ten seconds", "undo"]
"""Done by the page, which has the token of what was done last."""


def _context(user: User, at: datetime, id: UUID, selected: UUID | None) -> Context:
    return Context(user, centre_of(user), at, id, selected)


def _why(error: Exception) -> str:
    if isinstance(error, Http404):
        return "It is not there any more, or not yours to see."
    if isinstance(error, Refused):
        return error.detail
    return str(error) or "Your role does not include this."


@act(*FLOOR)
def command_echo(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """What Enter would do, in words, and how the last word could go on. Changes nothing."""
    data = form_of(CommandForm(request.POST)).cleaned_data
    said: dict[str, object] = {"complete": completions(data["text"], user, centre_of(user)), "echo": "", "problem": ""}
    if data["text"].strip().lower() in {"help", "?"}:
        said["help"] = [[verb.name, verb.words, verb.usage] for verb in verbs_for(user)] + [_UNDO]
        return JsonResponse(said)
    try:
        said["echo"] = plan_of(data["text"], _context(user, at, data["id"], data["selected"])).echo
    except (Unreadable, Refused, TransitionRefused, PermissionDenied, Http404) as error:
        said["problem"] = _why(error)
    return JsonResponse(said)


@act(*FLOOR)
def command_run(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Carry a line out. A line that cannot be carried out whole does nothing and says why."""
    data = form_of(CommandForm(request.POST)).cleaned_data
    try:
        done, token = carry_out(data["text"], _context(user, at, data["id"], data["selected"]))
    except (Unreadable, Refused, TransitionRefused, PermissionDenied, Http404) as error:
        return JsonResponse({"problem": _why(error)}, status=422)
    return JsonResponse({"done": done.words, "undo": token, "go": done.go, "show": done.show})


@act(*FLOOR)
def command_undo(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Undo the last command, for ten seconds."""
    data = form_of(UndoForm(request.POST)).cleaned_data
    try:
        return JsonResponse({"done": undo(data["token"], _context(user, at, data["id"], None)), "undo": "", "go": ""})
    except (Unreadable, Refused, TransitionRefused, PermissionDenied, Http404) as error:
        return JsonResponse({"problem": _why(error)}, status=422)
