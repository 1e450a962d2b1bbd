"""Presets: the systems of the source guide as data files, one YAML each, with a dated source for every value.

Pure pydantic, no Django: the triage command and the demo read them without a database. A preset is a starting point;
values marked ``verify_locally`` were silent, old or contradictory in the sources and must be confirmed by the agency.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar
from zoneinfo import ZoneInfo

import yaml
from opening_hours import OpeningHours, validate
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from triage.programs import SWITCH_NAMES, Kind, ProgramRules, Switch
from triage.response import ResponseClass

PRESETS_DIR = Path(__file__).parent / "presets"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader in C where it is built in: a tenth of the time, which every start of the demo pays."""

T = TypeVar("T")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Sourced(_Strict, Generic[T]):
    """One value with where it comes from. ``source`` names entries of the preset's ``sources``."""

    value: T
    source: tuple[str, ...] = Field(min_length=1)
    as_of: date | None = None
    verify_locally: bool = False
    note: str = ""


class Rule(_Strict):
    """One exclusion or entry condition: a code for counting, a label for people, the condition and its source."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str = Field(min_length=1)
    if_: Any = Field(alias="if")
    source: tuple[str, ...] = Field(min_length=1)
    verify_locally: bool = False


class Hours(_Strict):
    """Opening hours in OpenStreetMap notation, in ``timezone`` (IANA name)."""

    value: str
    timezone: str
    source: tuple[str, ...] = Field(min_length=1)
    as_of: date | None = None
    verify_locally: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _readable(self) -> Hours:
        ZoneInfo(self.timezone)
        if not validate(self.value):
            raise ValueError(f"not opening hours in OpenStreetMap notation: {self.value!r}")
        return self


class AreaPart(_Strict):
    """One named polygon of an agency's own area: included, or cut out of what is included. ``geometry``: GeoJSON."""

    name: str = Field(min_length=1, max_length=80)
    mode: Literal["include", "exclude"] = "include"
    geometry: dict[str, Any]


class Coverage(_Strict):
    """Where the program works, in words; ``bbox`` is a rough box (west, south, east, north, degrees) for try-outs.

    The true area is drawn by the agency: outside the box a place is certainly not covered.
    """

    note: str
    bbox: tuple[float, float, float, float] | None
    areas: tuple[AreaPart, ...] = ()
    source: tuple[str, ...] = Field(min_length=1)
    verify_locally: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> Coverage:
        if self.bbox and not (-180 <= self.bbox[0] < self.bbox[2] <= 180 and -90 <= self.bbox[1] < self.bbox[3] <= 90):
            raise ValueError("bbox is west, south, east, north in degrees")
        return self


class CrewRole(_Strict):
    """One seat of a crew: ``armed`` says whether it is an armed officer's."""

    role: str
    count: int = Field(ge=1, le=6)
    armed: bool = False
    source: tuple[str, ...] = Field(min_length=1)


class ResponderType(_Strict):
    """A kind of unit inside a program (Albuquerque has four)."""

    slug: str
    name: str
    natures: tuple[str, ...]
    crew: tuple[CrewRole, ...]
    source: tuple[str, ...] = Field(min_length=1)


class FollowUp(_Strict):
    """A duty that is owed after an event. ``due_hours``: one milestone each, counted from ``clock_starts``."""

    code: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    trigger: str
    clock_starts: str
    earliest_hours: float | None = None
    due_hours: tuple[float, ...] = Field(min_length=1)
    modes: tuple[Literal["visit", "phone", "text", "message", "review", "report"], ...]
    attempts: int = Field(ge=1)
    owner_role: str
    done_when: str
    lapsed_when: str
    escalate_to: str
    source: tuple[str, ...] = Field(min_length=1)
    verify_locally: bool = False


class Contact(_Strict):
    """Whom to call about the program, and the number as it is dialled."""

    name: str = Field(min_length=1, max_length=80)
    number: str = Field(min_length=3, max_length=40)


class Charter(_Strict):
    """What the partners agreed on outside the software: the planning questions of the guided path, in free words."""

    stakeholders: str = Field(default="", max_length=2000)
    funding: str = Field(default="", max_length=2000)
    agreements: str = Field(default="", max_length=2000)
    measures: str = Field(default="", max_length=2000)


class Settings(_Strict):
    """How a program is run by the assignment, transfer and follow-up engines. Every value has a cautious default.

    ``offer_mode``: one unit after the other, several at once (the first to accept has it), or a dispatcher names it.
    ``max_wait_by_priority``: seconds by priority "1" to "4"; a priority that is not named has ``max_wait_s``.
    ``needs``: capabilities that a crew must have. ``two_person``: never fewer than two people on a unit.
    ``co_response_units``: officer and clinician in one vehicle, or as two units; then ``officer_from`` is the slug of
    the team that gives the officer, empty where police are asked by a hand-off. ``safety_check_min``: minutes on scene
    until the crew is asked whether all is well. ``cost_per_response``: US dollars. ``capacity``: most responses at one
    time, None for as many as there are units. ``fallback``: slugs of the centre's programs that are tried next, in
    order. ``sharing``: audiences whose notes the program's crews may read.
    """

    offer_mode: Literal["ordered", "simultaneous", "dispatcher_confirm"] = "ordered"
    simultaneous_offers: int = Field(default=3, ge=2, le=5)
    may_preempt: bool = False
    may_be_preempted: bool = False
    requires_language: bool = False
    needs: tuple[str, ...] = ()
    two_person: bool = False
    max_wait_by_priority: dict[Literal["1", "2", "3", "4"], Annotated[int, Field(ge=60, le=86_400)]] = {}
    co_response_units: Literal["one_vehicle", "two_units"] = "one_vehicle"
    officer_from: str = ""
    safety_check_min: int = Field(default=20, ge=5, le=120)
    transport_rule: Literal["none", "voluntary", "voluntary_and_court_ordered"] = "voluntary"
    police_release: Literal["never", "officer_and_dispatcher"] = "officer_and_dispatcher"
    cost_per_response: float | None = Field(default=None, ge=0, le=1_000_000)
    capacity: int | None = Field(default=None, ge=1, le=500)
    contacts: tuple[Contact, ...] = ()
    sharing: tuple[Literal["general", "clinical", "substance", "justice"], ...] = ("general",)
    fallback: tuple[str, ...] = ()
    charter: Charter = Charter()


