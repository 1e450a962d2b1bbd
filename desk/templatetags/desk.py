"""Shapes, icons and times for templates. Pure formatting: nothing here reads the database."""

import hashlib
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.history_reasons import reason_words
from desk.history_words import history_words
from dispatch.alarm_book import action_of
from dispatch.models import Alarm, HistoryRow

register = template.Library()

LEVEL_WORDS = {
    "critical": "act now",
    "serious": "serious",
    "caution": "caution",
    "normal": "normal",
    "standby": "standby",
    "off": "off",
}
_PRIORITY_LEVEL = {1: "critical", 2: "serious", 3: "caution", 4: "normal"}


@register.simple_tag
@lru_cache(maxsize=16)
def shape(level: str) -> SafeString:
    """The status shape of a level; decorative, since a word always stands beside it."""
    return format_html(
        '<svg class="shape" aria-hidden="true"><use href="{}#{}"/></svg>', static("desk/shapes.svg"), level or "off"
    )


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """An icon of the sprite; decorative."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("vendor/icons.svg"), name
    )


@register.filter
def alarm_words(kind: str) -> str:
    """A kind of alarm in words; far cheaper than the model's own way, which looks at all kinds."""
    return Alarm.Kind(kind).label


@register.filter
def alarm_action(kind: str) -> str:
    """What to do about an alarm of this kind."""
    return action_of(kind)


@register.filter
def priority_level(priority: int) -> str:
    """Level (colour and shape) of a priority 1 to 4."""
    return _PRIORITY_LEVEL.get(priority, "off")


@register.filter
def spaced(code: str) -> str:
    """A code as words: `en_route` becomes `en route`."""
    return str(code).replace("_", " ")


@register.filter
def happened(row: HistoryRow) -> str:
    """A row of an incident's history in words."""
    return history_words(row.entity, row.action)


@register.filter
def because(row: HistoryRow) -> str:
    """Why a row of an incident's history happened, in words."""
    return reason_words(row.entity, row.action, row.reason)


@register.filter
def local(at: datetime | None, zone: str) -> str:
    """Clock time in the centre's zone, HH:MM:SS."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


@register.filter
def local_minute(at: datetime | None, zone: str) -> str:
    """Clock time in the centre's zone, HH:MM."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%H:%M")


@register.filter
def weekday_minute(at: datetime | None, zone: str) -> str:
    """Day of the week and clock time in the centre's zone, as `Tue 22:00`."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M")


@register.filter
def local_date(at: datetime | None, zone: str) -> str:
    """Date in the centre's zone."""
    return "" if at is None else at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d")


def age_words(seconds: float) -> str:
    """An age as MM:SS, H:MM:SS from an hour on, `2 d` from two days on."""
    whole = max(0, int(seconds))
    if whole >= 2 * 86400:
        return f"{whole // 86400} d"
    minutes, rest = divmod(whole, 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
    return f"{minutes:02d}:{rest:02d}"


@register.filter
def age(since: datetime | None, now: datetime) -> str:
    """Time passed from `since` to `now`."""
    return "" if since is None else age_words((now - since).total_seconds())


@register.filter
def age_short(since: datetime | None, now: datetime) -> str:
    """The same for narrow columns: from an hour on without seconds, as `1h05`."""
    if since is None:
        return ""
    minutes = max(0, int((now - since).total_seconds())) // 60
    return age(since, now) if minutes < 60 or minutes >= 2 * 1440 else f"{minutes // 60}h{minutes % 60:02d}"


@register.filter
def left(until: datetime | None, now: datetime) -> str:
    """Time left until `until`; a minus sign once it has passed."""
    if until is None:
        return ""
    seconds = (until - now).total_seconds()
    return age_words(seconds) if seconds >= 0 else f"-{age_words(-seconds)}"


@register.filter
def item(mapping: object, key: str) -> object:
    """`mapping[key]`, or an empty text."""
    return mapping.get(key, "") if isinstance(mapping, dict) else ""


@register.filter
def short(value: object) -> str:
    """Eight characters that stay the same for the same value; for element ids made of free words."""
    return hashlib.sha256(str(value).encode()).hexdigest()[:8]
