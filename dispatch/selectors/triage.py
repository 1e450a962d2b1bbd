"""The suggestion of an incident, from the answers of all its calls and crews."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from accounts.models import User
from accounts.row_read import row_read, rows_read
from dispatch.models import Answer, Incident, LocationEntry
from people.models import Caution
from people.selectors import cautions_at
from programs.models import ProgramVersion, ProtocolVersion
from programs.selectors import PublishedPrograms, programs_published, protocol_of, protocol_published, rules_of
from triage import engine
from triage.answers import is_danger, is_lowering, most_dangerous
from triage.results import FitResult, Reason, Suggestion, plain

logger = logging.getLogger(__name__)
UNKNOWN = "unknown"
CAUTION_ANSWERS = {
    ("weapon", "danger"): ("weapon", "accessible"),
    ("weapon", "warn"): ("weapon", "history_only"),
    ("violence", "danger"): ("violence", "history_only"),
    ("violence", "warn"): ("violence", "history_only"),
}
"""What a caution of a kind and severity answers by itself (design section 5: answers of calls, crews and cautions)."""


_LATEST = (
    "one.id IN ((SELECT max(id) FROM dispatch_locationentry WHERE incident_id = %s AND subject = 'incident'),"
    " (SELECT max(id) FROM dispatch_locationentry WHERE incident_id = %s AND subject = 'carrier'))"
)


@dataclass(frozen=True)
class Facts:
    """What triage reads of one incident: all answers ever given (oldest first), where it is, what is on file there.

    Read once a request and passed on, so that what is judged, shown and stored is the same.
    """

    incident: Incident
    rows: tuple[Answer, ...]
    place: LocationEntry | None
    carrier: LocationEntry | None
    cautions: tuple[Caution, ...]

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The merged answers with what is on file: cautions of place and person, the kind of place if nobody said it.

        A hazard on file counts beside what callers say, most dangerous first: it can only raise care.
        """
        answers = answers_merged(self.incident, self.rows)
        if self.place is not None and self.place.location_type and "location_type" not in answers:
            answers["location_type"] = self.place.location_type
        for caution in self.cautions:
            told = CAUTION_ANSWERS.get((caution.kind, caution.severity))
            if told is not None:
                key, value = told
                answers[key] = plain(most_dangerous(key, [value, answers[key]] if key in answers else [value]))
        return answers

    def with_rows(self, more: Sequence[Answer]) -> "Facts":
        """The same with answers that were just appended."""
        return replace(self, rows=(*self.rows, *more))


@dataclass(frozen=True)
class Judged:
    """A suggestion with what it was made from; `suggestion` is None when the engine could not make one."""

    suggestion: Suggestion | None
    answers: dict[str, Any]
    published: PublishedPrograms | None
    protocol: ProtocolVersion | None
    facts: Facts
    nature: str = ""

    def said(self) -> dict[str, list[dict[str, Any]]]:
        """By question, who said what, when and how: each source's last answer, then what is on file for the place.

        JSON, stored beside the engine's trace; the trace itself holds values only, so that it can be run again.
        """
        last: dict[tuple[str, str], Answer] = {(row.key, row.source): row for row in self.facts.rows}
        told: dict[str, list[dict[str, Any]]] = {}
        for row in last.values():
            told.setdefault(row.key, []).append(
                {
                    "value": row.value,
                    "source": row.source,
                    "basis": row.basis,
                    "at": row.at.isoformat(),
                    "by": row.by_id,
                    "who": row.by.initials if row.by else "",
                }
            )
        place = self.facts.place
        if place is not None and place.location_type and "location_type" not in told:
            file = {"source": "place", "basis": "file", "at": place.at.isoformat(), "by": place.by_id, "who": ""}
            told["location_type"] = [{"value": place.location_type, **file}]
        for caution in self.facts.cautions:
            key, value = CAUTION_ANSWERS.get((caution.kind, caution.severity), ("", ""))
            if key:
                file = {"basis": "file", "at": caution.added_at.isoformat(), "by": caution.added_by_id, "who": ""}
                told.setdefault(key, []).append({"value": value, "source": f"caution:{caution.pk}", **file})
        return told

    def inputs(self) -> dict[str, Any]:
        """What the suggestion was made from beside answers and protocol, as JSON: stored to run it again unchanged."""
        published = self.published
        if published is None:
            return {}
        return {
            "nature": self.nature,
            "programs": [str(version.pk) for version in published.versions],
            "open_now": published.open_now,
            "covers": published.covers,
            "suspended": published.suspended,
        }


