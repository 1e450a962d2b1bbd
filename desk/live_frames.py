"""How changed entities are drawn for the live boards: with the partial templates that the pages include.

A row that a frame brings is therefore the row that a reload would show. The version of every row is the live number
read before drawing: it never runs backwards, also where a row is a sum of several things.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.access import FLOOR, may
from accounts.models import Centre, Role, User
from desk.aged_rows import AgedRows
from desk.alarm_row import alarms_drawn
from desk.displays import device_of, session_key_of
from desk.page_context import stops_of
from desk.queue_row import rows_drawn
from desk.unit_row import units_drawn
from desk.wall_board import WallRows, wall_boards
from desk.wall_views import turns_of, views_watched
from dispatch.models import Assignment, Call, LocationEntry
from dispatch.selectors.alarms import alarm_rows, alarms_standing
from dispatch.selectors.incident_rows import IncidentRow, incident_rows
from dispatch.selectors.transfers import clinician_rows
from dispatch.selectors.unit_rows import unit_rows
from live import registry
from live.registry import Changed, Frame, Viewer
from live.selectors import live_position
from people.models import Person, Premise
from responders.selectors import unit_of

CONSOLE, CLINICIAN, WALL, DISPLAY, UNIT = "console", "clinician", "wall", "display", "unit"
_JUST_LEFT = timedelta(minutes=10)
"""Much longer than the renderer is ever behind: the row of a unit that was just released is drawn free."""


def _unit_audience(unit_id: UUID) -> str:
    return f"{UNIT}:{unit_id}"


def _signal(element: str, number: int, beside: int = 0) -> str:
    """An element without content that tells a page to ask for a part that is drawn per viewer. `beside`: the live
    number of a change that is shown there and is none of the entity's own."""
    more = f' data-beside="{beside}"' if beside else ""
    return f'<i id="{element}" data-v="{number}"{more} hidden></i>'


def _seen(rows: Iterable[IncidentRow], beside_ids: Collection[str], number: int) -> str:
    """The signals of incidents: an alarm or a hazard changes their panes, and not their versions."""
    return "".join(_signal(f"seen-{row.id}", row.version, number if row.id in beside_ids else 0) for row in rows)


def _draw(template: str, name: str, rows: Iterable[Any], number: int, at: datetime) -> str:
    return "".join(render_to_string(template, {name: row, "v": number, "now": at}) for row in rows)


def board_frames(centre_id: int, changed: Changed) -> Iterator[Frame]:
    """All that one batch of changes shows: queue rows and signals, unit list and phones, alarms, stops, the wall.

    An alarm also changes the rows of its incident and its unit, an incident those of the units on it, a hazard those of
    the calls at its place, a program's version the walls, and the clock whatever time alone has changed: each row is
    read and drawn once a batch, however many of them changed it.
    """
    at = datetime.now(UTC)
    centre = Centre.objects.get(pk=centre_id)
    number = live_position(centre_id).number
    alarms = alarm_rows(centre=centre, ids=changed["alarm"]) if "alarm" in changed else []
    beside_ids = {
        *(one.incident_id for one in alarms if one.incident_id is not None),
        *(_at_places_of(changed["caution"]) if "caution" in changed else ()),
    }
    incident_ids = {*changed.get("incident", ()), *beside_ids}
    aged, aged_units = _aged_rows.aged(centre, at) if "clock" in changed else ([], [])
    rows = incident_rows(centre=centre, at=at, ids=incident_ids) if incident_ids else []
    rows += [row for row in aged if UUID(row.id) not in incident_ids]
    unit_ids = {
        *changed.get("unit", ()),
        *(one.unit_id for one in alarms if one.unit_id is not None),
        *_units_on(changed.get("incident", ()), at),
    }
    units = unit_rows(centre=centre, at=at, ids=unit_ids) if unit_ids else []
    units += [row for row in aged_units if UUID(row.id) not in unit_ids]
    _aged_rows.told(centre, rows, units)
    if rows:
        yield Frame(CONSOLE, rows_drawn(rows, number, at))
        yield Frame(CONSOLE, _seen(rows, {str(one) for one in beside_ids}, number))
    if units:
        yield Frame(CONSOLE, units_drawn(units, number, at))
    if changed.get("incident"):
        given = clinician_rows(centre=centre, ids=changed["incident"])
        yield Frame(CLINICIAN, _draw("desk/clinician/row.html", "row", given, number, at))
    for unit_id in sorted({UUID(row.id) for row in units}):
        yield Frame(_unit_audience(unit_id), _signal("phone-signal", number))
    if alarms:
        yield Frame(CONSOLE, alarms_drawn(alarms, number, at))
        standing = {"standing": alarms_standing(centre=centre), "v": number}
        yield Frame(CONSOLE, render_to_string("desk/parts/alarm_count.html", standing))
    if "suspension" in changed:
        stops = {"stops": stops_of(centre), "zone": centre.time_zone, "v": number}
        yield Frame(CONSOLE, render_to_string("desk/parts/suspensions.html", stops))
    for board in wall_boards(centre, at, _wall_rows.changed(centre, rows, units, at), views_watched(centre)):
        html = render_to_string("desk/wall/board.html", {"board": board, "v": number, "now": at})
        yield Frame(board.view.audience, html)
    for display in changed.get("display", ()):
        yield Frame(f"{DISPLAY}:{display.int}", _signal(f"display-{display.int}", number))


