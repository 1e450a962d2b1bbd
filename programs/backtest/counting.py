"""Time, place and verdict of many calls at once. The only module here that imports numpy and shapely."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from programs.backtest.case import Case
from programs.backtest.judging import UNREADABLE as NOT_READ
from programs.backtest.judging import Judge, Verdict
from programs.backtest.plan import Plan, Side, instant, minute_of
from programs.backtest.tally import ASKS, EXCLUDED, NOT_NOW, TAKES, UNREADABLE, VERDICTS, SideTally, Tally
from triage.results import FitResult

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

NO, YES, UNKNOWN = 0, 1, 2
_WORD = ("no", "yes", "unknown")
_CELLS = 6
"""Combinations of open (no, yes) and covered (no, yes, unknown)."""


class Counting:
    """Counts batches of calls into a tally. Keeps the patterns it has judged, so use one for all batches of a run."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.judge = Judge(plan)
        self._areas = {name: _geometry(side.area) for name, side in plan.sides.items()}
        self._open: dict[tuple[str, str], dict[int, bool]] = {}

    def start(self) -> Tally:
        """A tally for this plan with nothing in it."""
        return Tally.empty(*self.plan.sides)

    def add(self, tally: Tally, cases: Sequence[Case]) -> None:
        """Count a batch. Equal to counting its calls one by one, in any split into batches."""
        if not cases:
            return
        patterns = self._patterns(cases)
        minutes = np.fromiter((minute_of(case.at) for case in cases), np.int64, len(cases))
        lats = np.array([np.nan if case.lat is None else case.lat for case in cases], np.float64)
        lons = np.array([np.nan if case.lon is None else case.lon for case in cases], np.float64)
        tally.total += len(cases)
        tally.no_place += int(np.isnan(lats).sum())
        tally.no_nature += sum(not case.nature for case in cases)
        low, high = int(minutes.min()), int(minutes.max())
        tally.first = low if tally.first is None else min(tally.first, low)
        tally.last = high if tally.last is None else max(tally.last, high)
        verdicts: dict[str, Ints] = {}
        for name, side in self.plan.sides.items():
            cells = self._cells(name, side, minutes, lats, lons)
            verdicts[name] = _VERDICT[_results(self.judge.verdicts[name])[patterns], cells]
            self._count(tally.sides[name], self.judge.verdicts[name], patterns, cells)
            self._cross(tally.sides[name], verdicts[name], cases)
            _demand(tally.sides[name], cases, verdicts[name] == VERDICTS.index(TAKES), self.plan.minutes)
        self._changes(tally, cases, patterns, verdicts)

    def _patterns(self, cases: Sequence[Case]) -> Ints:
        # By identity first: sources hand out equal answers as one object, and a batch keeps its objects alive.
        seen: dict[tuple[int, str | None], int] = {}
        numbers = np.empty(len(cases), np.int64)
        for nth, case in enumerate(cases):
            quick = (id(case.answers), case.nature)
            number = seen.get(quick)
            if number is None:
                number = seen[quick] = self.judge.pattern(case.answers, case.nature)
            numbers[nth] = number
        return numbers

    def _cells(self, name: str, side: Side, minutes: Ints, lats: Floats, lons: Floats) -> Ints:
        """0 to 5 for each call: three times open (0, 1) plus covered (0, 1, 2)."""
        known = self._open.setdefault((side.hours, side.zone.key), {})
        distinct, where = np.unique(minutes, return_inverse=True)
        for minute in distinct.tolist():
            if minute not in known:
                known[minute] = side.is_open(instant(minute))
        is_open = np.fromiter((known[minute] for minute in distinct.tolist()), np.int64, len(distinct))[where]
        covered = np.full(len(minutes), UNKNOWN, np.int64)
        area = self._areas[name]
        if area is not None:
            placed = ~np.isnan(lats)
            covered[placed] = shapely.intersects_xy(area, lons[placed], lats[placed])
        return np.asarray(3 * is_open + covered, np.int64)

    def _count(self, side: SideTally, verdicts: Sequence[Verdict], patterns: Ints, cells: Ints) -> None:
        counts = np.bincount(patterns * _CELLS + cells, minlength=len(verdicts) * _CELLS).reshape(-1, _CELLS)
        for number in np.nonzero(counts.sum(axis=1))[0].tolist():
            verdict = verdicts[number]
            by_cell: list[int] = counts[number].tolist()
            times = sum(by_cell)
            for code in verdict.codes:
                side.codes[code] += times
            if verdict.missing or verdict.result == NOT_READ:
                side.untestable += times
            for key in verdict.missing:
                side.missing[key] += times
            for cell, here in enumerate(by_cell):
                if not here:
                    continue
                side.verdicts[verdict_of(verdict.result, cell)] += here
                words = f"{_WORD[cell // 3]}|{_WORD[cell % 3]}"
                if verdict.result == FitResult.ELIGIBLE:
                    side.met[words] += here
                elif verdict.result == FitResult.ASK:
                    side.open_[words] += here
                    if verdict_of(verdict.result, cell) == ASKS:
                        for key in verdict.ask:
                            side.asked[key] += here

    def _cross(self, side: SideTally, verdicts: Ints, cases: Sequence[Case]) -> None:
        for counts, words in ((side.outcomes, [c.outcome for c in cases]), (side.did, [c.did for c in cases])):
            if any(words):
                pairs = Counter(zip(verdicts.tolist(), words, strict=True))
                counts.update({f"{VERDICTS[number]}|{word}": times for (number, word), times in pairs.items() if word})

    def _changes(self, tally: Tally, cases: Sequence[Case], patterns: Ints, verdicts: dict[str, Ints]) -> None:
        draft = verdicts["draft"]
        live = verdicts.get("live", np.full(len(cases), VERDICTS.index(EXCLUDED), np.int64))
        pairs, times = np.unique(live * len(VERDICTS) + draft, return_counts=True)
        for pair, count in zip(pairs.tolist(), times.tolist(), strict=True):
            before, after = divmod(pair, len(VERDICTS))
            tally.changes[f"{VERDICTS[before]}|{VERDICTS[after]}"] += count
        for nth in np.nonzero(live != draft)[0].tolist():
            codes = int(live[nth]), int(draft[nth])
            entry = partial(self._entry, cases[nth], int(patterns[nth]), *codes)
            tally.change(cases[nth].ref, self.plan.seed, entry)

    def _entry(self, case: Case, number: int, live: int, draft: int) -> dict[str, Any]:
        """A changed call as it is kept: no name, no number, no place."""
        reasons = {name: verdicts[number] for name, verdicts in self.judge.verdicts.items()}
        return {
            "ref": case.ref,
            "at": case.at.isoformat(),
            "nature": case.nature or "",
            "live": VERDICTS[live],
            "draft": VERDICTS[draft],
            "why_draft": _why(reasons["draft"]),
            "why_live": _why(reasons["live"]) if "live" in reasons else [],
            "outcome": case.outcome,
            "did": case.did,
        }


