"""Reads: what is published, what is open, what is covered, what is suspended."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

from accounts.models import Centre
from accounts.row_read import row_read, rows_read
from people.geometry import covers, covers_text, geojson_of
from programs.hours import open_at
from programs.models import ProgramVersion, ProtocolVersion, Suspension, VersionState
from triage.programs import ProgramRules
from triage.protocol import Protocol


@lru_cache(maxsize=256)
def _rules(spec: str) -> ProgramRules:
    return ProgramRules.from_dict(json.loads(spec))


@lru_cache(maxsize=32)
def _protocol(data: str) -> Protocol:
    return Protocol.from_dict(json.loads(data))


_MOST_CONTENT = 512


@dataclass(frozen=True)
class _Content:
    """What the database never lets change of a published version: fetched and parsed once a process."""

    spec: dict[str, Any]
    area: dict[str, Any]

    @cached_property
    def rules(self) -> ProgramRules:
        return _rules(json.dumps(self.spec["rules"], sort_keys=True))

    @cached_property
    def area_text(self) -> str:
        return geojson_of(self.area)


_content: dict[UUID, _Content] = {}
_protocols: dict[UUID, tuple[dict[str, Any], Protocol]] = {}
"""Data of published protocols, and what they mean: the database lets them change as little."""
_CONTENT = ("spec", "area")
_DRAFTING = (
    "author_id", "approver_id", "created_at", "reason", "base_id", "proof_id", "editors",
)  # fmt: skip
"""How a version came about: of no matter to a call, and each call reads all versions."""
_UNREAD = (*_CONTENT, *_DRAFTING, "locks", "unsaved", "saved_at")
_PROGRAM = ("program", "program__agency")
_BEAT, _NATURE = Suspension.Scope.BEAT.value, Suspension.Scope.NATURE.value
_STOPS = (
    (
        "stops",
        "(SELECT jsonb_agg(jsonb_build_array(scope, subject, reason)) FROM programs_suspension"
        " WHERE centre_id = program.centre_id AND lifted_at IS NULL)",
    ),
)


def rules_of(version: ProgramVersion) -> ProgramRules:
    """The triage rules of a version, parsed once a process."""
    kept = _content.get(version.pk)
    if kept is not None and kept.spec is version.spec:
        return kept.rules
    return _rules(json.dumps(version.spec["rules"], sort_keys=True))


def area_covers(version: ProgramVersion, lat: float, lon: float) -> bool:
    """Whether a version's area covers a point; its edge counts as inside."""
    kept = _content.get(version.pk)
    if kept is not None and kept.area is version.area:
        return covers_text(kept.area_text, lat, lon)
    return covers(version.area, lat, lon)


def protocol_of(version: ProtocolVersion) -> Protocol:
    """The protocol of a version, parsed once a process."""
    kept = _protocols.get(version.pk)
    if kept is not None and kept[0] is version.data:
        return kept[1]
    return protocol_from(version.data)


def protocol_published(centre: Centre) -> ProtocolVersion:
    """The centre's protocol. Raises ProtocolVersion.DoesNotExist: then there is no suggestion."""
    wanted = [centre.pk, VersionState.PUBLISHED.value]
    read = row_read(ProtocolVersion, "one.centre_id = %s AND one.state = %s", wanted, without=("data", *_DRAFTING))
    if read is None:
        raise ProtocolVersion.DoesNotExist
    kept = _protocols.get(read.pk)
    if kept is None:
        if len(_protocols) > _MOST_CONTENT:
            _protocols.clear()
        data = ProtocolVersion.objects.values_list("data", flat=True).get(pk=read.pk)
        kept = _protocols[read.pk] = (data, protocol_from(data))
    read.data = kept[0]
    return read


def version_filled(version: ProgramVersion) -> ProgramVersion:
    """A version that is or was published and was read without its large columns, with those columns."""
    kept = _content.get(version.pk)
    if kept is None:
        if len(_content) > _MOST_CONTENT:
            _content.clear()
        kept = _content[version.pk] = _Content(*ProgramVersion.objects.values_list(*_CONTENT).get(pk=version.pk))
    version.spec, version.area = kept.spec, kept.area
    return version


def version_published(id: UUID) -> ProgramVersion:
    """A version that is or was published, with its program. Raises ProgramVersion.DoesNotExist."""
    read = row_read(ProgramVersion, "one.id = %s", [id], joined=("program",), without=_CONTENT)
    if read is None:
        raise ProgramVersion.DoesNotExist
    return version_filled(read)


@dataclass(frozen=True)
class PublishedPrograms:
    """The published programs of a centre at one instant, with what is open, covered and suspended."""

    versions: tuple[ProgramVersion, ...]
    open_now: dict[str, bool | None]
    covers: dict[str, bool | None]
    suspended: dict[str, str]
    unreadable: tuple[str, ...] = ()
    """Slugs of programs whose hours cannot be read. They count as closed, and triage makes no suggestion: damaged data
    must not pass for “out of hours”."""

    def by_slug(self, slug: str) -> ProgramVersion | None:
        return next((version for version in self.versions if version.program.slug == slug), None)


