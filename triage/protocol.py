"""Protocols: floors and base rules as data, checked on reading. Administrators publish versions; code ships one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from triage import vocabulary as _vocabulary
from triage.conditions import Always, Condition, IsUnknown, has_negation, leaves, parse, to_data
from triage.response import ResponseClass, ordered_services

Service = Literal["police", "ems", "fire"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _ServicesWhen(_Strict):
    if_: Any = Field(alias="if")
    services: tuple[Service, ...]


class _ExceptionData(_Strict):
    id: str = Field(min_length=1)
    label: str = Field(min_length=1)
    if_: Any = Field(alias="if")
    then: ResponseClass


class _FloorData(_Strict):
    id: str = Field(min_length=1)
    label: str = Field(min_length=1)
    if_: Any = Field(alias="if")
    then: ResponseClass
    if_unknown: ResponseClass | None
    services: tuple[Service, ...]
    services_when: tuple[_ServicesWhen, ...] = ()
    except_: _ExceptionData | None = Field(default=None, alias="except")
    switchable: bool = False
    source: str = Field(min_length=1)


class _BaseData(_Strict):
    id: str = Field(min_length=1)
    label: str = Field(min_length=1)
    if_: Any = Field(alias="if")
    then: ResponseClass
    source: str = Field(min_length=1)


class _ProtocolData(_Strict):
    slug: str = Field(min_length=1)
    name: str = Field(min_length=1)
    version: str = Field(min_length=1)
    about: str = ""
    floors: tuple[_FloorData, ...] = Field(min_length=1)
    base: tuple[_BaseData, ...] = Field(min_length=1)


@dataclass(frozen=True)
class FloorException:
    """A named case in which a floor gives ``then`` instead of its own class. Applies only when certainly true."""

    id: str
    label: str
    condition: Condition
    then: ResponseClass


@dataclass(frozen=True)
class Floor:
    """A safety rule: where ``condition`` holds, the class is at least ``then``; where unknown, ``if_unknown``."""

    id: str
    label: str
    condition: Condition
    then: ResponseClass
    if_unknown: ResponseClass | None
    services: tuple[str, ...]
    services_when: tuple[tuple[Condition, tuple[str, ...]], ...]
    exception: FloorException | None
    switchable: bool
    source: str


@dataclass(frozen=True)
class BaseRule:
    """Decides where no floor asks for more. Applies only when certainly true; the last one always is."""

    id: str
    label: str
    condition: Condition
    then: ResponseClass
    source: str


@dataclass(frozen=True, eq=False)
class Protocol:
    """A published protocol version. Two protocols are equal when their data is (``digest``)."""

    slug: str
    name: str
    version: str
    floors: tuple[Floor, ...]
    base: tuple[BaseRule, ...]
    digest: str
    data: Mapping[str, Any]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Protocol) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Protocol:
        """Read and check protocol data. Raises ValueError that lists every problem, each with its place."""
        try:
            parsed = _ProtocolData.model_validate(data)
        except ValidationError as error:
            raise ValueError("; ".join(_problem(e) for e in error.errors())) from None
        problems: list[str] = []
        floors = tuple(_floor(f, problems) for f in parsed.floors)
        base = tuple(
            BaseRule(b.id, b.label, _condition(b.if_, f"base {b.id}", problems), b.then, b.source) for b in parsed.base
        )
        ids = [f.id for f in floors] + [f.exception.id for f in floors if f.exception] + [b.id for b in base]
        problems += [f"rule id {i!r} is used more than once" for i in dict.fromkeys(ids) if ids.count(i) > 1]
        if not isinstance(base[-1].condition, Always):
            problems.append(f"base {base[-1].id}: the last base rule must always apply (its condition is true)")
        if problems:
            raise ValueError("; ".join(problems))
        canonical = json.dumps(data, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return cls(parsed.slug, parsed.name, parsed.version, floors, base, digest, json.loads(canonical))

    def to_dict(self) -> dict[str, Any]:
        """The data that ``from_dict`` reads, unchanged."""
        return dict(self.data)


def _problem(error: Any) -> str:
    return f"{'.'.join(str(p) for p in error['loc'])}: {error['msg']}"


def _condition(raw: object, at: str, problems: list[str]) -> Condition:
    try:
        return parse(raw, _vocabulary.load(), at)
    except ValueError as error:
        problems.append(str(error))
        return Always()


def _floor(data: _FloorData, problems: list[str]) -> Floor:
    at = f"floor {data.id}"
    condition = _condition(data.if_, at, problems)
    if has_negation(condition):
        problems.append(f"{at}: a floor's condition has no negation (more danger could lower the class)")
    exception = None
    if data.except_ is not None:
        raw = data.except_
        excepted = _condition(raw.if_, f"{at}.except", problems)
        if has_negation(excepted) or any(isinstance(leaf, IsUnknown) for leaf in leaves(excepted)):
            problems.append(f"{at}.except: an exception holds only known, stated answers")
        exception = FloorException(raw.id, raw.label, excepted, raw.then)
    return Floor(
        id=data.id,
        label=data.label,
        condition=condition,
        then=data.then,
        if_unknown=data.if_unknown,
        services=ordered_services(data.services),
        services_when=tuple(
            (_condition(w.if_, f"{at}.services_when", problems), ordered_services(w.services))
            for w in data.services_when
        ),
        exception=exception,
        switchable=data.switchable,
        source=data.source,
    )


def floor_to_dict(floor: Floor) -> dict[str, Any]:
    """One floor for screens: id, label, condition data, classes, services and source."""
    return {
        "id": floor.id,
        "label": floor.label,
        "if": to_data(floor.condition),
        "then": floor.then.value,
        "if_unknown": floor.if_unknown.value if floor.if_unknown else None,
        "services": list(floor.services),
        "source": floor.source,
    }


@lru_cache(maxsize=1)
def load_reference() -> Protocol:
    """The reference protocol that ships with the code: a starting point for approval by a medical director."""
    raw = resources.files("triage").joinpath("data/reference_protocol.json").read_text(encoding="utf-8")
    return Protocol.from_dict(json.loads(raw))
