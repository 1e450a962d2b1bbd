"""``manage.py triage FILE.jsonl``: triage of many calls from a file, without a database.

Each line is one call (``id``, ``nature``, ``facts``, as in the sample vignettes); each answer is one JSON line. Lines
that cannot be read are reported with their number on stderr, the others are still answered, and the command fails.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from programs.preset_schema import Preset, all_presets
from triage import engine
from triage.programs import ProgramRules
from triage.protocol import Protocol, load_reference
from triage.results import Suggestion
from triage.vocabulary import load as load_vocabulary


class LineError(ValueError):
    """A line that is no call. ``str()`` says which line and why."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(f"line {number}: {problem}")


def parse_at(text: str) -> datetime:
    """An ISO 8601 time with a zone, such as 2026-03-01T21:30:00-07:00. Raises ValueError otherwise."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write for example {text}+00:00")
    return at


def parse_place(text: str) -> tuple[float, float]:
    """``lat,lon`` in degrees (WGS 84). Raises ValueError otherwise."""
    parts = text.split(",")
    try:
        latitude, longitude = (float(p) for p in parts)
    except ValueError:
        raise ValueError(f"{text!r} is not lat,lon in degrees") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"{text!r} is not on the globe: latitude first, then longitude")
    return latitude, longitude


def read_call(number: int, line: str) -> dict[str, Any]:
    """One call from one line. Raises LineError with what is wrong."""
    try:
        call = json.loads(line)
    except json.JSONDecodeError as error:
        raise LineError(number, f"not readable as JSON ({error.msg}, column {error.colno})") from None
    if not isinstance(call, dict):
        raise LineError(number, "not a JSON object")
    if not isinstance(call.get("id"), (str, int)):
        raise LineError(number, "has no id")
    if not isinstance(call.get("facts", {}), dict):
        raise LineError(number, "facts is not an object")
    if not isinstance(call.get("nature"), (str, type(None))):
        raise LineError(number, "nature is not a text")
    return call


def answer(call: Mapping[str, Any], suggestion: Suggestion) -> dict[str, Any]:
    """The output object for one call."""
    decision = suggestion.decision
    reasons = [
        {
            "rule": f.rule,
            "text": f.label,
            "response_class": f.response_class.value,
            "by_unknown": f.by_unknown,
            "source": f.source,
        }
        for f in decision.fired
    ]
    if not reasons:
        label = next(t.label for t in decision.trace if t.rule == decision.base_rule)
        reasons = [{"rule": decision.base_rule, "text": label, "response_class": suggestion.response_class.value}]
    return {
        "id": call["id"],
        "response_class": suggestion.response_class.value,
        "ask": [item.key for item in suggestion.ask],
        "programs": [
            {
                "slug": fit.slug,
                "result": fit.result.value,
                "effective_class": fit.effective_class.value,
                "reasons": [r.to_dict() for r in (*fit.reasons, *fit.notes)],
            }
            for fit in suggestion.fits
        ],
        "reasons": reasons,
        "services": list(suggestion.services),
        "triaged": suggestion.triaged,
        "priority": suggestion.priority,
        "recommendation": suggestion.recommendation.to_dict(),
        "protocol": f"{decision.protocol} {decision.protocol_version}",
    }


def triage_lines(
    lines: Iterable[str],
    *,
    protocol: Protocol,
    presets: Sequence[Preset],
    at: datetime | None = None,
    place: tuple[float, float] | None = None,
) -> Iterable[dict[str, Any] | LineError]:
    """One output object, or one LineError, for each line that is not blank, in order."""
    rules = tuple(ProgramRules.from_dict(preset.rules) for preset in presets)
    open_now = {p.slug: p.is_open(at) if at else None for p in presets}
    covers = {p.slug: p.covers(*place) if place else None for p in presets}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            call = read_call(number, line)
            facts = call.get("facts", {})
            load_vocabulary().normalise(facts)
        except LineError as error:
            yield error
            continue
        except ValueError as error:
            yield LineError(number, f"call {call['id']}: {error}")
            continue
        yield answer(call, engine.suggest(protocol, rules, facts, call.get("nature"), open_now=open_now, covers=covers))


class Command(BaseCommand):
    """Triage the calls of a file and print one JSON line each."""

    help = "Triage the calls of a JSON-lines file; prints one JSON line each. Needs no database."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and the time and place to evaluate hours and coverage at (else they are not evaluated)."""
        parser.add_argument("file", help="JSON-lines file, or - for standard input")
        parser.add_argument("--at", help="time with zone, ISO 8601; without it hours are not evaluated")
        parser.add_argument("--place", help="lat,lon in degrees; without it coverage is not evaluated")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answers. Raises CommandError for a bad option, an unreadable file, or after bad lines."""
        try:
            at = parse_at(options["at"]) if options["at"] else None
            place = parse_place(options["place"]) if options["place"] else None
            text = sys.stdin.read() if options["file"] == "-" else Path(options["file"]).read_text(encoding="utf-8")
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from None
        bad = 0
        presets = tuple(all_presets().values())
        for result in triage_lines(text.split("\n"), protocol=load_reference(), presets=presets, at=at, place=place):
            if isinstance(result, LineError):
                bad += 1
                self.stderr.write(str(result))
            else:
                self.stdout.write(json.dumps(result, ensure_ascii=False))
        if bad:
            raise CommandError(f"{bad} line{'s' if bad > 1 else ''} could not be read; the others are above.")