def programs_published(
    centre: Centre,
    *,
    at: datetime,
    lat: float | None,
    lon: float | None,
    beat: str | None = None,
    nature: str | None = None,
) -> PublishedPrograms:
    """What could take a call here and now. A place that is not known covers neither yes nor no (None).

    `beat` and `nature` are a call's, empty where they are not known (see `stopped`). None asks for no call in
    particular: then stop keys of single beats and natures are left out.
    """
    read = rows_read(
        ProgramVersion,
        "program.centre_id = %s AND one.state = %s AND one.effective_from <= %s ORDER BY program.slug",
        [centre.pk, VersionState.PUBLISHED.value, at],
        joined=_PROGRAM,
        without=_UNREAD,
        more=_STOPS,
    )
    stops = json.loads(read[0].stops or "[]") if read else []  # type: ignore[attr-defined]  # read as `more`
    versions = tuple(version_filled(version) for version in read)
    zone = centre.zone
    open_now: dict[str, bool | None] = {}
    covered: dict[str, bool | None] = {}
    suspended: dict[str, str] = {}
    unreadable: list[str] = []
    for version in versions:
        slug = version.program.slug
        try:
            open_now[slug] = open_at(str(version.spec["hours"]), at, zone)
        except (KeyError, ValueError):
            open_now[slug] = False
            unreadable.append(slug)
        covered[slug] = None if lat is None or lon is None else area_covers(version, lat, lon)
        for scope, subject, reason in stops:
            if (scope == _BEAT and beat is None) or (scope == _NATURE and nature is None):
                continue
            here = stopped(scope, subject, program=slug, beat=beat or "", nature=nature or "", located=lat is not None)
            if here:
                suspended[slug] = reason
            elif here is None:
                suspended.setdefault(
                    slug, f"{reason} ({scope} {subject.replace('_', ' ')}: this call's is not known yet)"
                )
    return PublishedPrograms(versions, open_now, covered, suspended, tuple(unreadable))


def stopped(scope: str, subject: str, *, program: str, beat: str, nature: str, located: bool) -> bool | None:
    """Whether a stop key of this scope and subject forbids a program for a call; None where that is not known, since
    nobody has said yet where the call is, or what. Raises KeyError for a scope that is not known.

    `located`: its place is a point. Without a beat it then lies in none.
    """
    beat_stopped = subject == beat if beat else False if located else None
    return {
        Suspension.Scope.ALL.value: True,
        Suspension.Scope.PROGRAM.value: subject == program,
        _BEAT: beat_stopped,
        _NATURE: subject == nature if nature else None,
    }[scope]


def stop_code(stops: Iterable[tuple[str, str]], *, program: str, beat: str, nature: str, located: bool) -> str:
    """Why stop keys (scope and subject) forbid a program for a call: `suspended`; `suspended_unknown` where one may,
    and unknown is never no; empty where none does."""
    found = [stopped(*key, program=program, beat=beat, nature=nature, located=located) for key in stops]
    return "suspended" if True in found else "suspended_unknown" if None in found else ""


def suspended_here(version: ProgramVersion, *, beat: str, nature: str, located: bool) -> str:
    """The `stop_code` of the standing stop keys for the version's program and a call of this beat and nature."""
    program = version.program
    stops = Suspension.objects.filter(centre=program.centre_id, lifted_at__isnull=True).values_list("scope", "subject")
    return stop_code(stops, program=program.slug, beat=beat, nature=nature, located=located)


def suspensions_standing(centre: Centre) -> list[Suspension]:
    return list(
        Suspension.objects.filter(centre=centre, lifted_at__isnull=True).select_related("set_by").order_by("set_at")
    )


def spec_number(version: ProgramVersion | None, key: str, default: int) -> int:
    """A whole number of seconds from a version's spec, for example `offer_timeout_s`."""
    value: Any = version.spec.get(key) if version is not None else None
    return int(value) if isinstance(value, int | float) and value > 0 else default


def spec_wait_s(version: ProgramVersion | None, priority: int, default: int) -> int:
    """The longest promised wait in seconds: `max_wait_by_priority` where it names the priority, else `max_wait_s`."""
    named: Any = version.spec.get("max_wait_by_priority") if version is not None else None
    value = named.get(str(priority)) if isinstance(named, dict) else None
    if isinstance(value, int | float) and value > 0:
        return int(value)
    return spec_number(version, "max_wait_s", default)


def protocol_from(data: dict[str, Any]) -> Protocol:
    """A protocol from stored data, parsed once a process."""
    return _protocol(json.dumps(data, sort_keys=True))
