"""The rows of the map's two lists as HTML; static/desk/map.js keeps them current and copies the empty ones.

Written here and not as a template for the same reason as the rows of the queue (desk.queue_row).
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from desk.templatetags.desk import icon, shape

Spot = Mapping[str, Any]
"""A call or a unit of `desk.map_data.map_state`; without content for the row that is copied."""


def calls_drawn(calls: Iterable[Spot]) -> SafeString:
    """Rows of calls."""
    return mark_safe("".join(map(_call, calls)))  # noqa: S308 - every text is escaped below


def units_drawn(units: Iterable[Spot]) -> SafeString:
    """Rows of units."""
    return mark_safe("".join(map(_unit, units)))  # noqa: S308 - every text is escaped below


def _said(spot: Spot, name: str) -> str:
    return escape(str(spot.get(name, "")))


def _begin(spot: Spot, kind: str) -> str:
    key = spot.get("id", "")
    return (
        f'<tr class="spot" tabindex="0" id="map-{kind}-{key}" data-spot="{key}" data-kind="{kind}"'
        f' aria-selected="false"><td><span class="lv nowrap" data-level="{spot.get("level", "")}" data-f-level>'
        f"{shape(spot.get('level', ''))} "
    )


def _ages(spot: Spot) -> str:
    since = f' data-since="{spot["since"]}"' if spot.get("since") else ""
    return f'<td class="data" data-f="age"{since}></td><td class="data" data-f="away"></td><td class="old">'


def _nowhere(spot: Spot, words: str) -> str:
    # The row that is copied hides it, too: whoever fills the row says.
    hidden = "" if spot and spot["lat"] is None else " hidden"
    return f'<span class="quiet small" data-f="none"{hidden}>{words}</span></td></tr>\n'


def _call(call: Spot) -> str:
    beat = f"beat {_said(call, 'beat')}" if call.get("beat") else ""
    return (
        f'{_begin(call, "call")}<span data-f="priority">{call.get("priority", "")}</span>'
        f' <span class="data" data-f="name">{_said(call, "name")}</span></span>'
        f'<span class="sub clip" data-f="beat">{beat}</span></td>'
        f'<td class="clip"><span data-f="what">{_said(call, "what")}</span>'
        f'<span class="sub clip" data-f="words">{_said(call, "words")}</span></td>'
        f"{_ages(call)}{_nowhere(call, 'no location')}"
    )


def _unit(unit: Spot) -> str:
    return (
        f'{_begin(unit, "unit")}<span class="data" data-f="name">{_said(unit, "name")}</span></span>'
        f'<span class="sub clip" data-f="what">{_said(unit, "what")}</span>'
        f'<span class="looks" data-f="look"{"" if unit.get("looks") else " hidden"}>{icon("eye-off")}'
        f' <span data-f="looks">{_said(unit, "looks")}</span></span></td>'
        f'<td><span data-f="words">{_said(unit, "words")}</span>'
        f'<span class="sub data" data-f="on">{_said(unit, "on")}</span></td>{_ages(unit)}'
        f'<span class="chip" data-level="caution" data-f="stale"{"" if unit.get("stale") else " hidden"}>STALE</span>'
        f"{_nowhere(unit, 'no position')}"
    )
