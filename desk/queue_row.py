"""A row of the queue as HTML: the one drawing of it, for the page and for live frames alike.

Written here and not as a template, since a page has up to a thousand rows: a template took ten times as long for each,
which was half of the time of the page. Every text goes through `escape`.
"""

from collections.abc import Iterable
from datetime import datetime
from html import escape

from django.utils.safestring import SafeString, mark_safe

from desk.templatetags.desk import age_words, icon, shape
from dispatch.selectors.incident_rows import IncidentRow
from dispatch.selectors.row_parts import HandoffOnIncident, UnitOnIncident


def rows_drawn(rows: Iterable[IncidentRow], version: int, now: datetime) -> SafeString:
    """The table rows of incidents at an instant; without content where one has left the boards."""
    return mark_safe("".join(_row(row, version, now) for row in rows))  # noqa: S308 - every text is escaped below


def _row(row: IncidentRow, version: int, now: datetime) -> str:
    if row.gone:
        return f'<tr id="incident-{row.id}" data-v="{version}" data-live-gone></tr>\n'
    since = row.since.isoformat()
    return (
        f'<tr id="incident-{row.id}" class="incident" data-v="{version}" data-live-key="{row.key}"'
        f' data-live-into="queue-rows" tabindex="0" data-level="{row.level}" aria-selected="false">\n'
        f'<td><span class="pri" data-level="{row.level}">{shape(row.level)} {row.priority}</span></td>\n'
        f'<td class="data">{row.code}</td>\n'
        f'<td class="clip">{escape(row.nature_name)}<span class="sub clip">{_response(row)}</span></td>\n'
        f'<td class="clip">{_where(row)}</td>\n'
        f'<td class="data" data-since="{since}">{age_words((now - row.since).total_seconds())}</td>\n'
        f"<td>{_promise(row, now)}</td>\n"
        f'<td class="state">{_state(row)}<span class="sub">{escape(row.next_step)}</span></td>\n'
        f'<td class="clip">{escape(row.owner)}</td></tr>\n'
    )


def _lv(level: str, words: str) -> str:
    return f'<span class="lv" data-level="{level}">{shape(level)} {words}</span>'


def _chip(level: str, words: str) -> str:
    return f'<span class="chip" data-level="{level}">{shape(level)} {words}</span>'


def _response(row: IncidentRow) -> str:
    said = f"{_lv('serious', 'came back')} · " if row.top else ""
    if row.calls_open:
        said += f"{icon('phone')} {row.calls_open} on line · "
    said += (escape(row.response_words) or "triaged") if row.triaged else "not triaged"
    return f"{said} · {escape(row.program)}" if row.program else said


def _where(row: IncidentRow) -> str:
    said = f"beat {escape(row.beat)}" if row.beat else ""
    if row.location_state and row.location_state != "verified":
        said += f" · {row.location_state}"
    if row.caution:
        said += f" {_lv('caution', 'hazard')}"
    return f'{escape(row.where) or _NOWHERE}<span class="sub">{said}</span>'


_NOWHERE = '<span class="quiet">no location</span>'


def _promise(row: IncidentRow, now: datetime) -> str:
    if row.promise_at is None or not row.waiting:
        return ""
    seconds = (row.promise_at - now).total_seconds()
    left = age_words(seconds) if seconds >= 0 else f"-{age_words(-seconds)}"
    clock = f'<span class="data" data-until="{row.promise_at.isoformat()}">{left}</span>'
    said = "<strong>decide now</strong>" if row.must_decide else "to promise"
    return f'{_chip(row.promise_level, clock) if row.promise_level else clock}<span class="sub">{said}</span>'


def _state(row: IncidentRow) -> str:
    said = f"{_chip('critical', 'STAGE')} " if row.stage_order else ""
    if row.state in {"returned", "held"} or row.late:
        said += f"{_chip('serious', row.state_words)} "
    said += ", ".join(map(_unit, row.units)) + "".join(map(_handoff, row.handoffs))
    for one in row.transfers:
        said += f' <span class="tag">{escape(one.whom)} {one.words.lower()}</span>'
    if row.ask_again:
        said += f" {_lv('serious', 'ask again')}"
    if row.recommended:
        said += f'<span class="sub clip">Recommended: {escape(row.recommended)}</span>'
    if row.no_unit:
        # Also beside those who help, and services that have been asked: somebody who leads is still missing.
        said += f" {_lv('serious', escape(row.no_unit))}"
    elif not row.units and not row.handoffs and not row.transfers:
        said += escape(row.state_words)
    return said


def _unit(unit: UnitOnIncident) -> str:
    said = f'<span class="nowrap"><span class="data">{escape(unit.call_sign)}</span> {unit.words}</span>'
    return f'{said}<span class="sub clip">{escape(unit.why)}</span>' if unit.why else said


def _handoff(handoff: HandoffOnIncident) -> str:
    said = f"{handoff.service.upper()} {handoff.state}"
    if handoff.receiver:
        said += f" {escape(handoff.receiver)}"
    return f" {_chip('critical', said)}" if handoff.late else f' <span class="tag">{said}</span>'
