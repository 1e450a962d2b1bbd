"""Reads: what is published, what is open, what is covered, what is suspended."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from accounts.models import Centre
from people.geometry import covers
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


def rules_of(version: ProgramVersion) -> ProgramRules:
    """The triage rules of a version, parsed once a process."""
    return _rules(json.dumps(version.spec["rules"], sort_keys=True))


def protocol_of(version: ProtocolVersion) -> Protocol:
    return _protocol(json.dumps(version.data, sort_keys=True))


def protocol_published(centre: Centre) -> ProtocolVersion:
    """The centre's protocol. Raises ProtocolVersion.DoesNotExist: then there is no suggestion."""
    return ProtocolVersion.objects.get(centre=centre, state=VersionState.PUBLISHED)


_content: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = {}
"""Spec and area of published versions, which the database never lets change: fetched and parsed once a process."""
_MOST_CONTENT = 512


def _with_content(versions: Iterable[ProgramVersion]) -> tuple[ProgramVersion, ...]:
    """Published versions that were read without their large columns, with those columns."""
    found = tuple(versions)
    missing = [version.pk for version in found if version.pk not in _content]
    if missing:
        if len(_content) > _MOST_CONTENT:
            _content.clear()
            missing = [version.pk for version in found]
        rows = ProgramVersion.objects.filter(pk__in=missing).values_list("pk", "spec", "area")
        _content.update({pk: (spec, area) for pk, spec, area in rows})
    for version in found:
        version.spec, version.area = _content[version.pk]
    return found


def version_published(id: UUID) -> ProgramVersion:
    """A version that is or was published, with its program. Raises ProgramVersion.DoesNotExist."""
    read = ProgramVersion.objects.select_related("program").defer("spec", "area").get(pk=id)
    return _with_content([read])[0]


@dataclass(frozen=True)
class PublishedPrograms:
    """The published programs of a centre at one instant, with what is open, covered and suspended."""

    versions: tuple[ProgramVersion, ...]
    open_now: dict[str, bool | None]
    covers: dict[str, bool | None]
    suspended: dict[str, str]

    def by_slug(self, slug: str) -> ProgramVersion | None:
        return next((version for version in self.versions if version.program.slug == slug), None)


def programs_published(
    centre: Centre, *, at: datetime, lat: float | None, lon: float | None, beat: str = "", nature: str = ""
) -> PublishedPrograms:
    """What could take a call here and now. A place that is not known covers neither yes nor no (None)."""
    versions = _with_content(
        ProgramVersion.objects.filter(program__centre=centre, state=VersionState.PUBLISHED, effective_from__lte=at)
        .select_related("program", "program__agency")
        .defer("spec", "area")
        .order_by("program__slug")
    )
    zone = centre.zone
    stops = list(Suspension.objects.filter(centre=centre, lifted_at__isnull=True))
    open_now: dict[str, bool | None] = {}
    covered: dict[str, bool | None] = {}
    suspended: dict[str, str] = {}
    for version in versions:
        slug = version.program.slug
        try:
            open_now[slug] = open_at(str(version.spec["hours"]), at, zone)
        except (KeyError, ValueError):
            open_now[slug] = False
        covered[slug] = None if lat is None or lon is None else covers(version.area, lat, lon)
        for stop in stops:
            if stop_applies(stop, program=slug, beat=beat, nature=nature):
                suspended[slug] = stop.reason
    return PublishedPrograms(versions, open_now, covered, suspended)


def stop_applies(stop: Suspension, *, program: str, beat: str, nature: str) -> bool:
    """Whether a standing stop key forbids this program here."""
    return stopped(stop.scope, stop.subject, program=program, beat=beat, nature=nature)


def stopped(scope: str, subject: str, *, program: str, beat: str, nature: str) -> bool:
    """The same from a stop key's scope and subject. Raises KeyError for a scope that is not known."""
    return {
        Suspension.Scope.ALL.value: True,
        Suspension.Scope.PROGRAM.value: subject == program,
        Suspension.Scope.BEAT.value: bool(beat) and subject == beat,
        Suspension.Scope.NATURE.value: bool(nature) and subject == nature,
    }[scope]


def suspended_here(version: ProgramVersion, *, beat: str, nature: str) -> bool:
    """Whether a standing stop key forbids the version's program for a call of this beat and nature."""
    program = version.program
    stops = Suspension.objects.filter(centre=program.centre_id, lifted_at__isnull=True)
    return any(stop_applies(stop, program=program.slug, beat=beat, nature=nature) for stop in stops)


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
    named: Any = (version.spec.get("max_wait_by_priority") if version is not None else None) or {}
    value = named.get(str(priority))
    if isinstance(value, int | float) and value > 0:
        return int(value)
    return spec_number(version, "max_wait_s", default)


def protocol_from(data: dict[str, Any]) -> Protocol:
    """A protocol from stored data, parsed once a process."""
    return _protocol(json.dumps(data, sort_keys=True))
