"""How changed entities are drawn for the live boards: with the partial templates that the pages include.

A row that a frame brings is therefore the row that a reload would show. The version of every row is the live number
read before drawing: it never runs backwards, also where a row is a sum of several things.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string

from accounts.access import FLOOR, may
from accounts.models import Centre, User
from desk.displays import device_of, session_key_of
from desk.page_context import stops_of
from desk.wall_board import wall_board
from dispatch.models import Alarm, Assignment, Incident
from dispatch.selectors.alarms import alarm_rows
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.unit_rows import unit_rows
from live import registry
from live.registry import Frame, Viewer
from live.selectors import live_position
from programs.models import Suspension
from responders.models import Unit
from responders.selectors import unit_of

CONSOLE, WALL, UNIT = "console", "wall", "unit"
_RECENT_ASSIGNMENTS = 40


def _unit_audience(unit_id: UUID) -> str:
    return f"{UNIT}:{unit_id}"


def _signal(element: str, number: int) -> str:
    """An element without content that tells a page to ask for a part that is drawn per viewer."""
    return f'<i id="{element}" data-v="{number}" hidden></i>'


def _by_centre(pairs: Iterable[tuple[int, UUID]]) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = defaultdict(list)
    for centre_id, entity_id in pairs:
        found[centre_id].append(entity_id)
    return found


def _centres(ids: Collection[int]) -> dict[int, Centre]:
    return Centre.objects.in_bulk(list(ids))


def _draw(template: str, name: str, rows: Iterable[Any], number: int, at: datetime) -> str:
    return "".join(render_to_string(template, {name: row, "v": number, "now": at}) for row in rows)


def _wall(centre: Centre, number: int, at: datetime) -> Frame:
    html = render_to_string("desk/wall/board.html", {"board": wall_board(centre, at), "v": number, "now": at})
    return Frame(WALL, html)


def _units(centre: Centre, unit_ids: Collection[UUID], number: int, at: datetime) -> Iterator[Frame]:
    """Rows of the queue's unit list, and the signal that each unit's phone waits for."""
    if unit_ids:
        yield Frame(
            CONSOLE, _draw("desk/queue/unit.html", "unit", unit_rows(centre=centre, at=at, ids=unit_ids), number, at)
        )
    for unit_id in unit_ids:
        yield Frame(_unit_audience(unit_id), _signal("phone-signal", number))


def incident_frames(ids: Collection[UUID]) -> Iterable[Frame]:
    """Rows of the queue, the signals of consoles, the units concerned, and the wall."""
    at = datetime.now(UTC)
    grouped = _by_centre(Incident.objects.filter(pk__in=ids).values_list("centre_id", "pk"))
    for centre_id, centre in _centres(grouped.keys()).items():
        here = grouped[centre_id]
        number = live_position(centre_id).number
        rows = incident_rows(centre=centre, at=at, ids=here)
        yield Frame(CONSOLE, _draw("desk/queue/row.html", "row", rows, number, at))
        yield Frame(CONSOLE, "".join(_signal(f"seen-{row.id}", row.version) for row in rows))
        recent = Assignment.objects.filter(incident__in=here).order_by("-offered_at")[: _RECENT_ASSIGNMENTS * len(here)]
        yield from _units(centre, set(recent.values_list("unit_id", flat=True)), number, at)
        yield _wall(centre, number, at)


def unit_frames(ids: Collection[UUID]) -> Iterable[Frame]:
    """Rows of the unit list, the units' phones, and the wall."""
    at = datetime.now(UTC)
    grouped = _by_centre(Unit.objects.filter(pk__in=ids).values_list("centre_id", "pk"))
    for centre_id, centre in _centres(grouped.keys()).items():
        number = live_position(centre_id).number
        yield from _units(centre, set(grouped[centre_id]), number, at)
        yield _wall(centre, number, at)


def alarm_frames(ids: Collection[UUID]) -> Iterable[Frame]:
    """The alarm tray, the rows and units that the alarms are about, and the wall's first line."""
    at = datetime.now(UTC)
    grouped = _by_centre(Alarm.objects.filter(pk__in=ids).values_list("centre_id", "pk"))
    for centre_id, centre in _centres(grouped.keys()).items():
        number = live_position(centre_id).number
        alarms = alarm_rows(centre=centre, ids=grouped[centre_id])
        yield Frame(CONSOLE, _draw("desk/queue/alarm.html", "alarm", alarms, number, at))
        yield Frame(
            CONSOLE, render_to_string("desk/parts/alarm_count.html", {"count": _open_alarms(centre), "v": number})
        )
        incidents = {alarm.incident_id for alarm in alarms if alarm.incident_id is not None}
        yield Frame(
            CONSOLE, _draw("desk/queue/row.html", "row", incident_rows(centre=centre, at=at, ids=incidents), number, at)
        )
        yield from _units(centre, {alarm.unit_id for alarm in alarms if alarm.unit_id is not None}, number, at)
        yield _wall(centre, number, at)


def _open_alarms(centre: Centre) -> int:
    return Alarm.objects.filter(centre=centre, ended_at__isnull=True).count()


def suspension_frames(ids: Collection[UUID]) -> Iterable[Frame]:
    """The banner of every console screen, and the wall."""
    at = datetime.now(UTC)
    grouped = _by_centre(Suspension.objects.filter(pk__in=ids).values_list("centre_id", "pk"))
    for centre_id, centre in _centres(grouped.keys()).items():
        number = live_position(centre_id).number
        context = {"stops": stops_of(centre), "zone": centre.time_zone, "v": number}
        yield Frame(CONSOLE, render_to_string("desk/parts/suspensions.html", context))
        yield _wall(centre, number, at)


def _person(request: HttpRequest, centre_id: int) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.centre_id == centre_id else None


def watches_console(request: HttpRequest, _audience: str, centre_id: int) -> bool:
    """The floor of the centre."""
    user = _person(request, centre_id)
    return user is not None and may(user, *FLOOR)


def watches_wall(request: HttpRequest, _audience: str, centre_id: int) -> bool:
    """The floor of the centre, or one of its displays."""
    device = device_of(request)
    if device is not None and device.centre_id == centre_id:
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
    registry.register("incident", incident_frames)
    registry.register("unit", unit_frames)
    registry.register("alarm", alarm_frames)
    registry.register("suspension", suspension_frames)
    registry.register_access(CONSOLE, watches_console)
    registry.register_access(WALL, watches_wall)
    registry.register_access(UNIT, watches_unit)
    registry.register_viewer(viewer_of)