_aged_rows = AgedRows()
_wall_rows = WallRows()


def _at_places_of(cautions: Collection[UUID]) -> set[UUID]:
    """Open incidents that were ever said to be where one of these hazards is, or are about whom it is with."""
    places = Premise.objects.filter(cautions__in=cautions).values("place")
    entries = LocationEntry.objects.filter(place__in=places).exclude(incident__state__in=["closed", "joined"])
    persons = Person.objects.filter(cautions__in=cautions)
    calls = Call.objects.filter(person__in=persons).exclude(incident__state__in=["closed", "joined"])
    return {*entries.values_list("incident_id", flat=True), *calls.values_list("incident_id", flat=True)}


def _units_on(incident_ids: Collection[UUID], at: datetime) -> set[UUID]:
    """Units on these incidents, and those that have just left them."""
    there = Q(ended_at__isnull=True) | Q(ended_at__gt=at - _JUST_LEFT)
    return set(Assignment.objects.filter(there, incident__in=incident_ids).values_list("unit_id", flat=True))


def _person(request: HttpRequest, centre_id: int) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.centre_id == centre_id else None


def watches_console(request: HttpRequest, _audience: str, centre_id: int) -> bool:
    """The floor of the centre."""
    user = _person(request, centre_id)
    return user is not None and may(user, *FLOOR)


def watches_clinician(request: HttpRequest, _audience: str, centre_id: int) -> bool:
    """The clinicians of the centre."""
    user = _person(request, centre_id)
    return user is not None and may(user, Role.CLINICIAN)


def watches_wall(request: HttpRequest, audience: str, centre_id: int) -> bool:
    """The floor of the centre, or one of its displays: that one only what it is set to show."""
    device = device_of(request)
    if device is not None and device.centre_id == centre_id:
        shown = {turn.view.audience for turn in turns_of(device)}
        if audience in {*shown, f"{DISPLAY}:{device.pk}"}:
            return True
    user = _person(request, centre_id)
    return user is not None and may(user, *FLOOR, "system_administrator")


def watches_unit(request: HttpRequest, audience: str, centre_id: int) -> bool:
    """The crew of the unit."""
    user = _person(request, centre_id)
    unit = unit_of(user) if user is not None else None
    return unit is not None and audience == _unit_audience(unit.pk)


def viewer_of(request: HttpRequest) -> Viewer | None:
    """Who asks for a stream: a signed-in person of a centre, else a wall display."""
    user, key = request.user, request.session.session_key
    if isinstance(user, User) and user.centre_id is not None and key:
        return Viewer(centre_id=user.centre_id, session_key=key)
    device = device_of(request)
    return Viewer(centre_id=device.centre_id, session_key=session_key_of(device)) if device is not None else None


def register() -> None:
    """Tell live how things are drawn and who may watch. Called once, when the application starts."""
    registry.register(
        board_frames, "incident", "unit", "alarm", "suspension", "display", "program_version", "caution", "clock"
    )
    registry.register_access(CONSOLE, watches_console)
    registry.register_access(CLINICIAN, watches_clinician)
    registry.register_access(WALL, watches_wall)
    registry.register_access(DISPLAY, watches_wall)
    registry.register_access(UNIT, watches_unit)
    registry.register_viewer(viewer_of)
