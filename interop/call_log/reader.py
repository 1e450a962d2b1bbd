"""Rows of a call log, one after the other: each is either understood or kept with its line number and a reason."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from interop.call_log.mapping import WEEKDAYS, LogMap, MapError, hour_of

LONGEST_ID = 80
"""Characters of an identifier in the source system that a call row can keep."""
LONGEST_OUTCOME = 60


@dataclass(frozen=True)
class LogRow:
    """One understood row. `nature` is None where the log's word has no counterpart here; `known` says that the
    mapping lists the word. `at` is aware UTC; coordinates are WGS84 degrees, both or neither."""

    line: int
    external_id: str
    at: datetime
    channel: str
    local_nature: str
    nature: str | None
    known: bool
    place: str
    lat: float | None
    lon: float | None
    outcome: str = ""
    """How the call ended, in the log's own words; empty where it does not say."""


@dataclass(frozen=True)
class BadRow:
    """One row that was not understood, as it stood in the file."""

    line: int
    reason: str
    cells: tuple[str, ...]


class _Bad(ValueError):
    """Why a row cannot be taken."""


def read(lines: Iterable[str], log_map: LogMap) -> Iterator[LogRow | BadRow]:
    """Understand a CSV file line by line. `line` counts from 1, header included, and is the row's first line.

    Raises MapError when the header lacks a mapped column. A row never raises.
    """
    source = _Counted(lines)
    reader = csv.reader(source)
    header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
    lacking = [column for column in log_map.columns.values() if column not in header]
    if lacking:
        raise MapError(f"{log_map.name}: the file has no column {', '.join(lacking)}")
    seen: dict[str, int] = {}
    while True:
        line = source.count + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield BadRow(line, f"not CSV: {problem}", ())
            continue
        if not any(cell.strip() for cell in cells):
            continue
        try:
            row = _row(line, dict(zip(header, cells, strict=False)), len(cells) - len(header), log_map)
            if row.external_id in seen:
                raise _Bad(f"number {row.external_id} stands in line {seen[row.external_id]} already")
        except _Bad as problem:
            yield BadRow(line, str(problem), tuple(cells))
            continue
        seen[row.external_id] = line
        yield row


class _Counted:
    """Lines with their count, so that a quoted cell of several lines still has a true line number."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.count = 0

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.count += 1
        return line


def _row(line: int, cells: dict[str, str], too_many: int, log_map: LogMap) -> LogRow:
    if too_many:
        raise _Bad(f"{abs(too_many)} {'more' if too_many > 0 else 'fewer'} cells than the header")
    text = {field: log_map.value(cells[column]) for field, column in log_map.columns.items()}
    if not text["external_id"]:
        raise _Bad("no number of the call")
    if len(text["external_id"]) > LONGEST_ID:
        raise _Bad(f"the number of the call is longer than {LONGEST_ID} characters")
    if text["channel"] not in log_map.channels:
        raise _Bad(f"way of contact “{text['channel']}” is not in the mapping")
    lat, lon = _point(text.get("lat", ""), text.get("lon", ""))
    return LogRow(
        line=line,
        external_id=text["external_id"],
        at=_moment(text, log_map),
        channel=log_map.channels[text["channel"]],
        local_nature=text["nature"],
        nature=log_map.natures.get(text["nature"]),
        known=text["nature"] in log_map.natures,
        place=text["place"] or log_map.place_missing,
        lat=lat,
        lon=lon,
        outcome=text.get("outcome", "")[:LONGEST_OUTCOME],
    )


def _moment(text: dict[str, str], log_map: LogMap) -> datetime:
    try:
        at = log_map.moment(text["time"])
        local = at.astimezone(log_map.zone)
        hour = text.get("check_hour", "")
        if hour and hour_of(hour) != local.hour:
            raise ValueError(f"the log says “{hour}”, the time rule gives {local:%H:%M}")
    except ValueError as problem:
        raise _Bad(f"time “{text['time']}”: {problem}") from problem
    weekday = text.get("check_weekday", "")
    if weekday and weekday != WEEKDAYS[local.weekday()]:
        raise _Bad(f"time “{text['time']}”: the log says {weekday}, the time rule gives {WEEKDAYS[local.weekday()]}")
    return at


def _point(lat: str, lon: str) -> tuple[float | None, float | None]:
    if not lat and not lon:
        return None, None
    try:
        point = float(lat), float(lon)
    except ValueError as problem:
        raise _Bad(f"coordinates “{lat}”, “{lon}” are not two numbers") from problem
    # Written so that "nan" fails too.
    if not (-90 <= point[0] <= 90 and -180 <= point[1] <= 180):
        raise _Bad(f"coordinates “{lat}”, “{lon}” are not on the earth")
    return point


def as_csv(cells: Iterable[object]) -> str:
    """One CSV line, for the file of rejected rows."""
    line = io.StringIO()
    # The line end of RFC 4180: with a bare "\n" the writer leaves a carriage return inside a cell unquoted.
    csv.writer(line, lineterminator="\r\n").writerow(list(cells))
    return line.getvalue()
