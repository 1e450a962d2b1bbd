"""Alarms and the stop key."""

from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.access import FLOOR, centre_of
from accounts.models import Role, User
from desk.actions import act, form_of
from desk.alarm_row import alarms_drawn
from desk.forms.dispatching import StopForm, WordsForm
from dispatch.access import alarm_for
from dispatch.models import Alarm
from dispatch.models.alarm import ENDS_WHEN_HEARD
from dispatch.services.alarms import alarm_end, alarm_take
from dispatch.services.crew_safety import crew_heard
from live.selectors import live_position
from programs.access import suspension_for
from programs.services import suspension_ask_resume, suspension_resume, suspension_set


def _alarm(alarm: Alarm, at: datetime) -> HttpResponse:
    return HttpResponse(alarms_drawn([alarm], live_position(alarm.centre_id).number, at, oob=True))


@act(*FLOOR)
def alarm_taken(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """This person owns the alarm."""
    return _alarm(alarm_take(alarm=alarm_for(user, id), by=user, at=at), at)


@act(*FLOOR)
def alarm_ended(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Handled, with a note; a crew's call for help ends only at “crew heard”."""
    form = form_of(WordsForm(request.POST))
    alarm = alarm_for(user, id)
    end = crew_heard if alarm.kind in ENDS_WHEN_HEARD else alarm_end
    return _alarm(end(alarm=alarm, by=user, at=at, note=form.cleaned_data["note"]), at)


def _reload() -> HttpResponse:
    """The stop key changes what every screen says: its own page is drawn anew."""
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


@act(Role.SUPERVISOR)
def stop_set(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Stop diversion, at once."""
    form = form_of(StopForm(request.POST))
    suspension_set(centre=centre_of(user), by=user, at=at, **form.cleaned_data)
    return _reload()


@act(Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR)
def stop_ask(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """Ask to resume."""
    suspension_ask_resume(suspension=suspension_for(user, id), by=user, at=at)
    return _reload()


@act(Role.SUPERVISOR, Role.PROGRAM_ADMINISTRATOR, Role.DISPATCHER)
def stop_resume(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The second person resumes."""
    suspension_resume(suspension=suspension_for(user, id), by=user, at=at)
    return _reload()
