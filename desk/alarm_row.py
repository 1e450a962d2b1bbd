"""An alarm of the tray as HTML: the one drawing of it, for the page, for live frames and for the answer to a press.

Written here and not as a template for the same reason as the rows of the queue (desk.queue_row).
"""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from html import escape
from uuid import UUID

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from desk.templatetags.desk import age_words, alarm_action, alarm_words, shape, spaced
from dispatch.models import Alarm

_NOBODY = UUID(int=0)


def alarms_drawn(alarms: Iterable[Alarm], version: int, now: datetime, *, oob: bool = False) -> SafeString:
    """Alarms at an instant; without content where one has ended. `oob` for a response that swaps them in place."""
    drawn = "".join(_row(alarm, version, now, oob=oob) for alarm in alarms)
    return mark_safe(drawn)  # noqa: S308 - every text is escaped below


@lru_cache(maxsize=4)
def _address(view: str) -> tuple[str, str]:
    """What stands before and after the id in the address of a view; to find the address takes longer than the row."""
    before, _, after = reverse(view, args=[_NOBODY]).partition(str(_NOBODY))
    return before, after


def _row(alarm: Alarm, version: int, now: datetime, *, oob: bool) -> str:
    if alarm.ended_at is not None:
        swap = ' hx-swap-oob="delete"' if oob else ""
        return f'<div id="alarm-{alarm.pk}" data-v="{version}" data-live-gone{swap}></div>\n'
    opened = alarm.opened_at.isoformat()
    level = "critical" if alarm.urgent else "serious"
    order = 0 if alarm.kind == Alarm.Kind.PANIC else 1 if alarm.urgent else 2
    kind = escape(alarm_words(alarm.kind))
    whose = f", {alarm.incident}" if alarm.incident is not None else ""
    swap = ' hx-swap-oob="outerHTML"' if oob else ""
    take, end = (str(alarm.pk).join(_address(view)) for view in ("desk:alarm_take", "desk:alarm_end"))
    return (
        f'<div id="alarm-{alarm.pk}" class="alarm"{swap} data-v="{version}" data-live-key="{order}-{opened}"'
        f' data-live-into="tray-list" data-level="{level}">'
        f'<span class="{"chip" if alarm.urgent else "lv"}">{shape(level)} {kind}</span>'
        f'<span class="clip">{_about(alarm)}</span>'
        f'<span class="data small" data-since="{opened}">{age_words((now - alarm.opened_at).total_seconds())}</span>\n'
        f'<button type="button" class="btn tiny" id="take-{alarm.pk}" hx-post="{take}" hx-swap="none">Take</button>'
        f'<button type="button" class="btn tiny" id="end-{alarm.pk}" data-end-alarm="{end}"'
        f' data-words="{kind}{whose}">End…</button></div>\n'
    )


def _about(alarm: Alarm) -> str:
    said = f'<span class="data">{escape(alarm.unit.call_sign)}</span> ' if alarm.unit is not None else ""
    if alarm.incident is not None:
        said += f'<span class="data">{alarm.incident}</span>'
    said += f" <strong>{escape(alarm_action(alarm.kind))}</strong>"
    if words := alarm.detail.get("words"):
        said += f" · <span>{escape(str(words))}</span>"
    if alarm.owner is not None:
        owner = f"owner {escape(str(alarm.owner))}"
    else:
        owner = f"for the {spaced(alarm.owner_role)}, nobody has it yet"
    return f'{said} · <span class="quiet">{owner}{" · escalated" if alarm.escalated_at is not None else ""}</span>'
