"""Opening hours in OpenStreetMap notation: what they mean, when they change, and the weekly table of the editor."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from opening_hours import OpeningHours, State, validate

DAYS: tuple[str, ...] = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY_NAMES: tuple[str, ...] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CANADA = frozenset(
    "America/" + place
    for place in (
        "Edmonton", "Vancouver", "Winnipeg", "Toronto", "Halifax", "St_Johns", "Regina", "Moncton", "Whitehorse",
        "Yellowknife", "Iqaluit",
    )
)  # fmt: skip
_MOST_DAYS = 366 * 3


@lru_cache(maxsize=256)
def hours_of(notation: str, country: str = "US") -> OpeningHours:
    """The parsed hours. `country`: whose public holidays `PH` means. Raises ValueError for what cannot be read."""
    if not validate(notation):
        raise ValueError(f"These opening hours cannot be read: {notation!r}.")
    return OpeningHours(notation, country=country)


def country_of(zone: ZoneInfo) -> str:
    """Whose public holidays a centre keeps: Canada's in a Canadian zone, otherwise those of the United States."""
    return "CA" if zone.key in _CANADA else "US"


def open_at(notation: str, at: datetime, zone: ZoneInfo) -> bool:
    """Whether hours in OSM notation are open at an instant, in local wall time. Unparseable hours raise ValueError."""
    return bool(hours_of(notation, country_of(zone)).is_open(at.astimezone(zone).replace(tzinfo=None)))


def next_change(notation: str, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The next opening or closing as local time; None when it never changes."""
    change = hours_of(notation, country_of(zone)).next_change(at.astimezone(zone).replace(tzinfo=None))
    return None if change is None else change.replace(tzinfo=zone)


def ever_open(notation: str, at: datetime, zone: ZoneInfo) -> bool:
    """Whether there is any open minute in the three years after `at`."""
    start = at.astimezone(zone).replace(tzinfo=None)
    spans = hours_of(notation, country_of(zone)).intervals(start, start + timedelta(days=_MOST_DAYS))
    return any(state == State.OPEN for _, _, state, _ in spans)


@dataclass(frozen=True)
class ClockNight:
    """A night on which the clocks change, and when the program is open in it, in local time and real hours."""

    day: date
    forward: bool
    open_hours: float
    words: str


def clock_nights(notation: str, at: datetime, zone: ZoneInfo, *, count: int = 2) -> list[ClockNight]:
    """The next nights on which the clocks change: noon before to noon after, with what is open between."""
    found: list[ClockNight] = []
    day = at.astimezone(zone).date()
    for _ in range(400):
        noon = datetime.combine(day, time(12), zone)
        after = datetime.combine(day + timedelta(days=1), time(12), zone)
        shift = (after.utcoffset() or timedelta()) - (noon.utcoffset() or timedelta())
        if shift:
            found.append(_night(notation, noon, after, zone, shift > timedelta()))
            if len(found) == count:
                break
        day += timedelta(days=1)
    return found


def _night(notation: str, noon: datetime, after: datetime, zone: ZoneInfo, forward: bool) -> ClockNight:
    """Counted minute by minute in real time, so that an hour that happens twice counts twice."""
    utc = ZoneInfo("UTC")
    instant, end = noon.astimezone(utc), after.astimezone(utc)
    minutes, spans = 0, []
    was = False
    while instant <= end:
        is_open = open_at(notation, instant, zone) and instant < end
        if is_open != was:
            spans.append(instant.astimezone(zone))
            was = is_open
        minutes += is_open
        instant += timedelta(minutes=1)
    pairs = [f"{spans[nth]:%H:%M %Z} to {spans[nth + 1]:%H:%M %Z}" for nth in range(0, len(spans) - len(spans) % 2, 2)]
    words = ", ".join(pairs) if pairs else "closed"
    return ClockNight(after.date(), forward, round(minutes / 60, 2), words)


@dataclass
class WeekTable:
    """The weekly hours as the editor shows them: spans per day (`22:00-02:00` runs past midnight), and exceptions."""

    days: list[str] = field(default_factory=lambda: [""] * 7)
    exceptions: list[str] = field(default_factory=list)


def week_table(notation: str) -> WeekTable | None:
    """The table of simple weekly hours; None for hours that only the notation itself can say."""
    table = WeekTable()
    if notation.strip() == "24/7":
        table.days = ["00:00-24:00"] * 7
        return table
    for rule in (part.strip() for part in notation.split(";")):
        if not rule:
            continue
        head, _, spans = rule.partition(" ")
        picked = _days(head)
        spans = spans.strip()
        if picked is None and _is_spans(rule):
            picked, spans = set(range(7)), rule
        if picked is None:
            table.exceptions.append(rule)
        elif spans in {"off", "closed"}:
            for day in picked:
                table.days[day] = ""
        elif _is_spans(spans):
            if table.exceptions:
                return None  # a weekly rule after an exception overrides it: order matters, so no table
            for day in picked:
                table.days[day] = spans.replace(",", ", ").replace("  ", " ")
        else:
            return None
    return table


def notation_of(table: WeekTable) -> str:
    """The table in OSM notation. Raises ValueError that names the day or the exception that cannot be read."""
    for name, spans in zip(DAY_NAMES, table.days, strict=True):
        if spans.strip() and not _is_spans(spans):
            raise ValueError(f"{name}: write spans such as 09:00-17:00, or 22:00-02:00 past midnight, not {spans!r}.")
    if all(spans.replace(" ", "") == "00:00-24:00" for spans in table.days) and not table.exceptions:
        return "24/7"
    rules: list[str] = []
    start = 0
    while start < 7:
        spans = table.days[start].replace(" ", "")
        end = start
        while end < 6 and table.days[end + 1].replace(" ", "") == spans:
            end += 1
        if spans:
            rules.append(f"{DAYS[start] if end == start else f'{DAYS[start]}-{DAYS[end]}'} {spans}")
        start = end + 1
    for exception in table.exceptions:
        text = exception.strip().rstrip(";")
        if text and not validate(text):
            raise ValueError(
                f"The exception {text!r} cannot be read; write for example: Dec 25 off, or PH 10:00-16:00."
            )
        if text:
            rules.append(text)
    return "; ".join(rules) or "off"


def _days(text: str) -> set[int] | None:
    picked: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            return None
        start, end = DAYS.index(first), DAYS.index(last or first)
        picked |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    return picked


def _is_spans(text: str) -> bool:
    for span in text.replace(" ", "").split(","):
        first, dash, last = span.partition("-")
        if not dash or not _is_clock(first, 23) or not _is_clock(last, 24):
            return False
    return True


def _is_clock(text: str, most: int) -> bool:
    hour, colon, minute = text.partition(":")
    if not (colon and len(hour) == 2 and len(minute) == 2 and hour.isdigit() and minute.isdigit()):
        return False
    return int(hour) <= most and int(minute) <= 59 and (int(hour) < 24 or minute == "00")