def verdict_of(result: str, cell: int) -> str:
    """What a version does with a call: its criteria's result, then hours and area. A place not known shuts nothing."""
    if result == NOT_READ:
        return UNREADABLE
    if result == FitResult.EXCLUDED:
        return EXCLUDED
    if cell // 3 == NO or cell % 3 == NO:
        return NOT_NOW
    return TAKES if result == FitResult.ELIGIBLE else ASKS


_RESULTS = (*(str(result) for result in FitResult), NOT_READ)
_VERDICT: Ints = np.array([[VERDICTS.index(verdict_of(r, cell)) for cell in range(_CELLS)] for r in _RESULTS], np.int64)
"""Number of the verdict by number of the result and cell."""


def _results(verdicts: Sequence[Verdict]) -> Ints:
    """Number of the result by pattern."""
    return np.fromiter((_RESULTS.index(verdict.result) for verdict in verdicts), np.int64, len(verdicts))


def _why(verdict: Verdict) -> list[str]:
    return list(verdict.codes or verdict.ask)


def _geometry(area: dict[str, Any]) -> Any:
    """The area, prepared for many points; None for one that nobody has drawn."""
    if not area:
        return None
    geometry = shapely.from_geojson(json.dumps(area))
    shapely.prepare(geometry)
    return geometry


def _demand(side: SideTally, cases: Sequence[Case], taken: npt.NDArray[np.bool_], minutes: int) -> None:
    """Add the unit time of the calls that are taken to each hour that it falls into."""
    start = np.array([int(cases[nth].at.timestamp()) for nth in np.nonzero(taken)[0].tolist()], np.int64)
    if not len(start):
        return
    end = start + minutes * 60
    first = start // 3600
    for step in range((minutes * 60 + 3599) // 3600 + 1):
        hour = first + step
        part = np.minimum(end, (hour + 1) * 3600) - np.maximum(start, hour * 3600)
        inside = part > 0
        hours, where = np.unique(hour[inside], return_inverse=True)
        seconds = np.bincount(where, weights=part[inside]).astype(np.int64)
        for one, time in zip(hours.tolist(), seconds.tolist(), strict=True):
            side.hour_seconds[str(one)] += time
