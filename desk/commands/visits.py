"""Commands about booked visits: book, move, cancel."""

from datetime import UTC, datetime, timedelta
from functools import partial

from accounts.access import FLOOR
from accounts.models import Centre
from desk.commands.grammar import Line, Unreadable
from desk.commands.plans import (
    Context,
    Plan,
    Verb,
    code_of,
    coded,
    incident_meant,
    needed,
    simple,
    unit_choices,
    unit_meant,
)
from dispatch.access import visit_for
from dispatch.models import Visit
from dispatch.reasons import VISIT_CANCELLED, VISIT_MOVED, VISIT_PURPOSES, words
from dispatch.services.visits import visit_book, visit_cancel, visit_move
from programs.models import Program
from responders.models import Unit

_WINDOW_MIN = "60"


def _programs(centre: Centre) -> list[str]:
    return list(Program.objects.filter(centre=centre).order_by("slug").values_list("slug", flat=True))


def _window(context: Context, line: Line) -> tuple[datetime, datetime, str]:
    """Between when and when, in UTC, and in words: `14:30` is the next one by the centre's clock. Raises Unreadable."""
    typed, zone = needed(line, "at", "14:30"), context.centre.zone
    now = context.at.astimezone(zone)
    try:
        if "T" in typed.upper():
            starts = datetime.strptime(typed.upper(), "%Y-%m-%dT%H:%M").replace(tzinfo=zone)
        else:
            clock = datetime.strptime(typed, "%H:%M").replace(tzinfo=zone)
            starts = now.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
            starts += timedelta(days=1) if starts <= now else timedelta(0)
        minutes = int(line.fields.get("for", _WINDOW_MIN))
    except ValueError as error:
        raise Unreadable("Type the time as 14:30 or 2026-03-01T14:30, and for: in minutes.") from error
    begins, ends = starts.astimezone(UTC), starts.astimezone(UTC) + timedelta(minutes=minutes)
    return begins, ends, f"{starts:%a %Y-%m-%d %H:%M} to {ends.astimezone(zone):%H:%M}"


def _unit(context: Context, line: Line) -> Unit | None:
    return unit_meant(context, line.fields["unit"]) if "unit" in line.fields else None


def _book(context: Context, line: Line) -> Plan:
    source = incident_meant(context, line)
    program = needed(line, "prog", "star")
    purpose = coded(VISIT_PURPOSES, line.fields.get("why", "follow_up"), "why")
    starts_at, ends_at, when = _window(context, line)
    unit = _unit(context, line)
    who = f", {unit.call_sign} if it can" if unit is not None else ""
    echo = f"book a visit from {code_of(source)}, {when}, {program}{who}: {words(VISIT_PURPOSES, purpose).lower()}"
    run = partial(
        visit_book,
        id=context.id,
        source=source,
        program=program,
        starts_at=starts_at,
        ends_at=ends_at,
        purpose=purpose,
        unit=unit,
        by=context.user,
        at=context.at,
    )
    return simple(context, line, echo, run)


def _visit(context: Context, line: Line) -> Visit:
    """The next booked visit of the call that is meant. Raises Unreadable."""
    source = incident_meant(context, line)
    found = (
        Visit.objects.filter(source=source, state="booked").order_by("starts_at").values_list("pk", flat=True).first()
    )
    if found is None:
        raise Unreadable(f"No visit is booked from {code_of(source)}.")
    return visit_for(context.user, found, change=True)


def _move(context: Context, line: Line) -> Plan:
    visit = _visit(context, line)
    reason = coded(VISIT_MOVED, needed(line, "why", next(iter(VISIT_MOVED))), "why")
    starts_at, ends_at, when = _window(context, line)
    unit = _unit(context, line) or visit.unit
    run = partial(
        visit_move,
        visit=visit,
        starts_at=starts_at,
        ends_at=ends_at,
        reason=reason,
        unit=unit,
        by=context.user,
        at=context.at,
    )
    echo = f"move the visit of {code_of(visit.source)} to {when}: {words(VISIT_MOVED, reason).lower()}"
    return simple(context, line, echo, run)


def _cancel(context: Context, line: Line) -> Plan:
    visit = _visit(context, line)
    reason = coded(VISIT_CANCELLED, needed(line, "why", next(iter(VISIT_CANCELLED))), "why")
    run = partial(visit_cancel, visit=visit, reason=reason, by=context.user, at=context.at)
    begins = visit.starts_at.astimezone(context.centre.zone)
    said = words(VISIT_CANCELLED, reason).lower()
    echo = f"cancel the visit of {code_of(visit.source)}, {begins:%Y-%m-%d %H:%M}: {said}"
    return simple(context, line, echo, run)


Verb(
    "bv",
    "bv #0412 at:14:30 for:60 prog:star unit:star-2 why:follow_up",
    "Book a visit from a call",
    FLOOR,
    _book,
    fields=("at", "for", "prog", "unit", "why"),
    choices={"prog": _programs, "unit": unit_choices, "why": lambda _: list(VISIT_PURPOSES)},
)
Verb(
    "mv",
    "mv #0412 at:16:00 for:60 why:person_asked",
    "Move the next visit of a call",
    FLOOR,
    _move,
    fields=("at", "for", "unit", "why"),
    choices={"unit": unit_choices, "why": lambda _: list(VISIT_MOVED)},
)
Verb(
    "cv",
    "cv #0412 why:done_otherwise",
    "Cancel the next visit of a call",
    FLOOR,
    _cancel,
    fields=("why",),
    choices={"why": lambda _: list(VISIT_CANCELLED)},
)
