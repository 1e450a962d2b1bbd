"""A unit of the queue's list as HTML: the one drawing of it, for the page and for live frames alike.

Written here and not as a template for the same reason as the rows of the queue (desk.queue_row).
"""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django.utils.safestring import SafeString, mark_safe

from desk.templatetags.desk import age_words, icon, shape
from dispatch.selectors.unit_rows import UnitRow


def units_drawn(units: Iterable[UnitRow], version: int, now: datetime) -> SafeString:
    """The units at an instant."""
    return mark_safe("".join(_row(unit, version, now) for unit in units))  # noqa: S308 - every text is escaped below


def _row(unit: UnitRow, version: int, now: datetime) -> str:
    call_sign, words = escape(unit.call_sign), escape(unit.words)
    on = f' <span class="data small">#{unit.incident_code}</span>' if unit.incident_code else ""
    why = f" · {escape(unit.service_reason)}" if unit.service_reason else ""
    looks = f'<br><span class="looks">{icon("eye-off")} {escape(unit.looks)}</span>' if unit.looks else ""
    return (
        f'<div id="unit-{unit.id}" class="unit-row" data-v="{version}" data-live-key="{escape(unit.key)}"'
        f' data-live-into="unit-list" data-level="{unit.level}"><span class="data clip">{call_sign}</span>'
        f'<span class="clip"><span class="lv" data-level="{unit.level}">{shape(unit.level)} {words}</span>{on}'
        f'<span class="small quiet"> {escape(unit.kind_words)}{why}</span>{looks}</span>'
        f'<span class="data small" data-since="{unit.since.isoformat()}">'
        f"{age_words((now - unit.since).total_seconds())}</span></div>\n"
    )
