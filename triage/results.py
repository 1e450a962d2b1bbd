"""What triage says: plain frozen records, each with ``to_dict()`` for storage, the API and screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from triage.response import ResponseClass
from triage.vocabulary import Value


def plain(value: Value) -> Any:
    """An answer as JSON: sets and contradictions become sorted lists."""
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """How one rule came out: ``truth`` (true, false, unknown), the ``values`` it read, the class it asked for."""

    rule: str
    label: str
    truth: str
    values: Mapping[str, Value]
    asks_for: ResponseClass | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "rule": self.rule,
            "label": self.label,
            "truth": self.truth,
            "values": {k: plain(v) for k, v in self.values.items()},
            "asks_for": self.asks_for.value if self.asks_for else None,
        }


@dataclass(frozen=True, slots=True)
class FiredFloor:
    """A floor that asks for a class. ``by_unknown``: only because something is not answered."""

    rule: str
    label: str
    response_class: ResponseClass
    by_unknown: bool
    values: Mapping[str, Value]
    services: tuple[str, ...]
    source: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "rule": self.rule,
            "label": self.label,
            "response_class": self.response_class.value,
            "by_unknown": self.by_unknown,
            "values": {k: plain(v) for k, v in self.values.items()},
            "services": list(self.services),
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class ClassDecision:
    """The response class by safety alone. ``services`` come from the rules that fired; empty below co-response."""

    response_class: ResponseClass
    services: tuple[str, ...]
    fired: tuple[FiredFloor, ...]
    base_rule: str
    trace: tuple[RuleTrace, ...]
    protocol: str
    protocol_version: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "response_class": self.response_class.value,
            "services": list(self.services),
            "fired": [f.to_dict() for f in self.fired],
            "base_rule": self.base_rule,
            "trace": [t.to_dict() for t in self.trace],
            "protocol": self.protocol,
            "protocol_version": self.protocol_version,
        }


@dataclass(frozen=True, slots=True)
class AskItem:
    """The next question: its ``key``, ``why`` it matters, and what it ``can_change`` ("class" or program slugs).

    ``blocking``: a safety question. ``measure``: the expected share of open rules that the answer settles (0 to 1).
    """

    key: str
    why: str
    can_change: tuple[str, ...]
    blocking: bool
    measure: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "key": self.key,
            "why": self.why,
            "can_change": list(self.can_change),
            "blocking": self.blocking,
            "measure": round(self.measure, 4),
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """A coded reason with words. ``keys``: the questions it rests on."""

    code: str
    text: str
    keys: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"code": self.code, "text": self.text, "keys": list(self.keys)}


class FitResult(StrEnum):
    """Whether a program takes a call. ``ASK``: an unanswered question still decides it."""

    ELIGIBLE = "ELIGIBLE"
    EXCLUDED = "EXCLUDED"
    ASK = "ASK"


#: Reasons that have nothing to do with the call itself, counted apart ("eligible outside hours").
OPERATIONAL_CODES = frozenset({"closed", "out_of_area"})


@dataclass(frozen=True, slots=True)
class ProgramFit:
    """How one program fits. ``effective_class`` is what it would be sent as: never less cautious than the call.

    ``fallback``: the program's class is more cautious than the call needs. Raises ValueError where
    ``effective_class`` would be less cautious than ``call_class``: a program can never lower a class.
    """

    slug: str
    result: FitResult
    reasons: tuple[Reason, ...]
    notes: tuple[Reason, ...]
    ask: tuple[str, ...]
    call_class: ResponseClass
    effective_class: ResponseClass
    fallback: bool

    def __post_init__(self) -> None:
        if self.effective_class.is_less_cautious_than(self.call_class):
            raise ValueError(f"{self.slug}: {self.effective_class} is less cautious than {self.call_class}.")

    @property
    def excluded_only_by_operation(self) -> bool:
        """Excluded, but only since it is closed or out of its area: eligible by its criteria."""
        return self.result is FitResult.EXCLUDED and all(r.code in OPERATIONAL_CODES for r in self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "slug": self.slug,
            "result": self.result.value,
            "reasons": [r.to_dict() for r in self.reasons],
            "notes": [r.to_dict() for r in self.notes],
            "ask": list(self.ask),
            "effective_class": self.effective_class.value,
            "fallback": self.fallback,
            "excluded_only_by_operation": self.excluded_only_by_operation,
        }


@dataclass(frozen=True, slots=True)
class Point:
    """One answer that counted, in words: ``key``, its ``value``, the ``text`` shown, the ``rules`` that read it."""

    key: str
    value: Value
    text: str
    rules: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {"key": self.key, "value": plain(self.value), "text": self.text, "rules": list(self.rules)}


@dataclass(frozen=True, slots=True)
class Flip:
    """A single answer that would change the class: were ``key`` one of ``values``, it would be ``response_class``."""

    key: str
    values: tuple[Any, ...]
    response_class: ResponseClass
    text: str
    answered: bool

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "key": self.key,
            "values": list(self.values),
            "response_class": self.response_class.value,
            "text": self.text,
            "answered": self.answered,
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to do, after program fit and upward fallback. ``programs``: eligible ones, best first.

    ``response_class`` is None and ``services`` the nature's standard response while nobody has triaged the call.
    """

    response_class: ResponseClass | None
    services: tuple[str, ...]
    programs: tuple[str, ...]
    text: str
    code: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "response_class": self.response_class.value if self.response_class else None,
            "services": list(self.services),
            "programs": list(self.programs),
            "text": self.text,
            "code": self.code,
        }


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The whole answer of triage for one call, deterministic for the same input.

    ``response_class`` is the protocol's class if nothing more is answered, before program fit and fallback;
    ``recommendation`` is after both. ``triaged`` is False until a safety question has a known answer.
    ``for_crew``: unanswered questions that the crew on its way still wants (weapon, violence, hazard, people, access).
    """

    response_class: ResponseClass
    services: tuple[str, ...]
    triaged: bool
    priority: int
    recommendation: Recommendation
    ask: tuple[AskItem, ...]
    for_crew: tuple[str, ...]
    fits: tuple[ProgramFit, ...]
    counted_for: tuple[Point, ...]
    counted_against: tuple[Point, ...]
    unknown: tuple[Point, ...]
    flips: tuple[Flip, ...]
    decision: ClassDecision
    nature: str | None
    nature_known: bool
    engine_version: str
    vocabulary_version: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, stored with a decision."""
        return {
            "response_class": self.response_class.value,
            "services": list(self.services),
            "triaged": self.triaged,
            "priority": self.priority,
            "recommendation": self.recommendation.to_dict(),
            "ask": [a.to_dict() for a in self.ask],
            "for_crew": list(self.for_crew),
            "fits": [f.to_dict() for f in self.fits],
            "counted_for": [p.to_dict() for p in self.counted_for],
            "counted_against": [p.to_dict() for p in self.counted_against],
            "unknown": [p.to_dict() for p in self.unknown],
            "flips": [f.to_dict() for f in self.flips],
            "decision": self.decision.to_dict(),
            "nature": self.nature,
            "nature_known": self.nature_known,
            "engine_version": self.engine_version,
            "vocabulary_version": self.vocabulary_version,
        }
