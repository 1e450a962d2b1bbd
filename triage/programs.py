"""Program rules: which calls a program takes. A program can only make a result more cautious, never less."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage import natures as _natures
from triage import vocabulary as _vocabulary
from triage.conditions import Condition, OneOf, parse
from triage.response import ResponseClass

Switch = Literal["allow", "co_response", "exclude"]
Kind = Literal[
    "co_response",
    "mobile_team",
    "specialised_officers",
    "outreach",
    "embedded_followup",
    "deflection",
    "tele_clinician",
    "information",
]

SWITCH_NAMES: tuple[str, ...] = (
    "suicidality",
    "private_homes",
    "minors",
    "low_level_crime",
    "severe_intoxication",
    "third_party_callers",
    "insufficient_information",
)


class _SwitchRow(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    name: str
    label: str
    if_: Any = Field(alias="if")


class _SwitchData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    version: str
    source: str
    switches: tuple[_SwitchRow, ...]


class _RuleData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    code: str = Field(min_length=1)
    label: str = Field(min_length=1)
    if_: Any = Field(alias="if")


class _ProgramData(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    slug: str = Field(min_length=1)
    name: str = Field(min_length=1)
    kind: Kind
    response_class: ResponseClass | None
    natures: tuple[str, ...] | None
    switches: dict[str, Switch] = {}
    exclusions: tuple[_RuleData, ...] = ()
    entry: tuple[_RuleData, ...] = ()
    ages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class SwitchRule:
    """A genuinely local matter that each program decides for itself (``data/switches.json``)."""

    name: str
    label: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class ProgramRule:
    """One condition of a program with a ``code`` for counting and a ``label`` for people."""

    code: str
    label: str
    condition: Condition


@dataclass(frozen=True, eq=False)
class ProgramRules:
    """The triage side of a program version.

    ``response_class`` is the class that the program gives; a call of a more cautious class never fits, a call of a
    less cautious one is taken *as* the program's class. None (kind ``information``) never fits at all.
    ``natures`` None takes every nature that is not dangerous. ``exclusions`` shut a call out when true;
    ``entry`` conditions must hold. ``exclusions`` include the switches set to exclude and the age range; ``raises``
    are the switches set to co_response. A local matter that a program does not name is set to exclude.
    """

    slug: str
    name: str
    kind: Kind
    response_class: ResponseClass | None
    natures: frozenset[str] | None
    switches: Mapping[str, Switch]
    exclusions: tuple[ProgramRule, ...]
    entry: tuple[ProgramRule, ...]
    raises: tuple[ProgramRule, ...]
    ages: frozenset[str] | None
    digest: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProgramRules) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ProgramRules:
        """Read and check the rules of one program. Other entries of the data are left alone.

        Raises ValueError that lists every problem, each with its place.
        """
        try:
            parsed = _ProgramData.model_validate(data)
        except ValidationError as error:
            raise ValueError("; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())) from None
        problems: list[str] = []
        exclusions = [_rule(r, f"exclusion {r.code}", problems) for r in parsed.exclusions]
        entry = tuple(_rule(r, f"entry {r.code}", problems) for r in parsed.entry)
        problems += [f"switches: there is no matter {n!r}" for n in parsed.switches if n not in SWITCH_NAMES]
        problems += [f"natures: there is no nature {n!r}" for n in parsed.natures or () if _natures.get(n) is None]
        known_ages = _vocabulary.load().get("age_band").values
        problems += [f"ages: there is no age band {a!r}" for a in parsed.ages or () if a not in known_ages]
        if (parsed.kind == "information") != (parsed.response_class is None):
            problems.append("response_class: exactly the kind 'information' has none")
        if problems:
            raise ValueError("; ".join(problems))
        raises = []
        for switch in load_switches():
            setting = parsed.switches.get(switch.name, "exclude")
            if setting == "exclude":
                exclusions.append(ProgramRule(switch.name, switch.label, switch.condition))
            elif setting == "co_response":
                raises.append(ProgramRule(switch.name, switch.label, switch.condition))
        if parsed.ages is not None:
            outside = frozenset(known_ages) - frozenset(parsed.ages)
            if outside:
                exclusions.append(ProgramRule("age", "Age outside the program's range", OneOf("age_band", outside)))
        canonical = json.dumps(parsed.model_dump(mode="json", by_alias=True), sort_keys=True)
        return cls(
            slug=parsed.slug,
            name=parsed.name,
            kind=parsed.kind,
            response_class=parsed.response_class,
            natures=None if parsed.natures is None else frozenset(parsed.natures),
            switches={n: parsed.switches.get(n, "exclude") for n in SWITCH_NAMES},
            exclusions=tuple(exclusions),
            entry=entry,
            raises=tuple(raises),
            ages=None if parsed.ages is None else frozenset(parsed.ages),
            digest=hashlib.sha256(canonical.encode()).hexdigest(),
        )


def _rule(data: _RuleData, at: str, problems: list[str]) -> ProgramRule:
    try:
        return ProgramRule(data.code, data.label, parse(data.if_, _vocabulary.load(), at))
    except ValueError as error:
        problems.append(str(error))
        return ProgramRule(data.code, data.label, parse(True, _vocabulary.load()))


@lru_cache(maxsize=1)
def load_switches() -> tuple[SwitchRule, ...]:
    """The seven local matters and what each means as a condition. Source: programs overview, section 4."""
    raw = resources.files("triage").joinpath("data/switches.json").read_text(encoding="utf-8")
    data = _SwitchData.model_validate(json.loads(raw))
    return tuple(
        SwitchRule(s.name, s.label, parse(s.if_, _vocabulary.load(), f"switch {s.name}")) for s in data.switches
    )