SETTING_NAMES: tuple[str, ...] = tuple(Settings.model_fields)


class Preset(Settings):
    """One program as published, ready to become a draft program version. Times in seconds where named ``_s``."""

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    name: str
    place: str
    kind: Kind
    response_class: ResponseClass | None
    summary: str
    as_of: date
    status: Literal["active", "ended", "partly_ended"]
    intake: Sourced[tuple[str, ...]]
    hours: Hours
    coverage: Coverage
    natures: Sourced[tuple[str, ...] | None]
    ages: Sourced[tuple[str, ...] | None]
    switches: dict[str, Sourced[Switch]]
    exclusions: tuple[Rule, ...] = ()
    entry: tuple[Rule, ...] = ()
    crew: tuple[CrewRole, ...]
    responder_types: tuple[ResponderType, ...] = ()
    capabilities: Sourced[tuple[str, ...]]
    response_target_s: Sourced[int | None]
    max_wait_s: Sourced[int]
    offer_timeout_s: Sourced[int]
    follow_ups: tuple[FollowUp, ...] = ()
    transport: Sourced[str]
    backup: Sourced[str]
    returns: Sourced[tuple[str, ...]]
    caller_script: str
    special: tuple[str, ...] = ()
    sources: dict[str, str]

    @model_validator(mode="after")
    def _consistent(self) -> Preset:
        if set(self.switches) != set(SWITCH_NAMES):
            missing = sorted(set(SWITCH_NAMES) ^ set(self.switches))
            raise ValueError(f"switches: every local matter exactly once; check {', '.join(missing)}")
        unknown = sorted(self.sources_used() - set(self.sources))
        if unknown:
            raise ValueError(f"sources: not listed: {', '.join(unknown)}")
        ProgramRules.from_dict(self.rules)
        return self

    def sources_used(self) -> set[str]:
        """Every source id that some value names."""
        found: set[str] = set()

        def walk(node: Any) -> None:
            if isinstance(node, dict):
                for key, value in node.items():
                    if key == "source":
                        found.update(value)
                    elif key != "sources":
                        walk(value)
            elif isinstance(node, (list, tuple)):
                for value in node:
                    walk(value)

        walk(self.model_dump())
        return found

    @cached_property
    def rules(self) -> dict[str, Any]:
        """The triage rules alone, as ``triage.programs.ProgramRules.from_dict`` reads them."""
        return {
            "slug": self.slug,
            "name": self.name,
            "kind": self.kind,
            "response_class": self.response_class.value if self.response_class else None,
            "natures": list(self.natures.value) if self.natures.value is not None else None,
            "ages": list(self.ages.value) if self.ages.value is not None else None,
            "switches": {name: switch.value for name, switch in self.switches.items()},
            "exclusions": [{"code": r.code, "label": r.label, "if": r.if_} for r in self.exclusions],
            "entry": [{"code": r.code, "label": r.label, "if": r.if_} for r in self.entry],
        }

    def is_open(self, at: datetime) -> bool:
        """Whether the program is open at ``at``. Raises ValueError for a time without zone."""
        if at.tzinfo is None:
            raise ValueError("a time needs a zone")
        local = at.astimezone(ZoneInfo(self.hours.timezone)).replace(tzinfo=None)
        return bool(OpeningHours(self.hours.value).is_open(local))

    def covers(self, latitude: float, longitude: float) -> bool | None:
        """Whether the rough box holds the place (degrees, WGS 84); None where the preset has no box."""
        if self.coverage.bbox is None:
            return None
        west, south, east, north = self.coverage.bbox
        return west <= longitude <= east and south <= latitude <= north


def load_preset(path: Path | str) -> Preset:
    """Read and check one preset file. Raises ValueError naming the file and every problem in it."""
    path = Path(path)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - a safe loader, see above
        return Preset.model_validate(data)
    except yaml.YAMLError as error:
        raise ValueError(f"{path.name}: not readable as YAML: {error}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'preset'}: {e['msg']}" for e in error.errors())
        raise ValueError(f"{path.name}: {problems}") from None


@lru_cache(maxsize=1)
def all_presets() -> dict[str, Preset]:
    """All presets that ship with the code, by slug, in order of file name. Raises ValueError for a damaged file."""
    presets = [load_preset(path) for path in sorted(PRESETS_DIR.glob("*.yaml"))]
    return {preset.slug: preset for preset in presets}
