"""What a crew says outside a call: what its unit has today, and that it has met somebody."""

from datetime import datetime

from django.http import HttpRequest, HttpResponse

from accounts.models import Role, User
from desk.actions import act, form_of
from desk.forms.crew import ContactForm, FlagsForm
from desk.forms.dispatching import PositionForm
from desk.views.phone import board_of, device_at, unit_aboard
from dispatch.services.on_view import contact_open
from responders.services import unit_flags


@act(Role.RESPONDER)
def flags_set(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """Car, clothes, equipment, languages: what the engine and other crews go by from now on."""
    unit_flags(unit=unit_aboard(user), by=user, at=at, **form_of(FlagsForm(request.POST)).cleaned_data)
    return board_of(request, user)


@act(Role.RESPONDER)
def contact_opened(request: HttpRequest, user: User, at: datetime) -> HttpResponse:
    """On-view contact. A position that cannot be read costs nothing: the unit's last one is taken."""
    data, where = form_of(ContactForm(request.POST)).cleaned_data, PositionForm(request.POST)
    point = where.cleaned_data if where.is_valid() else {}
    contact_open(
        unit=unit_aboard(user),
        by=user,
        at=at,
        device_at=device_at(request),
        lat=point.get("lat"),
        lon=point.get("lon"),
        **data,
    )
    return board_of(request, user)