def standing_values(rows: Sequence[Answer], sent_at: datetime | None) -> list[Any]:
    """Which answers to one question still count, given all that were given to it, oldest first.

    Of each source the last one counts; an "unknown" never hides a danger that the same source gave before. After
    sending, answers raise at once and never lower: all given since then count beside the one that stood at sending.
    """
    by_source: dict[str, list[Answer]] = {}
    for row in rows:
        by_source.setdefault(row.source, []).append(row)
    values: list[Any] = []
    for given in by_source.values():
        before = [row for row in given if sent_at is None or row.at <= sent_at]
        after = [row for row in given if sent_at is not None and row.at > sent_at]
        standing: Any = None
        for row in before:
            if row.value == UNKNOWN and standing not in (None, UNKNOWN) and dangerous(row.key, standing):
                continue
            standing = row.value
        if standing is not None:
            values.append(standing)
        values.extend(row.value for row in after)
    return values


def dangerous(key: str, value: Any) -> bool:
    """Whether the value is a danger answer: one that alone forces co-response or above."""
    return is_danger(key, value)


def answers_merged(incident: Incident, rows: Sequence[Answer] | None = None) -> dict[str, Any]:
    """The incident's answers: the most dangerous of all its sources, JSON values, unanswered questions absent."""
    grouped: dict[str, list[Answer]] = {}
    for row in rows if rows is not None else Answer.objects.filter(incident=incident).order_by("id"):
        grouped.setdefault(row.key, []).append(row)
    merged: dict[str, Any] = {}
    for key, given in grouped.items():
        values = [value for value in standing_values(given, incident.sent_at) if value != UNKNOWN]
        if values:
            value = most_dangerous(key, values)
            if value is not None:
                merged[key] = plain(value)
    return merged


def answers_of(incident: Incident, rows: Sequence[Answer] | None = None) -> dict[str, dict[str, Any]]:
    """For each answered question: the standing value, who said it last and when, and every other value given."""
    if rows is None:
        rows = list(Answer.objects.filter(incident=incident).select_related("by").order_by("id"))
    merged = answers_merged(incident, rows)
    shown: dict[str, dict[str, Any]] = {}
    for row in rows:
        entry = shown.setdefault(row.key, {"value": merged.get(row.key, UNKNOWN), "others": []})
        entry.update({"last": row.value, "by": row.by, "at": row.at, "basis": row.basis, "source": row.source})
        if row.value not in entry["others"]:
            entry["others"].append(row.value)
    for entry in shown.values():
        entry["others"] = [value for value in entry["others"] if value != entry["value"]]
    return shown


def place_of(incident: Incident) -> LocationEntry | None:
    """The incident's present location: the last statement about it, never the carrier's."""
    return row_read(
        LocationEntry,
        "one.incident_id = %s AND one.subject = 'incident' ORDER BY one.id DESC LIMIT 1",
        [incident.pk],
        joined=("place",),
    )


def facts_of(incident: Incident, *, at: datetime, known: User | None = None) -> Facts:
    """Read what triage needs of an incident, in three queries and one for people other than `known` who answered."""
    # By hand and without a join: each answer of a call pays for it, and most rows are of one person.
    rows = rows_read(Answer, "one.incident_id = %s ORDER BY one.id", [incident.pk])
    people = {known.pk: known} if known is not None else {}
    others = {row.by_id for row in rows if row.by_id is not None} - set(people)
    if others:
        people.update(User.objects.in_bulk(others))
    for row in rows:
        row.by = people.get(row.by_id) if row.by_id is not None else None
    # The latest of each subject, one after the other by the index: a caller on the move has many.
    latest = rows_read(LocationEntry, _LATEST, [incident.pk, incident.pk], joined=("place",))
    places = {str(entry.subject): entry for entry in latest}
    place = places.get(LocationEntry.Subject.INCIDENT)
    cautions = hazards_at(incident, place, at=at)
    return Facts(incident, tuple(rows), place, places.get(LocationEntry.Subject.CARRIER), tuple(cautions))


