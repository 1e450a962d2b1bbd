"""The rows of a call log as cases of a backtest. A log has no triage answers: its natures, times and places decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from interop.call_log.mapping import LogMap
from interop.call_log.reader import BadRow, read
from programs.backtest.case import Case

NO_ANSWERS: Mapping[str, Any] = {}


def cases(lines: Iterable[str], log_map: LogMap) -> Iterator[Case | BadRow]:
    """Each understood row as a case, in the order of the file; the others as they are.

    Raises MapError when the header lacks a mapped column.
    """
    for row in read(lines, log_map):
        if isinstance(row, BadRow):
            yield row
        else:
            yield Case(row.external_id, NO_ANSWERS, row.nature, row.at, row.lat, row.lon, row.outcome)
