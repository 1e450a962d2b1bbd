"""Whom a call is about: searched, linked, made, unlinked; a hazard put on file from a call; a profile taken over."""

from datetime import UTC, datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.access import FLOOR, centre_of, require, role_required
from accounts.models import User
from desk.actions import act, form_of
from desk.forms.persons import CautionForm, PersonLinkForm, PersonNewForm, PersonSearchForm, PersonUnlinkForm
from desk.person_part import person_part, person_statics, persons_looked_up
from desk.questions import BLANK
from desk.views.console import regions, uncached
from desk.views.posted import posted
from dispatch.access import call_for, person_for
from dispatch.models import ConsolePost
from dispatch.reasons import PERSON_UNLINK
from dispatch.selectors.profiles import FLAGS
from dispatch.services.cautions import caution_tell
from dispatch.services.persons import person_link, person_link_new, person_unlink
from dispatch.services.profiles import flags_to_take, profile_take


@act(*FLOOR)
def persons(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Persons like the words typed; typing errors are forgiven."""
    data = form_of(PersonSearchForm(request.POST)).cleaned_data
    found = persons_looked_up(centre_of(user), data["text"], user, at)
    context = {"found": found, "text": data["text"].strip(), "token": data["token"], "zone": centre_of(user).time_zone}
    return uncached(render(request, "desk/console/person_picks.html", context))


@require_GET
@role_required(*FLOOR)
def person_form(request: HttpRequest) -> HttpResponse:
    """The fields of *Person…*, the same for every card: read with the first use of one, not with the page."""
    context = {"card": {"id": BLANK}, **person_statics()}
    return uncached(render(request, "desk/console/person_form.html", context))


@require_GET
@role_required(*FLOOR)
def call_person(request: HttpRequest, id: UUID) -> HttpResponse:
    """Whom the call is about or may be about, and what was before. Asked for when what it rests on has changed."""
    user = require(request.user, *FLOOR)
    part = person_part(call_for(user, id), user, datetime.now(UTC))
    return uncached(render(request, "desk/console/person.html", {"person": part}))


@act(*FLOOR)
def call_person_linked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The call is about somebody on file."""
    person = person_for(user, form_of(PersonLinkForm(request.POST)).cleaned_data["person"])
    call = call_for(user, id)
    with posted(request, call, ConsolePost.What.PERSON, "the call is about a person on file", user, at) as fresh:
        if fresh:
            person_link(call=call, person=person, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_person_new(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The call is about somebody new. What came too late is a note with the words as typed: nothing typed is lost."""
    data = form_of(PersonNewForm(request.POST)).cleaned_data
    call = call_for(user, id)
    typed = ", ".join(str(part) for part in (data["name"], data["born"], data["about"]) if part)
    with posted(request, call, ConsolePost.What.PERSON, f"the call is about: {typed}", user, at) as fresh:
        if fresh:
            person_link_new(call=call, by=user, at=at, **data)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_person_unlinked(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """The call is not about them."""
    reason = form_of(PersonUnlinkForm(request.POST)).cleaned_data["reason"]
    call = call_for(user, id)
    said = f"the call is not about the person who is linked: {PERSON_UNLINK[reason].lower()}"
    with posted(request, call, ConsolePost.What.PERSON, said, user, at) as fresh:
        if fresh:
            person_unlink(call=call, reason=reason, by=user, at=at)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_cautioned(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """A hazard for the file, with the person or at the address. Its id was made by the console: it is one."""
    data = form_of(CautionForm(request.POST)).cleaned_data
    caution_tell(call=call_for(user, id), by=user, at=at, **data)
    return regions(request, user, call_for(user, id), at)


@act(*FLOOR)
def call_profile_taken(request: HttpRequest, user: User, at: datetime, id: UUID) -> HttpResponse:
    """What the safety profile of the call's number tells of becomes an answer, in coded words."""
    call = call_for(user, id)
    flags = flags_to_take(call=call, by=user, at=at)
    said = f"profile notes: {', '.join(flags)}"
    with posted(request, call, ConsolePost.What.ANSWER, said, user, at, key=FLAGS, value=flags) as fresh:
        if fresh:
            profile_take(call=call, by=user, at=at)
    return regions(request, user, call_for(user, id), at)