def hazards_at(incident: Incident, place: LocationEntry | None, *, at: datetime) -> list[Caution]:
    """What is on file for an incident's present place, and with the persons whom its calls are about, worst first.

    Words that nobody has located yet (“rear door”, a street without a number) say nothing against the last point that
    was known: its hazards count until there is another point.
    """
    if place is not None and place.place_id is None and place.lat is None:
        place = (
            LocationEntry.objects.filter(
                incident=incident, subject=LocationEntry.Subject.INCIDENT, lat__isnull=False, id__lt=place.pk
            )
            .select_related("place")
            .order_by("-id")
            .first()
        )
    persons = ("SELECT person_id FROM dispatch_call WHERE incident_id = %s AND person_id IS NOT NULL", [incident.pk])
    lat, lon, known = (place.lat, place.lon, place.place) if place is not None else (None, None, None)
    return cautions_at(centre=incident.centre, lat=lat, lon=lon, place=known, persons=persons, at=at)


def answers_at_place(incident: Incident, *, at: datetime) -> dict[str, Any]:
    """The answers that triage counts: of all calls, of crews, and of what is on file for the place."""
    return facts_of(incident, at=at).answers


def judge(*, incident: Incident, at: datetime, facts: Facts | None = None, known: User | None = None) -> Judged:
    """Run triage for an incident, on `facts` if the caller has read them already; `known`: a person at hand.

    Any failure gives no suggestion, is logged without personal data, and is visible.
    """
    facts = facts or facts_of(incident, at=at, known=known)
    answers, where = facts.answers, facts.place
    try:
        protocol = protocol_published(incident.centre)
        published = programs_published(
            incident.centre,
            at=at,
            lat=where.lat if where else None,
            lon=where.lon if where else None,
            beat=where.beat if where else "",
            nature=incident.nature,
        )
        if published.unreadable:
            raise ValueError("the hours of a program cannot be read")
        answers = _more_cautious_needs(facts, answers, protocol)
        suggestion = suggest(protocol, published, answers, incident.nature)
        return Judged(suggestion, answers, published, protocol, facts, incident.nature)
    except Exception:  # whatever broke it, the call taker must be able to send
        logger.exception("triage failed", extra={"incident": str(incident.pk)})
        return Judged(None, answers, None, None, facts)


def _more_cautious_needs(facts: Facts, answers: dict[str, Any], protocol: ProtocolVersion) -> dict[str, Any]:
    """The answers with the reading of what is needed that asks for more, where sources differ about it.

    Lists are joined, and a need that one caller names can stand in a rule that lowers (a welfare check of somebody whom
    nobody sees): that must not answer for what another caller says of the same person. Joined where it changes nothing.
    """
    given = [row for row in facts.rows if row.key == "need"]
    said = [value for value in standing_values(given, facts.incident.sent_at) if value != UNKNOWN]
    if all(value == said[0] for value in said):
        return answers
    rules = protocol_of(protocol)
    readings = [answers, *({**answers, "need": value} for value in said)]
    return min(readings, key=lambda one: engine.decide(rules, one).response_class.rank)


def suggest(
    protocol: ProtocolVersion, published: PublishedPrograms, answers: Mapping[str, Any], nature: str
) -> Suggestion:
    """Triage with the published protocol and programs; a suspended program is excluded and says so."""
    open_now = {slug: False if slug in published.suspended else open_ for slug, open_ in published.open_now.items()}
    suggestion = engine.suggest(
        protocol_of(protocol),
        [rules_of(version) for version in published.versions],
        answers,
        nature or None,
        open_now=open_now,
        covers=published.covers,
    )
    if not published.suspended:
        return suggestion
    fits = tuple(
        replace(
            fit,
            result=FitResult.EXCLUDED,
            reasons=(
                Reason("suspended", f"Diversion is suspended: {published.suspended[fit.slug]}"),
                *(reason for reason in fit.reasons if reason.code != "closed"),
            ),
        )
        if fit.slug in published.suspended
        else fit
        for fit in suggestion.fits
    )
    return replace(suggestion, fits=fits)


def suggestion_of(*, incident: Incident, at: datetime) -> Suggestion | None:
    """The suggestion, or None: then every screen says “No suggestion, use standard dispatch”."""
    return judge(incident=incident, at=at).suggestion


def lowers(key: str, old: Any, new: Any) -> bool:
    """Whether the new answer takes danger away from the old one (both are then kept on screen)."""
    return is_lowering(key, old, None if new == UNKNOWN else new)


def program_name(version: ProgramVersion | None) -> str:
    return version.program.name if version is not None else ""
